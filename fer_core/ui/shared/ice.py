"""The ICE servers by which a visitor's browser and this machine find each other."""

import secrets
import time
from typing import Any, Final

import streamlit as st

from fer_core.live.ice import LASTS_S, TurnCredentials, ice_servers
from fer_core.settings import settings

_CREDENTIALS: Final = "camera credentials"


def servers_for_visit() -> list[dict[str, Any]] | None:
    """The browser's `iceServers`; TURN servers with credentials of this visit alone where the settings hold a secret.

    They stay the same while the page is run again and again, and are made anew when half of their time is over.

    Raises:
        FerError: the setting of the servers is not understood.
    """
    now = settings()
    servers = ice_servers(now.ice_servers)
    if not servers or not now.turn_secret:
        return servers
    mine: TurnCredentials | None = st.session_state.get(_CREDENTIALS)
    if mine is None or mine.ends_s - time.time() < LASTS_S / 2:
        mine = TurnCredentials.made(now.turn_secret, secrets.token_hex(8), time.time())
        st.session_state[_CREDENTIALS] = mine
    return mine.added(servers)
