"""MTCNN as the second detector (Zhang et al., 2016, https://arxiv.org/abs/1604.02878).

Needs the optional packages `mtcnn` and TensorFlow; neither is imported before the detector is built.
"""

import importlib
import threading
from collections.abc import Mapping
from importlib.util import find_spec
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from fer_core.detection.padding import search_padded
from fer_core.detection.protocol import Range
from fer_core.detection.suppression import most_face_like
from fer_core.errors import DependencyError, with_extra
from fer_core.imaging.crops import bgr, shrunk
from fer_core.imaging.placement import Placement
from fer_core.networks.load_order import before_tensorflow
from fer_core.readings import Box, Face
from fer_core.request import Parameter

HAAR_SIDE: Final = 0.95
"""Side of the square that a Haar cascade draws, over the longer side of the MTCNN box: median of 111 faces that both
found in everyday pictures (10th to 90th percentile 0.84 to 1.05; the centres agree to 4 % in the median)."""

_PACKAGES: Final = ("mtcnn", "tensorflow")


def installed() -> bool:
    """Whether the packages that it needs are there; none is imported to find out."""
    return all(find_spec(package) for package in _PACKAGES)


class MtcnnDetector:
    """Finds faces with the `mtcnn` package. Safe to share between threads: calls wait for each other.

    Args:
        search_px: longer side to which larger pictures are shrunk.
        threshold: confidence from which a find counts as a face.

    Raises:
        DependencyError: `mtcnn` or TensorFlow is not installed.
    """

    name: Final = "mtcnn"
    doubtful_below: Final = 0.975
    files: Final[Mapping[str, str]] = {}
    """Its weights come with the package `mtcnn`, whose version says which."""
    libraries: Final = _PACKAGES
    choices: Final = {"search_px": Range(int, 64, 8000), "threshold": Range(float, 0.0, 1.0)}

    def __init__(self, search_px: int = 640, threshold: float = 0.9) -> None:
        self._network = _load_network()
        self._lock = threading.Lock()
        self.search_px = search_px
        self.threshold = threshold

    @property
    def parameters(self) -> Mapping[str, Parameter]:
        """See `FaceDetector`."""
        return {"search_px": self.search_px, "threshold": self.threshold}

    def detect(self, image: NDArray[np.uint8]) -> list[Face]:
        """See `FaceDetector.detect`."""
        picture = bgr(image)
        small, factor = shrunk(picture, self.search_px)
        faces = self._search(small) or search_padded(self._search, small)
        height, width = picture.shape[:2]
        whole = Placement.scaled(1 / factor, (width, height))
        return most_face_like(Face(whole.box(f.box).clipped(width, height), f.confidence) for f in faces)

    def _search(self, image: NDArray[np.uint8]) -> list[Face]:
        if min(image.shape[:2]) < 12:  # the side of the first stage's window
            return []
        with self._lock:
            # The package's own limit of the last stage is 0.8. Its min_face_size stays as it is: with some other
            # values mtcnn 1.0.0 finds nothing in pictures in which it finds every face with 20.
            finds = self._network.detect_faces(
                cv2.cvtColor(image, cv2.COLOR_BGR2RGB), fit_to_image=False, threshold_onet=min(0.8, self.threshold)
            )
        return [
            Face(like_haar(*find["box"]), float(find["confidence"]))
            for find in finds
            if find["confidence"] >= self.threshold and min(find["box"][2:]) > 0
        ]


def like_haar(x: float, y: float, width: float, height: float) -> Box:
    """The square that a Haar cascade would draw around the face in an upright MTCNN box, on average."""
    side = round(max(width, height) * HAAR_SIDE)
    return Box(round(x + (width - side) / 2), round(y + (height - side) / 2), side, side)


def _load_network() -> Any:
    try:
        if not installed():
            raise ImportError("a package is missing")
        before_tensorflow()
        importlib.import_module("tensorflow")
        return importlib.import_module("mtcnn").MTCNN()
    except ImportError as error:
        raise DependencyError(
            f"The MTCNN detector needs mtcnn and TensorFlow; {with_extra('mtcnn')}, or use another detector."
        ) from error
