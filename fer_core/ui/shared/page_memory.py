"""What a page keeps of a visitor's own material: in that visitor's session, and only while they are on the page.

Work that is dropped, or whose session ends, is ended.
"""

import weakref
from typing import Any, Final

import streamlit as st

from fer_core.jobs import Work

KEY: Final = "page memory"


class _Owner:
    """Ends its work when nobody holds it any more."""

    def __init__(self, work: Work[Any]) -> None:
        weakref.finalize(self, work.abandon)


def keep(page: str, name: str, value: Any) -> None:
    """Keep something until the visitor leaves the page or `forget` is called.

    Args:
        page: the last part of the page's address.
        name: to find it again.
        value: anything.
    """
    held = value, _Owner(value) if isinstance(value, Work) else None
    st.session_state.setdefault(KEY, {}).setdefault(page, {})[name] = held


def kept(page: str, name: str) -> Any:
    """What was kept; None where nothing was."""
    value, _ = st.session_state.get(KEY, {}).get(page, {}).get(name, (None, None))
    return value


def forget(page: str, name: str) -> None:
    """Drop it."""
    st.session_state.get(KEY, {}).get(page, {}).pop(name, None)


def forget_other_pages(page: str) -> None:
    """Drop everything that was kept for other pages than this one. `Home.py` calls it in every run."""
    memory = st.session_state.get(KEY, {})
    for other in [name for name in memory if name != page]:
        del memory[other]
