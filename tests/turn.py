"""Debian's coturn with the configuration that docs/deployment.md tells people to take."""

import re
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from aioice.ice import get_host_addresses

from tests.certificates import self_signed
from tests.conftest import ROOT
from tests.serving import free_port

COTURN = shutil.which("turnserver", path="/usr/bin:/usr/local/bin:/usr/sbin")
HOSTS = get_host_addresses(use_ipv4=True, use_ipv6=False)
SECRET = "a secret of coturn and the dashboard in these tests"
STARTS_WITHIN_S = 30

needs_coturn = [
    pytest.mark.skipif(COTURN is None, reason="coturn is missing; on Debian: apt-get install coturn"),
    pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is missing; it makes the certificate"),
    pytest.mark.skipif(not HOSTS, reason="this machine has only the loopback interface, which WebRTC does not use"),
]


@dataclass(frozen=True)
class Turn:
    """A server that runs.

    Attributes:
        host: its address.
        port: for UDP and TCP.
        tls_port: for TLS.
        certificate: its file.
        log: what it printed.
    """

    host: str
    port: int
    tls_port: int
    certificate: Path
    log: Path


@contextmanager
def coturn(folder: Path) -> Iterator[Turn]:
    """One on this machine, in a folder of its own."""
    host = HOSTS[0]
    turn = Turn(host, free_port(), free_port(), self_signed(folder, "turn.example.org", host), folder / "log")
    config = (ROOT / "docs" / "deployment" / "turnserver.conf").read_text()
    for pattern, here in {
        r"listening-port=3478": f"listening-ip={host}\nrelay-ip={host}\nlistening-port={turn.port}",
        r"tls-listening-port=5349": f"tls-listening-port={turn.tls_port}",
        r"/etc/ssl/turn\.example\.org\.pem": str(turn.certificate),
        r"/etc/ssl/turn\.example\.org\.key": str(folder / "key.pem"),
        r"a-long-secret-that-nobody-can-guess": SECRET,
        r"allowed-peer-ip=192\.168\.1\.8": f"allowed-peer-ip={host}",
    }.items():
        config, changed = re.subn(rf"(?<![-\w]){pattern}", here, config)
        assert changed == 1, pattern
    (folder / "turnserver.conf").write_text(f"pidfile={folder / 'pid'}\nuserdb={folder / 'users'}\n{config}")
    with turn.log.open("wb") as printed:
        process = subprocess.Popen(
            [str(COTURN), "-c", str(folder / "turnserver.conf")], stdout=printed, stderr=subprocess.STDOUT, cwd=folder
        )
    try:
        end_s = time.monotonic() + STARTS_WITHIN_S
        while True:
            try:
                socket.create_connection((host, turn.port), timeout=1).close()
                break
            except OSError:
                assert process.poll() is None and time.monotonic() < end_s, turn.log.read_text()
                time.sleep(0.1)
        yield turn
    finally:
        process.terminate()
        process.wait(timeout=20)
