"""Pages that were closed: what the server holds of them ends on time, and not only when somebody else comes.

Streamlit keeps a page whose connection broke off for two minutes, so that it can come back. It looks for those whose
time is over only when another page connects or closes; until then, pictures of a closed page stay in memory and can be
fetched by their addresses. Three private names of Streamlit are used; a test holds them.
"""

from asyncio import AbstractEventLoop
from typing import Any, Final

import streamlit as st
from streamlit import runtime

EVERY_S: Final = 20.0
"""Seconds between two looks."""


@st.cache_resource(show_spinner=False)
def end_closed_visits() -> None:
    """Begin to look, once in the life of a server. `Home.py` calls it in every run."""
    if not runtime.exists():
        return
    server: Any = runtime.get_instance()
    visits = getattr(server, "_session_mgr", None)
    if visits is None:  # pages that run alone, as in a test
        return
    loop: AbstractEventLoop = server._get_async_objs().eventloop
    loop.call_soon_threadsafe(_look, loop, visits._session_storage)


def _look(loop: AbstractEventLoop, storage: Any) -> None:
    """On the server's own thread, because nothing of it may be touched from another."""
    end_expired(storage)
    loop.call_later(EVERY_S, _look, loop, storage)


def end_expired(storage: Any) -> int:
    """End the visits in a `MemorySessionStorage` whose time is over; their number."""
    expired = storage._cache.expire()
    for _, visit in expired:
        visit.session.shutdown()
    return len(expired)
