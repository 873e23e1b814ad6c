"""A dashboard of its own, for tests that need a server."""

import contextlib
import itertools
import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from tests.conftest import ROOT

STARTS_WITHIN_S = 120


# Below those that the system hands out itself, and of each process its own, so that a port that was free is free still
# when its server takes it.
_ports = itertools.count(20_000 + 100 * (os.getpid() % 120))


def free_port() -> int:
    """A port of the loopback that nobody uses."""
    for port in _ports:
        with contextlib.suppress(OSError), socket.socket() as probe:
            probe.bind(("127.0.0.1", port))
            return port
    raise AssertionError("unreachable")


@contextmanager
def served(printed: Path, *, prelude: str = "", **environment: str) -> Iterator[str]:
    """A dashboard of its own that prints into a file, after lines of Python if there are any; gives its address."""
    with started(printed, prelude=prelude, **environment) as (address, _):
        yield address


@contextmanager
def started(
    printed: Path, further: Sequence[str] = (), *, prelude: str = "", **environment: str
) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """The same, with its process, and with further options of Streamlit; one of them may name the port."""
    named = [option.partition("=")[2] for option in further if option.startswith("--server.port=")]
    port = int(named[0]) if named else free_port()
    streamlit = ["-c", f"{prelude}\nfrom streamlit.web.cli import main\nmain()"] if prelude else ["-m", "streamlit"]
    command = [sys.executable, *streamlit, "run", "Home.py", f"--server.port={port}"]
    with printed.open("ab") as output:
        process = subprocess.Popen(
            [*command, "--server.address=127.0.0.1", *further],
            cwd=ROOT,
            env={**os.environ, **environment},
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    address = f"http://127.0.0.1:{port}"
    try:
        end_s = time.monotonic() + STARTS_WITHIN_S
        while True:
            try:
                urllib.request.urlopen(f"{address}/_stcore/health", timeout=5).close()
                break
            except OSError:
                if process.poll() is not None or time.monotonic() > end_s:
                    raise RuntimeError(f"the dashboard did not start:\n{printed.read_text()[-2000:]}") from None
                time.sleep(0.2)
        yield address, process
    finally:
        process.terminate()
        try:
            process.wait(timeout=60)
        finally:
            process.kill()
