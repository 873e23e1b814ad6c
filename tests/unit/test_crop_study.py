"""Comparing cuts of found faces."""

import json

import cv2
import numpy as np
import pytest

from fer_core.classification import EmotionClassifier
from fer_core.cli import main
from fer_core.detection import load_detector
from fer_core.diagnostics.crop_study import crop_study
from fer_core.emotions import EMOTIONS
from fer_core.evaluation.datasets import FaceSet
from tests.conftest import PORTRAIT


@pytest.fixture(scope="module")
def faces() -> FaceSet:
    """The portrait's face upright, tilted, and a picture without a face."""
    portrait = cv2.imread(str(PORTRAIT), cv2.IMREAD_GRAYSCALE)
    turn = cv2.getRotationMatrix2D((225, 113), -20, 1)
    cuts = [portrait[55:175, 165:285], cv2.warpAffine(portrait, turn, (512, 512))[55:175, 165:285]]
    images = [cv2.resize(cut, (48, 48), interpolation=cv2.INTER_AREA) for cut in cuts]
    images.append(np.full((48, 48), 128, np.uint8))
    happy = EMOTIONS.index("happy")
    return FaceSet(
        np.stack(images),
        np.full(3, happy),
        np.array(["a", "b", "c"]),
        np.full(3, "PublicTest"),
        np.zeros((3, 10), np.float32),
    )


def test_the_same_faces_are_read_in_every_cut_and_grouped_by_tilt(faces):
    said = []
    rows = crop_study(
        faces, load_detector("blazeface"), {"custom_cnn": EmotionClassifier.load("custom_cnn")}, said.append
    )
    assert said == ["2 of 3 faces found"]
    assert [(row.faces, row.count) for row in rows] == [
        ("all", 2),
        ("tilted by less than 8°", 1),
        ("tilted by 8° or more", 1),
    ]
    assert all(0 <= share <= 1 for row in rows for share in (row.given, row.box, row.aligned))
    assert rows[1].box == rows[1].aligned == 1


def test_the_command_writes_its_figures(faces, tmp_path, capsys):
    folder = tmp_path / "data" / "test" / "happy"
    folder.mkdir(parents=True)
    for name, image in zip(faces.names, faces.images, strict=True):
        cv2.imwrite(str(folder / f"PublicTest_{name}.png"), image)
    assert main(["crop-study", "--data", str(tmp_path / "data"), "--json", "-"]) == 0
    written = json.loads(capsys.readouterr().out)
    assert written["split"] == "PublicTest" and written["rows"][0]["count"] == 2
