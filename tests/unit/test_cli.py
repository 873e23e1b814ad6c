"""The command line, run as people run it: in a process of its own where start-up matters, else through `main`."""

import errno
import gc
import json
import os
import shlex
import subprocess
import sys
import time
import zipfile
from dataclasses import asdict
from pathlib import Path

import cv2
import numpy as np
import pytest

from fer_core import EMOTIONS, cli
from fer_core.classification import list_cards, load_card
from fer_core.cli import main, parser
from fer_core.commands import image
from fer_core.commands.training import training_settings
from fer_core.errors import MediaError, with_extra
from fer_core.networks.files import sha256
from fer_core.pipeline import EmotionPipeline
from fer_core.training.augmentation import Augmentation
from fer_core.training.settings import Settings
from tests.conftest import PORTRAIT, ROOT


def answer(capsys, *arguments) -> tuple[int, str, str]:
    status = main([str(argument) for argument in arguments])
    captured = capsys.readouterr()
    return status, captured.out, captured.err


def test_image_json_is_the_contract(capsys):
    status, out, err = answer(capsys, "image", PORTRAIT, "--json", "-")
    assert status == 0 and err == ""
    [record] = json.loads(out)
    assert list(record) == ["path", "sha256", "width", "height", "turned_deg", "faces", "edits", "settings"]
    assert (record["sha256"], record["turned_deg"]) == (sha256(PORTRAIT), 0)
    assert (record["path"], record["width"], record["height"]) == (str(PORTRAIT), 512, 512)
    [face] = record["faces"]
    assert {"box", "label", "confidence", "uncertain", "probabilities", "quality", "landmarks"} <= face.keys()
    assert (face["found_by"], record["edits"]) == ("detector", [])
    assert (record["settings"]["model"], record["settings"]["detector"]) == ("custom_cnn", "blazeface")
    assert list(face["probabilities"]) == list(EMOTIONS)
    assert sum(face["probabilities"].values()) == pytest.approx(1, abs=1e-4)
    assert face["label"] == "happy" and face["confidence"] == max(face["probabilities"].values())
    x, y, width, height = face["box"]
    assert 190 < x + width / 2 < 260 and 80 < y + height / 2 < 150


def test_image_in_words(capsys):
    status, out, _ = answer(capsys, "image", PORTRAIT)
    assert status == 0 and "1 face" in out and "happy" in out


def test_a_name_of_long_letters_is_cut_between_them_and_capitals_are_no_other_name(tmp_path):
    used = set()
    first = image._free_name(tmp_path, "面" * 100, used)
    assert set(first.stem.removesuffix("_annotated")) == {"面"} and len(first.name.encode()) < 256
    assert image._free_name(tmp_path, "A", used).name == "A_annotated.png"
    assert image._free_name(tmp_path, "a", used).name == "a_2_annotated.png"


def test_a_picture_that_cannot_be_drawn_is_told_and_its_readings_too(capsys, tmp_path, monkeypatch):
    def full(path, data):
        raise MediaError(f"{path} cannot be written (No space left on device); make room there.")

    monkeypatch.setattr(image, "write_file", full)
    status, out, err = answer(capsys, "image", PORTRAIT, "--annotate", tmp_path / "out", "--json", "-")
    assert status == 3 and "make room" in err and json.loads(out)[0]["faces"]


@pytest.mark.parametrize("name", ["x" * 300, "\N{GRINNING FACE}" * 64])
def test_a_name_longer_than_any_file_is_no_model(capsys, name):
    status, _, err = answer(capsys, "image", PORTRAIT, "--model", name)
    assert status == 3 and "There is no model" in err and "Traceback" not in err


def test_annotated_pictures_do_not_overwrite_each_other(capsys, tmp_path):
    other = tmp_path / "other" / "astronaut.png"
    other.parent.mkdir()
    other.write_bytes(PORTRAIT.read_bytes())
    status, *_ = answer(capsys, "image", PORTRAIT, other, "--annotate", tmp_path / "out")
    assert status == 0
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [
        "astronaut_2_annotated.png",
        "astronaut_annotated.png",
    ]
    drawn = cv2.imread(str(tmp_path / "out" / "astronaut_annotated.png"))
    assert drawn.shape == (512, 512, 3) and (drawn != cv2.imread(str(PORTRAIT))).any()


def test_annotated_pictures_of_an_earlier_call_stay(capsys, tmp_path):
    (tmp_path / "astronaut_annotated.png").write_bytes(b"of before")
    status, _, err = answer(capsys, "image", PORTRAIT, "--annotate", tmp_path)
    assert status == 0 and (tmp_path / "astronaut_annotated.png").read_bytes() == b"of before"
    assert (tmp_path / "astronaut_2_annotated.png").exists() and "is drawn in" in err


@pytest.mark.skipif(sys.platform != "linux", reason="such names do not exist there")
def test_a_name_that_is_no_text_stands_in_json_that_everybody_reads(capsys, tmp_path):
    picture = tmp_path / os.fsdecode(b"bad\xff.png")
    picture.write_bytes(PORTRAIT.read_bytes())
    status, out, _ = answer(capsys, "image", picture, "--json", "-")
    [record] = json.loads(out)
    assert status == 0 and record["path"] == str(tmp_path / "bad\N{REPLACEMENT CHARACTER}.png")


def test_one_bad_picture_does_not_lose_the_others(capsys, tmp_path):
    bad = tmp_path / "bad.jpg"
    bad.write_text("not a picture")
    status, out, err = answer(capsys, "image", bad, PORTRAIT, tmp_path / "missing.png", "--json", "-")
    assert status == 3
    assert [record["path"] for record in json.loads(out)] == [str(PORTRAIT)]
    lines = err.strip().splitlines()
    assert len(lines) == 2 and "bad.jpg" in lines[0] and "missing.png" in lines[1]


def test_json_into_a_file(capsys, tmp_path):
    status, out, _ = answer(capsys, "image", PORTRAIT, "--json", tmp_path / "new" / "faces.json")
    assert status == 0 and out == ""
    assert len(json.loads((tmp_path / "new" / "faces.json").read_text())) == 1


def test_ctrl_c_writes_the_pictures_that_were_read(capsys, tmp_path, monkeypatch):
    read, pictures = EmotionPipeline.read_picture, iter(range(2))

    def until_ctrl_c(pipeline, picture):
        if next(pictures):
            raise KeyboardInterrupt
        return read(pipeline, picture)

    monkeypatch.setattr(EmotionPipeline, "read_picture", until_ctrl_c)
    status, _, err = answer(capsys, "image", PORTRAIT, PORTRAIT, PORTRAIT, "--json", tmp_path / "faces.json")
    assert status == 130 and "1 picture of 3" in err and "stopped." in err
    [record] = json.loads((tmp_path / "faces.json").read_text())
    assert len(record["faces"]) == 1


def test_a_place_that_cannot_be_written_is_said(capsys, tmp_path):
    (tmp_path / "file").write_text("in the way")
    status, _, err = answer(capsys, "image", PORTRAIT, "--json", tmp_path / "file" / "faces.json")
    assert status == 3 and "cannot be written" in err and err.count("\n") == 1


@pytest.mark.parametrize(
    "command",
    [
        "image {}",
        "bench --only start",
        "evaluate --data {}",
        "crop-study --data {}",
        "smoothing-study --data {}",
        "null-study",
    ],
)
@pytest.mark.parametrize("place", ["folder", "file/results.json", "full/new/results.json"])
def test_a_place_that_cannot_be_written_is_found_out_before_the_work(capsys, tmp_path, monkeypatch, command, place):
    access = os.access
    monkeypatch.setattr(os, "access", lambda path, mode: path != tmp_path / "full" and access(path, mode))
    monkeypatch.setattr("fer_core.diagnostics.null_study.null_study", lambda *_: pytest.fail("it was begun"))
    monkeypatch.setattr("fer_core.commands.bench._subject", lambda *_: pytest.fail("it was begun"))
    (tmp_path / "folder").mkdir()
    (tmp_path / "full").mkdir()
    (tmp_path / "file").write_text("in the way")
    missing = tmp_path / "missing"  # what would be read, and complained of first
    status, out, err = answer(capsys, *command.format(missing).split(), "--json", tmp_path / place)
    assert (status, out) == (3, "") and err.startswith(f"error: {tmp_path / place} cannot be written (")
    assert err.count("\n") == 1 and {path.name for path in tmp_path.iterdir()} == {"folder", "full", "file"}


def test_a_share_that_fails_is_one_clear_line(capsys, tmp_path, monkeypatch):
    def stale(options):
        raise OSError(errno.ESTALE, "Stale file handle", str(tmp_path / "share"))

    monkeypatch.setattr(image, "_image", stale)
    status, _, err = answer(capsys, "image", PORTRAIT)
    assert status == 3 and "share cannot be read or written (Stale file handle)" in err and err.count("\n") == 1


def test_results_in_a_folder_whose_name_is_too_long_are_refused_in_a_line(capsys):
    status, _, err = answer(capsys, "image", PORTRAIT, "--annotate", "x" * 5000)
    assert status == 3 and "cannot be written" in err and err.count("\n") == 1


def test_an_unknown_model_is_one_clear_line(capsys):
    status, out, err = answer(capsys, "image", PORTRAIT, "--model", "nothing")
    assert (status, out) == (3, "") and err.startswith("error: There is no model") and err.count("\n") == 1


@pytest.mark.parametrize("arguments", [[], ["nonsense"], ["image"], ["image", "a.png", "--detector", "x"]])
def test_wrong_usage(arguments):
    with pytest.raises(SystemExit) as stopped:
        main(arguments)
    assert stopped.value.code == 2


def test_an_option_that_needs_no_name_takes_none():
    options = parser().parse_args(["live", "0", "--agree", "--markers-in"])
    assert (options.markers_in, options.time_constant, options.threshold) == (True, 0.4, None)
    with pytest.raises(SystemExit) as stopped:  # of every stream, where a variable of a script is not set
        parser().parse_args(["live", "0", "--agree", "--markers-in", ""])
    assert stopped.value.code == 2


def commands() -> list[str]:
    [choices] = [action.choices for action in parser()._actions if action.choices]
    return list(choices)


@pytest.mark.parametrize("command", commands())
def test_every_command_explains_itself(command, capsys):
    with pytest.raises(SystemExit) as stopped:
        main([command, "--help"])
    assert stopped.value.code == 0
    assert "usage: python -m fer_core" in capsys.readouterr().out
    assert f"python -m fer_core {command}" in (ROOT / "docs" / "reference.md").read_text()


def test_models_list_and_verify(capsys):
    status, out, _ = answer(capsys, "models", "list")
    assert status == 0 and all(card.name in out for card in list_cards())
    status, out, err = answer(capsys, "models", "verify")
    assert (status, err) == (0, "") and "model.tflite\tok" in out


@pytest.fixture
def small_data(tmp_path) -> Path:
    rng = np.random.default_rng(0)
    path = tmp_path / "faces.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for split, prefix in (("train", "Training"), ("test", "PrivateTest")):
            for i, emotion in enumerate(EMOTIONS):
                face = rng.integers(0, 256, (48, 48), dtype=np.uint8)
                archive.writestr(f"{split}/{emotion}/{prefix}_{i}.png", cv2.imencode(".png", face)[1].tobytes())
    return path


def test_evaluate_json_is_the_contract(capsys, small_data, monkeypatch):
    installed = [load_card(name) for name in ("custom_cnn", "hybrid")]
    monkeypatch.setattr("fer_core.classification.list_cards", lambda: installed)
    status, out, _ = answer(capsys, "evaluate", "--data", small_data, "--json", "-")
    assert status == 0
    result = json.loads(out)
    assert (result["split"], result["n"]) == ("PrivateTest", 7)
    assert set(result["models"]) == {card.name for card in installed}
    for figures in result["models"].values():
        assert {
            "accuracy", "accuracy_ci95", "accuracy_deduplicated", "macro_f1", "balanced_accuracy", "ece", "nll",
            "brier", "per_class", "confusion", "ferplus", "parameters", "latency_ms",
        } <= set(figures)  # fmt: skip
        assert figures["ferplus"] is None
        assert np.array(figures["confusion"]).sum(axis=1).tolist() == [1] * 7
        assert set(figures["per_class"]["fear"]) == {"precision", "recall", "f1", "support", "auc"}


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--data", "no/such/place", "--model", "custom_cnn"], "does not exist"),
        (["--data", "{data}", "--split", "PublicTest", "--model", "custom_cnn"], "it has: PrivateTest, train"),
        (["--data", "{data}", "--model", "nothing"], "no model"),
    ],
)
def test_evaluate_says_what_is_wrong(arguments, words, capsys, small_data):
    filled = [argument.format(data=small_data) for argument in arguments]
    status, out, err = answer(capsys, "evaluate", *filled, "--json", "-")
    assert (status, out) == (3, "") and words in err and err.count("\n") == 1


def test_duplicates(capsys, small_data):
    status, out, _ = answer(capsys, "duplicates", "--data", small_data)
    assert status == 0 and "PrivateTest also in train: 0" in out


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ('{"no_such_setting": 1}', "learning_rate"),
        ('{"batch": 0}', "A setting cannot be used"),
        ("{", "not a readable JSON file"),
    ],
)
def test_settings_of_a_training_are_told_wrong_before_keras_is_loaded(capsys, tmp_path, monkeypatch, settings, words):
    monkeypatch.setitem(sys.modules, "keras", None)
    (tmp_path / "settings.json").write_text(settings)
    status, _, err = answer(capsys, "train", "--data", "x.zip", "--settings", tmp_path / "settings.json")
    assert status == 3 and words in err and err.count("\n") == 1


def test_a_training_without_keras_says_how_to_get_it(capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "keras", None)
    status, _, err = answer(capsys, "train", "--data", "x.zip")
    assert status == 3 and with_extra("train") in err


@pytest.mark.parametrize("recipe", sorted((ROOT / "docs" / "recipes").rglob("*.json")), ids=lambda path: path.stem)
def test_recipes_are_settings(recipe):
    options = parser().parse_args(["train", "--data", "x", "--settings", str(recipe), "--minutes", "3", "--seed", "7"])
    settings = training_settings(options)
    wanted = {"model": "custom_cnn", **json.loads(recipe.read_text())}
    assert (settings.minutes, settings.seed) == (3, 7)
    assert (settings.model, settings.epochs) == (wanted["model"], wanted.get("epochs", Settings().epochs))
    assert asdict(settings.augmentation) == {**asdict(Augmentation()), **wanted["augmentation"]}


def test_a_process_of_its_own_ends_without_a_traceback(tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "fer_core", "image", str(tmp_path / "ü.png")],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        env={**os.environ, "PYTHONIOENCODING": "utf-8"},
    )
    assert done.returncode == 3 and done.stdout == ""
    assert done.stderr.count("\n") == 1 and "Traceback" not in done.stderr


def test_garbage_is_looked_for_once_a_command_has_started(capsys, monkeypatch):
    monkeypatch.setattr(cli, "STARTED_AFTER_S", 0.2)
    assert main(["image", str(PORTRAIT)]) == 0
    until_s = time.monotonic() + 10
    while not gc.isenabled() and time.monotonic() < until_s:
        time.sleep(0.05)
    assert gc.isenabled()


@pytest.mark.parametrize(
    ("command", "words"),
    [
        ("bench --minutes 0", "0 is no finite number above 0"),
        ("bench --seconds 3", "add --live"),
        ("bench --only --recording x.mp4", "add --live"),
        ("bench --minutes 3", "add --video"),
        ("bench --rounds 3", "add --pages"),
        ("bench --tiny", "add --batch"),
        ("bench --against-python x", "add --against"),
        ("bench --only start --codecs hevc", "the part recording"),
        ("bench --only --length 120 --detectors haar", "the part recording"),
        ("bench --only recording --engines keras", "the part classifier"),
        ("batch x --out y --limit 1h", "invalid float value: '1h'"),
        ("batch x --out y --limit inf", "inf is no finite number above 0"),
        ("null-study --seed -1", "-1 is below 0"),
        ("null-study --people 4", "4 is below 5"),
        ("smoothing-study --data x --json - --fps 0", "0 is no finite number above 0"),
        ("smoothing-study --data x --json - --sequences 0", "0 is below 1"),
        ("smoothing-study --data x --json - --time-constants soon", "invalid float value: 'soon'"),
        ("live 0 --agree --origin http://x", "--websocket"),
        ("live 0 --agree --websocket --origin localhost:3000", "an address of a page"),
        ("image x.png --purpose teaching --annotate out", "add that, or leave it out"),
        ("evaluate --data x --record --robustness", "leave out --robustness"),
        ("evaluate --data x --record --engine keras", "leave out --engine"),
        ("video x --out y --fps -1", "argument --fps: Samples a second lie between"),
        ("batch x --out y --fps nan", "argument --fps: Samples a second lie between"),
        ("video x --out y --fps soon", "argument --fps: invalid float value: 'soon'"),
        ("video x --out y --time-constant inf", "argument --time-constant: A time constant is"),
        ("live 0 --agree --time-constant -1", "argument --time-constant: A time constant is"),
        ("video x --out y --threshold 1.5", "argument --threshold: The threshold"),
        ("live 0 --agree --threshold nan", "argument --threshold: The threshold"),
        ("image x.png --model ''", "argument --model: its value is empty"),
        ("image x.png --annotate ''", "argument --annotate: its value is empty"),
        ("image x.png --json=", "argument --json: its value is empty"),
        ("image ''", "argument PATH: its value is empty"),
        ("batch x --out ''", "argument --out: its value is empty"),
        ("library --folder '' list", "argument --folder: its value is empty"),
    ],
)
def test_what_an_option_would_ignore_or_cannot_be_is_wrong_usage(command, words, capsys):
    with pytest.raises(SystemExit) as end:
        main(shlex.split(command))
    assert end.value.code == 2 and words in capsys.readouterr().err
