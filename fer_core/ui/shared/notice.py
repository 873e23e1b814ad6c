"""What this tool is not: said at length on the first page and again at the end of every page."""

import streamlit as st

from fer_core.notice import NOT_FEELINGS, PRIVACY, PURPOSE

__all__ = ["NOT_FEELINGS", "PRIVACY", "PURPOSE", "footer", "purpose_notice"]


def purpose_notice() -> None:
    """The whole notice, for the first page."""
    st.warning(f"**What it is not.** {PURPOSE}", icon=":material/gavel:")


def footer() -> None:
    """The same in small print, for the end of a page."""
    st.caption(f"{PURPOSE} {PRIVACY}")
