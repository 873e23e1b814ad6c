"""Indices of the parts of the mesh with 468 points; right and left are the person's."""

from typing import Final

RIGHT_EYE_OUTER: Final = 33
RIGHT_EYE_INNER: Final = 133
LEFT_EYE_INNER: Final = 362
LEFT_EYE_OUTER: Final = 263

RIGHT_BROW: Final = (70, 63, 105, 66, 107)
"""Upper edge of the right brow, outside to inside."""

LEFT_BROW: Final = (300, 293, 334, 296, 336)

MOUTH_RIGHT: Final = 61
MOUTH_LEFT: Final = 291
LIP_UPPER_OUTER: Final = 0
LIP_LOWER_OUTER: Final = 17
LIP_GAPS: Final = ((82, 87), (13, 14), (312, 317))
"""Pairs of the inner edges of upper and lower lip, right to left."""

NOSE_BASE: Final = 2
CHIN: Final = 152
