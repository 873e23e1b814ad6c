"""The figures of the `bench` command."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from fer_core.diagnostics.benchmarks.batches import BatchFigures
from fer_core.diagnostics.benchmarks.detection import Found, milliseconds
from fer_core.diagnostics.benchmarks.growth import Curve
from fer_core.diagnostics.benchmarks.live import LiveFigures
from fer_core.diagnostics.benchmarks.pages import PageFigures
from fer_core.diagnostics.benchmarks.peers import PeerFigures
from fer_core.diagnostics.benchmarks.pictures import Machine
from fer_core.diagnostics.benchmarks.spread import Figure
from fer_core.diagnostics.benchmarks.video import VideoFigures
from fer_core.request import DEFAULT_DETECTOR


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
        table: every line of the table; the medians above are some of it.
        against: another project on the same inputs.
        growth: how cost grows.
    """

    machine: Machine
    model: str
    cold_start_s: float | None
    image_ms: float | None
    classify_ms: Mapping[str, Mapping[str, float]] | None
    detect_ms: Mapping[str, float] | None
    video: VideoFigures | None = None
    live: LiveFiguresOfTwo | LiveFigures | None = None
    detection: Mapping[str, DetectorFigures] | None = None
    batch: BatchFigures | None = None
    pages: PageFigures | None = None
    table: Sequence[Figure] = ()
    against: PeerFigures | None = None
    growth: Sequence[Curve] | None = None

    @classmethod
    def of_table(cls, machine: Machine, model: str, table: Sequence[Figure]) -> "BenchFigures":
        """What a table says."""
        median = {figure.key: figure.median for figure in table}
        by_engine: dict[str, dict[str, float]] = {}
        for figure in table:
            if figure.part == "classifier":
                _, engine, faces = figure.key.split(".")
                by_engine.setdefault(engine, {})[faces] = figure.median
        searched = milliseconds(table, DEFAULT_DETECTOR)
        names = {"search": "still", "live_search": "first", "live_follow": "sequence"}
        return cls(
            machine,
            model,
            cold_start_s=median.get("start.image"),
            image_ms=median.get("picture.portrait"),
            classify_ms=by_engine or None,
            detect_ms={name: searched[kind] for name, kind in names.items() if kind in searched} or None,
            table=table,
        )
