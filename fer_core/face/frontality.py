"""How far a face is turned to the side, estimated from nothing but its crop.

A face seen from the front is about the same in the mirror. Where its edges and their directions (histograms of oriented
gradients, Dalal and Triggs, 2005, https://doi.org/10.1109/CVPR.2005.177) differ from those of its mirror image, a
weighted sum of the differences estimates how far the nose lies beside the middle of eyes and mouth. It is fitted by
`fer_core.training.frontality`; `models/frontality/card.json` says how well it does.
"""

import json
from functools import cache
from pathlib import Path
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from fer_core.errors import ModelError
from fer_core.imaging.crops import resized
from fer_core.networks.files import MODELS_DIR, FileRecord, verified

FRONTALITY_DIR: Final = MODELS_DIR / "frontality"
WEIGHTS: Final = "weights.json"
SIDE_PX: Final = 48
IN_PROFILE: Final = 0.5
"""Nose beside the middle, over the distance from eyes to mouth, that counts as a face in profile."""

_HOG = cv2.HOGDescriptor((SIDE_PX, SIDE_PX), (24, 24), (12, 12), (12, 12), 6)


def frontality(face: NDArray[np.uint8]) -> float:
    """1 for a grey face (H, W) that is seen from the front, 0 for one in profile.

    Raises:
        ModelError: the weights are missing or damaged.
    """
    return max(0.0, 1 - abs(nose_offset(face)) / IN_PROFILE)


def nose_offset(face: NDArray[np.uint8]) -> float:
    """How far the nose of a grey face (H, W) lies to the right of the middle, over the distance from eyes to mouth."""
    return float(asymmetry(face) @ _weights(FRONTALITY_DIR))


def asymmetry(face: NDArray[np.uint8]) -> NDArray[np.float32]:
    """What a grey face (H, W) has more than its mirror image: float32 (216,)."""
    picture = resized(face, SIDE_PX)
    mirrored = np.ascontiguousarray(picture[:, ::-1])
    return np.asarray(_HOG.compute(picture), np.float32) - np.asarray(_HOG.compute(mirrored), np.float32)


@cache
def _weights(folder: Path) -> NDArray[np.float32]:
    try:
        card = json.loads((folder / "card.json").read_text(encoding="utf-8"))
        files = {name: FileRecord.model_validate(record) for name, record in card["files"].items()}
    except (OSError, ValueError, KeyError, AttributeError) as error:
        raise ModelError(f"{folder / 'card.json'} is missing or damaged; restore it from the release.") from error
    return np.array(json.loads(verified(folder, WEIGHTS, files).read_text(encoding="utf-8")), np.float32)
