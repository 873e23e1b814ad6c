from pathlib import Path

import numpy as np
import pytest
from scipy.special import softmax

from fer_core.classification import EmotionClassifier, list_cards
from fer_core.emotions import EMOTIONS, RATER_CLASSES
from fer_core.evaluation import (
    coverage_accuracy,
    error_if_calibrated,
    expected_calibration_error,
    fit_temperature,
    latency_ms,
    measure,
    predict,
    read_evaluation,
    reliability_bins,
    threshold_for,
)
from fer_core.testing import FakeEngine, fake_card
from fer_core.ui.start.model_status import EXPLANATION

ALWAYS_HAPPY = EmotionClassifier(FakeEngine("happy"), fake_card())
HAPPY, SAD = EMOTIONS.index("happy"), EMOTIONS.index("sad")


def figures(labels, copies=None, votes=None):
    n = len(labels)
    said = predict(
        ALWAYS_HAPPY,
        np.zeros((n, 48, 48), np.uint8),
        np.array(labels),
        np.zeros(n, bool) if copies is None else np.array(copies),
        np.zeros((n, 10), np.float32) if votes is None else np.array(votes, np.float32),
    )
    return measure(said)


def test_a_model_that_always_says_happy():
    result = figures([HAPPY, HAPPY, HAPPY, SAD])
    assert result["accuracy"] == 0.75
    low, high = result["accuracy_ci95"]
    assert low == pytest.approx(0.3006, abs=1e-4) and high == pytest.approx(0.9544, abs=1e-4)  # Wilson, 3 of 4
    assert result["per_class"]["happy"] == {
        "precision": 0.75,
        "recall": 1.0,
        "f1": pytest.approx(6 / 7),
        "support": 3,
        "auc": 0.5,
    }
    assert result["balanced_accuracy"] == 0.5
    assert result["macro_f1"] == pytest.approx(3 / 7)
    assert result["confusion"][SAD][HAPPY] == 1 and np.sum(result["confusion"]) == 4
    assert latency_ms(ALWAYS_HAPPY, np.zeros((48, 48), np.uint8), 3) > 0


def test_copies_are_left_out_of_the_second_accuracy():
    result = figures([HAPPY, HAPPY, SAD, SAD], copies=[True, True, False, False])
    assert result["accuracy"] == 0.5 and result["accuracy_deduplicated"] == 0.0 and result["n_deduplicated"] == 2
    low, high = result["accuracy_deduplicated_ci95"]
    assert low == 0 and high == pytest.approx(0.6576, abs=1e-4)  # Wilson, 0 of 2


def test_nothing_but_copies_has_no_second_accuracy():
    assert figures([HAPPY], copies=[True])["accuracy_deduplicated"] is None


def test_ferplus_counts_majorities_of_emotions_only():
    votes = {
        "neutral by all": [10, 0, 0, 0, 0, 0, 0, 0, 0, 0],
        "neutral once single votes are dropped": [5, 1, 1, 1, 1, 1, 0, 0, 0, 0],
        "tied": [5, 5, 0, 0, 0, 0, 0, 0, 0, 0],
        "most, but not half": [4, 3, 3, 0, 0, 0, 0, 0, 0, 0],
        "unknown": [0, 0, 0, 0, 0, 0, 0, 0, 10, 0],
        "not rated": [0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
    }
    result = figures([HAPPY] * len(votes), votes=list(votes.values()))["ferplus"]
    # The fake's raters' logits are all equal, so its first class, neutral, is what it says.
    assert result["n"] == 2 and result["accuracy"] == 1.0 and str(len(RATER_CLASSES)) in result["protocol"]


def test_copies_that_are_not_known_are_not_made_up():
    n = 3
    faces, labels = np.zeros((n, 48, 48), np.uint8), np.full(n, HAPPY)
    result = measure(predict(ALWAYS_HAPPY, faces, labels, None, np.zeros((n, 10), np.float32)))
    assert result["accuracy_deduplicated"] is None and result["accuracy_deduplicated_ci95"] is None


def test_without_votes_there_is_no_ferplus_figure():
    assert figures([HAPPY])["ferplus"] is None


def test_temperature_that_was_put_in_is_found_again():
    rng = np.random.default_rng(0)
    logits = rng.normal(0, 2, (20_000, 7))
    labels = np.array([rng.choice(7, p=row) for row in softmax(logits, axis=1)])
    assert fit_temperature(logits * 2.5, labels) == pytest.approx(2.5, rel=0.05)
    calibrated = softmax(logits, axis=1)
    assert expected_calibration_error(calibrated, labels) < 0.02
    assert expected_calibration_error(softmax(logits * 2.5, axis=1), labels) > 0.08


@pytest.mark.parametrize("n", [30, 150, 3589])
def test_the_calibration_error_that_luck_alone_gives(n):
    rng = np.random.default_rng(0)
    probabilities = softmax(rng.normal(0, 2, (n, 7)), axis=1)
    drawn = []
    for _ in range(60):
        labels = (probabilities.cumsum(axis=1) > rng.random((n, 1))).argmax(axis=1)
        drawn.append(expected_calibration_error(probabilities, labels))
    by_luck = error_if_calibrated(reliability_bins(probabilities, labels))
    assert by_luck == pytest.approx(np.median(drawn), rel=0.12) and by_luck > 0.01
    surer = softmax(3 * np.log(probabilities), axis=1)
    if n > 1000:
        assert expected_calibration_error(surer, labels) > 3 * error_if_calibrated(reliability_bins(surer, labels))


def test_documents_and_start_say_what_luck_gives_of_the_installed_models():
    for card in list_cards():
        measured = read_evaluation(card).splits["PrivateTest"]
        assert f"{error_if_calibrated(measured.curves['reliability']):.2f}" == "0.02"
    root = Path(__file__).parents[2]
    for words in (EXPLANATION, (root / "README.md").read_text(), (root / "MODEL_CARD.md").read_text()):
        assert "about 0.02 on so many faces" in words


def test_refusing_faces_below_a_confidence():
    probabilities = np.full((4, 7), 0.05)
    probabilities[:, HAPPY] = [0.7, 0.7, 0.4, 0.4]
    curve = coverage_accuracy(probabilities, np.array([HAPPY, HAPPY, SAD, HAPPY]))
    kept = {threshold: (share, accuracy) for threshold, share, accuracy in curve}
    assert kept[0.4] == (1.0, 0.75) and kept[0.5] == (0.5, 1.0)
    assert max(kept) == pytest.approx(0.7)
    assert threshold_for(curve, 0.9) == pytest.approx(0.41)
    assert curve[0] == (0.0, 1.0, 0.75) and threshold_for(curve, 0.5) == 0


def test_a_model_that_is_never_sure_has_a_curve_too():
    assert coverage_accuracy(np.full((4, 7), 1 / 7), np.array([0, 0, 0, HAPPY])) == [(0.0, 1.0, 0.75)]
