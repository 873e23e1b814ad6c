"""One box a face, where several boxes lie over one: non-maximum suppression, and the union of two searches.

Faces of Haar and MTCNN are kept or dropped as they are (`most_face_like`); candidates of BlazeFace are averaged
(`weighted_nms`), and those of tiles come to those of the whole picture (`merged`).
"""

from collections.abc import Iterable, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from fer_core.detection.candidates import Candidates, together
from fer_core.readings import Box, Face

SAME_FACE_IOU: Final = 0.3
"""Intersection over union from which two boxes are one face."""

SAME_FACE_CONTAINED: Final = 0.6
"""Share of the smaller box within the larger from which they are one face: a mouth found as a face has a small
intersection over union with the face that it is in."""


def most_face_like(faces: Iterable[Face]) -> list[Face]:
    """Drop every face that lies over a more confident one; the largest that remains comes first.

    >>> most_face_like([Face(Box(0, 0, 50, 50), 0.9), Face(Box(3, 0, 50, 50), 0.8), Face(Box(80, 0, 60, 60), 0.7)])
    [Face(box=Box(x=80, y=0, width=60, height=60), confidence=0.7), \
Face(box=Box(x=0, y=0, width=50, height=50), confidence=0.9)]
    """
    kept: list[Face] = []
    for face in sorted(faces, key=lambda face: face.confidence, reverse=True):
        if not any(_same_face(face.box, other.box) for other in kept):
            kept.append(face)
    return sorted(kept, key=lambda face: face.box.area, reverse=True)


def centred(face: Face, proposals: Sequence[Face], overlap: float = 0.4) -> Face:
    """The face with the mean box of all proposals that overlap it, weighted by their confidence.

    Of the many windows about a face the most face-like is often too small or beside it. Measured on the people pictures
    that the card of the face check names, the mean overlaps the reference by 0.81 instead of 0.70.
    """
    near = [other for other in proposals if other.box.overlap(face.box) > overlap]
    total = sum(other.confidence for other in near)
    if not total:
        return face
    means = (sum(other.confidence * other.box[i] for other in near) / total for i in range(4))
    return Face(Box(*map(round, means)), face.confidence)


def weighted_nms(candidates: Candidates) -> Candidates:
    """Weighted non-maximum suppression: per face the mean of all candidates that overlap the best, weighted by score.

    The "tie resolution" of the BlazeFace paper (https://arxiv.org/abs/1907.05047), which blends boxes. Compared with
    keeping the best box alone, boxes tremble less from frame to frame.

    Args:
        candidates: of one run of the network.

    Returns:
        The best score first; each score is the highest of its group.
    """
    order = np.argsort(-candidates.scores, kind="stable")
    faces = []
    while len(order):
        near = _intersection_over_union(candidates.corners[order[0]], candidates.corners[order]) > SAME_FACE_IOU
        near[0] = True
        group = candidates.where(order[near])
        weights = group.scores / group.scores.sum()
        faces.append(
            Candidates(
                np.tensordot(weights, group.corners, 1)[None].astype(np.float32),
                np.tensordot(weights, group.keypoints, 1)[None].astype(np.float32),
                group.scores[:1],
            )
        )
        order = order[~near]
    return together(faces)


def merged(coarse: Candidates, fine: Candidates, sure: float) -> Candidates:
    """The faces of two searches of one picture, each face once.

    Where a coarse and a fine candidate are one face, the one with the higher score stays. A fine candidate that lies
    within a coarse one of several times its area is a part of that face, such as an eye that fills a tile, and is
    dropped; unless the coarse one is doubtful and scores lower.

    Args:
        coarse: of the whole picture or of larger tiles.
        fine: of smaller tiles.
        sure: score below which a coarse candidate is doubtful.
    """
    kept = [coarse.where(np.array([row])) for row in range(len(coarse))]
    for row in np.argsort(-fine.scores, kind="stable"):
        one = fine.where(np.array([row]))
        boxes = together(kept).corners
        alike = _intersection_over_union(one.corners[0], boxes) > SAME_FACE_IOU
        smaller = np.minimum(_area(one.corners[0]), _area(boxes))
        same = alike | (_common_area(one.corners[0], boxes) > SAME_FACE_CONTAINED * smaller)
        rivals = [kept[index].scores[0] for index in np.flatnonzero(same)]
        strong = [score for score, as_large in zip(rivals, alike[same], strict=True) if not as_large and score >= sure]
        if not strong and one.scores[0] > max(rivals, default=np.float32(0)):
            kept = [other for other, is_same in zip(kept, same, strict=True) if not is_same] + [one]
    return together(kept)


def _same_face(one: Box, other: Box) -> bool:
    contained = one.shared_area(other) / min(one.area, other.area)
    return one.overlap(other) > SAME_FACE_IOU or contained > SAME_FACE_CONTAINED


def _intersection_over_union(one: NDArray[np.float32], others: NDArray[np.float32]) -> NDArray[np.float32]:
    """Overlap of one box (4,) with each of several (N, 4), all as left, top, right, bottom: float32 (N,)."""
    common = _common_area(one, others)
    return np.asarray(common / (_area(one) + _area(others) - common), np.float32)


def _common_area(one: NDArray[np.float32], others: NDArray[np.float32]) -> NDArray[np.float32]:
    """Area that one box (4,) shares with each of several (N, 4): float32 (N,)."""
    low = np.maximum(one[:2], others[:, :2])
    high = np.minimum(one[2:], others[:, 2:])
    return np.asarray(np.maximum(high - low, 0).prod(axis=1), np.float32)


def _area(corners: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.asarray((corners[..., 2] - corners[..., 0]) * (corners[..., 3] - corners[..., 1]), np.float32)
