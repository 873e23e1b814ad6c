"""Recorded video over time: from a file to a timeline to explore, correct and hand over."""

import streamlit as st

from fer_core.errors import FerError
from fer_core.ui.shared import loaders
from fer_core.ui.shared.notice import footer
from fer_core.ui.shared.purpose import choose_purpose
from fer_core.ui.shared.routing import through_router
from fer_core.ui.shared.text import plain
from fer_core.ui.video import opening
from fer_core.ui.video.explorer import explore
from fer_core.ui.video.memory import memory, take_live

through_router()
st.title("Video")
st.markdown("Who shows what, and when: read a recording, find its moments, put right what is wrong, take it along.")
choose_purpose()

cards = {card.name: card for card in loaders.cards_or_stop()}

try:
    kept = memory()
except FerError as error:  # no room for its folder
    st.error(plain(str(error)), icon=":material/error:")
    st.stop()
kept.take_in()
try:
    take_live()
    if kept.work is not None:
        opening.progress()
    elif kept.recordings:
        with st.expander("Open another recording", icon=":material/add:", expanded=kept.problem is not None):
            opening.choose(cards)
    else:
        opening.choose(cards)
    explore(cards)
except FerError as error:
    st.error(plain(str(error)), icon=":material/error:")
if kept.recordings or kept.work is not None:
    opening.forget_button()
footer()
