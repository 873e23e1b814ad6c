"""The libraries that decode have the releases that they must have, and the table that says so is looked after."""

import ast
from datetime import date, timedelta
from pathlib import Path

import pytest

import fer_core
from fer_core.media import libraries
from fer_core.media.libraries import LAST_LOOKED_AT, LIBRARIES, Library, is_older, look


def test_no_installed_library_is_below_its_floor():
    found, _ = look(date.today())
    assert [one.problem for one in found if one.problem] == []
    assert {"FFmpeg in PyAV", "libwebp in Pillow", "libtiff in Pillow"} <= {one.name for one in found}


def test_the_day_of_the_last_look_is_one_that_was():
    assert date.today() >= LAST_LOOKED_AT


def test_a_table_that_is_old_is_said():
    assert look(LAST_LOOKED_AT)[1] is None
    assert "look at them again" in (look(LAST_LOOKED_AT + timedelta(days=400))[1] or "")


@pytest.mark.parametrize(
    ("version", "floor", "older"),
    [("8.0.9", "8.1", True), ("8.1.2", "8.1", False), ("10.0", "9.0.2", False), ("n8.1.2-static", "8.1.3", True)],
)
def test_releases_are_compared_by_their_numbers(version, floor, older):
    assert is_older(version, floor) is older


@pytest.mark.parametrize(
    ("library", "words"),
    [
        (Library("thing", "2.0", "it is bad", lambda: "1.9"), "is 1.9, before 2.0: it is bad; update the wheel"),
        (Library("thing", "1.0", "it is bad", lambda: "1.9", ("h264",)), "must not decode h264"),
    ],
)
def test_what_is_wrong_is_a_sentence(monkeypatch, library, words):
    monkeypatch.setattr(libraries, "LIBRARIES", (library,))
    [one], _ = look(LAST_LOOKED_AT)
    assert one.problem is not None and words in one.problem


def test_a_wheel_that_is_not_there_is_passed_over(monkeypatch):
    monkeypatch.setattr(libraries, "LIBRARIES", (Library("thing", "1", "bad", lambda: None),))
    assert look(LAST_LOOKED_AT) == ([], None)


def test_every_floor_has_its_reason():
    assert all(each.because and is_older("0", each.at_least) for each in LIBRARIES)


def test_no_recording_is_opened_but_under_the_limits():
    """OpenCV's own reader knows none, and PyAV's is used for reading in two processes alone; cameras are no files."""
    root = Path(fer_core.__file__).parent
    for path in root.rglob("*.py"):
        text = path.read_text(encoding="utf-8")
        for node in ast.walk(ast.parse(text)) if "VideoCapture" in text or "av.open" in text else ():
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "cv2.VideoCapture":
                assert path.name == "sources.py" and "self.number" in ast.unparse(node.args[0]), path
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "av.open":
                writes = len(node.args) > 1 and ast.unparse(node.args[1]) == "'w'"
                names = {"decoding.py", "sound.py", "encoding.py", "sources.py"}
                own = path.parent.name == "benchmarks"  # opens what it made itself
                assert writes or own or path.name in names, f"{path}: {ast.unparse(node)}"
