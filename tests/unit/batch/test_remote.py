"""Recordings in a store: listed, fetched one by one, read as files are, and gone from this machine afterwards."""

import re
import sys
import tempfile
from pathlib import Path

import pytest

from fer_core import AnalysisRequest, DependencyError, MediaError, RequestError, Timeline
from fer_core.batch import cluster, manifest
from fer_core.batch.dataset import MANIFEST, Dataset
from fer_core.batch.manifest import recording_id
from fer_core.batch.remote import Address, _scratch
from fer_core.batch.run import read_all
from fer_core.batch.sources import recordings
from fer_core.batch.unit import Task
from fer_core.batch.watching import Watch
from fer_core.cli import main
from fer_core.errors import with_extra
from fer_core.networks.files import sha256
from tests.unit.batch import engines
from tests.unit.batch.engines import HereEngine
from tests.videos import scene, write_video

fsspec = pytest.importorskip("fsspec", reason="fsspec is not installed: pip install -r requirements-dev.txt")
pytestmark = pytest.mark.usefixtures("decoded_here")


@pytest.fixture(scope="module")
def clip(tmp_path_factory) -> Path:
    return write_video(tmp_path_factory.mktemp("made") / "one.mp4", [scene((150, 120, 220))] * 25)


@pytest.fixture
def store(clip, tmp_path, monkeypatch):
    """A store in memory with a recording, a copy of it, one that is none, and files that are not meant."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))
    (tmp_path / "temporary").mkdir()
    memory = fsspec.filesystem("memory")
    for name, data in {
        "/study/day1/one.mp4": clip.read_bytes(),
        "/study/day2/same.mov": clip.read_bytes(),
        "/study/day2/broken.mp4": b"no recording",
        "/study/day2/notes.txt": b"hello",
        "/study/.trash/gone.mp4": b"hidden",
    }.items():
        memory.pipe(name, data)
    yield memory
    memory.rm("/study", recursive=True)


def rows(out: Path) -> dict[str, manifest.Entry]:
    return {row.source: row for row in Dataset(out).entries()}


def left_over(tmp_path: Path) -> list[str]:
    return [path.name for path in (tmp_path / "temporary").iterdir()]


ONE, SAME, BROKEN = (f"memory://study/{name}" for name in ("day1/one.mp4", "day2/same.mov", "day2/broken.mp4"))


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("memory://study", [ONE, BROKEN, SAME]),
        ("memory://study/day1/one.mp4", [ONE]),
        ("memory://study/*/*.mp4", [ONE, BROKEN]),
        ("memory://study/day*", [ONE, BROKEN, SAME]),
        ("memory://study/day2/notes.txt", ["memory://study/day2/notes.txt"]),
    ],
    ids=["folder", "file", "pattern", "pattern of folders", "file with another ending"],
)
def test_what_an_address_names(store, url, expected):
    found = recordings([url, url])
    assert [str(each).replace(":///", "://") for each in found] == expected
    assert all(each.size and each.version for each in found)


def test_a_file_address_is_a_path(clip):
    assert recordings([clip.as_uri()]) == recordings([clip]) == [clip]
    assert recordings([f"{clip.parent.as_uri()}/*.mp4"]) == [clip]


@pytest.mark.parametrize(
    ("url", "error", "words"),
    [
        ("memory://nowhere/one.mp4", MediaError, "does not exist"),
        ("memory://study/*.mkv", MediaError, "no recording in"),
        ("telegraph://study", MediaError, "cannot be reached"),
        ("ftp://me:secret@host/one.mp4", RequestError, "password"),
    ],
)
def test_what_cannot_be_listed_is_one_sentence(store, url, error, words):
    with pytest.raises(error, match=words) as told:
        recordings([url])
    assert "\n" not in str(told.value) and "secret" not in str(told.value)


def test_a_store_that_fails_is_one_sentence(store, monkeypatch):
    def fail(*_, **__):
        raise RuntimeError("no route\nto the bucket")

    with monkeypatch.context() as broken:
        broken.setattr(type(store), "info", fail)
        with pytest.raises(MediaError, match=r"cannot be listed \(RuntimeError: no route\)"):
            recordings(["memory://study"])


@pytest.mark.parametrize(("url", "extra"), [("s3://bucket/*.mp4", "s3"), ("gs://bucket", "gs")])
def test_the_extra_of_a_store_is_named(url, extra, monkeypatch):
    for name in ("s3fs", "gcsfs"):
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(DependencyError, match=re.escape(with_extra(extra))):
        recordings([url])


def test_recordings_of_a_store_become_the_same_dataset(store, clip, tmp_path):
    out, engine = tmp_path / "out", HereEngine()
    report = read_all(["memory://study"], out, engine)
    assert report.attempted == 3 and left_over(tmp_path) == []
    here = tmp_path / "here"
    read_all([clip], here, HereEngine())
    one, alone = next(row for row in rows(out).values() if row.state == "read"), rows(here)[str(clip)]
    assert (one.name, one.sha256, one.bytes, one.samples) == ("one.mp4", sha256(clip), clip.stat().st_size, 5)
    assert Timeline.read(Dataset(out).readings(one.recording)).frame.equals(
        Timeline.read(Dataset(here).readings(alone.recording)).frame
    )
    assert [url.rpartition("/")[2] for url in one.copies] == ["same.mov"] and one.version
    [broken] = report.failed
    assert (broken.stage, broken.name) == ("reading", "broken.mp4")
    assert broken.source in broken.reason and "temporary" not in broken.reason


def test_what_was_read_is_not_fetched_again_unless_it_changed(store, clip, tmp_path, monkeypatch):
    out = tmp_path / "out"
    read_all([ONE, BROKEN], out, HereEngine())
    engine = HereEngine()
    again = read_all([ONE, BROKEN], out, engine)
    assert engine.read_names == [] and again.attempted == 0 and len(again.entries) == 2
    store.pipe("/study/day2/broken.mp4", clip.read_bytes())
    assert not read_all([ONE, BROKEN], out, engine).failed
    assert engine.read_names == ["broken.mp4"]
    assert [row.state for row in Dataset(out).entries()] == ["read"]  # now a copy, and no failure any more


def test_a_copy_is_not_fetched_again_unless_it_changed(store, tmp_path):
    out, engine = tmp_path / "out", HereEngine()
    read_all([ONE, SAME], out, HereEngine())
    again = read_all([ONE, SAME], out, engine)
    assert engine.read_names == [] and again.attempted == 0 and len(again.entries) == 1
    store.pipe("/study/day2/same.mov", b"nothing that can be read")
    [changed] = read_all([ONE, SAME], out, engine).failed
    assert changed.name == "same.mov" and engine.read_names == ["same.mov"]
    assert [row.copies for row in rows(out).values()] == [(), ()]


def test_what_cannot_be_fetched_is_a_row_until_it_can(store, tmp_path, monkeypatch):
    out = tmp_path / "out"
    fetch = type(store).get_file

    def broken_line(self, there, here, **more):
        if "one" in there:
            Path(here).write_bytes(b"half")
            raise OSError("the line broke")
        return fetch(self, there, here, **more)

    with monkeypatch.context() as broken:
        broken.setattr(type(store), "get_file", broken_line)
        report = read_all([ONE, SAME], out, HereEngine())
    [row] = report.failed
    assert (row.stage, row.name, row.recording) == ("fetch", "one.mp4", "") and "the line broke" in row.reason
    assert left_over(tmp_path) == [] and [each.state for each in report.entries] == ["failed", "read"]
    assert not read_all([ONE, SAME], out, HereEngine()).failed
    assert [each.state for each in Dataset(out).entries()] == ["read"]


def test_nobody_else_can_read_what_is_fetched_and_a_killed_process_leaves_nothing(store, tmp_path):
    out, seen = tmp_path / "out", []

    class Looking(HereEngine):
        def read(self, tasks, told):
            for entry in super().read(tasks, lambda *given: seen.extend(scratch.iterdir()) or told(*given)):
                yield entry
                raise KeyboardInterrupt

    [address] = recordings([ONE])
    scratch = _scratch(address.url, out)
    scratch.mkdir()
    (scratch / "of the one that was killed").touch()
    with pytest.raises(KeyboardInterrupt):
        read_all([ONE, BROKEN], out, Looking())
    assert {path.name for path in seen} == {"one.mp4"} and left_over(tmp_path) == []


def test_an_actor_fetches_itself(store, tmp_path):
    [address] = recordings([ONE])
    task = Task(address, "", address.size, tmp_path / "out")
    [row] = cluster.Reader(engines.fake, AnalysisRequest(fps=5), 60.0)(cluster.as_table(task)).to_pylist()
    entry = manifest.of_row(row)
    assert (entry.state, entry.source, entry.samples, entry.version) == ("read", address.url, 5, address.version)
    assert Dataset(task.folder).readings(recording_id(entry.sha256)).exists() and left_over(tmp_path) == []


def test_an_actor_that_gives_up_leaves_nothing_of_what_another_one_fetched(store, tmp_path):
    [address] = recordings([ONE])
    task = Task(address, "", address.size, tmp_path / "out")
    task.checkpoint.parent.mkdir(parents=True)
    task.checkpoint.with_suffix(".begun").write_text("1.0\ntoo slow\n")
    _scratch(address.url, task.folder).mkdir()
    [row] = cluster.Reader(engines.fake, AnalysisRequest(fps=5), 60.0)(cluster.as_table(task)).to_pylist()
    assert manifest.of_row(row).stage == "limit" and left_over(tmp_path) == []


def test_a_manifest_of_before_there_were_stores_is_read(store, clip, tmp_path):
    import pyarrow.parquet as pq

    read_all([clip], tmp_path, HereEngine())
    path = tmp_path / MANIFEST
    before = rows(tmp_path)
    pq.write_table(pq.read_table(path).drop_columns(["version"]), path)
    assert rows(tmp_path) == before
    pq.write_table(pq.read_table(path).drop_columns(["name"]), path)
    with pytest.raises(MediaError, match="no manifest"):
        rows(tmp_path)


def test_a_store_is_not_watched_nor_written_to(store, tmp_path, capsys):
    with pytest.raises(RequestError, match="watched"):
        Watch([ONE])
    with pytest.raises(SystemExit):
        main(["batch", ONE, "--out", "s3://bucket/out"])
    assert "a folder of this machine" in capsys.readouterr().err


def test_an_address_has_the_name_of_its_file():
    assert Address("s3://bucket/day 1/one.mp4").name == "one.mp4"


def test_damaged_readings_of_another_file_with_the_same_content_are_read_again(store, tmp_path):
    read_all([ONE], tmp_path / "out", HereEngine())
    [path] = (tmp_path / "out").glob("readings/*/part.parquet")
    path.write_bytes(b"PAR1 torn PAR1")
    assert not read_all([SAME], tmp_path / "out", HereEngine()).failed
    assert len(Timeline.read(path).frame) == 5
