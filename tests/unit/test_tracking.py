"""Who is who: by place, by looks, over gaps and cuts."""

import json
import math

import cv2
import numpy as np
import pytest

from fer_core.analysis import tracking
from fer_core.analysis.tracking import MOST_KNOWN, Tracker, TrackerState, look_of
from fer_core.plain import as_plain, from_plain
from fer_core.readings import Box, Face
from tests.conftest import PORTRAIT
from tests.videos import other_person

ANNA = cv2.imread(str(PORTRAIT))[65:165, 175:275]
BEN = other_person(ANNA)
CARL = np.random.default_rng(3).integers(0, 256, (10, 10, 3), dtype=np.uint8).repeat(10, axis=0).repeat(10, axis=1)


def at(x: int, y: int = 50, side: int = 60) -> Face:
    return Face(Box(x, y, side, side), 0.99)


def test_numbers_follow_faces_whatever_their_order():
    tracker = Tracker()
    assert tracker.update([at(10), at(200)], 0.0) == [1, 2]
    assert tracker.update([at(205), at(12)], 0.1) == [2, 1]
    assert tracker.update([at(14), at(400), at(207)], 0.2) == [1, 3, 2]


def test_nobody_is_no_number():
    tracker = Tracker()
    assert tracker.update([], 0.0) == []
    assert tracker.update([], 0.1, []) == []


def test_a_short_gap_is_bridged_and_a_long_one_is_not():
    tracker = Tracker(forget_s=1.5)
    assert tracker.update([at(10)], 0.0) == [1]
    assert tracker.update([], 0.5) == []
    assert tracker.update([at(16)], 1.4) == [1]
    assert tracker.update([at(16)], 3.0) == [2]


@pytest.mark.parametrize(
    ("later", "same"),
    [
        (at(40), True),  # half a face to the side
        (at(10, side=80), True),  # nearer to the camera
        (at(10, side=180), False),  # three times as large at once
        (at(300), False),  # across the picture
    ],
)
def test_what_one_face_can_do_in_a_quarter_of_a_second(later, same):
    tracker = Tracker()
    tracker.update([at(10)], 0.0)
    assert tracker.update([later], 0.25) == ([1] if same else [2])


def test_people_who_change_places_keep_their_numbers():
    tracker = Tracker()
    assert tracker.update([at(10), at(60)], 0.0, [ANNA, BEN]) == [1, 2]
    assert tracker.update([at(10), at(60)], 0.25, [BEN, ANNA]) == [2, 1]


def test_of_samples_far_apart_nobody_is_known_by_a_place_far_away():
    for away_s in (1.5, 5.0, 12.5):
        near, far = Tracker(forget_s=12.5), Tracker(forget_s=12.5)
        for tracker, x, number in ((near, 150, 1), (far, 190, 2)):  # 60 px are the width of a face
            assert tracker.update([at(10)], 0.0) == [1]
            assert tracker.update([at(x)], away_s) == [number]


@pytest.mark.parametrize(("likeness", "away_s", "same"), [(0.3, 1.5, True), (0.3, 5.0, False), (0.6, 5.0, True)])
def test_the_longer_ago_the_more_somebody_in_the_same_place_must_look_alike(likeness, away_s, same):
    tracker = Tracker(forget_s=12.5)
    assert tracker.update([at(10)], 0.0, [looking(1.0)]) == [1]
    assert tracker.update([at(10)], away_s, [looking(likeness)]) == ([1] if same else [2])


def looking(likeness: float) -> np.ndarray:
    """A picture whose look has that correlation with the one of `looking(1.0)`."""
    first, other = np.random.default_rng(5).standard_normal((2, 144))
    first = (first - first.mean()) / np.linalg.norm(first - first.mean())
    other -= other.mean() + (other @ first) * first
    mixed = likeness * first + math.sqrt(1 - likeness**2) * other / np.linalg.norm(other)
    return np.clip(128 + 400 * mixed, 0, 255).astype(np.uint8).reshape(12, 12)


@pytest.mark.parametrize("likeness", [0.0, 0.35, 0.48])
def test_people_who_change_seats_between_two_samples_keep_their_numbers(likeness):
    one, two = looking(1.0), looking(likeness)
    assert look_of(one) @ look_of(two) == pytest.approx(likeness, abs=0.01)
    tracker = Tracker()
    assert tracker.update([at(200, side=100), at(600, side=100)], 0.0, [one, two]) == [1, 2]
    assert tracker.update([at(200, side=100), at(600, side=100)], 1.0, [two, one]) == [2, 1]


def test_who_looks_like_somebody_that_is_in_the_picture_stays_the_one_of_the_place():
    one, two = looking(1.0), looking(0.3)
    tracker = Tracker()
    assert tracker.update([at(200, side=100), at(600, side=100)], 0.0, [one, two]) == [1, 2]
    assert tracker.update([at(200, side=100), at(600, side=100)], 1.0, [two, two]) == [1, 2]


def test_somebody_else_in_the_same_place_is_new_when_time_has_passed():
    tracker = Tracker()
    assert tracker.update([at(10)], 0.0, [ANNA]) == [1]
    assert tracker.update([at(50)], 1.0, [CARL]) == [2]


def test_who_leaves_and_comes_back_elsewhere_is_known_by_looks():
    tracker = Tracker(recall_s=60)
    assert tracker.update([at(10)], 0.0, [ANNA]) == [1]
    assert tracker.update([at(300)], 20.0, [cv2.convertScaleAbs(ANNA, alpha=0.8)]) == [1]
    assert tracker.update([at(10)], 90.0, [ANNA]) == [2]


def test_samples_a_long_time_apart_are_one_person():
    tracker = Tracker(forget_s=300, recall_s=60)
    for time_s in range(0, 1000, 100):
        assert tracker.update([at(10 + time_s % 7)], float(time_s), [ANNA]) == [1]


def test_of_a_crowd_those_who_were_seen_last_are_remembered():
    tracker = Tracker(recall_s=math.inf)
    crowd = np.random.default_rng(0).integers(0, 256, (MOST_KNOWN + 20, 12, 12), dtype=np.uint8)
    for time_s, look in enumerate(crowd):
        tracker.update([at(10)], 100.0 * time_s, [look])
    faces = [at(10), at(1000), at(2000)]
    assert tracker.update(faces, 1e6, [crowd[-1], crowd[30], crowd[0]]) == [MOST_KNOWN + 20, 31, MOST_KNOWN + 21]


def test_after_a_cut_only_looks_count():
    tracker = Tracker()
    tracker.update([at(10), at(200)], 0.0, [ANNA, BEN])
    tracker.cut()
    assert tracker.update([at(10), at(200)], 0.25, [BEN, CARL]) == [2, 3]


def test_without_crops_a_cut_makes_everyone_new():
    tracker = Tracker()
    assert tracker.update([at(10)], 0.0) == [1]
    tracker.cut()
    assert tracker.update([at(10)], 0.1) == [2]


def test_numbers_are_never_used_again():
    tracker = Tracker()
    assert tracker.update([at(10)], 0.0, [ANNA]) == [1]
    tracker.reset()
    assert tracker.update([at(10)], 0.1, [ANNA]) == [2]


def test_it_goes_on_where_its_state_was_taken():
    first, second = Tracker(), Tracker()
    first.update([at(10), at(200)], 0.0, [ANNA, BEN])
    second.restore(from_plain(TrackerState, json.loads(json.dumps(as_plain(first.state())))))
    for tracker in (first, second):
        assert tracker.update([at(300), at(12), at(100)], 0.25, [BEN, ANNA, CARL]) == [2, 1, 3]


def test_looks_do_not_depend_on_brightness_and_tell_people_apart():
    assert look_of(ANNA) @ look_of(ANNA // 2) > 0.99
    assert look_of(ANNA) @ look_of(cv2.resize(ANNA, (60, 60))) > 0.98
    assert look_of(ANNA) @ look_of(BEN) < 0.8
    assert look_of(np.full((20, 20), 7, np.uint8)) @ look_of(ANNA) == pytest.approx(0, abs=1e-3)


def test_a_new_face_never_takes_the_place_of_somebody_who_is_back_in_the_same_frame(monkeypatch):
    monkeypatch.setattr(tracking, "MOST_KNOWN", 2)
    tracker = Tracker()
    assert tracker.update([at(200)], 0.0) == [1]
    assert tracker.update([at(400)], 0.1) == [2]
    assert tracker.update([at(10), at(200)], 0.2) == [3, 1]  # the new one stands to the left
    assert tracker.update([at(10), at(200)], 0.3) == [3, 1]
