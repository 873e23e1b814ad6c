"""Crops with the geometry of FER2013, and pictures at several sizes."""

import numpy as np
import pytest

from fer_core.diagnostics.benchmarks.scenes import portrait
from fer_core.imaging.alignment import EYES_APART, EYES_MIDDLE, MOUTH, Alignment
from fer_core.imaging.crops import cut
from fer_core.imaging.halvings import Halvings
from fer_core.readings import Box, Keypoints


def keypoints(scale: float, roll_deg: float, x: float, y: float) -> Keypoints:
    """Eyes and mouth as in FER2013, enlarged, turned clockwise and moved."""
    turn = scale * np.exp(1j * np.radians(roll_deg))

    def at(place_x: float, place_y: float) -> tuple[float, float]:
        there = turn * complex(place_x, place_y) + complex(x, y)
        return there.real, there.imag

    right, left = (at(EYES_MIDDLE[0] + side * EYES_APART / 2, EYES_MIDDLE[1]) for side in (-1, 1))
    return Keypoints(right, left, at(24, 28), at(*MOUTH), at(4, 22), at(44, 22))


@pytest.mark.parametrize("roll_deg", [-120, -30, 0, 30, 179])
@pytest.mark.parametrize("scale", [0.5, 1, 7])
def test_the_alignment_is_the_one_with_which_the_keypoints_were_made(scale, roll_deg):
    found = Alignment.of_keypoints(keypoints(scale, roll_deg, 100, 50))
    assert found.scale == pytest.approx(scale)
    assert found.roll_deg == pytest.approx(roll_deg)
    assert found.origin == pytest.approx((100, 50))


@pytest.mark.parametrize("roll_deg", [0, 40, -90])
def test_in_the_crop_eyes_and_mouth_are_where_fer2013_has_them(roll_deg):
    image = np.zeros((500, 500, 3), np.uint8)
    points = keypoints(4, roll_deg, 200, 150)
    for x, y in (points.right_eye, points.left_eye, points.mouth):
        image[round(y) - 3 : round(y) + 3, round(x) - 3 : round(x) + 3] = 255
    crop = Alignment.of_keypoints(points).cut(Halvings(image), 192)
    assert crop.shape == (192, 192, 3)
    for x, y in ((EYES_MIDDLE[0] - EYES_APART / 2, EYES_MIDDLE[1]), MOUTH):
        assert crop[round(4 * y), round(4 * x)].min() > 200
    assert crop.mean() < 5


def test_without_turn_the_cut_is_the_crop_by_box():
    image = portrait()
    box = Box(170, 60, 96, 96)
    crop = Alignment.of_box(box).cut(Halvings(image), 96)
    assert np.abs(crop.astype(int) - cut(image, box)).max() <= 1


def test_past_the_border_the_border_is_repeated():
    image = np.full((60, 60), 200, np.uint8)
    assert (Alignment.of_keypoints(keypoints(2, 20, -30, -30)).cut(Halvings(image), 96) == 200).all()


def test_halvings_are_made_once_and_never_too_small():
    image = np.random.default_rng(0).integers(0, 255, (101, 402, 3)).astype(np.uint8)
    halvings = Halvings(image)
    assert halvings.shrunk(1.9)[0] is image
    half, factor = halvings.shrunk(3)
    assert (half.shape, factor) == ((50, 201, 3), 2)
    assert halvings.shrunk(2)[0] is half
    assert half[7, 9] == pytest.approx(image[14:16, 18:20].mean(axis=(0, 1)), abs=1)
    assert min(halvings.shrunk(1000)[0].shape[:2]) >= 2
    assert Halvings(np.zeros((1, 9, 3), np.uint8)).shrunk(8)[1] == 1
