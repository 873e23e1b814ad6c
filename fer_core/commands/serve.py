"""`serve`, which answers other programs over HTTP."""

import argparse

from fer_core.commands import Commands
from fer_core.commands.output import DONE, say
from fer_core.commands.values import port
from fer_core.notice import NOT_FEELINGS


def add(commands: Commands) -> None:
    """Add the command."""
    serve = commands.add_parser(
        "serve",
        help="answer other programs over HTTP",
        description="Answer other programs over HTTP, until Ctrl-C or SIGTERM; see docs/service.md. Limits, keys and "
        "folder are settings of the environment. Needs the extra `service`.",
    )
    serve.add_argument(
        "--host", default="127.0.0.1", metavar="NAME", help="where to listen; default: 127.0.0.1, this machine alone"
    )
    serve.add_argument("--port", type=port, default=8600, metavar="N", help="0 for any that is free; default: 8600")
    serve.set_defaults(run=_serve)


def _serve(options: argparse.Namespace) -> int:
    from fer_core.service.serving import serve
    from fer_core.settings import service_settings

    def told(address: str) -> None:
        say(f"Face Value answers at {address}; {address}/docs describes how. End with Ctrl-C.")
        say(NOT_FEELINGS)

    serve(options.host, options.port, service_settings(), told)
    return DONE
