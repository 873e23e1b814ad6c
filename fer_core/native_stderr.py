"""Lines that native libraries write to the terminal of their own accord, kept away from it."""

import os
import re
import tempfile
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress

_STDERR = 2
_lock = threading.Lock()


@contextmanager
def stderr_without(unwanted: str) -> Iterator[None]:
    """Within it, lines of stderr that match a regular expression from their start are dropped.

    All others are written when it ends, also those of other threads. Where there is no stderr, or no room to keep them,
    nothing happens.

    Args:
        unwanted: regular expression.
    """
    with _lock, ExitStack() as opened:
        try:
            caught = opened.enter_context(tempfile.TemporaryFile())
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
