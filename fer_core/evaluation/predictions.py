"""Predictions of a model for labelled faces, made in one pass; every metric is computed from them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from fer_core.classification import EmotionClassifier
from fer_core.emotions import EMOTIONS, RATER_CLASSES
from fer_core.evaluation.copies import image_ids
from fer_core.evaluation.datasets import VOTE_COLUMNS, rater_shares
from fer_core.jobs import Monitor
from fer_core.logits import softmax

Crops = Sequence[NDArray[np.uint8]] | NDArray[np.uint8]
"""Faces, each uint8 (H, W) grey or (H, W, 3) BGR; an array of them where all are of one size."""

CHUNK: Final = 256
"""Faces classified before progress is told again."""


@dataclass(frozen=True, eq=False)
class Predictions:
    """Probabilities of one model for N labelled faces.

    Attributes:
        probabilities: float32 (N, 7), calibrated, in `EMOTIONS` order.
        rater_probabilities: float32 (N, 8), how the raters of FER+ would split, in `RATER_CLASSES` order; (N, 0) of a
            model that tells nothing of raters.
        labels: int64 (N,), indices into `EMOTIONS`.
        ids: the N names of the pictures by content, as `fer_core.evaluation.copies.image_ids` gives them.
        votes: float32 (N, 10), FER+ votes in the order of `VOTE_COLUMNS`; a row of zeros where a picture has none.
        copies: bool (N,), which pictures are also among the training pictures; None where that is not known.
    """

    probabilities: NDArray[np.float32]
    rater_probabilities: NDArray[np.float32]
    labels: NDArray[np.int64]
    ids: NDArray[np.str_]
    votes: NDArray[np.float32]
    copies: NDArray[np.bool_] | None

    def __len__(self) -> int:
        return len(self.labels)

    def without_copies(self) -> "Predictions":
        """Of the faces that are not known to be training faces too."""
        if self.copies is None:
            return self
        return Predictions(*(values[~self.copies] for values in vars(self).values()))

    @property
    def predicted(self) -> NDArray[np.int64]:
        """The most probable emotions: int64 (N,), indices into `EMOTIONS`."""
        return np.asarray(self.probabilities.argmax(axis=1))

    @property
    def right(self) -> NDArray[np.bool_]:
        """Where the most probable emotion is the label: bool (N,)."""
        return np.asarray(self.predicted == self.labels)

    @property
    def rater_shares(self) -> NDArray[np.float32]:
        """Shares of the raters' votes for the eight emotions: float32 (N, 8), rows summing to 1 or, unrated, to 0."""
        return rater_shares(self.votes)


def predict(
    classifier: EmotionClassifier,
    crops: Crops,
    labels: NDArray[np.int64],
    copies: NDArray[np.bool_] | None = None,
    votes: NDArray[np.float32] | None = None,
    monitor: Monitor | None = None,
) -> Predictions:
    """Read labelled faces with one model.

    Args:
        classifier: the model.
        crops: N faces.
        labels: int64 (N,), indices into `EMOTIONS`.
        copies: bool (N,); see `Predictions`.
        votes: float32 (N, 10); see `Predictions`; None where there are none.
        monitor: takes in how many faces are read, every few hundred; can stop the work.

    Raises:
        StoppedError: the monitor was asked to stop.
    """
    monitor = monitor or Monitor()
    emotion, raters = [np.zeros((0, len(EMOTIONS)), np.float32)], []
    for start in range(0, len(crops), CHUNK):
        result = classifier.classify(list(crops[start : start + CHUNK]))
        emotion.append(result.probabilities)
        told = result.rater_logits if classifier.card.tells_of_raters else result.rater_logits[:, :0]
        raters.append(softmax(told, axis=1) if told.shape[1] else told)
        monitor.step(min(start + CHUNK, len(crops)), len(crops))
    if votes is None:
        votes = np.zeros((len(labels), len(VOTE_COLUMNS)), np.float32)
    rated = np.concatenate(raters) if raters else np.zeros((0, len(RATER_CLASSES)), np.float32)
    return Predictions(np.concatenate(emotion), rated, labels, image_ids(crops), votes, copies)
