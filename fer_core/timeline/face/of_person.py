"""Columns from several samples of one person: blinks, talking, and movements against the resting face."""

from collections.abc import Collection, Mapping, Sequence
from enum import Enum
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from fer_core.timeline.columns import GOOD, GROUP_COLUMNS, problems_in, quality_of
from fer_core.timeline.face.blinks import LOWEST_RATE_HZ as BLINKS_FROM_HZ
from fer_core.timeline.face.blinks import blinks
from fer_core.timeline.face.movements import DISTANCES, MOVEMENTS, movements, resting
from fer_core.timeline.face.talking import LOWEST_RATE_HZ as TALKING_FROM_HZ
from fer_core.timeline.face.talking import talking
from fer_core.timeline.notes import Span
from fer_core.timeline.rows import is_person, people
from fer_core.timeline.sampling import between, can_tell_at

TALKING: Final = "talking"
"""Name of the column, and the word in `quality` where it is true."""

FEWEST_GOOD_SAMPLES: Final = 10
"""Of fewer good samples, the usual face is that of all samples: a few moments do not show what is usual."""


class Basis(Enum):
    """What the movements of a person are measured against: their median face over some of their samples."""

    CHOSEN = "those of the span that was chosen"
    GOOD = "the good ones"
    COUNTED = "all, as too few are good"
    ALL = "all, as all are excluded"


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
        rests: by person, the span in which their face is at rest; by default, and where nothing of it counts,
            the median of all good samples is used, of all samples where fewer than `FEWEST_GOOD_SAMPLES` are good.
        only: the persons whose values are computed; None for all.
        excluded: spans that count for no resting face.
    """
    if not set(GROUP_COLUMNS) <= set(frame.columns):
        return frame
    result = frame.copy(deep=False)
    times_s, sampled_s = frame["time_s"].to_numpy(float), np.unique(frame["time_s"].to_numpy(float))
    shots = np.searchsorted(np.asarray(cuts, float), times_s, side="right")
    flags = {name: frame[name].astype(object).to_numpy(object, copy=True) for name in ("blink", TALKING)}
    quality = frame["quality"].to_numpy(object, copy=True)
    if only is None:
        flags = {name: np.full(len(frame), None, object) for name in flags}
    eyes, mouth = frame[_EYES].to_numpy(float).mean(axis=1), frame["mouth_open"].to_numpy(float)
    for person in people(frame) if only is None else only:
        places = np.flatnonzero(is_person(frame, person))
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
    """The rows with the movements alone computed anew, by their `quality`; see `with_recording_columns`."""
    if not set(GROUP_COLUMNS) <= set(frame.columns):
        return frame
    moved = frame[_MOVEMENTS].to_numpy(float, copy=True)
    if only is None:
        moved[:] = np.nan
    for person in people(frame) if only is None else only:
        of = is_person(frame, person)
        distances = _distances(frame[of], measures)
        found = _at_rest(frame[of], distances, (rests or {}).get(person), excluded)
        rest = None if found is None else resting(distances[found[1]])
        moved[of] = np.nan if rest is None else np.column_stack(list(movements(distances, rest).values()))
    result = frame.copy(deep=False)
    result[_MOVEMENTS] = moved
    return result


def basis_of(
    frame: pd.DataFrame,
    measures: pd.DataFrame,
    person: int,
    rest: Span | None = None,
    excluded: Sequence[Span] = (),
) -> Basis | None:
    """What the movements of a person are measured against; None where no face was measured.

    Args:
        frame: the rows.
        measures: of the same rows, by the index of `frame`.
        person: their number.
        rest: the span that was chosen for their face at rest.
        excluded: spans that count for no resting face.
    """
    own = frame[is_person(frame, person)]
    found = _at_rest(own, _distances(own, measures), rest, excluded)
    return None if found is None else found[0]


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
    flags = np.zeros(len(grid_s), bool)
    for blink in blinks(grid_s, spread, sampled_s):
        flags |= (grid_s > blink.start_s) & (grid_s < blink.end_s)
    return _known(flags[where], can_tell_at(grid_s, BLINKS_FROM_HZ, sampled_s, spread)[where])


def _talking(
    times_s: NDArray[np.float64], open_share: NDArray[np.float64], sampled_s: NDArray[np.float64]
) -> NDArray[np.object_]:
    grid_s, spread, where = _on_grid(times_s, open_share, sampled_s)
    flags = talking(grid_s, spread, sampled_s)
    return _known(flags[where], can_tell_at(grid_s, TALKING_FROM_HZ, sampled_s, spread)[where])


def _known(flags: NDArray[np.bool_], is_known: NDArray[np.bool_]) -> NDArray[np.object_]:
    """True or false where that is known, else None."""
    known = flags.astype(object)
    known[~is_known] = None
    return known


def _with_talking(quality: NDArray[np.object_], flags: NDArray[np.object_]) -> list[str]:
    """The quality with the word "talking" where the person talks, and without it elsewhere."""
    others = [[problem for problem in problems_in(str(words)) if problem != TALKING] for words in quality]
    return [quality_of([*found, TALKING] if flag else found) for found, flag in zip(others, flags, strict=True)]


def _distances(rows: pd.DataFrame, measures: pd.DataFrame) -> NDArray[np.float64]:
    return measures.reindex(index=rows.index, columns=list(DISTANCES)).to_numpy(float)


def _at_rest(
    rows: pd.DataFrame, distances: NDArray[np.float64], rest: Span | None, excluded: Sequence[Span]
) -> tuple[Basis, NDArray[np.bool_]] | None:
    """Which rows of a person the resting face is the median of; None where nothing was measured.

    Where none counts, it is that of all, so that excluded samples have values to be looked at.
    """
    times_s, measured = rows["time_s"].to_numpy(float), np.asarray(~np.isnan(distances).any(axis=1))
    counts = measured.copy()
    for span in excluded:
        counts &= ~between(times_s, span.start_s, span.end_s)
    chosen = counts & between(times_s, rest.start_s, rest.end_s) if rest is not None else np.zeros_like(counts)
    good = counts & rows["quality"].eq(GOOD).to_numpy(bool)
    fewest = {Basis.GOOD: FEWEST_GOOD_SAMPLES}
    choices = {Basis.CHOSEN: chosen, Basis.GOOD: good, Basis.COUNTED: counts, Basis.ALL: measured}
    for basis, among in choices.items():
        if among.sum() >= fewest.get(basis, 1):
            return basis, among
    return None
