"""How far a face is turned, told from its crop."""

import cv2
import numpy as np
import pytest

from fer_core.errors import ModelError
from fer_core.face import frontality as module
from fer_core.face.frontality import frontality, nose_offset
from fer_core.face.quality import assess
from fer_core.training.frontality import fit, nose_offsets
from tests.conftest import PORTRAIT

FACE = cv2.imread(str(PORTRAIT), cv2.IMREAD_GRAYSCALE)[70:162, 180:272]


def turned(face: np.ndarray, by: float) -> np.ndarray:
    """The face with its middle moved sideways and the far side squeezed, as turning the head does."""
    side = face.shape[0]
    x = np.linspace(-1, 1, side, dtype=np.float32)
    source = x - by * (1 - x**2)
    columns = np.tile((source + 1) / 2 * (side - 1), (side, 1)).astype(np.float32)
    rows = np.tile(np.arange(side, dtype=np.float32)[:, None], (1, side))
    return cv2.remap(face, columns, rows, cv2.INTER_LINEAR)


def test_a_face_from_the_front():
    assert frontality(FACE) > 0.85
    assert "turned" not in assess(FACE).problems


def test_the_estimate_turns_with_the_mirror():
    assert nose_offset(FACE) == pytest.approx(-nose_offset(np.ascontiguousarray(FACE[:, ::-1])), abs=0.02)


def test_turning_is_seen_on_both_sides():
    offsets = [nose_offset(turned(FACE, by)) for by in (-0.3, 0.0, 0.3)]
    assert offsets == sorted(offsets) and offsets[0] < -0.05 and offsets[2] > 0.05


def test_a_plain_picture_is_no_error():
    assert frontality(np.full((48, 48), 90, np.uint8)) == 1


def test_quality_says_so(monkeypatch):
    monkeypatch.setattr("fer_core.face.quality.frontality", lambda face: 0.2)
    quality = assess(FACE)
    assert quality.frontality == 0.2 and "turned" in quality.problems


def test_damaged_weights_are_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "FRONTALITY_DIR", tmp_path)
    with pytest.raises(ModelError, match="restore"):
        frontality(FACE)


def test_landmarks_become_offsets():
    eyes, mouth = {"left_eye": (70, 80), "right_eye": (110, 80)}, {"mouth_left": (75, 120), "mouth_right": (105, 120)}
    points = {**eyes, **mouth, "nose": (98, 100)}
    answers = iter([[{"confidence": 0.99, "keypoints": points}], [], [{"confidence": 0.5, "keypoints": points}]])
    offsets = nose_offsets(np.zeros((3, 48, 48), np.uint8), lambda picture: next(answers))
    assert offsets[0] == pytest.approx(8 / 40) and np.isnan(offsets[1:]).all()


def test_the_fit_finds_what_made_the_offsets():
    rng = np.random.default_rng(0)
    features, weights = rng.normal(size=(400, 5)), np.array([0.1, -0.2, 0.3, 0.0, 0.5])
    assert fit(features, features @ weights) == pytest.approx(weights, abs=0.01)
