"""Predictions and classifiers whose answers are known, for tests of the evaluation."""

import numpy as np
from scipy.special import softmax

from fer_core.classification import EmotionClassifier
from fer_core.classification.engines import NetworkOutput
from fer_core.emotions import EMOTIONS, RATER_CLASSES
from fer_core.evaluation import Predictions
from fer_core.testing import fake_card

HAPPY, SAD, NEUTRAL = (EMOTIONS.index(name) for name in ("happy", "sad", "neutral"))


def said(labels, predicted, confidence=0.7, votes=None, raters=None, copies=None, ids=None) -> Predictions:
    """A model that says `predicted` of faces labelled `labels`, with one confidence for all."""
    labels, predicted = np.array(labels, np.int64), np.array(predicted, np.int64)
    n = len(labels)
    probabilities = np.full((n, 7), (1 - confidence) / 6, np.float32)
    probabilities[np.arange(n), predicted] = confidence
    return Predictions(
        probabilities,
        np.full((n, 8), 1 / 8, np.float32) if raters is None else np.array(raters, np.float32),
        labels,
        np.array([f"{row:016x}" for row in range(n)]) if ids is None else np.array(ids),
        np.zeros((n, 10), np.float32) if votes is None else np.array(votes, np.float32),
        copies if copies is None else np.array(copies, np.bool_),
    )


def guesses(n: int, accuracy: float, seed: int) -> Predictions:
    """Noisy probabilities of which about `accuracy` are right."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, 7, n)
    logits = rng.normal(0, 1, (n, 7))
    logits[np.arange(n), labels] += np.where(rng.random(n) < accuracy, 4, -1)
    votes = np.zeros((n, 10), np.float32)
    votes[:, : len(RATER_CLASSES)] = rng.multinomial(10, rng.dirichlet(np.ones(8), n))
    raters = softmax(rng.normal(0, 1, (n, 8)), axis=1).astype(np.float32)
    probabilities = softmax(logits, axis=1).astype(np.float32)
    return Predictions(
        probabilities,
        raters,
        labels,
        np.array([f"{row:016x}" for row in range(n)]),
        votes,
        rng.random(n) < 0.1,
    )


class BrightnessEngine:
    """Says happy of bright faces and sad of dark ones, the surer the further from mid-grey; the contrary with -1."""

    def __init__(self, sign=1):
        self.sign = sign

    def __call__(self, faces):
        logits = np.zeros((len(faces), 7), np.float32)
        logits[:, HAPPY] = self.sign * (faces.mean(axis=(1, 2, 3)) - 127.5) / 10
        logits[:, SAD] = -logits[:, HAPPY]
        maps = np.broadcast_to(logits[:, None, None], (len(faces), 2, 2, 7))
        return NetworkOutput(logits, np.zeros((len(faces), 8), np.float32), maps)


def brightness_classifier(sign: int = 1) -> EmotionClassifier:
    return EmotionClassifier(BrightnessEngine(sign), fake_card())
