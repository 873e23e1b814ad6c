"""A process that has loaded a module once, and forks for each task: a task then begins after milliseconds.

Loading numpy and FFmpeg takes a third of a second of a core, longer than many a clip takes to decode. This process
never opens a recording itself. Each fork does one task and ends, so what a damaged file does to it stays within it.
Forks have the same addresses in memory, which one that crashed may have been made to find out: so this process ends
with the first that crashes, and another takes its place.

Needs Linux: forks are handed over as descriptors (`pidfd_open`), which can never mean another process by mistake.
The other end is `fer_core.media.processes`. A request is the arguments in JSON, with the descriptor to write to; the
answer is the number of the fork, with its descriptor, or `NO_FORK` alone.
"""

import contextlib
import gc
import importlib
import json
import os
import signal
import socket
import sys
from types import FrameType, ModuleType
from typing import Final

LONGEST_REQUEST: Final = 64 * 1024
"""Bytes of a request."""

NO_FORK: Final = b"0"
"""The answer where the system has no room for another process just now."""

_CRASHES: Final = {signal.SIGSEGV, signal.SIGBUS, signal.SIGILL, signal.SIGABRT, signal.SIGFPE}


def run() -> None:
    """Serve requests on standard input, a socket, until it closes; the last argument names the module."""
    own = os.pidfd_open(os.getpid())  # where these calls are forbidden, this ends here, before anybody relies on it
    signal.pidfd_send_signal(own, 0)  # 0 only asks whether it is there
    os.close(own)
    with socket.socket(fileno=os.dup(0)) as channel:
        work = importlib.import_module(sys.argv[-1])
        gc.freeze()  # forks share this memory until they write to it, as a collection would
        signal.signal(signal.SIGCHLD, _reap)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGCHLD})
        while True:
            request, descriptors, *_ = socket.recv_fds(channel, LONGEST_REQUEST, 1)
            if not request:
                os._exit(0)  # whoever asked waits for this end, and not for modules to be taken down one by one
            [output] = descriptors
            _fork(work, channel, request, output)
            os.close(output)


def _fork(work: ModuleType, channel: socket.socket, request: bytes, output: int) -> None:
    """Fork for one request and answer it. Until then no fork is reaped: its number stays its own."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGCHLD})
    try:
        pid = os.fork()
    except OSError:
        channel.send(NO_FORK)
    else:
        if pid == 0:
            try:
                signal.signal(signal.SIGCHLD, signal.SIG_DFL)
                signal.pthread_sigmask(signal.SIG_SETMASK, before)
                _do(work, channel, request, output)
            finally:
                os._exit(1)
        handle = os.pidfd_open(pid)
        try:
            socket.send_fds(channel, [str(pid).encode()], [handle])
        except OSError:  # nobody waits for it any more
            os.kill(pid, signal.SIGKILL)
            raise
        os.close(handle)
    signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _do(work: ModuleType, channel: socket.socket, request: bytes, output: int) -> None:
    channel.close()
    os.dup2(output, 1)
    os.close(output)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    sys.argv[1:] = json.loads(request)
    work.run()
    sys.stdout.flush()
    os._exit(0)


def _reap(number: int, frame: FrameType | None) -> None:
    """Take note of forks that have ended."""
    with contextlib.suppress(ChildProcessError):
        while (ended := os.waitpid(-1, os.WNOHANG))[0]:
            if os.WIFSIGNALED(ended[1]) and os.WTERMSIG(ended[1]) in _CRASHES:
                os._exit(0)
