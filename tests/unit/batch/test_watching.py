"""Folders that fill."""

import os
from pathlib import Path

import pytest

from fer_core import MediaError
from fer_core.batch import watching
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


def test_a_folder_that_does_not_exist_is_said(tmp_path):
    with pytest.raises(MediaError, match="does not exist"):
        Watch([tmp_path / "nowhere"]).ready(0.0)


def test_recordings_are_read_as_they_come(tmp_path, monkeypatch, decoded_here):
    monkeypatch.setattr(watching, "SETTLED_S", 0.01)
    monkeypatch.setattr(watching, "LOOK_EVERY_S", 0.02)
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
