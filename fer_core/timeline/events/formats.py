"""All formats of events: the reader for each file, and the formats that can be written."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePath
from typing import Final

from fer_core.errors import TimelineError
from fer_core.timeline.events import boris, elan, eprime, psychopy, subtitles, tables
from fer_core.timeline.events.event import Event, checked, decoded, quoted
from fer_core.timeline.table import Recording

EXTENSIONS: Final = ("csv", "tsv", "txt", "log", "eaf", "boris", "json", "srt", "vtt")
"""Endings of files that are read."""


@dataclass(frozen=True)
class Format:
    """A format that events can be written in.

    Attributes:
        title: for people.
        extension: ending of the file without the dot.
        mime: media type.
        write: makes the text of the file of events, the name of the recording's file, and what is known of it.
    """

    title: str
    extension: str
    mime: str
    write: Callable[[Sequence[Event], str, Recording | None], str]


WRITTEN: Final[Mapping[str, Format]] = {
    "csv": Format("Table (CSV)", "csv", "text/csv", lambda events, *_: tables.table_text(events)),
    "bids": Format("BIDS events", "tsv", "text/tab-separated-values", lambda events, *_: tables.bids_text(events)),
    "elan": Format(
        "ELAN document", "eaf", "application/xml", lambda events, media, _: elan.document_text(events, media)
    ),
    "boris": Format(
        "BORIS project",
        "boris",
        "application/json",
        lambda events, media, recording: boris.project_text(events, _observation(media), media, recording),
    ),
    "boris_table": Format(
        "BORIS aggregated events",
        "tsv",
        "text/tab-separated-values",
        lambda events, media, _: boris.table_text(events, _observation(media)),
    ),
    "srt": Format("Subtitles (SRT)", "srt", "application/x-subrip", lambda events, *_: subtitles.srt_text(events)),
    "vtt": Format("Subtitles (WebVTT)", "vtt", "text/vtt", lambda events, *_: subtitles.vtt_text(events)),
}
"""Formats that are written, by name. Logs of PsychoPy and E-Prime are only read."""


def read_events(name: str, data: bytes, observation: str | None = None) -> tuple[Event, ...]:
    """Events of a file, in the order of time on the file's own clock.

    Args:
        name: of the file; its ending tells documents, projects and subtitles, its content tables and logs.
        data: the file.
        observation: of a BORIS file with several observations.

    Raises:
        TimelineError: the file cannot be read, in one sentence that names the line where there is one.
    """
    end = PurePath(name).suffix.lower().removeprefix(".")
    if end not in EXTENSIONS:
        raise TimelineError(f"Events are read from files that end in {', '.join(EXTENSIONS)}, not {quoted(end, 20)}.")
    if end == "eaf":
        return checked(elan.read_document(data))
    if end in ("boris", "json"):
        return checked(boris.read_project(data, observation))
    text = decoded(data)
    if end in ("srt", "vtt"):
        return checked(subtitles.read_subtitles(text))
    if eprime.is_log(text):
        return checked(eprime.events_of_log(text))
    if psychopy.is_log(text):
        return checked(psychopy.events_of_log(text))
    return checked(_of_table(text, observation))


def write_events(events: Sequence[Event], form: str, media: str = "", recording: Recording | None = None) -> bytes:
    """The events in a format of `WRITTEN`, as UTF-8.

    Args:
        events: of one recording.
        form: name of the format.
        media: file name of the recording.
        recording: such as `Timeline.recording`, of which BORIS projects tell length, frame rate and sound.

    Raises:
        TimelineError: there is no such format, or it cannot hold the events.
    """
    if form not in WRITTEN:
        raise TimelineError(f'Events cannot be written as "{form}"; choose one of: {", ".join(WRITTEN)}.')
    return WRITTEN[form].write(events, media, recording).encode()


def _observation(media: str) -> str:
    return PurePath(media).stem or "recording"


def _of_table(text: str, observation: str | None) -> list[Event]:
    kinds = (boris, psychopy, eprime, tables)
    table = tables.read_table(text, lambda cells: any(kind.is_header(cells) for kind in kinds))
    if boris.is_table(table):
        return boris.events_of_table(table, observation)
    if psychopy.is_table(table):
        return psychopy.events_of_table(table)
    if eprime.is_table(table):
        return eprime.events_of_table(table)
    return tables.events_of_table(table)
