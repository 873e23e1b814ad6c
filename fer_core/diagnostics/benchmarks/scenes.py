"""Pictures whose number of faces is known: made of the portrait, synthetic, and from the data of installed packages."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from fer_core.imaging.placement import Placement
from fer_core.media.images import read_image
from fer_core.media.samples import PORTRAIT, PORTRAIT_FACE
from fer_core.readings import Box

_CUT: Final = Box(120, 20, 210, 200)
"""Head and shoulders of the portrait."""

_PACKAGED: Final = (
    # package, picture within it, faces
    ("matplotlib", "mpl-data/sample_data/grace_hopper.jpg", (Box(190, 95, 160, 160),)),
    ("sklearn", "datasets/images/china.jpg", ()),
    ("sklearn", "datasets/images/flower.jpg", ()),
    ("skimage", "data/coffee.png", ()),
    ("skimage", "data/chelsea.png", ()),
    ("skimage", "data/rocket.jpg", ()),
    ("skimage", "data/motorcycle_left.png", ()),
    ("skimage", "data/hubble_deep_field.jpg", ()),
    ("skimage", "data/retina.jpg", ()),
    ("skimage", "data/ihc.png", ()),
    ("skimage", "data/coins.png", ()),
    ("skimage", "data/moon.png", ()),
    ("skimage", "data/page.png", ()),
    ("skimage", "data/text.png", ()),
    ("skimage", "data/brick.png", ()),
    ("skimage", "data/grass.png", ()),
    ("skimage", "data/gravel.png", ()),
)


@dataclass(frozen=True, eq=False)
class Scene:
    """One picture.

    Attributes:
        name: short.
        image: uint8 (H, W, 3) BGR.
        faces: where its faces are, as a Haar cascade would draw them.
    """

    name: str
    image: NDArray[np.uint8]
    faces: tuple[Box, ...]


@cache
def portrait() -> NDArray[np.uint8]:
    """The portrait: uint8 (512, 512, 3) BGR, read-only."""
    image = read_image(PORTRAIT)
    image.setflags(write=False)
    return image


def crowd(width: int, height: int, face_px: int, *, faces: int = 12, seed: int = 0) -> Scene:
    """Up to twelve faces of `face_px`, somewhere in a grid of four by three, before a soft background."""
    rng = np.random.default_rng(seed)
    spots = rng.integers(60, 190, (height // 80, width // 80, 3)).astype(np.uint8)
    scene = np.asarray(cv2.resize(spots, (width, height), interpolation=cv2.INTER_CUBIC), np.uint8)
    scale = face_px / PORTRAIT_FACE.width
    head = portrait()[_CUT.y : _CUT.y + _CUT.height, _CUT.x : _CUT.x + _CUT.width]
    size = round(_CUT.width * scale), round(_CUT.height * scale)
    person = cv2.resize(head, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC)
    boxes = []
    for place in range(faces):
        x = place % 4 * width // 4 + int(rng.integers(0, width // 4 - size[0]))
        y = place // 4 * height // 3 + int(rng.integers(0, height // 3 - size[1]))
        scene[y : y + size[1], x : x + size[0]] = person
        left, top = round(x + (PORTRAIT_FACE.x - _CUT.x) * scale), round(y + (PORTRAIT_FACE.y - _CUT.y) * scale)
        boxes.append(Box(left, top, face_px, face_px))
    return Scene(f"{faces} faces of {face_px} px in {width} x {height}", scene, tuple(boxes))


def variants() -> Iterator[Scene]:
    """The portrait as it is, dark, pale, grey, noisy, small, large, mirrored, tilted, turned, cut and alone."""
    image, face = portrait(), PORTRAIT_FACE
    side, rng = image.shape[0], np.random.default_rng(0)
    yield Scene("as it is", image, (face,))
    yield Scene("dark", (image * 0.12).astype(np.uint8), (face,))
    yield Scene("pale", (image * 0.15 + 200).astype(np.uint8), (face,))
    yield Scene("grey", np.repeat(image.mean(axis=2, keepdims=True), 3, axis=2).astype(np.uint8), (face,))
    yield Scene("noisy", np.clip(image + rng.normal(0, 35, image.shape), 0, 255).astype(np.uint8), (face,))
    yield Scene("blurred", np.asarray(cv2.GaussianBlur(image, (0, 0), 4), np.uint8), (face,))
    for name, factor in (("small", 0.4), ("large", 4.0)):
        resized = np.asarray(cv2.resize(image, None, fx=factor, fy=factor), np.uint8)
        yield Scene(name, resized, (Placement.scaled(factor, (resized.shape[1], resized.shape[0])).box(face),))
    mirrored = Box(side - face.x - face.width, *face[1:])
    yield Scene("mirrored", np.ascontiguousarray(image[:, ::-1]), (mirrored,))
    centre = (face.x + face.width / 2, face.y + face.height / 2)
    for degrees in (-45, -30, -15, 15, 30, 45):
        matrix = cv2.getRotationMatrix2D(centre, -degrees, 1)
        tilted = cv2.warpAffine(image, matrix, (side, side), borderMode=cv2.BORDER_REPLICATE)
        yield Scene(f"tilted by {degrees} degrees", np.asarray(tilted, np.uint8), (face,))
    turned = {
        90: Box(side - face.y - face.height, face.x, face.height, face.width),
        180: Box(side - face.x - face.width, side - face.y - face.height, face.width, face.height),
        270: Box(face.y, side - face.x - face.width, face.height, face.width),
    }
    for degrees, box in turned.items():
        yield Scene(f"turned by {degrees} degrees", np.ascontiguousarray(np.rot90(image, -degrees // 90)), (box,))
    quarter = face.width // 4
    for name, rows, columns, moved in (
        ("cut left", slice(None), slice(face.x + quarter, None), (-face.x - quarter, 0)),
        ("cut right", slice(None), slice(None, face.x + face.width - quarter), (0, 0)),
        ("cut above", slice(face.y + quarter, None), slice(None), (0, -face.y - quarter)),
        ("cut below", slice(None, face.y + face.height - quarter), slice(None), (0, 0)),
    ):
        part = np.ascontiguousarray(image[rows, columns])
        yield Scene(name, part, (face.moved(*moved).clipped(part.shape[1], part.shape[0]),))
    alone = np.ascontiguousarray(image[face.y : face.y + face.height, face.x : face.x + face.width])
    for pixels in (48, 93, 600):
        large = np.asarray(cv2.resize(alone, (pixels, pixels), interpolation=cv2.INTER_AREA), np.uint8)
        yield Scene(f"nothing but the face, {pixels} px", large, (Box(0, 0, pixels, pixels),))


def faceless() -> Iterator[Scene]:
    """Synthetic pictures of 640 x 480 pixels without a face."""
    rng = np.random.default_rng(0)
    rows, columns = np.indices((480, 640))
    text = np.full((480, 640, 3), 255, np.uint8)
    for line in range(14):
        cv2.putText(text, "The quick brown fox o0o 8 oOo", (10, 30 + 33 * line), 0, 1.0, (0, 0, 0), 2)
    discs = np.full((480, 640, 3), (120, 160, 90), np.uint8)
    for x, y, radius in zip(*(rng.integers(low, high, 40) for low, high in ((0, 640), (0, 480), (8, 60))), strict=True):
        cv2.circle(discs, (int(x), int(y)), int(radius), tuple(map(int, rng.integers(0, 255, 3))), -1)
    soft = cv2.GaussianBlur(rng.integers(0, 255, (480, 640, 3)).astype(np.float32), (0, 0), 6)
    soft = 255 * (soft - soft.min()) / (soft.max() - soft.min())
    pictures = {
        "black": np.zeros((480, 640)),
        "flat": np.full((480, 640), 200),
        "noise": rng.integers(0, 255, (480, 640, 3)),
        "soft noise": soft,
        "text": text,
        "discs": discs,
        "checkerboard": 255 * ((rows // 40 + columns // 40) % 2),
        "waves": 127 + 60 * np.sin(columns / 23) + 60 * np.cos(rows / 17),
    }
    for name, picture in pictures.items():
        image = picture.astype(np.uint8)
        yield Scene(name, image if image.ndim == 3 else np.repeat(image[..., None], 3, axis=2), ())


def packaged() -> Iterator[Scene]:
    """Photographs in the data of matplotlib, scikit-learn and, where it is installed, scikit-image."""
    for package, path, faces in _PACKAGED:
        spec = find_spec(package)
        folder = Path(spec.origin).parent if spec is not None and spec.origin else None
        if folder is not None and (folder / path).is_file():
            yield Scene(f"{package}: {Path(path).name}", read_image(folder / path), faces)


def tiny_portraits() -> Iterator[Scene]:
    """Where scikit-image is installed: a hundred faces of Labeled Faces in the Wild, 25 pixels, enlarged to 200."""
    spec = find_spec("skimage")
    path = Path(spec.origin).parent / "data/lfw_subset.npy" if spec is not None and spec.origin else None
    if path is not None and path.is_file():
        for number, face in enumerate(np.load(path)[:100]):
            large = cv2.resize((255 * face).astype(np.uint8), (200, 200), interpolation=cv2.INTER_CUBIC)
            image = np.repeat(np.asarray(large, np.uint8)[..., None], 3, axis=2)
            yield Scene(f"face {number}", image, (Box(0, 0, 200, 200),))
