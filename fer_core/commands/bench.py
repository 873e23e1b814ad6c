"""The `bench` command: how fast it is on this machine."""

import argparse
import math
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from fer_core.commands import Commands
from fer_core.commands.output import DONE, say, write_json
from fer_core.errors import DependencyError
from fer_core.plain import as_plain

if TYPE_CHECKING:
    from fer_core.diagnostics.benchmarks.batches import BatchFigures
    from fer_core.diagnostics.benchmarks.figures import DetectorFigures
    from fer_core.diagnostics.benchmarks.live import LiveFigures
    from fer_core.diagnostics.benchmarks.pages import PageFigures
    from fer_core.diagnostics.benchmarks.video import VideoFigures
    from fer_core.pipeline import EmotionPipeline

Figure = TypeVar("Figure")


def add(commands: Commands) -> None:
    """Add the command."""
    bench = commands.add_parser("bench", help="measure speed on this machine")
    bench.add_argument("--json", required=True, metavar="FILE", help='where the figures go; "-" for stdout')
    bench.add_argument("--model", metavar="NAME", help="default: the best single model")
    bench.add_argument("--engines", nargs="+", default=["litert"], choices=("litert", "keras"), help="default: litert")
    bench.add_argument("--live", action="store_true", help="also feed a stream as a camera does: one face, then four")
    bench.add_argument(
        "--seconds",
        type=_positive(float),
        default=20.0,
        help="how long that takes, each; default: 20; 1800 shows whether anything grows",
    )
    bench.add_argument("--recording", type=Path, metavar="PATH", help="frames of this instead of the moving portrait")
    bench.add_argument("--video", action="store_true", help="also read a generated 1080p recording of one face")
    bench.add_argument("--minutes", type=_positive(int), default=1, help="how long that recording is; default: 1")
    bench.add_argument("--pages", action="store_true", help="also time the dashboard's pages in a real browser")
    bench.add_argument(
        "--rounds", type=_positive(int), default=5, help="how many servers are started for that; default: 5"
    )
    bench.add_argument(
        "--detectors",
        nargs="+",
        default=[],
        metavar="NAME",
        help="also measure how well and how fast these find faces, such as blazeface haar",
    )
    bench.add_argument(
        "--batch", type=_positive(int), metavar="N", help="also read N small recordings by each backend of `batch`"
    )
    bench.add_argument("--tiny", action="store_true", help="recordings of that batch are a second of 320 x 180")
    bench.set_defaults(run=_bench)


def _positive(kind: Callable[[str], float]) -> Callable[[str], float]:
    """Takes a number above 0."""

    def number(text: str) -> float:
        value = kind(text)
        if not 0 < value < math.inf:
            raise argparse.ArgumentTypeError(f"{text} is not above 0")
        return value

    number.__name__ = kind.__name__  # for the message where it is no number at all
    return number


def _bench(options: argparse.Namespace) -> int:
    from fer_core.classification import EmotionClassifier
    from fer_core.diagnostics.benchmarks import figures, pictures
    from fer_core.pipeline import EmotionPipeline

    machine = _told("machine", pictures.machine())
    pipeline = EmotionPipeline.load(options.model)
    model = pipeline.classifier.card.name
    classifiers = {}
    for engine in options.engines:
        try:
            classifiers[engine] = EmotionClassifier.load(model, engine)
        except DependencyError as error:
            say(f"{engine} is left out: {error}")
    measured = figures.BenchFigures(
        machine=machine,
        model=model,
        cold_start_s=_told("cold_start_s", pictures.cold_start_s()),
        image_ms=_told("image_ms", pictures.image_ms(pipeline)),
        classify_ms=_told("classify_ms", pictures.classify_ms(classifiers)),
        detect_ms=_told("detect_ms", pictures.detect_ms(pipeline.detector)),
        video=_video(model, options.minutes) if options.video else None,
        live=_live(pipeline, options) if options.live else None,
        detection={name: _detection(name) for name in options.detectors} or None,
        batch=_batch(model, options) if options.batch else None,
        pages=_pages(options.rounds) if options.pages else None,
    )
    write_json(as_plain(measured), options.json)
    return DONE


def _told(name: str, figure: Figure) -> Figure:
    say(f"{name}: {as_plain(figure)}")
    return figure


def _detection(name: str) -> "DetectorFigures":
    from fer_core.detection import load_detector
    from fer_core.diagnostics.benchmarks import detection, figures

    detector = load_detector(name)
    measured = figures.DetectorFigures(detection.found(detector), detection.milliseconds(detector))
    return _told(f"detection, {name}", measured)


def _video(model: str, minutes: int) -> "VideoFigures":
    from fer_core.diagnostics.benchmarks import video

    with tempfile.TemporaryDirectory() as folder:
        clip, recording = Path(folder) / "clip.mp4", Path(folder) / "recording.mp4"
        say("video: making a minute of 1080p")
        video.make_clip(clip)
        video.repeat(clip, recording, minutes)
        return _told("video", video.video(recording, model))


def _batch(model: str, options: argparse.Namespace) -> "BatchFigures":
    from fer_core.diagnostics.benchmarks import batches

    size = batches.TINY if options.tiny else batches.SMALL
    return _told("batch", batches.batches(options.batch, model, size))


def _pages(rounds: int) -> "PageFigures":
    from fer_core.diagnostics.benchmarks import pages

    return _told("pages", pages.pages(rounds))


def _live(pipeline: "EmotionPipeline", options: argparse.Namespace) -> "LiveFigures":
    from fer_core.diagnostics.benchmarks import figures, live

    if options.recording:
        measured = live.live(pipeline, live.recorded(options.recording), options.seconds)
        return _told(f"live, {options.recording.name}", measured)
    one, four = (live.live(pipeline, live.moving_portrait(n), options.seconds) for n in (1, 4))
    _told("live, one face", one)
    _told("live, four faces", four)
    return figures.LiveFiguresOfTwo(**vars(one), four_faces=four)
