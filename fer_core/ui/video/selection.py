"""What a click in a chart of the timeline means, in seconds. Pure: events in, times out."""

from collections.abc import Mapping, Sequence
from typing import Any

from fer_core.charts import seconds_of


def selected_time(event: Mapping[str, Any] | None) -> float | None:
    """The moment of the first point that was clicked; None where none was.

    Args:
        event: as `st.plotly_chart` gives it. A point says its time first in `customdata`, else by its place.

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
    """The number at a place of `customdata`, which comes as a list, as a mapping from places, or not at all."""
    values = list(custom.values()) if isinstance(custom, Mapping) else custom
    if not isinstance(values, Sequence) or isinstance(values, str):
        values = [values]
    value = values[place] if len(values) > place else None
    return float(value) if isinstance(value, int | float) and value == value else None  # not for NaN
