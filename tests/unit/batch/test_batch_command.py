"""`batch` on the command line."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from fer_core import Timeline
from fer_core.batch import cluster, local, watching
from fer_core.batch.dataset import Dataset
from fer_core.cli import main
from fer_core.errors import with_extra
from fer_core.networks import cores
from fer_core.request import Region
from tests.conftest import ROOT
from tests.unit.batch import engines
from tests.videos import scene, write_video


@pytest.fixture
def given(monkeypatch, decoded_here) -> list[tuple[int, float | None]]:
    """Workers and limit of each engine that is asked for; recordings are read in this process by a fake pipeline."""
    found = []

    def here(request, workers, limit_s):
        found.append((workers, limit_s))
        return engines.HereEngine(request)

    monkeypatch.setattr(local, "LocalEngine", here)
    monkeypatch.setattr(cores, "available_cores", lambda: 7)
    return found


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("made")
    for number in range(2):
        write_video(folder / f"{number}.mp4", [scene((150, 120, 220), wall=60 + 60 * number)] * 25)
    return folder


def answer(capsys, *arguments) -> tuple[int, str, str]:
    status = main(["batch", *map(str, arguments)])
    captured = capsys.readouterr()
    return status, captured.out, captured.err


def test_status_and_sentences(capsys, made, tmp_path, given):
    out = tmp_path / "out"
    status, stdout, stderr = answer(capsys, made / "0.mp4", "--out", out, "--fps", 5, "--workers", 1, "--limit", 300)
    assert (status, stdout) == (0, "") and "1 of 1 recordings" in stderr
    assert stderr.endswith("out is ready: 1 read, 0 failed\n")
    [path] = out.glob("readings/*/part.parquet")
    assert Timeline.read(path).request.fps == 5
    (tmp_path / "broken.mp4").write_text("no recording")
    status, _, stderr = answer(capsys, made / "*.mp4", tmp_path / "broken.mp4", "--out", out, "--fps", 5)
    assert status == 1 and "failed: broken.mp4: " in stderr and "Traceback" not in stderr
    assert stderr.endswith("out is ready: 2 read, 1 failed; 1 of these were done before\n")
    copies = [tmp_path / f"copy {number}.mp4" for number in range(2)]
    for number, words in enumerate(("1 more is a copy of one of these", "2 more are copies of these")):
        copies[number].write_bytes((made / "0.mp4").read_bytes())
        _, _, stderr = answer(capsys, made / "0.mp4", *copies[: number + 1], "--out", out, "--fps", 5)
        assert stderr.endswith(f"out is ready: 1 read, 0 failed; 1 of these were done before; {words}\n")
    assert answer(capsys, made, "--out", out, "--fps", 5)[0] == 0  # the broken one was not asked for
    status, _, stderr = answer(capsys, made, "--out", out, "--fps", 2)
    assert status == 3 and "another fps" in stderr and stderr.count("\n") == 1
    assert given == [(1, 300.0), *[(7, None)] * 5]


def test_what_failed_is_tried_again_on_request_only(capsys, made, tmp_path, given):
    (tmp_path / "broken.mp4").write_text("no recording")
    words = (tmp_path / "broken.mp4", "--out", tmp_path / "out")
    assert "0 read, 1 failed" in answer(capsys, *words)[2]
    assert "1 of these were done before, 1 of which failed then (--retry tries again)\n" in answer(capsys, *words)[2]
    assert "done before" not in answer(capsys, *words, "--retry")[2]


def test_a_region_and_a_threshold_reach_the_readings(capsys, made, tmp_path, given):
    options = ("--region", "0.5,0,0.5,1", "--threshold", "0.9")
    assert answer(capsys, made / "0.mp4", "--out", tmp_path / "out", *options)[0] == 0
    [path] = (tmp_path / "out").glob("readings/*/part.parquet")
    request = Timeline.read(path).request
    assert request.region == Region(0.5, 0, 0.5, 1) and request.uncertain_below == 0.9


def test_ray_is_chosen_by_name(capsys, made, tmp_path, monkeypatch):
    asked = []

    def here(request, workers, limit_s):
        asked.append((workers, limit_s))
        return engines.HereEngine(request)

    monkeypatch.setattr(cluster, "ClusterEngine", here)
    status, _, _ = answer(capsys, made, "--out", tmp_path, "--backend", "ray", "--workers", 64, "--fps", 5)
    assert status == 0 and asked == [(64, None)]
    monkeypatch.undo()
    monkeypatch.setitem(sys.modules, "ray", None)
    status, _, stderr = answer(capsys, made, "--out", tmp_path / "other", "--backend", "ray")
    assert status == 3 and with_extra("ray") in stderr and stderr.count("\n") == 1


def test_watching_goes_on_until_it_is_interrupted(capsys, made, tmp_path, given, monkeypatch):
    def interrupt(seconds):
        raise KeyboardInterrupt

    monkeypatch.setattr(watching, "SETTLED_S", 0)
    monkeypatch.setattr(watching.time, "sleep", interrupt)
    status, _, stderr = answer(capsys, "--watch", made, "--out", tmp_path, "--fps", 5)
    assert status == 130 and "waiting for recordings in" in stderr and "2 read, 0 failed" in stderr
    assert len(list(tmp_path.glob("readings/*/part.parquet"))) == 2


@pytest.mark.parametrize(
    "more", [[], ["--workers", "0"], ["--workers", "many"], ["--limit", "-1"], ["--smoothing", "soothing"]]
)
def test_wrong_usage(capsys, tmp_path, more):
    with pytest.raises(SystemExit) as stopped:
        main(["batch", "x.mp4", *(["--out", str(tmp_path), *more] if more else [])])
    assert stopped.value.code == 2 and "Traceback" not in capsys.readouterr().err


@pytest.mark.parametrize(
    ("sources", "more", "words"),
    [
        (["missing.mp4"], [], "does not exist"),
        (["."], ["--workers", 999], "one a core"),
        (["."], ["--model", "x"], "x"),
    ],
)
def test_bad_input_is_one_line(capsys, made, tmp_path, monkeypatch, sources, more, words):
    monkeypatch.chdir(made)
    status, _, stderr = answer(capsys, *sources, "--out", tmp_path / "out", *more)
    assert status == 3 and words in stderr and stderr.count("\n") == 1


@pytest.mark.skipif(sys.platform == "win32", reason="no signals")
def test_an_interrupt_ends_cleanly_and_the_same_command_goes_on(capsys, tmp_path):
    (tmp_path / "in").mkdir()
    for number in range(2):
        frames = [scene((150, 120, 220), wall=60 + 60 * number)] * (5 if number == 0 else 25)
        write_video(tmp_path / "in" / f"{number}.mp4", frames)
    out, marks = tmp_path / "out", tmp_path / "marks"
    marks.mkdir()
    code = (
        "import signal, sys\n"
        "from functools import partial\n"
        "from pathlib import Path\n"
        "from fer_core.batch import local\n"
        "from tests.unit.batch import engines\n"
        f"waits = partial(engines.slow, Path({str(marks)!r}), 19, 1)  # within the second, the first is too short\n"
        "local.LocalEngine = partial(local.LocalEngine, load=waits)\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background ignores it\n"
        "from fer_core.cli import main\n"
        "sys.exit(main(sys.argv[1:]))"
    )
    arguments = ["batch", str(tmp_path / "in"), "--out", str(out), "--workers", "1", "--fps", "0"]
    command = [sys.executable, "-c", code, *arguments]
    process = subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, text=True, start_new_session=True)
    until_s = time.monotonic() + 120
    while not ((marks / "0").exists() and (out / "recordings.parquet").exists()):
        assert time.monotonic() < until_s and process.poll() is None
        time.sleep(0.02)
    os.killpg(process.pid, signal.SIGINT)  # as a terminal does: to all processes
    _, said = process.communicate(timeout=50)
    assert process.returncode == 130 and "the same command goes on" in said and "Traceback" not in said
    assert [row.state for row in Dataset(out).entries()] == ["read"]
    [first] = out.glob("readings/*/part.parquet")
    written = first.stat().st_mtime_ns
    assert answer(capsys, *arguments[1:])[0] == 0
    assert first.stat().st_mtime_ns == written and len(Dataset(out).entries()) == 2
