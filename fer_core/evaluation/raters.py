"""A model beside the ten people of FER+ who each gave every face one of eight classes.

Barsoum et al. (2016), https://arxiv.org/abs/1608.01041. Compared is the model's second head, which learnt from their
votes; its probabilities are the softmax of its logits, uncalibrated.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from fer_core.emotions import RATER_CLASSES
from fer_core.evaluation.figures import MajorityAccuracy, Nearness, RaterAgreement
from fer_core.evaluation.predictions import Predictions

FERPLUS_PROTOCOL: Final = (
    "FER+ majority, 8 classes: single votes dropped, then more than half of the remaining votes for one emotion; other "
    "pictures left out (Barsoum et al., 2016)"
)
AGREEMENT_PROTOCOL: Final = (
    "All faces with at least one FER+ vote for one of the 8 emotions; the raters' split is the shares of those votes, "
    "unknown and not-a-face left out. kl: mean Kullback-Leibler divergence of the model's 8 probabilities from that "
    "split, in nats; jensen_shannon: mean Jensen-Shannon divergence, 0 to 1; cosine: mean cosine similarity; "
    "in_top_two: share of faces whose most probable class was voted for and at most one class has more votes; "
    "doubt_spearman: rank correlation of the model's entropy with that of the votes. same_for_all: the same figures "
    "for answering every face with the mean split."
)


def majority(votes: NDArray[np.float32]) -> tuple[NDArray[np.bool_], NDArray[np.int64]]:
    """The raters' majority by the protocol of FER+.

    Args:
        votes: float32 (N, 10), in the order of `fer_core.evaluation.datasets.VOTE_COLUMNS`.

    Returns:
        bool (N,), for which faces there is one; int64 (N,), indices into `RATER_CLASSES` that mean something there.
    """
    counted = np.where(votes > 1, votes, 0)
    winner = counted.argmax(axis=1)
    return (counted.max(axis=1) > counted.sum(axis=1) / 2) & (winner < len(RATER_CLASSES)), winner


def majority_accuracy(predictions: Predictions) -> MajorityAccuracy | None:
    """Accuracy of the second head against the raters' majority; None without a majority or such a head."""
    agreed, winner = majority(predictions.votes)
    if not agreed.any() or not predictions.rater_probabilities.shape[1]:
        return None
    right = predictions.rater_probabilities[agreed].argmax(axis=1) == winner[agreed]
    return {"protocol": FERPLUS_PROTOCOL, "n": int(agreed.sum()), "accuracy": float(right.mean())}


def agreement(predictions: Predictions) -> RaterAgreement | None:
    """Nearness of the second head to the shares of the votes; None without votes or such a head."""
    from scipy.stats import entropy, spearmanr  # half a second, which a page need not wait for

    rated = predictions.votes[:, : len(RATER_CLASSES)].sum(axis=1) > 0
    if not rated.any() or not predictions.rater_probabilities.shape[1]:
        return None
    shares = predictions.rater_shares[rated].astype(np.float64)
    predicted = predictions.rater_probabilities[rated].astype(np.float64)
    # Rounded, so that splits of votes that are equally doubtful share a rank.
    doubts = entropy(predicted, axis=1).round(9), entropy(shares, axis=1).round(9)
    return {
        "protocol": AGREEMENT_PROTOCOL,
        "n": int(rated.sum()),
        **_nearness(shares, predicted),
        "doubt_spearman": float(spearmanr(*doubts)[0]) if min(map(np.ptp, doubts)) > 0 else None,
        "same_for_all": _nearness(shares, np.broadcast_to(shares.mean(axis=0), shares.shape)),
    }


def raters_on_alike(
    predictions: Predictions, probabilities: NDArray[np.float32], neighbours: int = 100
) -> NDArray[np.float64]:
    """Shares of the raters' votes on the rated faces that the model reads most like this one.

    Args:
        predictions: of a model on faces with votes.
        probabilities: float (7,), of the same model for another face.
        neighbours: how many faces count as alike, those with the nearest probabilities (Euclidean distance).

    Returns:
        float64 (8,), mean shares of the votes in `RATER_CLASSES` order; zeros where nothing was rated.
    """
    rated = np.flatnonzero(predictions.votes[:, : len(RATER_CLASSES)].sum(axis=1))
    distances = np.linalg.norm(predictions.probabilities[rated] - probabilities, axis=1)
    alike = rated[np.argsort(distances, kind="stable")[:neighbours]]
    total = predictions.rater_shares[alike].sum(axis=0, dtype=np.float64)
    return np.asarray(total / max(1, len(alike)))


def _nearness(shares: NDArray[np.float64], predicted: NDArray[np.float64]) -> Nearness:
    from scipy.stats import entropy  # see `agreement`

    predicted = np.maximum(predicted, 1e-12)
    middle = (shares + predicted) / 2
    divergence = (entropy(shares, middle, base=2, axis=1) + entropy(predicted, middle, base=2, axis=1)) / 2
    norms = np.linalg.norm(shares, axis=1) * np.linalg.norm(predicted, axis=1)
    votes_for_top = np.take_along_axis(shares, predicted.argmax(axis=1)[:, None], axis=1)
    top_two = (votes_for_top[:, 0] > 0) & ((shares > votes_for_top).sum(axis=1) <= 1)
    return {
        "kl": float(entropy(shares, predicted, axis=1).mean()),
        "jensen_shannon": float(divergence.mean()),
        "cosine": float(((shares * predicted).sum(axis=1) / norms).mean()),
        "in_top_two": float(top_two.mean()),
    }
