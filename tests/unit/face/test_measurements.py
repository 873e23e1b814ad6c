"""What is computed from landmarks alone: pose, symmetry, blinks, talking, movements, columns."""

import dataclasses

import numpy as np
import pytest

from fer_core.face import eyes, mouth
from fer_core.face.columns import COLUMNS, GROUPS, group
from fer_core.face.mean_face import mean_face
from fer_core.face.movements import MOVEMENTS, Measures, measures, movements, resting
from fer_core.face.occlusion import HIGHEST_ASYMMETRY, Visibility, asymmetry
from fer_core.face.pose import Pose, fit, rotation, similarity
from fer_core.face.series import Span, rate_hz, runs
from fer_core.face.topology import CHIN, LEFT_BROW, MOUTH_LEFT, MOUTH_RIGHT, NOSE_BASE, RIGHT_BROW

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


def at(rate: float, seconds: float) -> np.ndarray:
    return np.arange(round(rate * seconds)) / rate


def with_blinks(times_s: np.ndarray, moments: tuple[float, ...], length_s: float = 0.2) -> np.ndarray:
    """Eyes that are open by 0.3 and close for `length_s`."""
    shut = np.any([np.abs(times_s - moment) <= length_s / 2 for moment in moments], axis=0)
    return np.where(shut, 0.05, 0.3) + 0.01 * np.sin(times_s * 7)


def test_blinks_are_found_where_they_are():
    times_s = at(30, 20)
    found = eyes.blinks(times_s, with_blinks(times_s, (3.0, 7.5, 15.0)))
    assert [round((blink.start_s + blink.end_s) / 2, 1) for blink in found] == [3.0, 7.5, 15.0]
    assert all(0.1 < blink.duration_s < 0.4 for blink in found)


NO_BLINKS = {
    "open": lambda t: with_blinks(t, ()),
    "closed for two seconds": lambda t: with_blinks(t, (10.0,), length_s=2.0),
    "closed at the start": lambda t: with_blinks(t, (0.0,)),
    "a gap beside it": lambda t: np.where((t > 4.95) & (t < 5.3), np.nan, with_blinks(t, (4.9,))),
    "squinting": lambda t: with_blinks(t, ()) - 0.1 * (np.abs(t - 10) < 0.1),
    "never seen": lambda t: np.full(len(t), np.nan),
}


@pytest.mark.parametrize("case", NO_BLINKS)
def test_no_blink_is_made_up(case):
    times_s = at(30, 20)
    assert eyes.blinks(times_s, NO_BLINKS[case](times_s)) == []


def test_narrow_eyes_blink_too():
    times_s = at(30, 20)
    assert len(eyes.blinks(times_s, 0.5 * with_blinks(times_s, (3.0, 7.5)))) == 2


def test_too_few_samples_cannot_count_blinks():
    times_s = at(4, 20)
    assert not eyes.can_count(times_s)
    assert eyes.blinks(times_s, with_blinks(times_s, (3.0,))) == []
    assert eyes.blinks(np.zeros(0), np.zeros(0)) == []


MOUTHS = {
    "talking": (lambda t: 0.05 + 0.05 * np.sin(2 * np.pi * 2.7 * t), True),
    "still": (lambda t: 0.02 + 0.002 * np.sin(2 * np.pi * 3 * t), False),
    "a yawn": (lambda t: 0.4 * np.exp(-(((t - 5) / 1.0) ** 2)), False),
    "surprise that stays": (lambda t: 0.3 * (t > 5), False),
    "never seen": (lambda t: np.full(len(t), np.nan), False),
}


@pytest.mark.parametrize("rate", [4, 10, 30])
@pytest.mark.parametrize("case", MOUTHS)
def test_talking_is_told_from_other_mouth_movements(case, rate):
    movement, expected = MOUTHS[case]
    times_s = at(rate, 10)
    flags = mouth.talking(times_s, movement(times_s))[2 * rate : -2 * rate]
    assert flags.all() if expected else not flags.any()


def test_talking_starts_and_ends_about_where_it_does():
    times_s = at(10, 20)
    (span,) = mouth.talking_spans(times_s, 0.05 + 0.05 * np.sin(2 * np.pi * 2.7 * times_s) * (abs(times_s - 10) < 4))
    assert span.start_s == pytest.approx(6, abs=1)
    assert span.end_s == pytest.approx(14, abs=1)


def test_of_too_few_samples_nobody_talks():
    times_s = at(1, 30)
    assert not mouth.talking(times_s, np.tile([0.0, 0.1], 15)).any()
    assert not mouth.talking(np.zeros(1), np.zeros(1)).any()


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


@pytest.mark.parametrize(("name", "shape", "open_share"), MOVED)
def test_each_movement_shows_in_its_own_value(name, shape, open_share):
    rest = measures(mean_face().points, 0.3)
    found = movements(measures(shape, open_share), rest)
    assert set(found) == {movement.name for movement in MOVEMENTS}
    assert found[name] == max(found.values())
    assert found[name] > 2
    assert sum(value > 0.5 for value in found.values()) == 1


def test_a_resting_face_does_not_move():
    rest = measures(mean_face().points, 0.3)
    assert set(movements(rest, rest).values()) == {0}


def test_a_blink_is_no_tightening_of_the_lids():
    rest = measures(mean_face().points, 0.3)
    assert np.isnan(movements(dataclasses.replace(rest, eye_openness=0.05), rest)["lid_tightening"])


def test_the_resting_face_is_the_median():
    seen = [Measures(*(float(value),) * 6) for value in (1, 2, 9)]
    assert resting(seen) == Measures(2, 2, 2, 2, 2, 2)
    with pytest.raises(ValueError, match="at least one"):
        resting([])


def test_columns_have_one_place_one_meaning_and_a_group():
    names = [column.name for column in COLUMNS]
    assert len(set(names)) == len(names)
    assert GROUPS == ("pose", "gaze", "eyes", "mouth", "visibility", "movements")
    assert [column.name for column in group("movements")] == [movement.name for movement in MOVEMENTS]
    assert all(column.meaning.endswith(".") for column in COLUMNS)


def test_runs_and_rates():
    assert runs(np.array([True, False, False, True, True])) == [(0, 0), (3, 4)]
    assert runs(np.zeros(0, bool)) == []
    assert rate_hz(at(25, 2)) == pytest.approx(25)
    assert Span(1.0, 1.5).duration_s == 0.5
    assert np.linalg.norm(mean_face().points[CHIN] - mean_face().points[NOSE_BASE]) > 0.4
