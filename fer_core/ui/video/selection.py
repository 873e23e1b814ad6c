"""The moment and the person of a click in a chart."""

from collections.abc import Mapping, Sequence
from typing import Any

from fer_core.charts import seconds_of


def selected_time(event: Mapping[str, Any] | None) -> float | None:
    """The time of the first point that was clicked, in seconds; None where no point was.

    Args:
        event: as `st.plotly_chart` gives it. The time of a point is the first value of `customdata`, else its `x`.

    Example:
        >>> selected_time({"selection": {"points": [{"x": "1970-01-01 00:00:05", "customdata": [4.5, 112]}]}})
        4.5
    """
    for point in _selection(event).get("points") or ():
        time_s = _stated(point.get("customdata"), 0)
        if time_s is not None:
            return time_s
        if isinstance(point.get("x"), str):
            return seconds_of(point["x"])
    return None


def _selection(event: Mapping[str, Any] | None) -> Mapping[str, Any]:
    return (event or {}).get("selection") or {}


def _stated(custom: Any, place: int) -> float | None:
    """The number at an index of `customdata`, which is a list, a mapping from indices, or missing."""
    values = list(custom.values()) if isinstance(custom, Mapping) else custom
    if not isinstance(values, Sequence) or isinstance(values, str):
        values = [values]
    value = values[place] if len(values) > place else None
    return float(value) if isinstance(value, int | float) and value == value else None  # not for NaN
