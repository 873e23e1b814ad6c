"""Haar cascade search whose finds are only proposals, and the face check that decides about them.

Viola and Jones (2001), https://doi.org/10.1109/CVPR.2001.990517. OpenCV groups the windows that a cascade accepts and
drops faces that few windows hit. Here every single window is a proposal: that finds more faces, and several times as
many windows that are none; see `fer_core.detection.face_check` for what sorts them.
"""

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from fer_core.detection.face_check import FaceCheck
from fer_core.detection.padding import search_padded
from fer_core.detection.protocol import Range
from fer_core.detection.suppression import centred, most_face_like
from fer_core.errors import ModelError
from fer_core.imaging.crops import grey, shrunk
from fer_core.imaging.placement import Placement
from fer_core.networks.files import sha256
from fer_core.readings import Box, Face
from fer_core.request import Parameter
from fer_core.resources import resource

CASCADES_DIR: Final = resource("haarcascades")
CASCADES: Final = ("haarcascade_frontalface_default.xml", "haarcascade_profileface.xml")


@dataclass(frozen=True)
class Cascades:
    """OpenCV's classifiers of one thread: they keep the picture at work in themselves, so threads must not share them.

    Attributes:
        frontal: for faces seen from the front.
        profile: for faces turned to the left, and in the mirrored picture to the right. It knows many half-turned faces
            that the frontal one misses.
    """

    frontal: cv2.CascadeClassifier
    profile: cv2.CascadeClassifier

    @classmethod
    def load(cls, folder: Path = CASCADES_DIR) -> "Cascades":
        """Read both.

        Raises:
            ModelError: one is missing or damaged.
        """
        return cls(*(_load_cascade(folder / name) for name in CASCADES))

    def windows(self, picture: NDArray[np.uint8], *, scale_step: float = 1.1, min_face_px: int = 30) -> list[Box]:
        """Every square that a cascade accepts in a grey picture (H, W), ungrouped.

        The profile cascade, which has to go over the picture twice, goes over one of at most half the size: a quarter
        of the time, and turned faces below 40 pixels of a picture of 640 are not worth more.
        """
        boxes = accepted(self.frontal, picture, scale_step, min_face_px)
        half, factor = shrunk(picture, max(320, max(picture.shape) // 2))
        turned = self.turned(half, scale_step, round(min_face_px * factor))
        whole = Placement.scaled(1 / factor, (picture.shape[1], picture.shape[0]))
        return boxes + [whole.box(box) for box in turned]

    def turned(
        self, picture: NDArray[np.uint8], scale_step: float, smallest_px: int, largest_px: int | None = None
    ) -> list[Box]:
        """Every square that the profile cascade accepts in a grey picture (H, W) or in its mirror image."""
        boxes = accepted(self.profile, picture, scale_step, smallest_px, largest_px)
        width, mirrored = picture.shape[1], np.asarray(cv2.flip(picture, 1), np.uint8)
        for x, y, *size in accepted(self.profile, mirrored, scale_step, smallest_px, largest_px):
            boxes.append(Box(width - x - size[0], y, *size))
        return boxes


class HaarDetector:
    """Finds upright faces, from the front to half in profile. Safe to share: each thread gets cascades of its own.

    Args:
        check: decides which proposals are faces; None loads the one that comes with the package.
        cascades: folder of OpenCV's XML files.
        search_px: longer side to which larger pictures are shrunk for the search. Half of it is four times as fast,
            and loses small faces.
        scale_step: factor between the sizes that are searched.
        min_face_px: smallest face, in pixels of the shrunk picture.

    Raises:
        ModelError: a cascade or the face check is missing or damaged.
    """

    name: Final = "haar"
    doubtful_below: Final = 0.975
    """The face check accepts from 0.96 on; a clearly visible face stays above this limit even with a hand before it."""
    libraries: Final = ("ai-edge-litert",)
    choices: Final = {
        "search_px": Range(int, 64, 8000),
        "scale_step": Range(float, 1.01, 2.0),
        "min_face_px": Range(int, 20, 4000),
    }

    def __init__(
        self,
        check: FaceCheck | None = None,
        cascades: Path = CASCADES_DIR,
        *,
        search_px: int = 640,
        scale_step: float = 1.1,
        min_face_px: int = 30,
    ) -> None:
        self.check = FaceCheck.load() if check is None else check
        self.files: Mapping[str, str] = {
            **{name: sha256(cascades / name) for name in CASCADES if (cascades / name).is_file()},
            **self.check.files,
        }
        self.search_px = search_px
        self.scale_step = scale_step
        self.min_face_px = min_face_px
        self._folder = cascades
        self._local = threading.local()
        self.cascades()  # so that a damaged file is reported here and not at the first picture

    @property
    def parameters(self) -> Mapping[str, Parameter]:
        """See `FaceDetector`."""
        return {"search_px": self.search_px, "scale_step": self.scale_step, "min_face_px": self.min_face_px}

    def detect(self, image: NDArray[np.uint8]) -> list[Face]:
        """See `FaceDetector.detect`.

        A picture in which nothing is found is searched again with a border around it: many are nothing but a face.
        """
        picture, factor = shrunk(grey(image), self.search_px)
        faces = self._search(picture) or search_padded(self._search, picture)
        height, width = image.shape[:2]
        whole = Placement.scaled(1 / factor, (width, height))
        return [Face(whole.box(face.box).clipped(width, height), face.confidence) for face in faces]

    def _search(self, picture: NDArray[np.uint8]) -> list[Face]:
        """One search of a grey picture (H, W) at its own size: the proposals that pass the check, one a face."""
        boxes = self.cascades().windows(picture, scale_step=self.scale_step, min_face_px=self.min_face_px)
        confidences = self.check(picture, boxes)
        proposals = [Face(box, float(confidence)) for box, confidence in zip(boxes, confidences, strict=True)]
        faces = most_face_like(face for face in proposals if face.confidence >= self.check.threshold)
        return [centred(face, proposals) for face in faces]

    def cascades(self) -> Cascades:
        """The cascades of the calling thread: OpenCV's are not safe to share."""
        cascades: Cascades | None = getattr(self._local, "cascades", None)
        if cascades is None:
            cascades = self._local.cascades = Cascades.load(self._folder)
        return cascades


def accepted(
    cascade: cv2.CascadeClassifier,
    picture: NDArray[np.uint8],
    step: float,
    smallest_px: int,
    largest_px: int | None = None,
) -> list[Box]:
    """Every square of a grey picture (H, W) that a cascade accepts, of sides between the two limits."""
    if min(picture.shape) < smallest_px:
        return []
    largest = (largest_px, largest_px) if largest_px else (0, 0)  # 0 for no limit
    finds = cascade.detectMultiScale(
        picture, scaleFactor=step, minNeighbors=0, minSize=(smallest_px, smallest_px), maxSize=largest
    )
    return sorted(Box(*map(int, find)) for find in finds)  # OpenCV's threads give them in whatever order they end


def _load_cascade(path: Path) -> cv2.CascadeClassifier:
    way_out = "restore it from the release, or copy it from the folder `cv2.data.haarcascades` of opencv-python 4."
    if not path.is_file():
        raise ModelError(f"{path} is missing; {way_out}")
    cascade = cv2.CascadeClassifier()
    try:
        loaded = cascade.load(str(path))
    except cv2.error:
        loaded = False
    if not loaded or cascade.empty():
        raise ModelError(f"{path} is not a readable Haar cascade; {way_out}")
    return cascade
