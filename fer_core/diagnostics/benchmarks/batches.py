"""How many recordings an hour a batch reads, by backend and number of workers."""

import shutil
import struct
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from fer_core.batch.cluster import ClusterEngine
from fer_core.batch.local import LocalEngine
from fer_core.batch.run import read_all
from fer_core.batch.unit import Engine
from fer_core.diagnostics.benchmarks.video import SIZES, make_clip
from fer_core.networks.cores import available_cores
from fer_core.request import AnalysisRequest
from fer_core.temporary import temporary_folder


@dataclass(frozen=True)
class Size:
    """Size of the recordings of a batch: length in seconds, and a name of `video.SIZES`."""

    seconds: int
    picture: str


SMALL: Final = Size(2, "1080p30")
TINY: Final = Size(1, "180p30")
"""Hardly anything to read: what a batch costs besides shows best here."""


@dataclass(frozen=True)
class BatchFigures:
    """Speed of batches.

    Attributes:
        recordings: number of recordings.
        recording_s: length of each, in seconds.
        per_hour: recordings an hour by backend and number of workers, starting of processes included.
        seconds: the same, the time that all took.
        height: of their pictures, in pixels.
    """

    recordings: int
    recording_s: int
    per_hour: Mapping[str, float]
    seconds: Mapping[str, float]
    height: int


def batches(recordings: int, model: str | None = None, size: Size = SMALL) -> BatchFigures:
    """Read generated recordings into datasets, once with each backend and number of workers.

    Args:
        recordings: how many.
        model: name; None for the default.
        size: of each.
    """
    request, seconds = AnalysisRequest(model=model), {}
    with temporary_folder() as place:
        source = place / "recordings"
        _make(source, recordings, size)
        for name, engine in _engines(request):
            began_s = time.perf_counter()
            read_all([source], place / name, engine)
            seconds[name] = round(time.perf_counter() - began_s, 1)
    per_hour = {name: round(3600 * recordings / took) for name, took in seconds.items()}
    return BatchFigures(recordings, size.seconds, per_hour, seconds, SIZES[size.picture][1])


def _engines(request: AnalysisRequest) -> Iterator[tuple[str, Engine]]:
    for workers in sorted({1, available_cores()}):
        yield f"local {workers}", LocalEngine(request, workers)
        if find_spec("ray"):
            yield f"ray {workers}", ClusterEngine(request, workers)


def _make(folder: Path, recordings: int, size: Size) -> None:
    """Recordings of one content that are different files: a free atom with a number stands at the end of each."""
    folder.mkdir()
    clip = folder / "0.mp4"
    make_clip(clip, size.seconds, size.picture)
    for number in range(1, recordings):
        copy = folder / f"{number}.mp4"
        shutil.copyfile(clip, copy)
        with copy.open("ab") as file:
            file.write(struct.pack(">I4sI", 12, b"free", number))
