"""The way of every visitor through `Home.py`."""

import streamlit as st
from streamlit.runtime.pages_manager import PagesManager


def through_router() -> None:
    """Run a page inside `Home.py`, wherever the visitor came in. The first statement of every page.

    A folder named `pages` makes Streamlit 1.67 run a page's file alone, with a navigation of its own making, until some
    visitor has been to the first page once: a link to a page, opened right after the server's start, shows another
    site. The flag behind that is Streamlit's own, hence the guard.
    """
    if getattr(PagesManager, "uses_pages_directory", False):
        PagesManager.uses_pages_directory = False
        st.rerun()
