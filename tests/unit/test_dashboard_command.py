"""The `dashboard` command."""

import os
import signal
import sys
import threading
import time

import pytest

from fer_core.cli import main
from fer_core.commands import dashboard

SERVER = """
import pathlib, signal, sys, time
place = pathlib.Path(sys.argv[1])
def end(*_):
    time.sleep(0.4)  # Python kills what it waits for a quarter of a second after Ctrl-C
    (place / "ended in order").touch()
    sys.exit(0)
signal.signal(getattr(signal, sys.argv[2]), end)
(place / "ready").touch()
time.sleep(60)
"""


def test_port_and_options_reach_streamlit(monkeypatch):
    started = []
    monkeypatch.setattr(dashboard, "_served", lambda command: started.append(command) or 0)
    options = ["--server.address=0.0.0.0", "--server.allowedHosts=a.example"]
    assert main(["dashboard", "--port", "8600", "--", *options]) == 0
    [command] = started
    assert command[1:4] == ["-m", "streamlit", "run"] and command[4].endswith("Home.py")
    assert command[5:] == ["--server.port=8600", *options]


@pytest.mark.skipif(sys.platform == "win32", reason="no signals")
def test_a_server_that_a_signal_ended_gives_the_status_of_shells(monkeypatch):
    served = dashboard._served
    command = [sys.executable, "-c", "import os, signal; os.kill(os.getpid(), signal.SIGKILL)"]
    monkeypatch.setattr(dashboard, "_served", lambda _: served(command))
    assert main(["dashboard"]) == 128 + signal.SIGKILL


@pytest.mark.skipif(sys.platform == "win32", reason="no signals")
@pytest.mark.parametrize("name", ["SIGTERM", "SIGINT"])
def test_a_signal_lets_the_server_end_in_order(monkeypatch, tmp_path, name):
    """An operator tells this process alone; a terminal's Ctrl-C reaches both."""
    served = dashboard._served
    command = [sys.executable, "-c", SERVER, str(tmp_path), name]
    monkeypatch.setattr(dashboard, "_served", lambda _: served(command))
    popen = dashboard.subprocess.Popen
    servers = []
    monkeypatch.setattr(dashboard.subprocess, "Popen", lambda *given: servers.append(popen(*given)) or servers[-1])

    def tell() -> None:
        end_s = time.monotonic() + 60
        while not (tmp_path / "ready").exists() and time.monotonic() < end_s:
            time.sleep(0.01)
        if name == "SIGINT":
            servers[0].send_signal(signal.SIGINT)
        os.kill(os.getpid(), getattr(signal, name))

    teller = threading.Thread(target=tell, daemon=True)
    teller.start()
    assert main(["dashboard"]) == 0
    teller.join()
    assert (tmp_path / "ended in order").exists()
    assert signal.getsignal(signal.SIGTERM) == signal.SIG_DFL
