"""Training one network: settings, the loop, and picking up again after a kill.

A run lives in one folder: `settings.json`, `sources.json` (SHA-256 of the faces and networks that it learns from),
`before.json` (how the model that it starts from was made), `machine.json`, `history.csv` (a row an epoch), `backup/`
(weights, optimizer and epoch, written by Keras after every epoch) and, at the end, `model.keras`.
"""

import contextlib
import csv
import json
import math
import os
import shutil
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path

import keras
import numpy as np
from numpy.typing import NDArray

from fer_core.classification.recipe import Recipe
from fer_core.errors import DatasetError
from fer_core.evaluation.copies import fingerprint, fingerprint_of_votes
from fer_core.evaluation.datasets import FACE_PX, FaceSet
from fer_core.training.architectures import build
from fer_core.training.augmentation import plain
from fer_core.training.batches import Batches, sample_weights, targets
from fer_core.training.settings import Settings
from fer_core.training.starting import load_teachers, recipe_before, sources, start_from
from fer_core.whole_file import whole_file, write_whole

JAX_STEPS_A_RATE = 20


def fit(
    settings: Settings,
    train: FaceSet,
    validation: FaceSet,
    run: Path,
    *,
    resume: bool = False,
    workers: int = 1,
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
        workers: threads that prepare the faces; 1 does where a CPU trains.
        log: told the steps between epochs.
        verbose: Keras's progress bar: "auto", 0, 1 or 2.

    Returns:
        The trained model, of plain Keras layers, on averaged weights.

    Raises:
        DatasetError: the folder holds another run, or nothing to resume, what the run learns from has changed, or the
            faces do not fill one batch.
    """
    if len(train) < settings.batch:
        raise DatasetError(f"{len(train)} training faces do not fill one batch of {settings.batch}; lower --batch.")
    votes = {"votes": fingerprint_of_votes(train)} if settings.rater_weight else {}
    learns_from = {"data": fingerprint(train), **votes, **sources(settings)}
    check_run(settings, learns_from, run, resume)
    keras.utils.set_random_seed(settings.seed)
    model = _network(settings, quick=True)
    if settings.start:
        log(start_from(model, settings.start, train.images))
    for layer in [layer for layer in model.layers if layer.weights][: settings.frozen]:
        layer.trainable = False
    batches = Batches(train, settings, load_teachers(settings.teachers) if settings.teachers else None, workers)
    if not resume:  # nothing that can be mended in the command fails any more, so that the folder may be taken
        begin_run(settings, learns_from, recipe_before(settings), run)
    clock = _Clock(settings, run / "history.csv", batches)
    _compile(model, settings)
    x, y = plain(validation.images, FACE_PX), targets(validation)
    model.fit(
        batches,
        epochs=settings.epochs,
        validation_data=(x, y, sample_weights(validation)),
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
        _reestimate_batch_statistics(model, batches, settings.epochs)
        candidates["averaged weights"] = model.get_weights()
    model = _network(settings)
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
    with _without_gradients():
        parts = [
            keras.ops.convert_to_numpy(model(x[i : i + batch], training=False)["emotion"])
            for i in range(0, len(x), batch)
        ]
    return np.concatenate(parts)


def accuracy(model: keras.Model, x: NDArray[np.float32], labels: NDArray[np.int64]) -> float:
    """Share of faces whose highest emotion logit is the label."""
    return float((emotion_logits(model, x).argmax(axis=1) == labels).mean())


def _network(settings: Settings, quick: bool = False) -> keras.Model:
    """For training, with the quicker layers and the run's precision; else of plain Keras layers in float32."""
    keras.config.set_dtype_policy(settings.precision if quick else "float32")
    return build(settings.model, dropout=settings.dropout, stem_stride=settings.stem_stride, quick=quick)


class _Clock(keras.callbacks.Callback):
    """Drives learning rate and face size by progress, stops when the time is spent, and writes the history."""

    COLUMNS = ("epoch", "seconds", "size_px", "learning_rate", "loss", "accuracy", "val_loss", "val_accuracy")

    def __init__(self, settings: Settings, history: Path, batches: Batches) -> None:
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

    def on_epoch_begin(self, epoch: int, logs: Mapping[str, float] | None = None) -> None:
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

    def on_train_batch_begin(self, batch: int, logs: Mapping[str, float] | None = None) -> None:
        if self.settings.schedule != "cosine":
            return
        if keras.backend.backend() == "jax":
            # While an epoch runs, JAX's copy of the optimizer is elsewhere and a rate set here would be lost; fetching
            # it back costs about as much as a small step.
            if batch % JAX_STEPS_A_RATE:
                return
            self.model.jax_state_sync()
        progress = self._progress(batch)
        warm_up = min(1.0, progress / 0.05 + 1e-3)
        self.model.optimizer.learning_rate = (
            self.settings.learning_rate * warm_up * (1 + math.cos(math.pi * progress)) / 2
        )

    def on_train_batch_end(self, batch: int, logs: Mapping[str, float] | None = None) -> None:
        if self.settings.minutes is not None and self._progress() >= 1:
            self.model.stop_training = True

    def on_epoch_end(self, epoch: int, logs: Mapping[str, float] | None = None) -> None:
        figures = logs or {}
        row = {
            "epoch": epoch,
            "seconds": round(self._elapsed_s, 1),
            "size_px": self.batches.size_px,
            "learning_rate": float(self.model.optimizer.learning_rate),
            "loss": figures["loss"],
            "accuracy": figures["emotion_accuracy"],
            "val_loss": figures["val_loss"],
            "val_accuracy": figures["val_emotion_accuracy"],
        }
        rows: list[Mapping[str, object]] = [*_rows_before(self.history, epoch), row]
        with whole_file(self.history) as part, part.open("w", newline="") as file:
            writer = csv.DictWriter(file, self.COLUMNS)
            writer.writeheader()
            writer.writerows(rows)


def _last_weights(settings: Settings, run: Path) -> list[NDArray[np.float32]]:
    """The weights as the last step left them. In the model, Keras puts the averaged ones in their place at the end."""
    model = _network(settings, quick=True)
    model.load_weights(run / "backup" / "latest.weights.h5")
    weights: list[NDArray[np.float32]] = model.get_weights()
    return weights


def check_run(settings: Settings, learns_from: dict[str, str], run: Path, resume: bool) -> None:
    """Make sure that a run can begin in a folder, or that the one in it can be resumed. Writes nothing.

    Args:
        settings: of the run.
        learns_from: SHA-256 by what it learns from.
        run: the folder.
        resume: whether a run is resumed.

    Raises:
        DatasetError: the folder holds another run, or none to resume.
    """
    record, origins = run / "settings.json", run / "sources.json"
    if resume:
        if not record.exists():
            raise DatasetError(f"{run} holds no run to resume; leave out --resume to start one.")
        if json.loads(record.read_text()) != json.loads(_stated(settings)):
            raise DatasetError(f"{run} was started with other settings (see {record}); repeat those to resume it.")
        before = json.loads(origins.read_text())
        older = {"votes": learns_from.get("votes")}  # of which runs took no note once
        if changed := [name for name, digest in learns_from.items() if {**older, **before}.get(name) != digest]:
            raise DatasetError(
                f"{run} was started with other contents of: {', '.join(changed)}; restore them or start a new run."
            )
        return
    if record.exists():
        raise DatasetError(f"{run} already holds a run; pass --resume to go on with it, or another --run-dir.")


def begin_run(settings: Settings, learns_from: dict[str, str], before: Recipe | None, run: Path) -> None:
    """Write what a run is made of into its folder.

    Args:
        settings: of the run.
        learns_from: SHA-256 by what it learns from.
        before: how the network was made that it starts from; None where that is not stated.
        run: the folder; what is left there of a run without records is replaced.
    """
    shutil.rmtree(run / "backup", ignore_errors=True)
    run.mkdir(parents=True, exist_ok=True)
    write_whole(run / "settings.json", _stated(settings) + "\n")
    write_whole(run / "sources.json", json.dumps(learns_from, indent=2) + "\n")
    write_whole(run / "machine.json", json.dumps(_machine()) + "\n")
    (run / "before.json").unlink(missing_ok=True)
    if before is not None:
        write_whole(run / "before.json", before.model_dump_json(indent=2) + "\n")


def _stated(settings: Settings) -> str:
    return json.dumps(asdict(settings), indent=2)


def _machine() -> dict[str, str | int | None]:
    backend = keras.backend.backend()
    return {
        "keras": keras.__version__,
        "backend": backend,
        "devices": ", ".join(_devices(backend)),
        "cpu_cores": os.cpu_count(),
    }


def _devices(backend: str) -> list[str]:
    if backend != "torch":
        return [str(device) for device in keras.distribution.list_devices()]
    import torch

    return [torch.cuda.get_device_name(i) for i in range(torch.cuda.device_count())] or ["cpu"]


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


def _reestimate_batch_statistics(model: keras.Model, batches: Batches, epoch: int, count: int = 100) -> None:
    """Give averaged weights their own batch statistics: the plain mean over `count` batches at full size.

    `epoch` decides which changes the faces undergo, and must be the same for a run that was resumed. Izmailov et al.
    (2018), https://arxiv.org/abs/1803.05407.
    """
    norms = [layer for layer in model.layers if isinstance(layer, keras.layers.BatchNormalization)]
    before = [layer.momentum for layer in norms]
    batches.start(epoch, FACE_PX)
    with _without_gradients():
        for i in range(min(count, len(batches))):
            for layer in norms:
                layer.momentum = i / (i + 1)
            model(batches[i][0], training=True)
    for layer, momentum in zip(norms, before, strict=True):
        layer.momentum = momentum


def _without_gradients() -> contextlib.AbstractContextManager[None]:
    """No gradients: outside `fit`, torch would keep gigabytes for a backward pass that never comes."""
    if keras.backend.backend() != "torch":
        return contextlib.nullcontext()
    import torch

    context: contextlib.AbstractContextManager[None] = torch.no_grad()
    return context


def _rows_before(history: Path, epoch: int) -> list[dict[str, str]]:
    if not history.exists():
        return []
    with history.open(newline="") as file:
        return [row for row in csv.DictReader(file) if int(row["epoch"]) < epoch]


def _seconds_spent(history: Path, epoch: int) -> float:
    rows = _rows_before(history, epoch)
    return float(rows[-1]["seconds"]) if rows else 0.0
