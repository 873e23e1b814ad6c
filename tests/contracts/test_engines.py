"""What every registered engine keeps to, on the smallest model that has a file for it; by the engine's name alone."""

import threading

import numpy as np
import pytest

from fer_core.classification import EmotionClassifier, list_cards
from fer_core.classification.engines import ENGINES
from fer_core.emotions import EMOTIONS, RATER_CLASSES
from fer_core.errors import DependencyError

TENSORFLOW = pytest.mark.slow
NAMED = [pytest.param(name, marks=TENSORFLOW if "tensorflow" in ENGINES[name].libraries else ()) for name in ENGINES]


@pytest.fixture(scope="module", params=NAMED)
def classifier(request) -> EmotionClassifier:
    return loaded(request.param)


def loaded(engine: str) -> EmotionClassifier:
    usable = [card for card in list_cards() if ENGINES[engine].file in card.files and not card.members]
    smallest = min(usable, key=lambda card: card.parameters)
    try:
        return EmotionClassifier.load(smallest.name, engine)
    except DependencyError as error:
        pytest.skip(str(error))


def faces(classifier: EmotionClassifier, count: int, seed: int = 0) -> np.ndarray:
    side = classifier.card.side_px
    return np.random.default_rng(seed).integers(0, 256, (count, side, side, 1)).astype(np.float32)


@pytest.mark.parametrize("count", [1, 2, 5])
def test_shapes_types_and_finite_numbers(classifier, count):
    output = classifier.engine(faces(classifier, count))
    assert output.emotion.shape == (count, len(EMOTIONS)) and output.raters.shape == (count, len(RATER_CLASSES))
    assert output.class_maps.ndim == 4 and output.class_maps.shape[::3] == (count, len(EMOTIONS))
    for values in (output.emotion, output.raters, output.class_maps):
        assert isinstance(values, np.ndarray) and values.dtype == np.float32 and np.isfinite(values).all()


def test_the_mean_of_the_maps_is_the_answer(classifier):
    output = classifier.engine(faces(classifier, 3))
    assert output.class_maps.mean(axis=(1, 2)) == pytest.approx(output.emotion, abs=0.05)


def test_a_face_is_read_the_same_alone_and_among_others_and_again(classifier):
    batch = faces(classifier, 4)
    before, together = batch.copy(), classifier.engine(batch).emotion
    assert np.array_equal(batch, before) and np.array_equal(classifier.engine(batch).emotion, together)
    for row in range(len(batch)):
        assert classifier.engine(batch[row : row + 1]).emotion[0] == pytest.approx(together[row], abs=1e-3)


def test_it_can_be_shared_between_threads(classifier):
    batches = [faces(classifier, 2, seed) for seed in range(4)]
    alone = [classifier.engine(batch).emotion for batch in batches]
    found: dict[int, np.ndarray] = {}

    def read(number: int) -> None:
        found[number] = classifier.engine(batches[number]).emotion

    threads = [threading.Thread(target=read, args=(number,)) for number in range(len(batches))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    for number, wanted in enumerate(alone):
        assert found[number] == pytest.approx(wanted, abs=1e-3)


def test_it_says_the_same_as_the_default_engine(classifier):
    batch = faces(classifier, 3)
    other = EmotionClassifier.load(classifier.card.name)
    assert classifier.engine(batch).emotion == pytest.approx(other.engine(batch).emotion, abs=0.05)
