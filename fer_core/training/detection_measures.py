"""How well faces are found: recall and false boxes on everyday pictures, against MTCNN as the reference.

python -m fer_core.training.detection_measures --people DIR --backgrounds DIR --data fer2013.zip
"""

import argparse
import json
import statistics
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final, TypedDict

import cv2
import numpy as np
from numpy.typing import NDArray

from fer_core.detection import FaceDetector, load_detector
from fer_core.detection.mtcnn import MtcnnDetector
from fer_core.evaluation.datasets import IMAGE_SUFFIXES, FaceSet, load_faces
from fer_core.readings import Box, Face
from fer_core.training.face_check_samples import REFERENCE_FILE, Photograph, photographs
from fer_core.whole_file import write_whole

SMALLEST_PX: Final = 36
"""Shorter side from which a reference face has to be found, in the picture scaled to 640 pixels."""


def write_reference(folder: Path, threshold: float = 0.5) -> None:
    """Run MTCNN over the pictures of a folder and write `faces.json` beside them, unsure finds included.

    Raises:
        DependencyError: mtcnn is not installed.
    """
    detector = MtcnnDetector(threshold=threshold)
    faces = {}
    for path in sorted(folder.glob("*")):
        image = cv2.imread(str(path)) if path.suffix.lower() in IMAGE_SUFFIXES else None
        if image is not None:
            faces[path.name] = [
                [*face.box, round(face.confidence, 4)] for face in detector.detect(np.asarray(image, np.uint8))
            ]
    write_whole(folder / REFERENCE_FILE, json.dumps(faces, indent=0) + "\n")


class ReferenceFigures(TypedDict):
    """Figures on pictures with known faces; shares are None where there was nothing to share."""

    pictures: int
    faces: int
    recall: float | None
    boxes: int
    false_boxes: int
    false_share: float | None
    median_ms: float


class FalseBoxFigures(TypedDict):
    """Figures on pictures without a face."""

    pictures: int
    false_boxes: int
    false_boxes_per_picture: float
    pictures_with_false_boxes: int


class DetectionMeasures(TypedDict, total=False):
    """The JSON of this module: what was asked for, by kind of picture."""

    people: ReferenceFigures
    no_faces: FalseBoxFigures
    only_a_face: dict[str, float | None]
    composites: ReferenceFigures


def measure_detection(
    detector: FaceDetector,
    *,
    people: Path | None = None,
    backgrounds: Path | None = None,
    faces: FaceSet | None = None,
) -> DetectionMeasures:
    """Measure a detector on whatever is given.

    Args:
        detector: what to measure.
        people: folder of pictures with `faces.json`: recall, and boxes that are no face.
        backgrounds: folder of pictures without a face: boxes a picture.
        faces: FER2013; its PublicTest faces are pictures that are nothing but a face, and, pasted into the
            backgrounds, scenes with known faces.

    Returns:
        By what was measured; shares are 0 to 1, times in milliseconds.
    """
    result: DetectionMeasures = {}
    if people is not None:
        result["people"] = match_reference(detector, list(photographs(people)))
    if backgrounds is not None:
        result["no_faces"] = _false_boxes(detector, list(photographs(backgrounds)))
    if faces is not None:
        images = faces.split("PublicTest").images
        images = images[np.random.default_rng(0).permutation(len(images))[:300]]
        result["only_a_face"] = _only_faces(detector, images)
        if backgrounds is not None:
            scenes = [composite(p.grey, images, seed) for seed, p in enumerate(photographs(backgrounds))]
            result["composites"] = match_reference(detector, scenes)
    return result


def match_reference(detector: FaceDetector, pictures: Sequence[Photograph]) -> ReferenceFigures:
    """Recall of the sure reference faces of `SMALLEST_PX` and more, and how many boxes lie on no reference face.

    A box lies on a face if they overlap by 0.3 (intersection over union) or the centre of either is within the other.
    A box on a smaller or less sure reference face is neither a hit nor false.
    """
    wanted = found = boxes = false = 0
    times_ms = []
    for picture in pictures:
        began_s = time.perf_counter()
        finds = [face.box for face in detector.detect(picture.grey)]
        times_ms.append(1000 * (time.perf_counter() - began_s))
        counted = [face for face in picture.sure_faces if min(face.width, face.height) >= SMALLEST_PX]
        wanted += len(counted)
        found += sum(any(matches(box, face) for box in finds) for face in counted)
        boxes += len(finds)
        false += sum(not any(matches(box, face) for face in picture.faces) for box in finds)
    return {
        "pictures": len(pictures),
        "faces": wanted,
        "recall": _share(found, wanted),
        "boxes": boxes,
        "false_boxes": false,
        "false_share": _share(false, boxes),
        "median_ms": round(statistics.median(times_ms), 1),
    }


def matches(box: Box, face: Box) -> bool:
    """Whether a found box lies on a reference face."""
    return box.overlap(face) >= 0.3 or (_centre_within(box, face) and _centre_within(face, box))


def composite(background: NDArray[np.uint8], faces: NDArray[np.uint8], seed: int) -> Photograph:
    """A synthetic scene: one to four faces of 40 to 200 pixels, soft-edged, side by side in a grey picture."""
    rng = np.random.default_rng(seed)
    scene = cv2.resize(background, (640, 640 * background.shape[0] // background.shape[1])).astype(np.float32)
    height, width = scene.shape
    boxes, count = [], int(rng.integers(1, 5))
    for place in range(count):
        slot = width // count
        side = int(min(np.exp(rng.uniform(np.log(40), np.log(200))), slot - 8, height - 8))
        if side < SMALLEST_PX:
            continue
        x = place * slot + int(rng.integers(0, slot - side))
        y = int(rng.integers(0, height - side))
        face = cv2.resize(faces[rng.integers(len(faces))], (side, side), interpolation=cv2.INTER_CUBIC)
        mask = np.zeros((side, side), np.float32)
        cv2.ellipse(mask, (side // 2, side // 2), (int(side * 0.47), int(side * 0.5)), 0, 0, 360, 1.0, -1)
        part = scene[y : y + side, x : x + side]
        part += (face - part) * cv2.GaussianBlur(mask, (0, 0), max(1.0, side * 0.03))
        boxes.append(Box(x, y, side, side))
    return Photograph(f"composite {seed}", scene.astype(np.uint8), tuple(boxes), (1.0,) * len(boxes))


def _false_boxes(detector: FaceDetector, pictures: Sequence[Photograph]) -> FalseBoxFigures:
    counts = [len(detector.detect(picture.grey)) for picture in pictures]
    return {
        "pictures": len(counts),
        "false_boxes": sum(counts),
        "false_boxes_per_picture": round(sum(counts) / len(counts), 4),
        "pictures_with_false_boxes": sum(count > 0 for count in counts),
    }


def _only_faces(detector: FaceDetector, images: NDArray[np.uint8]) -> dict[str, float | None]:
    """How many faces are found in pictures that are nothing but the face, as they are and larger."""
    result: dict[str, float | None] = {"pictures": len(images)}
    for side in (48, 200, 600):
        pictures = (cv2.resize(image, (side, side), interpolation=cv2.INTER_CUBIC) for image in images)
        hits = sum(_one_face(detector.detect(np.asarray(picture, np.uint8)), side) for picture in pictures)
        result[f"found_{side}px"] = _share(hits, len(images))
    return result


def _one_face(faces: Sequence[Face], side: int) -> bool:
    return len(faces) == 1 and matches(faces[0].box, Box(0, 0, side, side))


def _centre_within(one: Box, other: Box) -> bool:
    x, y = one.x + one.width / 2, one.y + one.height / 2
    return other.x <= x <= other.x + other.width and other.y <= y <= other.y + other.height


def _share(part: int, whole: int) -> float | None:
    return round(part / whole, 4) if whole else None


def main(arguments: Sequence[str] | None = None, show: Callable[[str], None] = print) -> None:
    """Measure from the command line."""
    parser = argparse.ArgumentParser(description="Measure face detection.")
    parser.add_argument("--people", type=Path, help="pictures of people; faces.json is made by MTCNN if it is missing")
    parser.add_argument("--backgrounds", type=Path, help="pictures without a face")
    parser.add_argument("--data", type=Path, help="FER2013")
    parser.add_argument("--detector", default="haar", choices=("haar", "mtcnn"))
    options = parser.parse_args(arguments)
    if options.people and not (options.people / REFERENCE_FILE).is_file():
        write_reference(options.people)
    faces = load_faces(options.data) if options.data else None
    detector = load_detector(options.detector)
    show(
        json.dumps(
            measure_detection(detector, people=options.people, backgrounds=options.backgrounds, faces=faces), indent=2
        )
    )


if __name__ == "__main__":
    main()
