"""What this is, for whom, what it is not, and the way into every page."""

import streamlit as st

from fer_core.emotions import EMOTIONS, STYLES
from fer_core.errors import FerError
from fer_core.imaging.drawing import annotate
from fer_core.ui.shared.notice import PRIVACY, purpose_notice
from fer_core.ui.shared.routing import through_router
from fer_core.ui.shared.samples import SAMPLE_CREDIT, read_sample
from fer_core.ui.shared.text import plain
from fer_core.ui.start.model_status import model_table, self_test_button

WAYS = (
    ("pages/1_Image.py", "Read a picture", "image"),
    ("pages/2_Live.py", "Use the camera", "videocam"),
    ("pages/3_Video.py", "Explore a recording", "movie"),
    ("pages/4_Study.py", "Compare people", "groups"),
    ("pages/5_Models.py", "Compare the models", "leaderboard"),
)
AUDIENCE = (
    ("science", "Researchers and students", "A table of probabilities, and figures that one command measures again."),
    ("monitor_heart", "UX and telehealth", "Expressions with their doubts shown, on a machine that no picture leaves."),
    ("school", "Teachers", "See what a network looks at, where it fails, and how sure it is."),
    ("code", "Developers", "One pipeline for dashboard, command line and Python."),
)


through_router()
words, example = st.columns([3, 2], gap="large", vertical_alignment="center")
with words:
    st.title("Face Value")
    st.markdown(
        "#### Facial expressions read from pictures, with numbers you can check\n"
        "Every face gets seven calibrated probabilities, an honest *uncertain* where the model does not know, and a "
        "map of what it looked at. Everything runs on this machine."
    )
    st.markdown(" &nbsp; ".join(f"{STYLES[name].symbol} {name}" for name in EMOTIONS))
    with st.container(horizontal=True):
        for page, label, icon in WAYS:
            with st.container(border=True, width="content"):
                st.page_link(page, label=f"**{label}**", icon=f":material/{icon}:")
purpose_notice()
try:
    with example:
        picture, readings = read_sample()
        st.image(annotate(picture, readings), channels="BGR", alt="Portrait with a box and a label around the face")
        st.caption(f"Read by this machine. {SAMPLE_CREDIT}")
except FerError as error:
    st.error(plain(str(error)), icon=":material/error:")
st.subheader("Who it is for")
for column, (icon, who, what) in zip(st.columns(4), AUDIENCE, strict=True):
    with column.container(border=True, height="stretch"):
        st.markdown(f":material/{icon}: **{who}**\n\n{what}")
st.subheader("Models on this machine")
try:
    model_table()
    self_test_button()
except FerError as error:
    st.error(plain(str(error)), icon=":material/error:")
st.caption(PRIVACY)
