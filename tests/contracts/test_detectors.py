"""What every face detector keeps, whatever is behind it."""

import threading

import cv2
import numpy as np
import pytest

from fer_core.detection import FaceDetector, HaarDetector
from fer_core.detection.blazeface import BlazeFaceDetector
from fer_core.detection.mtcnn import MtcnnDetector
from fer_core.detection.mtcnn import installed as mtcnn_is_installed
from fer_core.diagnostics.benchmarks.scenes import faceless, portrait
from fer_core.media.samples import PORTRAIT_FACE as FACE
from fer_core.pipeline import EmotionPipeline
from fer_core.readings import Box
from fer_core.testing import fake_pipeline
from tests.boxes import scaled

FACELESS = {scene.name: scene.image for scene in faceless()}


DETECTORS = [
    pytest.param(BlazeFaceDetector, id="blazeface"),
    pytest.param(HaarDetector, id="haar"),
    pytest.param(
        MtcnnDetector,
        id="mtcnn",
        marks=[
            pytest.mark.slow,  # loads TensorFlow
            pytest.mark.skipif(not mtcnn_is_installed(), reason="the extra `mtcnn` of face-value is not installed"),
        ],
    ),
]


@pytest.fixture(scope="module", params=DETECTORS)
def detector(request):
    return request.param()


def lies_on(box: Box, face: Box) -> bool:
    return box.overlap(face) > 0.45


def test_it_is_a_detector(detector):
    assert isinstance(detector, FaceDetector)


def test_the_face_of_a_still_picture_is_read(detector):
    [reading] = EmotionPipeline(detector, fake_pipeline().classifier).analyze_image(portrait())
    assert lies_on(reading.box, FACE)


LOOKS = {
    "colour": lambda image: image,
    "grey": lambda image: cv2.cvtColor(image, cv2.COLOR_BGR2GRAY),
    "dark": lambda image: (image * 0.3).astype(np.uint8),
    "pale": lambda image: (image * 0.2 + 190).astype(np.uint8),
    "small": lambda image: cv2.resize(image, (230, 230), interpolation=cv2.INTER_AREA),
    "large": lambda image: cv2.resize(image, (1600, 1600), interpolation=cv2.INTER_CUBIC),
    "compressed": lambda image: cv2.imdecode(cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, 20])[1], 1),
    "with an edge of another shape": lambda image: np.pad(image, ((0, 0), (0, 400), (0, 0))),
}


@pytest.mark.parametrize("look", LOOKS)
def test_the_face_of_the_portrait_is_found(detector, look):
    image = np.ascontiguousarray(LOOKS[look](portrait()))
    (face,) = detector.detect(image)
    scale = {"small": 230 / 512, "large": 1600 / 512}.get(look, 1)
    assert lies_on(face.box, scaled(FACE, scale))
    assert 0 < face.confidence <= 1
    assert all(type(value) is int for value in face.box)


def test_in_the_mirror_the_face_is_on_the_other_side(detector):
    image = portrait()
    ((face), (mirrored)) = detector.detect(image)[0], detector.detect(np.ascontiguousarray(image[:, ::-1]))[0]
    there = Box(512 - mirrored.box.x - mirrored.box.width, *mirrored.box[1:])
    assert there.overlap(face.box) > 0.8


def test_several_faces_come_largest_first(detector):
    image = portrait()
    small = cv2.resize(image[:256], (307, 154), interpolation=cv2.INTER_AREA)
    scene = np.full((600, 1000, 3), 90, np.uint8)
    scene[:512, :512], scene[100:254, 600:907] = image, small
    faces = detector.detect(scene)
    assert len(faces) == 2
    assert lies_on(faces[0].box, FACE)
    assert lies_on(faces[1].box, scaled(FACE, 0.6).moved(600, 100))


def test_boxes_lie_within_the_picture(detector):
    found = 0
    for cut in (portrait()[:, 200:], portrait()[85:], portrait()[:, :252], portrait()[:140]):
        height, width = cut.shape[:2]
        faces = detector.detect(np.ascontiguousarray(cut))
        assert [face.box for face in faces] == [face.box.clipped(width, height) for face in faces]
        found += len(faces)
    assert found


@pytest.mark.parametrize("name", FACELESS)
def test_where_no_face_is_none_is_found(detector, name):
    assert detector.detect(FACELESS[name]) == []


@pytest.mark.parametrize("shape", [(1, 1), (1, 1000), (1000, 1), (2, 3), (23, 23), (4320, 7680), (10, 8000)])
def test_no_size_is_too_small_or_too_large(detector, shape):
    assert detector.detect(np.full((*shape, 3), 128, np.uint8)) == []


def test_the_picture_is_left_as_it_was(detector):
    image = portrait()
    image.setflags(write=False)
    detector.detect(image)
    assert (image == portrait()).all()


def test_one_detector_serves_several_threads(detector):
    image, found = portrait(), []
    expected = detector.detect(image)
    threads = [threading.Thread(target=lambda: found.append(detector.detect(image))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [expected] * 4
