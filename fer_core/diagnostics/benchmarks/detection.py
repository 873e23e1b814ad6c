"""Recall and speed of detectors, on pictures that come with the project or with packages that it uses."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Final

import numpy as np
from numpy.typing import NDArray

from fer_core.detection import BlazeFaceDetector, FaceDetector, in_sequence
from fer_core.detection.protocol import SequenceDetector
from fer_core.diagnostics.benchmarks.networks import ALONE, networks_of
from fer_core.diagnostics.benchmarks.pictures import portrait_frame
from fer_core.diagnostics.benchmarks.scenes import Scene, crowd, faceless, packaged, tiny_portraits, variants
from fer_core.diagnostics.benchmarks.spread import REPEATS, Figure, in_ms, timed
from fer_core.imaging.halvings import Halvings
from fer_core.readings import Box

CROWDS: Final = ((640, 480, 40), (1280, 720, 40), (1920, 1080, 40), (4000, 3000, 100))
"""Width, height and size of the faces of the scenes with twelve faces, in pixels."""


KINDS: Final = {
    "still": "640 x 480, one face",
    "no_face": "640 x 480, no face",
    "large": "1920 x 1080, twelve faces",
    "huge": "4000 x 3000, twelve faces",
    "first": "640 x 480, first of a recording",
    "sequence": "640 x 480, next of a recording",
    "whole": "640 x 480, one run over the whole",
}
"""What is searched, by kind."""


@dataclass(frozen=True)
class Found:
    """The faces that a detector finds in pictures of one kind.

    Attributes:
        pictures: number of pictures.
        faces: number of faces in them.
        found: faces that a box lies on.
        false_boxes: boxes that lie on no face.
        wrong: names of pictures with a missed face or a false box.
    """

    pictures: int
    faces: int
    found: int
    false_boxes: int
    wrong: tuple[str, ...]


def found(detector: FaceDetector) -> dict[str, Found]:
    """The faces that a detector finds, by kind of picture."""
    scenes: dict[str, Iterable[Scene]] = {
        "portrait, changed": variants(),
        "small faces": (crowd(*size) for size in CROWDS),
        "no face, synthetic": faceless(),
        "photographs of packages": packaged(),
        "tiny portraits": tiny_portraits(),
    }
    return {kind: _count(detector, pictures) for kind, pictures in scenes.items()}


def searches(detector: FaceDetector) -> Iterator[Figure]:
    """The search for faces by kind; see `KINDS`."""
    frame, empty = portrait_frame(), np.full((480, 640, 3), 90, np.uint8)
    large, huge = crowd(1920, 1080, 40).image, crowd(4000, 3000, 100).image
    works: dict[str, tuple[Callable[[], object], int]] = {
        "still": (lambda: detector.detect(frame), REPEATS),
        "no_face": (lambda: detector.detect(empty), REPEATS),
        "large": (lambda: detector.detect(large), 5),
        "huge": (lambda: detector.detect(huge), 5),
    }
    if isinstance(detector, BlazeFaceDetector):
        sequence = in_sequence(detector)
        works |= {
            "first": (partial(_first, sequence, frame), REPEATS),
            # At one and the same time no search of the whole frame falls due.
            "sequence": (lambda: sequence.detect(frame, 0.0), REPEATS),
            "whole": (lambda: detector.whole(Halvings(frame)), REPEATS),
        }
    for kind, (work, repeats) in works.items():
        alone = {"alone": networks_of(work)} if isinstance(detector, BlazeFaceDetector) else {}
        taken = timed({"": work, **alone}, repeats)
        key, name = f"detector.{detector.name}.{kind}", f"{detector.name}, {KINDS[kind]}"
        yield Figure.of(key, name, "ms", in_ms(taken[""]), in_ms(taken.get("alone", ())), ALONE)


def _first(sequence: SequenceDetector, frame: NDArray[np.uint8]) -> None:
    sequence.reset()
    sequence.detect(frame, 0.0)


def milliseconds(figures: Iterable[Figure], detector: str) -> dict[str, float]:
    """Median times of one detector by kind of search."""
    start = f"detector.{detector}."
    return {figure.key.removeprefix(start): figure.median for figure in figures if figure.key.startswith(start)}


def _count(detector: FaceDetector, scenes: Iterable[Scene]) -> Found:
    pictures = faces = hits = false = 0
    wrong: list[str] = []
    for scene in scenes:
        boxes = [face.box for face in detector.detect(scene.image)]
        seen = sum(any(_matches(box, face) for box in boxes) for face in scene.faces)
        extra = sum(not any(_matches(box, face) for face in scene.faces) for box in boxes)
        pictures, faces, hits, false = pictures + 1, faces + len(scene.faces), hits + seen, false + extra
        wrong += [scene.name] if extra or seen < len(scene.faces) else []
    return Found(pictures, faces, hits, false, tuple(wrong))


def _matches(box: Box, face: Box) -> bool:
    return box.overlap(face) >= 0.3
