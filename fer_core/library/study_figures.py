"""What a study comes to in a few figures, for a row of a table."""

import pandas as pd

from fer_core.library.values import Figures, PersonFigures
from fer_core.timeline.columns import GOOD
from fer_core.timeline.editing.study import Study
from fer_core.timeline.rows import outside, rows_of_person
from fer_core.timeline.statistics.summaries import UNCERTAIN, summarise
from fer_core.timeline.weights import weighted


def figures_of(study: Study) -> Figures:
    """The figures of a study with all its corrections."""
    rows = weighted(study.timeline)
    there = rows["person"].notna()
    seen = rows[there]
    counts = outside(seen, study.notes.excluded)
    seen_s = _seconds(counts)
    frames = rows.assign(empty=~there).groupby("frame").agg(held_s=("held_s", "first"), empty=("empty", "all"))
    return Figures(
        people=int(seen["person"].nunique()),
        samples=len(counts),
        seen_s=seen_s,
        share_uncertain=_share(_seconds(counts[counts["uncertain"].fillna(False).astype(bool)]), seen_s),
        share_good=_share(_seconds(counts[counts["quality"].eq(GOOD)]), seen_s),
        share_excluded=_share(_seconds(seen) - seen_s, _seconds(seen)),
        share_without_face=_share(_seconds(frames[frames["empty"]]), _seconds(frames)),
        longest=_longest(seen, counts),
    )


def _longest(seen: pd.DataFrame, counts: pd.DataFrame) -> PersonFigures | None:
    summary = max(summarise(counts), key=lambda each: each.seen_s, default=None)
    if summary is None:
        return None
    return PersonFigures(
        person=summary.person,
        seconds=summary.seen_s,
        uncertain_s=summary.seen_s * summary.shares[UNCERTAIN],
        excluded_s=max(0.0, _seconds(rows_of_person(seen, summary.person)) - summary.seen_s),
        shares=summary.shares,
        means=summary.means,
    )


def _seconds(rows: pd.DataFrame) -> float:
    return float(rows["held_s"].sum())


def _share(part_s: float, whole_s: float) -> float | None:
    return min(1.0, max(0.0, part_s / whole_s)) if whole_s > 0 else None
