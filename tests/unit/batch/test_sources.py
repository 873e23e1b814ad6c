"""Which recordings files, folders and patterns stand for."""

import os
from pathlib import Path

import pytest

from fer_core import MediaError
from fer_core.batch.sources import recordings


@pytest.fixture
def folder(tmp_path, monkeypatch) -> Path:
    names = ["b.mp4", "a.MOV", "notes.txt", ".hidden.mp4", "deep/er/c.mkv", ".trash/d.mp4", "._b.mp4"]
    for name in names:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(b"x")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    ("sources", "names"),
    [
        (["."], ["a.MOV", "b.mp4", "deep/er/c.mkv"]),
        (["notes.txt"], ["notes.txt"]),  # named, so wanted
        (["*.mp4"], ["b.mp4"]),
        (["*"], ["a.MOV", "b.mp4", "deep/er/c.mkv"]),
        (["**/*.mkv"], ["deep/er/c.mkv"]),
        (["b.mp4", "deep", ".", "./b.mp4"], ["b.mp4", "deep/er/c.mkv", "a.MOV"]),  # each once
        ([Path("deep")], ["deep/er/c.mkv"]),
    ],
)
def test_sources(folder, sources, names):
    assert recordings(sources) == [folder / name for name in names]


def test_a_file_may_be_named_like_a_pattern(folder):
    (folder / "take [1].mp4").write_bytes(b"x")
    assert recordings(["take [1].mp4"]) == [folder / "take [1].mp4"]


def test_a_folder_that_cannot_be_listed_is_not_left_out_unnoticed(folder, monkeypatch):
    walk = os.walk

    def refusing(top, onerror):
        onerror(PermissionError(13, "Permission denied", str(folder / "day2")))
        return walk(top)

    monkeypatch.setattr(os, "walk", refusing)
    with pytest.raises(MediaError, match="day2 cannot be read"):
        list(recordings([folder]))


def test_a_link_without_a_file_is_a_source(folder):
    (folder / "lost.mp4").symlink_to("nowhere")
    assert folder / "lost.mp4" in recordings(["."])
    assert recordings(["lost.mp4"]) == [folder / "lost.mp4"]


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("nothing.mp4", "does not exist"),
        ("x" * 5000, "does not exist"),
        ("*.webm", "no recording in"),
        ("empty", "no recording in"),
    ],
)
def test_a_source_without_a_recording_is_said(folder, source, words):
    (folder / "empty").mkdir()
    with pytest.raises(MediaError, match=words):
        recordings(["b.mp4", source])
