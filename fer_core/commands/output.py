"""Where commands write: results to stdout or files, everything else to stderr.

What is printed is safe for a terminal: no control characters, of which names of files can be full, and letters that
the terminal's encoding lacks are replaced.
"""

import errno
import io
import json
import os
import sys
from pathlib import Path
from typing import Any

from fer_core.commands.endings import silence
from fer_core.errors import MediaError
from fer_core.jobs import Monitor, Progress
from fer_core.media.files import is_folder, is_there
from fer_core.whole_file import write_whole

DONE, BAD_INPUT, PIPE_CLOSED = 0, 3, 141


def say(text: str) -> None:
    """A line for the person at the terminal, on stderr; where it cannot be written, the work goes on without."""
    _say(printable(text), "\n")


def tell(text: str) -> None:
    """A line of the result, on stdout.

    Raises:
        MediaError: it cannot be written.
    """
    _tell(printable(text) + "\n")


_unfinished: list[Any] = []
"""The stream whose last line has no end yet, because it is to be rewritten."""


def _say(text: str, end: str) -> None:
    if _unfinished and _unfinished.pop() is sys.stderr and not text.startswith("\r"):
        text = f"\n{text}"
    if sys.stderr is None:  # it was closed; print would write to stdout
        return
    try:
        print(text, end=end, file=sys.stderr, flush=True)
    except BrokenPipeError:
        raise
    except OSError:
        silence(sys.stderr)


def _tell(text: str) -> None:
    try:
        if sys.stdout is None:
            raise OSError(errno.EBADF, "it is closed")
        sys.stdout.write(text)
        sys.stdout.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        silence(sys.stdout)  # or the end of the process would complain once more
        raise MediaError(f"The results cannot be written to the output ({error.strerror}); name a file.") from error


def printable(text: str) -> str:
    """One line, without control characters and changes of the direction of text; tabs stay."""
    return "".join(c if c.isprintable() or c == "\t" else "\N{REPLACEMENT CHARACTER}" for c in text)


def accept_any_letter() -> None:
    """Let stdout and stderr replace letters that their encoding lacks, instead of failing at them."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper) and stream.errors == "strict":
            stream.reconfigure(errors="replace")


def end_of_pipe() -> int:
    """After a pipe was closed by the one who reads it: nothing more is written; returns the exit status."""
    silence(sys.stdout, sys.stderr)
    return PIPE_CLOSED


def checked_folder(folder: Path, option: str) -> Path:
    """A folder that results go into; it need not be there yet.

    Raises:
        MediaError: there is a file in its place, or in the place of one that it is in.
    """
    for place in (folder, *folder.parents):
        if is_there(place) and not is_folder(place):
            raise MediaError(f"{place} is a file, and results need a folder; name another one with {option}.")
    return folder


def check_target(target: str | None) -> None:
    """Make sure, before the work whose results `write_json` is to write there, that it can; nothing is made yet.

    Raises:
        MediaError: there is a folder, a folder that it is in is a file, or nothing may be written there.
    """
    if target is None or target == "-":
        return
    path = Path(target)
    if is_folder(path):
        raise MediaError(f"{path} cannot be written (it is a folder); choose another place.")
    # A file of results takes the name of the one before, which needs its folder alone; a device is written to.
    near = path if is_there(path) and not path.is_file() else next(place for place in path.parents if is_there(place))
    if near != path and not is_folder(near):
        raise MediaError(f"{path} cannot be written ({near} is a file); choose another place.")
    if not os.access(near, os.W_OK):
        raise MediaError(f"{path} cannot be written ({near} may not be written to); choose another place.")


def progress_line(of: str, after_s: float = 0.0) -> Monitor:
    """Shows on stderr how far work is: on a terminal one line that is rewritten, elsewhere a line every ten per cent.

    Args:
        of: what the share is a share of, such as "the recording".
        after_s: seconds of work before anything is shown, for work that is usually done at once.
    """
    told = -1

    def show(progress: Progress) -> None:
        nonlocal told
        if told == 10 or progress.elapsed_s < after_s:
            return
        words = f", {printable(progress.words)}" if progress.words else ""
        left = "" if progress.remaining_s is None else f", {progress.remaining_s:.0f} s left"
        text = f"{progress.share:4.0%} of {of}{words}{left}"
        if sys.stderr is not None and sys.stderr.isatty():
            _say(f"\r{text:<79}", "\n" if progress.share >= 1 else "")
            _unfinished[:] = [sys.stderr] if progress.share < 1 else []
        elif int(progress.share * 10) > told:
            say(text)
        told = int(progress.share * 10)

    return Monitor(show)


def write_json(value: Any, target: str) -> None:
    """Write to the file `target`, or to stdout where that is "-"."""
    text = json.dumps(value, indent=2) + "\n"
    if target == "-":
        _tell(text)
    else:
        write_file(Path(target), text.encode())


def write_file(path: Path, data: bytes) -> None:
    """Write a file and the folders that it is in.

    Raises:
        MediaError: that cannot be done.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, data)
    except OSError as error:
        raise MediaError(f"{path} cannot be written ({error.strerror}); choose another place.") from error
