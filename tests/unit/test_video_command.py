"""`video` and `smoothing-study` on the command line."""

import json
import os
import signal
import subprocess
import sys
import zipfile
from pathlib import Path

import cv2
import numpy as np
import pandas as pd
import pytest
from pypdf import PdfReader

from fer_core import EMOTIONS
from fer_core.analysis.checkpoint import Checkpoint
from fer_core.cli import main
from fer_core.commands.video import CHECKPOINT
from fer_core.detection import load_detector
from fer_core.file_lock import locked
from fer_core.pipeline import EmotionPipeline
from fer_core.request import DEFAULT_DETECTOR
from fer_core.timeline.columns import COLUMNS, GROUP_COLUMNS
from fer_core.timeline.editing.study import Study
from tests.checkpoints import parts_of
from tests.conftest import ROOT
from tests.videos import scene, write_sound_only, write_video


@pytest.fixture(scope="module")
def clip(tmp_path_factory) -> Path:
    pictures = [scene((150 + number, 120, 220)) for number in range(40)] + [scene()] * 10
    return write_video(tmp_path_factory.mktemp("clip") / "Übung 1.mp4", pictures)


def interrupt_after_a_part(monkeypatch) -> None:
    """Have analyses end as Ctrl-C ends them, once a part was saved."""
    add = Checkpoint.add

    def interrupt(self, part):
        add(self, part)
        raise KeyboardInterrupt

    monkeypatch.setattr("fer_core.analysis.run.SAVE_EVERY_S", 0)
    monkeypatch.setattr("fer_core.analysis.run.BATCH", 2)
    monkeypatch.setattr(Checkpoint, "add", interrupt)


def answer(capsys, *arguments) -> tuple[int, str, str]:
    status = main([str(argument) for argument in arguments])
    captured = capsys.readouterr()
    return status, captured.out, captured.err


def test_the_folder_is_the_contract(capsys, clip, tmp_path):
    status, out, err = answer(capsys, "video", clip, "--out", tmp_path / "results")
    assert (status, out) == (0, "") and "100% of the recording" in err and "Traceback" not in err
    names = {path.name for path in (tmp_path / "results").iterdir()}
    assert names == {"timeline.csv", "timeline_columns.csv", "timeline.parquet", "summary.json", "report.pdf"}
    table = pd.read_csv(tmp_path / "results" / "timeline.csv")
    assert tuple(table.columns) == (*COLUMNS, *GROUP_COLUMNS)
    assert table["time_s"].tolist() == pytest.approx([0, 0.28, 0.52, 0.76, 1.0, 1.28, 1.52, 1.76], abs=1e-3)
    assert table["person"].isna().tolist() == [False] * 7 + [True]
    assert set(table["label"].dropna()) <= set(EMOTIONS)
    summary = json.loads((tmp_path / "results" / "summary.json").read_text())
    assert summary["recording"]["name"] == "Übung 1.mp4" and summary["problems"] == []
    assert (summary["samples"], summary["samples_without_a_face"]) == (8, 1)
    [person] = summary["people"]
    assert person["name"] == "Person 1" and person["samples"] == 7
    assert sum(person["shares"].values()) == pytest.approx(1, abs=1e-4)


def test_a_folder_is_for_one_recording_and_one_process(capsys, clip, tmp_path):
    out, other = tmp_path / "out", write_video(tmp_path / "other.mp4", [scene()] * 10)
    assert answer(capsys, "video", other, "--out", out)[0] == 0
    before = {path.name: path.read_bytes() for path in out.iterdir()}
    (out / "evidence.zip").write_bytes(b"of before")
    status, _, err = answer(capsys, "video", clip, "--out", out)
    assert status == 3 and "the results of another recording (other.mp4)" in err and err.count("\n") == 1
    assert {path.name: path.read_bytes() for path in out.iterdir()} == {**before, "evidence.zip": b"of before"}
    with locked(out / ".lock", stays=False):
        (out / CHECKPOINT).write_text("of another process")
        status, _, err = answer(capsys, "video", other, "--out", out)
        assert status == 3 and "Another process is writing" in err and err.count("\n") == 1
        assert (out / CHECKPOINT).read_text() == "of another process"
    status, _, err = answer(capsys, "video", other, "--out", out)
    assert status == 0 and "evidence.zip is of an earlier run" in err and not (out / ".lock").exists()


@pytest.mark.parametrize("more", [(), ("--resume",)])
def test_what_was_read_of_another_recording_stays(capsys, clip, tmp_path, monkeypatch, more):
    out, other = tmp_path / "out", write_video(tmp_path / "other.mp4", [scene()] * 10)
    with monkeypatch.context() as interrupted:
        interrupt_after_a_part(interrupted)
        assert answer(capsys, "video", other, "--out", out, "--fps", "0")[0] == 130
    kept = (out / CHECKPOINT).read_bytes()
    status, _, err = answer(capsys, "video", clip, "--out", out, *more)
    assert status == 3 and "what was read of another recording" in err and err.count("\n") == 1
    assert {path.name: path.read_bytes() for path in out.iterdir()} == {CHECKPOINT: kept}
    assert answer(capsys, "video", other, "--out", out, "--fps", "0", *more)[0] == 0


def test_options_reach_the_analysis(capsys, clip, tmp_path):
    options = ["--fps", "2", "--smoothing", "median", "--time-constant", "0.8", "--model", "custom_cnn"]
    assert answer(capsys, "video", clip, "--out", tmp_path, *options)[0] == 0
    summary = json.loads((tmp_path / "summary.json").read_text())
    request = summary["request"]
    assert (request["fps"], request["smoothing"], request["time_constant_s"]) == (2.0, "median", 0.8)
    assert request["model"] == "custom_cnn" and request["detector"]["name"] == DEFAULT_DETECTOR
    used = {"custom_cnn", "custom_cnn/model.tflite", *load_detector().files}
    assert set(summary["provenance"]["files"]) >= used


def test_a_region_and_a_threshold_reach_the_analysis(capsys, clip, tmp_path):
    options = ["--region", "0.75,0,0.25,1", "--threshold", "0.9"]
    status, _, err = answer(capsys, "video", clip, "--out", tmp_path / "beside", *options)
    summary = json.loads((tmp_path / "beside" / "summary.json").read_text())
    assert status == 0 and "No face was found" in err and summary["people"] == []  # the face is in the middle
    assert summary["request"]["region"] == {"x": 0.75, "y": 0, "width": 0.25, "height": 1}
    assert summary["request"]["uncertain_below"] == 0.9
    with pytest.raises(SystemExit):
        main(["video", str(clip), "--out", str(tmp_path / "no"), "--region", "0.5,0,0.75,1"])
    assert "--region" in capsys.readouterr().err


def test_corrections_are_made_in_every_file(capsys, clip, tmp_path):
    log = tmp_path / "edits.json"
    log.write_text(json.dumps([{"kind": "name", "person": 1, "name": "P07"}]))
    out = tmp_path / "out"
    assert answer(capsys, "video", clip, "--out", out, "--edits", log)[0] == 0
    assert json.loads((out / "summary.json").read_text())["people"][0]["name"] == "P07"
    assert [edit.name for edit in Study.open(out / "timeline.parquet").edits] == ["P07"]
    assert "P07" in "".join(page.extract_text() for page in PdfReader(out / "report.pdf").pages)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[", "is not JSON"),
        ('[{"kind": "dance", "person": 1}]', "Edit 1 is not understood"),
        ('[{"kind": "name", "person": 1, "name": "P07"}, 3]', "Edit 2 is not understood"),
        (
            '[{"kind": "merge", "person": 1, "other": 1}]',
            "Edit 1 is not understood; correct it: A person cannot",
        ),
        ('[{"kind": "exclude", "spans": [{"start_s": 6, "end_s": 4}]}]', 'correct its "spans": a span cannot end'),
    ],
)
def test_corrections_that_are_none_cost_no_analysis(capsys, clip, tmp_path, text, words):
    (tmp_path / "edits.json").write_text(text)
    status, out, err = answer(capsys, "video", clip, "--out", tmp_path / "out", "--edits", tmp_path / "edits.json")
    assert (status, out) == (3, "") and words in err and err.count("\n") == 1 and not (tmp_path / "out").exists()


def test_edits_that_do_not_fit_are_corrected_without_reading_anew(capsys, clip, tmp_path, monkeypatch):
    log, out, faces, read = tmp_path / "edits.json", tmp_path / "out", [], EmotionPipeline.read_faces
    monkeypatch.setattr(EmotionPipeline, "read_faces", lambda self, found: faces.extend(found) or read(self, found))
    log.write_text('[{"kind": "merge", "person": 1, "other": 9}]')
    status, _, err = answer(capsys, "video", clip, "--out", out, "--edits", log)
    assert status == 3 and "There is no person 9" in err
    assert f"{CHECKPOINT}; correct the edits, then go on with the same command and --resume" in err
    log.write_text('[{"kind": "name", "person": 1, "name": "P07"}]')
    assert answer(capsys, "video", clip, "--out", out, "--edits", log, "--resume")[0] == 0
    [person] = json.loads((out / "summary.json").read_text())["people"]
    assert (person["name"], person["samples"], len(faces)) == ("P07", 7, 7)


def test_a_damaged_recording_gives_a_partial_result_and_a_note(capsys, tmp_path):
    noise = np.random.default_rng(0).integers(0, 256, (75, 240, 320, 3), dtype=np.uint8)
    whole = write_video(tmp_path / "whole.mp4", list(noise), container_options={"movflags": "faststart"})
    short = tmp_path / "short.mp4"
    short.write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])
    status, _, err = answer(capsys, "video", short, "--out", tmp_path / "out")
    assert status == 0 and "may have been cut off" in err
    assert any("cut off" in problem for problem in json.loads((tmp_path / "out/summary.json").read_text())["problems"])


def _sound(folder: Path) -> Path:
    return write_sound_only(folder / "sound.m4a")


def _text(folder: Path) -> Path:
    (folder / "text.mp4").write_text("no recording")
    return folder / "text.mp4"


def _missing(folder: Path) -> Path:
    return folder / "missing.mp4"


@pytest.mark.parametrize(
    ("make", "words"), [(_sound, "no picture"), (_text, "not a recording"), (_missing, "does not exist")]
)
def test_bad_input_is_one_clear_line(capsys, tmp_path, make, words):
    status, out, err = answer(capsys, "video", make(tmp_path), "--out", tmp_path / "out")
    assert (status, out) == (3, "") and words in err and err.count("\n") == 1
    assert not (tmp_path / "out" / "timeline.csv").exists()


def test_a_place_that_cannot_be_written_is_said(capsys, clip, tmp_path):
    (tmp_path / "file").write_text("in the way")
    status, _, err = answer(capsys, "video", clip, "--out", tmp_path / "file")
    assert status == 3 and "results need a folder" in err and "Traceback" not in err


@pytest.mark.parametrize("arguments", [["x.mp4"], ["x.mp4", "--out", "y", "--smoothing", "soothing"], ["--out", "y"]])
def test_wrong_usage(arguments):
    with pytest.raises(SystemExit) as stopped:
        main(["video", *arguments])
    assert stopped.value.code == 2


@pytest.mark.skipif(sys.platform == "win32", reason="no signals")
def test_an_interrupted_run_goes_on_with_resume(capsys, tmp_path, monkeypatch):
    long = write_video(tmp_path / "long.mp4", [scene((150 + number, 120, 220)) for number in range(24)])
    whole, out = tmp_path / "whole", tmp_path / "out"
    assert answer(capsys, "video", long, "--out", whole, "--fps", "0")[0] == 0
    code = (
        "import signal, sys, time, fer_core.analysis.run as v; v.SAVE_EVERY_S = 0; v.BATCH = 2\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background ignores it\n"
        "from fer_core.analysis.follow import Follower; follow = Follower.__call__\n"
        "def waits(self, *given):  # so that it cannot be done before it is ended\n"
        "    time.sleep(60 if given[3] == 20 else 0)\n"
        "    return follow(self, *given)\n"
        "Follower.__call__ = waits\n"
        "from fer_core.cli import main; sys.exit(main(sys.argv[1:]))"
    )
    command = [sys.executable, "-c", code, "video", str(long), "--out", str(out), "--fps", "0"]
    process = subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, text=True, start_new_session=True)
    saved = parts_of(out / CHECKPOINT, 2, 60)
    os.killpg(process.pid, signal.SIGINT)  # a terminal tells the process that decodes, too
    _, said = process.communicate(timeout=30)
    assert process.returncode == 130 and "--resume" in said and "Traceback" not in said and saved
    assert not (out / "timeline.csv").exists()
    faces, read = [], EmotionPipeline.read_faces
    monkeypatch.setattr(EmotionPipeline, "read_faces", lambda self, found: faces.extend(found) or read(self, found))
    status, *_ = answer(capsys, "video", long, "--out", out, "--fps", "0", "--resume")
    assert status == 0 and not (out / CHECKPOINT).exists() and 4 <= len(faces) < 24
    one, other = (pd.read_csv(folder / "timeline.csv") for folder in (whole, out))
    assert one["frame"].tolist() == other["frame"].tolist()
    boxes = ["x", "y", "width", "height"]
    pd.testing.assert_frame_equal(one[boxes], other[boxes])
    assert np.allclose(one[list(EMOTIONS)], other[list(EMOTIONS)], atol=1e-4)


@pytest.mark.parametrize(
    ("now", "words"),
    [((), "another fps"), (("--fps", "0", "--region", "0,0,0.9,1"), "another region")],
)
def test_an_option_that_is_forgotten_at_resume_costs_nothing_of_what_was_read(
    capsys, clip, tmp_path, monkeypatch, now, words
):
    out = tmp_path / "out"
    with monkeypatch.context() as interrupted:
        interrupt_after_a_part(interrupted)
        assert answer(capsys, "video", clip, "--out", out, "--fps", "0")[0] == 130
    kept = (out / CHECKPOINT).read_bytes()
    status, _, err = answer(capsys, "video", clip, "--out", out, "--resume", *now)
    assert status == 3 and words in err and "leave out --resume" in err and err.count("\n") == 1
    assert (out / CHECKPOINT).read_bytes() == kept
    going_on = ("--fps", "0", "--resume", "--smoothing", "median")  # which is applied afterwards
    status, _, err = answer(capsys, "video", clip, "--out", out, *going_on)
    assert status == 0 and "not gone on with" not in err


@pytest.mark.parametrize("slip", [("interveiw.mp4",), ("{clip}", "--model", "cnn"), ("{clip}", "--purpose", "hiring")])
def test_a_slip_of_the_pen_costs_nothing_of_what_was_read(capsys, clip, tmp_path, slip):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / CHECKPOINT).write_text("{}\n{}\n")
    arguments = [each.format(clip=clip) for each in slip]
    assert answer(capsys, "video", *arguments, "--out", tmp_path / "out")[0] == 3
    assert (tmp_path / "out" / CHECKPOINT).read_text() == "{}\n{}\n"


def test_smoothing_study(capsys, tmp_path):
    rng = np.random.default_rng(0)
    data = tmp_path / "faces.zip"
    with zipfile.ZipFile(data, "w") as archive:
        for i, emotion in enumerate(EMOTIONS):
            face = rng.integers(0, 256, (48, 48), dtype=np.uint8)
            archive.writestr(f"test/{emotion}/PublicTest_{i}.png", cv2.imencode(".png", face)[1].tobytes())
            archive.writestr(f"train/{emotion}/Training_{i}.png", cv2.imencode(".png", face)[1].tobytes())
    arguments = ["smoothing-study", "--data", data, "--time-constants", "0.4", "--sequences", "3", "--json", "-"]
    status, out, _ = answer(capsys, *arguments)
    figures = json.loads(out)
    assert status == 0 and "flatters" in figures["caveat"]
    assert [row["smoothing"] for row in figures["results"]["held"]] == ["none", "exponential", "median", "hmm"]
