"""From the raw output of BlazeFace to boxes and keypoints, and from many boxes per face to one.

Bazarevsky et al. (2019), "BlazeFace: Sub-millisecond neural face detection on mobile GPUs",
https://arxiv.org/abs/1907.05047. Every cell of the feature map has one anchor, in its middle; the network gives the
offset of the box and of six keypoints from the anchor, in pixels of its input.
"""

from dataclasses import dataclass
from functools import cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

KEYPOINTS: Final = 6
"""Right eye, left eye, nose, mouth, right ear, left ear, as the person has them."""

SAME_OVERLAP: Final = 0.3
"""Intersection over union from which two boxes are one face."""

SAME_CONTAINED: Final = 0.6
"""Share of the smaller box within the larger one from which they are one face."""

LOGIT_LIMIT: Final = 80.0
"""Beyond this the sigmoid is 0 or 1 in float32."""


@dataclass(frozen=True, eq=False)
class Candidates:
    """Boxes with keypoints and scores, in pixels of one picture.

    Attributes:
        corners: float32 (N, 4), left, top, right, bottom.
        keypoints: float32 (N, 6, 2), x and y, in the order of `KEYPOINTS`.
        scores: float32 (N,), 0 to 1.
    """

    corners: NDArray[np.float32]
    keypoints: NDArray[np.float32]
    scores: NDArray[np.float32]

    def __len__(self) -> int:
        return len(self.scores)

    def where(self, rows: NDArray[np.bool_] | NDArray[np.intp]) -> "Candidates":
        """The candidates in the given rows."""
        return Candidates(self.corners[rows], self.keypoints[rows], self.scores[rows])

    def mapped(self, scale: float | tuple[float, float], right: float, down: float) -> "Candidates":
        """The candidates in another picture: multiplied by `scale` (or by one across and one down), then shifted."""
        factor, shift = np.array(scale, np.float32), np.array([right, down], np.float32)
        corners = (self.corners.reshape(-1, 2, 2) * factor + shift).reshape(-1, 4)
        keypoints = self.keypoints * factor + shift
        return Candidates(corners.astype(np.float32), keypoints.astype(np.float32), self.scores)


def together(parts: list[Candidates]) -> Candidates:
    """All candidates of several searches, in their order; of none, no candidate."""
    if not parts:
        return Candidates(
            np.zeros((0, 4), np.float32), np.zeros((0, KEYPOINTS, 2), np.float32), np.zeros(0, np.float32)
        )
    return Candidates(
        np.concatenate([part.corners for part in parts]),
        np.concatenate([part.keypoints for part in parts]),
        np.concatenate([part.scores for part in parts]),
    )


@cache
def anchors(cells: int) -> NDArray[np.float32]:
    """Centres of the anchors of a square feature map, row by row.

    >>> anchors(2).tolist()
    [[0.25, 0.25], [0.75, 0.25], [0.25, 0.75], [0.75, 0.75]]

    Args:
        cells: cells along each side of the feature map.

    Returns:
        float32 (cells * cells, 2), read-only, x and y as shares of the side of the input.
    """
    middles = np.asarray((np.arange(cells) + 0.5) / cells, np.float32)
    centres = np.stack(np.meshgrid(middles, middles), axis=-1).reshape(-1, 2)
    centres.flags.writeable = False  # the same array for every caller
    return centres


def decoded(offsets: NDArray[np.float32], logits: NDArray[np.float32], input_px: int, threshold: float) -> Candidates:
    """Candidates of one run of the network, in pixels of its input.

    Args:
        offsets: float32 (anchors, 16): x and y of the centre, width, height, then x and y of six keypoints.
        logits: float32 (anchors, 1).
        input_px: side of the square input.
        threshold: score from which a candidate is kept.
    """
    flat = logits.reshape(-1)
    rows = np.flatnonzero(flat >= np.log(threshold / (1 - threshold)))
    scores = 1 / (1 + np.exp(-np.minimum(flat[rows], LOGIT_LIMIT)))
    anchor = anchors(round(len(flat) ** 0.5))[rows] * input_px
    centre, size = offsets[rows, 0:2] + anchor, offsets[rows, 2:4]
    keypoints = offsets[rows, 4:].reshape(-1, KEYPOINTS, 2) + anchor[:, None]
    corners = np.concatenate([centre - size / 2, centre + size / 2], axis=1)
    real = np.flatnonzero((size > 0).all(axis=1))
    return Candidates(corners, keypoints, scores.astype(np.float32)).where(real)


def blended(candidates: Candidates) -> Candidates:
    """One candidate per face: the mean of all that overlap the best one, weighted by their scores.

    The "tie resolution" of the BlazeFace paper. Compared with keeping the best box alone, boxes tremble less from frame
    to frame.

    Args:
        candidates: of one run of the network.

    Returns:
        The best score first; each score is the highest of its group.
    """
    order = np.argsort(-candidates.scores, kind="stable")
    faces = []
    while len(order):
        near = intersection_over_union(candidates.corners[order[0]], candidates.corners[order]) > SAME_OVERLAP
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


def intersection_over_union(one: NDArray[np.float32], others: NDArray[np.float32]) -> NDArray[np.float32]:
    """Overlap of one box (4,) with each of several (N, 4), all as left, top, right, bottom: float32 (N,)."""
    common = common_area(one, others)
    return np.asarray(common / (_area(one) + _area(others) - common), np.float32)


def common_area(one: NDArray[np.float32], others: NDArray[np.float32]) -> NDArray[np.float32]:
    """Area that one box (4,) shares with each of several (N, 4): float32 (N,)."""
    low = np.maximum(one[:2], others[:, :2])
    high = np.minimum(one[2:], others[:, 2:])
    return np.asarray(np.maximum(high - low, 0).prod(axis=1), np.float32)


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
        alike = intersection_over_union(one.corners[0], boxes) > SAME_OVERLAP
        smaller = np.minimum(_area(one.corners[0]), _area(boxes))
        same = alike | (common_area(one.corners[0], boxes) > SAME_CONTAINED * smaller)
        rivals = [kept[index].scores[0] for index in np.flatnonzero(same)]
        strong = [score for score, as_large in zip(rivals, alike[same], strict=True) if not as_large and score >= sure]
        if not strong and one.scores[0] > max(rivals, default=np.float32(0)):
            kept = [other for other, is_same in zip(kept, same, strict=True) if not is_same] + [one]
    return together(kept)


def _area(corners: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.asarray((corners[..., 2] - corners[..., 0]) * (corners[..., 3] - corners[..., 1]), np.float32)
