"""The figures of the `bench` command."""

from collections.abc import Mapping
from dataclasses import dataclass

from fer_core.diagnostics.benchmarks.batches import BatchFigures
from fer_core.diagnostics.benchmarks.detection import Found
from fer_core.diagnostics.benchmarks.live import LiveFigures
from fer_core.diagnostics.benchmarks.pages import PageFigures
from fer_core.diagnostics.benchmarks.pictures import Machine
from fer_core.diagnostics.benchmarks.video import VideoFigures


@dataclass(frozen=True)
class LiveFiguresOfTwo(LiveFigures):
    """Figures of a stream with one face, and of the same stream with four faces."""

    four_faces: LiveFigures


@dataclass(frozen=True)
class DetectorFigures:
    """Figures of one detector.

    Attributes:
        found: by kind of picture, the faces that it finds.
        median_ms: by kind of search, its median time in milliseconds.
    """

    found: Mapping[str, Found]
    median_ms: Mapping[str, float]


@dataclass(frozen=True)
class BenchFigures:
    """The JSON of `bench`. None for what was not asked for.

    Attributes:
        machine: that was measured.
        model: name.
        cold_start_s: from starting Python to the first reading of a picture, in seconds.
        image_ms: median time of the whole way of a picture, in milliseconds.
        classify_ms: by engine and number of faces in a batch, the median time in milliseconds.
        detect_ms: by kind of search, the median time in milliseconds.
        video: of reading a recording.
        live: of a stream.
        detection: by detector.
        batch: of many recordings.
        pages: of the dashboard in a browser.
    """

    machine: Machine
    model: str
    cold_start_s: float
    image_ms: float
    classify_ms: Mapping[str, Mapping[str, float]]
    detect_ms: Mapping[str, float]
    video: VideoFigures | None
    live: LiveFigures | None
    detection: Mapping[str, DetectorFigures] | None
    batch: BatchFigures | None
    pages: PageFigures | None
