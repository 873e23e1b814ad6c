"""Faces in a sequence of frames: found where they were, found when they come, dropped when they go."""

import json

import cv2
import numpy as np
import pytest

from fer_core.detection import HaarDetector
from fer_core.detection.nearby import FollowingDetector
from fer_core.readings import Box
from fer_core.testing import FakeDetector
from tests.videos import FACE_SHARE, scene


class CountingDetector(HaarDetector):
    """Counts its thorough searches."""

    searches = 0

    def detect(self, image):
        self.searches += 1
        return super().detect(image)


@pytest.fixture
def detector() -> CountingDetector:
    return CountingDetector()


def walk(step: int) -> np.ndarray:
    """Somebody who walks to the right and comes nearer."""
    return scene((200 + 9 * step, 200, 300 + 6 * step), width=640, height=400)


def test_a_moving_face_is_followed_without_searching_everything(detector):
    following, alone = FollowingDetector(detector), HaarDetector()
    for step in range(12):
        picture = walk(step)
        [face] = following.detect(picture, step / 4)
        [wanted] = alone.detect(picture)
        assert face.box.overlap(wanted.box) > 0.7
        assert face.box == face.box.clipped(640, 400) and face.confidence >= detector.check.threshold
    assert detector.searches == 1


@pytest.mark.parametrize("side", [240, 900])
def test_small_and_large_faces_are_followed(detector, side):
    following = FollowingDetector(detector)
    pictures = [scene((400 + 3 * step, 300, side), width=900, height=640) for step in range(4)]
    boxes = [following.detect(picture, step / 4)[0].box for step, picture in enumerate(pictures)]
    assert detector.searches == 1
    assert all(0.6 < box.width / (FACE_SHARE * side) < 1.6 for box in boxes)


def test_colour_and_grey_give_the_same_faces(detector):
    colour, grey = FollowingDetector(detector), FollowingDetector(detector)
    for step in range(3):
        one = colour.detect(walk(step), step / 4)
        other = grey.detect(cv2.cvtColor(walk(step), cv2.COLOR_BGR2GRAY), step / 4)
        assert one[0].box.overlap(other[0].box) > 0.9


def test_who_comes_is_seen_within_the_interval(detector):
    following = FollowingDetector(detector, quick_every_s=1.0)
    one = scene((160, 200, 300), width=640, height=400)
    two = scene((160, 200, 300), (470, 200, 300), width=640, height=400)
    assert [len(following.detect(one, step / 4)) for step in range(3)] == [1, 1, 1]
    counts = [len(following.detect(two, step / 4)) for step in range(3, 9)]
    assert counts[0] == 1 and counts[2:] == [2, 2, 2, 2]
    assert detector.searches == 1  # a quick search was enough


def test_who_leaves_is_dropped_at_once_and_found_again_where_they_were(detector):
    following = FollowingDetector(detector, quick_every_s=60, thorough_every_s=60, keep_s=1.5)
    empty = scene(width=640, height=400)
    assert len(following.detect(walk(0), 0.0)) == 1
    assert following.detect(empty, 0.25) == []
    assert len(following.detect(walk(1), 0.5)) == 1
    assert following.detect(empty, 0.75) == []
    assert following.detect(empty, 3.0) == []
    assert following.detect(walk(1), 3.25) == []  # forgotten, and no search is due
    following.reset()
    assert len(following.detect(walk(1), 3.5)) == 1


def test_a_lost_face_is_searched_everywhere_but_not_in_every_frame(detector):
    following = FollowingDetector(detector, quick_every_s=1.0)
    far = scene((500, 200, 300), width=640, height=400)
    following.detect(scene((130, 200, 300), width=640, height=400), 0.0)
    assert len(following.detect(far, 2.0)) == 1 and detector.searches == 2
    for step in range(4):
        following.detect(scene(width=640, height=400), 2.25 + step / 4)
    assert detector.searches == 3


def test_it_goes_on_where_its_state_was_taken(detector):
    first, second = FollowingDetector(detector), FollowingDetector(HaarDetector())
    for step in range(3):
        first.detect(walk(step), step / 4)
    second.restore(json.loads(json.dumps(first.state())))
    assert [first.detect(walk(step), step / 4) for step in range(3, 8)] == [
        second.detect(walk(step), step / 4) for step in range(3, 8)
    ]


def test_a_state_of_nothing_can_be_taken(detector):
    following = FollowingDetector(detector)
    following.restore(json.loads(json.dumps(following.state())))
    assert len(following.detect(walk(0), 0.0)) == 1


def test_another_detector_searches_every_frame():
    fake = FakeDetector([Box(1, 2, 30, 30)])
    following = FollowingDetector(fake)
    assert [face.box for face in following.detect(walk(0), 0.0)] == [Box(1, 2, 30, 30)]
    following.detect(walk(1), 0.25)
    assert len(fake.seen) == 2


def test_tiny_pictures_are_no_error(detector):
    following = FollowingDetector(detector)
    assert [following.detect(np.zeros((1, 1, 3), np.uint8), time_s) for time_s in (0.0, 1.0)] == [[], []]
