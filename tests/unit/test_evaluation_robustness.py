"""Faces made worse, and what that does to a classifier whose answers are known."""

import json

import numpy as np
import pytest

from fer_core.evaluation import robustness
from fer_core.evaluation.robustness import DEGRADATIONS, degraded, evenly
from fer_core.jobs import Monitor, Progress
from tests.conftest import PORTRAIT
from tests.predictions import HAPPY, SAD, brightness_classifier


@pytest.fixture(scope="module")
def faces():
    """Eight pieces of a real photograph."""
    import cv2

    portrait = cv2.resize(cv2.imread(str(PORTRAIT), cv2.IMREAD_GRAYSCALE), (192, 96))
    return [portrait[y : y + 48, x : x + 48] for y in (0, 48) for x in (0, 48, 96, 144)]


@pytest.mark.parametrize("kind", DEGRADATIONS)
def test_every_severity_is_worse_than_the_one_before(kind, faces):
    distances = []
    for severity in range(6):
        worse = degraded(faces, kind, severity)
        assert all(face.shape == (48, 48) and face.dtype == np.uint8 for face in worse)
        distances.append(np.mean([np.abs(a.astype(int) - b).mean() for a, b in zip(faces, worse, strict=True)]))
    assert distances[0] == 0
    assert np.all(np.diff(distances) > 0)


@pytest.mark.parametrize("kind", DEGRADATIONS)
def test_the_same_faces_are_always_made_worse_in_the_same_way(kind, faces):
    before = [face.copy() for face in faces]
    first, second = degraded(faces, kind, 3), degraded(faces, kind, 3)
    assert np.array_equal(first, second) and np.array_equal(before, faces)


def test_directions_alternate(faces):
    flat = [np.full((48, 48), 128, np.uint8)] * 4
    assert [int(face.mean()) for face in degraded(flat, "brightness", 2)] == [168, 88, 168, 88]
    edge = np.zeros((48, 48), np.uint8)
    edge[24, 24] = 255
    shifted = [np.argwhere(face > 60).mean(axis=0) - 24 for face in degraded([edge] * 4, "shift", 5)]
    assert np.sign(np.round(shifted)).tolist() == [[0, 1], [0, -1], [1, 0], [-1, 0]]


def test_levels_are_what_they_say():
    flat = [np.full((48, 48), 128, np.uint8)] * 200
    assert np.std([face.astype(float) for face in degraded(flat, "noise", 4)]) == pytest.approx(30, rel=0.02)
    ramp = np.tile(np.arange(48, dtype=np.uint8) * 5, (48, 1))
    assert np.ptp(degraded([ramp], "contrast", 3)[0]) == pytest.approx(0.4 * 235, abs=2)
    covered = degraded([np.zeros((48, 48), np.uint8)], "occlusion", 5)[0] == 128
    assert covered.sum() == round(0.55 * 48) ** 2


def test_accuracy_falls_where_the_classifier_is_weak():
    bright, dark = np.full((48, 48), 190, np.uint8), np.full((48, 48), 60, np.uint8)
    crops, labels = [bright, dark, dark, bright] * 5, np.array([HAPPY, SAD, SAD, HAPPY] * 5)
    told: list[Progress] = []
    result = robustness(brightness_classifier(), crops, labels, monitor=Monitor(told.append, every_s=0))
    assert result["n"] == 20 and list(result["kinds"]) == list(DEGRADATIONS)
    for name, kind in result["kinds"].items():
        assert kind["accuracy"][0] == 1 and len(kind["levels"]) == len(kind["accuracy"]) == 6
        # A turned or shifted flat face is the same face, so only brightness can hurt this classifier.
        assert (min(kind["accuracy"]) < 1) == (name == "brightness")
    # Even faces get brighter: the dark ones among them fail once 60 + level passes mid-grey; odd bright ones likewise.
    assert result["kinds"]["brightness"]["accuracy"] == [1, 1, 1, 1, 0.5, 0.5]
    assert result["kinds"]["resolution"]["levels"] == [48, 32, 24, 16, 12, 8]
    assert [progress.done for progress in told] == list(range(1, 41)) and told[-1].total == 40
    json.dumps(result, allow_nan=False)


def test_of_many_faces_some_are_taken_and_any_size_and_colour_will_do():
    rng = np.random.default_rng(0)
    crops = [rng.integers(0, 256, (20 + 3 * i, 90, 3), dtype=np.uint8) for i in range(12)]
    assert robustness(brightness_classifier(), crops, np.full(12, HAPPY), max_faces=5)["n"] == 5


@pytest.mark.parametrize(("n", "most"), [(0, 5), (3, 5), (5, 5), (1000, 7), (3589, 1000)])
def test_evenly(n, most):
    rows = evenly(n, most)
    assert len(rows) == min(n, most) and len(set(rows.tolist())) == len(rows)
    if n > most:
        assert rows[0] == 0 and rows[-1] == n - 1 and np.ptp(np.diff(rows)) <= 1
