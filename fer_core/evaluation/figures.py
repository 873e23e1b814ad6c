"""The shape of the figures of an evaluation: the JSON of `evaluate`, of `evaluation.json` and of `metrics` in cards.

These are dictionaries, because they are the JSON itself; mypy checks every key that is read or written, and pydantic
checks them where a record is read from a file. Keys stand in the order of the JSON. Shares and probabilities are 0 to
1; intervals are [low, high], 95 %.
"""

from collections.abc import Sequence
from typing import NotRequired

from typing_extensions import TypedDict  # pydantic refuses the one of Python below 3.12

Interval = list[float]
"""[low, high]."""

CoverageCurve = list[tuple[float, float, float]]
"""Rows of (threshold, share of faces kept, accuracy of these)."""


class ReliabilityBar(TypedDict):
    """One group of faces of similar confidence: its size, mean confidence and accuracy."""

    n: int
    confidence: float
    accuracy: float
    accuracy_ci95: Interval


class RocCurve(TypedDict):
    """False and true positive rates of one emotion against the rest."""

    fpr: list[float]
    tpr: list[float]


class PrecisionRecallCurve(TypedDict):
    """Recall and precision of one emotion against the rest."""

    recall: list[float]
    precision: list[float]
    average_precision: float


class Curves(TypedDict):
    """The curves of one model; by emotion, None for one that no face, or every face, is labelled with."""

    roc: dict[str, RocCurve | None]
    precision_recall: dict[str, PrecisionRecallCurve | None]
    reliability: list[ReliabilityBar]
    coverage_accuracy: CoverageCurve


class ClassFigures(TypedDict):
    """Figures of one emotion against the rest; `support` is its number of faces."""

    precision: float
    recall: float
    f1: float
    support: int
    auc: float | None


class Accuracy(TypedDict):
    """Share of faces whose most probable emotion is the label."""

    accuracy: float
    accuracy_ci95: Interval


class FiguresWithoutCopies(TypedDict):
    """Figures of the faces that are not training faces too; None where copies are unknown or all faces are copies."""

    accuracy_deduplicated: float | None
    accuracy_deduplicated_ci95: Interval | None
    ece_deduplicated: float | None
    n_deduplicated: int | None


class FiguresByClass(TypedDict):
    """Figures over the seven emotions; `confusion` (7, 7) counts faces, rows = labels, columns = readings."""

    macro_f1: float
    macro_f1_ci95: Interval
    balanced_accuracy: float
    per_class: dict[str, ClassFigures]
    confusion: list[list[int]]


class FiguresOfProbabilities(TypedDict):
    """Calibration error, negative log likelihood and Brier score (sum over the classes, 0 to 2)."""

    ece: float
    nll: float
    brier: float


class Nearness(TypedDict):
    """Distances of predicted shares from the raters' shares; see `fer_core.evaluation.raters.AGREEMENT_PROTOCOL`."""

    kl: float
    jensen_shannon: float
    cosine: float
    in_top_two: float


class Measured(TypedDict):
    """How a figure was measured, in words, and on how many faces."""

    protocol: str
    n: int


class RaterAgreement(Measured, Nearness):
    """The nearness of a model, and of a baseline that answers every face with the mean shares."""

    doubt_spearman: float | None
    same_for_all: Nearness


class MajorityAccuracy(Measured):
    """Accuracy of the second head against the raters' majority."""

    accuracy: float


class Figures(Accuracy, FiguresWithoutCopies, FiguresByClass, FiguresOfProbabilities):
    """Figures of one model on one set of faces."""

    ferplus: MajorityAccuracy | None
    rater_agreement: RaterAgreement | None


class SplitFigures(Figures):
    """The figures that a record keeps of one split; `parameters` is the model's number of weights."""

    parameters: int


class Costs(TypedDict):
    """Cost of a model: weights, multiply-adds of one face (None where they cannot be counted), bytes by file name."""

    parameters: int
    multiply_adds: int | None
    file_bytes: dict[str, int]


class DegradationFigures(TypedDict):
    """Accuracy under one degradation at severity 0 (clean) to 5; `levels` are the amounts in `unit`."""

    unit: str
    levels: list[float]
    accuracy: list[float]
    accuracy_ci95: list[Interval]


class Robustness(Measured):
    """Accuracy under each degradation, by its name."""

    kinds: dict[str, DegradationFigures]


class OfSplit(TypedDict):
    """The split that faces are from."""

    split: str


class SplitRobustness(OfSplit, Robustness):
    """The robustness that a record keeps."""


class SliceFigures(TypedDict):
    """Figures of the faces of one value of an attribute; no bootstrap interval where there are few."""

    n: int
    accuracy: float
    accuracy_ci95: Interval
    macro_f1: float
    macro_f1_ci95: Interval | None


class WidestGap(TypedDict):
    """The largest difference in accuracy between two slices."""

    best: str
    worst: str
    difference: float
    difference_ci95: Interval
    p_value: float


class JudgedGap(WidestGap):
    """A gap with its p-value corrected for the number of attributes, and the result as a sentence."""

    p_adjusted: float
    established: bool
    sentence: str


class AttributeFigures(TypedDict):
    """Slices of one attribute by value, the number of faces without a value, and the widest gap."""

    slices: dict[str, SliceFigures]
    unknown: int
    gap: JudgedGap | None


class Slices(TypedDict):
    """Figures by attribute."""

    protocol: str
    attributes: dict[str, AttributeFigures]


class ModelFigures(Figures, Costs):
    """Everything that `evaluate` measures of one model; the last two where they were asked for.

    `ece_if_calibrated` is the `ece` that a perfectly calibrated model would show on so many faces.
    """

    latency_ms: float
    ece_if_calibrated: float
    curves: Curves
    slices: NotRequired[Slices]
    robustness: NotRequired[Robustness]


class ComparisonRecord(TypedDict):
    """Two models on the same faces; see `fer_core.evaluation.significance.Comparison`."""

    first: str
    second: str
    n: int
    accuracy_first: float
    accuracy_second: float
    only_first: int
    only_second: int
    difference: float
    difference_ci95: Interval
    p_value: float
    p_adjusted: float
    established: bool
    sentence: str


class SkippedRecord(TypedDict):
    """A file that was left out, and why."""

    file: str
    reason: str


class EvaluationResult(TypedDict):
    """The JSON of `evaluate`."""

    split: str
    n: int
    skipped: Sequence[SkippedRecord]
    models: dict[str, ModelFigures]
    comparisons: list[ComparisonRecord]
    protocols: dict[str, str]
