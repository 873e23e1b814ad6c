"""Debian's nginx with the configurations that docs/deployment.md tells people to take."""

import contextlib
import re
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from tests.conftest import ROOT

NGINX = shutil.which("nginx", path="/usr/sbin:/usr/local/sbin:/usr/bin")
NAME = "faces.example.org"

needs_nginx = [
    pytest.mark.skipif(NGINX is None, reason="nginx is missing; on Debian: apt-get install nginx-light"),
    pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is missing; it makes the certificate"),
]


def access_log() -> Path:
    """Where nginx writes every request unless a configuration says otherwise."""
    told = subprocess.run([str(NGINX), "-V"], capture_output=True, text=True, check=True).stderr
    found = re.search(r"--http-log-path=(\S+)", told)
    assert found, told
    return Path(found[1])


@contextlib.contextmanager
def behind_nginx(name: str, adapted: Mapping[str, str], folder: Path, port: int) -> Iterator[None]:
    """While nginx runs with one of the configurations.

    Args:
        name: of the file in docs/deployment.
        adapted: what is there instead of patterns, each of which is found once.
        folder: of its files, with a certificate by `tests.certificates.self_signed`.
        port: by which it is known that it runs.
    """
    config = (ROOT / "docs" / "deployment" / name).read_text()
    files = {
        r"/etc/ssl/faces\.example\.org\.pem": f"{folder}/cert.pem",
        r"/etc/ssl/faces\.example\.org\.key": f"{folder}/key.pem",
    }
    for pattern, here in {**files, **adapted}.items():
        config, changed = re.subn(pattern, here, config)
        assert changed == 1, pattern
    paths = "".join(
        f"    {kind}_temp_path {folder};\n" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    config = f"pid {folder}/pid; error_log {folder}/error.log;\n" + config.replace("http {\n", "http {\n" + paths)
    (folder / "nginx.conf").write_text(config)
    proxy = subprocess.Popen([str(NGINX), "-c", str(folder / "nginx.conf"), "-g", "daemon off;"])
    try:
        _wait_for(port)
        yield
    finally:
        proxy.terminate()
        proxy.wait(timeout=20)


def _wait_for(port: int) -> None:
    deadline = time.monotonic() + 30
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            assert time.monotonic() < deadline, "nginx does not start"
            time.sleep(0.05)
        else:
            return
