"""BlazeFace: a network that finds faces and six keypoints of each.

Bazarevsky et al. (2019), https://arxiv.org/abs/1907.05047; the full-range model, whose input has 192 pixels. A picture
is searched whole, and in overlapping tiles where it is so large that faces of interest would be too small. Finds that
the network is not sure of are put before the face check as a second opinion.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from fer_core.detection.anchors import decoded
from fer_core.detection.candidates import Candidates, together
from fer_core.detection.face_check import FaceCheck, widened
from fer_core.detection.letterbox import Letterboxed
from fer_core.detection.protocol import Range
from fer_core.detection.search import Search
from fer_core.detection.suppression import merged, weighted_nms
from fer_core.detection.tiles import levels, seen_from_px
from fer_core.detection.turning import TURNED, Turn, padded, upright_turn
from fer_core.imaging.crops import bgr, cut, grey, shrunk
from fer_core.imaging.halvings import Halvings
from fer_core.networks.face_files import DETECTOR, face_network, load_faces_card
from fer_core.networks.fixed import FixedNetwork
from fer_core.plain import as_plain
from fer_core.readings import Box, Face, Keypoints
from fer_core.request import Parameter

BOX_LEFT, BOX_TOP, BOX_SIDE, CROP_SIDE = 2.0, 4.6, 43.1, 48.0
"""Where BlazeFace's box lies in a picture of FER2013, in its pixels: median of 693 faces. A face box of this project is
the whole picture of FER2013, so that a crop by box has the geometry that the classifiers learnt."""

BORDERED_PX: Final = 960
"""Longer side to which a picture that is nothing but a face is shrunk: the network sees 192 pixels of it."""

CUT_OFF: Final = 0.1
"""Share of a box past the border of a tile from which the face is taken for cut off there."""


@dataclass(frozen=True)
class BlazeFaceLimits:
    """What counts as a face. Chosen on face-free photographs and group pictures; nobody chooses them per analysis.

    Attributes:
        acceptance: pairs of a score and of the confidence that the face check must give to a find with at least that
            score; the highest score first, with confidence 0: such a find is a face without the check.
        border: width of the border for pictures in which nothing is found, as a share of their shorter side.
        turned: score and confidence of the face check that a find in a turned picture needs.
    """

    acceptance: tuple[tuple[float, float], ...] = ((0.75, 0.0), (0.65, 0.1), (0.5, 0.5), (0.2, 0.95))
    border: float = 0.75
    turned: tuple[float, float] = (0.65, 0.9)

    @property
    def lowest(self) -> float:
        """Score from which a find is looked at."""
        return min(score for score, _ in self.acceptance)

    @property
    def sure(self) -> float:
        """Score from which a find is a face without the face check."""
        return max(score for score, _ in self.acceptance)

    def needed(self, scores: NDArray[np.float32]) -> NDArray[np.float32]:
        """Confidence of the face check that finds with these scores need: float32 (N,) in and out."""
        needed = np.ones_like(scores)
        for score, confidence in sorted(self.acceptance):
            needed[scores >= score] = confidence
        return needed


class BlazeFaceDetector:
    """Finds faces, upright ones best. Safe to share between threads.

    Args:
        check: second opinion about doubtful finds; None loads the one that comes with the package.
        folder: holds the network and its card; None for `models/faces`.
        smallest_px: smallest face of interest, in pixels of the picture; the larger the picture, the more tiles are
            searched for it, up to a limit.
        limits: what counts as a face.

    Raises:
        ModelError: the network or the face check is missing or damaged.
    """

    name: Final = "blazeface"
    libraries: Final = ("ai-edge-litert",)
    choices: Final = {"smallest_px": Range(int, 8, 4000)}

    def __init__(
        self,
        check: FaceCheck | None = None,
        folder: Path | None = None,
        *,
        smallest_px: int = 40,
        limits: BlazeFaceLimits = BlazeFaceLimits(),
    ) -> None:
        self.check = FaceCheck.load() if check is None else check
        self.limits = limits
        self.smallest_face_px = smallest_px
        self._network = FixedNetwork(face_network(DETECTOR, folder))
        card = load_faces_card(folder) if folder else load_faces_card()
        decisive = json.dumps(as_plain(limits)).encode()
        self.files: Mapping[str, str] = {
            DETECTOR: card.files[DETECTOR].sha256,
            "limits of blazeface": hashlib.sha256(decisive).hexdigest(),
            **self.check.files,
        }

    @property
    def doubtful_below(self) -> float:
        """See `FaceDetector`: where the face check was asked for a second opinion."""
        return self.limits.sure

    @property
    def parameters(self) -> Mapping[str, Parameter]:
        """See `FaceDetector`."""
        return {"smallest_px": self.smallest_face_px}

    def detect(self, image: NDArray[np.uint8]) -> list[Face]:
        """See `FaceDetector.detect`; the faces of `search_still`."""
        return list(self.search_still(image).faces)

    def search_still(self, image: NDArray[np.uint8]) -> Search:
        """Search a still picture: whole, in tiles, and where nothing is found with a border and turned.

        Args:
            image: uint8 (H, W, 3) BGR, or (H, W) grey; any size from 1 x 1 up.
        """
        halvings = Halvings(bgr(image))
        found = self.tiled(halvings, self.whole(halvings))
        if not len(found):
            found = self.bordered(halvings.image)
        turn, found = self.turned(halvings.image, found)
        return Search(faces_of(found, halvings.image), turn, self.smallest_px(halvings.image))

    def smallest_px(self, image: NDArray[np.uint8]) -> int:
        """The smallest face that `search_still` looks for in a picture of that size, in pixels."""
        height, width = image.shape[:2]
        deeper = levels(width, height, self.smallest_face_px)
        return deeper[-1].smallest_px if deeper else seen_from_px(max(width, height))

    def whole(self, halvings: Halvings) -> Candidates:
        """Faces that one run of the network finds in the whole picture."""
        height, width = halvings.image.shape[:2]
        return self.parts(halvings, (Box(0, 0, width, height),))

    def tiled(self, halvings: Halvings, found: Candidates) -> Candidates:
        """The faces found so far, and the small ones of the tiles; no tile is searched where the whole is enough."""
        height, width = halvings.image.shape[:2]
        for level in levels(width, height, self.smallest_face_px):
            found = merged(found, self.parts(halvings, level.tiles), self.limits.sure)
        return found

    def bordered(self, picture: NDArray[np.uint8]) -> Candidates:
        """Faces of a picture that is nothing but a face: it is searched with a black border around it."""
        small, factor = shrunk(picture, BORDERED_PX)
        border_px = max(1, round(self.limits.border * min(small.shape[:2])))
        found = self.whole(Halvings(padded(small, border_px)))
        return found.mapped(1 / factor, -border_px / factor, -border_px / factor)

    def parts(self, halvings: Halvings, parts: Sequence[Box]) -> Candidates:
        """Faces of several parts of a picture, each face once.

        Args:
            halvings: of the picture.
            parts: pixels of the picture; they may reach past its border.
        """
        picture = halvings.image
        inputs = [Letterboxed.of(halvings, part, self._network.shape[1]) for part in parts]
        outputs = self._network.each([part.pixels for part in inputs])
        size = (picture.shape[1], picture.shape[0])
        found, sure = together([]), self.limits.sure
        for part, given, (offsets, logits) in zip(parts, inputs, outputs, strict=True):
            seen = decoded(offsets, logits, self._network.shape[1], self.limits.lowest)
            if len(seen):
                found = merged(found, _uncut(given.in_picture(weighted_nms(seen)), part, size), sure)
        return self._checked(picture, found)

    def _checked(self, picture: NDArray[np.uint8], found: Candidates) -> Candidates:
        """Without the doubtful finds that the face check does not take for faces."""
        needed = self.limits.needed(found.scores)
        doubtful = np.flatnonzero(needed > 0)
        kept = np.ones(len(found), bool)
        if len(doubtful):
            kept[doubtful] = self._confidences(picture, found.where(doubtful)) >= needed[doubtful]
        return found.where(kept)

    def _confidences(self, picture: NDArray[np.uint8], found: Candidates) -> NDArray[np.float32]:
        """How sure the face check is of each: float32 (N,)."""
        boxes = (widened(crop_box(corners), self.check.card.margin) for corners in found.corners)
        crops = [grey(cut(picture, box)) for box in boxes]
        return self.check.of_crops(crops) if crops else np.zeros(0, np.float32)

    def turned(self, picture: NDArray[np.uint8], found: Candidates) -> tuple[Turn, Candidates]:
        """The turn that brings the faces of a picture upright, and the faces as the turned picture shows them.

        Args:
            picture: uint8 (H, W, 3) BGR.
            found: its faces. Where there is none, or none that is sure, all turns are tried; where all lie on the same
                side, the turn that would bring them upright; else none.

        Returns:
            The turn, and the faces in pixels of `picture`; `found` where no turn shows more of them.
        """
        turns = {upright_turn(keypoints) for keypoints in found.keypoints}
        doubtful = not (found.scores >= self.limits.sure).any()
        if not doubtful and (Turn.NONE in turns or len(turns) > 1):
            return Turn.NONE, found
        height, width = picture.shape[:2]
        best = Turn.NONE, found
        for turn in TURNED if doubtful else turns:
            upright = turn.apply(picture)
            again = self.whole(Halvings(upright))
            score, confidence = self.limits.turned
            again = again.where(again.scores >= score)
            standing = np.array([upright_turn(keypoints) is Turn.NONE for keypoints in again.keypoints], bool)
            again = again.where(standing & (self._confidences(upright, again) >= confidence))
            if again.scores.sum() > best[1].scores.sum():
                best = turn, turn.undo(again, width, height)
        return best


def faces_of(found: Candidates, picture: NDArray[np.uint8]) -> tuple[Face, ...]:
    """The candidates as faces, the largest first. One of which less than half lies in the picture is dropped."""
    height, width = picture.shape[:2]
    faces = []
    for corners, keypoints, score in zip(found.corners, found.keypoints, found.scores, strict=True):
        whole = crop_box(corners, upright_turn(keypoints))
        box = whole.clipped(width, height)
        if 2 * box.area >= whole.area and box.overlap(whole) > 0:
            points = tuple((float(x), float(y)) for x, y in keypoints)
            faces.append(Face(box, float(score), Keypoints(*points)))
    return tuple(sorted(faces, key=lambda face: face.box.area, reverse=True))


def crop_box(corners: NDArray[np.float32], turn: Turn = Turn.NONE) -> Box:
    """The square that a picture of FER2013 would show of a face.

    Args:
        corners: BlazeFace's box, float32 (4,).
        turn: the turn that would bring the face upright.
    """
    left, top, right, bottom = (float(value) for value in corners)
    scale = (right - left + bottom - top) / 2 / BOX_SIDE
    side = max(1, round(CROP_SIDE * scale))
    across, down = (scale * (CROP_SIDE / 2 - start - BOX_SIDE / 2) for start in (BOX_LEFT, BOX_TOP))
    across, down = {
        Turn.NONE: (across, down),
        Turn.CLOCKWISE: (down, -across),
        Turn.HALF: (-across, -down),
        Turn.COUNTERCLOCKWISE: (-down, across),
    }[turn]
    x, y = (left + right) / 2 + across - side / 2, (top + bottom) / 2 + down - side / 2
    return Box(round(x), round(y), side, side)


def _uncut(found: Candidates, part: Box, size: tuple[int, int]) -> Candidates:
    """Without the faces that the border of a tile cuts; they lie whole in another tile or in a larger one."""
    side = CUT_OFF * (found.corners[:, 2] - found.corners[:, 0])
    right, bottom = part.x + part.width, part.y + part.height
    cut = (found.corners[:, 0] < part.x - side) & (part.x > 0)
    cut |= (found.corners[:, 1] < part.y - side) & (part.y > 0)
    cut |= (found.corners[:, 2] > right + side) & (right < size[0])
    cut |= (found.corners[:, 3] > bottom + side) & (bottom < size[1])
    return found.where(~cut)
