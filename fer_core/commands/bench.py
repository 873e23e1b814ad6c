"""The `bench` command: how fast it is on this machine."""

import argparse
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeVar

from fer_core.commands import Commands
from fer_core.commands.output import BAD_INPUT, DONE, check_target, checked_folder, say, tell, write_json
from fer_core.commands.values import positive
from fer_core.errors import DependencyError, MediaError, ModelError, WorkerError
from fer_core.plain import as_plain
from fer_core.temporary import temporary_folder

if TYPE_CHECKING:
    from fer_core.diagnostics.benchmarks.batches import BatchFigures
    from fer_core.diagnostics.benchmarks.bench_figures import BenchFigures, DetectorFigures
    from fer_core.diagnostics.benchmarks.growth import Curve
    from fer_core.diagnostics.benchmarks.live import LiveFigures
    from fer_core.diagnostics.benchmarks.pages import PageFigures
    from fer_core.diagnostics.benchmarks.parts import Subject
    from fer_core.diagnostics.benchmarks.peers import PeerFigures
    from fer_core.diagnostics.benchmarks.spread import Figure
    from fer_core.diagnostics.benchmarks.video import VideoFigures
    from fer_core.pipeline import EmotionPipeline

Told = TypeVar("Told")

PARTS: Final = ("start", "picture", "classifier", "detector", "mesh", "recording", "self-test", "page")
"""Names of the parts of the table, in their order."""

CODECS: Final = ("h264", "hevc", "vp9")

_PARTNERS: Final[Mapping[str, str]] = {
    "seconds": "live",
    "recording": "live",
    "minutes": "video",
    "rounds": "pages",
    "tiny": "batch",
    "against_python": "against",
}
"""Options that say how something is measured, by the option that has it measured."""

_PARTS_OF: Final[Mapping[str, str]] = {"codecs": "recording", "length": "recording", "engines": "classifier"}
"""Options that say how a part of the table is measured."""


def add(commands: Commands) -> None:
    """Add the command."""
    bench = commands.add_parser(
        "bench",
        help="measure speed on this machine",
        description="Measure speed on this machine: a table of medians with the least and the most, and beside them "
        "what the same work would take at least. On two cores with nothing beside takes about two minutes.",
    )
    bench.add_argument("--json", metavar="FILE", help='write the figures as JSON; "-" for stdout, instead of the table')
    bench.add_argument(
        "--only",
        nargs="*",
        choices=PARTS,
        metavar="PART",
        help=f"measure only these parts of the table: {', '.join(PARTS)}; without a name none, but what further "
        "options ask for",
    )
    bench.add_argument("--model", metavar="NAME", help="default: the model that is used where none is named")
    bench.add_argument("--engines", nargs="+", default=["litert"], choices=("litert", "keras"), help="default: litert")
    bench.add_argument(
        "--codecs", nargs="+", default=["h264"], choices=CODECS, help="of the recordings of the table; default: h264"
    )
    bench.add_argument(
        "--length", type=positive(int), default=40, help="of those recordings in seconds, by tens; default: 40"
    )
    bench.add_argument("--live", action="store_true", help="also feed a stream as a camera does: one face, then four")
    bench.add_argument(
        "--seconds",
        type=positive(float),
        default=20.0,
        help="how long that takes, each; default: 20; 1800 shows whether anything grows",
    )
    bench.add_argument("--recording", type=Path, metavar="PATH", help="frames of this instead of the moving portrait")
    bench.add_argument("--video", action="store_true", help="also read a generated 1080p recording of one face")
    bench.add_argument("--minutes", type=positive(int), default=1, help="how long that recording is; default: 1")
    bench.add_argument("--pages", action="store_true", help="also time the dashboard's pages in a real browser")
    bench.add_argument(
        "--rounds", type=positive(int), default=5, help="how many servers are started for that; default: 5"
    )
    bench.add_argument(
        "--detectors",
        nargs="+",
        default=[],
        metavar="NAME",
        help="also measure how well and how fast these find faces, such as blazeface haar",
    )
    bench.add_argument(
        "--batch", type=positive(int), metavar="N", help="also read N small recordings by each backend of `batch`"
    )
    bench.add_argument("--tiny", action="store_true", help="recordings of that batch are a second of 320 x 180")
    bench.add_argument(
        "--against",
        choices=("fer",),
        help="also measure this other project on the same inputs, in turns with this one, and give ratios",
    )
    bench.add_argument(
        "--against-python",
        metavar="PATH",
        help="the Python that has it installed, since it needs other versions of libraries; default: this one",
    )
    bench.add_argument(
        "--growth", action="store_true", help="also measure how cost grows with faces, pixels, length and visitors"
    )
    bench.add_argument(
        "--out",
        type=Path,
        metavar="FOLDER",
        help="also write everything into a file of this folder that bears the date",
    )
    bench.set_defaults(run=partial(_bench, bench))


def _refuse_unheard(command: argparse.ArgumentParser, options: argparse.Namespace) -> None:
    """End with wrong usage where an option would change nothing."""
    for name, partner in _PARTNERS.items():
        if getattr(options, name) != command.get_default(name) and not getattr(options, partner):
            command.error(f"--{name.replace('_', '-')} says how --{partner} measures; add --{partner}, or leave it out")
    for name, part in _PARTS_OF.items():
        if (
            options.only is not None
            and part not in options.only
            and getattr(options, name) != command.get_default(name)
        ):
            command.error(f"--{name} says how the part {part} is measured; add that to --only, or leave it out")


def _bench(command: argparse.ArgumentParser, options: argparse.Namespace) -> int:
    from fer_core.diagnostics.benchmarks import bench_figures, pictures

    _refuse_unheard(command, options)
    check_target(options.json)
    if options.out:
        checked_folder(options.out, "--out")
    machine = pictures.machine()
    asked = _Asked()
    subject = _subject(options, asked)
    against = _against(subject, options.against_python) if options.against else None  # first: it may not be there
    table = _table(subject, options.only, asked)
    measured = replace(
        bench_figures.BenchFigures.of_table(machine, subject.model, table),
        against=against,
        growth=asked("growth", options.growth, lambda: _growth(subject)),
        video=asked("video", options.video, lambda: _video(subject.model, options.minutes)),
        live=asked("live", options.live, lambda: _live(subject.pipeline, options)),
        detection=_detections(options.detectors, subject, table, asked),
        batch=asked("batch", options.batch, lambda: _batch(subject.model, options)),
        pages=asked("pages", options.pages, lambda: _pages(options.rounds)),
    )
    if options.json:
        write_json(as_plain(measured), options.json)
    if options.json != "-":
        _show(measured)
    if options.out:
        _keep(measured, options, asked.left_out)
    return BAD_INPUT if asked.missing else DONE


class _Asked:
    """What options ask for. What cannot be measured here is told, and loses nothing of the rest.

    Attributes:
        left_out: names of what was left out.
        missing: those of them that were asked for by name.
    """

    def __init__(self) -> None:
        self.left_out: list[str] = []
        self.missing: list[str] = []

    def __call__(self, name: str, wanted: object, measure: Callable[[], Told], *, by_name: bool = True) -> Told | None:
        """The figures; None where nobody wants them, or they cannot be had."""
        try:
            return measure() if wanted else None
        except (DependencyError, WorkerError, MediaError) as error:
            self.leave_out(name, error, by_name)
            return None

    def leave_out(self, name: str, error: Exception, by_name: bool = True) -> None:
        """Tell that something is not measured; nobody misses what was not asked for by its name."""
        say(f"{name} is left out: {error}")
        self.left_out.append(name)
        if by_name:
            self.missing.append(name)


def _keep(measured: "BenchFigures", options: argparse.Namespace, left_out: Sequence[str]) -> None:
    from fer_core.diagnostics.benchmarks import report

    places = ("run", "json", "out", "against_python", "recording")  # on this machine
    chosen = {name: as_plain(value) for name, value in vars(options).items() if name not in places}
    chosen["left_out"] = list(left_out)
    say(f"written: {report.write(report.report(measured, chosen), options.out)}")


def _subject(options: argparse.Namespace, asked: _Asked) -> "Subject":
    from fer_core.classification import EmotionClassifier
    from fer_core.detection import load_detector
    from fer_core.diagnostics.benchmarks.parts import Subject
    from fer_core.diagnostics.benchmarks.recordings import Recordings
    from fer_core.pipeline import EmotionPipeline

    pipeline = EmotionPipeline.load(options.model)
    classifiers = {}
    for engine in options.engines:
        try:
            classifiers[engine] = EmotionClassifier.load(pipeline.classifier.card.name, engine)
        except (DependencyError, ModelError) as error:  # such as another project's network, which Keras cannot run
            asked.leave_out(engine, error)
    detectors = {pipeline.detector.name: pipeline.detector}
    for name in options.detectors:
        if name not in detectors and (loaded := asked(f"the detector {name}", True, partial(load_detector, name))):
            detectors[name] = loaded
    return Subject(pipeline, classifiers, detectors, Recordings(options.codecs, options.length))


def _table(subject: "Subject", only: Collection[str] | None, asked: _Asked) -> "list[Figure]":
    from fer_core.diagnostics.benchmarks import parts

    figures: list[Figure] = []
    for name in (name for name in PARTS if only is None or name in only):
        title, measure = parts.PARTS[name]
        say(f"{name}: {title}")
        measured = asked(name, True, partial(_all, measure, subject), by_name=only is not None)
        figures += measured or ()
    return figures


def _all(measure: "Callable[[Subject], Iterator[Figure]]", subject: "Subject") -> "list[Figure]":
    """The lines of a part, once all are measured."""
    return list(measure(subject))


def _against(subject: "Subject", python: str | None) -> "PeerFigures":
    from fer_core.diagnostics.benchmarks import peers

    with peers.opened(python) as peer:
        say(f"against fer {peer.versions['fer']}")
        return peers.against(peer, subject.pipeline, python)


def _growth(subject: "Subject") -> "tuple[Curve, ...]":
    from fer_core.diagnostics.benchmarks import growth

    say("growth: faces, pixels, length, visitors")
    return tuple(growth.growth(subject.pipeline))


def _show(measured: "BenchFigures") -> None:
    from fer_core.diagnostics.benchmarks import table

    tell(table.machine_line(measured.machine))
    tell(f"model: {measured.model}")
    if measured.table:
        for line in ["", *table.text_lines(measured.table)]:
            tell(line)
    if measured.growth:
        for line in ["", *table.growth_lines(measured.growth)]:
            tell(line)
    if measured.against:
        for line in ["", *table.peer_lines(measured.against)]:
            tell(line)


def _told(name: str, figure: Told) -> Told:
    say(f"{name}: {as_plain(figure)}")
    return figure


def _detections(
    names: Sequence[str], subject: "Subject", table: "Sequence[Figure]", asked: _Asked
) -> "dict[str, DetectorFigures] | None":
    loaded = [name for name in names if name in subject.detectors]
    each = ((name, asked(f"the detector {name}", True, partial(_detection, name, subject, table))) for name in loaded)
    return {name: figures for name, figures in each if figures is not None} or None


def _detection(name: str, subject: "Subject", table: "Sequence[Figure]") -> "DetectorFigures":
    from fer_core.diagnostics.benchmarks import bench_figures, detection, pictures

    detector, measurer = subject.detectors[name], subject.pipeline.measurer
    times = detection.milliseconds(table, name) or detection.milliseconds(detection.searches(detector), name)
    if detector is subject.pipeline.detector and measurer:
        times["geometry"] = next(pictures.meshes(measurer)).median
    return _told(f"detection, {name}", bench_figures.DetectorFigures(detection.found(detector), times))


def _video(model: str, minutes: int) -> "VideoFigures":
    from fer_core.diagnostics.benchmarks import video

    with temporary_folder() as folder:
        clip, recording = folder / "clip.mp4", folder / "recording.mp4"
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
    from fer_core.diagnostics.benchmarks import bench_figures, live

    if options.recording:
        measured = live.live(pipeline, live.recorded(options.recording), options.seconds)
        return _told(f"live, {options.recording.name}", measured)
    one, four = (live.live(pipeline, live.moving_portrait(n), options.seconds) for n in (1, 4))
    _told("live, one face", one)
    _told("live, four faces", four)
    return bench_figures.LiveFiguresOfTwo(**vars(one), four_faces=four)
