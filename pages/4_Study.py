"""A study: many recordings, their people and conditions, compared with the person as the unit."""

import streamlit as st

from fer_core.errors import FerError
from fer_core.ui.shared import loaders
from fer_core.ui.shared.library import library, queue
from fer_core.ui.shared.notice import footer
from fer_core.ui.shared.purpose import choose_purpose
from fer_core.ui.shared.routing import through_router
from fer_core.ui.shared.text import plain
from fer_core.ui.study.curves import curves
from fer_core.ui.study.queue import adding
from fer_core.ui.study.recordings import recordings
from fer_core.ui.study.results import results
from fer_core.ui.study.sample import making_sample
from fer_core.ui.study.taking import taking

SECTIONS = {"Recordings": recordings, "Compare people": results, "Over time": curves, "Take along": taking}

through_router()
st.title("Study")
st.markdown("Many recordings, one table: who was recorded under which condition, what is missing, and what differs.")
choose_purpose()

try:
    cards = {card.name: card for card in loaders.cards_or_stop()}
    opened = library()
    adding(opened, queue(), cards)
    making_sample()
    tabs = st.tabs(list(SECTIONS), key="study part", on_change="rerun")
    for tab, section in zip(tabs, SECTIONS.values(), strict=True):
        if tab.open:
            with tab:
                section(opened)
except FerError as error:
    st.error(plain(str(error)), icon=":material/error:")
footer()
