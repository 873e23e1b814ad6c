"""Python processes for the work that may crash or hang: they load one module of this package and nothing more.

On Linux they fork from a process that has loaded the module already (`fer_core.media.forking`), one a module; elsewhere
each is started anew.
"""

import atexit
import contextlib
import io
import json
import os
import select
import signal
import socket
import subprocess
import sys
import threading
from typing import IO, Final, Protocol

from fer_core.media.forking import LONGEST_REQUEST
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
_PATIENCE_S: Final = 30.0


class Process(Protocol):
    """A process whose standard output is a pipe; as much of `subprocess.Popen` as is needed."""

    @property
    def pid(self) -> int:
        """Its number."""

    @property
    def stdout(self) -> IO[bytes] | None:
        """What it writes."""

    def kill(self) -> None:
        """End it at once; nothing happens where it has ended."""

    def wait(self) -> int | None:
        """Until it has ended."""


def python_with(module: str, *arguments: str) -> list[str]:
    """The command of a process that calls `run` of a module; the arguments end its `sys.argv`.

    The folder that the process runs in is not searched for modules.
    """
    return [sys.executable, "-P", "-c", _RUN, str(PACKAGE), module, *arguments]


def started(module: str, *arguments: str) -> Process:
    """Start a process that calls `run` of a module; its standard output is a pipe, and what else it prints is lost."""
    forked = _forked(module, arguments) if sys.platform == "linux" else None
    return forked or _spawned(module, *arguments)


def end_forkers() -> None:
    """End the processes that wait to fork, so that this process's account of its children is complete."""
    with _lock:
        for forker in _forkers.values():
            if forker is not None:
                forker.close()
        _forkers.clear()


def _spawned(module: str, *arguments: str) -> Process:
    command = python_with(module, *arguments)
    return subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)


def _forked(module: str, arguments: tuple[str, ...]) -> Process | None:
    request = json.dumps(arguments).encode()
    if len(request) > LONGEST_REQUEST:
        return None
    with _lock:
        for _ in range(2):  # one that somebody has killed is started again
            if module not in _forkers:
                _forkers[module] = _Forker(module)
            forker = _forkers[module]
            if forker is None:
                return None
            try:
                return forker.fork(request)
            except OSError:
                forker.close()
                del _forkers[module]
        _forkers[module] = None  # it does not work here
    return None


class _Forker:
    """A process from which others fork."""

    def __init__(self, module: str) -> None:
        self._channel, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._channel.settimeout(_PATIENCE_S)
        with theirs:
            self._process = subprocess.Popen(
                python_with("fer_core.media.forking", module),
                stdin=theirs.fileno(),
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                env={**os.environ, "OPENBLAS_NUM_THREADS": "1"},  # a process with threads had better not fork
            )

    def fork(self, request: bytes) -> "_Fork":
        """Hand over a task.

        Raises:
            OSError: nobody takes it.
        """
        mine, theirs = os.pipe()
        pipe = os.fdopen(mine, "rb")
        try:
            try:
                socket.send_fds(self._channel, [request], [theirs])
            finally:
                os.close(theirs)
            pid, descriptors, *_ = socket.recv_fds(self._channel, 32, 1)
            if not descriptors:
                raise ConnectionResetError
        except OSError:
            pipe.close()
            raise
        return _Fork(int(pid), descriptors[0], pipe)

    def close(self) -> None:
        """End the process; its forks end by themselves."""
        self.leave()
        try:
            self._process.wait(timeout=_PATIENCE_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def leave(self) -> None:
        """Let go of the process, which ends once everybody has."""
        self._channel.close()


class _Fork:
    """A process that this one did not start itself, and knows by a descriptor."""

    def __init__(self, pid: int, handle: int, stdout: IO[bytes]) -> None:
        self.pid, self.stdout = pid, stdout
        self._handle = io.FileIO(handle)  # closes itself where nobody waits

    def kill(self) -> None:
        """End it at once; nothing happens where it has ended."""
        with contextlib.suppress(ProcessLookupError, ValueError):
            signal.pidfd_send_signal(self._handle.fileno(), signal.SIGKILL)

    def wait(self) -> None:
        """Until it has ended."""
        with contextlib.suppress(ValueError):
            ended = select.poll()
            ended.register(self._handle.fileno(), select.POLLIN)
            ended.poll()
        self._handle.close()


_forkers: Final[dict[str, _Forker | None]] = {}
"""By module; None where it does not work here."""
_lock = threading.Lock()


def _forget() -> None:
    """A fork of this very process starts processes of its own: those that wait belong to its parent."""
    global _lock
    _lock = threading.Lock()
    for forker in _forkers.values():
        if forker is not None:
            forker.leave()
    _forkers.clear()


atexit.register(end_forkers)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget)
