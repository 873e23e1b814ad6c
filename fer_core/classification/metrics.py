"""Figures of a model on one split, as the `metrics` of its card state them.

They have the keys of `fer_core.evaluation.figures.SplitFigures` and the number of faces `n`. A key may be missing or
None where a figure was not measured. Shares and probabilities are 0 to 1; intervals are (low, high), 95 %.
"""

from fer_core.classification.recipe import Stated

Interval = tuple[float, float]
"""(low, high)."""


class EmotionFigures(Stated):
    """Figures of one emotion against the rest; `support` is its number of faces."""

    precision: float | None = None
    recall: float | None = None
    f1: float | None = None
    support: int | None = None
    auc: float | None = None


class Measurement(Stated):
    """How a figure was measured, in words, and on how many faces."""

    protocol: str = ""
    n: int | None = None


class MajorityFigures(Measurement):
    """Accuracy of the second output against the majority of the FER+ raters."""

    accuracy: float | None = None


class Distances(Stated):
    """Distances of predicted shares from the raters' shares; see `fer_core.evaluation.raters.AGREEMENT_PROTOCOL`."""

    kl: float | None = None
    jensen_shannon: float | None = None
    cosine: float | None = None
    in_top_two: float | None = None


class RaterFigures(Distances, Measurement):
    """Distances of a model, and of a baseline that answers every face with the mean shares."""

    doubt_spearman: float | None = None
    same_for_all: Distances | None = None


class CardFigures(Stated):
    """Figures of a model on one split; `confusion` (7, 7) counts faces, rows = labels, columns = readings."""

    n: int | None = None
    accuracy: float | None = None
    accuracy_ci95: Interval | None = None
    accuracy_deduplicated: float | None = None
    accuracy_deduplicated_ci95: Interval | None = None
    ece_deduplicated: float | None = None
    n_deduplicated: int | None = None
    macro_f1: float | None = None
    macro_f1_ci95: Interval | None = None
    balanced_accuracy: float | None = None
    per_class: dict[str, EmotionFigures] | None = None
    confusion: list[list[int]] | None = None
    ece: float | None = None
    nll: float | None = None
    brier: float | None = None
    ferplus: MajorityFigures | None = None
    rater_agreement: RaterFigures | None = None
    parameters: int | None = None
