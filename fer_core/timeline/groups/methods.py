"""A paragraph about computed results for the methods section of a paper."""

import platform
from collections.abc import Sequence
from importlib.metadata import version

import numpy as np

from fer_core.timeline.groups import clusters, curves, effects, power, synchrony
from fer_core.timeline.groups.cells import MIN_PEOPLE
from fer_core.timeline.groups.clusters import ClusterTest
from fer_core.timeline.groups.conditions import Comparison, Share
from fer_core.timeline.groups.curves import MeanCurve
from fer_core.timeline.groups.mixed import MixedModel
from fer_core.timeline.groups.synchrony import Synchrony
from fer_core.version import __version__

Result = Share | Comparison | MeanCurve | ClusterTest | Synchrony | MixedModel

_PERSON = (
    "The person was the unit of all statistics: values of {} were averaged within each person and condition first, "
    "each of them alike, however long."
)
_ALWAYS = f"Groups under {MIN_PEOPLE} people were not compared. Samples that were excluded counted in no figure."


def methods_paragraph(results: Sequence[Result], rows: str = "events") -> str:
    """A sentence for each kind of result, with the versions of the libraries that computed it.

    Args:
        results: all that is shown, means with an interval included.
        rows: what was averaged within people: the rows of the table, such as "events" or "recordings".
    """
    comparisons = [result for result in results if isinstance(result, Comparison)]
    words = [_PERSON.format(rows)] if any(not isinstance(result, MixedModel) for result in results) else []
    words.append(_ALWAYS)
    words += _of_comparisons(comparisons)
    if intervals := _with_intervals(results):
        words.append(
            f"Intervals of {intervals} are 95 % BCa bootstrap intervals over people ({effects.RESAMPLES:,} draws; "
            "Efron, 1987)."
        )
    if any(isinstance(result, MeanCurve) for result in results):
        words.append(
            f"Mean curves have pointwise 95 % percentile bands of {curves.RESAMPLES:,} bootstrap draws of people "
            "(Efron, 1979)."
        )
    tests = [result for result in results if isinstance(result, ClusterTest)]
    if tests:
        words.append(
            "Time courses were compared by cluster permutation (Maris & Oostenveld, 2007): clusters of neighbouring "
            f"moments whose t passes Student's two-sided limit at {clusters.ENTRY_ALPHA:g} for the people with a value "
            "at that moment (their number less one within people, less two between groups), mass as the sum of t, "
            f"{_arrangements([(test.arrangements, test.exact) for test in tests])}. {clusters.THAT_NOT_WHEN}"
        )
    if any(isinstance(result, Synchrony) for result in results):
        words.append(
            "Inter-subject correlation was computed by leaving one person out (Nastase et al., 2019), averaged by "
            f"Fisher's z, with {synchrony.RESAMPLES:,} bootstrap draws of people for the interval and "
            f"{synchrony.SHIFTS:,} circular shifts for the one-sided p."
        )
    models = [result for result in results if isinstance(result, MixedModel)]
    if models:
        states = "all converged" if all(model.converged for model in models) else "NOT all converged"
        words.append(
            "Linear mixed models of single events had condition as fixed effect and a random intercept for each person "
            f"(restricted maximum likelihood; {states}), with likelihood-ratio tests of condition."
        )
    return " ".join([*words, _versions(models)])


def _of_comparisons(comparisons: Sequence[Comparison]) -> list[str]:
    if not comparisons:
        return []
    words = []
    arrangements = [(each.arrangements, each.exact) for each in comparisons]
    designs = {each.design for each in comparisons}
    if "within" in designs:
        words.append("Conditions within people were compared by permutation of signs; the effect size is Cohen's dz.")
    if "between" in designs:
        words.append(
            "Groups of people were compared by permutation of Welch's t; the effect size is Hedges' g (Hedges, 1981)."
        )
    words.append(f"P-values are two-sided, by {_arrangements(arrangements)}.")
    if any(each.family > 1 for each in comparisons):
        words.append(
            "For several comparisons both the family-wise (Holm, 1979) and the false-discovery correction (Benjamini & "
            "Hochberg, 1995) are given."
        )
    sensitivity = {each.power_line() for each in comparisons}
    if len(sensitivity) == 1:
        words.append(sensitivity.pop())
    else:
        words.append(f"Sensitivity is given for {power.POWER:.0%} power at {power.ALPHA:g}.")
    return words


def _with_intervals(results: Sequence[Result]) -> str:
    """Which figures have an interval, in words; empty where none has."""
    kinds = []
    if any(isinstance(result, Share) and np.isfinite(result.interval[0]) for result in results):
        kinds.append("means")
    if any(isinstance(result, Comparison) for result in results):
        kinds.append("differences and effect sizes")
    return " and of ".join(kinds)


def _arrangements(tests: Sequence[tuple[int, bool]]) -> str:
    if all(exact for _, exact in tests):
        return "all arrangements (exact)"
    most = max(count for count, exact in tests if not exact)
    return f"{most:,} random arrangements" + (", all of them where fewer exist" if any(e for _, e in tests) else "")


def _versions(models: Sequence[MixedModel]) -> str:
    parts = [f"Face Value {__version__}", f"Python {platform.python_version()}"]
    parts += [f"{name} {version(name)}" for name in ("numpy", "scipy", "pandas")]
    if models:
        parts.append(f"statsmodels {models[0].version}")
    return f"Computed with {', '.join(parts)}."
