"""What the limits of pose and cover say about the faces that the classifiers learnt from.

python -m fer_core.training.quality_limits --data fer2013.zip

A face is "turned" beyond the outer 1 % of FER2013's training faces, so the limit is measured here; so is how many of
these faces, few of which are covered, count as covered.
"""

import argparse
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from fer_core.detection.blazeface import BlazeFaceDetector
from fer_core.evaluation.datasets import load_faces
from fer_core.face.measuring import FaceMeasurer
from fer_core.face.occlusion import HIGHEST_ASYMMETRY, LOWEST_PRESENCE, STRAIGHT_DEG
from fer_core.face.quality import MIN_FRONTALITY
from fer_core.readings import FaceMesh

FACES: Final = 3000
SIDE_PX: Final = 144
"""Side to which the pictures are enlarged before faces are looked for."""

BORDER_PX: Final = 48
"""Black border around them, as the detector finds no face that fills the picture."""

OUTER: Final = 0.01
"""Share of the faces that lies beyond a limit."""


def measured(images: NDArray[np.uint8], detector: BlazeFaceDetector, measurer: FaceMeasurer) -> list[FaceMesh]:
    """The mesh of each grey picture (N, 48, 48) in which the detector finds a face; of several the largest."""
    found: list[FaceMesh] = []
    for image in images:
        large = cv2.resize(image, (SIDE_PX, SIDE_PX), interpolation=cv2.INTER_CUBIC)
        bordered = cv2.copyMakeBorder(large, *(BORDER_PX,) * 4, cv2.BORDER_CONSTANT, value=0)
        picture = np.asarray(cv2.cvtColor(bordered, cv2.COLOR_GRAY2BGR), np.uint8)
        faces = detector.search_still(picture).faces[:1]
        found.extend(face.mesh for face in measurer(picture, faces) if face.mesh is not None)
    return found


def figures(meshes: Sequence[FaceMesh], pictures: int) -> dict[str, float]:
    """Quantiles of the frontality, and shares of faces beyond the limits in use.

    Args:
        meshes: of the faces that were found.
        pictures: in how many they were looked for.

    Raises:
        ValueError: there is no mesh.
    """
    if not meshes:
        raise ValueError("No face was found in these pictures.")
    front = np.array([mesh.pose.frontality for mesh in meshes])
    presence = np.array([mesh.columns["face_presence"] for mesh in meshes])
    asymmetry = np.array([mesh.columns["face_asymmetry"] for mesh in meshes])
    straight = np.abs([mesh.pose.yaw_deg for mesh in meshes]) < STRAIGHT_DEG
    return {
        "pictures": pictures,
        "faces": len(meshes),
        "frontality_outer": round(float(np.quantile(front, OUTER)), 3),
        "frontality_median": round(float(np.median(front)), 3),
        "share_turned": round(float((front < MIN_FRONTALITY).mean()), 4),
        "share_low_presence": round(float((presence < LOWEST_PRESENCE).mean()), 4),
        "share_uneven": round(float((straight & (asymmetry > HIGHEST_ASYMMETRY)).mean()), 4),
        "share_covered": round(float(np.mean([mesh.covered for mesh in meshes])), 4),
    }


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the figures as JSON."""
    parser = argparse.ArgumentParser(description="Measure the limits of pose and cover on FER2013's training faces.")
    parser.add_argument("--data", type=Path, required=True, help="FER2013")
    parser.add_argument("--faces", type=int, default=FACES, help="how many, at random")
    options = parser.parse_args(arguments)
    images = load_faces(options.data).split("train").images
    images = images[np.random.default_rng(0).permutation(len(images))[: options.faces]]
    print(json.dumps(figures(measured(images, BlazeFaceDetector(), FaceMeasurer()), len(images)), indent=2))


if __name__ == "__main__":
    main()
