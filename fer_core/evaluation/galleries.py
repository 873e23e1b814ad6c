"""Selections of faces to show: samples, copies, and faces that raters or models read otherwise than the label."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from fer_core.emotions import EMOTION_OF_RATER_CLASS, EMOTIONS, RATER_CLASSES
from fer_core.evaluation.copies import image_ids
from fer_core.evaluation.datasets import VOTE_COLUMNS, FaceSet
from fer_core.evaluation.predictions import Predictions

ANY: Final = "any"
_RATER_ROWS: Final = {emotion: RATER_CLASSES.index(name) for name, emotion in EMOTION_OF_RATER_CLASS.items()}


@dataclass(frozen=True)
class Misread:
    """Which errors to show.

    Attributes:
        label: only faces labelled so, or `ANY`.
        read_as: only faces read so, or `ANY`.
        confidence_from: lowest confidence, 0 to 1.
        confidence_to: highest.
    """

    label: str = ANY
    read_as: str = ANY
    confidence_from: float = 0.0
    confidence_to: float = 1.0


def samples(faces: FaceSet, emotion: str, count: int, seed: int) -> NDArray[np.int64]:
    """At most `count` rows with this label, drawn at random."""
    rows = np.flatnonzero(faces.labels == EMOTIONS.index(emotion))
    return np.sort(np.random.default_rng(seed).permutation(rows)[:count])


def disputed(faces: FaceSet, emotion: str) -> NDArray[np.int64]:
    """Rows with this label that no rater gave, sorted by the raters' agreement, highest first."""
    rated = faces.votes.sum(axis=1) > 0
    of_label = faces.labels == EMOTIONS.index(emotion)
    rows = np.flatnonzero(of_label & rated & (faces.votes[:, _RATER_ROWS[emotion]] == 0))
    return rows[np.argsort(-faces.votes[rows].max(axis=1), kind="stable")]


def misread(predictions: Predictions, wanted: Misread) -> NDArray[np.int64]:
    """Rows that a model gets wrong, the surest first."""
    confidence = predictions.probabilities.max(axis=1)
    chosen = ~predictions.right & (confidence >= wanted.confidence_from) & (confidence <= wanted.confidence_to)
    if wanted.label != ANY:
        chosen &= predictions.labels == EMOTIONS.index(wanted.label)
    if wanted.read_as != ANY:
        chosen &= predictions.predicted == EMOTIONS.index(wanted.read_as)
    rows = np.flatnonzero(chosen)
    return rows[np.argsort(-confidence[rows], kind="stable")]


def rows_by_id(faces: FaceSet) -> dict[str, int]:
    """By the name of its content, a row that holds the picture."""
    return {name: row for row, name in enumerate(image_ids(faces.images).tolist())}


def copies_across_splits(faces: FaceSet) -> list[NDArray[np.int64]]:
    """Rows that hold the same picture in more than one split: one array a picture, contradictory labels first."""
    _, picture, copies = np.unique(image_ids(faces.images), return_inverse=True, return_counts=True)
    together = np.split(np.argsort(picture, kind="stable"), np.cumsum(copies)[:-1])
    groups = [rows for rows in together if len(rows) > 1 and len(set(faces.splits[rows].tolist())) > 1]
    return sorted(groups, key=lambda rows: (not contradictory(faces, rows), rows[0]))


def contradictory(faces: FaceSet, rows: NDArray[np.int64]) -> bool:
    """Whether faces do not all bear the same label."""
    return len(set(faces.labels[rows].tolist())) > 1


def whereabouts(faces: FaceSet, rows: NDArray[np.int64]) -> str:
    """Splits and labels of copies of a picture: "PrivateTest fear · train sad × 2"."""
    places = zip(faces.splits[rows].tolist(), faces.labels[rows].tolist(), strict=True)
    return " · ".join(
        f"{split} {EMOTIONS[label]}" + (f" × {count}" if count > 1 else "")
        for (split, label), count in sorted(Counter(places).items())
    )


def votes_in_words(votes: NDArray[np.float32], most: int = 3) -> str:
    """Votes of one face, float32 (10,), the most frequent of them: "7 neutral, 2 sadness"."""
    order = np.argsort(-votes, kind="stable")[:most]
    return ", ".join(f"{votes[i]:.0f} {VOTE_COLUMNS[i]}" for i in order if votes[i] > 0) or "no votes"


def strip(images: Sequence[NDArray[np.uint8]] | NDArray[np.uint8], gap_px: int = 2) -> NDArray[np.uint8]:
    """Grey faces of one size beside each other, uint8 (H, W); white between them."""
    side = images[0].shape[0]
    gap = np.full((side, gap_px), 255, np.uint8)
    parts = [part for image in images for part in (image, gap)]
    return np.hstack(parts[:-1])
