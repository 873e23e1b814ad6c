"""Where a picture lies in another one: boxes and pictures come out in the same place."""

import dataclasses

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from fer_core.imaging.placement import Placement
from fer_core.readings import Box, Face, FaceMesh, Keypoints, Pose

sides = st.integers(1, 2000)
sizes = st.tuples(sides, sides)
even_sizes = st.tuples(st.integers(8, 300), st.integers(8, 300))


def whole(size: tuple[int, int]) -> Box:
    return Box(0, 0, *size)


@st.composite
def boxes(draw, size):
    x, y = draw(st.integers(0, size[0] - 1)), draw(st.integers(0, size[1] - 1))
    return Box(x, y, draw(st.integers(1, size[0] - x)), draw(st.integers(1, size[1] - y)))


@given(sizes, sizes)
def test_stretched_the_whole_is_the_whole(inner, outer):
    assert Placement.stretched(inner, outer).box(whole(inner)) == whole(outer)


@given(st.data(), sizes, sizes)
def test_stretched_there_and_back_is_where_it_was(data, inner, more):
    outer = inner[0] + more[0], inner[1] + more[1]  # larger, so that no pixel is lost
    box = data.draw(boxes(inner))
    there = Placement.stretched(inner, outer).box(box)
    assert Placement.stretched(outer, inner).box(there) == box


@given(st.data(), sizes, sizes)
def test_stretched_a_box_stays_within_a_pixel_of_the_picture(data, inner, outer):
    found = Placement.stretched(inner, outer).box(data.draw(boxes(inner)))
    assert min(found) >= 0
    assert found.x + found.width <= outer[0] + 1 and found.y + found.height <= outer[1] + 1


@given(sizes, sizes)
def test_fitted_the_whole_lies_in_the_middle_undistorted_and_touches_two_borders(inner, outer):
    placement = Placement.fitted(inner, outer)
    found = placement.box(whole(inner))
    assert placement.across == placement.down
    assert min(found) >= 0 and found.x + found.width <= outer[0] + 1 and found.y + found.height <= outer[1] + 1
    assert found.width == outer[0] or found.height == outer[1]
    assert abs(outer[0] - found.width - 2 * found.x) <= 2 and abs(outer[1] - found.height - 2 * found.y) <= 2


@given(st.data(), sizes, st.floats(0.01, 20))
def test_scaled_every_side_is_the_factor_times_as_long_and_never_nothing(data, size, factor):
    box = data.draw(boxes(size))
    found = Placement.scaled(factor, (1, 1)).box(box)
    assert found[:2] == tuple(round(value * factor) for value in box[:2])
    assert found[2:] == tuple(max(1, round(value * factor)) for value in box[2:])


@given(st.data(), sizes)
def test_a_part_only_moves(data, outer):
    part = data.draw(boxes(outer))
    box = data.draw(boxes((part.width, part.height)))
    assert Placement.part(part, outer).box(box) == Box(part.x + box.x, part.y + box.y, box.width, box.height)
    assert Placement.part(part, outer).box(whole((part.width, part.height))) == part


@given(st.data(), sizes)
def test_in_itself_nothing_changes(data, size):
    box = data.draw(boxes(size))
    for placement in (Placement.stretched(size, size), Placement.fitted(size, size), Placement(size)):
        assert placement.box(box) == box


@given(even_sizes, even_sizes)
def test_a_fitted_picture_lies_where_its_box_says(inner, outer):
    assume(inner != outer)
    assume(min(Placement.fitted(inner, outer).box(whole(inner))[2:]) > 0)
    white = np.full((inner[1], inner[0], 3), 255, np.uint8)
    placement = Placement.fitted(inner, outer)
    picture = placement.picture(white)
    assert picture.shape == (outer[1], outer[0], 3) and picture.dtype == np.uint8
    box = placement.box(whole(inner)).clipped(*outer)
    wanted = np.zeros(picture.shape[:2], bool)
    wanted[box.y : box.y + box.height, box.x : box.x + box.width] = True
    wrong = (picture[..., 0] == 255) != wanted
    assert wrong.sum() <= max(outer)  # a border may be one pixel off


def test_a_picture_of_the_right_size_is_not_touched():
    picture = np.zeros((48, 64, 3), np.uint8)
    assert Placement.fitted((64, 48), (64, 48)).picture(picture) is picture


def face() -> Face:
    rng = np.random.default_rng(0)
    landmarks, irises = (rng.uniform(10, 90, size).astype(np.float32) for size in ((468, 3), (2, 5, 2)))
    mesh = FaceMesh(landmarks, irises, Pose(1.0, 2.0, 3.0), {"yaw_deg": 1.0}, {})
    points = Keypoints(*((10.0 + n, 20.0 + n) for n in range(6)))
    return Face(Box(10, 20, 30, 40), 0.9, points, mesh)


PLACES = {
    "moved": Placement.part(Box(100, 50, 200, 200), (640, 480)),
    "scaled": Placement.stretched((100, 100), (300, 200)),
    "fitted": Placement.fitted((100, 100), (400, 200)),
}


@pytest.mark.parametrize("placement", PLACES.values(), ids=PLACES)
def test_everything_of_a_face_goes_along(placement):
    before, after = face(), placement.face(face())

    def moved(points) -> np.ndarray:
        scale, shift = (placement.across, placement.down), (placement.left_px, placement.top_px)
        return np.asarray(points, float)[..., :2] * scale + shift

    assert after.box == placement.box(before.box) and after.confidence == before.confidence
    assert np.asarray(after.keypoints) == pytest.approx(moved(before.keypoints))
    assert after.mesh.landmarks[:, :2] == pytest.approx(moved(before.mesh.landmarks), abs=1e-3)
    assert after.mesh.irises == pytest.approx(moved(before.mesh.irises), abs=1e-3)
    assert (after.mesh.pose, after.mesh.columns) == (before.mesh.pose, before.mesh.columns)
    assert not after.mesh.landmarks.flags.writeable and before.mesh.landmarks[0, 0] == face().mesh.landmarks[0, 0]


def test_a_face_without_a_mesh_goes_along_too():
    bare = dataclasses.replace(face(), keypoints=None, mesh=None)
    moved = PLACES["moved"].face(bare)
    assert moved.box == Box(110, 70, 30, 40) and moved.mesh is None and moved.keypoints is None
