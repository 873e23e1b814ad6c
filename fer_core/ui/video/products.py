"""Files that a visitor gave or that were made for them, as the memory of a visit holds them."""

from pathlib import Path
from typing import Any, NamedTuple

from fer_core.jobs import Work
from fer_core.timeline.table import Timeline


class Drawn(NamedTuple):
    """An annotated video, and a sentence for each thing that is missing in it."""

    path: Path
    missing: tuple[str, ...]


class Drawing(NamedTuple):
    """An annotated video that is being made or is ready, and its timeline."""

    work: Work[Drawn]
    timeline: Timeline


class Labelled(NamedTuple):
    """A zip of labelled faces that is being written or is ready, and the values that it depends on."""

    work: Work[bytes]
    of: tuple[Any, ...]


class File(NamedTuple):
    """A file to download, with the label and icon of its button."""

    label: str
    icon: str
    name: str
    mime: str
    data: str | bytes


class Made(NamedTuple):
    """The files to download.

    Attributes:
        of: values that the files depend on, besides the range.
        span: start and end in seconds of the range that they are of; None for the whole recording.
        tables: of all readings.
        documents: report and bundle, which are written after the tables.
    """

    of: tuple[Any, ...]
    span: tuple[float, float] | None
    tables: Work[tuple[File, ...]]
    documents: Work[tuple[File, ...]]


class Given(NamedTuple):
    """A visitor's file: its own name, where it lies, whether it has sound, whether browsers play it."""

    name: str
    path: Path
    has_sound: bool
    plays: bool


class Copy(NamedTuple):
    """A copy that browsers play, and the second at which it ends; None where it is whole."""

    path: Path
    until_s: float | None
