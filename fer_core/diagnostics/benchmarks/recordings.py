"""Speed of reading recordings by codec and size, beside decoding alone."""

import math
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import av

from fer_core.diagnostics.benchmarks.spread import Figure
from fer_core.diagnostics.benchmarks.video import VideoFigures, make_clip, repeat, video
from fer_core.temporary import temporary_folder

SIZES: Final = ("720p30", "1080p30")
"""Sizes of recordings, names of `fer_core.diagnostics.benchmarks.video.SIZES`."""

CLIP_S: Final = 10
"""Length of what is encoded, in seconds; a recording is that over and over, copied without encoding."""

LENGTH_S: Final = 40
REPEATS: Final = 3


@dataclass(frozen=True)
class Recordings:
    """Which recordings are read, and how often.

    Attributes:
        codecs: names of `fer_core.diagnostics.benchmarks.video.CODECS`.
        seconds: length; rounded up to a multiple of `CLIP_S`.
        repeats: how often each is read.
    """

    codecs: Sequence[str] = ("h264",)
    seconds: int = LENGTH_S
    repeats: int = REPEATS


def recordings(which: Recordings, model: str | None = None) -> Iterator[Figure]:
    """Read a recording of each codec and size at 4 samples a second, each time in a process of its own.

    Raises:
        DependencyError: a codec cannot be written here, or this system does not tell how much memory a process took.
    """
    with temporary_folder() as folder:
        for codec in which.codecs:
            for size in SIZES:
                path = made(folder, which.seconds, size, codec)
                yield from _read(path, f"{codec}.{size}", which.repeats, model)
                path.unlink()


def made(folder: Path, seconds: int, size: str, codec: str = "h264") -> Path:
    """A recording of one moving face, of `seconds`, rounded up to a multiple of `CLIP_S`."""
    clip, path = folder / f"clip.{codec}.{size}.mp4", folder / f"{seconds}.{codec}.{size}.mp4"
    if not clip.exists():
        make_clip(clip, CLIP_S, size, codec)
    repeat(clip, path, math.ceil(seconds / CLIP_S))
    return path


def decoding_s(path: Path) -> float:
    """Seconds that FFmpeg takes to decode every frame, with all cores and nothing else."""
    began_s = time.perf_counter()
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        stream.thread_type = "AUTO"
        for _ in container.decode(stream):
            pass
    return time.perf_counter() - began_s


def _read(path: Path, key: str, repeats: int, model: str | None) -> Iterator[Figure]:
    name = key.replace(".", " ")
    readings: list[VideoFigures] = []
    decoded: list[float] = []
    for _ in range(repeats):
        readings.append(video(path, model))
        decoded.append(readings[-1].duration_s / decoding_s(path))
    speeds = [reading.realtime_factor for reading in readings]
    rates = [reading.samples / reading.wall_s for reading in readings]
    yield Figure.of(f"recording.{key}.speed", f"{name}, against its duration", "x", speeds, decoded, "decoding alone")
    yield Figure.of(f"recording.{key}.samples", f"{name}, samples a second", "1/s", rates)
    used = [reading.cpu_s * 60 / reading.duration_s for reading in readings]
    yield Figure.of(f"recording.{key}.cpu", f"{name}, processor time a minute", "s", used)
    peaks = [float(reading.peak_rss_mb) for reading in readings]
    yield Figure.of(f"recording.{key}.memory", f"{name}, memory of all processes", "MiB", peaks)
