"""Recall and speed of detectors, on pictures that come with the project or with packages that it uses."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

import numpy as np

from fer_core.detection import BlazeFaceDetector, FaceDetector
from fer_core.detection.sequence import BlazeFaceSequence
from fer_core.diagnostics.benchmarks.pictures import median_ms, portrait_frame
from fer_core.diagnostics.benchmarks.scenes import Scene, crowd, faceless, packaged, portrait, tiny_portraits, variants
from fer_core.face.measuring import FaceMeasurer
from fer_core.imaging.halvings import Halvings
from fer_core.readings import Box

CROWDS: Final = ((640, 480, 40), (1280, 720, 40), (1920, 1080, 40), (4000, 3000, 100))
"""Width, height and size of the faces of the scenes with twelve faces, in pixels."""


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


def milliseconds(detector: FaceDetector) -> dict[str, float]:
    """Median times by kind of search.

    `still` is that of a frame of 640 x 480 pixels with one face, `no_face` of one without, `large` and `huge` those of
    pictures of 1920 x 1080 and 4000 x 3000 with twelve faces. For BlazeFace also `whole`, one run over that frame,
    `sequence`, the next frame of a recording, and `geometry`, mesh and irises of one face.
    """
    frame, empty = portrait_frame(), np.full((480, 640, 3), 90, np.uint8)
    large, huge = crowd(1920, 1080, 40).image, crowd(4000, 3000, 100).image
    times = {
        "still": median_ms(lambda: detector.detect(frame)),
        "no_face": median_ms(lambda: detector.detect(empty)),
        "large": median_ms(lambda: detector.detect(large), 5),
        "huge": median_ms(lambda: detector.detect(huge), 5),
    }
    if isinstance(detector, BlazeFaceDetector):
        sequence, measurer, faces = BlazeFaceSequence(detector), FaceMeasurer(), detector.detect(portrait())
        sequence.detect(frame, 0.0)
        times |= {
            "whole": median_ms(lambda: detector.whole(Halvings(frame))),
            "sequence": median_ms(lambda: sequence.detect(frame, 0.0)),
            "geometry": median_ms(lambda: measurer(portrait(), faces)),
        }
    return times


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
