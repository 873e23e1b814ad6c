"""Where commands write: results to stdout or files, everything else to stderr."""

import json
import sys
from pathlib import Path
from typing import Any

from fer_core.errors import MediaError
from fer_core.jobs import Monitor, Progress

DONE, BAD_INPUT, INTERRUPTED = 0, 3, 130


def say(text: str) -> None:
    """A line for the person at the terminal, on stderr."""
    print(text, file=sys.stderr, flush=True)


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
        if sys.stderr.isatty():
            print(f"\r{text:<79}", end="\n" if progress.share >= 1 else "", file=sys.stderr, flush=True)
        elif int(progress.share * 10) > told:
            say(text)
        told = int(progress.share * 10)

    return Monitor(show)


def printable(text: str) -> str:
    """The text with every control character replaced, so that it cannot steer a terminal."""
    return "".join(character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in text)


def write_json(value: Any, target: str) -> None:
    """Write to the file `target`, or to stdout where that is "-"."""
    text = json.dumps(value, indent=2) + "\n"
    if target == "-":
        sys.stdout.write(text)
    else:
        write_file(Path(target), text.encode())


def write_file(path: Path, data: bytes) -> None:
    """Write a file and the folders that it is in.

    Raises:
        MediaError: that cannot be done.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    except OSError as error:
        raise MediaError(f"{path} cannot be written ({error.strerror}); choose another place.") from error
