"""Training the face check for two steps: everything of it runs and leaves a model that can be used."""

import cv2
import numpy as np

from fer_core.detection.face_check import FaceCheck
from fer_core.training.face_check import CheckSettings, train_face_check
from tests.training.faces import made_faces


def test_a_trained_face_check_can_be_loaded(tmp_path):
    backgrounds = tmp_path / "backgrounds"
    backgrounds.mkdir()
    noise = np.random.default_rng(0).integers(0, 256, (60, 80, 3), dtype=np.uint8)
    cv2.imwrite(str(backgrounds / "noise.png"), noise)
    said: list[str] = []
    settings = CheckSettings(epochs=1, steps=2, batch=8)
    out = tmp_path / "face_check"
    train_face_check(made_faces(14, "train", 0), backgrounds, out, settings=settings, log=said.append)
    assert said[-1].startswith("epoch 1: loss ")
    assert FaceCheck.load(out).card.side_px == settings.side_px
