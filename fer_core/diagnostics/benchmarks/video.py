"""Speed of reading recordings, and that memory does not grow with their length.

The clip is made of the bundled portrait, moving in a 1080p picture with the grain of a camera; an hour of it is the
same minute again and again, copied without encoding. Reading runs in a process of its own, whose memory is measured.
"""

import contextlib
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

import av
import cv2
import numpy as np
from numpy.typing import NDArray

from fer_core.errors import DependencyError, WorkerError
from fer_core.media.images import read_image
from fer_core.media.samples import PORTRAIT
from fer_core.plain import as_plain

SIZES: Final = {"180p30": (320, 180), "720p30": (1280, 720), "1080p30": (1920, 1080)}
"""Width and height of recordings, by name."""

CODECS: Final[dict[str, tuple[str, dict[str, str]]]] = {
    "h264": ("libx264", {"preset": "veryfast", "crf": "23"}),
    "hevc": ("libx265", {"preset": "ultrafast", "crf": "26", "x265-params": "log-level=none"}),
    "vp9": ("libvpx-vp9", {"deadline": "realtime", "cpu-used": "8", "crf": "33", "b": "0"}),
}
"""Encoder and its options, by codec."""

RATE: Final = 30
CLIP_S: Final = 60
_LOOK_EVERY_S: Final = 0.1
_MIB: Final = 1024 * 1024


@dataclass(frozen=True)
class VideoFigures:
    """Speed and memory of reading a recording.

    Attributes:
        duration_s: of the recording.
        samples: frames that were analysed.
        faces: that were read.
        wall_s: time that it took.
        realtime_factor: duration over time taken.
        cpu_s: processor time of reading and decoding together.
        peak_rss_mb: peak memory of the reading process plus those of the processes that it started, in MiB. What they
            share is counted in each.
    """

    duration_s: float
    samples: int
    faces: int
    wall_s: float
    realtime_factor: float
    cpu_s: float
    peak_rss_mb: int


def video(recording: Path, model: str | None = None, fps: float = 4.0) -> VideoFigures:
    """Read a recording at `fps` samples a second, in a process of its own.

    Raises:
        DependencyError: this system does not tell how much memory a process took.
        WorkerError: the process fails.
    """
    if find_spec("resource") is None:
        raise DependencyError("Windows does not tell the memory of ended processes; run this on Linux or macOS.")
    command = [
        sys.executable,
        "-m",
        "fer_core.diagnostics.benchmarks.video",
        str(recording),
        str(fps),
        *([model] if model else []),
    ]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        last = (done.stderr.strip().splitlines() or [f"exit status {done.returncode}"])[-1]
        raise WorkerError(f"Reading the recording fails: {last}")
    return VideoFigures(**json.loads(done.stdout.splitlines()[-1]))


def make_clip(path: Path, seconds: int = CLIP_S, size: str = "1080p30", codec: str = "h264") -> None:
    """Write a clip of one moving face.

    Args:
        path: MP4.
        seconds: length.
        size: one of `SIZES`.
        codec: one of `CODECS`.

    Raises:
        DependencyError: the FFmpeg that is installed cannot write this codec.
    """
    width, height = SIZES[size]
    encoder, options = CODECS[codec]
    if encoder not in av.codecs_available:
        raise DependencyError(f"PyAV's FFmpeg has no {encoder} here, so {codec} cannot be measured; leave it out.")
    scene = _Scene(width, height)
    with av.open(str(path), "w") as container:
        stream: Any = container.add_stream(encoder, rate=RATE, options=options)
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        for number in range(seconds * RATE):
            frame = av.VideoFrame.from_ndarray(scene.picture(number), format="bgr24")
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))


def repeat(clip: Path, path: Path, times: int) -> None:
    """Write a recording that is the clip `times` over, copied packet by packet."""
    with av.open(str(path), "w") as target, av.open(str(clip)) as first:
        stream = target.add_stream_from_template(first.streams.video[0])
        for turn in range(times):
            with av.open(str(clip)) as source:
                length = source.streams.video[0].duration or 0
                for packet in source.demux(source.streams.video[0]):
                    if packet.dts is not None and packet.pts is not None:
                        packet.pts, packet.dts = packet.pts + turn * length, packet.dts + turn * length
                        packet.stream = stream
                        target.mux(packet)


class _Scene:
    """A face that moves through a room, with the grain of a camera."""

    def __init__(self, width: int, height: int) -> None:
        rng = np.random.default_rng(0)
        self.scale = height / 1080
        side = round(900 * self.scale)
        self.portrait = np.asarray(cv2.resize(read_image(PORTRAIT), (side, side), interpolation=cv2.INTER_CUBIC))
        patches = rng.integers(60, 120, (9, 16, 3), np.uint8)
        self.room = np.asarray(cv2.resize(patches, (width, height), interpolation=cv2.INTER_CUBIC), np.uint8)
        self.grain = rng.normal(0, 3, (height + 64, width + 64, 1)).astype(np.float32)

    def picture(self, number: int) -> NDArray[np.uint8]:
        """One frame: uint8 (H, W, 3) BGR."""
        picture, side = self.room.copy(), len(self.portrait)
        x = round(self.scale * (500 + 300 * np.sin(number / 45)))
        y = round(self.scale * (90 + 60 * np.sin(number / 31)))
        picture[y : y + side, x : x + side] = self.portrait
        top, left = number * 7 % 64, number * 13 % 64
        noisy = picture + self.grain[top : top + picture.shape[0], left : left + picture.shape[1]]
        return np.asarray(np.clip(noisy, 0, 255), np.uint8)


def _main() -> None:
    """Read one recording and print the figures as JSON. What is needed for that is loaded before the time begins."""
    import resource  # not on Windows

    import fer_core.analysis.run  # noqa: F401  # with pandas
    from fer_core.media.processes import end_forkers
    from fer_core.media.video import prepare_to_decode
    from fer_core.pipeline import EmotionPipeline

    prepare_to_decode()
    pipeline = EmotionPipeline.load(sys.argv[3] if len(sys.argv) > 3 else None)
    began_s, cpu_s = time.perf_counter(), time.process_time()
    with _watched() as peaks_kib:
        timeline = pipeline.analyze_video(sys.argv[1], float(sys.argv[2]))
    wall_s, cpu_s = time.perf_counter() - began_s, time.process_time() - cpu_s
    end_forkers()
    mine, started = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    # Without /proc, as on macOS; there the larger one of the processes that were started stands for all.
    peak_kib = sum(peaks_kib.values()) or (mine.ru_maxrss + started.ru_maxrss) / 1024
    figures = VideoFigures(
        duration_s=round(timeline.recording.duration_s, 2),
        samples=int(timeline.frame["frame"].nunique()),
        faces=int(timeline.frame["person"].notna().sum()),
        wall_s=round(wall_s, 2),
        realtime_factor=round(timeline.recording.duration_s / wall_s, 2),
        cpu_s=round(cpu_s + started.ru_utime + started.ru_stime, 2),
        peak_rss_mb=round(peak_kib * 1024 / _MIB),
    )
    print(json.dumps(as_plain(figures)))


@contextlib.contextmanager
def _watched() -> Iterator[dict[int, int]]:
    """Peak memory in KiB by number of this process and of those that it started, as long as this lasts.

    What the system says of ended processes will not do: on Linux, that of a process that was started is at least what
    the one that started it held just then.
    """
    peaks_kib: dict[int, int] = {}
    over = threading.Event()

    def watch() -> None:
        while not over.wait(_LOOK_EVERY_S):
            peaks_kib.update(_peaks_kib(os.getpid()))

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    yield peaks_kib
    over.set()
    watcher.join()
    peaks_kib.update(_peaks_kib(os.getpid()))


def _peaks_kib(process: int) -> dict[int, int]:
    """Of a process and all that it started; nothing of one that has ended, or where there is no /proc."""
    home, peaks_kib = Path("/proc", str(process)), {}
    with contextlib.suppress(OSError):
        for line in (home / "status").read_text().splitlines():
            if line.startswith("VmHWM"):
                peaks_kib[process] = int(line.split()[1])
        for listed in home.glob("task/*/children"):
            for child in listed.read_text().split():
                peaks_kib |= _peaks_kib(int(child))
    return peaks_kib


if __name__ == "__main__":
    _main()
