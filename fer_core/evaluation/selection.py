"""Which installed models an ensemble is made of: forward selection by the likelihood of the labels.

Accuracy on a few thousand faces moves by most of a point by luck alone. The likelihood of the labels uses every
probability and not only the highest, so it tells models apart that accuracy cannot.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fer_core.evaluation.predictions import Predictions


@dataclass(frozen=True)
class Step:
    """An ensemble on the way, after one more model was taken in.

    Attributes:
        model: that was taken in.
        log_loss: mean negative natural logarithm of the probability of the label, in nats.
        accuracy: share of faces whose most probable emotion is the label.
    """

    model: str
    log_loss: float
    accuracy: float


def forward_selection(predictions: Mapping[str, Predictions]) -> list[Step]:
    """Begin with the best model and take in, one by one, the model that lowers the log loss of the mean the most.

    It ends where none lowers it. Caruana et al. (2004), https://doi.org/10.1145/1015330.1015432, here without taking a
    model twice, so that the outcome is a plain mean.

    Args:
        predictions: by model, at least one, for the same faces in the same order, which no model has learnt from.

    Returns:
        The steps, the first of which is the best single model.

    Raises:
        ValueError: there is no model, or two models read different faces.
    """
    if not predictions:
        raise ValueError("no model to select from")
    first = next(iter(predictions.values()))
    if any(not np.array_equal(each.ids, first.ids) for each in predictions.values()):
        raise ValueError("the models read different faces")
    candidates = {model: each.probabilities.astype(np.float64) for model, each in predictions.items()}
    steps: list[Step] = []
    total = np.zeros_like(first.probabilities, np.float64)
    while candidates:
        tried = [_step(model, (total + own) / (len(steps) + 1), first.labels) for model, own in candidates.items()]
        best = min(tried, key=lambda step: step.log_loss)
        if steps and best.log_loss >= steps[-1].log_loss:
            break
        steps.append(best)
        total += candidates.pop(best.model)
    return steps


def _step(model: str, mean: NDArray[np.float64], labels: NDArray[np.int64]) -> Step:
    of_label = np.maximum(mean[np.arange(len(labels)), labels], 1e-12)
    return Step(model, float(-np.log(of_label).mean()), float((mean.argmax(axis=1) == labels).mean()))
