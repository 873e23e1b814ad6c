"""Columns from several samples of one person: blinks, talking, and movements against the resting face."""

from collections.abc import Collection, Mapping, Sequence
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from fer_core.timeline.blinks import blinks, can_count
from fer_core.timeline.columns import GOOD, GROUP_COLUMNS
from fer_core.timeline.movements import DISTANCES, MOVEMENTS, Geometry, movements, resting
from fer_core.timeline.notes import Span
from fer_core.timeline.sampling import between
from fer_core.timeline.talking import can_tell, talking

TALKING: Final = "talking"
"""Name of the column, and the word in `quality` where it is true."""

_MOVEMENTS: Final = [movement.name for movement in MOVEMENTS]
_EYES: Final = ["eye_open_right", "eye_open_left"]


def with_recording_columns(
    frame: pd.DataFrame,
    measures: pd.DataFrame,
    cuts: Sequence[float] = (),
    rests: Mapping[int, Span] | None = None,
    only: Collection[int] | None = None,
    excluded: Sequence[Span] = (),
) -> pd.DataFrame:
    """The rows with `blink`, `talking`, the movements and `quality` computed from the other columns.

    Args:
        frame: the rows. Rows without the columns of groups do not change.
        measures: of the same rows, by the index of `frame`.
        cuts: times of cuts in seconds; no blink and no talking continues over a cut.
        rests: by person, the span in which their face is at rest; by default, the median of all good samples is used.
        only: the persons whose values are computed; None for all.
        excluded: spans that count for no resting face.
    """
    if not set(GROUP_COLUMNS) <= set(frame.columns):
        return frame
    result, persons = frame.copy(deep=False), frame["person"]
    times_s, sampled_s = frame["time_s"].to_numpy(float), np.unique(frame["time_s"].to_numpy(float))
    shots = np.searchsorted(np.asarray(cuts, float), times_s, side="right")
    flags = {name: frame[name].astype(object).to_numpy(object, copy=True) for name in ("blink", TALKING)}
    quality = frame["quality"].to_numpy(object, copy=True)
    if only is None:
        flags = {name: np.full(len(frame), None, object) for name in flags}
    eyes, mouth = frame[_EYES].to_numpy(float).mean(axis=1), frame["mouth_open"].to_numpy(float)
    for person in [int(number) for number in persons.dropna().unique()] if only is None else only:
        places = np.flatnonzero(persons.eq(person).fillna(False).to_numpy(bool))
        places = places[np.argsort(times_s[places], kind="stable")]
        for shot in np.unique(shots[places]):
            part = places[shots[places] == shot]
            flags["blink"][part] = _blinking(times_s[part], eyes[part], sampled_s)
            flags[TALKING][part] = _talking(times_s[part], mouth[part], sampled_s)
        quality[places] = _with_talking(quality[places], flags[TALKING][places])
    for name, values in flags.items():
        result[name] = pd.array(values, "boolean")
    result["quality"] = pd.Series(quality, frame.index, "object")
    return with_movements(result, measures, rests, only, excluded)


def with_movements(
    frame: pd.DataFrame,
    measures: pd.DataFrame,
    rests: Mapping[int, Span] | None = None,
    only: Collection[int] | None = None,
    excluded: Sequence[Span] = (),
) -> pd.DataFrame:
    """The rows with the movements alone computed anew, by their `quality`; for the arguments see above."""
    if not set(GROUP_COLUMNS) <= set(frame.columns):
        return frame
    persons, times_s = frame["person"], frame["time_s"].to_numpy(float)
    good, counts = frame["quality"].eq(GOOD).to_numpy(bool), np.ones(len(frame), bool)
    for span in excluded:
        counts &= ~between(times_s, span.start_s, span.end_s)
    distances = measures.reindex(index=frame.index, columns=list(DISTANCES)).to_numpy(float)
    moved = frame[_MOVEMENTS].to_numpy(float, copy=True)
    if only is None:
        moved[:] = np.nan
    for person in [int(number) for number in persons.dropna().unique()] if only is None else only:
        of = persons.eq(person).fillna(False).to_numpy(bool)
        rest_span = (rests or {}).get(person)
        chosen = np.zeros(len(frame), bool)
        if rest_span is not None:
            chosen = between(times_s, rest_span.start_s, rest_span.end_s)
        rest = _rest(distances[of], chosen[of], good[of], counts[of])
        moved[of] = np.nan if rest is None else np.column_stack(list(movements(distances[of], rest).values()))
    result = frame.copy(deep=False)
    result[_MOVEMENTS] = moved
    return result


def _on_grid(
    times_s: NDArray[np.float64], values: NDArray[np.float64], sampled_s: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.intp]]:
    """Values on a grid of all sampled times from first to last, NaN where missing; and the index of each value."""
    first, last = np.searchsorted(sampled_s, times_s[[0, -1]])
    grid_s = sampled_s[first : last + 1]
    where = np.searchsorted(grid_s, times_s)
    spread = np.full(len(grid_s), np.nan)
    spread[where] = values
    return grid_s, spread, where


def _blinking(
    times_s: NDArray[np.float64], open_share: NDArray[np.float64], sampled_s: NDArray[np.float64]
) -> NDArray[np.object_]:
    grid_s, spread, where = _on_grid(times_s, open_share, sampled_s)
    if not can_count(grid_s):
        return np.full(len(times_s), None, object)
    flags = np.zeros(len(grid_s), bool)
    for blink in blinks(grid_s, spread):
        flags |= (grid_s > blink.start_s) & (grid_s < blink.end_s)
    return _known(flags[where], open_share)


def _talking(
    times_s: NDArray[np.float64], open_share: NDArray[np.float64], sampled_s: NDArray[np.float64]
) -> NDArray[np.object_]:
    grid_s, spread, where = _on_grid(times_s, open_share, sampled_s)
    if not can_tell(grid_s):
        return np.full(len(times_s), None, object)
    return _known(talking(grid_s, spread)[where], open_share)


def _known(flags: NDArray[np.bool_], values: NDArray[np.float64]) -> NDArray[np.object_]:
    """True or false where there is a value, else None."""
    known = flags.astype(object)
    known[np.isnan(values)] = None
    return known


def _with_talking(quality: NDArray[np.object_], flags: NDArray[np.object_]) -> list[str]:
    """The quality with the word "talking" where the person talks, and without it elsewhere."""
    kept = [[word for word in str(words).split(", ") if word not in (TALKING, GOOD)] for words in quality]
    return [", ".join([*words, TALKING] if flag else words) or GOOD for words, flag in zip(kept, flags, strict=True)]


def _rest(
    distances: NDArray[np.float64], chosen: NDArray[np.bool_], good: NDArray[np.bool_], counts: NDArray[np.bool_]
) -> Geometry | None:
    """The resting face: over the chosen samples that count, else over good ones, else over all that do.

    Where none counts, over all, so that excluded samples have values to be looked at; None where nothing was measured.
    """
    measured = ~np.isnan(distances).any(axis=1)
    counts = counts & measured
    for rows in (chosen & counts, good & counts, counts, measured):
        if rows.any():
            return resting(distances[rows])
    return None
