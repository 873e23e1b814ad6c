"""What every registered face detector keeps to; one that is added to DETECTORS is tested by its name alone."""

import cv2
import numpy as np
import pytest

from fer_core.detection import DETECTORS, FaceDetector, installed_detectors, load_detector
from fer_core.readings import Box
from tests.conftest import PORTRAIT

FACE = Box(170, 60, 110, 130)
"""Where the face is in the portrait, from the hairline to the chin."""


@pytest.fixture(scope="module", params=DETECTORS)
def detector(request) -> FaceDetector:
    if request.param not in installed_detectors():
        pytest.skip(f"the package of the detector {request.param} is not installed; see requirements-optional.txt")
    return load_detector(request.param)


@pytest.fixture(scope="module")
def portrait() -> np.ndarray:
    return cv2.imread(str(PORTRAIT))


def test_it_keeps_the_protocol(detector):
    assert isinstance(detector, FaceDetector)


def test_the_face_of_the_portrait_is_found_in_colour_and_grey(detector, portrait):
    for image in (portrait, cv2.cvtColor(portrait, cv2.COLOR_BGR2GRAY)):
        [face] = detector.detect(image)
        assert face.box.overlap(FACE) > 0.45 and 0 < face.confidence <= 1


def test_the_same_picture_gives_the_same_faces_and_stays_as_it_is(detector, portrait):
    before = portrait.copy()
    assert detector.detect(portrait) == detector.detect(portrait)
    assert np.array_equal(portrait, before)


def test_a_picture_that_cannot_be_written_to_or_is_no_whole_array_will_do(detector, portrait):
    wide = np.zeros((512, 1024, 3), np.uint8)
    wide[:, ::2] = portrait
    view = wide[:, ::2]
    view.flags.writeable = False
    assert detector.detect(view) == detector.detect(portrait)


def test_two_faces_come_largest_first_within_the_picture(detector, portrait):
    small = cv2.resize(portrait, (256, 256), interpolation=cv2.INTER_AREA)
    image = np.full((512, 800, 3), 90, np.uint8)
    image[:256, :256], image[:, 288:] = small, portrait
    first, second = detector.detect(image)
    assert first.box.overlap(Box(288 + FACE.x, *FACE[1:])) > 0.45 and second.box.overlap(FACE.scaled(0.5)) > 0.45
    for x, y, width, height in (first.box, second.box):
        assert all(type(value) is int for value in (x, y, width, height))
        assert x >= 0 and y >= 0 and width > 0 and height > 0 and x + width <= 800 and y + height <= 512


@pytest.mark.parametrize("shape", [(1, 1), (1, 1, 3), (1, 400, 3), (400, 1), (37, 41, 3), (480, 640, 3)], ids=str)
def test_a_picture_of_nothing_has_no_face_whatever_its_size(detector, shape):
    assert detector.detect(np.full(shape, 127, np.uint8)) == []
