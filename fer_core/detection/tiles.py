"""Overlapping square tiles, so that faces too small for a search of the whole picture are seen large enough."""

import math
from dataclasses import dataclass
from typing import Final

from fer_core.readings import Box

SMALLEST_SEEN: Final = 1 / 16
"""Smallest face that a search finds reliably, as a share of the side of the searched square: 12 of 192 pixels."""

OVERLAP: Final = 0.25
"""Overlap of neighbouring tiles, as a share of their side. A face up to this share lies whole in some tile; larger ones
are found in the level above, where they are at least an eighth of the side."""

DEEPEST: Final = 2
"""Levels below the whole picture. Each has tiles of half the side, and three to five times as many."""


@dataclass(frozen=True)
class Level:
    """Tiles of one size.

    Attributes:
        tiles: squares in pixels of the picture, row by row; those at the right and lower border end there.
        smallest_px: smallest face, in pixels of the picture, that is found in them.
    """

    tiles: tuple[Box, ...]
    smallest_px: int


def levels(width: int, height: int, smallest_px: int) -> tuple[Level, ...]:
    """The tiles to search beside the whole picture, coarse to fine.

    >>> [len(level.tiles) for level in levels(640, 480, smallest_px=40)]
    []
    >>> [(len(level.tiles), level.smallest_px) for level in levels(1920, 1080, smallest_px=40)]
    [(6, 60), (15, 30)]

    Args:
        width: of the picture, in pixels.
        height: of the picture, in pixels.
        smallest_px: smallest face that is of interest. No level is added once faces of that size are found.

    Returns:
        At most `DEEPEST` levels; none where the search of the whole picture is enough.
    """
    found: list[Level] = []
    side = max(width, height)
    while len(found) < DEEPEST and seen_from_px(side) > smallest_px:
        side = math.ceil(side / 2)
        found.append(Level(tiles(width, height, side), seen_from_px(side)))
    return tuple(found)


def seen_from_px(side: int) -> int:
    """Smallest face, in pixels, that a search of a square of `side` pixels finds reliably."""
    return math.ceil(side * SMALLEST_SEEN)


def tiles(width: int, height: int, side: int) -> tuple[Box, ...]:
    """The fewest squares of `side` pixels that cover a picture and overlap by at least `OVERLAP`."""
    return tuple(
        Box(x, y, min(side, width), min(side, height)) for y in _starts(height, side) for x in _starts(width, side)
    )


def around(box: Box, share: float = 0.3) -> Box:
    """The square about a face of which the face takes `share` of the side; it may reach past the picture."""
    side = round(max(box.width, box.height) / share)
    return Box(box.x + (box.width - side) // 2, box.y + (box.height - side) // 2, side, side)


def _starts(length: int, side: int) -> list[int]:
    if length <= side:
        return [0]
    count = math.ceil((length - side) / (side * (1 - OVERLAP))) + 1
    return [round(place * (length - side) / (count - 1)) for place in range(count)]
