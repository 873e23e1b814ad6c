"""`bench --against`: pairs of the same work, in a Python that is not this one."""

import sys
from types import SimpleNamespace

import pandas as pd
import pytest

from fer_core.cli import main
from fer_core.diagnostics.benchmarks import peers, starts, table
from fer_core.errors import DependencyError, WorkerError
from fer_core.pipeline import EmotionPipeline
from fer_core.readings import Box
from fer_core.testing import fake_pipeline

THEIRS = """
class FER:
    def __init__(self, mtcnn=False):
        print("words that nobody asked for")

    def detect_emotions(self, picture):
        assert picture.shape == (480, 640, 3)
        return [{"box": [0, 0, 9, 9]}]
"""


@pytest.fixture
def package(tmp_path, monkeypatch):
    """A package of that name which this Python finds, and which answers as the other project does."""
    folder = tmp_path / "packages"
    (folder / "fer").mkdir(parents=True)
    (folder / "fer" / "__init__.py").write_text("")
    (folder / "fer" / "fer.py").write_text(THEIRS)
    (folder / "fer" / "classes.py").write_text(
        "class Video:\n    def __init__(self, path, outdir): pass\n"
        "    def analyze(self, reader, frequency, **_): return [frequency]\n"
    )
    (folder / "fer-1.2.dist-info").mkdir()
    (folder / "fer-1.2.dist-info" / "METADATA").write_text("Metadata-Version: 2.1\nName: fer\nVersion: 1.2\n")
    monkeypatch.setenv("PYTHONPATH", str(folder))
    return folder


def test_both_do_the_same_work_in_turns(package, monkeypatch):
    turns = []
    monkeypatch.setattr(peers, "fresh", lambda *arguments, python=sys.executable: lambda: turns.append(arguments[0]))
    monkeypatch.setattr(peers, "made", lambda folder, seconds, size: folder / f"{size}.mp4")
    seen = SimpleNamespace(frame=pd.DataFrame({"person": pd.array([1, None, 2], "Int64")}))
    monkeypatch.setattr(EmotionPipeline, "analyze_video", lambda _, path, fps: turns.append(fps) or seen)
    with peers.opened() as peer:
        measured = peers.against(peer, fake_pipeline([Box(9, 9, 60, 60)]), rounds=peers.Rounds(1, 3, 2, 1))
    assert turns == [starts.IMAGE[0], peers._SCRIPT] * 2 + [3.75] * 2  # each first once that does not count
    assert measured.versions["fer"] == "1.2"
    by_key = {one.key: one for one in measured.comparisons}
    assert list(by_key) == ["cold", "haar", "mtcnn", "recording"]
    assert [one.ours.n for one in by_key.values()] == [1, 3, 2, 1]
    assert (by_key["haar"].ours_found, by_key["haar"].theirs_found) == (1, 1)
    assert (by_key["recording"].ours_found, by_key["recording"].theirs_found) == (2, 1)
    assert "1.2" in table.peer_markdown(measured) and len(list(table.peer_lines(measured))) == 2 + 4


def test_a_ratio_is_the_median_of_the_pairs_and_more_is_faster():
    one = peers.Comparison.of("cold", "cold", "s", [1.0, 2.0, 10.0], [4.0, 6.0, 10.0])
    assert (one.ratio, one.ratio_least, one.ratio_most) == (3, 1, 4)
    assert (one.ours.median, one.theirs.median) == (2, 6)


@pytest.mark.parametrize(
    ("python", "words"),
    [("/nowhere/python", "does not run .* name another Python"), (sys.executable, "pip install fer==")],
)
def test_what_is_missing_is_one_sentence(python, words, capsys, tmp_path, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setattr("fer_core.commands.bench._subject", lambda *_: SimpleNamespace(model="fake", pipeline=None))
    with pytest.raises(DependencyError, match=words), peers.opened(python):
        pass
    assert main(["bench", "--only", "--against", "fer", "--against-python", python]) == 3
    assert len(capsys.readouterr().err.strip().splitlines()) == 1


@pytest.mark.skipif(sys.platform == "win32", reason="a shell script stands for the other Python")
def test_a_python_is_named_as_seen_from_here(package, tmp_path, monkeypatch):
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "python").write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
    (tmp_path / "bin" / "python").chmod(0o755)
    monkeypatch.chdir(tmp_path)
    with peers.opened("bin/python") as peer:
        assert peer.versions["fer"] == "1.2"


def test_an_end_in_the_middle_is_told(package):
    (package / "fer" / "classes.py").write_text("")
    with peers.opened() as peer, pytest.raises(WorkerError, match="ended before"):
        peer.ask("recording", package, every=8, folder=str(package))
