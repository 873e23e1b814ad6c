"""What has to be read and agreed to before there is any camera."""

import streamlit as st

from fer_core.analysis.tracking import LOOK_PX
from fer_core.live.analyser import RECALL_S
from fer_core.ui.live import session
from fer_core.ui.shared.notice import NOT_FEELINGS


def ask_consent() -> None:
    """The notice, and the box to tick before there is any camera."""
    with st.container(border=True):
        st.markdown(
            "#### :material/videocam: Before the camera starts\n"
            "- Pictures go from this browser to the machine that serves this page, are read in its memory and are "
            f"forgotten at once. To tell people apart, a few grey images of each face, {LOOK_PX} by {LOOK_PX} pixels, "
            f"stay in memory until it was not seen for {RECALL_S:.0f} seconds or the camera stops. "
            "**Nothing is stored** unless you record; a recording holds numbers and, unless faces are hidden, the "
            "outline of every face, which is personal data; pictures only where you ask for them.\n"
            f"- {NOT_FEELINGS} At work, in hiring and in education this is prohibited in the European Union.\n"
            "- Everybody whom the camera sees has to know and to agree; nobody may be filmed unasked."
        )
        st.checkbox(
            "I have read this, and everybody in view knows and agrees.",
            key="live consent box",
            on_change=session.agree,
        )
