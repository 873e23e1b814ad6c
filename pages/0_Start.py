"""What this is, for whom, what it is not, and the way into every page."""

import streamlit as st

from fer_core.emotions import EMOTIONS, STYLES
from fer_core.errors import FerError
from fer_core.media.samples import PORTRAIT_CREDIT, START_VIDEO
from fer_core.ui.shared.notice import PRIVACY, purpose_notice
from fer_core.ui.shared.routing import through_router
from fer_core.ui.shared.text import plain
from fer_core.ui.start.checking import check_buttons
from fer_core.ui.start.model_status import model_table

TASKS: tuple[tuple[str, dict[str, str], str, str, str], ...] = (
    ("pages/1_Image.py", {}, "A picture", "image", "Faces, seven probabilities each, and what the network looked at."),
    ("pages/2_Live.py", {}, "My camera", "videocam", "Several people at once, read as it goes, kept as numbers."),
    ("pages/3_Video.py", {}, "A recording", "movie", "A timeline in step with the player, with events from your log."),
    ("pages/4_Study.py", {}, "A study", "groups", "Many recordings, people and conditions, with honest statistics."),
    (
        "pages/5_Models.py",
        {"view": "On a picture"},
        "Teach with it",
        "school",
        "Samples read with certainty, doubt or wrongly.",
    ),
    ("pages/5_Models.py", {}, "Check the models", "leaderboard", "Accuracies with intervals, calibration, weaknesses."),
)
EXAMPLE = (
    "A recording of a smiling face: a box, a label and seven bars follow it, and a lane grows below. Where a card "
    "covers the mouth, another expression is read; a second person comes and goes; it turns dark."
)
AUDIENCE = (
    ("science", "Researchers and students", "A table of probabilities, and figures that one command measures again."),
    ("monitor_heart", "UX and telehealth", "Expressions with their doubts shown, on a machine that no picture leaves."),
    ("school", "Teachers", "See what a network looks at, where it fails, and how sure it is."),
    ("code", "Developers", "One pipeline for dashboard, command line and Python."),
)


through_router()
words, example = st.columns(2, gap="large", vertical_alignment="center")
with words:
    st.title("Face Value")
    st.markdown(
        "#### Facial expressions read from pictures, with numbers you can check\n"
        "Every face gets seven calibrated probabilities, an honest *uncertain* where the model does not know, and a "
        "map of what it looked at. Everything runs on this machine."
    )
    st.markdown(" &nbsp; ".join(f"{STYLES[name].symbol} {name}" for name in EMOTIONS))
with example:
    st.video(START_VIDEO, loop=True, autoplay=True, muted=True, alt=EXAMPLE)
    st.caption(f"The sample of *Video*, made of one photograph. {PORTRAIT_CREDIT}")
for row in (TASKS[:3], TASKS[3:]):
    for column, (page, query, task, icon, what) in zip(st.columns(3), row, strict=True):
        with column.container(border=True, height="stretch", gap="xsmall"):
            st.page_link(page, label=f"**{task}**", icon=f":material/{icon}:", query_params=query)
            st.caption(what)
purpose_notice()
st.subheader("Who it is for")
for column, (icon, who, what) in zip(st.columns(4), AUDIENCE, strict=True):
    with column.container(border=True, height="stretch"):
        st.markdown(f":material/{icon}: **{who}**\n\n{what}")
st.subheader("Models on this machine")
try:
    model_table()
    check_buttons()
except FerError as error:
    st.error(plain(str(error)), icon=":material/error:")
st.caption(PRIVACY)
