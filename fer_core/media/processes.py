"""Python processes for the work that may crash or hang: they load one module of this package and nothing more."""

import subprocess
import sys
from typing import Final

from fer_core.resources import PACKAGE

# A package without its `__init__`, which would import all that analysing needs: a second, and 150 MB.
_RUN: Final = """
import importlib, sys, types
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
