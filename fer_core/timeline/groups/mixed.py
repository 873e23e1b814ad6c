"""Linear mixed models of single events, with people as random intercepts; needs statsmodels.

Laird and Ware (1982), Random-effects models for longitudinal data. Biometrics 38, 963-974; Baayen, Davidson and Bates
(2008), Journal of Memory and Language 59, 390-412.
"""

import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from fer_core.errors import DependencyError, TimelineError, with_extra
from fer_core.number_text import p_text
from fer_core.timeline.groups.cells import (
    CONDITION,
    COVERAGE,
    NAMELESS,
    SUBJECT,
    Cell,
    cell_of,
    check_people,
    nameless,
    with_own_coverage,
)


@dataclass(frozen=True)
class Term:
    """One fixed effect.

    Attributes:
        name: "intercept" or the condition, whose estimate is its mean minus that of the reference condition.
        estimate: in units of the value.
        standard_error: of the estimate.
        interval: 95 %, by Wald.
        p_value: by Wald's z, two-sided; too small where people are few.
    """

    name: str
    estimate: float
    standard_error: float
    interval: tuple[float, float]
    p_value: float


@dataclass(frozen=True)
class MixedModel:
    """A fitted model: value ~ condition + (1 | subject).

    Attributes:
        value: what was modelled.
        reference: the condition that the others are compared with.
        terms: fixed effects.
        subject_variance: of the random intercepts.
        residual_variance: of single events around a person's mean.
        observations: rows that were used.
        p_condition: of all conditions together, by a likelihood-ratio test against the model without them.
        converged: whether the fit converged; a fit that did not allows no conclusion.
        warnings: of the fit, a sentence each.
        cell: data behind it.
        version: of statsmodels.
    """

    value: str
    reference: str
    terms: tuple[Term, ...]
    subject_variance: float
    residual_variance: float
    observations: int
    p_condition: float
    converged: bool
    warnings: tuple[str, ...]
    cell: Cell
    version: str

    def sentence(self) -> str:
        """The result for people, convergence first."""
        state = "The model converged" if self.converged else "The model did NOT converge, so it says nothing"
        p = p_text(self.p_condition, ".3f")
        doubts = f" Warnings: {'; '.join(self.warnings)}." if self.warnings else ""
        effects = ", ".join(
            f"{term.name} {term.estimate:+.3f} ({term.interval[0]:+.3f} to {term.interval[1]:+.3f})"
            for term in self.terms[1:]
        )
        return (
            f"{state}. {self.value} against {self.reference}: {effects}; conditions together {p} by likelihood ratio, "
            f"{self.observations} events, {self.cell.sentence()}.{doubts}"
        )


def mixed_model(table: pd.DataFrame, value: str, reference: str | None = None) -> MixedModel:
    """Fit value ~ condition with a random intercept for each subject.

    Args:
        table: a row for each event: subject, condition, the value, and `COVERAGE` where known. Rows without a value
            are left out.
        value: name of the column.
        reference: condition that the others are compared with; None for the first by name.

    Raises:
        DependencyError: statsmodels is not installed.
        TimelineError: a column is missing, too few people, conditions or events, or the model cannot be fitted.
    """
    try:
        import statsmodels
        from statsmodels.formula.api import mixedlm
    except ImportError as error:
        raise DependencyError(f"Mixed models need statsmodels; {with_extra('statistics')}.") from error
    rows, behind = _rows(table, value)
    conditions = sorted(rows[CONDITION].unique())
    if len(conditions) < 2:
        raise TimelineError("A mixed model needs events of at least two conditions; give them one each.")
    base = conditions[0] if reference is None else reference
    if base not in conditions:
        raise TimelineError(f'There is no condition "{base}"; choose one of: {", ".join(conditions)}.')
    ordered = [base, *(name for name in conditions if name != base)]
    rows[CONDITION] = pd.Categorical(rows[CONDITION], ordered)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            final = mixedlm("value ~ condition", rows, groups=rows[SUBJECT]).fit(reml=True)
            full, bare = (
                mixedlm(formula, rows, groups=rows[SUBJECT]).fit(reml=False)
                for formula in ("value ~ condition", "value ~ 1")
            )
        except (np.linalg.LinAlgError, ValueError) as error:
            raise TimelineError(
                f"The mixed model of {value} cannot be fitted ({str(error)[:80]}); the values may not vary."
            ) from error
    return MixedModel(
        value=value,
        reference=base,
        terms=_terms(final, ordered),
        subject_variance=float(np.asarray(final.cov_re)[0, 0]),
        residual_variance=float(final.scale),
        observations=len(rows),
        p_condition=_likelihood_ratio(2 * (full.llf - bare.llf), len(conditions) - 1),
        converged=bool(final.converged and full.converged and bare.converged),
        warnings=tuple(dict.fromkeys(str(warning.message).split("\n")[0].strip(". ") for warning in caught)),
        cell=cell_of(behind),
        version=statsmodels.__version__,
    )


def _rows(table: pd.DataFrame, value: str) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The rows with a value, and all rows that tell of the data behind them; see `with_own_coverage`."""
    missing = [name for name in (SUBJECT, CONDITION, value) if name not in table.columns]
    if missing:
        raise TimelineError(f'The table has no column "{missing[0]}"; it needs subject, condition and {value}.')
    if nameless(table):
        raise TimelineError(NAMELESS)
    kept = pd.DataFrame(
        {
            SUBJECT: table[SUBJECT].astype(str),
            CONDITION: table[CONDITION].astype(str),
            "value": table[value].astype(float),
            **{name: table[name] if name in table.columns else np.nan for name in COVERAGE},
        }
    )
    used: pd.DataFrame = kept[np.isfinite(kept["value"])].reset_index(drop=True)
    for condition, rows in used.groupby(CONDITION):
        check_people(rows[SUBJECT].nunique(), f'The condition "{condition}"')
    return used, with_own_coverage(kept.merge(used[[SUBJECT, CONDITION]].drop_duplicates()))


def _terms(fit: Any, conditions: list[str]) -> tuple[Term, ...]:
    intervals = np.asarray(fit.conf_int())
    return tuple(
        Term(
            "intercept" if not place else name,
            float(fit.fe_params.iloc[place]),
            float(fit.bse_fe.iloc[place]),
            (float(intervals[place, 0]), float(intervals[place, 1])),
            float(fit.pvalues.iloc[place]),
        )
        for place, name in enumerate(conditions)
    )


def _likelihood_ratio(statistic: float, freedom: int) -> float:
    """P-value of a likelihood ratio (Wilks 1938)."""
    from scipy.special import chdtrc

    return float(chdtrc(freedom, max(statistic, 0.0)))
