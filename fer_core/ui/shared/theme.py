"""The visitor's theme."""

from typing import Final

import streamlit as st

_INKS: Final = {"light": "theme.light.textColor", "dark": "theme.dark.textColor"}
_FALLBACK: Final = "#1b2333"


def ink() -> str:
    """The colour of text in the visitor's theme, `#rrggbb`."""
    return st.get_option(_INKS.get(st.context.theme.type or "light", "")) or _FALLBACK
