"""The webcam, read as it goes: in the browser, on this machine."""

import streamlit as st

from fer_core.errors import FerError
from fer_core.ui.live import connections, session
from fer_core.ui.live.consent import ask_consent
from fer_core.ui.live.controls import controls
from fer_core.ui.live.photographs import snapshots_instead
from fer_core.ui.live.recorded import session_result
from fer_core.ui.live.settings import choose_settings
from fer_core.ui.live.watching import ON, panel
from fer_core.ui.live.webcam import Camera, webcam
from fer_core.ui.shared import loaders
from fer_core.ui.shared.browser_check import browser_check
from fer_core.ui.shared.notice import footer, small_print
from fer_core.ui.shared.purpose import choose_purpose
from fer_core.ui.shared.routing import through_router
from fer_core.ui.shared.text import plain

through_router()
st.title("Live")
cards = {card.name: card for card in loaders.cards_or_stop()}
session.after_a_reload()

if not session.agreed():
    st.markdown("The camera's picture with what is read in every face, as it goes. Record it and keep the timeline.")
    ask_consent()
    choose_purpose()
    small_print()
    st.stop()

browser = browser_check()
with st.container():  # always there: a camera whose place on the page changes stops
    if browser and browser.obstacle:
        st.warning(browser.obstacle, icon=":material/videocam_off:")
# Label and bars stand right below the picture on a phone, so everything that is pressed comes after them.
left, right = st.columns([8, 5], gap="medium")
buttons, settings = st.container(), st.container()
with settings:
    choice = choose_settings(cards)
    choose_purpose()
try:
    pipeline = loaders.pipeline(choice.model, choice.detector)
    live = session.stream(pipeline, choice.settings)
    with left:
        badge = st.empty()
        try:
            camera = webcam(live, key="camera")
        except FerError as error:
            st.error(plain(str(error)), icon=":material/error:")
            camera = Camera(playing=False, connecting=False, failed=True)
        connections.connect(live, choice.connections, choice.model, playing=camera.playing)
        if camera.playing:
            with badge.container(horizontal=True):
                st.badge(ON, icon=":material/visibility:", color="red")
                connections.badges(live)
    with buttons:
        shown = controls(live, camera, pipeline, choice)
    with right:
        panel(live, camera, choice.settings.uncertain_below, shown)
    session_result()
    snapshots_instead(browser, camera, pipeline, choice)
except FerError as error:
    st.error(plain(str(error)), icon=":material/error:")
footer()
