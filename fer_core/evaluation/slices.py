"""Figures of a model by group, and the significance of the widest gap between groups."""

import math
import re
from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from fer_core.evaluation.attributes import UNKNOWN
from fer_core.evaluation.figures import AttributeFigures, JudgedGap, SliceFigures, Slices, WidestGap
from fer_core.evaluation.intervals import RESAMPLES, bootstrap, macro_f1, newcombe, wilson
from fer_core.evaluation.metrics import confusion_table
from fer_core.evaluation.predictions import Predictions
from fer_core.evaluation.significance import SIGNIFICANT
from fer_core.timeline.groups.corrections import holm

SMALLEST: Final = 10
PROTOCOL: Final = (
    "Intervals, 95 %: of accuracy Wilson's; of macro F1 a bootstrap over the faces of a slice that has at least "
    f"{SMALLEST}, {RESAMPLES:,} draws. Gap: accuracy of the best slice minus that of the worst, among slices of at "
    f"least {SMALLEST} faces, with Newcombe's interval for these two (1998, from Wilson's of both). Its "
    f"p-value is the share of {RESAMPLES:,} random divisions of the same faces into slices of the same sizes whose "
    "widest gap is as wide, corrected by Holm's method where there are several attributes. Established: the corrected "
    f"p-value is below {SIGNIFICANT} and the interval does not reach 0. Faces are taken as independent: several "
    "pictures of one person make every interval too narrow. Faces without a value are in no slice."
)


def slices(predictions: Predictions, attributes: Mapping[str, Sequence[str]]) -> Slices:
    """Figures of one model by the values of each attribute.

    Args:
        predictions: of N faces.
        attributes: by name, N values each; "" where a face has none.

    Returns:
        Ready for JSON; `gap` is None where fewer than two slices are large enough.
    """
    tables = {name: _tables(predictions, values) for name, values in attributes.items()}
    gaps = {name: gap for name, by_value in tables.items() if (gap := widest_gap(by_value)) is not None}
    adjusted = dict(zip(gaps, holm([gap["p_value"] for gap in gaps.values()]), strict=True))
    return {
        "protocol": PROTOCOL,
        "attributes": {
            name: {
                "slices": {value: _figures(table) for value, table in by_value.items()},
                "unknown": len(predictions) - sum(int(table.sum()) for table in by_value.values()),
                "gap": _judged(name, gaps[name], adjusted[name]) if name in gaps else None,
            }
            for name, by_value in tables.items()
        },
    }


def gap_in_words(name: str, found: AttributeFigures) -> str:
    """Whether groups differ, why it cannot be said, and how many faces are in no group.

    Args:
        name: of the attribute.
        found: its figures.
    """
    judged = found["gap"]["sentence"] if found["gap"] else f"{name}: fewer than two groups are large enough to compare."
    missing = found["unknown"]
    return f"{judged} Faces without a value: {missing:,}." if missing else judged


def _tables(predictions: Predictions, values: Sequence[str]) -> dict[str, NDArray[np.int64]]:
    """The confusion table of each slice, by value."""
    array = np.array(values)
    named = sorted(set(values) - {UNKNOWN}, key=_place)
    return {value: confusion_table(predictions, array == value) for value in named}


def _place(value: str) -> tuple[float, str]:
    """Where a group stands: by the number that its name begins with, those without one after them, by their letters."""
    number = re.match(r"-?\d+(\.\d+)?", value)
    return (float(number[0]) if number else math.inf, value)


def _figures(table: NDArray[np.int64]) -> SliceFigures:
    n, right = int(table.sum()), int(np.trace(table))
    return {
        "n": n,
        "accuracy": right / n,
        "accuracy_ci95": wilson(right, n),
        "macro_f1": float(macro_f1(table)),
        "macro_f1_ci95": bootstrap(table)["macro_f1"] if n >= SMALLEST else None,
    }


def widest_gap(tables: Mapping[str, NDArray[np.int64]]) -> WidestGap | None:
    """The largest difference in accuracy between two slices of at least `SMALLEST` faces; see `PROTOCOL`.

    Args:
        tables: by value of the attribute, the confusion table of its faces: int64 (C, C), rows = labels.

    Returns:
        None where fewer than two slices are large enough.
    """
    large = {value: table for value, table in tables.items() if table.sum() >= SMALLEST}
    if len(large) < 2:
        return None
    sizes = np.array([table.sum() for table in large.values()])
    right = np.array([np.trace(table) for table in large.values()])
    accuracy = right / sizes
    best, worst = int(accuracy.argmax()), len(accuracy) - 1 - int(accuracy[::-1].argmin())
    rng = np.random.default_rng(0)
    # Dividing the same faces at random leaves the number of right ones in each slice to a hypergeometric draw.
    shuffled = rng.multivariate_hypergeometric(sizes, int(right.sum()), size=RESAMPLES, method="marginals") / sizes
    as_wide = int((np.ptp(shuffled, axis=1) >= np.ptp(accuracy) - 1e-12).sum())
    values = list(large)
    return {
        "best": values[best],
        "worst": values[worst],
        "difference": float(accuracy[best] - accuracy[worst]),
        "difference_ci95": newcombe((int(right[best]), int(sizes[best])), (int(right[worst]), int(sizes[worst]))),
        "p_value": (1 + as_wide) / (1 + RESAMPLES),
    }


def _judged(name: str, gap: WidestGap, p_adjusted: float) -> JudgedGap:
    established = p_adjusted < SIGNIFICANT and gap["difference_ci95"][0] > 0
    return {
        **gap,
        "p_adjusted": p_adjusted,
        "established": established,
        "sentence": _sentence(name, gap, p_adjusted, established),
    }


def _sentence(name: str, gap: WidestGap, p_adjusted: float, established: bool) -> str:
    if not gap["difference"]:
        return f"{name}: groups of at least {SMALLEST} faces are read right equally often: no difference is seen."
    points, low, high = (100 * value for value in (gap["difference"], *gap["difference_ci95"]))
    return (
        f'{name}: "{gap["best"]}" is read right more often than "{gap["worst"]}" by {points:.1f} points '
        f"(95 % interval {low:+.1f} to {high:+.1f}, corrected p = {p_adjusted:.2g}): "
        f"{'established' if established else 'not established'}."
    )
