"""Python processes for the work that may crash or hang: they load one module of this package and nothing more."""

import subprocess
import sys
from typing import Final

from fer_core.resources import PACKAGE

# A package without its `__init__`, which would import all that analysing needs: a second, and 150 MB.
# What ends the process that waits for an answer, also closes the pipe. A terminal's Ctrl-C and an operator's SIGTERM to
# the whole group must not end this one first: half a recording would look like a damaged one.
_RUN: Final = """
import importlib, signal, sys, types
signal.signal(signal.SIGINT, signal.SIG_IGN)
signal.signal(signal.SIGTERM, signal.SIG_IGN)
package = types.ModuleType("fer_core")
package.__path__ = [sys.argv[1]]
sys.modules["fer_core"] = package
importlib.import_module(sys.argv[2]).run()
"""


def python_with(module: str, *arguments: str) -> list[str]:
    """The command of a process that calls `run` of a module; the arguments end its `sys.argv`.

    The folder that the process runs in is not searched for modules.
    """
    return [sys.executable, "-P", "-c", _RUN, str(PACKAGE), module, *arguments]


def started(module: str, *arguments: str) -> subprocess.Popen[bytes]:
    """Start the process of `python_with`; its standard output is a pipe, and what else it prints is lost."""
    command = python_with(module, *arguments)
    return subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
