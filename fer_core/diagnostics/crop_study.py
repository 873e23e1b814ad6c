"""Which cut of a found face a classifier reads best: the square about it, or the face turned upright."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from fer_core.classification import EmotionClassifier
from fer_core.detection import FaceDetector
from fer_core.evaluation.datasets import FaceSet
from fer_core.imaging.alignment import SIDE, Alignment
from fer_core.imaging.crops import cut_face
from fer_core.imaging.halvings import Halvings

ENLARGED_PX: Final = 192
BORDER_PX: Final = 96
TILTED_DEG: Final = 8.0
_BATCH: Final = 256

Crops = Mapping[str, list[NDArray[np.uint8]]]


@dataclass(frozen=True)
class CropAccuracy:
    """How well one model reads the same faces in three cuts.

    Attributes:
        model: its name.
        faces: which ones: "all", or those tilted by less, or by at least `TILTED_DEG`.
        count: how many.
        given: share read as labelled in the pictures as they are.
        box: the same in the square that the detector gives.
        aligned: the same in the face turned upright, with eyes and mouth where FER2013 has them.
    """

    model: str
    faces: str
    count: int
    given: float
    box: float
    aligned: float


def crop_study(
    faces: FaceSet,
    detector: FaceDetector,
    classifiers: Mapping[str, EmotionClassifier],
    said: Callable[[str], None] = lambda words: None,
) -> list[CropAccuracy]:
    """Find each face in its enlarged picture, cut it out in both ways, and read both.

    Faces in which the detector finds nothing are left out of every figure.

    Args:
        faces: labelled, as FER2013 has them; a border that repeats their edge is laid around each.
        detector: gives eyes and mouth, as BlazeFace does.
        classifiers: by name.
        said: told how many faces were found.
    """
    crops, labels, tilts = _cut_out(faces, detector)
    said(f"{len(labels)} of {len(faces)} faces found")
    groups = {
        "all": np.ones(len(labels), bool),
        f"tilted by less than {TILTED_DEG:.0f}°": tilts < TILTED_DEG,
        f"tilted by {TILTED_DEG:.0f}° or more": tilts >= TILTED_DEG,
    }
    rows = []
    for name, classifier in classifiers.items():
        right = {kind: _read(classifier, pictures) == labels for kind, pictures in crops.items()}
        for group, among in groups.items():
            if among.any():
                shares = {kind: float(hit[among].mean()) for kind, hit in right.items()}
                rows.append(CropAccuracy(name, group, int(among.sum()), **shares))
    return rows


def _cut_out(faces: FaceSet, detector: FaceDetector) -> tuple[Crops, NDArray[np.int64], NDArray[np.float64]]:
    crops: dict[str, list[NDArray[np.uint8]]] = {"given": [], "box": [], "aligned": []}
    labels, tilts = [], []
    for picture, label in zip(faces.images, faces.labels, strict=True):
        large = cv2.resize(picture, (ENLARGED_PX, ENLARGED_PX), interpolation=cv2.INTER_CUBIC)
        framed = cv2.copyMakeBorder(large, BORDER_PX, BORDER_PX, BORDER_PX, BORDER_PX, cv2.BORDER_REPLICATE)
        scene = np.asarray(cv2.cvtColor(framed, cv2.COLOR_GRAY2BGR), np.uint8)
        found = next((face for face in detector.detect(scene) if face.keypoints is not None), None)
        if found is None or found.keypoints is None:
            continue
        crops["given"].append(picture)
        crops["box"].append(cut_face(scene, found.box))
        alignment = Alignment.of_keypoints(found.keypoints)
        crops["aligned"].append(alignment.cut(Halvings(scene), max(1, round(alignment.scale * SIDE))))
        labels.append(int(label))
        tilts.append(abs(alignment.roll_deg))
    return crops, np.array(labels, np.int64), np.array(tilts, np.float64)


def _read(classifier: EmotionClassifier, pictures: list[NDArray[np.uint8]]) -> NDArray[np.intp]:
    parts = [classifier.classify(pictures[start : start + _BATCH]) for start in range(0, len(pictures), _BATCH)]
    return np.concatenate([part.probabilities.argmax(axis=1) for part in parts] or [np.zeros(0, np.intp)])
