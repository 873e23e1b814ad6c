"""From a cold start to single stages: medians on the bundled portrait."""

import os
import platform
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from fer_core.classification import EmotionClassifier
from fer_core.detection import FaceDetector, in_sequence
from fer_core.imaging.crops import cut
from fer_core.media.images import read_image
from fer_core.media.samples import PORTRAIT, PORTRAIT_FACE
from fer_core.pipeline import EmotionPipeline
from fer_core.resources import PACKAGE

BATCHES: Final = (1, 2, 4, 8, 16)
REPEATS: Final = 15

_COLD_START: Final = (
    "from fer_core import EmotionPipeline; from fer_core.media.images import read_image; "
    "from fer_core.media.samples import PORTRAIT; assert EmotionPipeline.load().analyze_image(read_image(PORTRAIT))"
)


@dataclass(frozen=True)
class Machine:
    """The machine that is measured.

    Attributes:
        system: name and release of the operating system.
        processor: name.
        cores: that this process may use.
        python: version.
        load: of the last minute; None where the system does not tell.
    """

    system: str
    processor: str
    cores: int | None
    python: str
    load: float | None


def machine() -> Machine:
    """The machine that runs this process, with its present load."""
    return Machine(
        system=f"{platform.system()} {platform.release()}",
        processor=_processor(),
        cores=len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        python=platform.python_version(),
        load=round(os.getloadavg()[0], 1) if hasattr(os, "getloadavg") else None,
    )


def cold_start_s() -> float:
    """From starting Python to the first reading of a picture, in seconds."""
    started = time.perf_counter()
    subprocess.run([sys.executable, "-c", _COLD_START], cwd=PACKAGE.parent, check=True, stderr=subprocess.DEVNULL)
    return round(time.perf_counter() - started, 2)


def image_ms(pipeline: EmotionPipeline) -> float:
    """Median for the whole way of the portrait, 512 x 512 pixels."""
    picture = read_image(PORTRAIT)
    return median_ms(lambda: pipeline.analyze_image(picture))


def classify_ms(
    classifiers: dict[str, EmotionClassifier], batches: Sequence[int] = BATCHES
) -> dict[str, dict[str, float]]:
    """Median by engine and number of faces in a batch."""
    face = cut(read_image(PORTRAIT), PORTRAIT_FACE)
    return {
        engine: {str(n): median_ms(partial(classifier.classify, [face] * n)) for n in batches}
        for engine, classifier in classifiers.items()
    }


def detect_ms(detector: FaceDetector) -> dict[str, float]:
    """Median by kind of search, on a frame of 640 x 480 with one face.

    "search" is that of a single picture; "live_search" that of a whole frame of the camera, and "live_follow" that of a
    frame whose face is known, as most are.
    """
    frame = portrait_frame()
    live = in_sequence(detector)

    def search() -> None:
        live.reset()
        live.detect(frame, 0.0)

    times = {"search": median_ms(lambda: detector.detect(frame), 7), "live_search": median_ms(search, 7)}
    # At one and the same time no search of the whole frame falls due.
    return times | {"live_follow": median_ms(lambda: live.detect(frame, 0.0))}


def portrait_frame() -> NDArray[np.uint8]:
    """The portrait in the middle of a frame: uint8 (480, 640, 3), BGR."""
    frame = np.full((480, 640, 3), 90, np.uint8)
    frame[:, 64:576] = read_image(PORTRAIT)[:480]
    return frame


def median_ms(work: Callable[[], object], repeats: int = REPEATS) -> float:
    """Median time of `work` in milliseconds, after a first run that does not count."""
    work()
    times = []
    for _ in range(repeats):
        started = time.perf_counter()
        work()
        times.append(time.perf_counter() - started)
    return round(statistics.median(times) * 1e3, 2)


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.machine())
