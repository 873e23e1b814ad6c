"""Charts on pages: shown with their content in words, and saved with one click at the width of a printed page."""

import re
from collections.abc import Callable
from typing import Any, Final

import plotly.graph_objects as go
import streamlit as st

from fer_core.ui.shared.theme import ground, ink

FORMATS: Final = ("SVG", "PNG")
WIDTH_PX: Final = 680
"""About 18 cm, the width of a page; text of charts is then as large as text of a paper."""
HEIGHT_PX: Final = 400
"""Where a chart does not say its own."""

_DENSER: Final = {"SVG": 1, "PNG": 3}  # a PNG has so many pixels to one of the screen: about 300 an inch
_CHOICE, _FORMAT = "choice of figures", "format of figures"


def show_figure(
    figure: go.Figure,
    key: str,
    words: str,
    *,
    name: str,
    place: Any = st,
    on_click: Callable[[], None] | None = None,
) -> None:
    """Show a chart whose only tool, seen when the pointer is over it, saves it as a file.

    Args:
        figure: the chart.
        key: unlike those of all other charts of the page.
        words: the chart, for those who do not see it.
        name: what the file is named after: of the recording or picture, if any, then of the chart.
        place: a column or container.
        on_click: told when a point was chosen; `st.session_state[key]` holds which.
    """
    modebar = {"bgcolor": "rgba(0,0,0,0)", "color": ink(), "activecolor": ink()}
    figure.update_layout(modebar=modebar, paper_bgcolor=ground())  # of the file too, or light text stands on white
    chosen: dict[str, Any] = {} if on_click is None else {"on_select": on_click, "selection_mode": "points"}
    place.plotly_chart(figure, key=key, config=_config(figure, name), alt=words, **chosen)


def choose_format() -> None:
    """Let the visitor choose what charts are saved as; it holds for all pages."""
    st.segmented_control(
        "Charts are saved as",
        FORMATS,
        default=_format(),
        required=True,
        key=_CHOICE,
        on_change=_remember,
        help="Point at a chart and press the camera in its upper right corner. SVG stays sharp at any size and can be "
        "edited; PNG goes into every text program.",
    )


def _remember() -> None:
    """Also for other pages: Streamlit forgets a widget that is not shown."""
    st.session_state[_FORMAT] = st.session_state[_CHOICE]


def _format() -> str:
    return str(st.session_state.get(_FORMAT, FORMATS[0]))


def _config(figure: go.Figure, name: str) -> dict[str, Any]:
    kind = _format()
    return {
        "displaylogo": False,
        "modeBarButtons": [["toImage"]],
        "toImageButtonOptions": {
            "format": kind.lower(),
            "filename": re.sub(r"[\W_]+", "-", name).strip("-"),
            "width": WIDTH_PX,
            "height": figure.layout.height or HEIGHT_PX,
            "scale": _DENSER[kind],
        },
    }
