"""The hidden Markov model: against every path counted out, and against hmmlearn where that is installed."""

import itertools
import logging

import numpy as np
import pytest

from fer_core.timeline.hidden_markov import most_probable_path


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
def test_the_path_is_that_of_all_paths_counted_out(steps, seed):
    initial, transition = model(3, seed)
    likelihoods = evidence(steps, 3, seed + 100)
    paths = np.array(list(itertools.product(range(3), repeat=steps)))
    logs = initial[paths[:, 0]] + likelihoods[np.arange(steps), paths].sum(axis=1)
    logs += transition[paths[:, :-1], paths[:, 1:]].sum(axis=1)
    assert np.array_equal(most_probable_path(initial, transition, likelihoods), paths[logs.argmax()])


def test_a_long_series_does_not_underflow():
    likelihoods = np.where(np.arange(7) == (np.arange(5000) // 1000)[:, None], 0.0, -2.0) - 500.0
    assert (most_probable_path(*model(7, 0, changes=0.1), likelihoods) == np.arange(5000) // 1000).all()


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
