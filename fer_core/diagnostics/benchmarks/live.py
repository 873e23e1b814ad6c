"""The camera without a camera: frames of a moving portrait, or of a recording, fed to a stream as a camera feeds it."""

import itertools
import threading
import time
from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import av
import cv2
import numpy as np
from numpy.typing import NDArray

from fer_core.detection.face_check import widened
from fer_core.errors import MediaError
from fer_core.imaging.crops import cut
from fer_core.live import LiveStream
from fer_core.media.images import read_image
from fer_core.media.samples import PORTRAIT, PORTRAIT_FACE
from fer_core.media.video import Video
from fer_core.pipeline import EmotionPipeline

CAMERA_FPS: Final = 30.0
LOOP_S: Final = 4.0
MOST_FRAMES: Final = 300
WARM_UP_S: Final = 3.0


@dataclass(frozen=True)
class LiveFigures:
    """Speed and growth of a stream. None where nothing was drawn, or the system does not tell.

    Attributes:
        callback_p50_ms: median time that a frame holds up the camera's thread.
        callback_p99_ms: 99th percentile of the same.
        callback_cpu_ms: mean processor time of the same; other work on the machine does not change it.
        analysed_fps: frames read per second.
        age_p50_ms: median age of the reading that was drawn into a frame.
        age_p95_ms: 95th percentile of the same.
        undrawn: frames without a recent reading to draw.
        dropped: frames that were not read, because a newer one came first.
        seconds: duration of the measurement.
        process_cpu: processor time of the whole process per second; 1 is one core.
        memory_growth_mb: growth from the end of the first tenth to the end, in MiB.
        threads_growth: the same in threads.
        age_growth_ms: median age in the last tenth minus that in the first tenth.
    """

    callback_p50_ms: float | None
    callback_p99_ms: float | None
    callback_cpu_ms: float
    analysed_fps: float
    age_p50_ms: float | None
    age_p95_ms: float | None
    undrawn: int
    dropped: int
    seconds: float
    process_cpu: float
    memory_growth_mb: float | None
    threads_growth: int
    age_growth_ms: float | None


def live(pipeline: EmotionPipeline, frames: Sequence[av.VideoFrame], seconds: float) -> LiveFigures:
    """Feed `frames` at `CAMERA_FPS`, again and again, and measure.

    Raises:
        MediaError: the stream stops with a problem.
    """
    stream = LiveStream(pipeline)
    feed = Feed(stream, frames)
    feed.run(WARM_UP_S)
    before = stream.state()
    cpu, started = time.process_time(), time.perf_counter()
    feed.run(seconds / 10)
    memory, threads = _memory_mb(), threading.active_count()
    feed.run(seconds * 9 / 10, keep=True)
    took, after = time.perf_counter() - started, stream.state()
    used = time.process_time() - cpu
    grown, more = _memory_mb(), threading.active_count() - threads
    stream.rest()
    if after.problem:
        raise MediaError(f"The stream cannot be measured: {after.problem}")
    dropped = after.dropped - before.dropped
    return LiveFigures(
        callback_p50_ms=_ms(feed.callback_s, 50),
        callback_p99_ms=_ms(feed.callback_s, 99),
        callback_cpu_ms=round(1e3 * float(np.mean(feed.callback_cpu_s)), 2),
        analysed_fps=round((after.frames - before.frames - dropped) / took, 1),
        age_p50_ms=_ms(feed.age_s, 50),
        age_p95_ms=_ms(feed.age_s, 95),
        undrawn=feed.undrawn,
        dropped=dropped,
        seconds=round(took, 1),
        process_cpu=round(used / took, 2),
        memory_growth_mb=None if memory is None or grown is None else round(grown - memory, 1),
        threads_growth=more,
        age_growth_ms=growth_ms(feed.age_s),
    )


def moving_portrait(faces: int) -> list[av.VideoFrame]:
    """A loop of frames, 640 x 480 pixels, in which 1 to 4 faces move, grow and shrink."""
    head = cut(read_image(PORTRAIT), widened(PORTRAIT_FACE, 2.2))
    times = np.arange(0, LOOP_S, 1 / CAMERA_FPS)
    return [_camera_frame(_scene(head, faces, 2 * np.pi * t / LOOP_S)) for t in times]


def recorded(path: Path) -> list[av.VideoFrame]:
    """The first frames of a recording, shrunk to 640 pixels.

    Raises:
        MediaError: it cannot be read, or has no frames.
    """
    with Video(path, CAMERA_FPS, longer_px=640) as video:
        frames = [_camera_frame(sample.image) for sample in itertools.islice(video, MOST_FRAMES)]
    if not frames:
        raise MediaError(f"{path} has no frame that can be read; choose another recording.")
    return frames


class Feed:
    """The camera's thread: feeds `frames` to a stream again and again, and keeps the times of each frame."""

    def __init__(self, stream: LiveStream, frames: Sequence[av.VideoFrame]) -> None:
        self.stream, self.frames = stream, itertools.cycle(frames)
        # Eight bytes a figure, so that half an hour of them is not itself the growth of memory that is measured.
        self.callback_s, self.callback_cpu_s, self.age_s = array("d"), array("d"), array("d")
        self.undrawn = 0

    def run(self, seconds: float, *, keep: bool = False) -> None:
        """Feed for this time, and `keep` the figures; a late frame is not made up for, as with a camera."""
        end = time.perf_counter() + seconds
        due = time.perf_counter()
        while due < end:
            time.sleep(max(0.0, due - time.perf_counter()))
            cpu, started = time.thread_time(), time.perf_counter()
            self.stream.on_frame(next(self.frames))
            took, used = time.perf_counter() - started, time.thread_time() - cpu
            if keep:
                self.callback_s.append(took)
                self.callback_cpu_s.append(used)
                drawn_age_s = self.stream.state().last_age_s
                if drawn_age_s is None:
                    self.undrawn += 1
                else:
                    self.age_s.append(drawn_age_s)
            due = max(due + 1 / CAMERA_FPS, time.perf_counter())


def _scene(head: NDArray[np.uint8], faces: int, phase: float) -> NDArray[np.uint8]:
    frame = np.full((480, 640, 3), (96, 88, 80), np.uint8)
    largest = 330 if faces == 1 else 220
    centres = [(320, 240)] if faces == 1 else [(165, 120), (475, 120), (165, 360), (475, 360)]
    for number, (x, y) in enumerate(centres[:faces]):
        turn = phase + number
        side = round(largest * (0.88 + 0.1 * np.sin(turn)))
        left, top = round(x + 18 * np.cos(turn) - side / 2), round(y + 7 * np.sin(2 * turn) - side / 2)
        top = min(max(top, 0), 480 - side)
        frame[top : top + side, left : left + side] = cv2.resize(head, (side, side), interpolation=cv2.INTER_AREA)
    return frame


def _camera_frame(bgr: NDArray[np.uint8]) -> av.VideoFrame:
    """In the pixel format in which frames come from the decoder."""
    return av.VideoFrame.from_ndarray(bgr, format="bgr24").reformat(format="yuv420p")


def _ms(times_s: Sequence[float], percentile: float) -> float | None:
    return round(1e3 * float(np.percentile(times_s, percentile)), 1) if times_s else None


def growth_ms(times_s: Sequence[float]) -> float | None:
    """Median of the last tenth minus that of the first tenth, in milliseconds; None for fewer than ten times."""
    tenth = len(times_s) // 10
    if not tenth:
        return None
    return round(1e3 * float(np.median(times_s[-tenth:]) - np.median(times_s[:tenth])), 1)


def _memory_mb() -> float | None:
    """Resident memory of this process in MiB; None where the system does not tell."""
    try:
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    except OSError:
        return None
    import resource

    return pages * resource.getpagesize() / 2**20
