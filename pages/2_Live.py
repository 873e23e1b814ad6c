"""The webcam, read as it goes: in the browser, on this machine."""

import streamlit as st

from fer_core.errors import FerError
from fer_core.ui import live_session, live_view, loaders
from fer_core.ui.browser_check import browser_check
from fer_core.ui.notice import footer
from fer_core.ui.routing import through_router
from fer_core.ui.webcam import Camera, webcam

through_router()
st.title("Live")
st.markdown("The camera's picture with what is read in every face, as it goes. Record it and keep the timeline.")

cards = {card.name: card for card in loaders.cards_or_stop()}

if not live_session.agreed():
    live_view.ask_consent()
    footer()
    st.stop()

browser = browser_check()
if browser and browser.obstacle:
    st.warning(browser.obstacle, icon=":material/videocam_off:")
choice = live_view.choices(cards)
try:
    pipeline = loaders.pipeline(choice.model, choice.detector)
    live = live_session.stream(pipeline, choice.settings)
    left, right = st.columns([8, 5], gap="medium")
    with left:
        try:
            camera = webcam(live, key="camera")
        except FerError as error:
            st.error(str(error), icon=":material/error:")
            camera = Camera(playing=False, connecting=False, failed=True)
        shown = live_view.controls(live, camera, pipeline, choice)
    with right:
        live_view.panel(live, camera, choice.settings.uncertain_below, shown)
    live_view.session_result()
    live_view.snapshots_instead(browser, camera, pipeline, choice)
except FerError as error:
    st.error(str(error), icon=":material/error:")
footer()
