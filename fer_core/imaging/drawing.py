"""Readings drawn into a picture."""

from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from fer_core.emotions import EMOTIONS, STYLES, WHITE, bgr_of
from fer_core.imaging.pictograms import pictogram
from fer_core.readings import Box, FaceReading
from fer_core.request import Region

UNCERTAIN_BGR: Final = (110, 110, 110)
PANEL_GAP_PX: Final = 6
LARGEST_KEPT_PX: Final = 48
"""Name tags with letters higher than this are drawn anew each time: those of pictures above about 2000 pixels."""
_DARK, _BRIGHT = 70, 225


def annotate(bgr: NDArray[np.uint8], readings: Sequence[FaceReading]) -> NDArray[np.uint8]:
    """A copy of the picture with a box and a caption around every face; the box of an uncertain reading is dashed.

    Args:
        bgr: uint8 (H, W, 3).
        readings: of this picture. Where there are several, or frames are followed, they are numbered: by person where
            that is known, else from 1.

    Returns:
        uint8 (H, W, 3), BGR.
    """
    canvas = bgr.copy()
    height, width = canvas.shape[:2]
    for reading in readings:
        box, thickness = reading.box.clipped(width, height), max(2, round(max(height, width) / 350))
        _outline(canvas, box, _colour(reading), thickness, dashed=reading.uncertain)
    for chip, place in _tags(readings, (width, height)):
        _paste(canvas, chip, place.x, place.y)
    return canvas


def _tags(readings: Sequence[FaceReading], picture: tuple[int, int]) -> list[tuple[NDArray[np.uint8], Box]]:
    """The name tag of each face, and where it goes."""
    taken, tags = [reading.box.clipped(*picture) for reading in readings], []
    for position, (reading, box) in enumerate(zip(readings, list(taken), strict=True), start=1):
        words = caption(reading, shown_number(reading, position, len(readings)))
        chip = _chip(words, reading.label, _colour(reading), _ink(reading), max(11, round(max(picture) / 42)))
        place = tag_place(box, (chip.shape[1], chip.shape[0]), taken, picture)
        taken.append(place)
        tags.append((chip, place))
    return tags


def _colour(reading: FaceReading) -> tuple[int, int, int]:
    return UNCERTAIN_BGR if reading.uncertain else STYLES[reading.label].bgr


def _ink(reading: FaceReading) -> tuple[int, int, int]:
    return bgr_of(WHITE if reading.uncertain else STYLES[reading.label].ink)


def tag_place(box: Box, tag: tuple[int, int], taken: Sequence[Box], picture: tuple[int, int]) -> Box:
    """Where the name tag of a face goes: beside its box, within the picture, and over no face and no other tag.

    Args:
        box: of the face, within the picture.
        tag: width and height of the tag, in pixels.
        taken: boxes of all faces, and places of tags.
        picture: its width and height.

    Returns:
        The first of these places that is free: above the box, below it, right of it, left of it; where none is, the
        one that covers least.
    """
    return _freest([*_over_and_under(box, tag), *_beside(box, tag)], tag, taken, picture)


def panel_place(box: Box, panel: tuple[int, int], taken: Sequence[Box], picture: tuple[int, int]) -> Box:
    """The same for the bars of a face, which go beside it rather than above."""
    return _freest([*_beside(box, panel, PANEL_GAP_PX), *_over_and_under(box, panel)], panel, taken, picture)


def _over_and_under(box: Box, size: tuple[int, int]) -> list[tuple[int, int]]:
    right, bottom = box.x + box.width, box.y + box.height
    return [(x, y) for y in (box.y - size[1], bottom) for x in (box.x, right - size[0])]


def _beside(box: Box, size: tuple[int, int], gap_px: int = 0) -> list[tuple[int, int]]:
    right, bottom = box.x + box.width + gap_px, box.y + box.height
    return [(x, y) for x in (right, box.x - gap_px - size[0]) for y in (box.y, bottom - size[1])]


def _freest(
    wanted: Sequence[tuple[int, int]], size: tuple[int, int], taken: Sequence[Box], picture: tuple[int, int]
) -> Box:
    """The first of the wanted places, moved into the picture, that covers least of what is taken."""
    places = [Box(max(0, min(x, picture[0] - size[0])), max(0, min(y, picture[1] - size[1])), *size) for x, y in wanted]
    return min(places, key=lambda place: sum(place.shared_area(other) for other in taken))


def caption(reading: FaceReading, number: int | None = None) -> str:
    """A face's label in a few words, for example "2 happy 87%" or "uncertain: sad or neutral 34%"."""
    return f"{'' if number is None else f'{number} '}{reading.words} {reading.confidence:.0%}"


def shown_number(reading: FaceReading, position: int, faces: int) -> int | None:
    """The number that a face is shown with: none for the only face, unless someone else was there before.

    Args:
        reading: the face.
        position: its place in the picture, from 1.
        faces: how many there are in the picture.
    """
    number = reading.person or position
    return number if faces > 1 or number > 1 else None


def overlay_activation(bgr: NDArray[np.uint8], readings: Sequence[FaceReading]) -> NDArray[np.uint8]:
    """A copy of the picture with each face's class activation map laid over it.

    Yellow marks the places that spoke most for the label, dark blue those that spoke least (the colour map cividis,
    which reads alike with and without colour-vision deficiency).

    Args:
        bgr: uint8 (H, W, 3).
        readings: of this picture.

    Returns:
        uint8 (H, W, 3), BGR.
    """
    canvas = bgr.copy()
    for reading in readings:
        box = reading.box.squared(canvas.shape[1], canvas.shape[0])  # what the network was shown
        inside = box.clipped(canvas.shape[1], canvas.shape[0])
        colours = _heat(reading.activation, box.width, box.height)[_window(inside, box)]
        window = canvas[inside.y : inside.y + inside.height, inside.x : inside.x + inside.width]
        window[:] = cv2.addWeighted(window, 0.5, colours, 0.5, 0)
    return canvas


def overlay_map(crop: NDArray[np.uint8], activation: NDArray[np.float32]) -> NDArray[np.uint8]:
    """The same for a face that is cut out: uint8 (H, W, 3) BGR under its map, float32 (h, w), 0 to 1."""
    height, width = crop.shape[:2]
    return np.asarray(cv2.addWeighted(crop, 0.5, _heat(activation, width, height), 0.5, 0), np.uint8)


def hide_faces(bgr: NDArray[np.uint8], boxes: Iterable[Box], cells: int = 7) -> NDArray[np.uint8]:
    """A copy of the picture in which nobody can be told from their face.

    Each face, with a quarter of its width around it, is reduced to `cells` by `cells` values; unlike a mild blur, that
    leaves nothing to be sharpened again.
    """
    canvas = bgr.copy()
    for box in boxes:
        margin = round(0.25 * max(box.width, box.height))
        wide = Box(box.x - margin, box.y - margin, box.width + 2 * margin, box.height + 2 * margin)
        x, y, width, height = wide.clipped(canvas.shape[1], canvas.shape[0])
        window = canvas[y : y + height, x : x + width]
        coarse = cv2.resize(window, (cells, cells), interpolation=cv2.INTER_AREA)
        window[:] = cv2.resize(coarse, (width, height), interpolation=cv2.INTER_LINEAR)
    return canvas


def region_sketch(region: Region, width: int = 320, height: int = 180) -> NDArray[np.uint8]:
    """An empty picture in which a region is bright and the rest is dark: uint8 (height, width, 3)."""
    sketch = np.full((height, width, 3), _DARK, np.uint8)
    box = region.box(width, height)
    sketch[box.y : box.y + box.height, box.x : box.x + box.width] = _BRIGHT
    return sketch


def overlay_bars(bgr: NDArray[np.uint8], readings: Sequence[FaceReading], *, tagged: bool = False) -> NDArray[np.uint8]:
    """A copy of the picture with the seven probabilities of each face as bars beside its box, in `EMOTIONS` order.

    Args:
        bgr: uint8 (H, W, 3).
        readings: of this picture.
        tagged: whether `annotate` draws name tags into it, which are then left free.
    """
    canvas = bgr.copy()
    height, width = canvas.shape[:2]
    row = max(11, round(max(height, width) / 44))
    boxes = [reading.box.clipped(width, height) for reading in readings]
    taken = [*boxes, *(place for _, place in _tags(readings, (width, height)))] if tagged else list(boxes)
    for reading, box in zip(readings, boxes, strict=True):
        place = panel_place(box, (8 * row, len(EMOTIONS) * row + row // 2), taken, (width, height))
        taken.append(place)
        (x, y), inside = place[:2], place.clipped(width, height)
        window = canvas[inside.y : inside.y + inside.height, inside.x : inside.x + inside.width]
        window[:] = window // 4  # dark enough for white text on any background
        for line, (emotion, value) in enumerate(reading.by_emotion.items()):
            _bar(canvas, emotion, value, x + row // 4, y + row // 4 + line * row, row)
    return canvas


def _bar(canvas: NDArray[np.uint8], emotion: str, value: float, x: int, y: int, row: int) -> None:
    symbol, text = _symbol(emotion, row - 2), _text(f"{value:.0%}", row - 3)
    left, longest = x + row + 2, 4.5 * row
    right = left + max(1, round(value * longest))
    cv2.rectangle(canvas, (left, y + 2), (right, y + row - 3), STYLES[emotion].bgr, cv2.FILLED)
    _paste(canvas, symbol, x, y + 1, blend=True)
    _paste(canvas, text, right + 3, y + (row - text.shape[0]) // 2, blend=True)


def _heat(activation: NDArray[np.float32], width: int, height: int) -> NDArray[np.uint8]:
    heat = np.clip(cv2.resize(activation, (width, height), interpolation=cv2.INTER_CUBIC), 0, 1)
    return np.asarray(cv2.applyColorMap((heat * 255).astype(np.uint8), cv2.COLORMAP_CIVIDIS), np.uint8)


def _outline(
    canvas: NDArray[np.uint8], box: Box, colour: tuple[int, int, int], thickness: int, *, dashed: bool
) -> None:
    right, bottom = box.x + box.width - 1, box.y + box.height - 1
    if not dashed:
        cv2.rectangle(canvas, (box.x, box.y), (right, bottom), colour, thickness)
        return
    dash = max(6, 4 * thickness)
    for x in range(box.x, right, 2 * dash):
        for y in (box.y, bottom):
            cv2.line(canvas, (x, y), (min(x + dash, right), y), colour, thickness)
    for y in range(box.y, bottom, 2 * dash):
        for x in (box.x, right):
            cv2.line(canvas, (x, y), (x, min(y + dash, bottom)), colour, thickness)


def _window(inside: Box, box: Box) -> tuple[slice, slice]:
    top, left = inside.y - box.y, inside.x - box.x
    return slice(top, top + inside.height), slice(left, left + inside.width)


def _chip(
    words: str, emotion: str, colour: tuple[int, int, int], ink: tuple[int, int, int], height: int
) -> NDArray[np.uint8]:
    """The emotion's symbol and some words in `ink` on `colour`: uint8 (h, w, 3), BGR. Shared: not to be written to.

    Of videos, whose frames repeat them, small ones are kept; those of large pictures would be megabytes each.
    """
    draw = _kept_chip if height <= LARGEST_KEPT_PX else _drawn_chip
    return draw(words, emotion, colour, ink, height)


def _drawn_chip(
    words: str, emotion: str, colour: tuple[int, int, int], ink: tuple[int, int, int], height: int
) -> NDArray[np.uint8]:
    pad = max(2, height // 4)
    symbol, text = pictogram(emotion, height + pad), _coverage(words, height)
    chip = np.zeros((height + 3 * pad, symbol.shape[1] + text.shape[1] + 3 * pad), np.uint8)
    for part, x in ((symbol, pad), (text, symbol.shape[1] + 2 * pad)):
        y = (chip.shape[0] - part.shape[0]) // 2
        chip[y : y + part.shape[0], x : x + part.shape[1]] = part
    covered = chip[..., None] / np.float32(255)
    return (np.array(colour, np.float32) * (1 - covered) + np.array(ink, np.float32) * covered).astype(np.uint8)


_kept_chip = lru_cache(maxsize=256)(_drawn_chip)


@lru_cache(maxsize=256)
def _text(words: str, height: int) -> NDArray[np.uint8]:
    return np.repeat(_coverage(words, height)[..., None], 3, axis=2)


@lru_cache(maxsize=64)
def _symbol(emotion: str, side: int) -> NDArray[np.uint8]:
    return np.repeat(pictogram(emotion, side)[..., None], 3, axis=2)


def _coverage(words: str, height: int) -> NDArray[np.uint8]:
    """Text as coverage, uint8 (h, w), in the font that Pillow brings along."""
    font = ImageFont.load_default(height)
    assert isinstance(font, ImageFont.FreeTypeFont)  # Pillow's wheels have FreeType
    left, _, right, _ = font.getbbox(words)
    ascent, descent = font.getmetrics()
    image = Image.new("L", (max(1, round(right - left)), ascent + descent), 0)
    ImageDraw.Draw(image).text((-left, 0), words, fill=255, font=font)
    return np.asarray(image)


def _paste(canvas: NDArray[np.uint8], part: NDArray[np.uint8], x: int, y: int, *, blend: bool = False) -> None:
    """Lay a part into the picture, moved so far that it lies within, and cut where it is larger.

    With `blend`, white ink on black is added to what is there.
    """
    height, width = (min(part.shape[i], canvas.shape[i]) for i in (0, 1))
    x, y = max(0, min(x, canvas.shape[1] - width)), max(0, min(y, canvas.shape[0] - height))
    window = canvas[y : y + height, x : x + width]
    window[:] = cv2.max(window, part[:height, :width]) if blend else part[:height, :width]
