"""The rows of a bundle against those that reading the recording again gives: how far they agree."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from typing import Final, Literal

import numpy as np
import pandas as pd

from fer_core.emotions import EMOTIONS
from fer_core.media.files import harmless
from fer_core.request import AnalysisRequest
from fer_core.timeline.columns import GROUPS, PICTURE_COLUMNS, RAW_COLUMNS, described
from fer_core.timeline.files import typed_rows
from fer_core.timeline.table import Timeline, refreshed

Verdict = Literal[
    "identical", "equal within rounding", "equal but for edited people", "differs", "changed", "another recording"
]

BOX: Final = ("x", "y", "width", "height")
ORDER: Final = ["time_s", "x", "y"]
_OF_UNIT: Final[Mapping[str, float]] = {"degrees": 2.0, "percent": 2.0}
_READ: Final[Mapping[str, float]] = {
    "time_s": 0.001,
    "frame": 0,
    **dict.fromkeys(BOX, 2),
    **dict.fromkeys(RAW_COLUMNS, 0.01),
    **{name: _OF_UNIT.get(column.unit, 0.02) for name, column in described(PICTURE_COLUMNS).items()},
}
_FOLLOWS: Final[Mapping[str, float]] = {
    "person": 0,
    **dict.fromkeys((*EMOTIONS, "confidence"), 0.01),
    **dict.fromkeys(GROUPS["movements"], _OF_UNIT["percent"]),
}
TOLERANCES: Final[Mapping[str, float]] = {**_READ, **_FOLLOWS}
"""What another processor or library version may change: seconds, pixels, probability, degrees, shares, percent. `label`
and `uncertain` may differ where a probability within this tolerance decides, a label only for one that is nearly as
probable as the first; `quality`, `blink` and `talking` in one row of a hundred."""

QUALITY_SHARE: Final = 0.01


def compare(kept: pd.DataFrame, again: Timeline) -> tuple[Verdict, tuple[str, ...]]:
    """The verdict and findings for the rows of a bundle, with the dtypes of `typed_rows`, against a re-run."""
    kept, now = _ordered(kept), _ordered(typed_rows(again))
    cut, absent = lacking(kept.columns, now.columns, GROUPS.values())
    if cut:
        return "differs", (cut_words(cut),)
    verdict, findings = _compared(kept, now.drop(columns=absent), again)
    return without_all(verdict, absent), (*findings, *absent_words(absent))


def lacking(
    kept: Collection[str], again: Collection[str], groups: Iterable[Collection[str]]
) -> tuple[list[str], list[str]]:
    """Columns that the analysis gives and a bundle lacks.

    Returns:
        Those of groups that it has in part, which no version wrote, and those of groups that it lacks, as bundles of
        versions do that did not measure them.
    """
    cut: list[str] = []
    absent: list[str] = []
    for group in groups:
        missing = [name for name in group if name in again and name not in kept]
        (cut if any(name in kept for name in group) else absent).extend(missing)
    return cut, absent


def cut_words(names: Iterable[str]) -> str:
    """The finding about columns of a group that is there in part."""
    return f"The bundle lacks columns that come with others that it has: {', '.join(names)}."


def absent_words(names: Collection[str]) -> tuple[str, ...]:
    """The finding about columns of groups that are not there, if any."""
    listed = ", ".join(names)
    return (f"The bundle lacks these columns, so nothing confirms anything about them: {listed}.",) if names else ()


def without_all(verdict: Verdict, absent: Collection[str]) -> Verdict:
    """The verdict about a bundle that lacks columns: it is not identical with what the analysis gives."""
    return "equal within rounding" if absent and verdict == "identical" else verdict


def _compared(kept: pd.DataFrame, now: pd.DataFrame, again: Timeline) -> tuple[Verdict, tuple[str, ...]]:
    if kept.equals(now):
        which = "The only row is" if len(kept) == 1 else f"All {len(kept):,} rows are"
        return "identical", (f"{which} the same to the last digit.",)
    if unknown := [name for name in kept.columns if name not in now.columns]:
        return "differs", (f"No analysis gives these columns of the bundle: {harmless(', '.join(unknown))}.",)
    if missing := _other_moments(kept, now):
        return "differs", missing
    readings = _beyond(kept, now, _READ)
    following = _not_following(kept, now, again.request)
    if not readings and not following:
        largest = max(float(distance(kept[name], now[name]).max()) for name in (*EMOTIONS, *RAW_COLUMNS))
        return "equal within rounding", (
            f"No row of {len(kept):,} differs by more than the tolerances; the largest difference of a probability is "
            f"{largest:.2g}.",
        )
    if not readings and not _not_following(kept, _with_people_of(kept, again), again.request):
        renumbered = int((distance(kept["person"], now["person"]) > 0).sum())
        return "equal but for edited people", (
            f"All {len(kept):,} readings agree, but {renumbered:,} are given to other persons than the analysis gives "
            "them to: people were merged or split. Everything else follows from the readings.",
        )
    if not readings:
        following.insert(0, "The raw readings agree, but not what was made of them.")
    return "differs", (*readings, *following)


def _not_following(kept: pd.DataFrame, now: pd.DataFrame, request: AnalysisRequest) -> list[str]:
    return [*_beyond(kept, now, _FOLLOWS), *_other_words(kept, now, request)]


def _with_people_of(kept: pd.DataFrame, again: Timeline) -> pd.DataFrame:
    """The re-run as it would be if its readings were those people's; rows must correspond."""
    measures = again.measures.reindex(again.frame.index).reset_index(drop=True)
    ordered = typed_rows(again).sort_values(ORDER, kind="stable")
    rows = ordered.reset_index(drop=True).assign(person=kept["person"])
    renewed = replace(again, frame=rows, measures=measures.reindex(ordered.index).reset_index(drop=True))
    return typed_rows(refreshed(renewed))


def _ordered(rows: pd.DataFrame) -> pd.DataFrame:
    return rows.sort_values(ORDER, kind="stable", ignore_index=True)


def _other_moments(kept: pd.DataFrame, now: pd.DataFrame) -> tuple[str, ...]:
    """Where the two have another number of samples or faces; nothing where they correspond."""
    counted = [rows.groupby(rows["time_s"].round(3))["person"].agg(["size", "count"]) for rows in (kept, now)]
    both = counted[0].add_suffix("_kept").join(counted[1].add_suffix("_now"), how="outer").fillna(0)
    other = (both["size_kept"] != both["size_now"]) | (both["count_kept"] != both["count_now"])
    moments = [float(moment) for moment in both.index[other]]
    if not moments:
        return ()
    first = ", ".join(f"{moment:.2f} s" for moment in moments[:5])
    findings = [
        f"The bundle has {len(kept):,} rows, the re-run {len(now):,}; they have other samples or faces at "
        f"{len(moments):,} moments, first at {first}."
    ]
    keys = ["time_s", *BOX]
    if len(kept) < len(now) and len(kept.merge(now[keys].drop_duplicates(), on=keys)) == len(kept):
        findings.append("What the bundle holds is found again: a person or a stretch of time was left out of it.")
    return tuple(findings)


def _beyond(kept: pd.DataFrame, again: pd.DataFrame, tolerances: Mapping[str, float]) -> list[str]:
    """Columns that differ by more than they may, with how much and where."""
    found = []
    for name, tolerance in tolerances.items():
        if name not in kept or name not in again:
            continue
        apart = distance(kept[name], again[name])
        if (apart > tolerance).any():
            worst = int(apart.argmax())
            found.append(
                f"{name} differs in {int((apart > tolerance).sum()):,} of {len(kept):,} rows, most at "
                f"{kept['time_s'].iat[worst]:.2f} s: {_shown(kept[name].iat[worst])} in the bundle, "
                f"{_shown(again[name].iat[worst])} now."
            )
    return found


def _other_words(kept: pd.DataFrame, again: pd.DataFrame, request: AnalysisRequest) -> list[str]:
    """Labels, doubts and quality words that no rounding explains."""
    probabilities = again[[*EMOTIONS]].to_numpy(float)
    top = probabilities.max(axis=1)
    close = {
        "label": top - _of_labels(kept["label"], probabilities) <= 2 * TOLERANCES["confidence"],
        "uncertain": np.abs(top - request.threshold) <= TOLERANCES["confidence"],
    }
    found = []
    for name in ("label", "uncertain", "quality", "blink", "talking"):
        if name not in kept or name not in again:
            continue
        other = (kept[name].astype("string").fillna("") != again[name].astype("string").fillna("")).to_numpy(bool)
        if name in close:
            other &= ~close[name]
        elif other.mean() <= QUALITY_SHARE:
            continue
        if other.any():
            first = int(other.argmax())
            found.append(
                f"{name} differs in {int(other.sum()):,} of {len(kept):,} rows, first at "
                f"{kept['time_s'].iat[first]:.2f} s: {kept[name].iat[first]} in the bundle, {again[name].iat[first]} "
                "now."
            )
    return found


def _of_labels(labels: pd.Series, probabilities: np.ndarray) -> np.ndarray:
    """Of each row the probability of its label; minus infinity where that is none of the seven."""
    places = labels.map({name: place for place, name in enumerate(EMOTIONS)}).to_numpy(float, na_value=-1).astype(int)
    given = probabilities[np.arange(len(places)), places]
    return np.where(places < 0, -np.inf, given)


def distance(kept: pd.Series, again: pd.Series) -> np.ndarray:
    """Absolute differences; 0 where both are empty, infinite where one is."""
    a, b = kept.to_numpy(float, na_value=np.nan), again.to_numpy(float, na_value=np.nan)
    apart = np.where(np.isnan(a) & np.isnan(b), 0.0, np.abs(a - b))
    return np.where(np.isnan(apart), np.inf, apart)


def _shown(value: object) -> str:
    return f"{value:.6g}" if isinstance(value, float) else str(value)
