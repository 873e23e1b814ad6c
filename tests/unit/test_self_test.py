"""The self-test must pass here, and fail where something is wrong."""

import json
import shutil

import cv2
import pytest

from fer_core.classification.imported import Head, Imported, Preprocessing
from fer_core.cli import main
from fer_core.diagnostics import self_test as module
from fer_core.diagnostics.self_test import self_test
from fer_core.emotions import EMOTIONS
from fer_core.imaging.crops import cut
from fer_core.media import images
from fer_core.networks.files import MODELS_DIR
from fer_core.testing import fake_card


def outcomes(models_dir=MODELS_DIR, keras=False) -> dict[str, bool | None]:
    return {check.name: check.passed for check in self_test(models_dir, keras=keras)}


@pytest.fixture
def models(tmp_path):
    """A copy of one model, to be broken."""
    for name in ("custom_cnn", "face_check"):
        shutil.copytree(MODELS_DIR / name, tmp_path / name)
    return tmp_path


@pytest.fixture
def no_keras(monkeypatch):
    monkeypatch.setattr(module.importlib.util, "find_spec", lambda name: None)


def test_everything_works_here(no_keras, capsys):
    assert main(["self-test", "--keras"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert not [line for line in lines if line.startswith("FAILED")]
    assert {"files", "colour order", "orientation", "speed"} <= {line[8:].split(":")[0] for line in lines}
    assert any(line.startswith("skipped") and "engines" in line for line in lines)


def test_keras_is_not_loaded_unless_it_is_asked_for(models, monkeypatch):
    asked = []
    load = module.EmotionClassifier.load
    monkeypatch.setattr(
        module.EmotionClassifier,
        "load",
        lambda name, engine="litert", models_dir=models: asked.append(engine) or load(name, engine, models_dir),
    )
    assert all(outcomes(models).values()) and set(asked) == {"litert"}


def test_another_projects_network_is_not_asked_of_keras(monkeypatch):
    theirs = Imported(
        file="model.onnx",
        source="elsewhere",
        preprocessing=Preprocessing(channels=3),
        emotion=Head(gives="logits", classes=EMOTIONS),
    )
    monkeypatch.setattr(module, "list_cards", lambda _: [fake_card(name="theirs", imported=theirs)])
    monkeypatch.setattr(module.importlib.util, "find_spec", lambda name: object())
    found = next(check for check in self_test(MODELS_DIR, keras=True) if check.name == "engines, theirs")
    assert found.passed is None and "one form" in found.detail


def test_damaged_weights_fail(models):
    with (models / "custom_cnn" / "model.tflite").open("r+b") as file:
        file.seek(5000)
        file.write(b"\x00" * 64)
    found = outcomes(models)
    assert found["files"] is False and found["models"] is False


def test_another_class_order_fails(models, monkeypatch):
    monkeypatch.setattr(module, "EMOTIONS", module.EMOTIONS[1:] + module.EMOTIONS[:1])
    assert outcomes(models)["reading, custom_cnn"] is False


def test_swapped_colours_fail(models, monkeypatch):
    decode = images.decode_image
    monkeypatch.setattr(module, "decode_image", lambda data, name: decode(data, name)[..., ::-1])
    assert outcomes(models)["colour order"] is False


def test_a_picture_on_its_side_fails(models, monkeypatch):
    decode = images.decode_image
    monkeypatch.setattr(
        module, "decode_image", lambda data, name: cv2.rotate(decode(data, name), cv2.ROTATE_90_CLOCKWISE)
    )
    assert outcomes(models)["orientation"] is False


def test_engines_that_disagree_fail(models, monkeypatch):
    """The `.keras` file of another network, with a card that vouches for it, is noticed all the same."""
    load = module.EmotionClassifier.load

    def other_temperature(name, engine="litert", models_dir=models):
        classifier = load(name, "litert", models_dir)
        if engine == "litert":
            return classifier
        return module.EmotionClassifier(classifier.engine, classifier.card.model_copy(update={"temperature": 3.0}))

    monkeypatch.setattr(module.EmotionClassifier, "load", other_temperature)
    assert outcomes(models, keras=True)["engines, custom_cnn"] is False


def test_the_command_says_so_and_exits_with_3(monkeypatch, capsys):
    monkeypatch.setattr(module, "cut", lambda image, box: cut(image, box.moved(0, 300)))
    assert main(["self-test"]) == 3
    assert "FAILED" in capsys.readouterr().out


def test_no_models_at_all(tmp_path):
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "card.json").write_text(json.dumps({"kind": "other", "files": {}}))
    assert outcomes(tmp_path) == {"files": False, "models": False}
