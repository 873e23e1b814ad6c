"""Read the faces of pictures: uploaded, taken with the camera, or the bundled sample."""

import streamlit as st

from fer_core.classification.explanation import no_map
from fer_core.errors import FerError
from fer_core.ui.image.closely import choose_face, look_closely
from fer_core.ui.image.downloads import downloads
from fer_core.ui.image.labelling import label_faces, wants_to_label
from fer_core.ui.image.overview import overview
from fer_core.ui.image.sources import chosen_files, clear_button
from fer_core.ui.shared import loaders
from fer_core.ui.shared.ahead import load_ahead
from fer_core.ui.shared.notice import footer
from fer_core.ui.shared.purpose import choose_purpose
from fer_core.ui.shared.routing import through_router
from fer_core.ui.shared.seen import readings_are_shown
from fer_core.ui.shared.text import plain
from fer_core.ui.shared.uploads import analyse, forget

through_router()
st.title("Image")
st.markdown("Give it one picture or several; every face in them gets seven probabilities.")
choose_purpose()

cards = {card.name: card for card in loaders.cards_or_stop()}

with st.expander("Settings", icon=":material/tune:"):
    left, right = st.columns(2)
    model = left.selectbox(
        "Model", list(cards), format_func=loaders.titles(cards).__getitem__, key="image model", persist_state="session"
    )
    detector = right.selectbox(
        "Face detector",
        list(loaders.detector_titles()),
        format_func=loaders.detector_titles().__getitem__,
        key="image detector",
        persist_state="session",
    )
    labelling = wants_to_label()

files = chosen_files()
if not files:
    forget(())  # what was read in the last one that was taken away
    load_ahead()
    st.caption("Nothing yet. No picture at hand? Choose *Sample*.")
    footer()
    st.stop()

try:
    pictures = analyse(files, loaders.pipeline(model, detector), (model, detector))
except FerError as error:
    st.error(plain(str(error)), icon=":material/error:")
    st.stop()

if not pictures:  # none of them can be read
    clear_button()
elif labelling:
    clear_button()
    label_faces(pictures)
else:
    readings_are_shown(picture.sha256 for picture in pictures)
    with st.container(horizontal=True, vertical_alignment="center"):
        downloads(pictures)
        clear_button()
    place, face = overview(pictures) if len(pictures) > 1 else (0, None)
    if face is not None:
        choose_face(pictures[place], face)
    mapless = no_map(cards[model])
    with st.container(horizontal=True):
        attention = st.toggle(
            "Show what the model looked at",
            help=mapless or "Class activation map of each face's label.",
            disabled=mapless is not None,
        )
        mesh = st.toggle("Show the mesh", help="The 468 landmarks from which pose, eyes and mouth are measured.")
    look_closely(pictures[place], cards[model].uncertain_below, attention=attention and not mapless, mesh=mesh)
footer()
