"""Batches on processes that are killed and hang: the readings are those of an undisturbed analysis."""

import os
import signal
import subprocess
import sys
import time
from functools import partial
from pathlib import Path

import pandas as pd
import pytest

from fer_core import AnalysisRequest, EmotionPipeline, RequestError, Timeline, WorkerError
from fer_core.batch import local
from fer_core.batch.dataset import UNFINISHED, Dataset
from fer_core.batch.local import LocalEngine
from fer_core.batch.manifest import recording_id
from fer_core.batch.run import read_all
from fer_core.networks.files import sha256
from tests.conftest import ROOT
from tests.unit.batch import engines
from tests.videos import scene, write_video

REQUEST = AnalysisRequest(fps=0)
FRAMES, DEADLY = 21, 19
"""Frames of a recording, and the one at which processes come to grief: after a batch of faces was saved."""

without_signals = pytest.mark.skipif(sys.platform == "win32", reason="no signals")


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> Path:
    """Two recordings: a long one and a short one that has no deadly frame."""
    folder = tmp_path_factory.mktemp("made")
    write_video(folder / "long.mp4", [scene((150 + n, 120, 220)) for n in range(FRAMES)])
    write_video(folder / "short.mp4", [scene((150 + n, 120, 220), wall=60) for n in range(5)])
    return folder


@pytest.fixture(scope="module")
def alone(made) -> dict[str, Timeline]:
    """Both as an analysis in one go reads them, by id."""
    pipeline = EmotionPipeline.load_for(REQUEST)
    return {recording_id(sha256(path)): pipeline.analyse(path, REQUEST) for path in made.iterdir()}


def assert_same(out: Path, alone: dict[str, Timeline]) -> None:
    """The dataset holds these readings to the last digit, and nothing besides."""
    dataset = Dataset(out)
    assert {row.recording for row in dataset.entries() if row.state == "read"} == set(alone)
    for recording, timeline in alone.items():
        kept = Timeline.read(dataset.readings(recording))
        pd.testing.assert_frame_equal(kept.frame, timeline.frame, check_exact=True)
        pd.testing.assert_frame_equal(kept.measures, timeline.measures, check_exact=True)
        assert kept.problems == timeline.problems
    assert not (out / UNFINISHED).exists() and not list(out.rglob("*.part"))


@pytest.fixture
def two_cores(monkeypatch):
    monkeypatch.setattr(local, "available_cores", lambda: 2)


@pytest.mark.skipif(sys.platform != "win32", reason="shown by the next, where there are signals")
@pytest.mark.usefixtures("two_cores")
def test_two_workers_read_the_same_to_the_last_digit(made, alone, tmp_path):
    engine = LocalEngine(REQUEST, workers=2)
    assert engine.threads == 1
    assert not read_all([made], tmp_path, engine).failed
    assert_same(tmp_path, alone)


@without_signals
@pytest.mark.usefixtures("two_cores")
def test_a_killed_worker_changes_nothing(made, alone, tmp_path):
    marks = tmp_path / "marks"
    marks.mkdir()
    engine = LocalEngine(REQUEST, workers=2, load=partial(engines.killed, marks, DEADLY, 1))
    assert engine.threads == 1
    report = read_all([made], tmp_path / "out", engine)
    assert len(list(marks.iterdir())) == 1 and not report.failed
    assert_same(tmp_path / "out", alone)


@without_signals
def test_a_recording_that_kills_its_worker_twice_is_a_row_and_the_rest_goes_on(made, tmp_path):
    marks = tmp_path / "marks"
    marks.mkdir()
    load = partial(engines.killed, marks, DEADLY, 2)
    [row] = read_all([made], tmp_path / "out", LocalEngine(REQUEST, load=load)).failed
    assert (row.name, row.stage) == ("long.mp4", "worker") and "signal 9" in row.reason
    assert {row.name: row.state for row in Dataset(tmp_path / "out").entries()}["short.mp4"] == "read"


@without_signals
def test_a_recording_that_takes_too_long_is_a_row_and_goes_on_when_it_is_tried_again(made, alone, tmp_path):
    marks = tmp_path / "marks"
    marks.mkdir()
    load = partial(engines.slow, marks, DEADLY, 1)
    [row] = read_all([made / "long.mp4"], tmp_path / "out", LocalEngine(REQUEST, limit_s=3, load=load)).failed
    assert row.stage == "limit" and 3 < row.seconds < 30 and "limit" in row.reason
    assert (tmp_path / "out" / UNFINISHED).exists()
    assert not read_all([made], tmp_path / "out", LocalEngine(REQUEST), retry=True).failed
    assert_same(tmp_path / "out", alone)


def test_processes_that_never_get_ready_end_the_batch(made, tmp_path, monkeypatch):
    monkeypatch.setattr(local, "MOST_FAILED_STARTS", 2)
    with pytest.raises(WorkerError, match=r"exit status 7.*memory ran out"):
        read_all([made], tmp_path, LocalEngine(REQUEST, load=engines.broken))
    assert Dataset(tmp_path).entries() == []


@pytest.mark.usefixtures("two_cores")
@pytest.mark.parametrize(("workers", "limit_s"), [(0, None), (3, None), (1, 0), (1, float("nan"))])
def test_numbers_that_make_no_sense(workers, limit_s):
    with pytest.raises(RequestError):
        LocalEngine(REQUEST, workers=workers, limit_s=limit_s)


BATCH = """
import sys
from functools import partial
from pathlib import Path
from fer_core import AnalysisRequest
from fer_core.batch.local import LocalEngine
from fer_core.batch.manifest import recording_id
from fer_core.batch.run import read_all
from tests.unit.batch import engines
source, out, marks = map(Path, sys.argv[1:])
if __name__ == "__main__":
    load = partial(engines.slow, marks, 19, 1)
    read_all([source], out, LocalEngine(AnalysisRequest(fps=0), load=load))
"""


@without_signals
def test_a_killed_driver_takes_its_workers_along_and_the_next_call_goes_on(made, alone, tmp_path):
    marks, out = tmp_path / "marks", tmp_path / "out"
    marks.mkdir()
    program = tmp_path / "program.py"
    program.write_text(BATCH)
    command = [sys.executable, str(program), str(made), str(out), str(marks)]
    driver = subprocess.Popen(command, cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)})
    worker = int(content(marks / "0", 60))  # it has come to the frame where it waits
    driver.send_signal(signal.SIGKILL)
    driver.wait()
    assert gone(worker, 60)
    saved = list((out / UNFINISHED).glob("*.jsonl"))
    assert len(saved) == 1 and saved[0].stat().st_size > 1000
    assert not read_all([made], out, LocalEngine(REQUEST, load=engines.undisturbed)).failed
    assert_same(out, alone)


def content(path: Path, patience_s: float) -> str:
    until_s = time.monotonic() + patience_s
    while time.monotonic() < until_s:
        if path.exists() and (text := path.read_text()):
            return text
        time.sleep(0.05)
    raise AssertionError(f"{path} did not come")


def gone(process: int, patience_s: float) -> bool:
    until_s = time.monotonic() + patience_s
    while time.monotonic() < until_s:
        try:
            os.kill(process, 0)
        except ProcessLookupError:
            return True
        if Path(f"/proc/{process}/stat").exists() and ") Z " in Path(f"/proc/{process}/stat").read_text():
            return True  # nobody is left to fetch its status
        time.sleep(0.05)
    return False
