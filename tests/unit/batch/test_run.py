"""A batch with a fake pipeline in the test's own process: the dataset, and what is read when."""

import errno
import json
import shutil
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pyarrow.dataset
import pytest

from fer_core import AnalysisRequest, MediaError, RequestError, Timeline
from fer_core.batch import manifest, run
from fer_core.batch.dataset import Dataset
from fer_core.batch.manifest import recording_id
from fer_core.batch.run import read_all
from fer_core.declaration import declared
from fer_core.errors import StoppedError
from fer_core.jobs import Monitor
from fer_core.networks.files import sha256
from tests.unit.batch.engines import HereEngine
from tests.videos import scene, write_video

pytestmark = pytest.mark.usefixtures("decoded_here")


def clip(path: Path, wall: int = 90) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    return write_video(path, [scene((150, 120, 220), wall=wall)] * 25)


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> Path:
    """Two recordings, a copy of one of them, and a file that is none."""
    folder = tmp_path_factory.mktemp("made")
    clip(folder / "one.mp4", 90)
    clip(folder / "two.mp4", 120)
    shutil.copy(folder / "one.mp4", folder / "z copy.mp4")
    (folder / "broken.mp4").write_text("no recording")
    return folder


@pytest.fixture
def source(made, tmp_path) -> Path:
    return Path(shutil.copytree(made, tmp_path / "in"))


def rows(out: Path) -> dict[str, manifest.Entry]:
    return {row.name: row for row in Dataset(out).entries()}


def test_the_dataset(source, tmp_path):
    out, engine = tmp_path / "out", HereEngine()
    report = read_all([source], out, engine)
    assert sorted(engine.read_names) == ["broken.mp4", "one.mp4", "two.mp4"]  # the copy was not read
    assert report.attempted == 3 and [row.name for row in report.failed] == ["broken.mp4"]
    names = {path.relative_to(out).as_posix() for path in out.rglob("*") if path.is_file() and path.name != ".lock"}
    ids = {name: recording_id(sha256(source / name)) for name in ("one.mp4", "two.mp4")}
    readings = {f"readings/recording={id_}/part.parquet" for id_ in ids.values()}
    assert names == {"recordings.parquet", "dictionary.json", "request.json", *readings}
    one = rows(out)["one.mp4"]
    assert (one.state, one.stage, one.reason, one.problems) == ("read", None, "", ())
    assert (one.recording, one.sha256) == (ids["one.mp4"], sha256(source / "one.mp4"))
    assert (one.source, one.copies) == (str(source / "one.mp4"), (str(source / "z copy.mp4"),))
    assert (one.samples, one.faces, one.people, one.uncertain_share) == (5, 5, 1, 0.0)
    assert one.duration_s == pytest.approx(1.0) and one.seconds > 0 and one.bytes == (source / "one.mp4").stat().st_size
    broken = rows(out)["broken.mp4"]
    assert (broken.state, broken.stage, broken.samples) == ("failed", "reading", None)
    assert "not a recording" in broken.reason and broken.sha256 == sha256(source / "broken.mp4")


def test_readings_are_those_of_an_analysis_and_one_table(source, tmp_path):
    engine = HereEngine()
    read_all([source], tmp_path / "out", engine)
    for name in ("one.mp4", "two.mp4"):
        alone = engine.pipeline.analyse(source / name, engine.request)
        kept = Timeline.read(Dataset(tmp_path / "out").readings(recording_id(sha256(source / name))))
        pd.testing.assert_frame_equal(kept.frame, alone.frame, check_exact=True)
        pd.testing.assert_frame_equal(kept.measures, alone.measures, check_exact=True)
        assert (kept.recording, kept.request, kept.provenance) == (alone.recording, alone.request, alone.provenance)
        assert alone.portraits and not kept.portraits
    table = pyarrow.dataset.dataset(tmp_path / "out" / "readings", partitioning="hive").to_table().to_pandas()
    ids = {recording_id(sha256(source / name)) for name in ("one.mp4", "two.mp4")}
    assert table.groupby("recording")["time_s"].count().to_dict() == dict.fromkeys(ids, 5)


def test_the_dictionary_names_every_column(source, tmp_path):
    read_all([source], tmp_path, HereEngine())
    known = json.loads((tmp_path / "dictionary.json").read_text(encoding="utf-8"))
    for pattern, columns in known.items():
        paths = [*tmp_path.glob(pattern.replace("<id>", "*"))]
        assert paths and all(list(columns) == list(pd.read_parquet(path).columns) for path in paths)
        assert all(each["meaning"] and each["unit"] for each in columns.values())
    about = json.loads((tmp_path / "request.json").read_text(encoding="utf-8"))
    assert about["request"]["fps"] == 5 and about["request"]["model"] == "fake"
    assert "numpy" in about["provenance"]["versions"]


def test_what_was_done_is_not_done_again(source, tmp_path):
    out = tmp_path / "out"
    read_all([source], out, HereEngine())
    before = {path: path.stat().st_mtime_ns for path in out.rglob("*.*")}
    engine = HereEngine()
    again = read_all([source], out, engine)
    assert engine.read_names == [] and again.attempted == 0
    assert [row.name for row in again.failed] == ["broken.mp4"] and len(again.entries) == 3
    assert {path: path.stat().st_mtime_ns for path in out.rglob("*.*")} == before
    clip(source / "new.mp4", 60)
    (source / "one.mp4").rename(source / "renamed.mp4")
    read_all([source], out, engine)
    assert engine.read_names == ["new.mp4"]
    Dataset(out).readings(rows(out)["new.mp4"].recording).unlink()
    read_all([source], out, engine)
    assert engine.read_names == ["new.mp4"] * 2


@pytest.mark.parametrize("left", [0, 3, 1000])
def test_readings_of_which_a_power_cut_left_a_part_are_read_again(source, tmp_path, left):
    out, engine = tmp_path / "out", HereEngine()
    read_all([source / "one.mp4"], out, engine)
    [row] = Dataset(out).entries()
    whole = Dataset(out).readings(row.recording).read_bytes()
    Dataset(out).readings(row.recording).write_bytes(whole[:left])
    assert read_all([source / "one.mp4"], out, engine).attempted == 1
    assert Timeline.read(Dataset(out).readings(row.recording)).frame.shape[0] == row.samples
    assert read_all([source / "one.mp4"], out, engine).attempted == 0


def test_copies_that_come_while_the_recording_is_being_read(source, tmp_path):
    engine = HereEngine()
    read = engine.read
    engine.read = lambda tasks, told: read(iter(list(tasks)), told)  # as many workers as recordings
    read_all([source], tmp_path / "out", engine)
    assert sorted(engine.read_names) == ["broken.mp4", "one.mp4", "two.mp4"]
    assert rows(tmp_path / "out")["one.mp4"].copies == (str(source / "z copy.mp4"),)


def test_a_failure_that_a_copy_shares_outlives_the_file_that_was_replaced(source, tmp_path):
    out = tmp_path / "out"
    read_all([source], out, HereEngine())
    shutil.copy(source / "broken.mp4", source / "also broken.mp4")
    clip(source / "broken.mp4", 200)
    report = read_all([source], out, HereEngine())
    [row] = report.failed
    assert row.copies == (str(source / "also broken.mp4"),) and len(report.entries) == 4


def test_failures_are_tried_again_on_request(source, tmp_path):
    out, engine = tmp_path / "out", HereEngine()
    read_all([source], out, engine)
    read_all([source], out, engine, retry=True)
    assert engine.read_names.count("broken.mp4") == 2 and engine.read_names.count("one.mp4") == 1
    clip(source / "broken.mp4", 200)  # copied again, as the sentence says
    assert not read_all([source], out, engine).failed
    assert [row.state for row in Dataset(out).entries() if row.name == "broken.mp4"] == ["read"]


def test_a_file_that_could_not_be_read_for_a_while_leaves_no_failure(source, tmp_path):
    out = tmp_path / "out"
    read_all([source], out, HereEngine())
    good = (source / "one.mp4").read_bytes()
    (source / "one.mp4").unlink()
    (source / "one.mp4").symlink_to("nowhere.mp4")
    assert "one.mp4" in {row.name for row in read_all([source], out, HereEngine()).failed}
    (source / "one.mp4").unlink()
    (source / "one.mp4").write_bytes(good)
    read_all([source], out, HereEngine())
    assert [row.state for row in Dataset(out).entries() if row.name == "one.mp4"] == ["read"]


def test_a_file_that_cannot_be_opened_is_a_row_until_it_can(tmp_path):
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "empty.mp4").touch()
    (tmp_path / "in" / "lost.mp4").symlink_to("nowhere.mp4")
    out, engine = tmp_path / "out", HereEngine()
    report = read_all([tmp_path / "in"], out, engine)
    assert {(row.name, row.stage, row.recording) for row in report.failed} == {
        ("empty.mp4", "file", ""),
        ("lost.mp4", "file", ""),
    }
    assert "is empty" in rows(out)["empty.mp4"].reason and "does not exist" in rows(out)["lost.mp4"].reason
    clip(tmp_path / "in" / "empty.mp4")
    clip(tmp_path / "in" / "nowhere.mp4", 60)
    assert not read_all([tmp_path / "in"], out, engine).failed
    assert {row.state for row in Dataset(out).entries()} == {"read"} and len(Dataset(out).entries()) == 2


def test_a_share_that_fails_in_the_middle_is_rows_and_the_rest_is_read(source, tmp_path, monkeypatch):
    stat = Path.stat

    def stale(self, **how):
        if self.name == "two.mp4":
            raise OSError(errno.ESTALE, "Stale file handle", str(self))
        return stat(self, **how)

    sources = [source / "two.mp4", source / "one.mp4"]
    with monkeypatch.context() as away:
        away.setattr(Path, "stat", stale)
        report = read_all(sources, tmp_path / "out", HereEngine())
    assert [(row.name, row.stage) for row in report.entries] == [("two.mp4", "file"), ("one.mp4", None)]
    assert not read_all(sources, tmp_path / "out", HereEngine()).failed


def test_a_share_that_fails_after_its_recordings_were_hashed_is_rows_of_them(source, tmp_path, monkeypatch):
    class LateEngine(HereEngine):
        """Takes all tasks before it reads the first, as Ray does."""

        def read(self, tasks, told):
            waiting = list(tasks)
            monkeypatch.setattr(Path, "stat", stale)
            yield from super().read(iter(waiting), told)

    stat = Path.stat

    def stale(self, **how):
        if self.name == "two.mp4":
            raise OSError(errno.ESTALE, "Stale file handle", str(self))
        return stat(self, **how)

    report = read_all([source / "two.mp4", source / "one.mp4"], tmp_path / "out", LateEngine())
    assert [(row.name, row.stage) for row in report.entries] == [("two.mp4", "reading"), ("one.mp4", None)]
    assert "cannot be read" in report.failed[0].reason


def test_a_share_that_fails_while_a_recording_is_hashed_for_its_analysis_is_a_sentence(made, monkeypatch):
    def stale(file, kind):
        raise OSError(errno.ESTALE, "Stale file handle")

    monkeypatch.setattr("hashlib.file_digest", stale)
    with pytest.raises(MediaError, match=r"one\.mp4 cannot be read"):
        HereEngine().pipeline.analyse(made / "one.mp4", AnalysisRequest())


@pytest.mark.parametrize(
    "name", ["Übung 面接 🙂.mp4", "take [1] 'a' & $b;%20.mp4", "two\nlines.mp4", "-dash.mp4", "=1+1.mp4"]
)
def test_strange_names(made, tmp_path, name):
    try:
        shutil.copy(made / "one.mp4", tmp_path / name)
    except OSError:
        pytest.skip("this system has no such names")
    report = read_all([tmp_path], tmp_path / "out", HereEngine())
    [row] = Dataset(tmp_path / "out").entries()
    assert not report.failed and row.source == str(tmp_path / name) and row.name.isprintable()


def test_a_name_that_is_no_text(made, tmp_path):
    name = b"caf\xe9.mp4".decode("utf-8", "surrogateescape")
    try:
        shutil.copy(made / "one.mp4", tmp_path / name)
    except (OSError, ValueError):
        pytest.skip("this system has no such names")
    read_all([tmp_path], tmp_path / "out", HereEngine())
    [row] = Dataset(tmp_path / "out").entries()
    assert row.source.endswith("caf\\xe9.mp4")


def test_recordings_without_faces(made, tmp_path):
    engine = HereEngine(boxes=())
    read_all([made / "one.mp4"], tmp_path, engine)
    [row] = Dataset(tmp_path).entries()
    assert (row.state, row.samples, row.faces, row.people) == ("read", 5, 0, 0)
    assert row.uncertain_share is None and row.good_share is None and "No face" in row.problems[0]


def test_a_dataset_is_read_in_one_way(made, tmp_path):
    read_all([made / "one.mp4"], tmp_path, HereEngine())
    with pytest.raises(RequestError, match=r"another fps and smoothing; choose"):
        read_all([made / "one.mp4"], tmp_path, HereEngine(AnalysisRequest(fps=2, smoothing="median")))
    about = json.loads((tmp_path / "request.json").read_text(encoding="utf-8"))
    about["provenance"]["versions"]["numpy"] = "1.0"
    (tmp_path / "request.json").write_text(json.dumps(about), encoding="utf-8")
    with pytest.raises(RequestError, match="another version of numpy"):
        read_all([made / "one.mp4"], tmp_path, HereEngine())
    (tmp_path / "request.json").write_text("{}")
    with pytest.raises(MediaError, match="not the request of a batch"):
        read_all([made / "one.mp4"], tmp_path, HereEngine())


def test_a_dataset_is_read_for_one_purpose(made, tmp_path):
    purpose = declared("usability study")
    read_all([made / "one.mp4"], tmp_path, HereEngine(), declaration=purpose)
    for other in (None, declared("play study")):
        with pytest.raises(RequestError, match="another purpose; choose another folder"):
            read_all([made / "one.mp4"], tmp_path, HereEngine(), declaration=other)
    later = replace(purpose, agreed_at="2030-01-01T00:00:00+00:00")
    assert not read_all([made / "one.mp4"], tmp_path, HereEngine(), declaration=later).failed
    about = json.loads((tmp_path / "request.json").read_text(encoding="utf-8"))
    assert about.pop("purpose") == "usability study"
    (tmp_path / "request.json").write_text(json.dumps(about), encoding="utf-8")  # of a version that did not note it
    assert not read_all([made / "one.mp4"], tmp_path, HereEngine()).failed


def test_two_at_once_are_refused(made, tmp_path):
    with Dataset(tmp_path).locked(), pytest.raises(MediaError, match="Another process is writing"):
        read_all([made / "one.mp4"], tmp_path, HereEngine())
    assert not read_all([made / "one.mp4"], tmp_path, HereEngine()).failed


def test_a_stop_leaves_what_was_read_and_the_next_call_goes_on(source, tmp_path):
    monitor = Monitor(every_s=0)
    engine = HereEngine()
    read = engine.read

    def stopped(tasks, told):
        for entry in read(tasks, told):
            yield entry
            monitor.stop()

    engine.read = stopped
    with pytest.raises(StoppedError):
        read_all([source / "one.mp4", source / "two.mp4"], tmp_path / "out", engine, monitor=monitor)
    assert set(rows(tmp_path / "out")) == {"one.mp4"}
    after = HereEngine()
    assert not read_all([source / "one.mp4", source / "two.mp4"], tmp_path / "out", after).failed
    assert after.read_names == ["two.mp4"]


def test_another_call_leaves_what_an_interrupted_one_has_begun_until_its_file_changes(source, tmp_path):
    def interrupt(found):
        raise KeyboardInterrupt

    out, engine = tmp_path / "out", HereEngine()
    engine.pipeline.read_faces = interrupt
    with pytest.raises(KeyboardInterrupt):
        read_all([source / "one.mp4"], out, engine)
    checkpoint, engine = Dataset(out).checkpoint(recording_id(sha256(source / "one.mp4"))), HereEngine()
    read_all([source / "two.mp4"], out, engine)
    assert checkpoint.exists()
    clip(source / "one.mp4", 200)
    read_all([source / "two.mp4"], out, engine)
    assert not checkpoint.parent.exists()


def test_a_disk_that_is_not_mounted_costs_nothing_of_what_was_begun_and_half_a_note_is_removed(source, tmp_path):
    def interrupt(found):
        raise KeyboardInterrupt

    out, engine, other = tmp_path / "out", HereEngine(), shutil.copy(source / "two.mp4", tmp_path / "two.mp4")
    engine.pipeline.read_faces = interrupt
    with pytest.raises(KeyboardInterrupt):
        read_all([source / "one.mp4"], out, engine)
    checkpoint = Dataset(out).checkpoint(recording_id(sha256(source / "one.mp4")))
    source.rename(tmp_path / "away")
    read_all([other], out, HereEngine())
    source.mkdir()  # as a mount point
    read_all([other], out, HereEngine())
    assert checkpoint.exists()
    source.rmdir()
    (tmp_path / "away").rename(source)
    (source / "one.mp4").unlink()
    for end in ("part", "lock"):
        (checkpoint.parent / f".0123.source.json.{end}").touch()
    read_all([other], out, HereEngine())
    assert not checkpoint.parent.exists()


def test_progress_counts_recordings_and_ends_at_all(source, tmp_path):
    told = []
    read_all([source], tmp_path / "out", HereEngine(), monitor=Monitor(told.append, every_s=0))
    assert told[-1].share == 1 and told[-1].words == "4 of 4 recordings, 1 failed now"
    assert [each.share for each in told] == sorted(each.share for each in told)
    read_all([source], tmp_path / "out", HereEngine(), monitor=Monitor(told.append, every_s=0))
    assert (told[-1].done, told[-1].total, told[-1].share) == (4, 4, 1)
    assert told[-1].words == "4 of 4 recordings"  # what failed before is not read again


def test_a_recording_that_changes_meanwhile_is_a_row(made, tmp_path, monkeypatch):
    from fer_core.batch import run

    monkeypatch.setattr(run, "sha256", lambda path: "0" * 64)
    [row] = read_all([made / "one.mp4"], tmp_path, HereEngine()).failed
    assert row.stage == "reading" and "changed while it was read" in row.reason
    assert not list(tmp_path.glob("readings/*/*"))


def test_rows_are_noted_at_once_and_a_kill_loses_none(source, tmp_path, monkeypatch):
    out = tmp_path / "out"
    with monkeypatch.context() as killed:
        killed.setattr(run._Rows, "write", lambda self: None)
        read_all([source], out, HereEngine())
    assert not (out / "recordings.parquet").exists()
    with (out / ".rows.jsonl").open("a") as file:
        file.write('{"name": "torn')
    noted = rows(out)
    assert {name: row.state for name, row in noted.items()} == {
        "one.mp4": "read", "two.mp4": "read", "broken.mp4": "failed"
    }  # fmt: skip
    engine = HereEngine()
    clip(source / "new.mp4", 60)
    read_all([source], out, engine)
    assert engine.read_names == ["new.mp4"] and not (out / ".rows.jsonl").exists()
    written = {row.name: row for row in manifest.from_file(out / "recordings.parquet")}
    assert written == {**noted, "new.mp4": written["new.mp4"]}


def test_a_large_manifest_is_not_written_for_every_row(source, tmp_path, monkeypatch):
    written = []
    write = Dataset.write_entries
    monkeypatch.setattr(run, "_REST", 1e9)
    monkeypatch.setattr(Dataset, "write_entries", lambda self, given: written.append(1) or write(self, given))
    read_all([source], tmp_path / "out", HereEngine())
    assert len(written) == 2 and len(rows(tmp_path / "out")) == 3  # the first row, and the end


def test_a_full_disk_ends_the_batch(made, tmp_path, monkeypatch):
    def full(self, path):
        raise MediaError(f"{path} cannot be written (No space left on device).")

    monkeypatch.setattr(Timeline, "write", full)
    with pytest.raises(MediaError, match="No space left"):
        read_all([made / "one.mp4", made / "two.mp4"], tmp_path, HereEngine())
    monkeypatch.undo()
    assert not read_all([made / "one.mp4"], tmp_path, HereEngine()).failed


def test_a_disk_that_is_full_from_the_beginning_ends_the_batch_and_is_no_fault_of_a_recording(
    made, tmp_path, monkeypatch
):
    write = Path.write_text

    def full(self, text, **how):
        if self.suffix == ".jsonl":
            raise OSError(errno.ENOSPC, "No space left on device")
        return write(self, text, **how)

    with monkeypatch.context() as crowded:
        crowded.setattr(Path, "write_text", full)
        with pytest.raises(MediaError, match="No space left"):
            read_all([made / "one.mp4", made / "two.mp4"], tmp_path, HereEngine())
    assert not Dataset(tmp_path).entries()
    assert not read_all([made / "one.mp4", made / "two.mp4"], tmp_path, HereEngine()).failed


def test_a_defect_is_a_row(made, tmp_path, caplog):
    engine = HereEngine()
    engine.pipeline.read_faces = lambda found: 1 / 0
    [row] = read_all([made / "one.mp4"], tmp_path, engine).failed
    assert row.stage == "reading" and "ZeroDivisionError" in row.reason and "could not be read" in caplog.text


def test_a_damaged_manifest_is_said(made, tmp_path):
    (tmp_path / "recordings.parquet").write_text("no table")
    with pytest.raises(MediaError, match="no manifest"):
        read_all([made / "one.mp4"], tmp_path, HereEngine())
