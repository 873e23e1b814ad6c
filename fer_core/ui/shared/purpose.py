"""What the work of a visit is for: chosen in one line on every page that reads faces, and sealed into what is read."""

from typing import Final

import streamlit as st

from fer_core.declaration import Declaration, declared
from fer_core.errors import RequestError
from fer_core.ui.shared.text import plain

PURPOSES: Final = (
    "Research with people who agreed",
    "Teaching how such models work",
    "Usability study",
    "Health care, together with the patient",
    "My own use",
)
"""What is offered; any other is said in words."""

NOT_STATED: Final = "Not stated"
OTHER: Final = "Something else"

_DECLARED: Final = "purpose declared"
_CHOICE, _WORDS = "purpose choice", "purpose words"


def purpose() -> Declaration | None:
    """What the visitor declared; None where nothing was."""
    declaration: Declaration | None = st.session_state.get(_DECLARED)
    return declaration


def choose_purpose() -> None:
    """One line that says the purpose, and on a click lets the visitor choose it; remembered for the visit."""
    known = purpose()
    with st.popover(
        f"Purpose: {plain(known.purpose) if known else 'not stated'}", icon=":material/assignment:", type="tertiary"
    ):
        offered = [NOT_STATED, *PURPOSES, OTHER]
        before = NOT_STATED if known is None else known.purpose if known.purpose in PURPOSES else OTHER
        choice = st.selectbox("What is it for?", offered, index=offered.index(before), key=_CHOICE)
        words = "" if choice == NOT_STATED else choice
        if choice == OTHER:
            said = known.purpose if known and before == OTHER else ""
            words = st.text_input("In a line", said, max_chars=200, key=_WORDS, placeholder="usability of our form")
        refused = _keep(words, known)
        if refused:
            st.error(plain(refused), icon=":material/block:")
        st.caption(
            "Sealed with the time into what is read from now on: pictures, timelines, reports, bundles, the library. "
            "Work, hiring and education are refused."
        )


def _keep(words: str, known: Declaration | None) -> str:
    """Declare these words, unless that was done; why they are refused, or nothing."""
    refused, now = "", known
    if not words.strip():
        now = None
    elif known is None or known.purpose != " ".join(words.split()):
        try:
            now = declared(words)
        except RequestError as error:
            refused, now = str(error), None
    if now != known:
        st.session_state[_DECLARED] = now
        if not refused:
            st.rerun()  # the line above says it
    return refused
