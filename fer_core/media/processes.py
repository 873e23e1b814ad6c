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
from fer_core.settings import environment_with

if sys.platform == "linux":
    import fcntl

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
_PIPE_BYTES: Final = 1 << 20
"""Room of the pipe for what such a process writes, where the system grants it; Linux grants no more by default.

A picture of 960 by 540 pixels, 1.6 MB, goes through in two pieces; at the usual 64 KiB it would in two dozen, and after
each the two sides may wait for each other."""

_PATIENCE_S: Final = 30.0
"""Seconds in which a process that forks has to answer or to end."""


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
    forked = _forked(module, json.dumps(arguments).encode()) if sys.platform == "linux" else None
    return forked or _spawned(module, *arguments)


def prepare(module: str) -> None:
    """Let the process that forks load a module while this one does something else; `started` then waits less."""
    if sys.platform == "linux":
        with _lock:
            if module not in _forkers:
                _forkers[module] = _Forker(module)


def end_forkers() -> None:
    """End the processes that wait to fork, so that this process's account of its children is complete."""
    with _lock:
        for forker in _forkers.values():
            if forker is not None:
                forker.close()
        _forkers.clear()


def _spawned(module: str, *arguments: str) -> Process:
    command = python_with(module, *arguments)
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    if process.stdout is not None:
        _widen(process.stdout.fileno())
    return process


def _widen(pipe: int) -> None:
    """Give a pipe `_PIPE_BYTES` where that can be done; Linux allows a user only so much in all pipes together."""
    if sys.platform == "linux":
        with contextlib.suppress(OSError):
            fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, _PIPE_BYTES)


def _forked(module: str, request: bytes) -> Process | None:
    """A fork, or None where one has to be started anew."""
    if len(request) > LONGEST_REQUEST:
        return None
    with _lock:
        for _ in range(2):  # one that has ended is replaced
            if module not in _forkers:
                _forkers[module] = _Forker(module)
            forker = _forkers[module]
            if forker is None:
                return None
            try:
                return forker.fork(request)
            except BaseException as error:  # whatever it was, an answer may still come, and would be taken for another
                forker.kill()
                _forkers.pop(module)
                if not isinstance(error, _ForkerError):
                    raise
                if not forker.has_answered:
                    _forkers[module] = None  # it does not work here
    return None


class _ForkerError(Exception):
    """A forker gave no answer."""


class _Forker:
    """A process from which others fork.

    Attributes:
        has_answered: whether it ever has.
    """

    def __init__(self, module: str) -> None:
        self.has_answered = False
        self._channel, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._channel.settimeout(_PATIENCE_S)
        with theirs:
            self._process = subprocess.Popen(
                python_with("fer_core.media.forking", module),
                stdin=theirs.fileno(),
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                # OpenBLAS would start threads, and a process with threads had better not fork.
                env=environment_with(OPENBLAS_NUM_THREADS="1"),
            )

    def fork(self, request: bytes) -> "_Fork | None":
        """Hand over a task; None where the system has no room for another process or descriptor just now.

        Raises:
            _ForkerError: nobody takes it.
        """
        mine, theirs = os.pipe()
        _widen(mine)
        with contextlib.ExitStack() as unless_it_works:
            pipe = unless_it_works.enter_context(os.fdopen(mine, "rb"))
            try:
                try:
                    socket.send_fds(self._channel, [request], [theirs])
                finally:
                    os.close(theirs)
                answer, descriptors, *_ = socket.recv_fds(self._channel, 32, 1)
            except OSError as error:
                raise _ForkerError from error
            if not answer:
                raise _ForkerError
            self.has_answered = True
            if not descriptors:
                return None
            unless_it_works.pop_all()
            return _Fork(int(answer), descriptors[0], pipe)

    def close(self) -> None:
        """Close our end, and wait until the process has ended; its forks end by themselves."""
        self.leave()
        try:
            self._process.wait(timeout=_PATIENCE_S)
        except subprocess.TimeoutExpired:
            self.kill()

    def kill(self) -> None:
        """End the process, whatever it is at."""
        self.leave()
        self._process.kill()
        self._process.wait()

    def leave(self) -> None:
        """Close our end. The process ends when all have done so."""
        self._channel.close()


class _Fork:
    """A process that this one did not start itself, and knows by a descriptor."""

    def __init__(self, pid: int, handle: int, stdout: IO[bytes]) -> None:
        self.pid, self.stdout = pid, stdout
        os.set_inheritable(handle, False)
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
