"""Training one network: settings, the loop, and picking up again after a kill.

A run lives in one folder: `settings.json`, `machine.json`, `history.csv` (a row an epoch), `backup/` (weights,
optimizer and epoch, written by Keras after every epoch) and, at the end, `model.keras`.
"""

import csv
import json
import math
import os
import shutil
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path

import keras
import numpy as np
from numpy.typing import NDArray

from fer_core.errors import DatasetError
from fer_core.training.architectures import build
from fer_core.training.augmentation import Augmentation, plain
from fer_core.training.datasets import FACE_PX, FaceSet


@dataclass(frozen=True)
class Settings:
    """Everything that decides the course of a run; recorded in the model's card.

    Attributes:
        model: a key of `ARCHITECTURES`.
        epochs: passes over the training faces, at most.
        minutes: a budget of time for all sessions of the run together, or None. With a budget, elapsed time and not
            the epoch drives schedule and face size, so that a slow machine finishes annealed too.
        batch: faces a step.
        optimizer: "sgd" (Nesterov momentum 0.9) or "adam" (AdamW).
        schedule: "cosine" (5 % warm-up, then to 0) or "plateau" (halved after 3 epochs without a better validation
            loss).
        learning_rate: the peak.
        weight_decay: decoupled, as Keras does it; kernels only.
        smoothing: label smoothing of the FER2013 label.
        rater_weight: weight of the FER+ loss beside the FER2013 loss.
        dropout: before the heads.
        ema: decay a step of the averaged weights that the run ends with; 0 keeps the last weights.
        patience: epochs without better validation accuracy after which the run stops; 0 never stops early.
        small_px: side of the faces in the first part of the run; cheaper, and no worse in the end.
        small_share: which part of the run uses `small_px`.
        seed: of weights, order and augmentation.
        augmentation: how far faces are changed.
    """

    model: str = "custom_cnn"
    epochs: int = 60
    minutes: float | None = None
    batch: int = 128
    optimizer: str = "sgd"
    schedule: str = "cosine"
    learning_rate: float = 0.1
    weight_decay: float = 5e-3
    smoothing: float = 0.05
    rater_weight: float = 1.0
    dropout: float = 0.4
    ema: float = 0.998
    patience: int = 0
    small_px: int = 36
    small_share: float = 0.5
    seed: int = 0
    augmentation: Augmentation = field(default_factory=Augmentation)

    def __post_init__(self) -> None:
        """Refuse what no run can be made of."""
        if self.optimizer not in ("sgd", "adam"):
            raise ValueError(f'optimizer is "sgd" or "adam", not "{self.optimizer}"')
        if self.schedule not in ("cosine", "plateau"):
            raise ValueError(f'schedule is "cosine" or "plateau", not "{self.schedule}"')
        for name in ("epochs", "batch", "learning_rate", "small_px"):
            if not getattr(self, name) > 0:
                raise ValueError(f"{name} must be more than 0")
        if self.minutes is not None and not self.minutes > 0:
            raise ValueError("minutes must be more than 0")


def fit(
    settings: Settings,
    train: FaceSet,
    validation: FaceSet,
    run: Path,
    *,
    resume: bool = False,
    log: Callable[[str], None] = print,
    verbose: int | str = "auto",
) -> keras.Model:
    """Train a network and leave it in `run/model.keras`.

    Args:
        settings: what to do.
        train: faces to learn from.
        validation: faces to watch and to choose by (PublicTest without copies of training faces).
        run: the run's folder.
        resume: go on after the last whole epoch of the run that is there. With the cosine schedule, counted in epochs
            and without `patience`, the outcome is that of an unbroken run; plateau and patience count from anew.
        log: told the steps between epochs.
        verbose: Keras's progress bar: "auto", 0, 1 or 2.

    Returns:
        The trained model, of plain Keras layers, on averaged weights.

    Raises:
        DatasetError: the folder holds another run, or nothing to resume, or the faces do not fill one batch.
    """
    if len(train) < settings.batch:
        raise DatasetError(f"{len(train)} training faces do not fill one batch of {settings.batch}; lower --batch.")
    _open_run(settings, run, resume)
    keras.utils.set_random_seed(settings.seed)
    model = build(settings.model, dropout=settings.dropout, fused=True)
    batches = _Batches(train, settings)
    clock = _Clock(settings, run / "history.csv", batches)
    _compile(model, settings)
    x, y = plain(validation.images, FACE_PX), _targets(validation)
    model.fit(
        batches,
        epochs=settings.epochs,
        validation_data=(x, y, _weights(validation)),
        validation_batch_size=256,
        shuffle=False,
        verbose=verbose,
        callbacks=[
            clock,  # before the backup: a row that has no backup yet is written again, a missing one would be lost
            keras.callbacks.BackupAndRestore(run / "backup", double_checkpoint=True, delete_checkpoint=False),
            *_plateau(settings),
            *_early_stopping(settings),
        ],
    )
    candidates = {"last weights": _last_weights(settings, run)}
    if settings.ema:
        log("re-estimating batch statistics for the averaged weights")
        _reestimate_batch_statistics(model, batches)
        candidates["averaged weights"] = model.get_weights()
    model = build(settings.model, dropout=settings.dropout)
    accuracies = {}
    for name, weights in candidates.items():
        model.set_weights(weights)
        accuracies[name] = accuracy(model, x, validation.labels)
        log(f"{name}: validation accuracy {accuracies[name]:.4f}")
    model.set_weights(candidates[max(accuracies, key=accuracies.__getitem__)])
    model.save(run / "model.keras")
    return model


def emotion_logits(model: keras.Model, x: NDArray[np.float32], batch: int = 256) -> NDArray[np.float32]:
    """The emotion head's logits (N, 7) for faces (N, height, width, 1), 0 to 255."""
    parts = [model(x[i : i + batch], training=False)["emotion"] for i in range(0, len(x), batch)]
    return np.concatenate([keras.ops.convert_to_numpy(part) for part in parts])


def accuracy(model: keras.Model, x: NDArray[np.float32], labels: NDArray[np.int64]) -> float:
    """Share of faces whose highest emotion logit is the label."""
    return float((emotion_logits(model, x).argmax(axis=1) == labels).mean())


class _Batches(keras.utils.PyDataset):
    """Augmented batches; what a face looks like depends on seed, epoch and place alone, so a run can be resumed."""

    def __init__(self, faces: FaceSet, settings: Settings) -> None:
        super().__init__()
        self.faces, self.settings = faces, settings
        self.targets, self.weights = _targets(faces), _weights(faces)
        self.epoch = 0
        self.size_px: int | None = None  # not started
        self.order = np.arange(len(faces))

    def __len__(self) -> int:
        return len(self.faces) // self.settings.batch

    def start(self, epoch: int, size_px: int) -> None:
        self.epoch, self.size_px = epoch, size_px
        self.order = np.random.default_rng([self.settings.seed, epoch]).permutation(len(self.faces))

    def __getitem__(self, index: int):
        rows = self.order[index * self.settings.batch : (index + 1) * self.settings.batch]
        rng = np.random.default_rng([self.settings.seed, self.epoch, index])
        # Before the run, TensorFlow looks at two batches to learn their shape; two sizes tell it that the size is free.
        size_px = self.size_px or (FACE_PX, self.settings.small_px)[index % 2]
        x = self.settings.augmentation(self.faces.images[rows], size_px, rng)
        return x, {k: v[rows] for k, v in self.targets.items()}, {k: v[rows] for k, v in self.weights.items()}


class _Clock(keras.callbacks.Callback):
    """Drives learning rate and face size by progress, stops when the time is spent, and writes the history."""

    COLUMNS = ("epoch", "seconds", "size_px", "learning_rate", "loss", "accuracy", "val_loss", "val_accuracy")

    def __init__(self, settings: Settings, history: Path, batches: _Batches) -> None:
        super().__init__()
        self.settings, self.history, self.batches = settings, history, batches
        self.spent_s, self.epoch, self.started_s = 0.0, 0, time.monotonic()

    @property
    def _elapsed_s(self) -> float:
        return self.spent_s + time.monotonic() - self.started_s

    def _progress(self, step: int = 0) -> float:
        if self.settings.minutes is not None:
            return min(1.0, self._elapsed_s / (60 * self.settings.minutes))
        return (self.epoch + step / len(self.batches)) / self.settings.epochs

    def on_epoch_begin(self, epoch: int, logs=None) -> None:
        self.spent_s, self.started_s, self.epoch = _seconds_spent(self.history, epoch), time.monotonic(), epoch
        self._reseed_dropout(epoch)
        small = self._progress() < self.settings.small_share
        self.batches.start(epoch, self.settings.small_px if small else FACE_PX)

    def _reseed_dropout(self, epoch: int) -> None:
        """Keras does not save how far its random generators are, so each epoch starts them at a place of its own."""
        for number, layer in enumerate(self.model.layers):
            if isinstance(layer, keras.layers.Dropout) and layer.rate:
                state = layer.seed_generator.state
                start = np.random.default_rng([self.settings.seed, epoch, number]).integers(0, 2**31, 2)
                state.assign(start.astype(state.dtype))

    def on_train_batch_begin(self, batch: int, logs=None) -> None:
        if self.settings.schedule != "cosine":
            return
        progress = self._progress(batch)
        warm_up = min(1.0, progress / 0.05 + 1e-3)
        self.model.optimizer.learning_rate = (
            self.settings.learning_rate * warm_up * (1 + math.cos(math.pi * progress)) / 2
        )

    def on_train_batch_end(self, batch: int, logs=None) -> None:
        if self.settings.minutes is not None and self._progress() >= 1:
            self.model.stop_training = True

    def on_epoch_end(self, epoch: int, logs=None) -> None:
        logs = logs or {}
        row = {
            "epoch": epoch,
            "seconds": round(self._elapsed_s, 1),
            "size_px": self.batches.size_px,
            "learning_rate": float(self.model.optimizer.learning_rate),
            "loss": logs["loss"],
            "accuracy": logs["emotion_accuracy"],
            "val_loss": logs["val_loss"],
            "val_accuracy": logs["val_emotion_accuracy"],
        }
        rows = [*_rows_before(self.history, epoch), row]
        with self.history.open("w", newline="") as file:
            writer = csv.DictWriter(file, self.COLUMNS)
            writer.writeheader()
            writer.writerows(rows)


def _last_weights(settings: Settings, run: Path) -> list[NDArray]:
    """The weights as the last step left them. In the model, Keras puts the averaged ones in their place at the end."""
    model = build(settings.model, dropout=settings.dropout, fused=True)
    model.load_weights(run / "backup" / "latest.weights.h5")
    return model.get_weights()


def _open_run(settings: Settings, run: Path, resume: bool) -> None:
    record = run / "settings.json"
    wanted = json.loads(json.dumps(asdict(settings)))
    if resume:
        if not record.exists():
            raise DatasetError(f"{run} holds no run to resume; leave out --resume to start one.")
        if json.loads(record.read_text()) != wanted:
            raise DatasetError(f"{run} was started with other settings (see {record}); repeat those to resume it.")
        return
    if record.exists():
        raise DatasetError(f"{run} already holds a run; pass --resume to go on with it, or another --run.")
    shutil.rmtree(run / "backup", ignore_errors=True)
    run.mkdir(parents=True, exist_ok=True)
    record.write_text(json.dumps(wanted, indent=2) + "\n")
    (run / "machine.json").write_text(json.dumps(_machine()) + "\n")


def _machine() -> dict[str, str | int | None]:
    backend = keras.backend.backend()
    return {
        "keras": keras.__version__,
        "backend": backend,
        "devices": ", ".join(keras.distribution.list_devices()) if backend == "jax" else "cpu:0",
        "cpu_cores": os.cpu_count(),
    }


def _compile(model: keras.Model, settings: Settings) -> None:
    common = {
        "learning_rate": settings.learning_rate,
        "weight_decay": settings.weight_decay,
        "global_clipnorm": 5.0,
        "use_ema": settings.ema > 0,
        "ema_momentum": settings.ema or 0.99,
    }
    if settings.optimizer == "adam":
        optimizer = keras.optimizers.AdamW(**common)
    else:
        optimizer = keras.optimizers.SGD(momentum=0.9, nesterov=True, **common)
    optimizer.exclude_from_weight_decay(var_names=["gamma", "beta", "bias"])
    model.compile(
        optimizer,
        loss={
            "emotion": keras.losses.CategoricalCrossentropy(from_logits=True, label_smoothing=settings.smoothing),
            "raters": keras.losses.CategoricalCrossentropy(from_logits=True),
        },
        loss_weights={"emotion": 1.0, "raters": settings.rater_weight},
        metrics={"emotion": ["accuracy"]},
        jit_compile="auto" if keras.backend.backend() == "jax" else False,
    )


def _plateau(settings: Settings) -> list[keras.callbacks.Callback]:
    if settings.schedule != "plateau":
        return []
    return [keras.callbacks.ReduceLROnPlateau(monitor="val_loss", factor=0.5, patience=3)]


def _early_stopping(settings: Settings) -> list[keras.callbacks.Callback]:
    if not settings.patience:
        return []
    return [keras.callbacks.EarlyStopping(monitor="val_emotion_accuracy", mode="max", patience=settings.patience)]


def _targets(faces: FaceSet) -> dict[str, NDArray[np.float32]]:
    return {"emotion": faces.one_hot, "raters": faces.rater_shares}


def _weights(faces: FaceSet) -> dict[str, NDArray[np.float32]]:
    """A picture without FER+ votes teaches the raters' head nothing."""
    rated = faces.rater_shares.sum(axis=1) > 0
    return {"emotion": np.ones(len(faces), np.float32), "raters": rated.astype(np.float32)}


def _reestimate_batch_statistics(model: keras.Model, batches: _Batches, count: int = 100) -> None:
    """Give averaged weights their own batch statistics: the plain mean over `count` batches at full size.

    Izmailov et al. (2018), https://arxiv.org/abs/1803.05407.
    """
    norms = [layer for layer in model.layers if isinstance(layer, keras.layers.BatchNormalization)]
    before = [layer.momentum for layer in norms]
    batches.start(epoch=batches.epoch + 1, size_px=FACE_PX)
    for i in range(min(count, len(batches))):
        for layer in norms:
            layer.momentum = i / (i + 1)
        model(batches[i][0], training=True)
    for layer, momentum in zip(norms, before, strict=True):
        layer.momentum = momentum


def _rows_before(history: Path, epoch: int) -> list[dict]:
    if not history.exists():
        return []
    with history.open(newline="") as file:
        return [row for row in csv.DictReader(file) if int(row["epoch"]) < epoch]


def _seconds_spent(history: Path, epoch: int) -> float:
    rows = _rows_before(history, epoch)
    return float(rows[-1]["seconds"]) if rows else 0.0
