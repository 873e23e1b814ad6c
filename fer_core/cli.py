"""The command line: `python -m fer_core COMMAND`, and `face-value COMMAND` where the package is installed.

Exit status: 0 done, 2 wrong usage, 3 bad input (one clear line on stderr) or a check that failed; of `batch` also 1,
some recordings failed. 128 and the number of the signal that ended it (130 for Ctrl-C), but 0 of `live` and
`dashboard`, and of `serve` by SIGTERM. 141 where the reader of a pipe has gone.
Results go to stdout or into files, progress and messages to stderr. What a command needs is imported when it runs, so
that quick commands start quickly.
"""

import argparse
import atexit
import gc
import os
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final, NoReturn

from fer_core.commands import (
    batch,
    bench,
    checking,
    crop_study,
    dashboard,
    evaluate,
    image,
    library,
    live,
    models,
    null_study,
    serve,
    training,
    verify,
    video,
)
from fer_core.commands.endings import ended_in_order, status_of
from fer_core.commands.output import BAD_INPUT, accept_any_letter, end_of_pipe, printable, say
from fer_core.commands.values import filled, filled_path
from fer_core.errors import FerError
from fer_core.settings import tell_libraries
from fer_core.version import __version__

ENTRY_POINT: Final = "face-value"
"""Name of the command that an installed package adds."""

STARTED_AFTER_S: Final = 2.0
"""By then a command has loaded what it needs."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return the exit status."""
    _search_no_garbage()
    tell_libraries(PYDANTIC_DISABLE_PLUGINS="__all__")  # to look for them takes a while, and no one has any
    accept_any_letter()
    options = parser().parse_args(arguments)
    try:
        with ended_in_order():
            status: int = options.run(options)
            return status
    except BrokenPipeError:
        return end_of_pipe()
    except FerError as error:
        say(f"error: {error}")
        return BAD_INPUT
    except OSError as error:  # a place that may not be looked into, or a share or disk that fails meanwhile
        say(f"error: {_place(error)} cannot be read or written ({error.strerror or error}); check it and try again.")
        return BAD_INPUT
    except KeyboardInterrupt as end:
        say("stopped.")
        return status_of(end)


def _place(error: OSError) -> str:
    return "A file" if error.filename is None else os.fsdecode(error.filename)


def _search_no_garbage() -> None:
    """Not at the start, when what is imported stays, nor at the end, with which all goes."""
    gc.disable()
    later = threading.Timer(STARTED_AFTER_S, gc.enable)
    later.daemon = True
    later.start()
    atexit.register(gc.freeze)


class _Parser(argparse.ArgumentParser):
    """Refuses empty values, which a script gives whose variable is not set, and which would be "." or the default."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.register("type", None, filled)
        self.register("type", Path, filled_path)

    def add_subparsers(self, **options: Any) -> Any:
        action = super().add_subparsers(**options)
        action.type = str  # else it, not the command's own parser, would refuse the empty values of the command
        return action

    def error(self, message: str) -> NoReturn:
        super().error(printable(message))


def parser() -> argparse.ArgumentParser:
    """All commands and their options."""
    top: argparse.ArgumentParser = _Parser(prog=_program(), description="Facial expression recognition, locally.")
    top.add_argument("--version", action="version", version=f"{ENTRY_POINT} {__version__}")
    commands = top.add_subparsers(required=True, metavar="COMMAND")

    image.add(commands)
    video.add(commands)
    batch.add(commands)
    live.add(commands)
    verify.add(commands)

    library.add(commands)
    models.add(commands)
    evaluate.add(commands)
    checking.add(commands)
    dashboard.add(commands)
    serve.add(commands)
    null_study.add(commands)
    crop_study.add(commands)
    bench.add(commands)
    training.add(commands)
    return top


def _program() -> str:
    """How the command line was called, for its help texts."""
    return ENTRY_POINT if Path(sys.argv[0]).stem == ENTRY_POINT else "python -m fer_core"
