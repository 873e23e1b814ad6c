import subprocess
import sys

import numpy as np
import pytest

from fer_core import EMOTIONS, EmotionPipeline, FaceReading, MediaError, ModelError
from fer_core.classification import EmotionClassifier
from fer_core.readings import Box
from fer_core.testing import FakeDetector, FakeEngine, fake_card, fake_pipeline
from tests.conftest import ROOT

PICTURE = np.random.default_rng(0).integers(0, 256, (120, 160, 3), dtype=np.uint8)
FACE, OTHER = Box(40, 30, 50, 50), Box(5, 60, 40, 40)


def test_reading_of_one_face():
    [reading] = fake_pipeline([FACE], "sad").analyze_image(PICTURE)
    assert isinstance(reading, FaceReading)
    assert reading.box == FACE
    assert reading.label == "sad"
    assert reading.probabilities.shape == (7,) and reading.probabilities.dtype == np.float32
    assert reading.probabilities.sum() == pytest.approx(1, abs=1e-5)
    assert reading.confidence == pytest.approx(float(reading.probabilities.max()))
    assert list(reading.by_emotion) == list(EMOTIONS)
    assert not reading.uncertain


def test_faces_come_from_left_to_right():
    assert [reading.box for reading in fake_pipeline([FACE, OTHER]).analyze_image(PICTURE)] == [OTHER, FACE]


def test_all_faces_are_classified_in_one_batch():
    engine = FakeEngine()
    EmotionPipeline(FakeDetector([FACE, OTHER]), EmotionClassifier(engine, fake_card())).analyze_image(PICTURE)
    assert [len(batch) for batch in engine.seen] == [2]


def test_no_face_is_no_reading():
    assert fake_pipeline([]).analyze_image(PICTURE) == []


def test_grey_pictures_are_accepted():
    assert len(fake_pipeline([FACE]).analyze_image(PICTURE[..., 0])) == 1


@pytest.mark.parametrize(
    "wrong",
    [
        PICTURE.astype(np.float32),  # not 8 bits
        PICTURE[..., :2],  # two channels
        np.zeros((0, 5, 3), np.uint8),  # no rows
        np.zeros((2, 4, 4, 3), np.uint8),  # a batch
    ],
)
def test_what_is_no_picture_is_refused_in_words(wrong):
    with pytest.raises(MediaError, match="uint8 array"):
        fake_pipeline([FACE]).analyze_image(wrong)


@pytest.mark.parametrize(
    "wrong", [np.zeros((0, 0, 3), np.uint8), np.zeros((48, 48, 3)), PICTURE[..., :2], np.zeros((2, 4, 4, 3), np.uint8)]
)
def test_a_crop_that_is_no_picture_is_refused_in_words(wrong):
    pipeline = fake_pipeline([FACE])
    with pytest.raises(MediaError, match="uint8 array"):
        pipeline.classify([PICTURE, wrong])
    with pytest.raises(MediaError, match="uint8 array"):
        pipeline.read_faces([(wrong, FACE)])


def test_low_probability_is_uncertain():
    [reading] = fake_pipeline([FACE], strength=0.5).analyze_image(PICTURE)
    assert reading.uncertain and reading.confidence < 0.5


def test_activation_points_where_the_evidence_is():
    [reading] = fake_pipeline([FACE]).analyze_image(PICTURE)
    assert reading.activation.shape == (6, 6)
    assert reading.activation.min() == 0 and reading.activation.max() == 1
    assert reading.activation[-1, -1] == 1


def test_temperature_softens_and_keeps_the_label():
    engine = FakeEngine("fear", strength=4)
    sharp, soft = (
        EmotionClassifier(engine, fake_card(temperature=t)).classify([PICTURE]).probabilities[0] for t in (1, 3)
    )
    assert sharp.argmax() == soft.argmax() and sharp.max() > soft.max()


def test_mirror_image_is_averaged_when_the_card_says_so():
    engine = FakeEngine()
    result = EmotionClassifier(engine, fake_card(flip_average=True)).classify([PICTURE[..., 0]])
    [batch] = engine.seen
    assert np.array_equal(batch[0], batch[1][:, ::-1])
    assert np.allclose(result.class_maps[0], result.class_maps[0][:, ::-1])


def test_fewer_large_faces_are_run_at_once():
    for side_px, most in ((96, 64), (224, 11)):
        engine = FakeEngine()
        said = EmotionClassifier(engine, fake_card(side_px=side_px)).classify([np.zeros((9, 9), np.uint8)] * 70)
        assert len(said.probabilities) == 70 and max(len(batch) for batch in engine.seen) == most


def test_many_crops_run_in_several_batches():
    engine = FakeEngine()
    crops = [PICTURE[:48, :48, 0]] * 150
    assert EmotionClassifier(engine, fake_card()).classify(crops).probabilities.shape == (150, 7)
    assert sum(len(batch) for batch in engine.seen) == 150 and max(len(batch) for batch in engine.seen) <= 64


def test_classify_of_nothing_is_an_empty_array():
    assert fake_pipeline().classify([]).shape == (0, 7)


@pytest.mark.parametrize(
    "names", [{"model": "no such"}, {"engine": "no such"}, {"detector": "no such"}], ids=["model", "engine", "detector"]
)
def test_unknown_names_are_refused_with_the_choices(names):
    with pytest.raises(ModelError, match="no such"):
        EmotionPipeline.load(**names)


@pytest.mark.slow
@pytest.mark.parametrize("lines", [["{load}", "import streamlit_webrtc"], ["import tensorflow", "{load}"]])
def test_keras_works_with_what_came_before_it_and_comes_after(lines):
    """The libraries of the live page, imported after TensorFlow, once crashed the server, and then `publish`."""
    load = "from fer_core.classification import EmotionClassifier; EmotionClassifier.load('custom_cnn', 'keras')"
    code = "\n".join(lines).format(load=load)
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=180)
    assert done.returncode == 0, done.stderr[-2000:]
