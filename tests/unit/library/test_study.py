"""From a queue of recordings to a table that can be compared."""

import json
import threading
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from fer_core.errors import LibraryError
from fer_core.library.observations import of_events, of_recordings
from fer_core.library.queue import Queue
from fer_core.library.values import Place
from fer_core.readings import Box
from fer_core.request import AnalysisRequest
from fer_core.testing import fake_pipeline
from fer_core.timeline.editing.edits import Exclude, Remove
from fer_core.timeline.editing.study import Study
from fer_core.timeline.events.event import Event
from fer_core.timeline.groups.cells import values_of_people
from fer_core.timeline.groups.conditions import compare
from fer_core.timeline.notes import Span
from tests.timelines import of_rows, reading
from tests.videos import scene, write_video

REQUEST = AnalysisRequest(fps=2.0)
FACE = Box(20, 20, 60, 60)


def kept(library, number, subject, condition, happy, edits=()):
    """Four seconds of one person, and a second person for one sample."""
    rows = [reading(place / 2, 1, "happy", happy + 0.01 * (place % 2)) for place in range(8)]
    rows.append(reading(0.0, 2, "sad"))
    timeline = of_rows(rows)
    recording = replace(timeline.recording, name=f"{number}.mp4", sha256=f"{number:064x}")
    library.keep(Study(replace(timeline, recording=recording), edits))
    library.set_place(f"{number:064x}", Place(subject, condition=condition))
    return f"{number:064x}"


def test_a_row_a_recording_holds_the_person_who_is_seen_longest(on_sqlite):
    kept(on_sqlite, 1, "S1", "joke", 0.8, (Exclude((Span(0.0, 1.0),)),))
    observations = of_recordings(on_sqlite.entries())
    [row] = observations.table.to_dict("records")
    assert (row["subject"], row["condition"], row["person"], row["others"]) == ("S1", "joke", 1, 1)
    assert (row["seconds"], row["excluded_s"], row["uncertain_s"]) == (3.0, 1.0, 0.0)
    assert row["share_happy"] == pytest.approx(1) and row["mean_happy"] == pytest.approx(0.805)
    assert observations.missing == ("1.mp4: 1 further person is left out.",)


def test_what_is_missing_is_said(on_sqlite):
    kept(on_sqlite, 1, "", "", 0.8)
    kept(on_sqlite, 2, "S2", "", 0.8)
    observations = of_recordings(on_sqlite.entries())
    assert observations.table.empty
    assert set(observations.missing) == {
        "1.mp4: no subject is named, so it stands for nobody.",
        "2.mp4: no condition is named.",
    }


def test_a_known_effect_is_found_with_the_person_as_the_unit(on_sqlite):
    rng = np.random.default_rng(0)
    for number in range(12):
        joke = number % 2
        kept(on_sqlite, number, f"S{number // 2}", "joke" if joke else "calm", 0.5 + 0.2 * joke + rng.uniform(0, 0.02))
    table = of_recordings(on_sqlite.entries()).table
    result = compare(values_of_people(table, "mean_happy"), "joke", "calm")
    assert result.design == "within" and result.cell_first.n == 6
    assert result.difference == pytest.approx(0.2, abs=0.02)


def test_a_row_an_event_has_the_events_text_as_condition(on_sqlite):
    recording_id = kept(on_sqlite, 1, "S1", "", 0.8)
    kept(on_sqlite, 2, "S2", "", 0.8)
    on_sqlite.set_events(recording_id, [Event(1.0, 2.0, "joke"), Event(2.0, 3.0, "calm")])
    observations = of_events(on_sqlite, on_sqlite.entries())
    table = observations.table
    assert list(table["condition"]) == ["joke", "calm"] and list(table["subject"]) == ["S1", "S1"]
    assert table["mean_happy"].tolist() == pytest.approx([0.805, 0.805])
    assert "2.mp4: no event is kept with it." in observations.missing


def test_events_that_give_no_value_are_told(on_sqlite):
    recording_id = kept(on_sqlite, 1, "S1", "", 0.8)
    length_s = on_sqlite.entries()[0].recording.duration_s
    events = [Event(1.0, 2.0, "joke"), Event(0.0, 1.0, "calm"), Event(2.0, 3.0, " ")]
    on_sqlite.set_events(recording_id, [*events, Event(length_s + 500, None, "joke"), Event(-9.0, -8.0, "joke")])
    observations = of_events(on_sqlite, on_sqlite.entries())
    assert list(observations.table["condition"]) == ["joke", "calm"]
    assert observations.missing == (
        "1.mp4: 1 event without a text, which would be the condition.",
        f"1.mp4: 2 events outside the {length_s:.1f} s of the recording; their clock may be another.",
        "1.mp4: 1 event without a sample in the 1 s before, so without a change against them.",
    )


def test_frames_that_show_only_somebody_else_do_not_stretch_a_person(on_sqlite):
    """The one is seen in every other pair of samples, the other in between."""
    rows = []
    for pair in range(4):
        rows += [reading(pair + 0.0, 1, "happy"), reading(pair + 0.25, 1, "sad")]
        rows += [reading(pair + 0.5, 2, "neutral"), reading(pair + 0.75, 2, "neutral")]
    name = on_sqlite.keep(Study(of_rows(rows)))
    recording_id = on_sqlite.entry(name).recording_id
    on_sqlite.set_place(recording_id, Place("S1"))
    on_sqlite.set_events(recording_id, [Event(0.0, 4.0, "joke")])
    table = of_events(on_sqlite, on_sqlite.entries()).table
    assert table["person"].tolist() == [1] and table["seconds"].tolist() == pytest.approx([2.0])
    assert table["mean_happy"].tolist() == pytest.approx([(rows[0]["happy"] + rows[1]["happy"]) / 2])


@pytest.fixture(scope="module")
def clip(tmp_path_factory):
    path = write_video(tmp_path_factory.mktemp("clip") / "clip.mp4", [scene(width=160, height=120)] * 50)
    return path.read_bytes()


def done(queue):
    queue._work.wait(60)
    assert queue.work is None


class Held:
    """Gives the pipeline for a recording as soon as it may go on."""

    def __init__(self) -> None:
        self.reached, self.go_on = threading.Event(), threading.Event()

    def __call__(self, request):
        self.reached.set()
        self.go_on.wait(30)
        return fake_pipeline([FACE])


def test_a_queue_reads_one_after_another_keeps_and_deletes(on_sqlite, tmp_path, clip):
    queue = Queue(tmp_path / "queue")
    for name in ("a.mp4", "../b.mp4"):
        queue.add(name, clip + name.encode(), REQUEST)  # other bytes, or it would be one recording
    queue.add("damaged.mp4", b"no recording", REQUEST)
    assert [item.name for item in queue.items()] == ["a.mp4", "b.mp4", "damaged.mp4"]
    queue.start(on_sqlite, lambda request: fake_pipeline([FACE]))
    done(queue)
    assert {entry.title for entry in on_sqlite.entries()} == {"a.mp4", "b.mp4"}
    [failed] = queue.items()
    assert failed.state == "failed" and "damaged.mp4" in failed.problem and str(tmp_path) not in failed.problem
    queue.retry(failed.id)
    assert queue.items()[0].state == "waiting"
    queue.remove(failed.id)
    assert queue.items() == [] and [path.name for path in queue.folder.iterdir()] == [".lock"]


def test_whatever_goes_wrong_with_one_the_next_is_read(on_sqlite, tmp_path, clip):
    queue = Queue(tmp_path / "queue")
    for name in ("a.mp4", "b.mp4"):
        queue.add(name, clip + name.encode(), REQUEST)
    pipelines = iter([None, fake_pipeline([FACE])])  # what is no pipeline breaks in a way that nobody foresaw
    queue.start(on_sqlite, lambda request: next(pipelines))
    done(queue)
    [failed] = queue.items()
    assert failed.name == "a.mp4" and "unexpected" in failed.problem
    assert [entry.recording.name for entry in on_sqlite.entries()] == ["b.mp4"]


def test_whoever_was_removed_is_not_brought_back_by_the_queue(on_sqlite, tmp_path, clip):
    queue = Queue(tmp_path / "queue")
    for _ in range(2):
        queue.add("a.mp4", clip, REQUEST)
        queue.start(on_sqlite, lambda request: fake_pipeline([FACE]))
        done(queue)
        for entry in on_sqlite.entries():
            if entry.figures.people:
                on_sqlite.save(entry.analysis, on_sqlite.open_study(entry.analysis).edited(Remove(1)))
    [failed] = queue.items()
    assert failed.state == "failed" and "were deleted from this library" in failed.problem
    [entry] = on_sqlite.entries()
    assert entry.figures.people == 0


def test_a_problem_that_cannot_be_written_is_told_and_the_next_is_read(on_sqlite, tmp_path, clip):
    queue = Queue(tmp_path / "queue")
    queue.add("damaged.mp4", b"no recording", REQUEST)
    queue.add("b.mp4", clip, REQUEST)
    (queue.folder / queue.items()[0].id / ".problem.txt.part").mkdir()  # as on a full disk, it cannot be written
    queue.start(on_sqlite, lambda request: fake_pipeline([FACE]))
    done(queue)
    [failed] = queue.items()
    assert failed.state == "failed" and "damaged.mp4" in failed.problem
    assert [entry.title for entry in on_sqlite.entries()] == ["b.mp4"]
    queue.retry(failed.id)
    assert queue.items()[0].state == "waiting"


def test_what_a_kill_left_of_a_recording_that_was_stored_is_cleared(tmp_path):
    part = tmp_path / "queue" / ".000001-abcd" / "media"
    part.mkdir(parents=True)
    (part / "a.mp4").write_bytes(b"half of it")
    assert Queue(tmp_path / "queue").items() == [] and not part.exists()


def test_what_one_program_reads_another_leaves_alone(on_sqlite, tmp_path, clip):
    """Two queues on one folder, as two dashboards on one library have them."""
    mine, held = Queue(tmp_path / "queue"), Held()
    first, second = (mine.add(name, clip + name.encode(), REQUEST) for name in ("a.mp4", "b.mp4"))
    mine.start(on_sqlite, held)
    held.reached.wait(30)
    theirs, asked = Queue(tmp_path / "queue"), []
    assert [item.state for item in theirs.items()] == ["reading", "waiting"]
    theirs.start(on_sqlite, asked.append)
    done(theirs)
    for id_ in (first, second):
        with pytest.raises(LibraryError, match="Another dashboard"):
            theirs.remove(id_)
    theirs.add("c.mp4", clip + b"c", REQUEST)
    held.go_on.set()
    done(mine)
    assert not asked and theirs.items() == []
    assert sorted(entry.title for entry in on_sqlite.entries()) == ["a.mp4", "b.mp4", "c.mp4"]
    theirs.remove(theirs.add("d.mp4", clip, REQUEST))
    assert [path.name for path in theirs.folder.iterdir()] == [".lock"]


def test_what_a_killed_program_was_reading_waits(tmp_path):
    queue = Queue(tmp_path / "queue")
    id_ = queue.add("a.mp4", b"", REQUEST)
    (queue.folder / ".reading").write_text(id_)
    assert [item.state for item in queue.items()] == ["waiting"]


def test_what_another_program_is_storing_is_not_cleared(tmp_path, monkeypatch):
    queue, seen = Queue(tmp_path / "queue"), []
    rename = Path.rename

    def late(path, target):
        seen.append(Queue(tmp_path / "queue").items())  # a dashboard starts at this moment
        return rename(path, target)

    monkeypatch.setattr(Path, "rename", late)
    queue.add("a.mp4", b"whole", REQUEST)
    assert seen == [[]] and [item.name for item in queue.items()] == ["a.mp4"]
    assert [path.read_bytes() for path in queue.folder.rglob("a.mp4")] == [b"whole"]


def test_a_damaged_declaration_is_told_before_anything_is_read(on_sqlite, tmp_path, clip):
    queue, asked = Queue(tmp_path / "queue"), []
    id_ = queue.add("a.mp4", clip, REQUEST)
    (queue.folder / id_ / "declaration.json").write_text("{")
    queue.start(on_sqlite, asked.append)
    done(queue)
    assert not asked and [item.state for item in queue.items()] == ["failed"]


def lost_request(path: Path) -> str:
    (path / "request.json").write_bytes(b"")  # as after a power cut
    return "a.mp4"


def request_of_another_version(path: Path) -> str:
    plain = json.loads((path / "request.json").read_text()) | {"of_another_version": 1}
    (path / "request.json").write_text(json.dumps(plain))
    return "a.mp4"


def second_file(path: Path) -> str:
    (path / "media" / ".nfs0001").write_bytes(b"")
    return path.name


def lost_file(path: Path) -> str:
    (path / "media" / "a.mp4").unlink()
    return path.name


@pytest.mark.parametrize("damage", [lost_request, request_of_another_version, second_file, lost_file])
def test_what_cannot_be_read_any_more_is_told_and_can_be_removed(on_sqlite, tmp_path, clip, damage):
    queue = Queue(tmp_path / "queue")
    id_ = queue.add("a.mp4", clip, REQUEST)
    queue.add("b.mp4", clip + b"b", REQUEST)
    name = damage(queue.folder / id_)
    queue.start(on_sqlite, lambda request: fake_pipeline([FACE]))
    done(queue)
    [failed] = queue.items()
    assert (failed.id, failed.name, failed.state) == (id_, name, "failed") and "damaged" in failed.problem
    assert failed.damaged and [entry.title for entry in on_sqlite.entries()] == ["b.mp4"]
    queue.remove(id_)
    assert queue.items() == [] and not (queue.folder / id_).exists()


def test_folders_of_others_do_not_disturb_a_queue(tmp_path):
    queue = Queue(tmp_path / "queue")
    (queue.folder / "1 old").mkdir()
    id_ = queue.add("a.mp4", b"", REQUEST)
    assert [item.id for item in queue.items()] == [id_] and (queue.folder / "1 old").is_dir()


def test_a_queue_that_was_stopped_goes_on_in_another_program(on_sqlite, tmp_path, clip):
    queue, held = Queue(tmp_path / "queue"), Held()
    queue.add("a.mp4", clip, REQUEST)
    queue.start(on_sqlite, held)
    held.reached.wait(30)
    [item] = queue.items()
    assert item.state == "reading"
    with pytest.raises(LibraryError, match="being read"):
        queue.remove(item.id)
    queue.stop()
    held.go_on.set()
    done(queue)
    assert on_sqlite.entries() == []
    again = Queue(tmp_path / "queue")
    assert [(item.name, item.state, item.request) for item in again.items()] == [("a.mp4", "waiting", REQUEST)]
    again.start(on_sqlite, lambda request: fake_pipeline([FACE]))
    done(again)
    assert [entry.title for entry in on_sqlite.entries()] == ["a.mp4"] and again.items() == []
