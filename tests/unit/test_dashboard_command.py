"""The `dashboard` command."""

import subprocess

from fer_core.cli import main


def test_port_and_options_reach_streamlit(monkeypatch):
    started = []
    monkeypatch.setattr(subprocess, "call", lambda command: started.append(command) or 0)
    options = ["--server.address=0.0.0.0", "--server.allowedHosts=a.example"]
    assert main(["dashboard", "--port", "8600", "--", *options]) == 0
    [command] = started
    assert command[1:4] == ["-m", "streamlit", "run"] and command[4].endswith("Home.py")
    assert command[5:] == ["--server.port=8600", *options]
