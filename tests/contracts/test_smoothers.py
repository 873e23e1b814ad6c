"""What every smoother keeps to, whatever it is made of; one that is added to METHODS is tested by its name alone."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import softmax

from fer_core.emotions import EMOTIONS
from fer_core.timeline.editing.corrections import resmoothed
from fer_core.timeline.smoothing import GAP_S, METHODS
from tests.timelines import of_rows, reading

pytestmark = pytest.mark.parametrize("name", METHODS)
STEPS_S = st.sampled_from([0.0, 0.033, 0.25, 1.4])
TIME_CONSTANTS_S = st.sampled_from([0.0, 0.1, 0.4, 5.0])


def times_of(steps_s: list[float]) -> np.ndarray:
    return np.cumsum(np.array(steps_s, float))


def rows_of(count: int, seed: int) -> np.ndarray:
    """Doubtful, confident and certain readings, the last with probabilities of exactly 0."""
    rng = np.random.default_rng(seed)
    rows = softmax(rng.normal(0, rng.choice([0.1, 2.0, 20.0], (count, 1)), (count, len(EMOTIONS))), axis=1)
    rows[rows < 1e-9] = 0.0
    return rows / rows.sum(axis=1, keepdims=True)


@settings(deadline=None, max_examples=50)
@given(st.lists(STEPS_S, max_size=40), TIME_CONSTANTS_S, st.integers(0, 2**16))
def test_rows_stay_probabilities_and_readings_stay_as_they_are(name, steps_s, time_constant_s, seed):
    times_s, rows = times_of(steps_s), rows_of(len(steps_s), seed)
    before = rows.copy()
    result = METHODS[name](times_s, rows, time_constant_s)
    assert result.shape == (len(rows), len(EMOTIONS)) and result.dtype == np.float32
    assert np.isfinite(result).all() and (result >= 0).all() and np.allclose(result.sum(axis=1), 1, atol=1e-5)
    assert np.array_equal(rows, before)


@settings(deadline=None, max_examples=50)
@given(
    st.lists(st.lists(STEPS_S, min_size=1, max_size=12), min_size=2, max_size=4), TIME_CONSTANTS_S, st.integers(0, 99)
)
def test_nothing_crosses_a_gap(name, stretches, time_constant_s, seed):
    times_s = [times_of(stretch) + 100.0 * number for number, stretch in enumerate(stretches)]
    rows = [rows_of(len(part), seed + number) for number, part in enumerate(times_s)]
    apart = [METHODS[name](*both, time_constant_s, GAP_S) for both in zip(times_s, rows, strict=True)]
    together = METHODS[name](np.concatenate(times_s), np.concatenate(rows), time_constant_s, GAP_S)
    assert np.array_equal(together, np.concatenate(apart))


@settings(deadline=None, max_examples=10)
@given(st.lists(STEPS_S.filter(bool), min_size=1, max_size=12), st.integers(0, 99), st.randoms(use_true_random=False))
def test_the_order_of_persons_changes_nothing(name, steps_s, seed, random):
    labels = np.random.default_rng(seed).choice(EMOTIONS, (len(steps_s), 2))
    by_sample = [
        [reading(float(time_s), person, str(label)) for person, label in enumerate(both, start=1)]
        for time_s, both in zip(times_of(steps_s), labels, strict=True)
    ]
    mixed = [random.sample(sample, len(sample)) for sample in by_sample]
    plain, other = (
        resmoothed(of_rows([row for sample in way for row in sample]), name).frame for way in (by_sample, mixed)
    )
    assert by_person(plain).equals(by_person(other))
    for person in (1, 2):
        alone = [row for sample in by_sample for row in sample if row["person"] == person]
        assert by_person(resmoothed(of_rows(alone), name).frame).equals(by_person(plain[plain["person"] == person]))


def by_person(frame):
    return frame.sort_values(["person", "time_s"])[["time_s", "person", *EMOTIONS, "label"]].reset_index(drop=True)


@pytest.mark.parametrize("empty", [np.empty((0, 7)), []], ids=["array", "list"])
def test_no_readings_give_no_rows(name, empty):
    result = METHODS[name]([], empty)
    assert result.shape == (0, len(EMOTIONS)) and result.dtype == np.float32


@pytest.mark.parametrize("time_constant_s", [0.0, 0.4])
def test_a_single_reading_is_given_back(name, time_constant_s):
    row = softmax(np.arange(7.0))[None]
    assert METHODS[name]([3.0], row, time_constant_s) == pytest.approx(row, abs=1e-6)


def test_times_that_do_not_fit_the_rows_are_refused(name):
    with pytest.raises(ValueError, match="3 times do not fit 2 rows"):
        METHODS[name](np.arange(3.0), rows_of(2, 0))
