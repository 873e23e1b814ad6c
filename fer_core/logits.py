"""From logits to probabilities: the three functions that reading a face needs.

SciPy has them too, but importing `scipy.special` takes a fifth of a second, which every command would wait for.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray


def softmax(logits: NDArray[Any], axis: int = -1) -> NDArray[Any]:
    """Probabilities along an axis, summing to 1; shape and dtype as given."""
    weights = np.exp(logits - logits.max(axis=axis, keepdims=True))
    return np.asarray(weights / weights.sum(axis=axis, keepdims=True))


def log_softmax(logits: NDArray[Any], axis: int = -1) -> NDArray[Any]:
    """Natural logarithm of `softmax`, exact for very small probabilities too."""
    below = logits - logits.max(axis=axis, keepdims=True)
    return np.asarray(below - np.log(np.exp(below).sum(axis=axis, keepdims=True)))


def log_mean(logarithms: NDArray[Any], axis: int = 0) -> NDArray[Any]:
    """Natural logarithm of the mean of the numbers whose logarithms are given; the axis is gone."""
    most = logarithms.max(axis=axis, keepdims=True)
    return np.asarray(np.log(np.exp(logarithms - most).mean(axis=axis)) + most.squeeze(axis))
