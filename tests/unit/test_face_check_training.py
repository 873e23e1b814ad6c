"""What the face check is trained on and how detection is measured, without a data set."""

import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from fer_core.detection.haar import Cascades
from fer_core.errors import DatasetError
from fer_core.readings import Box
from fer_core.testing import FakeDetector
from fer_core.training.detection_measures import composite, match_reference, matches, measure_detection
from fer_core.training.face_check_samples import (
    Photograph,
    badly_cut,
    blotches,
    face_crop,
    mine,
    patch,
    photographs,
    weathered,
)
from tests.boxes import scaled

PORTRAIT = Path(__file__).resolve().parents[1] / "data/astronaut.png"
FACE = Box(168, 65, 115, 115)


@pytest.fixture(scope="module")
def cascades() -> Cascades:
    return Cascades.load()


@pytest.fixture
def people(tmp_path) -> Path:
    """A folder with one picture of a person and its reference."""
    cv2.imwrite(str(tmp_path / "one.png"), cv2.imread(str(PORTRAIT)))
    (tmp_path / "faces.json").write_text(json.dumps({"one.png": [[*FACE, 0.999], [10, 10, 40, 40, 0.6]]}))
    return tmp_path


def test_photographs_come_with_their_reference_faces(people):
    (photograph,) = photographs(people)
    assert photograph.grey.shape == (512, 512)
    assert photograph.faces == (FACE, Box(10, 10, 40, 40))
    assert photograph.sure_faces == [FACE]


def test_reference_faces_follow_a_shrunk_picture(people):
    (photograph,) = photographs(people, longer_px=256)
    assert photograph.grey.shape == (256, 256)
    assert photograph.faces[0] == scaled(FACE, 0.5)


def test_a_folder_without_pictures_is_refused(tmp_path):
    with pytest.raises(DatasetError, match="no pictures"):
        list(photographs(tmp_path))


def test_mining_tells_the_face_from_the_rest(people, cascades):
    crops = mine(list(photographs(people, longer_px=256)), cascades, side_px=40, margin=1.0)
    assert crops.faces.shape[1:] == crops.others.shape[1:] == (40, 40)
    assert len(crops.faces) >= 32
    everything_is_face = Photograph("all", cv2.imread(str(PORTRAIT), 0), (Box(0, 0, 512, 512),), (0.5,))
    nothing_sure = mine([everything_is_face], cascades, side_px=40, margin=1.0)
    assert len(nothing_sure.faces) == 0
    assert len(nothing_sure.others) == 0


def test_cascades_take_blotches_for_faces(cascades):
    assert len(mine(blotches(1), cascades, side_px=40, margin=1.0).others) > 10


@pytest.mark.parametrize("make", [face_crop, badly_cut])
@pytest.mark.parametrize("margin", [1.0, 1.4])
def test_crops_of_faces_have_the_wanted_size_and_repeat_with_the_seed(make, margin):
    face = np.random.default_rng(1).integers(0, 256, (48, 48), dtype=np.uint8)
    background = np.full((40, 40), 128, np.uint8)
    for seed in range(30):
        crop, again = (make(face, background, 40, margin, np.random.default_rng(seed)) for _ in range(2))
        assert crop.shape == (40, 40)
        assert crop.dtype == np.uint8
        assert (crop == again).all()


@pytest.mark.parametrize("shape", [(24, 24), (10, 300), (480, 640)])
def test_patches_fit_any_picture(shape):
    rng = np.random.default_rng(0)
    assert all(patch(np.zeros(shape, np.uint8), 40, rng).shape == (40, 40) for _ in range(20))


def test_weathering_stays_within_the_grey_levels_and_changes_its_copy_only():
    crops = np.random.default_rng(0).integers(0, 256, (64, 40, 40), dtype=np.uint8)
    before = crops.copy()
    after = weathered(crops, np.random.default_rng(1))
    assert (crops == before).all()
    assert after.dtype == np.float32
    assert after.min() >= 0
    assert after.max() <= 255
    assert not np.allclose(after, before)


MATCHES = [
    (Box(0, 0, 100, 100), True),  # the same
    (Box(30, 30, 60, 60), True),  # within, about the same centre
    (Box(60, 60, 100, 100), False),  # a corner in common
    (Box(200, 0, 100, 100), False),  # elsewhere
    (Box(-200, -200, 500, 500), True),  # far too large, but centred on it
]


@pytest.mark.parametrize(("box", "expected"), MATCHES)
def test_matches(box, expected):
    assert matches(box, Box(0, 0, 100, 100)) is expected


def test_recall_and_false_boxes_are_counted(people):
    detector = FakeDetector([FACE, Box(400, 400, 60, 60), Box(12, 12, 40, 40)])
    result = match_reference(detector, list(photographs(people)))
    assert result["faces"] == 1
    assert result["recall"] == 1
    assert result["boxes"] == 3
    assert result["false_boxes"] == 1  # the one on the unsure reference face is neither
    nothing = match_reference(FakeDetector(), list(photographs(people)))
    assert nothing["recall"] == 0
    assert nothing["false_share"] is None


def test_boxes_in_pictures_without_faces_are_all_false(people):
    result = measure_detection(FakeDetector([FACE]), backgrounds=people)
    assert result["no_faces"]["false_boxes_per_picture"] == 1


def test_composites_put_known_faces_into_a_picture():
    faces = np.full((3, 48, 48), 250, np.uint8)
    scenes = [composite(np.zeros((300, 400), np.uint8), faces, seed) for seed in range(8)]
    assert {len(scene.faces) for scene in scenes} == {2, 3, 4}
    for scene in scenes:
        assert scene.grey.shape == (480, 640)
        for box in scene.sure_faces:
            assert scene.grey[box.y + box.height // 2, box.x + box.width // 2] > 200
