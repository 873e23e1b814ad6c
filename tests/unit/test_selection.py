"""Which models an ensemble is made of."""

from dataclasses import replace

import numpy as np
import pytest

from fer_core.evaluation.predictions import Predictions
from fer_core.evaluation.selection import forward_selection

N = 4000
LABELS = np.random.default_rng(0).integers(0, 7, N)


def read(seed, skill, luck=2.0):
    """A model whose logits are the label, `skill` high, under noise of its own."""
    logits = np.random.default_rng(seed).normal(0, luck, (N, 7))
    logits[np.arange(N), LABELS] += skill
    weights = np.exp(logits)
    return Predictions(
        probabilities=(weights / weights.sum(axis=1, keepdims=True)).astype(np.float32),
        rater_probabilities=np.zeros((N, 0), np.float32),
        labels=LABELS,
        ids=np.arange(N).astype(str),
        votes=np.zeros((N, 10), np.float32),
        copies=None,
    )


def test_models_that_err_on_different_faces_are_joined_best_first():
    steps = forward_selection({"good": read(1, 2.5), "best": read(2, 3.0), "other": read(3, 2.7)})
    assert [step.model for step in steps] == ["best", "other", "good"]
    assert steps[0].log_loss > steps[1].log_loss > steps[2].log_loss
    assert steps[0].accuracy < steps[1].accuracy < steps[2].accuracy


def test_a_model_that_knows_nothing_and_a_model_that_says_the_same_stay_out():
    best = read(2, 3.0)
    steps = forward_selection({"same": best, "best": best, "guess": read(4, 0.0)})
    assert len(steps) == 1
    assert steps[0].accuracy == pytest.approx(best.right.mean())


def test_a_certain_error_counts_but_is_not_endless():
    sure = replace(read(2, 3.0), probabilities=np.eye(7, dtype=np.float32)[(LABELS + 1) % 7])
    (only,) = forward_selection({"sure": sure})
    assert only.accuracy == 0 and 20 < only.log_loss < 30


def test_different_faces_are_refused():
    one, two = read(1, 2.0), read(2, 2.0)
    with pytest.raises(ValueError, match="different faces"):
        forward_selection({"one": one, "two": replace(two, ids=two.ids[::-1])})
    with pytest.raises(ValueError, match="no model"):
        forward_selection({})
