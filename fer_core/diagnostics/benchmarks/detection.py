"""How well and how fast faces are found, on pictures that come with the project or with packages that it uses."""

from collections.abc import Iterable
from typing import Any, Final

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


def found(detector: FaceDetector) -> dict[str, Any]:
    """What a detector finds and what it takes for a face, by kind of picture: see `_count`."""
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


def _count(detector: FaceDetector, scenes: Iterable[Scene]) -> dict[str, Any]:
    """Pictures, faces, how many are found, boxes on no face, and the names of pictures with a missed or a false one."""
    pictures = faces = hits = false = 0
    wrong = []
    for scene in scenes:
        boxes = [face.box for face in detector.detect(scene.image)]
        seen = sum(any(_matches(box, face) for box in boxes) for face in scene.faces)
        extra = sum(not any(_matches(box, face) for face in scene.faces) for box in boxes)
        pictures, faces, hits, false = pictures + 1, faces + len(scene.faces), hits + seen, false + extra
        wrong += [scene.name] if extra or seen < len(scene.faces) else []
    return {"pictures": pictures, "faces": faces, "found": hits, "false_boxes": false, "wrong": wrong}


def _matches(box: Box, face: Box) -> bool:
    return box.overlap(face) >= 0.3
