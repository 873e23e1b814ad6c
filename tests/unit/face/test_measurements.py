"""What is computed from the landmarks of one picture: pose, symmetry, openness, distances."""

import dataclasses

import numpy as np
import pytest

from fer_core.face import mouth
from fer_core.face.distances import distances
from fer_core.face.mean_face import mean_face
from fer_core.face.occlusion import HIGHEST_ASYMMETRY, Visibility, asymmetry
from fer_core.face.pose import Pose, fit, rotation, similarity
from fer_core.face.topology import CHIN, LEFT_BROW, MOUTH_LEFT, MOUTH_RIGHT, NOSE_BASE, RIGHT_BROW
from fer_core.timeline.face.movements import MOVEMENTS, movements

POSES = [
    Pose(0, 0, 0),
    Pose(30, 0, 0),
    Pose(-30, 0, 0),
    Pose(0, 25, 0),
    Pose(0, -25, 0),
    Pose(10, -15, 140),
    Pose(5, 5, -90),
]


def mesh(pose: Pose, scale: float = 80.0, shape: np.ndarray | None = None) -> np.ndarray:
    """The mean face with a pose, somewhere in a picture."""
    points = mean_face().points if shape is None else shape
    return scale * points @ rotation(pose).T + (300, 200, 10)


@pytest.mark.parametrize("pose", POSES)
def test_the_pose_of_a_synthetic_mesh_is_found_again(pose):
    found = fit(mesh(pose))
    assert dataclasses.astuple(found.pose) == pytest.approx(dataclasses.astuple(pose), abs=1e-3)
    assert found.scale == pytest.approx(80)
    assert found.origin == pytest.approx([300, 200, 10])
    assert found.shape == pytest.approx(mean_face().points, abs=1e-6)


def test_the_signs_of_the_pose():
    nose = mean_face().points[1]
    ahead = mesh(Pose(0, 0, 0))[1]
    assert nose[2] < 0, "the nose points to the camera"
    assert mesh(Pose(30, 0, 0))[1][0] > ahead[0] + 10, "yaw above 0 turns it to the right of the picture"
    assert mesh(Pose(0, 30, 0))[1][1] < ahead[1] - 10, "pitch above 0 raises it"
    chin, above = mesh(Pose(0, 0, 30))[CHIN], mesh(Pose(0, 0, 0))[CHIN]
    assert chin[0] < above[0] - 10, "roll above 0 tilts the head clockwise, so the chin swings to the left"


def test_expressions_hardly_change_the_pose():
    shape = mean_face().points.copy()
    shape[CHIN, 1] += 0.3
    shape[[MOUTH_LEFT, MOUTH_RIGHT], 1] -= 0.1
    assert dataclasses.astuple(fit(mesh(Pose(10, 5, 0), shape=shape)).pose) == pytest.approx((10, 5, 0), abs=0.5)


def test_a_similarity_never_reflects():
    points = np.random.default_rng(0).normal(size=(20, 3))
    turn, scale, _ = similarity(points, points * (-1, 1, 1))
    assert np.linalg.det(turn) == pytest.approx(1)
    assert scale > 0


def test_the_mean_face_is_symmetric():
    mean = mean_face()
    assert (mean.mirror[mean.mirror] == np.arange(468)).all()
    assert mean.mirror[MOUTH_LEFT] == MOUTH_RIGHT
    assert [mean.mirror[left] for left in LEFT_BROW] == list(RIGHT_BROW)
    assert asymmetry(mean.points) < 1e-3
    assert set(mean.rigid) <= set(range(468))


def test_a_face_with_unlike_halves_counts_as_covered():
    shape = mean_face().points.copy()
    shape[shape[:, 0] > 0.1, 1] += 0.2
    assert asymmetry(shape) > HIGHEST_ASYMMETRY
    assert Visibility(1.0, asymmetry(shape)).covered
    assert Visibility(0.4, 0.0).covered
    assert not Visibility(1.0, 0.01).covered


def test_an_open_mouth_is_open_whatever_the_pose():
    shape = mean_face().points.copy()
    closed = mouth.openness(fit(mesh(Pose(20, 10, 30), shape=shape)).shape)
    shape[[14, 87, 317], 1] += 0.25
    assert mouth.openness(fit(mesh(Pose(20, 10, 30), shape=shape)).shape) - closed == pytest.approx(0.25, abs=0.03)


def raised(points: tuple[int, ...], by: float) -> np.ndarray:
    shape = mean_face().points.copy()
    shape[list(points), 1] -= by
    return shape


MOVED = [
    ("brow_raise", raised((*LEFT_BROW, *RIGHT_BROW), 0.05), 0.3),
    ("brow_lower", raised((*LEFT_BROW, *RIGHT_BROW), -0.05), 0.3),
    ("lip_corner_pull", raised((MOUTH_LEFT, MOUTH_RIGHT), 0.05), 0.3),
    ("lip_corner_depress", raised((MOUTH_LEFT, MOUTH_RIGHT), -0.05), 0.3),
    ("jaw_drop", raised((CHIN,), -0.1), 0.3),
    ("lid_tightening", mean_face().points, 0.22),
]


def moved(shape: np.ndarray, open_share: float, rest=None) -> dict[str, float]:
    """The movements of one face against the mean face."""
    now = np.array([dataclasses.astuple(distances(shape, open_share))])
    found = movements(now, rest or distances(mean_face().points, 0.3))
    return {name: float(value[0]) for name, value in found.items()}


@pytest.mark.parametrize(("name", "shape", "open_share"), MOVED)
def test_each_movement_shows_in_its_own_value(name, shape, open_share):
    found = moved(shape, open_share)
    assert set(found) == {movement.name for movement in MOVEMENTS}
    assert found[name] == max(found.values())
    assert found[name] > 2
    assert sum(value > 0.5 for value in found.values()) == 1


def test_a_resting_face_does_not_move():
    assert set(moved(mean_face().points, 0.3).values()) == {0}


def test_a_blink_is_no_tightening_of_the_lids():
    assert np.isnan(moved(mean_face().points, 0.05)["lid_tightening"])


def test_the_mean_face_has_a_chin_below_its_nose():
    assert np.linalg.norm(mean_face().points[CHIN] - mean_face().points[NOSE_BASE]) > 0.4
