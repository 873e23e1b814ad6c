"""Rows for charts: a limited number of points, and breaks where the person was not seen."""

from collections.abc import Sequence
from itertools import groupby, pairwise
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from fer_core.emotions import EMOTIONS
from fer_core.timeline.columns import GOOD
from fer_core.timeline.sampling import HELD_STEPS, SAME_TIME_S
from fer_core.timeline.statistics.summaries import Stretch

MAX_POINTS: Final = 600
"""Most points of a line; more points are averaged."""

_VALUES: Final = [*EMOTIONS]
_FINE: Final = ("", GOOD)


def thinned(rows: pd.DataFrame, interval_s: float, max_points: int = MAX_POINTS) -> tuple[pd.DataFrame, float]:
    """The rows of one person, averaged over equal stretches of time to about `max_points` rows.

    Returns:
        Columns time_s, frame (the first of a stretch), samples, the seven probabilities, `poor` (number of samples with
        a quality problem) and `quality` (first problem of a stretch, else "good"; empty where the rows have no
        quality); and the seconds between two rows.
    """
    kept = rows[["time_s", "frame", *_VALUES]].astype({"time_s": float})
    kept["quality"] = rows["quality"].to_numpy(object) if "quality" in rows else ""
    kept["poor"] = (~kept["quality"].isin(_FINE)).astype(int)
    if len(rows) <= max_points:
        return kept.assign(samples=1).reset_index(drop=True), interval_s
    places, step_s = _places(kept["time_s"].to_numpy(), interval_s, max_points)
    grouped = kept.groupby(places)
    means = grouped[["time_s", *_VALUES]].mean()
    means.insert(1, "frame", grouped["frame"].first())
    means["poor"] = grouped["poor"].sum()
    means["quality"] = grouped["quality"].agg(_telling)
    return means.assign(samples=grouped.size()).reset_index(drop=True), step_s


def averaged(
    rows: pd.DataFrame, columns: Sequence[str], interval_s: float, max_points: int = MAX_POINTS
) -> tuple[pd.DataFrame, float]:
    """Time and some columns of the rows of one person, averaged as in `thinned`; and the seconds between two rows."""
    kept = rows[["time_s", *columns]].astype(float).reset_index(drop=True)
    if len(kept) <= max_points:
        return kept, interval_s
    places, step_s = _places(kept["time_s"].to_numpy(), interval_s, max_points)
    return kept.groupby(places).mean().reset_index(drop=True), step_s


def _places(times_s: NDArray[np.float64], interval_s: float, max_points: int) -> tuple[NDArray[np.float64], float]:
    """In which of about `max_points` equal stretches each time lies, by number (N,); and the seconds of a stretch."""
    step_s = float(interval_s * np.ceil(len(times_s) / max_points))
    return np.floor(times_s / step_s), step_s


def _telling(qualities: "pd.Series[str]") -> str:
    return next((str(words) for words in qualities if words not in _FINE), str(qualities.iloc[0]))


def with_breaks(rows: pd.DataFrame, step_s: float) -> pd.DataFrame:
    """The rows with an empty row in every gap, at which a line breaks."""
    return _insert(rows, step_s, np.nan)


def with_zeros(rows: pd.DataFrame, step_s: float) -> pd.DataFrame:
    """The rows with probabilities of 0 at both edges of every gap, at which a stacked area is empty."""
    return _insert(rows, step_s, 0.0)


def on_grid(rows: pd.DataFrame, step_s: float, within_s: tuple[float, float], max_columns: int = 2000) -> pd.DataFrame:
    """Mean probabilities over equal stretches between a start and an end; empty where the person was not seen.

    Returns:
        Columns time_s (middle of each stretch) and the seven probabilities.
    """
    start_s, length_s = within_s[0], max(within_s[1] - within_s[0], step_s)
    columns = int(np.clip(np.round(length_s / step_s), 1, max_columns))
    width_s = length_s / columns
    places = np.floor((rows["time_s"].to_numpy(float) - start_s) / width_s + 1e-6).clip(0, columns - 1).astype(int)
    means = rows[_VALUES].astype(float).groupby(places).mean().reindex(range(columns))
    means.insert(0, "time_s", start_s + (np.arange(columns) + 0.5) * width_s)
    return means


def longest_of_each_column(runs: Sequence[Stretch], max_runs: int = 2000) -> list[Stretch]:
    """All stretches, or where there are too many to be seen, the longest that starts in each column of the screen."""
    if len(runs) <= max_runs:
        return list(runs)
    width_s = runs[-1].end_s / max_runs
    columns = groupby(runs, key=lambda run: int(run.start_s / width_s))
    return [max(column, key=lambda run: run.length_s) for _, column in columns]


def spans_of(rows: pd.DataFrame, usual_s: float) -> list[tuple[float, float]]:
    """Spans (start, end) in seconds of consecutive rows with `held_s`."""
    if not len(rows):
        return []
    starts = rows["time_s"].to_numpy(float)
    ends = starts + np.minimum(rows["held_s"].to_numpy(float), HELD_STEPS * usual_s)
    cuts = np.flatnonzero(starts[1:] > ends[:-1] + SAME_TIME_S) + 1
    return [(float(starts[first]), float(ends[after - 1])) for first, after in pairwise([0, *cuts, len(starts)])]


def _insert(rows: pd.DataFrame, step_s: float, value: float) -> pd.DataFrame:
    times = rows["time_s"].to_numpy(float)
    before = np.flatnonzero(np.diff(times) > HELD_STEPS * step_s)
    if not len(before):
        return rows
    edges = pd.DataFrame({"time_s": np.concatenate([times[before] + 1e-3, times[before + 1] - 1e-3])})
    return pd.concat([rows, edges.assign(**dict.fromkeys(_VALUES, value))]).sort_values("time_s", ignore_index=True)
