"""Lines that native libraries write to the terminal of their own accord, kept away from it."""

import os
import re
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from typing import BinaryIO

_STDERR = 2
_lock = threading.Lock()


@contextmanager
def stderr_without(unwanted: str) -> Iterator[None]:
    """Within it, lines of stderr that match a regular expression from their start are dropped.

    All others are written when it ends, also those of other threads. Where there is no stderr, or no place for them,
    nothing happens.

    Args:
        unwanted: regular expression.
    """
    with _lock, ExitStack() as opened:
        try:
            caught = opened.enter_context(_scratch())
            true_stderr = os.dup(_STDERR)
        except OSError:  # no temporary folder can be used, or there is no terminal
            yield
            return
        try:
            os.dup2(caught.fileno(), _STDERR)
            yield
        finally:
            os.dup2(true_stderr, _STDERR)
            os.close(true_stderr)
            caught.seek(0)
            pattern = re.compile(unwanted.encode())
            wanted = b"".join(line for line in caught if not pattern.match(line))
            if wanted:
                with suppress(OSError):
                    os.write(_STDERR, wanted)


def _scratch() -> BinaryIO:
    """A file for a moment: in memory where the system can, so that no temporary folder is needed.

    Raises:
        OSError: there is no place for it.
    """
    if sys.platform == "linux":
        return os.fdopen(os.memfd_create("stderr"), "w+b")
    return tempfile.TemporaryFile()
