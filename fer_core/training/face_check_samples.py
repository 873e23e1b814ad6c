"""What the face check learns from: crops that are faces, and crops that a Haar search would also propose.

All crops are grey uint8 squares, cut as the detector cuts them: the box of the cascade times the margin.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

import cv2
import numpy as np
from numpy.typing import ArrayLike, NDArray

from fer_core.detection.face_check import widened
from fer_core.detection.haar import Cascades
from fer_core.errors import DatasetError
from fer_core.evaluation.datasets import IMAGE_SUFFIXES
from fer_core.imaging.crops import cut, resized, shrunk
from fer_core.imaging.placement import Placement
from fer_core.readings import Box

REFERENCE_FILE: Final = "faces.json"
"""Beside pictures of people: {file name: [[x, y, width, height, confidence], ...]}, every face that the reference
detector found, unsure ones included. Written by `fer_core.training.detection_measures.write_reference`."""

SURE: Final = 0.97
"""Confidence from which a reference face counts as one. The less sure ones are neither faces nor anything else."""


@dataclass(frozen=True)
class Photograph:
    """One picture of a folder.

    Attributes:
        name: of the file.
        grey: uint8 (H, W).
        faces: the reference faces as the cascade would draw them, and
        confidences: how sure the reference is of each.
    """

    name: str
    grey: NDArray[np.uint8]
    faces: tuple[Box, ...] = ()
    confidences: tuple[float, ...] = ()

    @property
    def sure_faces(self) -> list[Box]:
        """Those that count."""
        return [box for box, c in zip(self.faces, self.confidences, strict=True) if c > SURE]


def photographs(folder: Path, longer_px: int = 640) -> Iterator[Photograph]:
    """The pictures of a folder in the order of their names, shrunk to `longer_px`, with reference faces if it has any.

    Raises:
        DatasetError: the folder holds no picture.
    """
    paths = [path for path in sorted(folder.glob("*")) if path.suffix.lower() in IMAGE_SUFFIXES]
    if not paths:
        raise DatasetError(f"{folder} holds no pictures.")
    reference = folder / REFERENCE_FILE
    faces = json.loads(reference.read_text()) if reference.is_file() else {}
    for path in paths:
        image = cv2.imread(str(path), cv2.IMREAD_GRAYSCALE)
        if image is None:
            continue
        picture, factor = shrunk(np.asarray(image, np.uint8), longer_px)
        rows = faces.get(path.name, [])
        boxes = tuple(Box(*(round(v * factor) for v in row[:4])) for row in rows)
        yield Photograph(path.name, picture, boxes, tuple(row[4] for row in rows))


@dataclass(frozen=True)
class MinedCrops:
    """Crops of what the cascades take for faces: uint8 (N, side, side) each."""

    faces: NDArray[np.uint8]
    others: NDArray[np.uint8]


def mine(
    pictures: Sequence[Photograph], cascades: Cascades, side_px: int, margin: float, at_most: int = 150
) -> MinedCrops:
    """Sort the windows that the cascades accept in pictures into faces and others, by the reference faces.

    Each picture is searched as it is and once more: with faces in it at half the size, else mirrored or turned, since
    the network shall know more than the few textures that the cascades happen to meet upright. As faces in everyday
    pictures are few, the reference boxes, moved and scaled a little, count as further windows.
    """
    rng = np.random.default_rng(0)
    faces, others = [], []
    for photograph in pictures:
        for view, factor in ((photograph.grey, 1.0), _second_view(photograph, rng)):
            place = Placement.scaled(factor, (view.shape[1], view.shape[0]))
            shown = [place.box(face) for face in photograph.faces]
            sure = [place.box(face) for face in photograph.sure_faces if face.width * factor >= 24]
            found = cascades.windows(view, min_face_px=24)
            found = [found[row] for row in rng.permutation(len(found))[:at_most]]
            good = [box for box in found if any(box.overlap(face) > 0.55 for face in sure)]
            good += [_moved(face, rng) for face in sure for _ in range(16)]
            bad = [box for box in found if not _touches(box, shown)]
            faces += [resized(cut(view, widened(box, margin)), side_px) for box in good]
            others += [resized(cut(view, widened(box, margin)), side_px) for box in bad]
    return MinedCrops(_stacked(faces, side_px), _stacked(others, side_px))


def _second_view(photograph: Photograph, rng: np.random.Generator) -> tuple[NDArray[np.uint8], float]:
    if photograph.faces:
        return shrunk(photograph.grey, max(photograph.grey.shape) // 2)
    turn = rng.choice([cv2.ROTATE_90_CLOCKWISE, cv2.ROTATE_180, -1])
    view = cv2.flip(photograph.grey, 1) if turn < 0 else cv2.rotate(photograph.grey, int(turn))
    return np.asarray(view, np.uint8), 1.0


def blotches(count: int = 60, side_px: int = 320) -> list[Photograph]:
    """Pictures of soft noise, fine to coarse: cascades find spots in it that lie like eyes and mouth."""
    rng = np.random.default_rng(0)
    pictures = []
    for number in range(count):
        octaves = np.exp2(rng.uniform(0.5, 5.5, rng.integers(1, 4)))
        noise = sum(cv2.GaussianBlur(rng.standard_normal((side_px, side_px)), (0, 0), s) * s for s in octaves)
        grey = cv2.normalize(noise, np.empty(0), 0, 255, cv2.NORM_MINMAX).astype(np.uint8)
        pictures.append(Photograph(f"blotches {number}", grey))
    return pictures


def face_crop(
    face: NDArray[np.uint8], background: NDArray[np.uint8], side_px: int, margin: float, rng: np.random.Generator
) -> NDArray[np.uint8]:
    """A FER2013 face as a Haar box would show it: moved, turned and scaled a little, in front of a background.

    Args:
        face: uint8 (48, 48).
        background: uint8 (side_px, side_px).
        side_px: side of the result.
        margin: side of the crop over the side of the Haar box.
        rng: source of all randomness.
    """
    zoom = side_px / face.shape[0] / margin * rng.uniform(0.82, 1.25)
    shift = rng.uniform(-0.1, 0.1, 2) * side_px / margin
    return _placed(face, background, zoom, shift, rng.normal(0, 10), rng)


def badly_cut(
    face: NDArray[np.uint8], background: NDArray[np.uint8], side_px: int, margin: float, rng: np.random.Generator
) -> NDArray[np.uint8]:
    """A FER2013 face that no box should be drawn around like this.

    It is half outside, a part only, far too small, turned, or in pieces. Arguments as for `face_crop`.
    """
    zoom = side_px / face.shape[0] / margin
    kind = rng.integers(0, 10)
    angle, shift = rng.normal(0, 10), rng.uniform(-0.1, 0.1, 2)
    if kind < 4:  # beside the face
        direction = rng.uniform(0, 2 * np.pi)
        zoom *= rng.uniform(0.7, 1.4)
        shift = np.array([np.cos(direction), np.sin(direction)]) * rng.uniform(0.45, 0.8)
    elif kind < 7:  # a part of it: an eye, a cheek, the mouth
        zoom *= rng.uniform(2.0, 4.0)
        shift = rng.uniform(-1.0, 1.0, 2)
    elif kind < 9:  # lost in the box
        zoom *= rng.uniform(0.25, 0.45)
        shift = rng.uniform(-0.35, 0.35, 2)
    elif rng.random() < 0.5:
        angle += rng.choice([90, 180, 270])
    else:
        face = _in_pieces(face, rng)
    return _placed(face, background, zoom, shift * side_px / margin, angle, rng)


def patch(picture: NDArray[np.uint8], side_px: int, rng: np.random.Generator) -> NDArray[np.uint8]:
    """A square of any place and size of a picture: uint8 (side_px, side_px)."""
    height, width = picture.shape
    side = int(np.exp(rng.uniform(np.log(min(24, height, width)), np.log(min(height, width) + 1))))
    top, left = rng.integers(0, height - side + 1), rng.integers(0, width - side + 1)
    return resized(picture[top : top + side, left : left + side], side_px)


def weathered(crops: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.float32]:
    """What cameras, distance and compression do to crops: mirrored, coarse, blurred, lit otherwise, noisy.

    Args:
        crops: uint8 (N, side, side).
        rng: source of all randomness.

    Returns:
        float32 (N, side, side), 0 to 255.
    """
    crops = crops.copy()
    count, side = crops.shape[:2]
    mirrored = rng.random(count) < 0.5
    crops[mirrored] = crops[mirrored, :, ::-1]
    chances = rng.random((3, count))
    for row, chance in enumerate(chances[0]):
        if chance < 0.4:
            coarse = int(rng.integers(side // 2, side))
            smaller = cv2.resize(crops[row], (coarse, coarse), interpolation=cv2.INTER_AREA)
            crops[row] = cv2.resize(smaller, (side, side), interpolation=cv2.INTER_LINEAR)
        elif chance < 0.5:
            crops[row] = cv2.GaussianBlur(crops[row], (0, 0), rng.uniform(0.4, 1.3))
    values = crops.astype(np.float32)
    mean = values.mean(axis=(1, 2), keepdims=True)
    values = (values - mean) * _each(np.exp(rng.normal(0, 0.3, count))) + mean + _each(rng.normal(0, 25, count))
    values = np.clip(values, 0, 255)
    curved = chances[1] < 0.4
    values[curved] = 255 * (values[curved] / 255) ** _each(np.exp(rng.normal(0, 0.35, int(curved.sum()))))
    noisy = chances[2] < 0.3
    noise = rng.standard_normal((noisy.sum(), side, side), dtype=np.float32)
    values[noisy] += noise * _each(rng.uniform(1, 10, noisy.sum()))
    return np.asarray(np.clip(values, 0, 255), np.float32)


def _each(values: ArrayLike) -> NDArray[np.float32]:
    return np.asarray(values, np.float32)[:, None, None]


def _in_pieces(face: NDArray[np.uint8], rng: np.random.Generator, count: int = 3) -> NDArray[np.uint8]:
    """The tiles of a face in another order."""
    rows = [tile for row in np.split(face, count) for tile in np.split(row, count, axis=1)]
    rng.shuffle(rows)
    return np.vstack([np.hstack(rows[i : i + count]) for i in range(0, count * count, count)])


def _placed(
    face: NDArray[np.uint8],
    background: NDArray[np.uint8],
    zoom: float,
    shift: NDArray[np.float64],
    angle: float,
    rng: np.random.Generator,
) -> NDArray[np.uint8]:
    """The face about the centre of the background, soft-edged or, half of the time, its own border repeated."""
    side, centre = background.shape[0], (face.shape[0] - 1) / 2
    matrix = cv2.getRotationMatrix2D((centre, centre), angle, zoom)
    matrix[:, 2] += (side - 1) / 2 - centre + shift
    if rng.random() < 0.5:
        border = cv2.BORDER_REPLICATE if rng.random() < 0.5 else cv2.BORDER_REFLECT_101
        whole = cv2.warpAffine(face, matrix, (side, side), flags=cv2.INTER_LINEAR, borderMode=border)
        return np.asarray(whole, np.uint8)
    warped = cv2.warpAffine(face, matrix, (side, side), flags=cv2.INTER_LINEAR)
    mask = cv2.warpAffine(_soft_edged(face.shape[0]), matrix, (side, side), flags=cv2.INTER_LINEAR)
    return np.asarray(background + mask * (warped.astype(np.float32) - background)).astype(np.uint8)


@cache
def _soft_edged(side: int) -> NDArray[np.float32]:
    """1 within, falling to 0 over the outermost four pixels."""
    ramp = np.clip((0.5 + np.arange(side)) / 4, 0, 1)
    ramp = np.minimum(ramp, ramp[::-1])
    return np.minimum.outer(ramp, ramp).astype(np.float32)


def _moved(face: Box, rng: np.random.Generator) -> Box:
    side = face.width * rng.uniform(0.85, 1.2)
    x = face.x + face.width / 2 + rng.uniform(-0.1, 0.1) * face.width - side / 2
    y = face.y + face.height / 2 + rng.uniform(-0.1, 0.1) * face.height - side / 2
    return Box(round(x), round(y), round(side), round(side))


def _touches(box: Box, faces: Sequence[Box]) -> bool:
    """A window that shows a fair part of a face is a bad box around it at worst, not a sure negative."""
    return any(box.shared_area(face) > 0.2 * min(box.area, face.area) for face in faces)


def _stacked(crops: list[NDArray[np.uint8]], side_px: int) -> NDArray[np.uint8]:
    return np.stack(crops) if crops else np.zeros((0, side_px, side_px), np.uint8)
