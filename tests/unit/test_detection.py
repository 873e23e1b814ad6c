"""The detection stage: what is found, what is not, and what happens to damaged files and missing packages."""

import importlib
import json
import re
import shutil
import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace

import cv2
import numpy as np
import pytest

from fer_core.detection import FaceCheck, FaceDetector, HaarDetector, MtcnnDetector, installed_detectors, load_detector
from fer_core.detection.face_check import FACE_CHECK_DIR, widened
from fer_core.detection.haar import CASCADES_DIR, accepted
from fer_core.detection.mtcnn import like_haar
from fer_core.detection.padding import search_padded
from fer_core.detection.suppression import most_face_like
from fer_core.errors import DependencyError, ModelError, with_extra
from fer_core.readings import Box, Face
from tests.boxes import scaled

ROOT = Path(__file__).resolve().parents[2]
FACE = Box(170, 60, 110, 130)
"""Where the face is in the portrait, from the hairline to the chin."""


@pytest.fixture(scope="module")
def haar() -> HaarDetector:
    return HaarDetector()


@pytest.fixture(scope="module")
def portrait() -> np.ndarray:
    return cv2.imread(str(ROOT / "tests/data/astronaut.png"))


def only_box(faces: list[Face]) -> Box:
    assert len(faces) == 1, faces
    return faces[0].box


def lies_on(box: Box, face: Box) -> bool:
    return box.overlap(face) > 0.45


@pytest.mark.parametrize("order", [[0, 1, 2], [2, 0, 1]])
def test_squares_are_in_one_order_whichever_thread_finds_them_first(order):
    found = np.array([[4, 4, 30, 30], [0, 9, 40, 40], [0, 2, 30, 30]])[order]
    cascade = SimpleNamespace(detectMultiScale=lambda *_, **__: found)
    squares = accepted(cascade, np.zeros((60, 60), np.uint8), 1.1, 20)
    assert squares == [Box(0, 2, 30, 30), Box(0, 9, 40, 40), Box(4, 4, 30, 30)]


def test_the_portrait_has_one_face_where_the_face_is(haar, portrait):
    (face,) = haar.detect(portrait)
    assert lies_on(face.box, FACE)
    assert haar.check.threshold <= face.confidence <= 1
    assert all(type(value) is int for value in face.box)


@pytest.mark.parametrize(
    "factor",
    [
        0.5,  # face of about 60 pixels
        2.0,  # larger than the size of the search
        8.0,  # 4096 pixels a side
    ],
)
def test_box_is_in_pixels_of_the_picture_as_given(haar, portrait, factor):
    image = cv2.resize(portrait, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA)
    assert lies_on(only_box(haar.detect(image)), scaled(FACE, factor))


def test_a_face_in_a_large_canvas_is_found(haar, portrait):
    canvas = np.full((1200, 1600, 3), 90, np.uint8)
    canvas[500:1012, 700:1212] = portrait
    assert lies_on(only_box(haar.detect(canvas)), FACE.moved(700, 500))


def test_two_people_are_two_faces(haar, portrait):
    boxes = sorted((face.box for face in haar.detect(np.hstack([portrait, portrait]))), key=lambda box: box.x)
    assert len(boxes) == 2
    assert lies_on(boxes[0], FACE)
    assert lies_on(boxes[1], FACE.moved(512, 0))


def test_the_largest_face_comes_first(haar, portrait):
    small = cv2.resize(portrait, (256, 256), interpolation=cv2.INTER_AREA)
    canvas = np.full((512, 768, 3), 127, np.uint8)
    canvas[:256, :256] = small
    canvas[:, 256:] = portrait
    areas = [face.box.area for face in haar.detect(canvas)]
    assert len(areas) == 2
    assert areas[0] > areas[1]


def test_a_picture_that_is_nothing_but_the_face_is_found(haar, portrait):
    crop = portrait[65:185, 165:280]
    box = only_box(haar.detect(crop))
    assert box.area > 0.4 * crop.shape[0] * crop.shape[1]
    assert box == box.clipped(crop.shape[1], crop.shape[0])


def test_a_grey_picture_gives_the_face_too(haar, portrait):
    grey = cv2.cvtColor(portrait, cv2.COLOR_BGR2GRAY)
    boxes = [only_box(haar.detect(image)) for image in (grey, grey[..., None], cv2.cvtColor(grey, cv2.COLOR_GRAY2BGR))]
    assert lies_on(boxes[0], FACE)
    assert boxes[0] == boxes[1] == boxes[2]


def test_the_check_prefers_the_face_to_its_parts_and_surroundings(haar, portrait):
    boxes = [Box(168, 68, 115, 115), Box(165, 68, 40, 40), Box(380, 380, 115, 115), Box(40, 380, 115, 115)]
    confidences = haar.check(portrait, boxes)
    assert confidences.shape == (4,)
    assert confidences[0] > haar.check.threshold > confidences[1:].max()


def test_the_check_of_nothing_is_nothing(haar, portrait):
    assert haar.check(portrait, []).shape == (0,)


def test_a_tampered_network_is_refused(tmp_path):
    folder = shutil.copytree(FACE_CHECK_DIR, tmp_path / "face_check")
    network = folder / FaceCheck.NETWORK
    network.write_bytes(network.read_bytes()[:-1] + b"x")
    with pytest.raises(ModelError, match="SHA-256"):
        FaceCheck.load(folder)


@pytest.mark.parametrize("missing", ["card.json", FaceCheck.NETWORK])
def test_a_missing_file_of_the_check_says_which(tmp_path, missing):
    folder = shutil.copytree(FACE_CHECK_DIR, tmp_path / "face_check")
    (folder / missing).unlink()
    with pytest.raises(ModelError, match=missing):
        FaceCheck.load(folder)


def test_an_invalid_card_is_refused(tmp_path):
    folder = shutil.copytree(FACE_CHECK_DIR, tmp_path / "face_check")
    card = json.loads((folder / "card.json").read_text())
    (folder / "card.json").write_text(json.dumps({**card, "threshold": 7}))
    with pytest.raises(ModelError, match="card"):
        FaceCheck.load(folder)


def test_a_missing_cascade_says_the_way_out(haar, tmp_path):
    with pytest.raises(ModelError, match="restore"):
        HaarDetector(haar.check, cascades=tmp_path)


def test_a_damaged_cascade_is_refused(haar, tmp_path):
    folder = shutil.copytree(CASCADES_DIR, tmp_path / "cascades")
    damaged = folder / "haarcascade_profileface.xml"
    damaged.write_bytes(damaged.read_bytes()[:20000])
    with pytest.raises(ModelError, match="readable"):
        HaarDetector(haar.check, cascades=folder)


def test_detectors_by_name():
    detector = load_detector("haar")
    assert isinstance(detector, FaceDetector)
    assert isinstance(detector, HaarDetector)
    with pytest.raises(ModelError, match="blazeface, haar, mtcnn"):
        load_detector("hog")


def test_without_the_mtcnn_package_the_error_says_how_to_get_it(monkeypatch):
    real = importlib.import_module

    def without_mtcnn(name, *args):
        assert name != "tensorflow", "it is slow to load, and here for nothing"
        return real(name, *args)

    monkeypatch.setattr(importlib, "import_module", without_mtcnn)
    monkeypatch.setattr("fer_core.detection.mtcnn.find_spec", lambda name: None if name == "mtcnn" else name)
    with pytest.raises(DependencyError, match=re.escape(with_extra("mtcnn"))):
        load_detector("mtcnn")
    assert installed_detectors() == ["blazeface", "haar"]


def test_mtcnn_is_offered_where_its_packages_are(monkeypatch):
    monkeypatch.setattr("fer_core.detection.mtcnn.find_spec", lambda name: name)
    assert installed_detectors() == ["blazeface", "haar", "mtcnn"]


class FakeMtcnn:
    """Answers like the mtcnn package, and keeps what it was shown."""

    def __init__(self) -> None:
        self.seen: list[np.ndarray] = []

    def detect_faces(self, image, **_):
        self.seen.append(image)
        return [
            {"box": [200, 100, 80, 100], "confidence": 0.99, "keypoints": {}},
            {"box": [20, 100, 80, 100], "confidence": 0.75, "keypoints": {}},
        ]


@pytest.fixture
def fake_mtcnn(monkeypatch) -> FakeMtcnn:
    """What the package gives."""
    fake = FakeMtcnn()
    monkeypatch.setattr("fer_core.detection.mtcnn.installed", lambda: True)
    monkeypatch.setitem(sys.modules, "tensorflow", ModuleType("tensorflow"))
    monkeypatch.setitem(sys.modules, "mtcnn", SimpleNamespace(MTCNN=lambda: fake))
    return fake


def test_mtcnn_gets_rgb_and_gives_squares_of_the_sure_faces(fake_mtcnn):
    image = np.zeros((960, 1280, 3), np.uint8)
    image[..., 0] = 255
    box = only_box(MtcnnDetector(search_px=640).detect(image))
    assert fake_mtcnn.seen[0].shape == (480, 640, 3)
    assert fake_mtcnn.seen[0][0, 0].tolist() == [0, 0, 255]
    assert box.width == box.height
    assert lies_on(box, Box(390, 200, 180, 180))


def test_mtcnn_of_a_tiny_picture_is_nothing(fake_mtcnn):
    assert MtcnnDetector().detect(np.zeros((1, 1, 3), np.uint8)) == []


@pytest.mark.slow
def test_real_mtcnn_agrees_with_haar_on_the_portrait(haar, portrait):
    pytest.importorskip("mtcnn", reason="the optional package mtcnn is not installed")
    ours, theirs = only_box(haar.detect(portrait)), only_box(load_detector("mtcnn").detect(portrait))
    assert ours.overlap(theirs) > 0.6


def test_like_haar_is_a_square_about_the_face():
    box = like_haar(100, 100, 80, 100)
    assert box.width == box.height
    assert abs(box.x + box.width / 2 - 140) <= 1


SAME_FACE_CASES = [
    # boxes with confidence; rows that stay
    ([(0, 0, 50, 0.9), (2, 2, 50, 0.8)], [0]),  # two finds of one face
    ([(0, 0, 50, 0.8), (2, 2, 50, 0.9)], [1]),  # the surer stays, whatever the order
    ([(0, 0, 100, 0.9), (30, 60, 30, 0.8)], [0]),  # a mouth within the face
    ([(0, 0, 100, 0.8), (30, 30, 50, 0.9)], [1]),  # a face within a box that is too large
    ([(0, 0, 50, 0.7), (60, 0, 50, 0.9)], [0, 1]),  # two people
    ([(0, 0, 50, 0.7), (40, 0, 50, 0.9)], [0, 1]),  # two people who touch
    ([], []),
]


@pytest.mark.parametrize(("rows", "kept"), SAME_FACE_CASES)
def test_one_box_a_face(rows, kept):
    faces = [Face(Box(x, y, side, side), confidence) for x, y, side, confidence in rows]
    assert set(most_face_like(faces)) == {faces[row] for row in kept}


def test_boxes_of_the_second_try_are_in_pixels_of_the_picture():
    def search(image):
        assert image.shape == (200, 300)
        # the face, one that juts out by a fifth, and one that is mostly border
        boxes = Box(60, 60, 80, 80), Box(210, 60, 50, 50), Box(0, 0, 60, 60)
        return [Face(box, 0.9) for box in boxes]

    faces = search_padded(search, np.zeros((100, 200), np.uint8), share=0.5)
    assert [face.box for face in faces] == [Box(10, 10, 80, 80), Box(160, 10, 40, 50)]


def test_widening_keeps_the_centre():
    assert widened(Box(10, 20, 40, 40), 1.5) == Box(0, 10, 60, 60)
    assert widened(Box(10, 20, 40, 40), 1) == Box(10, 20, 40, 40)
