"""Small things that the sections of the Models page share."""

from collections.abc import Iterable, Iterator
from typing import Any, Final

import plotly.graph_objects as go
import streamlit as st

PAGE: Final = "Models"
"""The last part of the page's address."""

_INKS: Final = {"light": "theme.light.textColor", "dark": "theme.dark.textColor"}
_FALLBACK_INK: Final = "#1b2333"


def plot(figure: go.Figure, key: str, words: str) -> None:
    """A chart without a toolbar, with its content in words for those who do not see it."""
    st.plotly_chart(figure, key=key, config={"displayModeBar": False}, alt=words)


def beside(things: Iterable[str], columns: int = 2) -> Iterator[tuple[str, Any]]:
    """Each thing with a place for it, so many beside each other; on a phone below each other."""
    wanted = list(things)
    for first in range(0, len(wanted), columns):
        row = wanted[first : first + columns]
        yield from zip(row, st.columns(columns, gap="medium"), strict=False)


def ink() -> str:
    """The colour of text in the visitor's theme, `#rrggbb`."""
    return st.get_option(_INKS.get(st.context.theme.type or "light", "")) or _FALLBACK_INK


def size(count: int) -> str:
    """Bytes for people."""
    return f"{count / 1e6:.1f} MB" if count >= 1e5 else f"{count / 1e3:.1f} kB"
