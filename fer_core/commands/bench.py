"""The `bench` command: how fast it is on this machine."""

import argparse
import math
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fer_core.commands import Commands
from fer_core.commands.output import DONE, say, write_json
from fer_core.errors import DependencyError
from fer_core.plain import as_plain

if TYPE_CHECKING:
    from fer_core.pipeline import EmotionPipeline


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
    bench.add_argument(
        "--detectors",
        nargs="+",
        default=[],
        metavar="NAME",
        help="also measure how well and how fast these find faces, such as blazeface haar",
    )
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
    from fer_core.diagnostics.benchmarks import pictures
    from fer_core.pipeline import EmotionPipeline

    figures: dict[str, Any] = {"machine": as_plain(pictures.machine())}
    say(f"machine: {figures['machine']}")
    pipeline = EmotionPipeline.load(options.model)
    figures["model"] = pipeline.classifier.card.name
    classifiers = {}
    for engine in options.engines:
        try:
            classifiers[engine] = EmotionClassifier.load(figures["model"], engine)
        except DependencyError as error:
            say(f"{engine} is left out: {error}")
    for name, measure in (
        ("cold_start_s", pictures.cold_start_s),
        ("image_ms", lambda: pictures.image_ms(pipeline)),
        ("classify_ms", lambda: pictures.classify_ms(classifiers)),
        ("detect_ms", lambda: pictures.detect_ms(pipeline.detector)),
    ):
        figures[name] = measure()
        say(f"{name}: {figures[name]}")
    figures["video"] = _video(figures["model"], options.minutes) if options.video else None
    figures["live"] = _live(pipeline, options) if options.live else None
    figures["detection"] = {name: _detection(name) for name in options.detectors} or None
    write_json(figures, options.json)
    return DONE


def _detection(name: str) -> dict[str, object]:
    from fer_core.detection import load_detector
    from fer_core.diagnostics.benchmarks import detection

    detector = load_detector(name)
    figures = {"found": as_plain(detection.found(detector)), "median_ms": detection.milliseconds(detector)}
    say(f"detection, {name}: {figures}")
    return figures


def _video(model: str, minutes: int) -> dict[str, object]:
    from fer_core.diagnostics.benchmarks import video

    with tempfile.TemporaryDirectory() as folder:
        clip, recording = Path(folder) / "clip.mp4", Path(folder) / "recording.mp4"
        say("video: making a minute of 1080p")
        video.make_clip(clip)
        video.repeat(clip, recording, minutes)
        figures: dict[str, object] = as_plain(video.video(recording, model))
    say(f"video: {figures}")
    return figures


def _live(pipeline: "EmotionPipeline", options: argparse.Namespace) -> dict[str, object]:
    from fer_core.diagnostics.benchmarks import live

    if options.recording:
        figures: dict[str, object] = as_plain(live.live(pipeline, live.recorded(options.recording), options.seconds))
        say(f"live, {options.recording.name}: {figures}")
        return figures
    one, four = (as_plain(live.live(pipeline, live.moving_portrait(n), options.seconds)) for n in (1, 4))
    say(f"live, one face: {one}")
    say(f"live, four faces: {four}")
    return {**one, "four_faces": four}
