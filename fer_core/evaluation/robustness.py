"""Accuracy on degraded pictures: each face is degraded in eight ways, the same for every model."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from fer_core.classification import EmotionClassifier
from fer_core.evaluation.figures import DegradationFigures, Robustness
from fer_core.evaluation.intervals import wilson
from fer_core.evaluation.predictions import Crops
from fer_core.imaging.crops import grey, resized
from fer_core.jobs import Monitor

FACE_PX: Final = 48
MAX_FACES: Final = 1000
PROTOCOL: Final = (
    f"At most {MAX_FACES:,} faces, evenly spread over the set, grey and brought to {FACE_PX} pixels, then degraded; "
    "severity 0 is the clean face. Where a degradation has a direction, it alternates from face to face: brighter and "
    "darker, clockwise and counter-clockwise, shifted right, left, down, up. Noise and the place of the occluding "
    "square are drawn once for each face, the same for every model. What a turn or shift uncovers repeats the border."
)

Picture = NDArray[np.uint8]


@dataclass(frozen=True)
class Degradation:
    """One way in which pictures get worse.

    Attributes:
        unit: what `levels` count.
        levels: the amounts of severity 1 to 5.
        apply: (face uint8 (48, 48), amount, number of the face) to the degraded face.
        clean: the amount of severity 0.
    """

    unit: str
    levels: tuple[float, ...]
    apply: Callable[[Picture, float, int], Picture]
    clean: float = 0.0


def robustness(
    classifier: EmotionClassifier,
    crops: Crops,
    labels: NDArray[np.int64],
    max_faces: int = MAX_FACES,
    monitor: Monitor | None = None,
) -> Robustness:
    """Accuracy under every degradation at every severity.

    Args:
        classifier: the model.
        crops: N faces.
        labels: int64 (N,).
        max_faces: number of faces that are measured, evenly spread, where there are more.
        monitor: takes in how many of the degradations are measured; can stop the work.

    Returns:
        Ready for JSON; `kinds` by name of the degradation.

    Raises:
        StoppedError: the monitor was asked to stop.
    """
    monitor = monitor or Monitor()
    rows = evenly(len(crops), max_faces)
    faces, truth = [resized(grey(crops[row]), FACE_PX) for row in rows], labels[rows]
    runs = [(name, severity) for name, kind in DEGRADATIONS.items() for severity in range(1, len(kind.levels) + 1)]
    clean = _hits(classifier, faces, truth)
    hits = {name: [clean] for name in DEGRADATIONS}
    for done, (name, severity) in enumerate(runs, start=1):
        hits[name].append(_hits(classifier, degraded(faces, name, severity), truth))
        monitor.step(done, len(runs), "on degraded faces")
    kinds: dict[str, DegradationFigures] = {
        name: {
            "unit": kind.unit,
            "levels": [kind.clean, *kind.levels],
            "accuracy": [count / len(rows) for count in hits[name]],
            "accuracy_ci95": [wilson(count, len(rows)) for count in hits[name]],
        }
        for name, kind in DEGRADATIONS.items()
    }
    return {"protocol": PROTOCOL, "n": len(rows), "kinds": kinds}


def degraded(faces: Sequence[Picture], kind: str, severity: int) -> list[Picture]:
    """Faces made worse.

    Args:
        faces: uint8 (48, 48) grey each.
        kind: a key of `DEGRADATIONS`.
        severity: 0 (as they are) to 5.
    """
    if severity == 0:
        return list(faces)
    how = DEGRADATIONS[kind]
    return [how.apply(face, how.levels[severity - 1], number) for number, face in enumerate(faces)]


def evenly(n: int, most: int) -> NDArray[np.int64]:
    """At most `most` of the row numbers 0 to n - 1, evenly spread."""
    return np.arange(n) if n <= most else np.linspace(0, n - 1, most).round().astype(np.int64)


def _hits(classifier: EmotionClassifier, faces: list[Picture], truth: NDArray[np.int64]) -> int:
    return int((classifier.classify(faces).probabilities.argmax(axis=1) == truth).sum())


def _blur(face: Picture, sigma_px: float, _: int) -> Picture:
    return np.asarray(cv2.GaussianBlur(face, (0, 0), sigma_px), np.uint8)


def _noise(face: Picture, deviation: float, number: int) -> Picture:
    return _clipped(face + deviation * np.random.default_rng(number).standard_normal(face.shape))


def _brightness(face: Picture, grey_levels: float, number: int) -> Picture:
    return _clipped(face + (grey_levels if number % 2 == 0 else -grey_levels))


def _contrast(face: Picture, lost: float, _: int) -> Picture:
    return _clipped(face.mean() + (1 - lost) * (face - face.mean()))


def _rotation(face: Picture, degrees: float, number: int) -> Picture:
    centre = (FACE_PX - 1) / 2, (FACE_PX - 1) / 2
    return _moved(face, cv2.getRotationMatrix2D(centre, degrees if number % 2 == 0 else -degrees, 1.0))


def _shift(face: Picture, share: float, number: int) -> Picture:
    right, down = ((1, 0), (-1, 0), (0, 1), (0, -1))[number % 4]
    way_px = share * FACE_PX
    return _moved(face, np.array([[1.0, 0.0, right * way_px], [0.0, 1.0, down * way_px]]))


def _occlusion(face: Picture, share: float, number: int) -> Picture:
    side = round(share * FACE_PX)
    x, y = np.random.default_rng(number).integers(0, FACE_PX - side, size=2, endpoint=True)
    covered = face.copy()
    covered[y : y + side, x : x + side] = 128
    return covered


def _resolution(face: Picture, side_px: float, _: int) -> Picture:
    return resized(resized(face, round(side_px)), FACE_PX)


def _moved(face: Picture, matrix: NDArray[np.floating | np.integer]) -> Picture:
    return np.asarray(cv2.warpAffine(face, matrix, (FACE_PX, FACE_PX), borderMode=cv2.BORDER_REPLICATE), np.uint8)


def _clipped(values: NDArray[np.floating]) -> Picture:
    return np.asarray(np.clip(np.rint(values), 0, 255), np.uint8)


DEGRADATIONS: Final[dict[str, Degradation]] = {
    "blur": Degradation("pixels of Gaussian sigma", (0.5, 1.0, 1.5, 2.0, 3.0), _blur),
    "noise": Degradation("grey levels of standard deviation", (5.0, 10.0, 20.0, 30.0, 45.0), _noise),
    "brightness": Degradation("grey levels up or down", (20.0, 40.0, 60.0, 80.0, 100.0), _brightness),
    "contrast": Degradation("share of the contrast lost", (0.25, 0.45, 0.6, 0.75, 0.85), _contrast),
    "rotation": Degradation("degrees", (5.0, 10.0, 15.0, 25.0, 40.0), _rotation),
    "shift": Degradation("share of the side", (0.04, 0.08, 0.12, 0.16, 0.24), _shift),
    "occlusion": Degradation("side of the square as a share", (0.15, 0.25, 0.35, 0.45, 0.55), _occlusion),
    "resolution": Degradation("pixels a side", (32.0, 24.0, 16.0, 12.0, 8.0), _resolution, clean=float(FACE_PX)),
}
