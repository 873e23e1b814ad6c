"""Fits what tells faces that are turned to the side: see `fer_core.face.frontality`.

python -m fer_core.training.frontality --data fer2013.zip
"""

import argparse
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.stats import spearmanr

from fer_core.evaluation.datasets import load_faces
from fer_core.face.frontality import FRONTALITY_DIR, IN_PROFILE, WEIGHTS, asymmetry
from fer_core.networks.files import FileRecord

PENALTY: Final = 1.0
FOLDS: Final = 5
_FACE_PX, _BORDER_PX = 120, 40


def nose_offsets(images: NDArray[np.uint8], detect: Callable[[NDArray[np.uint8]], list[dict]]) -> NDArray[np.float64]:
    """Where landmarks put the nose: beside the middle of eyes and mouth, over the distance from eyes to mouth.

    Args:
        images: uint8 (N, H, W), grey faces.
        detect: `MTCNN().detect_faces` or the like: RGB in, faces with "confidence" and "keypoints" out.

    Returns:
        float (N,), to the right positive; NaN where no sure face was found.
    """
    return np.array([_offset(detect(_framed(image))) for image in images])


def fit(features: NDArray[np.float32], offsets: NDArray[np.float64]) -> NDArray[np.float64]:
    """Weights of a ridge regression without intercept: mirroring a face turns the sign of both sides."""
    inner = features.T @ features + PENALTY * np.eye(features.shape[1])
    return np.asarray(np.linalg.solve(inner, features.T @ offsets), np.float64)


def measure(features: NDArray[np.float32], offsets: NDArray[np.float64]) -> dict[str, Any]:
    """Agreement with the landmarks on faces that were not learnt from, over `FOLDS` folds."""
    folds = np.arange(len(offsets)) % FOLDS
    estimates = np.zeros(len(offsets))
    for fold in range(FOLDS):
        estimates[folds == fold] = features[folds == fold] @ fit(features[folds != fold], offsets[folds != fold])
    return {
        "faces": len(offsets),
        "correlation": round(float(np.corrcoef(estimates, offsets)[0, 1]), 3),
        "rank_correlation_of_size": round(float(spearmanr(np.abs(estimates), np.abs(offsets)).statistic), 3),
        "mean_absolute_error": round(float(np.abs(estimates - offsets).mean()), 3),
    }


def write(folder: Path, images: NDArray[np.uint8], offsets: NDArray[np.float64], all_images: NDArray[np.uint8]) -> None:
    """Fit, measure, and write weights and card.

    Args:
        folder: of the model.
        images: uint8 (N, H, W), grey faces.
        offsets: float (N,), see `nose_offsets`.
        all_images: faces from which the limit of what is usual is taken.
    """
    known = ~np.isnan(offsets)
    features = np.array([asymmetry(image) for image in images[known]])
    weights = fit(features, offsets[known])
    estimates = np.abs([float(asymmetry(image) @ weights) for image in all_images])
    folder.mkdir(parents=True, exist_ok=True)
    (folder / WEIGHTS).write_text(json.dumps([round(float(weight), 6) for weight in weights]) + "\n", encoding="utf-8")
    card = {
        "name": folder.name,
        "title": "Frontality: is a face turned to the side?",
        "kind": "frontality",
        "files": {WEIGHTS: FileRecord.of(folder / WEIGHTS).model_dump()},
        "licence": "MIT",
        "training_data": f"Landmarks that MTCNN found in {int(known.sum())} faces of FER2013's training split.",
        "recipe": {"penalty": PENALTY, "asked": len(images)},
        "metrics": {
            **measure(features, offsets[known]),
            "protocol": f"{FOLDS} folds; the reference is MTCNN on faces of 48 pixels, which is not exact itself",
            "frontality_of_outer_1_percent": round(1 - float(np.quantile(estimates, 0.99)) / IN_PROFILE, 3),
        },
    }
    (folder / "card.json").write_text(json.dumps(card, indent=2) + "\n", encoding="utf-8")


def _framed(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    large = cv2.resize(image, (_FACE_PX, _FACE_PX), interpolation=cv2.INTER_CUBIC)
    border = (_BORDER_PX,) * 4
    return np.asarray(
        cv2.cvtColor(cv2.copyMakeBorder(large, *border, cv2.BORDER_REPLICATE), cv2.COLOR_GRAY2RGB), np.uint8
    )


def _offset(faces: list[dict]) -> float:
    best = max(faces, key=lambda face: face["confidence"], default=None)
    if best is None or best["confidence"] < 0.95:
        return np.nan
    points = {name: np.array(point, float) for name, point in best["keypoints"].items()}
    eyes, mouth = (points["left_eye"] + points["right_eye"]) / 2, (points["mouth_left"] + points["mouth_right"]) / 2
    across = points["right_eye"] - points["left_eye"]
    height = np.linalg.norm(mouth - eyes)
    if height < 1 or not across.any():
        return np.nan
    return float((points["nose"] - (eyes + mouth) / 2) @ across / np.linalg.norm(across) / height)


def main(arguments: Sequence[str] | None = None) -> None:
    """Fit from the command line."""
    from mtcnn import MTCNN

    parser = argparse.ArgumentParser(description="Fit the estimate of how far faces are turned.")
    parser.add_argument("--data", type=Path, required=True, help="FER2013")
    parser.add_argument("--faces", type=int, default=4000, help="how many to ask MTCNN about; default: 4000")
    parser.add_argument("--out", type=Path, default=FRONTALITY_DIR)
    options = parser.parse_args(arguments)
    images = load_faces(options.data).split("train").images
    chosen = images[np.random.default_rng(1).permutation(len(images))[: options.faces]]
    network = MTCNN()

    def detect(picture: NDArray[np.uint8]) -> list[dict]:
        return network.detect_faces(picture, fit_to_image=False, threshold_onet=0.8)

    write(options.out, chosen, nose_offsets(chosen, detect), images)


if __name__ == "__main__":
    main()
