"""Where commands write: results to stdout or files, everything else to stderr."""

import json
import sys
from pathlib import Path
from typing import Any

from fer_core.errors import MediaError

DONE, BAD_INPUT, INTERRUPTED = 0, 3, 130


def say(text: str) -> None:
    """A line for the person at the terminal, on stderr."""
    print(text, file=sys.stderr, flush=True)


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
