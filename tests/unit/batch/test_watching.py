"""Folders that fill."""

import os
from pathlib import Path

import pytest

from fer_core import MediaError
from fer_core.batch import watching
from fer_core.batch.run import read_all
from fer_core.batch.watching import SETTLED_S, Watch, read_as_they_come
from tests.unit.batch.engines import HereEngine
from tests.videos import scene, write_video


def test_a_file_is_ready_once_it_no_longer_changes(tmp_path):
    watch, path = Watch([tmp_path]), tmp_path / "a.mp4"
    assert watch.ready(0.0) == []  # nothing yet
    path.touch()
    assert watch.ready(1.0) == [] == watch.ready(1.0 + SETTLED_S)  # empty: somebody has just begun
    path.write_bytes(b"part")
    assert watch.ready(20.0) == [] == watch.ready(19.9 + SETTLED_S)
    path.write_bytes(b"part and more")
    assert watch.ready(20.1 + SETTLED_S) == []
    assert watch.ready(20.1 + 2 * SETTLED_S) == [path]
    assert watch.ready(100.0) == [] == watch.ready(200.0)  # once
    os.utime(path, (1, 1))  # written anew
    assert watch.ready(300.0) == [] and watch.ready(300.0 + SETTLED_S) == [path]


def test_a_file_that_could_not_be_opened_is_ready_again_after_longer_and_longer_rests(tmp_path):
    watch, path = Watch([tmp_path]), tmp_path / "a.mp4"
    path.write_bytes(b"whole")
    watch.ready(0.0)
    now_s = SETTLED_S
    for rest_s in (2 * SETTLED_S, 4 * SETTLED_S):
        assert watch.ready(now_s) == [path]
        watch.try_again(path, now_s)
        assert watch.ready(now_s + rest_s - 0.1) == []
        now_s += rest_s
    os.utime(path, (1, 1))  # written anew
    assert watch.ready(now_s) == [] and watch.ready(now_s + SETTLED_S) == [path]


def test_a_folder_that_does_not_exist_is_said(tmp_path):
    with pytest.raises(MediaError, match="does not exist"):
        Watch([tmp_path / "nowhere"]).ready(0.0)


@pytest.fixture
def hurried(monkeypatch, decoded_here) -> None:
    monkeypatch.setattr(watching, "SETTLED_S", 0.01)
    monkeypatch.setattr(watching, "LOOK_EVERY_S", 0.02)


def test_no_other_call_writes_the_dataset_of_a_watch(tmp_path, hurried):
    folder, out = tmp_path / "in", tmp_path / "out"
    folder.mkdir()
    write_video(folder / "a.mp4", [scene((150, 120, 220))] * 5)
    reports = read_as_they_come([folder], out, HereEngine())
    next(reports)
    for second in (
        lambda: next(read_as_they_come([folder], out, HereEngine())),
        lambda: read_all([folder], out, HereEngine()),
    ):
        with pytest.raises(MediaError, match="Another process is writing"):
            second()
    reports.close()
    assert not read_all([folder], out, HereEngine()).failed


def test_a_file_that_cannot_be_opened_for_a_while_is_read_once_it_can(tmp_path, hurried, monkeypatch):
    folder, may = tmp_path / "in", Path.open
    folder.mkdir()
    write_video(folder / "a.mp4", [scene((150, 120, 220))] * 5)
    reports = read_as_they_come([folder], tmp_path / "out", HereEngine())
    with monkeypatch.context() as away:
        away.setattr(Path, "open", lambda self, *how, **more: _refuse(self) or may(self, *how, **more))
        assert [row.stage for row in next(reports).entries] == ["file"]
    assert [row.state for row in next(reports).entries] == ["read"]


def _refuse(path: Path) -> None:
    if path.name == "a.mp4":
        raise PermissionError(13, "Permission denied", str(path))


def test_recordings_are_read_as_they_come(tmp_path, hurried):
    folder, engine = tmp_path / "in", HereEngine()
    folder.mkdir()
    reports = read_as_they_come([folder], tmp_path / "out", engine)

    def arrive(name: str, wall: int) -> None:
        write_video(tmp_path / name, [scene((150, 120, 220), wall=wall)] * 5)
        Path(tmp_path / name).rename(folder / name)

    arrive("a.mp4", 60)
    assert [row.name for row in next(reports).entries] == ["a.mp4"]
    arrive("b.mp4", 90)
    (folder / "c.mp4").write_text("no recording")
    found = [*next(reports).entries]
    if len(found) == 1:  # the second look came between the two
        found += next(reports).entries
    assert {row.name: row.state for row in found} == {"b.mp4": "read", "c.mp4": "failed"}
    assert sorted(engine.read_names) == ["a.mp4", "b.mp4", "c.mp4"]
