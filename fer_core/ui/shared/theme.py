"""The visitor's theme."""

from typing import Final

import streamlit as st

_INKS: Final = {"light": "theme.light.textColor", "dark": "theme.dark.textColor"}
_GROUNDS: Final = {"light": "theme.light.backgroundColor", "dark": "theme.dark.backgroundColor"}
_FALLBACK: Final = "#1b2333"
_FALLBACK_GROUND: Final = "#fbfbfd"


def ink() -> str:
    """The colour of text in the visitor's theme, `#rrggbb`."""
    return st.get_option(_INKS.get(st.context.theme.type or "light", "")) or _FALLBACK


def ground() -> str:
    """The colour of the page in the visitor's theme, `#rrggbb`."""
    return st.get_option(_GROUNDS.get(st.context.theme.type or "light", "")) or _FALLBACK_GROUND
