"""The `dashboard` command: the pages in the browser, wherever the package lies."""

import argparse
import subprocess
import sys
from importlib.util import find_spec

from fer_core.commands import Commands
from fer_core.commands.endings import Ended, status_of_process
from fer_core.commands.values import port
from fer_core.errors import DependencyError, with_extra
from fer_core.resources import resource

_NEEDED = ("streamlit", "streamlit_webrtc", "plotly")


def add(commands: Commands) -> None:
    """Add the command."""
    command = commands.add_parser(
        "dashboard",
        help="start the dashboard",
        description="Start the dashboard; it tells its address and runs until Ctrl+C.",
    )
    command.add_argument("--port", type=port, default=8501, metavar="N", help="default: 8501")
    command.add_argument(
        "streamlit",
        nargs="*",
        metavar="-- OPTION",
        help="options of Streamlit after two dashes, such as -- --server.address=0.0.0.0 --server.allowedHosts=NAME",
    )
    command.set_defaults(run=_dashboard)


def _dashboard(options: argparse.Namespace) -> int:
    if missing := [package for package in _NEEDED if find_spec(package) is None]:
        raise DependencyError(f"The dashboard needs {', '.join(missing)}; {with_extra('dashboard')}.")
    command = [sys.executable, "-m", "streamlit", "run", str(resource("Home.py")), f"--server.port={options.port}"]
    command += options.streamlit
    return _served(command)


def _served(command: list[str]) -> int:
    """Until the server has ended, which Ctrl-C or a signal to this process makes it do in its own order."""
    with subprocess.Popen(command) as server:
        while True:
            try:
                return status_of_process(server.wait())
            except Ended:
                server.terminate()
            except KeyboardInterrupt:  # the terminal tells the server, too
                continue
