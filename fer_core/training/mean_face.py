"""The mean shape of the face mesh, from the faces of FER2013's training split.

python -m fer_core.training.mean_face --data fer2013.zip
"""

import argparse
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final, TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from fer_core.evaluation.datasets import load_faces
from fer_core.face.landmarks import POINTS, MeshFinder
from fer_core.face.mean_face import MEAN_FACE
from fer_core.face.pose import similarity
from fer_core.face.topology import LEFT_EYE_OUTER, RIGHT_EYE_OUTER
from fer_core.imaging.alignment import Alignment
from fer_core.imaging.halvings import Halvings
from fer_core.networks.face_files import FACES_DIR
from fer_core.networks.files import FileRecord
from fer_core.readings import Box
from fer_core.whole_file import write_whole

FACES: Final = 3000
SIDE_PX: Final = 144
"""Side to which the pictures are enlarged before the mesh is found."""

RIGID_SHARE: Final = 0.4
"""Share of the points, those that vary least from face to face, to which a mesh is fitted."""

SURE: Final = 0.99
"""Presence from which a mesh is used."""

MIRRORED: Final = 300
"""Faces whose mirror images tell which points are partners."""

ROUNDS: Final = 8

Array: TypeAlias = NDArray[np.float64]


def meshes(images: NDArray[np.uint8], mesh: MeshFinder) -> tuple[Array, NDArray[np.bool_]]:
    """Meshes of grey pictures (N, 48, 48): float64 (N, 468, 3), and whether each is sure of a face: bool (N,)."""
    found, sure = [], []
    for image in images:
        large = cv2.resize(image, (SIDE_PX, SIDE_PX), interpolation=cv2.INTER_CUBIC)
        picture = np.asarray(cv2.cvtColor(large, cv2.COLOR_GRAY2BGR), np.uint8)
        (landmarks,) = mesh.of_aligned(Halvings(picture), [Alignment.of_box(Box(0, 0, SIDE_PX, SIDE_PX))])
        found.append(landmarks.points.astype(np.float64))
        sure.append(landmarks.presence > SURE)
    return np.stack(found), np.array(sure)


def mean_shape(shapes: Array, mirror: NDArray[np.intp]) -> tuple[Array, NDArray[np.intp]]:
    """Generalised Procrustes mean of meshes and their mirror images (Gower, 1975).

    Args:
        shapes: float64 (N, 468, 3).
        mirror: as `partners` returns them.

    Returns:
        Mean shape (468, 3) and the points that vary least (K,); see `MeanFace`.
    """
    both = np.concatenate([shapes, (shapes * (-1, 1, 1))[:, mirror]])
    mean, rows = _in_unit(both.mean(axis=0)), np.arange(POINTS)
    for _ in range(ROUNDS):
        aligned = np.stack([_onto(shape, mean, rows) for shape in both])
        mean = _in_unit(np.median(aligned, axis=0))
        mean = (mean + (mean * (-1, 1, 1))[mirror]) / 2
        spread = np.square(aligned - mean).sum(axis=2).mean(axis=0)
        spread = (spread + spread[mirror]) / 2
        rows = np.sort(np.argsort(spread, kind="stable")[: round(RIGID_SHARE * POINTS)])
    return mean, rows


def partners(shapes: Array, mirrored: Array) -> NDArray[np.intp]:
    """For each point of the mesh the one on the other side of the face.

    Args:
        shapes: float64 (N, 468, 3), meshes of faces.
        mirrored: float64 (N, 468, 3), meshes of the same pictures in the mirror.

    Returns:
        int (468,): the partner whose place in the mirror differs least, in the mean of all faces.
    """
    distances = np.zeros((POINTS, POINTS))
    for shape, other in zip(shapes, mirrored, strict=True):
        there = other * (-1, 1, 1)
        there += shape.mean(axis=0) - there.mean(axis=0)
        distances += np.linalg.norm(shape[:, None, :2] - there[None, :, :2], axis=2)
    _, mirror = linear_sum_assignment(distances + distances.T)
    if (mirror[mirror] != np.arange(POINTS)).any():
        raise ValueError("The mesh has points without a partner; use more faces.")
    return np.asarray(mirror, np.intp)


def _onto(shape: Array, mean: Array, rows: NDArray[np.intp]) -> Array:
    turn, scale, shift = similarity(shape[rows], mean[rows])
    return np.asarray(scale * shape @ turn.T + shift, np.float64)


def _in_unit(shape: Array) -> Array:
    """With the middle of the outer corners of the eyes as the origin, and their distance as the unit."""
    corners = shape[[RIGHT_EYE_OUTER, LEFT_EYE_OUTER]]
    return np.asarray((shape - corners.mean(axis=0)) / np.linalg.norm(corners[1] - corners[0]), np.float64)


def write(folder: Path, mean: Array, mirror: NDArray[np.intp], rigid: NDArray[np.intp], faces: int) -> None:
    """Write the mean shape and enter it in the card of the folder."""
    content: dict[str, Any] = {
        "faces": faces,
        "points": np.round(mean, 4).tolist(),
        "mirror": mirror.tolist(),
        "rigid": rigid.tolist(),
    }
    path = folder / MEAN_FACE
    write_whole(path, json.dumps(content, separators=(",", ":")) + "\n")
    card = json.loads((folder / "card.json").read_text(encoding="utf-8"))
    card["files"][MEAN_FACE] = FileRecord.of(path).model_dump()
    write_whole(folder / "card.json", json.dumps(card, indent=2, ensure_ascii=False) + "\n")


def main(arguments: Sequence[str] | None = None) -> None:
    """Make the mean shape from the command line."""
    parser = argparse.ArgumentParser(description="Make the mean shape of the face mesh.")
    parser.add_argument("--data", type=Path, required=True, help="FER2013")
    parser.add_argument("--out", type=Path, default=FACES_DIR, help="folder of the face networks")
    options = parser.parse_args(arguments)
    images = load_faces(options.data).split("train").images
    images = images[np.random.default_rng(0).permutation(len(images))[:FACES]]
    mesh = MeshFinder()
    shapes, sure = meshes(images, mesh)
    mirrored, sure_too = meshes(images[:MIRRORED, :, ::-1], mesh)
    both = sure[:MIRRORED] & sure_too
    mirror = partners(shapes[:MIRRORED][both], mirrored[both])
    mean, rigid = mean_shape(shapes[sure], mirror)
    write(options.out, mean, mirror, rigid, int(sure.sum()))


if __name__ == "__main__":
    main()
