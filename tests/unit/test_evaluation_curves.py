"""Curves, calibration and agreement with raters: against hand-counted values and other libraries."""

import json

import numpy as np
import pytest
from scipy.spatial.distance import jensenshannon
from scipy.special import rel_entr, softmax
from scipy.stats import spearmanr
from sklearn.metrics import average_precision_score, log_loss, precision_recall_curve, roc_auc_score

from fer_core.emotions import EMOTIONS, RATER_CLASSES
from fer_core.evaluation import curves, expected_calibration_error, measure, raters_on_alike, reliability_bins
from fer_core.evaluation.curves import MAX_POINTS, spread
from tests.predictions import HAPPY, SAD, guesses, said


@pytest.fixture(scope="module")
def model():
    return guesses(2000, 0.6, seed=1)


def test_curves_are_small_and_keep_their_area(model):
    drawn = curves(model)
    for i, emotion in enumerate(EMOTIONS):
        roc, pr = drawn["roc"][emotion], drawn["precision_recall"][emotion]
        positive, scores = model.labels == i, model.probabilities[:, i]
        assert len(roc["fpr"]) == len(roc["tpr"]) <= MAX_POINTS and len(pr["recall"]) <= MAX_POINTS
        assert (roc["fpr"][0], roc["tpr"][0], roc["fpr"][-1], roc["tpr"][-1]) == (0, 0, 1, 1)
        assert np.trapezoid(roc["tpr"], roc["fpr"]) == pytest.approx(roc_auc_score(positive, scores), abs=0.003)
        assert pr["average_precision"] == pytest.approx(average_precision_score(positive, scores))
        assert np.trapezoid(pr["precision"], pr["recall"]) == pytest.approx(pr["average_precision"], abs=0.01)
        assert (np.diff(roc["fpr"]) >= 0).all() and (np.diff(pr["recall"]) >= 0).all()
    assert len(json.dumps(drawn)) < 80_000


def test_precision_is_drawn_from_the_highest_to_the_lowest_of_each_recall(model):
    for i, emotion in enumerate(EMOTIONS):
        drawn = curves(model)["precision_recall"][emotion]
        precision, recall, _ = precision_recall_curve(model.labels == i, model.probabilities[:, i])
        for level in set(drawn["recall"]):
            shown = [p for r, p in zip(drawn["recall"], drawn["precision"], strict=True) if r == level]
            there = precision[recall.round(4) == level].round(4)
            assert (shown[0], shown[-1]) == (there.max(), there.min())


def test_a_curve_by_hand():
    model = said([HAPPY, HAPPY, SAD, SAD], [HAPPY, SAD, HAPPY, SAD])  # as good as a coin
    roc = curves(model)["roc"]["happy"]
    assert (roc["fpr"], roc["tpr"]) == ([0.0, 0.5, 1.0], [0.0, 0.5, 1.0])
    assert curves(model)["precision_recall"]["happy"]["average_precision"] == 0.5


def test_an_emotion_that_no_face_has_has_no_curve():
    drawn = curves(said([HAPPY, SAD], [HAPPY, SAD]))
    assert drawn["roc"]["fear"] is None and drawn["precision_recall"]["fear"] is None


def test_spread_keeps_the_ends():
    position = np.sort(np.random.default_rng(0).random(5000)) ** 3
    rows = spread(position, 50)
    assert rows[0] == 0 and rows[-1] == 4999 and len(rows) <= 50 and (np.diff(rows) > 0).all()
    assert np.diff(position[rows]).max() < 0.05
    assert spread(np.arange(7.0), 50).tolist() == list(range(7))


def test_reliability_by_hand():
    probabilities = np.full((4, 7), 0.01)
    probabilities[:, HAPPY] = [0.4, 0.5, 0.8, 0.9]
    bars = reliability_bins(probabilities, np.array([SAD, HAPPY, HAPPY, HAPPY]), bins=2)
    assert [bar["n"] for bar in bars] == [2, 2]
    assert [bar["confidence"] for bar in bars] == pytest.approx([0.45, 0.85])
    assert [bar["accuracy"] for bar in bars] == [0.5, 1.0]
    assert expected_calibration_error(probabilities, np.array([SAD, HAPPY, HAPPY, HAPPY]), bins=2) == pytest.approx(0.1)
    assert len(reliability_bins(probabilities[:3], np.array([SAD, SAD, SAD]))) == 3  # never an empty bar


def test_reliability_bars_hold_the_same_number_of_faces(model):
    bars = reliability_bins(model.probabilities, model.labels)
    assert len(bars) == 15 and sum(bar["n"] for bar in bars) == 2000
    assert max(bar["n"] for bar in bars) - min(bar["n"] for bar in bars) <= 1
    assert all(bar["accuracy_ci95"][0] <= bar["accuracy"] <= bar["accuracy_ci95"][1] for bar in bars)
    assert np.all(np.diff([bar["confidence"] for bar in bars]) >= 0)


def test_likelihood_and_brier_score(model):
    figures = measure(model)
    exact = model.probabilities.astype(np.float64)
    assert figures["nll"] == pytest.approx(log_loss(model.labels, exact / exact.sum(axis=1, keepdims=True)), rel=1e-5)
    one_hot = np.eye(7)[model.labels]
    assert figures["brier"] == pytest.approx(((model.probabilities - one_hot) ** 2).sum() / 2000, rel=1e-5)
    assert measure(said([HAPPY, HAPPY], [HAPPY, SAD], confidence=1.0))["brier"] == pytest.approx(1.0)  # (0 + 2) / 2


def test_macro_f1_lies_in_its_interval(model):
    figures = measure(model)
    low, high = figures["macro_f1_ci95"]
    assert low < figures["macro_f1"] < high and high - low < 0.1


def test_agreement_by_hand():
    half_neutral_half_happy = [5, 5, 0, 0, 0, 0, 0, 0, 0, 0]
    certain = [[1.0, 0, 0, 0, 0, 0, 0, 0], [0.5, 0.5, 0, 0, 0, 0, 0, 0], [0, 0, 1.0, 0, 0, 0, 0, 0]]
    model = said([HAPPY] * 3, [HAPPY] * 3, votes=[half_neutral_half_happy] * 3, raters=certain)
    result = measure(model)["rater_agreement"]
    assert result["n"] == 3
    assert result["in_top_two"] == pytest.approx(2 / 3)  # surprise has no vote
    assert result["cosine"] == pytest.approx((np.sqrt(0.5) + 1 + 0) / 3)
    # Votes (1/2, 1/2) against the answer (1, 0), middle (3/4, 1/4): the mean of log2(4/3) and of half of log2(2/3) + 1.
    one_sided = (np.log2(4 / 3) + (np.log2(2 / 3) + 1) / 2) / 2
    assert result["jensen_shannon"] == pytest.approx((one_sided + 0 + 1) / 3)
    assert result["same_for_all"]["kl"] == pytest.approx(0, abs=1e-9) and result["same_for_all"]["in_top_two"] == 1


def test_agreement_beside_scipy(model):
    result = measure(model)["rater_agreement"]
    shares, answers = model.rater_shares.astype(np.float64), model.rater_probabilities.astype(np.float64)
    assert result["kl"] == pytest.approx(rel_entr(shares, answers).sum(axis=1).mean())
    assert result["jensen_shannon"] == pytest.approx((jensenshannon(shares, answers, base=2, axis=1) ** 2).mean())
    second = np.sort(shares, axis=1)[:, -2]
    top = shares[np.arange(len(shares)), answers.argmax(axis=1)]
    assert result["in_top_two"] == pytest.approx(((top >= second) & (top > 0)).mean())
    entropies = [-(p * np.log(np.maximum(p, 1e-300))).sum(axis=1).round(9) for p in (answers, shares)]
    assert result["doubt_spearman"] == pytest.approx(spearmanr(*entropies)[0])


def test_faces_that_nobody_rated_do_not_count():
    unknown_only = [0, 0, 0, 0, 0, 0, 0, 0, 9, 1]
    assert measure(said([HAPPY], [HAPPY], votes=[unknown_only]))["rater_agreement"] is None
    rated = [10, 0, 0, 0, 0, 0, 0, 0, 0, 0]
    result = measure(said([HAPPY] * 2, [HAPPY] * 2, votes=[unknown_only, rated]))["rater_agreement"]
    assert result["n"] == 1 and result["doubt_spearman"] is None  # one face has no ranks
    json.dumps(measure(said([HAPPY] * 2, [HAPPY] * 2, votes=[unknown_only, rated])), allow_nan=False)


def test_how_raters_split_on_faces_that_look_alike_to_the_model():
    votes = np.zeros((6, 10))
    votes[:3, RATER_CLASSES.index("happiness")] = 10
    votes[3:5, RATER_CLASSES.index("sadness")] = 10  # the last one is not rated
    model = said([HAPPY] * 3 + [SAD] * 3, [HAPPY] * 3 + [SAD] * 3, votes=votes)
    happy = softmax(np.eye(7)[HAPPY] * 4).astype(np.float32)
    assert raters_on_alike(model, happy, 3)[RATER_CLASSES.index("happiness")] == 1
    split = raters_on_alike(model, happy, 50)
    assert split[RATER_CLASSES.index("sadness")] == pytest.approx(2 / 5) and split.sum() == pytest.approx(1)
    assert raters_on_alike(said([HAPPY], [HAPPY]), happy).sum() == 0
