"""Connections of the Live page with other programs: what is offered, switched on, and shown while it is on."""

import time
from collections.abc import Sequence
from typing import Final

import streamlit as st

from fer_core.errors import FerError
from fer_core.live import LiveStream
from fer_core.live.links import Links
from fer_core.live.outputs.ways import USUAL, Way, ways_of
from fer_core.settings import LIVE, settings
from fer_core.ui.live import session as live_session
from fer_core.ui.shared.text import plain
from fer_core.ui.shared.visitor import sits_here

_NAME: Final = "connections"


def choose() -> tuple[Way, ...]:
    """Ask what is connected; nothing is at first. Nothing is shown to those to whom nothing is offered."""
    try:
        offered = _offered()
    except FerError as error:
        st.error(plain(f"{LIVE} cannot be used: {error}"), icon=":material/error:")
        return ()
    if not offered:
        return ()
    key, first = live_session.remembered(_NAME, [])
    chosen: Sequence[Way] = st.pills(
        "Connect with other programs while the camera is on",
        offered,
        selection_mode="multi",
        default=[way for way in first if way in offered],
        format_func=lambda way: way.title,
        key=key,
        help="Numbers of the people before the camera leave this page, never pictures. A WebSocket is heard on this "
        "machine alone, Lab Streaming Layer by everybody in the local network. Markers come in into a recording.",
    )
    return tuple(chosen)


def connect(live: LiveStream, ways: Sequence[Way], model: str, *, playing: bool) -> None:
    """Connect a stream as chosen while the camera is on. What cannot be connected is said; the page goes on.

    Args:
        live: the visitor's stream.
        ways: that are chosen.
        model: that listeners are told.
        playing: whether the camera is on.
    """
    now, wanted = live.links, (tuple(ways), model) if playing and ways else None
    if (None if now is None else (now.ways, now.model)) == wanted:
        return
    live.connect(None)  # before the next ones are opened, which may have the same addresses
    if wanted is None:
        return
    try:
        live.connect(Links(ways, model, live.mark, time.monotonic()))
    except FerError as error:
        st.error(plain(str(error)), icon=":material/error:")


def badges(live: LiveStream) -> None:
    """Say where readings go and whether markers come in, while they do."""
    links = live.links
    if links is None or links.closed:
        return
    if links.out:
        st.badge(plain(f"Readings go to {', '.join(links.out)}"), icon=":material/cell_tower:", color="orange")
    if links.marker_streams is not None:
        st.badge("Markers come in", icon=":material/input:", color="orange")


def _offered() -> tuple[Way, ...]:
    named = settings().live
    if named:
        return ways_of(named)
    return USUAL if sits_here(st.get_option("server.address") or "", st.context.headers) else ()
