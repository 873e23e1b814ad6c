"""Training itself, on faces made here: slow tests that need Keras."""

import csv
import os
import subprocess
import sys
from dataclasses import replace

import keras
import numpy as np
import pytest
from scipy.stats import binomtest

from fer_core.classification.imported import Head, Imported, Preprocessing
from fer_core.emotions import EMOTIONS
from fer_core.errors import DatasetError
from fer_core.testing import fake_card
from fer_core.training import fitting, starting
from fer_core.training.fitting import accuracy, fit
from tests.conftest import ROOT
from tests.training.faces import SETTINGS, TRAIN, VALIDATION, made_faces

THEIRS = Imported(
    file="model.tflite",
    source="elsewhere",
    preprocessing=Preprocessing(channels=3),
    emotion=Head(gives="logits", classes=EMOTIONS),
)


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


def test_frozen_layers_keep_their_weights(tmp_path):
    start = tmp_path / "start.keras"
    trained = run(tmp_path / "first")
    trained.save(start)
    model = run(tmp_path / "second", replace(SETTINGS, start=str(start), frozen=2))
    unchanged = [
        all(map(np.array_equal, ours.get_weights(), theirs.get_weights()))
        for ours, theirs in zip(model.layers, trained.layers, strict=True)
        if ours.weights
    ]
    assert unchanged[:2] == [True, True] and not any(unchanged[2:])


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


def test_shuffled_labels_teach_nothing_that_holds(tmp_path):
    """What a network learns from labels that mean nothing must not show on other faces: else something leaks."""
    shuffled = replace(TRAIN, labels=np.random.default_rng(3).permutation(TRAIN.labels))
    model = run(tmp_path, replace(SETTINGS, epochs=6), train=shuffled)
    chance = binomtest(round(0.143 * 700), 700).proportion_ci(0.999)
    held_out = made_faces(700, "PublicTest", 5)
    assert accuracy(model, held_out.images[..., None].astype(np.float32), held_out.labels) < chance.high


@pytest.mark.parametrize(
    "wrong",
    [
        {"optimizer": "adamw"},
        {"schedule": "cosin"},
        {"epochs": 0},
        {"minutes": -1},
        {"precision": "half"},
        {"stem_stride": 3},
        {"teacher_share": 2},
        {"teacher_view": "other"},
        {"epochs": "20"},
        {"batch": True},
        {"teachers": 3},
        {"augmentation": 3},
        {"seed": -1},
        {"dropout": 1.5},
        {"ema": 1.5},
        {"small_px": 4},
        {"rater_weight": -1.0},
        {"smoothing": 2},
        {"frozen": -1},
        {"patience": -1},
        {"mixup": float("nan")},
    ],
)
def test_settings_that_no_run_can_be_made_of(wrong):
    with pytest.raises(ValueError, match=next(iter(wrong))):
        replace(SETTINGS, **wrong)


def test_a_name_alone_is_one_teacher():
    assert replace(SETTINGS, teachers="custom_cnn").teachers == ("custom_cnn",)


@pytest.mark.parametrize("wrong", [{"erase": 2.0}, {"shift": "far"}, {"rotation_deg": -1.0}])
def test_changes_to_faces_that_cannot_be_meant(wrong):
    with pytest.raises(ValueError, match=next(iter(wrong))):
        replace(SETTINGS, augmentation=replace(SETTINGS.augmentation, **wrong))


def test_a_run_that_cannot_begin_leaves_its_folder_free(tmp_path):
    """Its command can be corrected and given again."""
    keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)]).save(tmp_path / "other.keras")
    with pytest.raises(DatasetError, match="fit no layer"):
        run(tmp_path / "run", replace(SETTINGS, start=str(tmp_path / "other.keras")))
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("card", "words"),
    [({"members": {"a": "0" * 64, "b": "1" * 64}}, "name its members.*a b"), ({"imported": THEIRS}, "do not teach")],
)
def test_what_cannot_teach_is_said_before_anything_is_written(card, words, tmp_path, monkeypatch):
    monkeypatch.setattr(starting, "load_card", lambda *_: fake_card(name="theirs", **card))
    with pytest.raises(DatasetError, match=words):
        run(tmp_path / "run", replace(SETTINGS, teachers=("theirs",)))
    assert not (tmp_path / "run").exists()


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
        ({}, {"resume": True, "data": "of now"}, "other contents of: data"),
    ],
)
def test_runs_are_not_mixed_up(tmp_path, first, second, words):
    if first is not None:
        fitting.begin_run(SETTINGS, {"data": "of then"}, None, tmp_path)
    with pytest.raises(DatasetError, match=words):
        fitting.check_run(
            second.get("settings", SETTINGS),
            {"data": second.get("data", "of then")},
            tmp_path,
            second.get("resume", False),
        )


FUSED_UNDER_TORCH = """
import keras, numpy as np
from fer_core.training.quick_layers import FusedBatchNormalization
x = np.random.default_rng(0).normal(3, 2, (16, 12, 12, 5)).astype("float32")
ours, theirs = FusedBatchNormalization(momentum=0.9), keras.layers.BatchNormalization(momentum=0.9)
for training in (True, True, False):
    a, b = (keras.ops.convert_to_numpy(layer(x, training=training)) for layer in (ours, theirs))
    np.testing.assert_allclose(a, b, atol=5e-3)
for a, b in zip(ours.get_weights(), theirs.get_weights(), strict=True):
    np.testing.assert_allclose(a, b, rtol=0.01)  # torch divides the variance by n - 1, Keras by n
"""

QUICK_UNDER_TORCH = """
import keras, numpy as np
from keras import layers
from fer_core.training.quick_layers import MatrixConv2D, QuickAveragePooling2D, QuickMaxPooling2D
random = np.random.default_rng(0)
pairs = [
    *((MatrixConv2D, layers.Conv2D, {"filters": 4, "kernel_size": size, "strides": stride, "padding": padding})
      for size in (1, 2, 3, 5) for stride in (1, 2) for padding in ("same", "valid")),
    *((ours, theirs, {"pool_size": size, "strides": stride, "padding": padding})
      for ours, theirs in ((QuickMaxPooling2D, layers.MaxPooling2D), (QuickAveragePooling2D, layers.AveragePooling2D))
      for size in (1, 2, 3) for stride in (1, 2, 3) for padding in ("same", "valid")),
]
for ours, theirs, options in pairs:
    for side in (5, 6, 11, 16):  # outcomes of one place to more than `SMALL_MAP`
        x = keras.ops.convert_to_tensor(random.normal(size=(3, side, side + 1, 2)).astype("float32"))
        found = []
        for kind in (ours, theirs):
            keras.utils.set_random_seed(1)
            layer, given = kind(**options), x.clone().requires_grad_(True)
            outcome = layer(given)
            (outcome * keras.ops.cos(outcome)).sum().backward()  # each place pulls in another way
            weights = [weight.value for weight in layer.weights]
            found.append([outcome, given.grad, *weights, *(weight.grad for weight in weights)])
        for a, b in zip(*found, strict=True):
            np.testing.assert_allclose(a.detach(), b.detach(), atol=1e-4, err_msg=f"{ours.__name__} {options} {side}")
"""

NO_GRADIENTS_UNDER_TORCH = """
import keras, numpy as np, torch
from fer_core.training.fitting import emotion_logits
kept = []
def network(x, training):
    kept.append(torch.is_grad_enabled())
    return {"emotion": keras.ops.zeros((len(x), 7))}
assert emotion_logits(network, np.zeros((3, 48, 48, 1), np.float32), batch=2).shape == (3, 7)
assert kept == [False, False], "every batch's activations would stay in memory"
"""


@pytest.mark.parametrize(
    "code",
    [
        pytest.param(FUSED_UNDER_TORCH, id="fused batch normalisation is Keras's own"),
        pytest.param(QUICK_UNDER_TORCH, id="quick layers are Keras's own"),
        pytest.param(NO_GRADIENTS_UNDER_TORCH, id="measuring keeps nothing for gradients"),
    ],
)
def test_under_torch(code):
    pytest.importorskip("torch", reason="torch is not installed; only training on a CPU gains from it")
    environment = {**os.environ, "KERAS_BACKEND": "torch"}
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
