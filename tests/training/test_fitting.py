"""Training itself, on faces made here: slow tests that need Keras."""

import csv
import os
import subprocess
import sys
from dataclasses import replace

import keras
import numpy as np
import pytest
from keras import layers

from fer_core.classification import EmotionClassifier
from fer_core.classification.cards import load_card
from fer_core.emotions import EMOTIONS
from fer_core.errors import DatasetError, ExportError
from fer_core.litert import LiteRtModel
from fer_core.testing import FakeEngine, fake_card
from fer_core.training import architectures, fitting
from fer_core.training.architectures import ARCHITECTURES, build
from fer_core.training.datasets import FaceSet
from fer_core.training.export import to_litert, with_class_maps
from fer_core.training.fitting import Settings, accuracy, fit
from fer_core.training.publishing import check_drift, publish
from tests.conftest import ROOT


def made_faces(n: int, split: str, seed: int) -> FaceSet:
    """Noise with a bright bar whose height tells the label, so that anything that learns can learn it."""
    rng = np.random.default_rng(seed)
    labels = np.arange(n) % len(EMOTIONS)
    images = rng.integers(60, 120, (n, 48, 48), dtype=np.uint8)
    for image, label in zip(images, labels, strict=True):
        image[6 * label + 2 : 6 * label + 7, 8:40] = 230
    votes = np.zeros((n, 10), np.float32)
    votes[: n // 2, 1] = 10
    return FaceSet(images, labels, np.array([f"{split}_{i}.png" for i in range(n)]), np.full(n, split), votes)


def tiny(dropout, normalise):
    faces = keras.Input((None, None, 1), name="faces")
    x = layers.Rescaling(1 / 65, -2)(faces)
    for width in (8, 16):
        x = layers.ReLU()(normalise()(layers.Conv2D(width, 5, strides=2, padding="same")(x)))
    x = layers.Conv2D(16, 12, padding="same", activation="relu")(x)  # sees the whole face, so place can matter
    return architectures._with_heads(faces, x, dropout, "tiny")


SETTINGS = Settings(
    model="tiny",
    epochs=2,
    batch=32,
    learning_rate=0.02,
    small_share=0,
    augmentation=replace(Settings().augmentation, erase=0.0, shift=0.02),
)
TRAIN, VALIDATION = made_faces(448, "train", 0), made_faces(70, "PublicTest", 1)


@pytest.fixture(autouse=True)
def tiny_architecture(monkeypatch):
    monkeypatch.setitem(ARCHITECTURES, "tiny", tiny)


def run(folder, settings=SETTINGS, train=TRAIN, **options):
    return fit(settings, train, VALIDATION, folder, log=lambda text: None, verbose=0, **options)


def history(folder):
    with (folder / "history.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def test_it_learns_and_leaves_its_record(tmp_path):
    model = run(tmp_path, replace(SETTINGS, epochs=8))
    assert accuracy(model, VALIDATION.images[..., None].astype(np.float32), VALIDATION.labels) > 0.6
    assert [int(row["epoch"]) for row in history(tmp_path)] == list(range(8))
    assert {path.name for path in tmp_path.iterdir()} >= {"settings.json", "machine.json", "history.csv", "model.keras"}
    assert not any("Fused" in type(layer).__name__ for layer in model.layers)


class KilledError(Exception):
    """The machine went down."""


@pytest.mark.parametrize("optimizer", ["sgd", "adam"])
def test_resuming_changes_nothing(tmp_path, monkeypatch, optimizer):
    settings = replace(SETTINGS, epochs=3, optimizer=optimizer, learning_rate=0.005)
    unbroken = run(tmp_path / "unbroken", settings)

    def kill(clock, batch, logs=None):
        if clock.epoch == 1 and batch == 5:
            raise KilledError

    with monkeypatch.context() as patch:
        patch.setattr(fitting._Clock, "on_train_batch_end", kill)
        with pytest.raises(KilledError):
            run(tmp_path / "broken", settings)
    resumed = run(tmp_path / "broken", settings, resume=True)
    for ours, theirs in zip(resumed.get_weights(), unbroken.get_weights(), strict=True):
        np.testing.assert_allclose(ours, theirs, atol=2e-5)
    losses = [[row["loss"] for row in history(tmp_path / name)] for name in ("broken", "unbroken")]
    np.testing.assert_allclose(np.array(losses[0], float), np.array(losses[1], float), rtol=1e-4)


def test_a_run_killed_after_its_last_epoch_is_finished_by_resuming(tmp_path):
    before = run(tmp_path).get_weights()
    (tmp_path / "model.keras").unlink()
    for ours, theirs in zip(run(tmp_path, resume=True).get_weights(), before, strict=True):
        np.testing.assert_allclose(ours, theirs, atol=2e-5)


def test_fewer_faces_than_a_batch_are_refused(tmp_path):
    with pytest.raises(DatasetError, match="do not fill one batch"):
        run(tmp_path, train=TRAIN[np.arange(10)])


@pytest.mark.parametrize("wrong", [{"optimizer": "adamw"}, {"schedule": "cosin"}, {"epochs": 0}, {"minutes": -1}])
def test_settings_that_no_run_can_be_made_of(wrong):
    with pytest.raises(ValueError, match=next(iter(wrong))):
        replace(SETTINGS, **wrong)


def test_small_faces_come_first(tmp_path):
    run(tmp_path, replace(SETTINGS, small_share=0.5, small_px=36))
    assert [row["size_px"] for row in history(tmp_path)] == ["36", "48"]


def test_a_time_budget_ends_the_run(tmp_path):
    run(tmp_path, replace(SETTINGS, epochs=10_000, minutes=0.02))
    assert len(history(tmp_path)) < 100


def test_early_stopping(tmp_path):
    run(tmp_path, replace(SETTINGS, epochs=12, learning_rate=1e-9, patience=2, ema=0))
    assert len(history(tmp_path)) < 12


def test_a_plateau_lowers_the_rate(tmp_path):
    run(tmp_path, replace(SETTINGS, epochs=9, schedule="plateau", learning_rate=1e-9, ema=0))
    rates = [float(row["learning_rate"]) for row in history(tmp_path)]
    assert rates[0] == pytest.approx(1e-9) and rates[-1] < rates[0]


@pytest.mark.parametrize(
    ("first", "second", "words"),
    [
        (None, {"resume": True}, "no run to resume"),
        ({}, {}, "already holds a run"),
        ({}, {"resume": True, "settings": replace(SETTINGS, seed=9)}, "other settings"),
    ],
)
def test_runs_are_not_mixed_up(tmp_path, first, second, words):
    if first is not None:
        fitting._open_run(SETTINGS, tmp_path, resume=False)
    with pytest.raises(DatasetError, match=words):
        fitting._open_run(second.get("settings", SETTINGS), tmp_path, second.get("resume", False))


@pytest.mark.parametrize("name", [name for name in ARCHITECTURES if name != "tiny"])
def test_every_architecture_keeps_the_contract(name, tmp_path):
    model = build(name)
    fused = build(name, fused=True)
    assert [w.shape for w in model.weights] == [w.shape for w in fused.weights]
    fused.set_weights(model.get_weights())
    faces = np.random.default_rng(0).uniform(0, 255, (3, 48, 48, 1)).astype(np.float32)
    outputs = {key: np.array(value) for key, value in with_class_maps(model)(faces).items()}
    assert outputs["emotion"].shape == (3, 7) and outputs["raters"].shape == (3, 8)
    assert outputs["class_maps"].shape[1:] == (6, 6, 7)
    np.testing.assert_allclose(outputs["class_maps"].mean(axis=(1, 2)), outputs["emotion"], atol=1e-4)
    np.testing.assert_allclose(np.array(fused(faces)["emotion"]), outputs["emotion"], atol=1e-4)
    assert model(faces[:, :36, :36])["emotion"].shape == (3, 7)

    to_litert(with_class_maps(model), tmp_path / "model.tflite", 48, "none")
    run_litert = LiteRtModel(tmp_path / "model.tflite")
    for n in (3, 1):
        np.testing.assert_allclose(run_litert(faces[:n])["emotion"], outputs["emotion"][:n], atol=1e-3)


def whole(train, public, private):
    return FaceSet(
        *(np.concatenate(parts) for parts in zip(*(vars(f).values() for f in (train, public, private)), strict=True))
    )


def test_publishing_makes_a_model_that_can_be_loaded(tmp_path):
    run(tmp_path / "run", replace(SETTINGS, epochs=6))
    faces = whole(TRAIN, VALIDATION, made_faces(70, "PrivateTest", 2))
    card = publish(tmp_path / "run", faces, tmp_path / "models", log=lambda text: None)
    assert load_card("tiny", tmp_path / "models") == card
    for engine in ("litert", "keras"):
        classifier = EmotionClassifier.load("tiny", engine, tmp_path / "models")
        right = classifier.classify(list(VALIDATION.images)).probabilities.argmax(axis=1) == VALIDATION.labels
        assert right.mean() == pytest.approx(card.metrics["PublicTest"]["accuracy"], abs=0.02)
    assert card.recipe["export_drift"]["probability"] <= 0.02
    assert not list((tmp_path / "models").glob(".*"))


def test_an_unfinished_run_is_not_published(tmp_path):
    with pytest.raises(DatasetError, match="no finished run"):
        publish(tmp_path, VALIDATION, tmp_path / "models")


@pytest.mark.parametrize(
    ("exported", "refused"),
    [
        (FakeEngine("happy", 4.0), False),
        (FakeEngine("happy", 3.0), True),  # the same labels, other probabilities
        (FakeEngine("sad", 4.0), True),  # other labels
    ],
)
def test_an_export_that_drifts_is_refused(exported, refused):
    reference = EmotionClassifier(FakeEngine("happy", 4.0), fake_card())
    other = EmotionClassifier(exported, fake_card())
    if refused:
        with pytest.raises(ExportError, match="drifts"):
            check_drift(reference, other, VALIDATION)
    else:
        assert check_drift(reference, other, VALIDATION) == {"probability": 0.0, "accuracy": 0.0}


UNDER_TORCH = """
import keras, numpy as np
from fer_core.training.batch_norm import FusedBatchNormalization
x = np.random.default_rng(0).normal(3, 2, (16, 12, 12, 5)).astype("float32")
ours, theirs = FusedBatchNormalization(momentum=0.9), keras.layers.BatchNormalization(momentum=0.9)
for training in (True, True, False):
    a, b = (keras.ops.convert_to_numpy(layer(x, training=training)) for layer in (ours, theirs))
    np.testing.assert_allclose(a, b, atol=5e-3)
for a, b in zip(ours.get_weights(), theirs.get_weights(), strict=True):
    np.testing.assert_allclose(a, b, rtol=0.01)  # torch divides the variance by n - 1, Keras by n
"""


def test_fused_batch_normalisation_is_keras_own_under_torch():
    pytest.importorskip("torch", reason="torch is not installed; only training on a CPU gains from it")
    environment = {**os.environ, "KERAS_BACKEND": "torch"}
    done = subprocess.run(
        [sys.executable, "-c", UNDER_TORCH], cwd=ROOT, env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
