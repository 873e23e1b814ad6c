"""Self-test: answers that a broken weight, a swapped colour or another class order would change."""

import importlib.util
import io
import statistics
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from fer_core.classification import EmotionClassifier, ModelCard, default_model, list_cards
from fer_core.classification.cards import verify_models
from fer_core.classification.engines import KerasEngine
from fer_core.diagnostics.checks import Check, guarded
from fer_core.emotions import EMOTIONS
from fer_core.errors import FerError, NotInstalledError
from fer_core.imaging.crops import cut, grey
from fer_core.media.images import decode_image, read_image
from fer_core.media.samples import PORTRAIT, PORTRAIT_EMOTION, PORTRAIT_FACE
from fer_core.networks.files import MODELS_DIR
from fer_core.pipeline import EmotionPipeline
from fer_core.resources import is_left_out

MAX_ENGINE_DRIFT: Final = 0.02
SAME_BOX: Final = 0.6
"""Intersection over union from which two searches found the same face."""


def self_test(models_dir: Path = MODELS_DIR, *, keras: bool = False) -> Iterator[Check]:
    """Check files, class order, every model on the bundled portrait, colour order, orientation and speed.

    Args:
        models_dir: where the models are.
        keras: whether each model is also compared with itself in Keras, which takes half a minute.

    Yields:
        One result a check, as soon as it is there. A check that breaks is a check that failed.
    """
    yield guarded("files", lambda: files(models_dir))
    try:
        cards = list_cards(models_dir)
        pipeline = EmotionPipeline.load(default_model(models_dir), models_dir=models_dir)
    except FerError as error:
        yield Check("models", False, str(error))
        return
    for card in cards:
        yield guarded(f"reading, {card.name}", partial(_reading, card, models_dir))
        if keras:
            yield guarded(f"engines, {card.name}", partial(_engines, card, models_dir))
    yield guarded("colour order", _colour_order)
    yield guarded("orientation", lambda: _orientation(pipeline))
    yield guarded("speed", lambda: speed(pipeline))


def files(models_dir: Path) -> tuple[bool, str]:
    """Whether every file of every model is the one that its card names."""
    results = list(verify_models(models_dir))
    left_out = sum(isinstance(error, NotInstalledError) for _, error in results)
    broken = [str(error) for _, error in results if error is not None and not isinstance(error, NotInstalledError)]
    if broken:
        return False, " ".join(broken)
    matching = len(results) - left_out
    rest = f"; {left_out} that only training needs are not installed" if left_out else ""
    return bool(matching), f"{matching} match their cards{rest}"


def _reading(card: ModelCard, models_dir: Path) -> tuple[bool, str]:
    """The class order is wrong if a clear smile is not "happy"; the mirror image must not change the answer."""
    classifier = EmotionClassifier.load(card.name, models_dir=models_dir)
    face = _face()
    straight, mirrored = classifier.classify([face, np.ascontiguousarray(face[:, ::-1])]).probabilities
    label, confidence = EMOTIONS[int(straight.argmax())], float(straight.max())
    same = EMOTIONS[int(mirrored.argmax())] == label and abs(float(straight.sum()) - 1) < 1e-3
    return label == PORTRAIT_EMOTION and same, f"the bundled face is {label}, {confidence:.0%}"


def _engines(card: ModelCard, models_dir: Path) -> tuple[bool | None, str]:
    if importlib.util.find_spec("tensorflow") is None:
        return None, "Keras is not installed; LiteRT, which is, needs none"
    if card.imported is not None:
        return None, "another project's network comes in one form"
    if is_left_out(models_dir / card.name / KerasEngine.file):
        return None, "the Keras file, which only training needs, is not part of an installed package"
    crops = [_face(), np.ascontiguousarray(np.rot90(_face())), np.full((48, 48, 3), 128, np.uint8)]
    answers = [
        EmotionClassifier.load(card.name, engine, models_dir).classify(crops).probabilities
        for engine in ("litert", "keras")
    ]
    drift = float(np.abs(answers[0] - answers[1]).max())
    return drift <= MAX_ENGINE_DRIFT, f"LiteRT and Keras differ by at most {drift:.4f} in probability"


def _colour_order() -> tuple[bool, str]:
    """Pictures are blue-green-red throughout: pure blue is dark as grey, pure red is brighter."""
    stream = io.BytesIO()
    Image.new("RGB", (8, 8), (255, 0, 0)).save(stream, "PNG")
    red = decode_image(stream.getvalue(), "red.png")
    is_bgr = tuple(int(value) for value in red[0, 0]) == (0, 0, 255)
    brightness = int(grey(red)[0, 0])
    return is_bgr and brightness == 76, f"red arrives as BGR {tuple(map(int, red[0, 0]))}, grey {brightness}"


def _orientation(pipeline: EmotionPipeline) -> tuple[bool, str]:
    """A photograph taken with the phone on its side must arrive upright."""
    stream = io.BytesIO()
    picture = Image.open(PORTRAIT).rotate(90, expand=True)
    exif = picture.getexif()
    exif[0x0112] = 6  # shown as it should be once turned clockwise by a quarter
    picture.save(stream, "JPEG", quality=95, exif=exif)
    faces = pipeline.find_faces(decode_image(stream.getvalue(), "turned.jpg"))
    overlap = max((face.box.overlap(PORTRAIT_FACE) for face in faces), default=0.0)
    return overlap > SAME_BOX, f"a turned photograph shows the face in its place (overlap {overlap:.2f})"


def speed(pipeline: EmotionPipeline) -> tuple[bool, str]:
    """How long a picture and a face take."""
    picture, face = read_image(PORTRAIT), _face()
    search = _median_ms(lambda: pipeline.find_faces(picture), 5)
    reading = _median_ms(lambda: pipeline.classify([face]), 30)
    return True, f"{search:.0f} ms to search 512 x 512 pixels, {reading:.1f} ms to read a face (medians)"


def _median_ms(action: Callable[[], object], repeats: int) -> float:
    action()
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        action()
        times.append(time.perf_counter() - start)
    return 1000 * statistics.median(times)


def _face() -> NDArray[np.uint8]:
    return np.asarray(cv2.resize(cut(read_image(PORTRAIT), PORTRAIT_FACE), (96, 96)), np.uint8)
