"""A process that has loaded a module once, and forks for each task: a task then begins after milliseconds.

Loading numpy and FFmpeg takes a third of a second of a core, longer than many a clip takes to decode. This process
never opens a recording itself. Each fork does one task and ends, so what a damaged file does to it stays within it.

Needs Linux: forks are handed over as descriptors (`pidfd_open`), which can never mean another process by mistake.
The other end is `fer_core.media.processes`.
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
"""Bytes of the arguments of a task, in JSON."""


def run() -> None:
    """Serve whoever holds the other end of standard input, until it is closed, with the module named last."""
    os.close(os.pidfd_open(os.getpid()))  # where that is forbidden, this ends here, before anybody relies on it
    with socket.socket(fileno=os.dup(0)) as channel:
        work = importlib.import_module(sys.argv[-1])
        gc.freeze()  # forks share this memory until they write to it, as a collection would
        signal.signal(signal.SIGCHLD, _reap)
        while True:
            request, descriptors, *_ = socket.recv_fds(channel, LONGEST_REQUEST, 1)
            if not request:
                return
            [output] = descriptors
            _fork(work, channel, request, output)
            os.close(output)


def _fork(work: ModuleType, channel: socket.socket, request: bytes, output: int) -> None:
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGCHLD})  # a fork is not forgotten before it is named
    pid = os.fork()
    if pid == 0:
        try:
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            signal.pthread_sigmask(signal.SIG_SETMASK, before)
            _do(work, channel, request, output)
        finally:
            os._exit(1)
    handle = os.pidfd_open(pid)
    signal.pthread_sigmask(signal.SIG_SETMASK, before)
    socket.send_fds(channel, [str(pid).encode()], [handle])
    os.close(handle)


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
    with contextlib.suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
