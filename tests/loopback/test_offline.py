"""Nothing leaves, and no log tells who was there: the whole product in a network without a way out."""

import re
import shutil
import subprocess
import sys

import pytest

from tests.conftest import ROOT
from tests.offline.__main__ import NAME


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """Pictures, a recording and a served visit, in a namespace whose only network is its loopback."""
    unshare = shutil.which("unshare")
    if unshare is None or subprocess.run([unshare, "-rn", "true"], capture_output=True).returncode:
        pytest.skip("this system lets nobody make a network namespace of their own (unshare -rn)")
    folder = tmp_path_factory.mktemp("offline")
    command = [unshare, "-rn", sys.executable, "-m", "tests.offline", str(folder)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=500)
    assert done.returncode == 0, done.stderr[-3000:]
    return folder


def test_nothing_tries_to_leave(run):
    attempts = (run / "attempts.txt").read_text().splitlines()
    control = [line for line in attempts if "192.0.2.1" in line]
    assert attempts == control and len(control) == 2  # a deliberate attempt at the end was seen


def test_the_log_of_visits_holds_no_names_no_paths_and_no_pictures(run):
    log = (run / "server.log").read_text()
    assert "Uvicorn server started" in log
    for secret in (NAME, NAME.split()[0], str(run), "face-value-", "Person 1", "happy"):
        assert secret not in log, secret
    assert not re.search(r"[A-Za-z0-9+/]{200}|/_stcore/upload_file/|/media/", log)
