"""What this is, for whom, what it is not, and the way into every page."""

import streamlit as st

from fer_core.drawing import annotate
from fer_core.emotions import EMOTIONS, STYLES
from fer_core.errors import FerError
from fer_core.ui import loaders
from fer_core.ui.notice import PRIVACY, purpose_notice
from fer_core.ui.routing import through_router
from fer_core.ui.samples import SAMPLE_CREDIT, read_sample
from fer_core.ui.uploads import forget

AUDIENCE = (
    ("science", "Researchers and students", "A table of probabilities, and figures that one command measures again."),
    ("monitor_heart", "UX and telehealth", "Expressions with their doubts shown, on a machine that no picture leaves."),
    ("school", "Teachers", "See what a network looks at, where it fails, and how sure it is."),
    ("code", "Developers", "One pipeline for dashboard, command line and Python."),
)


def models() -> None:
    """Which models are ready, with what was measured of them."""
    installed = loaders.cards()
    if not installed:
        st.info("No model is installed. Restore the folder `models` from the release.", icon=":material/info:")
    for card in installed:
        with st.container(border=True):
            st.markdown(f":material/check_circle: **{card.title}** is ready")
            measured = card.metrics.get("PrivateTest")
            if measured is None:
                st.caption("Not measured on FER2013 PrivateTest.")
                continue
            low, high = measured["accuracy_ci95"]
            accuracy, clean, ece, size = st.columns(4)
            accuracy.metric(
                "Accuracy",
                f"{measured['accuracy']:.1%}",
                help=f"FER2013 PrivateTest, {measured['n']:,} faces; 95 % interval {low:.1%} to {high:.1%}.",
            )
            clean.metric(
                "Without copies",
                f"{measured['accuracy_deduplicated']:.1%}",
                help="The same, without the faces that are also among the training faces.",
            )
            ece.metric(
                "Calibration error",
                f"{measured['ece']:.3f}",
                help="How far stated confidence and accuracy lie apart on average (ECE, 15 bins); 0 is perfect.",
            )
            size.metric("Parameters", f"{card.parameters / 1e6:.1f} M")


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
    with st.container(border=True, width="content"):
        st.page_link("pages/1_Image.py", label="**Read a picture**", icon=":material/image:")
purpose_notice()
try:
    with example:
        picture, readings = read_sample()
        st.image(annotate(picture, readings), channels="BGR", alt="Portrait with a box and a label around the face")
        st.caption(f"Read by this machine. {SAMPLE_CREDIT}")
except FerError as error:
    st.error(str(error), icon=":material/error:")
st.subheader("Who it is for")
for column, (icon, who, what) in zip(st.columns(4), AUDIENCE, strict=True):
    with column.container(border=True, height="stretch"):
        st.markdown(f":material/{icon}: **{who}**\n\n{what}")
st.subheader("Models on this machine")
try:
    models()
except FerError as error:
    st.error(str(error), icon=":material/error:")
forget()
st.caption(PRIVACY)
