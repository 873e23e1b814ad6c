"""The hidden Markov model: against every path counted out, and against hmmlearn where that is installed."""

import itertools
import logging

import numpy as np
import pytest

from fer_core.timeline.hidden_markov import most_probable_path, posteriors


def model(states: int, seed: int, changes: float | None = None) -> tuple[np.ndarray, np.ndarray]:
    """Logarithms of initial and transition probabilities; sticky ones where the share of changes is given."""
    rng = np.random.default_rng(seed)
    if changes is None:
        return np.log(rng.dirichlet(np.ones(states))), np.log(rng.dirichlet(np.ones(states), states))
    transition = np.full((states, states), changes / (states - 1))
    np.fill_diagonal(transition, 1 - changes)
    with np.errstate(divide="ignore"):
        return np.log(np.full(states, 1 / states)), np.log(transition)


def evidence(steps: int, states: int, seed: int) -> np.ndarray:
    return np.random.default_rng(seed).normal(0, 2, (steps, states))


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("steps", [1, 2, 6])
def test_path_and_posteriors_are_those_of_all_paths_counted_out(steps, seed):
    initial, transition = model(3, seed)
    likelihoods = evidence(steps, 3, seed + 100)
    paths = np.array(list(itertools.product(range(3), repeat=steps)))
    logs = initial[paths[:, 0]] + likelihoods[np.arange(steps), paths].sum(axis=1)
    logs += transition[paths[:, :-1], paths[:, 1:]].sum(axis=1)
    weights = np.exp(logs - logs.max())
    wanted = [[weights[paths[:, step] == state].sum() for state in range(3)] for step in range(steps)]
    assert np.array_equal(most_probable_path(initial, transition, likelihoods), paths[logs.argmax()])
    assert posteriors(initial, transition, likelihoods) == pytest.approx(np.array(wanted) / weights.sum(), abs=1e-12)


def test_a_long_series_does_not_underflow():
    initial, transition = model(7, 0, changes=0.1)
    result = posteriors(initial, transition, evidence(5000, 7, 1) - 500.0)
    assert np.isfinite(result).all() and result.sum(axis=1) == pytest.approx(1.0)


@pytest.mark.parametrize("changes", [0.0, 0.05, 6 / 7, None], ids=["never", "sticky", "memoryless", "any"])
def test_it_agrees_with_hmmlearn(changes):
    base = pytest.importorskip("hmmlearn.base", reason="hmmlearn is not installed; pip install -r requirements-dev.txt")
    logging.getLogger("hmmlearn").setLevel(logging.ERROR)

    class EvidenceModel(base.BaseHMM):
        """A model whose observations are the log-likelihoods of its states."""

        def _compute_log_likelihood(self, X):  # noqa: N803  (hmmlearn's name)
            return X

        def _check(self):
            """Nothing is fitted."""

    for seed in range(10):
        initial, transition = model(7, seed, changes)
        likelihoods = evidence(200, 7, seed)
        reference = EvidenceModel(n_components=7)
        reference.startprob_, reference.transmat_ = np.exp(initial), np.exp(transition)
        _, path = reference.decode(likelihoods, algorithm="viterbi")
        assert np.array_equal(most_probable_path(initial, transition, likelihoods), path)
        assert posteriors(initial, transition, likelihoods) == pytest.approx(
            reference.predict_proba(likelihoods), abs=1e-9
        )
