"""From the raw output of BlazeFace to candidates: boxes, keypoints and scores.

Bazarevsky et al. (2019), "BlazeFace: Sub-millisecond neural face detection on mobile GPUs",
https://arxiv.org/abs/1907.05047. Every cell of the feature map has one anchor, in its middle; the network gives the
offset of the box and of six keypoints from the anchor, in pixels of its input.
"""

from functools import cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from fer_core.detection.candidates import KEYPOINTS, Candidates

LOGIT_LIMIT: Final = 80.0
"""Beyond this the sigmoid is 0 or 1 in float32."""


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
