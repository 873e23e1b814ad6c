"""Which pictures' readings a visitor has been shown, on whichever page: their labels are no longer blind."""

from collections.abc import Iterable
from typing import Final

import streamlit as st

_SHOWN: Final = "pictures whose readings were shown"


def readings_are_shown(pictures: Iterable[str]) -> None:
    """Remember that the visitor sees what a model reads in these pictures, each by the SHA-256 of its file."""
    _shown().update(pictures)


def readings_were_shown(picture: str) -> bool:
    """Whether the visitor has seen it of the picture with this SHA-256."""
    return picture in _shown()


def _shown() -> set[str]:
    shown: set[str] = st.session_state.setdefault(_SHOWN, set())
    return shown
