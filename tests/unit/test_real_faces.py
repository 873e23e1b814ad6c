"""On the real faces of FER2013, which are read once for all of these: they take longer to read than to look at."""

import cv2
import numpy as np
import pytest

from fer_core.classification import EmotionClassifier, list_cards
from fer_core.detection import HaarDetector
from fer_core.emotions import EMOTIONS
from fer_core.evaluation import measure, predict, read_predictions
from fer_core.evaluation.copies import image_ids
from fer_core.evaluation.records import PREDICTIONS_FILE
from fer_core.testing import FakeEngine, fake_card


def test_most_are_found_as_pictures_of_their_own(real_faces):
    haar, images = HaarDetector(), real_faces.split("PublicTest").images[::120]
    found = [haar.detect(cv2.resize(image, (200, 200), interpolation=cv2.INTER_CUBIC)) for image in images]
    assert np.mean([len(faces) == 1 for faces in found]) > 0.7


def test_ferplus_of_the_private_test_counts_the_published_number(real_faces):
    private = real_faces.split("PrivateTest")
    rows = private.votes.any(axis=1)
    n = int(rows.sum())
    happy = EmotionClassifier(FakeEngine("happy"), fake_card())
    labels = np.full(n, EMOTIONS.index("happy"))
    said = predict(happy, np.zeros((n, 48, 48), np.uint8), labels, np.zeros(n, bool), private.votes[rows])
    assert measure(said)["ferplus"]["n"] == 3153


@pytest.mark.parametrize("card", [c for c in list_cards() if PREDICTIONS_FILE in c.files], ids=lambda card: card.name)
def test_installed_models_say_today_what_was_recorded(card, real_faces):
    kept = read_predictions(card)["PrivateTest"]
    faces = real_faces.split("PrivateTest")
    rows = np.arange(0, len(faces), 45)
    place = {name: row for row, name in enumerate(kept.ids)}
    recorded = kept.probabilities[[place[name] for name in image_ids(faces.images[rows])]]
    said = EmotionClassifier.load(card.name).classify(list(faces.images[rows])).probabilities
    np.testing.assert_allclose(said, recorded, atol=2e-3)
