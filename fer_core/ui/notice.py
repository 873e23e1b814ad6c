"""What this tool is not: said at length on the first page and again at the end of every page."""

import streamlit as st

NOT_FEELINGS = "It reads the expression that a face shows, not what a person feels."
PURPOSE = (
    f"{NOT_FEELINGS} Do not use it to judge people at work, in hiring or in education: inferring emotions there is "
    "prohibited in the European Union (AI Act, Article 5(1)(f)), and unsound everywhere. It is no medical device. "
    "Analyse only pictures that you have the right to use, of people who know and agree."
)
PRIVACY = "Pictures are read in this machine's memory, never stored, and never sent to another service."


def purpose_notice() -> None:
    """The whole notice, for the first page."""
    st.warning(f"**What it is not.** {PURPOSE}", icon=":material/gavel:")


def footer() -> None:
    """The same in small print, for the end of a page."""
    st.caption(f"{PURPOSE} {PRIVACY}")
