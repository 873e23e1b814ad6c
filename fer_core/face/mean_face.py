"""The mean shape of a face, to which the mesh of each face is fitted.

Made by `fer_core.training.mean_face` from the meshes of many faces; symmetric, seen from the front.
"""

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from fer_core.errors import ModelError
from fer_core.networks.face_files import FACES_DIR, face_network

MEAN_FACE: Final = "mean_face.json"


@dataclass(frozen=True, eq=False)
class MeanFace:
    """Mean shape of the mesh.

    Attributes:
        points: float64 (468, 3); x to the right of the picture, y down, z away from the camera; the middle of the outer
            corners of the eyes is the origin, their distance 1.
        mirror: int (468,), for each point the one on the other side of the face.
        rigid: int (K,), the points that expressions hardly move; only these are fitted.
    """

    points: NDArray[np.float64]
    mirror: NDArray[np.intp]
    rigid: NDArray[np.intp]


@cache
def mean_face(folder: Path = FACES_DIR) -> MeanFace:
    """Read the mean shape.

    Raises:
        ModelError: the file is missing or damaged.
    """
    path = face_network(MEAN_FACE, folder)
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        points = np.array(content["points"], np.float64).reshape(-1, 3)
        mirror, rigid = (np.array(content[key], np.intp) for key in ("mirror", "rigid"))
    except (ValueError, KeyError, TypeError) as error:
        raise ModelError(f"{path} is not a valid mean face; restore it from the release.") from error
    for array in (points, mirror, rigid):
        array.setflags(write=False)
    return MeanFace(points, mirror, rigid)
