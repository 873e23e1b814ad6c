"""`live`, which reads a camera without the dashboard and passes its readings on."""

import argparse
import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from fer_core.commands import Commands
from fer_core.commands.endings import unhurried
from fer_core.commands.folders import SUMMARY, TIMELINE, held_folder, refuse_dataset
from fer_core.commands.output import DONE, checked_folder, printable, say, write_json
from fer_core.commands.shared_options import (
    add_doubt_options,
    add_pipeline_options,
    add_purpose_option,
    declaration_of,
    request_of,
)
from fer_core.commands.values import port, positive
from fer_core.declaration import agreed
from fer_core.errors import MediaError, RequestError
from fer_core.notice import PURPOSE
from fer_core.settings import OSC_HOST, OSC_PORT, WEBSOCKET_PORT

if TYPE_CHECKING:
    from fer_core.live.analyser import LiveReading
    from fer_core.live.headless import Figures, Session
    from fer_core.live.outputs import Output
    from fer_core.live.outputs.ways import Way
    from fer_core.pipeline import EmotionPipeline


def add(commands: Commands) -> None:
    """Add the command."""
    live = commands.add_parser(
        "live",
        help="read a camera without the dashboard, and pass readings on",
        description="Read a camera until Ctrl-C or its end; see docs/live.md. Readings go where an option says, as "
        "they come; without one, nowhere. Says in the end how long a message or reading takes.",
    )
    live.add_argument("source", metavar="SOURCE", help="number of a camera, an rtsp:// address, or a file to be played")
    live.add_argument("--agree", action="store_true", help="the people before the camera know and agree; always needed")
    live.add_argument(
        "--out",
        type=Path,
        metavar="DIR",
        help="write the session into DIR: timeline.csv with its data dictionary, timeline.parquet, summary.json",
    )
    live.add_argument("--seconds", type=positive(float), metavar="S", help="end so long after the first frame")
    live.add_argument(
        "--websocket",
        type=port,
        nargs="?",
        const=WEBSOCKET_PORT,
        metavar="PORT",
        help=f"send JSON to listeners on this machine; default port: {WEBSOCKET_PORT}",
    )
    live.add_argument(
        "--origin", type=_origin, action="append", default=[], metavar="URL", help="a web page that may listen, too"
    )
    live.add_argument(
        "--osc",
        type=_host_and_port,
        nargs="?",
        const=(OSC_HOST, OSC_PORT),
        metavar="HOST:PORT",
        help=f"send Open Sound Control by UDP; default: {OSC_HOST}:{OSC_PORT}",
    )
    live.add_argument("--lsl", action="store_true", help="offer streams to Lab Streaming Layer in the local network")
    live.add_argument(
        "--markers-in",
        nargs="?",
        const=True,
        metavar="NAME",
        help='take markers from Lab Streaming Layer, from the stream NAME or all of the type "Markers"',
    )
    add_doubt_options(live)
    add_purpose_option(live)
    add_pipeline_options(live)
    live.set_defaults(run=_live, error=live.error, fps=0.0, smoothing="exponential", region=None)


def _live(options: argparse.Namespace) -> int:
    if options.origin and options.websocket is None:
        options.error("--origin says who may listen to --websocket; add that, or leave it out")
    if not options.agree:
        raise RequestError(f"{PURPOSE} Where they do, start again with --agree.")
    with contextlib.nullcontext() if options.out is None else _place(checked_folder(options.out, "--out")):
        return _read(options)


def _read(options: argparse.Namespace) -> int:
    from fer_core.live.headless import Session
    from fer_core.live.sources import source_of
    from fer_core.pipeline import EmotionPipeline

    declaration = declaration_of(options) or agreed()
    request, source = request_of(options), source_of(options.source)
    pipeline = EmotionPipeline.load_for(request)
    with contextlib.ExitStack() as held:
        outputs = [_opened(way, pipeline, options, held) for way in _ways(options)]
        shown = _shown([output.name for output in outputs], options.out)
        session = Session(pipeline, request, outputs, _tell(shown), declaration, keep=options.out is not None)
        markers = _markers(options, session, held)
        say(f"{source.name} is being opened; readings go {shown}. {markers}End with Ctrl-C.")
        try:
            with contextlib.suppress(KeyboardInterrupt):
                session.run(source, options.seconds)
        finally:
            with unhurried():
                was_read = _end(session, options.out, is_sent=bool(outputs))
    if not was_read:
        raise MediaError(f"No frame of {source.name} was read, so nothing is written; see whether it gives pictures.")
    return DONE


@contextlib.contextmanager
def _place(folder: Path) -> Iterator[None]:
    """Make sure, before anybody is filmed, that the session can be written, in the place of none; no other comes there.

    Raises:
        MediaError: it cannot.
    """
    with held_folder(folder):
        refuse_dataset(folder)
        if (folder / TIMELINE).exists():
            raise MediaError(
                f"{folder} holds a session already, which cannot be read again; choose another with --out."
            )
        yield


def _ways(options: argparse.Namespace) -> "list[Way]":
    """The ways out that are chosen."""
    from fer_core.live.outputs.ways import Way

    ways = []
    if options.websocket is not None:
        ways.append(Way("websocket", port=options.websocket))
    if options.osc is not None:
        ways.append(Way("osc", *options.osc))
    return [*ways, Way("lsl")] if options.lsl else ways


def _opened(
    way: "Way", pipeline: "EmotionPipeline", options: argparse.Namespace, held: contextlib.ExitStack
) -> "Output":
    """A way out, closed with `held`."""
    from fer_core.live.outputs.ways import opened

    output = opened(way, pipeline.classifier.card.name, options.origin)
    held.callback(output.close)
    return output


def _markers(options: argparse.Namespace, session: "Session", held: contextlib.ExitStack) -> str:
    """Let markers in where that is chosen, until `held` is closed; a sentence about it."""
    from fer_core.live.markers import MarkersIn

    if options.markers_in is None:
        return ""
    session.markers = MarkersIn(session.mark, None if options.markers_in is True else options.markers_in)
    held.callback(session.markers.close)
    return f"Markers come in from {session.markers.name}. "


def _shown(names: list[str], out: Path | None) -> str:
    """Where readings go: "to OSC 127.0.0.1:9000, folder session", or "nowhere"."""
    places = names if out is None else [*names, f"folder {printable(str(out))}"]
    return f"to {', '.join(places)}" if places else "nowhere"


def _tell(shown: str) -> Callable[["LiveReading", "Figures"], None]:
    def tell(reading: "LiveReading", figures: "Figures") -> None:
        faces = ", ".join(
            f"{face.person}: {face.reading.words} {face.reading.confidence:.0%}" for face in reading.faces
        )
        kept = " · no longer kept" if figures.full else ""
        say(f"{figures.read} frames of {figures.came} · {faces or 'nobody'} · {shown}{kept}")

    return tell


def _end(session: "Session", out: Path | None, *, is_sent: bool) -> bool:
    """Write and tell what was read, and how long a message took where some were sent; whether anything was read."""
    from fer_core.reports.summary import summary_of
    from fer_core.reports.tables import write_csv

    figures, recorded = session.figures, session.recorded()
    if not figures.read and recorded is None:
        return False
    if out is not None and recorded is not None:  # before anything is said: whoever would listen may be gone
        study = recorded.study
        study.write(out / TIMELINE)  # first: it holds everything, should there be no room for the others
        write_csv(study.timeline, out)
        write_json(summary_of(study.timeline, study.notes).to_json(), str(out / SUMMARY))
    say(
        f"{figures.read} of {figures.came} frames were read; from frame to {'message' if is_sent else 'reading'} "
        f"{figures.latency_ms(50):.0f} ms "
        f"(median), {figures.latency_ms(95):.0f} ms (95th percentile)"
    )
    if markers := figures.markers if recorded is None else len(recorded.markers):
        say(f"markers that came in: {markers}")
    for problem in () if recorded is None else recorded.timeline.problems:
        if problem != session.broke_off:  # which is told as what ended the command
            say(problem)
    if out is not None:
        say(f"{out} is ready")
    return True


def _host_and_port(text: str) -> tuple[str, int]:
    from fer_core.live.outputs.ways import host_and_port

    try:
        return host_and_port(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def _origin(text: str) -> str:
    from fer_core.live.outputs.ways import origin_of

    try:
        return origin_of(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error
