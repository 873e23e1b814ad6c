"""Decoding without a process of its own: as soon as the test wants it, and where coverage sees it."""

import os
import threading
from contextlib import suppress

from fer_core.media import decoding


class DecodesHere:
    """Stands for the process that decodes, as `fer_core.media.video` uses it: the same code, in a thread."""

    def __init__(self, module: str, wishes: str) -> None:
        assert module == decoding.__name__
        self.pid = os.getpid()
        read, write = os.pipe()
        self.stdout = os.fdopen(read, "rb")
        self._thread = threading.Thread(target=self._run, args=(wishes, write), daemon=True)
        self._thread.start()

    def _run(self, wishes: str, write: int) -> None:
        with suppress(BrokenPipeError), os.fdopen(write, "wb") as target:
            decoding.main(wishes, target)

    def kill(self) -> None:
        """Whoever listens closes the pipe, and with it ends the thread."""

    def wait(self, timeout: float | None = None) -> None:
        self._thread.join(timeout)
