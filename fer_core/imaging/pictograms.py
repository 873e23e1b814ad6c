"""The symbol of each emotion as a drawing, for pictures and videos: emoji need a font that not every machine has."""

from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

_SCALE: Final = 6
"""Factor by which pictograms are drawn larger and averaged down, for smooth edges."""


@dataclass(frozen=True)
class _Face:
    """Features on a disc of radius 1; x goes right, y goes down.

    Attributes:
        mouth: box (left, top, right, bottom) of the ellipse that the mouth is a part of.
        arc: where that part starts and ends, in degrees.
        open: the mouth is filled.
        brows: how far the inner end of each brow lies below the outer one; None for no brows.
        eyes: radius; 0 for eyes that are pressed together.
        tear: there is one.
    """

    mouth: tuple[float, float, float, float]
    arc: tuple[float, float]
    open: bool = False
    brows: float | None = None
    eyes: float = 0.13
    tear: bool = False


_FACES: Final = {
    "angry": _Face((-0.4, 0.3, 0.4, 0.9), (200, 340), brows=0.24),
    "disgust": _Face((-0.5, 0.25, 0.3, 0.7), (180, 330), brows=0.1, eyes=0),
    "fear": _Face((-0.36, 0.28, 0.36, 0.66), (180, 360), open=True, brows=-0.2, eyes=0.17),
    "happy": _Face((-0.55, -0.3, 0.55, 0.65), (0, 180), open=True),
    "sad": _Face((-0.42, 0.36, 0.42, 0.9), (200, 340), brows=-0.2, tear=True),
    "surprise": _Face((-0.22, 0.18, 0.22, 0.7), (0, 360), open=True, brows=0.0, eyes=0.17),
    "neutral": _Face((-0.4, 0.42, 0.4, 0.44), (0, 180)),
}


@lru_cache(maxsize=64)
def pictogram(emotion: str, side_px: int) -> NDArray[np.uint8]:
    """The emotion's face as coverage: uint8 (side_px, side_px), 255 where ink is, to be laid over any colour.

    Not to be written to: the same array is given again.
    """
    big = side_px * _SCALE
    image = Image.new("L", (big, big), 0)
    pen = ImageDraw.Draw(image)
    centre, radius = big / 2, big * 0.47
    line = round(big * 0.075)

    def at(x: float, y: float) -> tuple[float, float]:
        return centre + x * radius, centre + y * radius

    face = _FACES[emotion]
    pen.ellipse((*at(-1, -1), *at(1, 1)), outline=255, width=line)
    for side in (-1, 1):
        x, y = 0.36 * side, -0.2
        if face.eyes:
            pen.ellipse((*at(x - face.eyes, y - face.eyes), *at(x + face.eyes, y + face.eyes)), fill=255)
        else:
            pen.line((*at(x - 0.17, y), *at(x + 0.17, y)), fill=255, width=line)
        if face.brows is not None:
            outer, inner = (0.62 * side, -0.52 - face.brows / 2), (0.2 * side, -0.52 + face.brows / 2)
            pen.line((*at(*outer), *at(*inner)), fill=255, width=line)
    if face.tear:
        pen.ellipse((*at(0.34, 0.02), *at(0.56, 0.36)), fill=255)
    left, top, right, bottom = face.mouth
    box = (*at(left, top), *at(right, bottom))
    if emotion == "neutral":
        pen.line((*at(left, top), *at(right, top)), fill=255, width=line)
    elif face.open:
        pen.chord(box, *face.arc, fill=255)
    else:
        pen.arc(box, *face.arc, fill=255, width=line)
    coverage = np.asarray(image.resize((side_px, side_px), Image.Resampling.BOX))
    coverage.setflags(write=False)
    return coverage
