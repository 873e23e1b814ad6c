"""A recording that is open in the page: what stays true of it whatever is left out, corrected or gone on with."""

import os
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from fer_core import MediaError, charts, temporary
from fer_core.jobs import Monitor, Work
from fer_core.settings import UNFINISHED
from fer_core.timeline.editing.edits import Rest
from fer_core.timeline.editing.study import Study
from fer_core.timeline.notes import Marker, Notes, Span
from fer_core.timeline.statistics.agreement import agreement
from fer_core.timeline.statistics.summaries import stretches
from fer_core.ui.video.compare import subjects_of
from fer_core.ui.video.exports import documents
from fer_core.ui.video.memory import MOST_OPEN, Memory
from fer_core.ui.video.rating import rate
from fer_core.ui.video.recording import OpenRecording
from fer_core.ui.video.workspace import Workspace
from tests.conftest import ROOT
from tests.recordings import open_recording
from tests.timelines import nobody, of_rows, reading, synthetic


def test_left_out_samples_leave_gaps_and_not_a_coarser_grid():
    rows = [
        reading(n / 4, 1, "sad" if n % 10 else "happy", quality="blurred" if n % 10 else "good") for n in range(240)
    ]
    recording = open_recording(1, {"a": of_rows(rows), "b": of_rows(rows)})
    recording.leave_out_poor = True
    shown = recording.shown()
    runs = stretches(shown, 1)
    assert len(shown.frame) == 240 and len(runs) == 24 and {run.label for run in runs} == {"happy"}
    [counted] = recording.summaries(good=True)
    assert sum(run.length_s for run in runs) == pytest.approx(counted.seen_s) == pytest.approx(6)
    line = np.array(charts.probability_lines(shown, 1).data[0].y, float)
    assert np.isnan(line).sum() >= 23  # it breaks wherever something was left out
    assert len(agreement({"a": shown, "b": recording.shown(recording.timelines["b"])})) == 24


def test_of_several_poor_people_in_one_frame_one_row_without_anybody_stays():
    rows = [reading(0.0, 1, "sad"), reading(0.25, 1, "sad", quality="dark"), reading(0.25, 2, "sad", quality="dark")]
    recording = open_recording(1, {"a": of_rows([*rows, nobody(0.5)])})
    recording.leave_out_poor = True
    shown = recording.shown().frame
    assert shown["time_s"].tolist() == [0.0, 0.25, 0.5] and shown["person"].notna().tolist() == [True, False, False]
    assert shown["quality"].tolist() == ["good", "", ""]


def test_the_part_that_the_quality_tab_shows_is_the_range_with_its_poor_samples():
    rows = [reading(n / 4, 1, "sad", quality="dark" if n % 2 else "good") for n in range(40)]
    recording = open_recording(1, {"a": of_rows(rows)})
    recording.choose_range(2.0, 4.0)
    recording.leave_out_poor = True
    part = recording.part().frame
    assert (part["time_s"].min(), part["time_s"].max(), len(part)) == (2.0, 3.75, 8)
    assert (part["quality"] == "dark").sum() == 4


def test_differences_from_rest_are_shown_without_what_is_left_out():
    rows = [reading(n / 4, 1, "sad", quality="dark" if n % 2 else "good") for n in range(40)]
    recording = open_recording(1, {"a": of_rows(rows)})
    recording.edit(Rest(1, Span(0.0, 1.0)))
    recording.choose_range(2.0, 4.0)
    assert len(recording.shown_deviations()) == 8
    recording.leave_out_poor = True
    assert recording.shown_deviations()["time_s"].tolist() == [2.0, 2.5, 3.0, 3.5]


def test_a_range_and_an_exclusion_are_as_long_as_they_say():
    recording = open_recording(1, {"a": of_rows([reading(n / 4, 1, "happy") for n in range(40)])})
    recording.choose_range(2.0, 3.0)
    [summary] = recording.summaries()
    assert (summary.samples, summary.seen_s) == (4, 1.0)
    recording.choose_range(0.0, 30.0)
    recording.set_excluded((Span(2.0, 3.0, ""),))
    assert recording.summaries()[0].seen_s == 9.0
    recording.set_excluded((Span(2.0, 3.0), Span(3.0, 30.0)))  # to the end
    assert recording.summaries()[0].seen_s == 2.0


def two_people() -> OpenRecording:
    """Person 1 for five seconds, then person 2."""
    return open_recording(1, {"m": of_rows([reading(n / 4, 1 if n < 20 else 2, "happy") for n in range(40)])})


@pytest.mark.parametrize("correct", [lambda r: r.remove(2), lambda r: r.merge(1, 2)], ids=["removed", "merged"])
def test_a_name_never_falls_to_somebody_else(correct):
    recording = two_people()
    recording.call(2, "Ann")
    recording.edit(Rest(2, Span(6.0, 8.0)))
    correct(recording)
    recording.split(1, 2.0)
    assert [recording.notes.name(person) for person in recording.people] == ["Person 1", "Person 3"]
    recording.deviations()
    recording.undo()
    recording.undo()
    assert [recording.notes.name(person) for person in recording.people] == ["Person 1", "Ann"]
    assert recording.deviations()["person"].unique().tolist() == [2]


def test_a_resting_face_that_a_correction_gave_to_somebody_else_is_none():
    recording = two_people()
    recording.edit(Rest(1, Span(3.0, 4.0)))
    recording.split(1, 2.0)
    assert recording.deviations().empty
    recording.undo()
    assert len(recording.deviations()) == 20


def test_going_on_makes_every_correction_again():
    before = two_people()
    before.call(1, "Zoë")
    before.edit(Rest(1, Span(0.0, 1.0)))
    before.mark(1.0, "starts")
    before.split(1, 2.0)
    before.call(3, "of the part that was split off")
    whole = open_recording(2, {"m": of_rows([reading(n / 4, 1 + n // 20, "happy") for n in range(80)])})
    whole.take_over(before)
    names = [whole.notes.name(person) for person in whole.people]
    assert names == ["Zoë", "Person 2", "Person 3", "Person 4", "of the part that was split off"]
    assert whole.timeline.frame["person"].tolist() == [*[1] * 8, *[5] * 12, *[2] * 20, *[3] * 20, *[4] * 20]
    assert whole.notes.markers == (Marker(1.0, "starts"),) and dict(whole.resting) == {1: Span(0.0, 1.0)}


def at_once(*calls) -> None:
    """Each in a thread of its own, all begun at the same moment."""
    barrier = threading.Barrier(len(calls))
    failed = []

    def call(one) -> None:
        barrier.wait()
        try:
            one()
        except Exception as error:
            failed.append(error)

    threads = [threading.Thread(target=call, args=(one,)) for one in calls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert not failed and not any(thread.is_alive() for thread in threads)


@pytest.fixture
def slow_edits(monkeypatch):
    """Time enough in each correction for another thread to come in between."""
    edited = Study.edited

    def slow(study, edit):
        after = edited(study, edit)
        time.sleep(0.05)
        return after

    monkeypatch.setattr(Study, "edited", slow)


def test_no_correction_of_two_tabs_is_lost(slow_edits):
    recording = two_people()
    at_once(
        lambda: recording.call(1, "Ann"),
        lambda: recording.call(2, "Bob"),
        lambda: recording.mark(1.0, "one"),
        lambda: recording.mark(2.0, "two"),
        lambda: recording.split(1, 2.0),
        lambda: recording.split(2, 7.0),
        lambda: recording.exclude(8.0, 9.0, ""),
        lambda: recording.exclude(9.0, 10.0, ""),
    )
    assert len(recording.study.edits) == 8 and recording.people == [1, 2, 3, 4]
    assert recording.notes.names == {1: "Ann", 2: "Bob"} and len(recording.notes.excluded) == 2
    assert {marker.text for marker in recording.notes.markers} == {"one", "two"}
    at_once(*[recording.undo] * 3)
    assert len(recording.study.edits) == 5 and recording.undos == 3


class Ended:
    """An analysis that has ended, and takes its time to say so."""

    problem, stopping = None, False

    def __init__(self) -> None:
        self.result = {"m": synthetic(5.0)}

    @property
    def running(self) -> bool:
        time.sleep(0.05)
        return False


def test_what_was_read_is_opened_once_for_two_tabs():
    kept = Memory()
    kept.work = Ended()
    opened = []
    at_once(*[lambda: opened.append(kept.take_in())] * 4)
    assert sorted(opened) == [False, False, False, True] and list(kept.recordings) == [1]
    at_once(*[lambda: kept.open({"m": synthetic(5.0)}, None)] * 3)
    assert list(kept.recordings) == [1, 2, 3, 4] and {each.namesake for each in kept.recordings.values()} == {
        1,
        2,
        3,
        4,
    }
    kept.forget()


def test_two_tabs_cannot_read_two_recordings_at_the_same_time(tmp_path):
    kept, begun = Memory(), []

    def job(monitor):
        begun.append(monitor)
        monitor.wait_for_stop(20)
        return {}

    kept.start(tmp_path / "one" / "a.mp4", {}, job)
    with pytest.raises(MediaError, match="Another tab"):
        kept.start(tmp_path / "two" / "b.mp4", {}, job)
    work = kept.work
    kept.forget()
    work.wait(20)
    assert len(begun) == 1 and begun[0].abandoned and kept.work is None


def test_another_tab_shows_nothing_after_forget():
    kept = Memory()
    kept.open({"m": synthetic(5.0)}, kept.workspace.store("a.mp4", b"film"))
    folder, lock, before = kept.workspace.path, kept.lock, kept.opened
    kept.forget()
    assert not folder.exists() and kept.recordings == {} and kept.shown is None and kept.lock is lock
    assert kept.opened > before and kept.workspace.path.is_dir()  # other keys of widgets, and a folder for what comes
    kept.workspace.close()


def test_forget_deletes_what_waits_of_recordings_that_were_closed_before(tmp_path, monkeypatch):
    monkeypatch.setenv(UNFINISHED, str(tmp_path))
    kept = Memory()
    for number in range(MOST_OPEN + 2):
        recording = replace(synthetic(5.0).recording, sha256=f"{number:064}")
        kept.open({"m": replace(synthetic(5.0), recording=recording)}, None, partial=number != 1)
        (tmp_path / f"{number:064}-request.jsonl").write_text("numbers and portraits")
    assert len(kept.recordings) == MOST_OPEN and len(list(tmp_path.iterdir())) == MOST_OPEN + 2
    kept.forget()
    assert [path.name for path in tmp_path.iterdir()] == [f"{1:064}-request.jsonl"]  # it was read to its end
    kept.workspace.close()


def test_recordings_of_one_name_can_be_told_apart():
    kept = Memory()
    first, second, third = (kept.open({"m": synthetic(5.0)}, None) for _ in range(3))
    assert [each.title for each in (first, second, third)] == [first.name, f"{first.name} (2)", f"{first.name} (3)"]
    titles = [one.title for one in subjects_of([first, second])]
    assert len(set(titles)) == 4 and titles[-1] == f"Person 2 · {second.title}"
    kept.close(second.number)
    assert kept.open({"m": synthetic(5.0)}, None).title.endswith("(4)")
    kept.workspace.close()


def test_two_clicks_on_undo_take_one_correction_back():
    recording = two_people()
    for _ in range(2):  # alike, and still two
        recording.call(1, "Zoë")
    seen = recording.study.edits
    for _ in range(2):
        recording.undo(seen)
    assert len(recording.study.edits) == 1 and recording.undos == 1
    recording.undo(recording.study.edits)
    assert not recording.study.edits


def test_all_in_the_player_is_the_whole_recording():
    """Its numbers have six decimals."""
    length_s = 10.123456789
    timeline = of_rows([reading(n / 4, 1, "happy") for n in range(40)])
    about = replace(timeline.recording, duration_s=length_s)
    recording = open_recording(1, {"m": replace(timeline, recording=about)})
    for last_s in (10.123456, 10.123457):
        recording.choose_range(2.0, 3.0)
        recording.choose_range(0.0, last_s)
        assert recording.range_s == (0.0, length_s) and recording.whole


def test_the_page_sends_the_player_and_follows_it():
    recording = open_recording(1, {"m": synthetic(10.0)})
    recording.seek(3.1)
    assert (recording.moment_s, recording.seeks) == (3.0, 1)
    recording.seek(3.0)  # a click into the same place: the player may have moved on
    assert recording.seeks == 2
    recording.follow(4.249)  # what is shown there is what was read before
    assert (recording.moment_s, recording.seeks) == (4.0, 2)
    recording.follow(4.2499999)  # the browser's time of the next frame, in whole microseconds
    assert recording.moment_s == 4.25
    recording.follow(-1.0)
    assert recording.moment_s == 0.0


def test_notes_of_a_range():
    notes = Notes({1: "Zoë"}, (Marker(1, "a"), Marker(5, "b")), (Span(0, 2, "c"), Span(4, 6, "d"), Span(8, 9, "e")))
    part = notes.within(2, 5)
    assert part == Notes({1: "Zoë"}, (Marker(5, "b"),), (Span(4, 6, "d"),))


@pytest.mark.parametrize(
    ("spans", "seconds"),
    [
        ((), 0),
        ((Span(1, 2),), 0),
        ((Span(2, 5), Span(4, 6)), 3),
        ((Span(3, 9), Span(4, 5), Span(8, 20)), 7),
        ((Span(12, 14), Span(4, 5)), 1),
    ],
    ids=["none", "outside", "overlapping", "nested", "unordered"],
)
def test_what_is_excluded_twice_counts_once(spans, seconds):
    assert Notes(excluded=spans).excluded_s(3, 10) == seconds


def test_the_report_and_the_bundle_are_written_elsewhere_and_can_be_stopped():
    files = Work(documents(lambda: b"pdf", lambda: b"zip"))
    files.wait(10)
    assert [(file.label, file.data) for file in files.result] == [("Report (PDF)", b"pdf"), ("Evidence bundle", b"zip")]
    monitor = Monitor()
    stopped = Work(documents(lambda: monitor.stop() or b"pdf", lambda: b"zip"), monitor)
    stopped.wait(10)
    assert stopped.result is None and "stopped" in stopped.problem


@pytest.mark.skipif(os.name != "posix", reason="elsewhere one cannot ask whether a process runs")
def test_what_a_killed_server_left_is_deleted_and_what_another_uses_is_not(tmp_path, monkeypatch):
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    left, own, used, other = (
        tmp_path / name
        for name in (
            f"face-value-{gone.pid}-abc",
            f"face-value-{os.getpid()}-abc",
            f"face-value-{os.getppid()}-abc",
            "x",
        )
    )
    for folder in (left, own, used, other):
        folder.mkdir()
        (folder / "film.mp4").write_bytes(b"film")
    sweep_anew(tmp_path, monkeypatch)
    first = Workspace()
    second = Workspace()  # of another visit to this server
    assert first.path.exists() and second.path.exists()
    assert not left.exists() and not own.exists() and used.exists() and other.exists()
    first.close()
    second.close()


def test_what_a_killed_server_left_is_deleted_though_its_number_runs_again(tmp_path, monkeypatch):
    """Its lock tells; on Windows nothing else does."""
    code = "from fer_core.temporary import new_folder; print(new_folder(), flush=True); input()"
    servers = [
        subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                         env={**os.environ, "TMPDIR": str(tmp_path), "TEMP": str(tmp_path)}, cwd=ROOT)
        for _ in range(2)
    ]  # fmt: skip
    left, used = (Path(server.stdout.readline().strip()) for server in servers)
    (left / "film.mp4").write_bytes(b"film")
    servers[0].kill()
    servers[0].wait()
    left.parent.rename(again := tmp_path / f"face-value-{os.getppid()}-abc")
    sweep_anew(tmp_path, monkeypatch)
    temporary.sweep()
    assert not again.exists() and used.exists()
    servers[1].communicate("\n")
    assert list(tmp_path.iterdir()) == [], "a server that ends leaves nothing"


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there are no forks")
def test_a_fork_has_a_folder_of_its_own_and_leaves_that_of_its_parent(tmp_path):
    code = """
import os, sys
from fer_core.temporary import new_folder
kept = new_folder()
if child := os.fork():
    os.waitpid(child, 0)
    assert kept.exists() and len(os.listdir(sys.argv[1])) == 1
else:
    assert new_folder().parent != kept.parent
"""
    environment = {**os.environ, "TMPDIR": str(tmp_path)}
    subprocess.run([sys.executable, "-c", code, tmp_path], env=environment, cwd=ROOT, check=True)
    assert list(tmp_path.iterdir()) == []


def sweep_anew(place: Path, monkeypatch) -> None:
    """The next folder is made there, by a process that has just started."""
    monkeypatch.setattr(tempfile, "tempdir", str(place))
    temporary.sweep.cache_clear()


def test_after_the_last_span_another_label_changes_that_span_alone():
    recording = open_recording(1, {"m": of_rows([reading(n / 4, 1, "happy") for n in range(120)])})
    recording.choose_range(0.0, 10.0)
    rate(recording, "sad", 1, recording.range_s)
    assert recording.range_s == (10.0, 30.0)  # the rest is next
    rate(recording, "happy", 1, recording.range_s)
    rate(recording, "fear", 1, recording.range_s)
    assert [(each.start_s, each.end_s, each.label) for each in recording.notes.ratings] == [
        (0.0, 10.0, "sad"),
        (10.0, 30.0, "fear"),
    ]
