"""Overlapped work: results are those of work in turn, whatever happens."""

import subprocess
import sys
import threading

import pytest

from fer_core.analysis.overlap import overlapped
from fer_core.media.video import Video
from tests.conftest import ROOT
from tests.videos import scene, write_video


@pytest.mark.parametrize("ahead", [0, 1, 3, 20])
def test_results_come_in_the_order_of_the_items_and_all_of_them(ahead):
    results = list(overlapped(iter("abcdefgh"), str.upper, ahead))
    assert results == [(letter, letter.upper()) for letter in "abcdefgh"]
    assert list(overlapped([], str.upper, ahead)) == []


def test_in_turn_there_is_no_thread():
    used = {thread for _, thread in overlapped(range(3), lambda _: threading.current_thread(), ahead=0)}
    assert used == {threading.current_thread()}


def test_work_is_done_while_an_item_is_used_and_no_further_ahead_than_allowed():
    taken, worked = [], threading.Semaphore(0)

    def items():
        for number in range(6):
            taken.append(number)
            yield number

    results = overlapped(items(), lambda number: worked.release(), ahead=2)
    next(results)
    assert taken == [0, 1, 2]
    assert all(worked.acquire(timeout=10) for _ in range(3))  # two more than were asked for
    next(results)
    assert taken == [0, 1, 2, 3]


def test_an_error_comes_where_its_result_would_have_come():
    results = overlapped([4, 2, 0, 1], lambda number: 8 // number, ahead=3)
    assert [next(results), next(results)] == [(4, 2), (2, 4)]
    with pytest.raises(ZeroDivisionError):
        next(results)


def test_an_error_of_the_items_comes_at_once():
    def items():
        yield 1
        raise OSError("gone")

    with pytest.raises(OSError, match="gone"):
        list(overlapped(items(), str, ahead=1))


def test_whoever_stops_early_leaves_no_thread_behind():
    results = overlapped(range(100), str, ahead=5)
    next(results)
    assert any(thread.name.startswith("overlapped") for thread in threading.enumerate())
    results.close()
    assert not any(thread.name.startswith("overlapped") for thread in threading.enumerate())


def test_a_program_that_ends_meanwhile_leaves_without_an_error():
    """A server ends while one of its own threads still reads a recording: that thread is not to see a failure."""
    code = (
        "import threading, time\n"
        "threading._register_atexit(time.sleep, 0.3)  # as long as others take to end\n"
        "from fer_core.analysis.overlap import overlapped\n"
        "begun = threading.Event()\n"
        "def use():\n"
        "    try:\n"
        "        for _ in overlapped(range(10**6), lambda _: time.sleep(0.001), ahead=2): begun.set()\n"
        "    except Exception as error: print('failed:', error, flush=True)\n"
        "threading.Thread(target=use, daemon=True).start()\n"
        "begun.wait()\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_a_program_that_leaves_results_unused_ends(tmp_path):
    film = write_video(tmp_path / "film.mp4", [scene()] * 30)
    code = (
        "import sys\n"
        "from pathlib import Path\n"
        "from fer_core.analysis.overlap import overlapped\n"
        "from fer_core.testing import fake_pipeline\n"
        "left = overlapped(range(9), str, 2)\n"
        "next(left)\n"
        "readings = fake_pipeline([]).iter_video(Path(sys.argv[1]), 0)\n"
        "next(readings)\n"
    )
    done = subprocess.run([sys.executable, "-c", code, film], capture_output=True, text=True, timeout=60, cwd=ROOT)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_when_the_interpreter_ends_no_thread_is_waited_for(tmp_path, monkeypatch):
    """None runs then: Python 3.13 would wait for ever."""
    video, results = Video(write_video(tmp_path / "film.mp4", [scene()] * 30)), overlapped(range(9), str, 2)
    next(results)
    with monkeypatch.context() as ending:
        ending.setattr(sys, "is_finalizing", lambda: True)
        ending.setattr(threading.Thread, "join", lambda self: pytest.fail("waited for a thread"))
        results.close()
        video.close()
    video.close()
