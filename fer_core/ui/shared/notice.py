"""What this tool is not: said at length on the first page and before the camera, in one line on the others."""

import streamlit as st

from fer_core.notice import NOT_FEELINGS, PRIVACY, PURPOSE

__all__ = ["NOT_FEELINGS", "PRIVACY", "PURPOSE", "footer", "purpose_notice", "small_print"]


def purpose_notice() -> None:
    """The whole notice, for the first page."""
    st.warning(f"**What it is not.** {PURPOSE}", icon=":material/gavel:")


def small_print() -> None:
    """The whole notice in small print, for a page that uses the camera."""
    st.caption(f"{PURPOSE} {PRIVACY}")


def footer() -> None:
    """The notice in one line, and the rest of it on a click, for the end of a page."""
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption(NOT_FEELINGS, width="content")
        with st.popover("More", type="tertiary"):
            small_print()
