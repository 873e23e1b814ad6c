"""Progress, stopping and work in a thread."""

import threading
import time
from dataclasses import dataclass

import pytest

from fer_core.errors import MediaError, StoppedError
from fer_core.jobs import UNEXPECTED, Monitor, Progress, Work


def shares(told: list[Progress]) -> list[float]:
    return [progress.share for progress in told]


def test_work_reports_and_gives_its_result():
    halfway, go_on = threading.Event(), threading.Event()

    def job(monitor):
        monitor.report(Progress(0.5, "halfway"))
        halfway.set()
        go_on.wait(10)
        return "done"

    work = Work(job)
    assert halfway.wait(10) and work.running and work.result is None
    assert (work.progress.share, work.progress.words, work.progress.remaining_s) == (0.5, "halfway", None)
    go_on.set()
    work.wait(10)
    assert not work.running and work.result == "done" and work.problem is None


def test_work_that_fails_says_so_in_a_sentence(caplog):
    def bad(monitor):
        raise MediaError("This is no recording.")

    def broken(monitor):
        raise ZeroDivisionError

    for job, words in ((bad, "This is no recording."), (broken, UNEXPECTED)):
        work = Work(job)
        work.wait(10)
        assert (work.result, work.problem) == (None, words)
    assert "ZeroDivisionError" in caplog.text


def test_work_ends_when_it_is_asked_to():
    def until_stopped(monitor):
        deadline = time.monotonic() + 20
        while not monitor.should_stop and time.monotonic() < deadline:
            time.sleep(0.005)
        return monitor.should_stop

    work = Work(until_stopped)
    work.cancel()
    work.wait(10)
    assert work.result is True and work.stopping


def test_work_that_cannot_give_a_part_is_stopped_with_a_sentence():
    monitor = Monitor()
    monitor.stop()
    work = Work(lambda monitor: monitor.step(1, 2), monitor)
    work.wait(10)
    assert work.result is None and work.problem is not None and "stopped" in work.problem


def test_a_stop_reaches_every_part_and_only_abandoned_work_keeps_nothing():
    monitor = Monitor()
    first, second = monitor.parts(["a", "b"])
    deep = second.part(0.5, 1.0)
    assert not deep.should_stop
    deep.check()
    first.stop()
    assert monitor.should_stop and deep.should_stop and not monitor.abandoned
    with pytest.raises(StoppedError):
        deep.check()
    other = Monitor()
    other.part(0, 1).abandon()
    assert other.should_stop and other.abandoned


def test_parts_are_shares_of_the_whole_and_their_words_stand_before():
    told: list[Progress] = []
    monitor = Monitor(told.append, every_s=0)
    for part in monitor.parts(["one", "two"]):
        inner = part.part(0.0, 0.5, "faces")
        inner.step(1, 2)
        inner.step(2, 2, "read")
        part.report(Progress(7.0))
    assert shares(told) == [0.125, 0.25, 0.5, 0.625, 0.75, 1.0]
    assert [each.words for each in told[:3]] == ["one faces", "one faces read", "one"]
    assert (told[1].done, told[1].total) == (2, 2) and monitor.progress == told[-1]


def test_no_units_are_done_at_once():
    monitor = Monitor()
    monitor.step(0, 0)
    assert monitor.progress.share == 1.0


def test_a_subclass_with_more_to_say_arrives_as_that():
    @dataclass(frozen=True)
    class Looked(Progress):
        faces: int = 0

    told: list[Progress] = []
    Monitor(told.append).part(0.5, 1.0).report(Looked(0.5, faces=3))
    assert told == [Looked(0.75, faces=3)]


def test_the_callback_is_spared_but_never_the_end(monkeypatch):
    now_s = 0.0
    monkeypatch.setattr(time, "monotonic", lambda: now_s)
    told: list[Progress] = []
    monitor = Monitor(told.append, every_s=1.0)
    for now_s in (0.0, 0.5, 0.9, 1.0, 1.5):
        monitor.report(Progress(now_s / 10))
        assert monitor.progress.share == now_s / 10
    monitor.report(Progress(1.0))
    assert shares(told) == [0.0, 0.1, 1.0]


def test_the_time_left_follows_the_pace_since_the_first_report(monkeypatch):
    now_s = 0.0
    monkeypatch.setattr(time, "monotonic", lambda: now_s)
    monitor = Monitor()
    found = []
    for now_s, share in ((100.0, 0.4), (100.5, 0.45), (102.0, 0.6), (103.0, 1.0)):  # noqa: B007
        monitor.report(Progress(share))
        found.append((monitor.progress.elapsed_s, monitor.progress.remaining_s))
    assert found == [(0.0, None), (0.5, None), (2.0, pytest.approx(4.0)), (3.0, 0.0)]


def test_what_a_callback_raises_ends_the_work():
    def full(progress: Progress) -> None:
        raise MediaError("The disk is full.")

    with pytest.raises(MediaError, match="full"):
        Monitor(full).step(1, 2)


def test_a_function_or_nothing_becomes_a_monitor_and_a_monitor_stays_itself():
    told: list[Progress] = []
    Monitor.of(told.append).report(Progress(1.0))
    monitor = Monitor()
    assert shares(told) == [1.0] and Monitor.of(monitor) is monitor and isinstance(Monitor.of(None), Monitor)


def test_reports_of_many_threads_come_one_at_a_time():
    inside, most, told = [], [], []

    def slow(progress: Progress) -> None:
        inside.append(progress)
        most.append(len(inside))
        time.sleep(0.001)
        told.append(inside.pop())

    monitor = Monitor(slow, every_s=0)
    threads = [threading.Thread(target=part.step, args=(1, 2)) for part in monitor.parts(["x"] * 20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert len(told) == 20 and max(most) == 1 and monitor.progress in told
