"""`live`, which reads a camera without the dashboard and passes its readings on."""

import argparse
import contextlib
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Final

from fer_core.commands import Commands
from fer_core.commands.output import DONE, checked_folder, say, write_json
from fer_core.commands.request_options import add_purpose_option, declaration_of, port, request_of
from fer_core.declaration import agreed
from fer_core.errors import DependencyError, RequestError
from fer_core.notice import PURPOSE
from fer_core.request import TIME_CONSTANT_S

if TYPE_CHECKING:
    from fer_core.live.analyser import LiveReading
    from fer_core.live.headless import Figures
    from fer_core.live.outputs import Output
    from fer_core.timeline.table import Timeline

WEBSOCKET_PORT: Final = 8765
OSC_PORT: Final = 9000


def add(commands: Commands, add_pipeline_options: Callable[[argparse.ArgumentParser], None]) -> None:
    """Add the command."""
    live = commands.add_parser(
        "live",
        help="read a camera without the dashboard, and pass readings on",
        description="Read a camera until Ctrl-C or its end; see docs/live.md. Readings go where an option says, as "
        "they come; without one, nowhere. Says in the end how long a message takes.",
    )
    live.add_argument("source", metavar="SOURCE", help="number of a camera, an rtsp:// address, or a file to be played")
    live.add_argument("--agree", action="store_true", help="the people before the camera know and agree; always needed")
    live.add_argument("--out", type=Path, metavar="DIR", help="write the session as a timeline, as `video` does")
    live.add_argument("--seconds", type=float, metavar="S", help="end after so long")
    live.add_argument(
        "--websocket",
        type=port,
        nargs="?",
        const=WEBSOCKET_PORT,
        metavar="PORT",
        help=f"send JSON to listeners on this machine; default port: {WEBSOCKET_PORT}",
    )
    live.add_argument("--origin", action="append", default=[], metavar="URL", help="a web page that may listen, too")
    live.add_argument(
        "--osc",
        type=_host_and_port,
        nargs="?",
        const=("127.0.0.1", OSC_PORT),
        metavar="HOST:PORT",
        help=f"send Open Sound Control by UDP; default: 127.0.0.1:{OSC_PORT}",
    )
    live.add_argument("--lsl", action="store_true", help="offer a stream to Lab Streaming Layer in the local network")
    live.add_argument(
        "--time-constant", type=float, default=TIME_CONSTANT_S, metavar="S", help="of the smoothing; default: 0.4"
    )
    live.add_argument("--threshold", type=float, metavar="P", help="uncertain below; default: the model's own")
    add_purpose_option(live)
    add_pipeline_options(live)
    live.set_defaults(run=_live, fps=0.0, smoothing="exponential", region=None)


def _live(options: argparse.Namespace) -> int:
    from fer_core.live.headless import Session
    from fer_core.live.sources import source_of
    from fer_core.pipeline import EmotionPipeline

    if not options.agree:
        raise RequestError(f"{PURPOSE} Where they do, start again with --agree.")
    if options.out:
        checked_folder(options.out, "--out")
    declaration = declaration_of(options) or agreed()
    request, source = request_of(options), source_of(options.source)
    pipeline = EmotionPipeline.load_for(request)
    with contextlib.ExitStack() as opened:
        outputs = _outputs(options, pipeline.classifier.card.name, opened)
        shown = ", ".join(output.name for output in outputs) or "nowhere"
        session = Session(pipeline, request, outputs, _tell(shown), declaration)
        say(f"{source.name} is read; readings go to: {shown}. End with Ctrl-C.")
        try:
            with contextlib.suppress(KeyboardInterrupt):
                session.run(source, options.seconds)
        finally:
            _end(session.timeline(), session.figures, options.out)
    return DONE


def _outputs(options: argparse.Namespace, model: str, opened: contextlib.ExitStack) -> list["Output"]:
    """Those that are chosen; closed with `opened`."""
    makers: list[Callable[[], Output]] = []
    if options.websocket is not None:
        makers.append(lambda: _websocket(options, model))
    if options.osc is not None:
        makers.append(lambda: _osc(options))
    if options.lsl:
        makers.append(lambda: _lsl(model))
    outputs: list[Output] = []
    for make in makers:
        try:
            outputs.append(make())
        except (ImportError, RuntimeError) as error:  # pylsl says so where its library is missing
            raise DependencyError(
                f"Live outputs need another package ({error}): pip install 'face-value[live]'."
            ) from error
        opened.callback(outputs[-1].close)
    return outputs


def _websocket(options: argparse.Namespace, model: str) -> "Output":
    from fer_core.live.outputs.message import greeting
    from fer_core.live.outputs.websocket import WebSocketOutput

    return WebSocketOutput(options.websocket, greeting(model), options.origin)


def _osc(options: argparse.Namespace) -> "Output":
    from fer_core.live.outputs.osc import OscOutput

    return OscOutput(*options.osc)


def _lsl(model: str) -> "Output":
    from fer_core.live.outputs.lsl import LslOutput

    return LslOutput(model)


def _tell(shown: str) -> Callable[["LiveReading", "Figures"], None]:
    def tell(reading: "LiveReading", figures: "Figures") -> None:
        faces = ", ".join(
            f"{face.person}: {face.reading.label} {face.reading.confidence:.0%}" for face in reading.faces
        )
        say(f"{figures.read} frames of {figures.came} · {faces or 'nobody'} · to {shown}")

    return tell


def _end(timeline: "Timeline | None", figures: "Figures", out: Path | None) -> None:
    from fer_core.reports.summary import summary_of
    from fer_core.reports.tables import write_csv

    if timeline is None:
        return
    say(
        f"{figures.read} of {figures.came} frames were read; from frame to message {figures.latency_ms(50):.0f} ms "
        f"(median), {figures.latency_ms(95):.0f} ms (95th percentile)"
    )
    if out is not None:
        write_csv(timeline, out)
        timeline.write(out / "timeline.parquet")
        write_json(summary_of(timeline).to_json(), str(out / "summary.json"))
        say(f"{out} is ready")


def _host_and_port(text: str) -> tuple[str, int]:
    host, _, port = text.rpartition(":")
    if not host or not port.isdecimal() or not 0 < int(port) < 65_536:
        raise argparse.ArgumentTypeError("a host and a port, such as 127.0.0.1:9000")
    return host.strip("[]"), int(port)
