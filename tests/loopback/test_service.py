"""`serve` as people run it: a process of its own, which is asked to end, is killed, and each time started again."""

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

pytest.importorskip("fastapi", reason="the extra `service` is not installed")
if sys.platform == "win32":
    pytest.skip("Windows ends processes without asking them", allow_module_level=True)

import pandas as pd

from fer_core import AnalysisRequest, EmotionPipeline
from fer_core.client import Client
from tests.conftest import PORTRAIT, ROOT
from tests.videos import scene, write_video

# Checkpoints come with every batch, so that a short recording has some.
SERVE = (
    "import sys, fer_core.analysis.run as run; run.SAVE_EVERY_S = 0.0; from fer_core.cli import main; "
    "sys.exit(main(sys.argv[1:]))"
)


class Service:
    """The command, each time on a port that is free."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.start()

    def start(self) -> None:
        command = [sys.executable, "-c", SERVE, "serve", "--port", "0"]
        environment = {**os.environ, "FACE_VALUE_SERVICE": str(self.folder), "FACE_VALUE_API_KEYS": ""}
        self.process = subprocess.Popen(command, cwd=ROOT, env=environment, stderr=subprocess.PIPE, text=True)
        self.told = self.process.stderr.readline()
        [address] = re.findall(r"^Face Value answers at (http://127\.0\.0\.1:\d+);", self.told)
        self.client = Client(address)

    def end(self, how: signal.Signals) -> int:
        self.process.send_signal(how)
        status = self.process.wait(90)
        self.process.stderr.close()
        return status


@pytest.fixture
def service(tmp_path):
    service = Service(tmp_path / "service")
    yield service
    if service.process.poll() is None:
        service.end(signal.SIGKILL)


def until(what, seconds: float = 180):
    """What `what` gives, once that is something."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if found := what():
            return found
        time.sleep(0.02)
    raise AssertionError("it does not come to that")


def test_a_recording_goes_on_after_an_orderly_end_and_after_a_kill(service, tmp_path):
    assert len(service.client.analyze_image(PORTRAIT)["faces"]) == 1
    film = write_video(tmp_path / "interview.mp4", [scene((90 + i / 4, 90, 140)) for i in range(120)])
    every_frame = AnalysisRequest(fps=0)
    id_ = service.client.submit(film, every_frame)
    checkpoint = service.folder / id_ / "checkpoint.jsonl"
    for how, status, parts in ((signal.SIGTERM, 0, 1), (signal.SIGKILL, -signal.SIGKILL, 3)):
        until(lambda parts=parts: checkpoint.exists() and checkpoint.read_bytes().count(b"\n") > parts)
        assert service.end(how) == status
        assert checkpoint.exists() and not (service.folder / id_ / "timeline.parquet").exists()
        service.start()
    job = until(lambda: (now := service.client.job(id_))["ended"] and now)
    assert (job["state"], job["share"], job["problem"]) == ("done", 1.0, None)
    whole, again = EmotionPipeline.load().analyse(film, every_frame), service.client.timeline(id_)
    pd.testing.assert_frame_equal(again.frame, whole.frame)
    assert again.problems == whole.problems == () and again.recording == whole.recording
    service.client.forget(id_)
    assert service.end(signal.SIGTERM) == 0 and [path.name for path in service.folder.iterdir()] == [".lock"]
