"""Training the face check: the small network that tells faces from what a Haar search takes for faces.

`train_face_check(load_faces(Path("fer2013.zip")), Path("backgrounds"), Path("models/face_check"))` makes the one that
is used.
"""

import json
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import keras
import numpy as np
from numpy.typing import NDArray
from pydantic import JsonValue

from fer_core.detection.face_check import FaceCheck
from fer_core.detection.haar import Cascades
from fer_core.errors import DatasetError, ExportError
from fer_core.evaluation.datasets import FaceSet
from fer_core.networks.files import FileRecord
from fer_core.networks.litert import LiteRtModel
from fer_core.temporary import temporary_folder
from fer_core.training.face_check_samples import (
    Photograph,
    badly_cut,
    blotches,
    face_crop,
    mine,
    patch,
    photographs,
    weathered,
)
from fer_core.whole_file import write_whole

TRAINING_DATA = "the faces of FER2013's training split; pictures without faces; pictures of people"


@dataclass(frozen=True)
class CheckSettings:
    """Everything that decides the course of a run; recorded in the card.

    Attributes:
        side_px: side of the square grey crops.
        margin: side of the crop over the side of the proposal.
        epochs: of `steps` batches each.
        steps: batches an epoch.
        batch: crops a step, half of them faces.
        photographed: share of the faces that come from pictures of people, where there are such.
        mined: share of the other crops that the cascade takes for faces; the rest are badly cut faces and patches.
        learning_rate: the peak of a cosine schedule, AdamW.
        weight_decay: decoupled.
        smoothing: label smoothing; keeps the confidence from sticking to 0 and 1.
        seed: of weights, order and changes.
    """

    side_px: int = 40
    margin: float = 1.0
    epochs: int = 24
    steps: int = 150
    batch: int = 256
    photographed: float = 0.35
    mined: float = 0.7
    learning_rate: float = 3e-3
    weight_decay: float = 1e-3
    smoothing: float = 0.02
    seed: int = 0


def build_face_check(side_px: int) -> keras.Model:
    """The network: grey (N, side, side, 1), 0 to 255, to the probability of a face (N, 1).

    About 100 thousand weights. Each crop is brought to mean 0 and variance 1 first, so that light and contrast count
    for nothing; the addend under the root keeps flat crops flat.
    """
    layers = keras.layers
    inputs = keras.Input((side_px, side_px, 1), name="faces")
    x = layers.LayerNormalization(axis=[1, 2, 3], center=False, scale=False, epsilon=25.0, name="light")(inputs)
    for width, stride in ((16, 2), (24, 1), (32, 2), (48, 1), (64, 2)):
        x = layers.Conv2D(width, 3, strides=stride, padding="same", use_bias=False)(x)
        x = layers.ReLU()(layers.BatchNormalization(momentum=0.95)(x))
    x = layers.Dropout(0.3)(layers.Flatten()(x))
    x = layers.ReLU()(layers.Dense(32)(x))
    return keras.Model(inputs, layers.Dense(1, activation="sigmoid", name="face")(x), name="face_check")


def train_face_check(
    faces: FaceSet,
    backgrounds: Path,
    out: Path,
    *,
    people: Path | None = None,
    settings: CheckSettings | None = None,
    threshold: float = 0.5,
    training_data: str = TRAINING_DATA,
    log: Callable[[str], None] = print,
) -> keras.Model:
    """Train the face check and write `face_check.keras`, `face_check.tflite` and `card.json`.

    Args:
        faces: FER2013; the training split is used.
        backgrounds: folder of pictures without any face.
        out: folder to write to.
        people: folder of pictures of people with `faces.json` beside them (see
            `fer_core.training.detection_measures.write_reference`): their faces teach it real surroundings, and what
            is no face in them, such as hands, ears and clothes, is what everyday pictures have most of.
        settings: how to train.
        threshold: for the card, until `measure_detection` tells a better one.
        training_data: for the card, in words.
        log: told what happens.

    Raises:
        DatasetError: a folder holds no picture.
        ExportError: the LiteRT network disagrees with the Keras one.
    """
    settings = settings or CheckSettings()
    keras.utils.set_random_seed(settings.seed)
    samples = _Samples(faces, list(photographs(backgrounds)), list(photographs(people)) if people else [], settings)
    log(f"{len(samples.mined)} mined crops, {len(samples.photographed)} crops of photographed faces")
    model = build_face_check(settings.side_px)
    model.compile(
        keras.optimizers.AdamW(
            keras.optimizers.schedules.CosineDecay(
                settings.learning_rate / 10,
                settings.epochs * settings.steps,
                warmup_target=settings.learning_rate,
                warmup_steps=settings.steps,
            ),
            weight_decay=settings.weight_decay,
        ),
        loss=keras.losses.BinaryCrossentropy(label_smoothing=settings.smoothing),
        metrics=["accuracy"],
    )
    for epoch in range(settings.epochs):
        samples.start(epoch, model)
        history = model.fit(samples, shuffle=False, verbose=0).history
        log(f"epoch {epoch + 1}: loss {history['loss'][0]:.4f}, accuracy {history['accuracy'][0]:.4f}")
    out.mkdir(parents=True, exist_ok=True)
    model.save(out / "face_check.keras", include_optimizer=False)
    export_face_check(model, out / FaceCheck.NETWORK)
    write_card(out, model, settings, threshold, training_data)
    return model


def export_face_check(model: keras.Model, path: Path) -> None:
    """Write a trained network as LiteRT with float16 weights and a free batch dimension.

    Raises:
        ExportError: it answers differently from the Keras network by more than 0.02.
    """
    import tensorflow as tf

    side_px = model.input_shape[1]
    archive = keras.export.ExportArchive()
    archive.track(model)
    archive.add_endpoint(
        "serve",
        lambda faces: {"face": model(faces, training=False)},
        input_signature=[tf.TensorSpec((None, side_px, side_px, 1), tf.float32, name="faces")],
    )
    with temporary_folder() as folder:
        archive.write_out(str(folder), verbose=False)
        converter = tf.lite.TFLiteConverter.from_saved_model(str(folder))
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
        converter.target_spec.supported_types = [tf.float16]
        data = converter.convert()
    crops = np.random.default_rng(0).uniform(0, 255, (16, side_px, side_px, 1)).astype(np.float32)
    crops = np.cumsum(crops, axis=1) % 256  # noise alone would all get the same answer
    with temporary_folder() as folder:
        made = folder / path.name
        write_whole(made, data)
        said = LiteRtModel(made)(crops)["face"]
    apart = np.abs(said - keras.ops.convert_to_numpy(model(crops, training=False))).max()
    if not apart <= 0.02:
        raise ExportError(f"The LiteRT face check differs from the Keras one by {apart:.3f}; nothing was written.")
    write_whole(path, data)


def write_card(
    folder: Path,
    model: keras.Model,
    settings: CheckSettings,
    threshold: float,
    training_data: str,
    metrics: Mapping[str, JsonValue] | None = None,
) -> None:
    """Write `card.json` for the files that lie in `folder`."""
    files = (FaceCheck.NETWORK, "face_check.keras")
    card = {
        "name": "face_check",
        "title": "Face check: is a Haar proposal a face?",
        "kind": "face_check",
        "side_px": settings.side_px,
        "margin": settings.margin,
        "threshold": threshold,
        "preprocessing": "grey, the proposal times the margin, stretched to side_px, values 0 to 255",
        "parameters": model.count_params(),
        "files": {name: FileRecord.of(folder / name).model_dump() for name in files},
        "licence": "MIT",
        "training_data": training_data,
        "recipe": asdict(settings),
        "metrics": metrics or {},
    }
    write_whole(folder / "card.json", json.dumps(card, indent=2) + "\n")


class _Samples(keras.utils.PyDataset):
    """Batches, half of them faces. The content of a batch depends on seed, epoch and place alone.

    From the third epoch on, half of the mined crops are drawn from the tenth with the highest scores as faces.
    """

    def __init__(
        self,
        faces: FaceSet,
        backgrounds: Sequence[Photograph],
        people: Sequence[Photograph],
        settings: CheckSettings,
    ) -> None:
        super().__init__()
        self.settings = settings
        self.faces = faces.split("train").images
        side, margin = settings.side_px, settings.margin
        found = mine([*backgrounds, *people, *blotches()], Cascades.load(), side, margin)
        self.photographed, self.mined = found.faces, found.others
        if not len(self.mined):
            raise DatasetError("The cascades take nothing in the pictures for a face; give more backgrounds.")
        self.patches = _patches([p.grey for p in backgrounds if min(p.grey.shape) >= 24], side, settings.seed)
        self.hardest = np.arange(len(self.mined))
        self.epoch = 0

    def __len__(self) -> int:
        return self.settings.steps

    def start(self, epoch: int, model: keras.Model) -> None:
        self.epoch = epoch
        if epoch >= 2:
            crops = self.mined[..., None].astype(np.float32)
            parts = [model(crops[i : i + 1024], training=False) for i in range(0, len(crops), 1024)]
            scores = np.concatenate([keras.ops.convert_to_numpy(part)[:, 0] for part in parts])
            self.hardest = np.argsort(scores)[-math.ceil(len(scores) / 10) :]

    def __getitem__(self, index: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        rng = np.random.default_rng([self.settings.seed, self.epoch, index])
        half = self.settings.batch // 2
        crops = [self._face(rng) for _ in range(half)] + [self._other(rng) for _ in range(half)]
        labels = np.repeat(np.array([1, 0], np.float32), half)[:, None]
        return weathered(np.stack(crops), rng)[..., None], labels

    def _face(self, rng: np.random.Generator) -> NDArray[np.uint8]:
        if len(self.photographed) and rng.random() < self.settings.photographed:
            return _one_of(self.photographed, rng)
        return face_crop(self._fer_face(rng), self._patch(rng), self.settings.side_px, self.settings.margin, rng)

    def _other(self, rng: np.random.Generator) -> NDArray[np.uint8]:
        kind = rng.random()
        if kind < self.settings.mined:
            rows = self.hardest if rng.random() < 0.5 else np.arange(len(self.mined))
            return np.asarray(self.mined[rows[rng.integers(len(rows))]])
        if kind < self.settings.mined + 0.2:
            return badly_cut(self._fer_face(rng), self._patch(rng), self.settings.side_px, self.settings.margin, rng)
        return self._patch(rng)

    def _fer_face(self, rng: np.random.Generator) -> NDArray[np.uint8]:
        return _one_of(self.faces, rng)

    def _patch(self, rng: np.random.Generator) -> NDArray[np.uint8]:
        return _one_of(self.patches, rng)


def _one_of(pictures: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.uint8]:
    return np.asarray(pictures[rng.integers(len(pictures))])


def _patches(pictures: Sequence[NDArray[np.uint8]], side_px: int, seed: int, count: int = 10_000) -> NDArray[np.uint8]:
    rng = np.random.default_rng(seed)
    return np.stack([patch(pictures[int(rng.integers(len(pictures)))], side_px, rng) for _ in range(count)])
