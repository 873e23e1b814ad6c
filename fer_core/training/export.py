"""The `export` command: an installed model in another format, written only if it says the same as Keras."""

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import cv2
import keras
import numpy as np

from fer_core.classification import EmotionClassifier
from fer_core.classification.cards import load_card, verified_file
from fer_core.classification.engines import ENGINES, Engine
from fer_core.classification.recipe import Drift
from fer_core.emotions import EMOTIONS
from fer_core.errors import DatasetError, ExportError
from fer_core.evaluation.datasets import FACE_PX, VOTE_COLUMNS, FaceSet
from fer_core.imaging.crops import cut, grey
from fer_core.media.images import read_image
from fer_core.media.samples import PORTRAIT, PORTRAIT_FACE
from fer_core.networks.files import MODELS_DIR
from fer_core.temporary import temporary_folder
from fer_core.training.augmentation import Augmentation
from fer_core.training.conversion import OnnxEngine, SavedModelEngine, to_litert, to_onnx, to_saved_model
from fer_core.training.publishing import calibration_faces, check_drift
from fer_core.whole_file import whole_file

SUFFIXES: Final = {"tflite": ".tflite", "onnx": ".onnx", "saved_model": "_saved_model"}


@dataclass(frozen=True)
class Exported:
    """An export's largest difference from Keras, and the number of faces on which it was measured."""

    drift: Drift
    faces: int


def default_path(model: str, format: str) -> Path:  # noqa: A002 - the option's name
    """Where an export goes when nobody says."""
    return Path(f"{model}{SUFFIXES[format]}")


def export_model(
    model: str,
    format: str,  # noqa: A002 - the option's name
    quantize: str,
    out: Path,
    faces: FaceSet | None,
    models_dir: Path = MODELS_DIR,
    *,
    calibrate_on: FaceSet | None = None,
) -> Exported:
    """Convert, compare with Keras, and only then write.

    Args:
        model: an installed single model.
        format: "tflite", "onnx" or "saved_model".
        quantize: "none", "float16" or "int8"; other formats than tflite know only "none".
        out: the file or, for a SavedModel, the folder to write.
        faces: real, labelled faces to compare on; None compares on views of the bundled portrait.
        models_dir: where the models are.
        calibrate_on: faces on which int8 learns its ranges; others than those that it is compared on.

    Returns:
        Its difference from Keras.

    Raises:
        DatasetError: int8 without faces.
        ExportError: the combination does not exist, or the export drifts.
        ModelError: there is no such model, or it is damaged.
    """
    if quantize != "none" and format != "tflite":
        raise ExportError(f'"{format}" is written without quantisation; leave out --quantize or use --format tflite.')
    if quantize == "int8" and (faces is None or calibrate_on is None):
        raise DatasetError("int8 is calibrated on real faces; name a data set with --data.")
    if out.is_dir() or (format == "saved_model" and out.exists()):
        raise ExportError(f"{out} is there already; remove it or choose another place with --out.")
    card = load_card(model, models_dir)
    if card.members:
        raise ExportError(f'"{model}" is an ensemble; export its members: {", ".join(card.members)}.')
    source = verified_file(card, "model.keras", models_dir)
    network = keras.models.load_model(source, compile=False)
    check = _portrait_views() if faces is None else faces
    with temporary_folder() as folder:
        made = folder / out.name
        engine = _convert(network, format, quantize, made, calibrate_on, card.side_px)
        reference = EmotionClassifier(ENGINES["keras"](source), card)
        drift = check_drift(reference, EmotionClassifier(engine, card), check)
        del engine
        _put(made, out)
    return Exported(drift, len(check))


def _convert(
    network: keras.Model,
    format: str,  # noqa: A002 - the option's name
    quantize: str,
    made: Path,
    faces: FaceSet | None,
    side_px: int,
) -> Engine:
    if format == "onnx":
        to_onnx(network, made, side_px)
        return OnnxEngine(made)
    if format == "saved_model":
        to_saved_model(network, made, side_px)
        return SavedModelEngine(made)
    to_litert(network, made, side_px, quantize, None if faces is None else calibration_faces(faces))
    return ENGINES["litert"](made)


def _put(made: Path, out: Path) -> None:
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        if made.is_dir():
            shutil.move(made, out)
        else:
            with whole_file(out) as part:
                shutil.copyfile(made, part)
    except OSError as error:
        raise ExportError(f"{out} cannot be written ({error.strerror}); choose another place with --out.") from error


def _portrait_views(count: int = 64) -> FaceSet:
    """The bundled face under changes, so that a first check needs no data set. Its expression is happy."""
    face = cut(grey(read_image(PORTRAIT)), PORTRAIT_FACE)
    small = np.asarray(cv2.resize(face, (FACE_PX, FACE_PX), interpolation=cv2.INTER_AREA), np.uint8)
    views = Augmentation(erase=0)(np.repeat(small[None], count, axis=0), FACE_PX, np.random.default_rng(0))
    names = np.array([f"view {n}" for n in range(count)])
    labels = np.full(count, EMOTIONS.index("happy"))
    votes = np.zeros((count, len(VOTE_COLUMNS)), np.float32)
    return FaceSet(views[..., 0].astype(np.uint8), labels, names, np.full(count, "test"), votes)
