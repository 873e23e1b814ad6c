"""Batches on Ray: what an actor does, here; and the same readings as in one go after actor and driver were killed."""

import os
import re
import signal
import subprocess
import sys
import time
from functools import partial

import pytest

from fer_core import AnalysisRequest, DependencyError, RequestError
from fer_core.batch import cluster, manifest
from fer_core.batch.cluster import ClusterEngine
from fer_core.batch.dataset import UNFINISHED, Dataset
from fer_core.batch.manifest import Entry
from fer_core.batch.run import read_all
from fer_core.batch.unit import Task
from fer_core.errors import WorkerError, with_extra
from fer_core.networks.files import sha256
from fer_core.settings import RAY_ADDRESS
from tests.conftest import ROOT
from tests.unit.batch import engines
from tests.unit.batch.test_local import BATCH, DEADLY, REQUEST, alone, assert_same, content, gone, made
from tests.videos import scene, write_video

__all__ = ["alone", "made"]


@pytest.fixture
def task(tmp_path) -> Task:
    path = write_video(tmp_path / os.fsdecode(b"caf\xe9.mp4"), [scene((150, 120, 220))] * 25)  # its name is no UTF-8
    digest, size = sha256(path), path.stat().st_size
    return Task(path, digest, size, tmp_path)


def acted(task: Task, limit_s: float | None = None) -> Entry:
    """The row that an actor makes of a task."""
    actor = cluster.Reader(engines.fake, AnalysisRequest(fps=5), limit_s)
    [row] = actor(cluster.as_table(task)).to_pylist()
    return manifest.of_row(row)


def leave_marks(task: Task, *lines: str) -> None:
    path = task.checkpoint.with_suffix(".begun")
    path.parent.mkdir(exist_ok=True)
    path.write_text("".join(f"{line}\n" for line in lines))


@pytest.mark.usefixtures("decoded_here")
class TestActor:
    def test_reads_and_leaves_no_mark(self, task):
        entry = acted(task, limit_s=60)
        assert (entry.state, entry.samples, entry.sha256) == ("read", 5, task.sha256) and task.readings.exists()
        assert not list(task.checkpoint.parent.glob("*.begun"))

    def test_goes_on_after_the_first_death(self, task):
        leave_marks(task, time.time(), "17 torn")
        assert acted(task).state == "read"

    def test_gives_up_what_ended_two(self, task):
        leave_marks(task, time.time() - 60, time.time() - 30)
        entry = acted(task)
        assert entry.stage == "worker" and "2 times" in entry.reason and 29 < entry.seconds < 60
        assert not task.readings.exists() and not list(task.checkpoint.parent.glob("*.begun"))

    def test_gives_up_what_took_too_long(self, task):
        leave_marks(task, time.time(), "too slow")
        assert acted(task, limit_s=7).stage == "limit"

    def test_ends_when_something_takes_too_long(self, task, monkeypatch):
        ended = []
        monkeypatch.setattr(cluster.os, "_exit", ended.append)

        def slowly(*given) -> Entry:
            until_s = time.monotonic() + 60
            while not ended and time.monotonic() < until_s:
                time.sleep(0.01)
            return task.failed("reading", "", 0)

        monkeypatch.setattr(cluster, "read_recording", slowly)
        acted(task, limit_s=0.1)
        assert ended == [1]


def test_without_ray_a_sentence_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(DependencyError, match=re.escape(with_extra("ray"))):
        ClusterEngine(REQUEST)


@pytest.fixture
def ray(monkeypatch) -> None:
    """Actors are processes of their own and find the tests by this variable."""
    pytest.importorskip("ray.data", reason="Ray is not installed: pip install -r requirements-optional.txt")
    monkeypatch.setenv("PYTHONPATH", str(ROOT), prepend=os.pathsep)
    monkeypatch.delenv(RAY_ADDRESS, raising=False)


@pytest.mark.usefixtures("ray")
@pytest.mark.parametrize(("workers", "limit_s"), [(0, None), (1, 0), (1, float("nan"))])
def test_numbers_that_make_no_sense(workers, limit_s):
    with pytest.raises(RequestError):
        ClusterEngine(REQUEST, workers, limit_s)


@pytest.mark.usefixtures("ray")
def test_a_ray_that_does_not_start_is_one_sentence(task, monkeypatch):
    import ray

    def fail(**given):
        raise Exception("The current node timed out during startup.\nSomething more.")

    monkeypatch.setattr(ray, "init", fail)
    with pytest.raises(WorkerError, match=r"timed out during startup\.\); check RAY_ADDRESS"):
        list(ClusterEngine(REQUEST).read(iter([task]), lambda *_: None))


@pytest.mark.slow
@pytest.mark.usefixtures("ray")
@pytest.mark.skipif(sys.platform == "win32", reason="no signals")
def test_a_killed_driver_and_a_killed_actor_change_nothing(made, alone, tmp_path):
    waited, killed, out = tmp_path / "waited", tmp_path / "killed", tmp_path / "out"
    waited.mkdir()
    killed.mkdir()
    program = tmp_path / "program.py"
    program.write_text(BATCH.replace("local import LocalEngine", "cluster import ClusterEngine as LocalEngine"))
    driver = subprocess.Popen([sys.executable, str(program), str(made), str(out), str(waited)], cwd=ROOT)
    actor = int(content(waited / "0", 120))  # it has come to the frame where it waits
    driver.send_signal(signal.SIGKILL)
    driver.wait()
    assert gone(actor, 60) and list((out / UNFINISHED).glob("*.jsonl"))
    load = partial(engines.killed, killed, DEADLY, 1)
    assert not read_all([made], out, ClusterEngine(REQUEST, load=load)).failed
    assert len(list(killed.iterdir())) == 1
    assert_same(out, alone)
    assert len(Dataset(out).entries()) == 2
