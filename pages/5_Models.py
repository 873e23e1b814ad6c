"""Which model, and how do you know: the evidence behind every installed model, and tests on one's own pictures."""

import streamlit as st

from fer_core.errors import FerError
from fer_core.ui.models.claims import claims
from fer_core.ui.models.dataset import dataset
from fer_core.ui.models.files import files
from fer_core.ui.models.overview import overview
from fer_core.ui.models.own_data import own_data
from fer_core.ui.models.picture import picture
from fer_core.ui.models.side_by_side import side_by_side
from fer_core.ui.shared import loaders
from fer_core.ui.shared.notice import footer
from fer_core.ui.shared.routing import through_router
from fer_core.ui.shared.text import plain

SECTIONS = {
    "Overview": overview,
    "Side by side": side_by_side,
    "On a picture": picture,
    "On your data": own_data,
    "Claims": claims,
    "The data": dataset,
    "Files and training": files,
}

through_router()
st.title("Models")
st.markdown(
    "Which model, and how do you know? Every figure of an installed model was measured by a command that you can run "
    "again."
)

cards = loaders.cards_or_stop()

tabs = st.tabs(list(SECTIONS), key="view", on_change="rerun", bind="query-params")
for tab, section in zip(tabs, SECTIONS.values(), strict=True):
    if tab.open:
        with tab:
            try:
                section(cards)
            except FerError as error:
                st.error(plain(str(error)), icon=":material/error:")
footer()
