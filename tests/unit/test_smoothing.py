"""What smoothing does to probabilities: every method, one reading at a time, over gaps."""

import numpy as np
import pytest
from scipy.special import log_softmax, softmax

from fer_core.emotions import EMOTIONS
from fer_core.evaluation.smoothing_study import spliced, study
from fer_core.timeline.smoothing import GAP_S, LEAST, METHODS, ExponentialSmoother, exponential, median, viterbi

HAPPY, SAD = EMOTIONS.index("happy"), EMOTIONS.index("sad")
SMOOTHERS = ("exponential", "median", "hmm")


def certain(labels, confidence: float = 0.9) -> np.ndarray:
    rest = (1 - confidence) / (len(EMOTIONS) - 1)
    rows = np.full((len(labels), len(EMOTIONS)), rest)
    rows[np.arange(len(labels)), labels] = confidence
    return rows


def random_rows(count: int, seed: int = 0) -> np.ndarray:
    return softmax(np.random.default_rng(seed).normal(0, 2, (count, len(EMOTIONS))), axis=1)


def uneven(count: int) -> np.ndarray:
    """Times in steps of a fast camera, a slow one, and gaps."""
    return np.cumsum(np.random.default_rng(1).choice([0.03, 0.2, 0.26, 2.0], count, p=[0.5, 0.3, 0.15, 0.05]))


def times(count: int, fps: float = 4.0) -> np.ndarray:
    return np.arange(count) / fps


@pytest.mark.parametrize("method", METHODS)
def test_impossible_is_not_for_ever(method):
    rows = certain([HAPPY] * 4 + [SAD] * 12, confidence=1.0)
    assert METHODS[method](times(16), rows).argmax(axis=1)[-1] == SAD


@pytest.mark.parametrize("method", SMOOTHERS)
def test_a_single_frame_that_stands_out_is_calmed(method):
    labels = [HAPPY] * 8 + [SAD] + [HAPPY] * 8
    result = METHODS[method](times(17), certain(labels, confidence=0.8))
    assert result[8].argmax() == HAPPY and result[8, SAD] < 0.5


@pytest.mark.parametrize("method", SMOOTHERS)
def test_a_change_that_lasts_is_kept(method):
    labels = np.array([HAPPY] * 12 + [SAD] * 12)
    result = METHODS[method](times(24), certain(labels)).argmax(axis=1)
    assert (result == labels).mean() >= 22 / 24 and (np.diff(result) != 0).sum() == 1


@pytest.mark.parametrize("method", SMOOTHERS)
def test_doubt_that_lasts_stays_doubt(method):
    row = np.full(7, 0.22 / 5)
    row[HAPPY], row[SAD] = 0.40, 0.38
    result = METHODS[method](times(40), np.tile(row, (40, 1)))
    assert result == pytest.approx(np.tile(row, (40, 1)), abs=1e-3)


def test_exponential_is_the_average_of_logarithms():
    rows = certain([HAPPY, SAD], confidence=0.9)
    kept = np.exp(-0.25 / 0.4)
    wanted = softmax(kept * np.log(rows[0]) + (1 - kept) * np.log(rows[1]))
    assert exponential(times(2), rows, 0.4)[1] == pytest.approx(wanted, abs=1e-5)


def test_exponential_does_not_depend_on_how_often_it_is_sampled():
    seldom = exponential(times(9, 4), certain([HAPPY] + [SAD] * 8), 0.4)[-1]
    often = exponential(times(81, 40), certain([HAPPY] + [SAD] * 80), 0.4)[-1]
    assert seldom == pytest.approx(often, abs=0.01)


@pytest.mark.parametrize("time_constant_s", [0.0, 0.5])
def test_one_at_a_time_is_the_same_to_the_last_digit(time_constant_s):
    times_s, rows = uneven(400), random_rows(400)
    smoother = ExponentialSmoother(time_constant_s)
    one_by_one = [smoother.update(time_s, row) for time_s, row in zip(times_s, rows, strict=True)]
    assert np.array_equal(np.array(one_by_one), exponential(times_s, rows, time_constant_s))


def test_the_median_is_that_of_each_window_to_the_last_digit():
    times_s, rows = uneven(200), random_rows(200)
    logs, result = log_softmax(np.log(np.maximum(rows, LEAST)), axis=1), median(times_s, rows, 0.4)
    for place in range(len(rows)):
        reach = 0
        while whole(times_s, place - reach - 1, place + reach + 1, half_s=0.5):
            reach += 1
        middle = np.median(logs[place - reach : place + reach + 1], axis=0)
        assert np.array_equal(result[place], softmax(middle).astype(np.float32))


def whole(times_s: np.ndarray, first: int, last: int, half_s: float) -> bool:
    """Whether both readings exist, lie within the half window of the one in the middle, and no gap is between."""
    if first < 0 or last >= len(times_s):
        return False
    own = times_s[first : last + 1]
    middle_s = own[len(own) // 2]
    return max(own[-1] - middle_s, middle_s - own[0]) <= half_s and np.diff(own).max() <= GAP_S


def test_a_reset_starts_afresh():
    smoother = ExponentialSmoother(5.0)
    smoother.update(0.0, certain([HAPPY])[0])
    smoother.reset()
    assert smoother.update(0.1, certain([SAD])[0]) == pytest.approx(certain([SAD])[0], abs=1e-5)


@pytest.mark.parametrize("method", SMOOTHERS)
def test_no_time_constant_is_no_smoothing(method):
    labels = np.random.default_rng(0).integers(0, 7, 30)
    assert (METHODS[method](times(30), certain(labels), 0.0).argmax(axis=1) == labels).all()


def test_median_does_not_shift_edges_near_the_ends():
    labels = np.array([HAPPY, HAPPY, SAD, SAD, SAD, SAD])
    assert (median(times(6), certain(labels), 0.4).argmax(axis=1) == labels).all()


def test_viterbi_prefers_one_label_to_flicker():
    labels = np.tile([HAPPY, HAPPY, SAD], 8)
    assert (viterbi(times(24), certain(labels, confidence=0.5), 0.4).argmax(axis=1) == HAPPY).all()


def test_the_study_measures_what_is_known():
    truth = np.arange(700) % 7
    figures = study(certain(truth, confidence=0.99), truth, 4.0, [0.4], sequences=3)
    assert "flatters" in figures["caveat"]
    for kind in ("independent", "held"):
        by_name = {row["smoothing"]: row for row in figures["results"][kind]}
        assert set(by_name) == set(METHODS)
        assert by_name["none"]["accuracy"] == 1 and by_name["none"]["delay_s"] == 0
        assert by_name["none"]["flicker_hz"] == 0 and by_name["none"]["noticed"] == 1
        assert by_name["exponential"]["delay_s"] > 0.1  # it only looks back


def test_smoothing_helps_where_errors_are_independent():
    truth = np.random.default_rng(0).integers(0, 7, 2000)
    noise = np.random.default_rng(1).normal(0, 1.6, (2000, 7))
    rows = softmax(2 * np.eye(7)[truth] + noise, axis=1)
    results = study(rows, truth, 4.0, [0.4], sequences=10)["results"]["independent"]
    raw, *smoothed = (row["accuracy"] for row in results)
    assert all(accuracy > raw + 0.02 for accuracy in smoothed)


def test_sequences_hold_each_label_for_a_while():
    truth = np.arange(70) % 7
    part = spliced(certain(truth), truth, 4.0, "independent", np.random.default_rng(0))
    runs = np.diff(np.flatnonzero(np.diff(part.labels)))
    assert len(part.labels) == 120 and runs.min() >= 4 and runs.max() <= 20
    assert (part.probabilities.argmax(axis=1) == part.labels).all()
