"""Rows of a timeline: those of a person, inside or outside a span of time, or without a quality problem."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from fer_core.timeline.columns import GOOD
from fer_core.timeline.notes import Span
from fer_core.timeline.sampling import between

if TYPE_CHECKING:  # the table computes columns of a person's rows, and would be imported in a circle
    from fer_core.timeline.table import Timeline


def people(source: "Timeline | pd.DataFrame") -> list[int]:
    """Numbers of all people, ascending."""
    return sorted(int(number) for number in rows_of(source)["person"].dropna().unique())


def rows_of(source: "Timeline | pd.DataFrame") -> pd.DataFrame:
    """The rows of a timeline, which is given as a `Timeline` or as its rows."""
    return source if isinstance(source, pd.DataFrame) else source.frame


def rows_of_person(source: "Timeline | pd.DataFrame", person: int) -> pd.DataFrame:
    """The rows of one person in the order of time."""
    frame = rows_of(source)
    return frame[is_person(frame, person)].sort_values("time_s")


def is_person(rows: pd.DataFrame, person: int) -> NDArray[np.bool_]:
    """Whether rows are of a person; a row without a face is of nobody: bool (N,)."""
    return np.asarray(rows["person"].eq(person).fillna(False), bool)


def inside(rows: pd.DataFrame, start_s: float, end_s: float) -> NDArray[np.bool_]:
    """Whether rows are within a stretch of time, its start included and its end not: bool (N,)."""
    return between(rows["time_s"].to_numpy(float), start_s, end_s)


def outside(rows: pd.DataFrame, spans: Sequence[Span]) -> pd.DataFrame:
    """The rows outside all spans."""
    excluded = np.zeros(len(rows), bool)
    for span in spans:
        excluded |= inside(rows, span.start_s, span.end_s)
    return rows[~excluded]


def good_only(rows: pd.DataFrame) -> pd.DataFrame:
    """The rows without a quality problem, rows without a face included."""
    return rows[rows["person"].isna() | rows["quality"].eq(GOOD)]
