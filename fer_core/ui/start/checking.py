"""Whether everything works on this machine, and where the dashboard is deployed."""

from collections.abc import Iterable
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import streamlit as st

from fer_core.errors import FerError
from fer_core.ui.shared import sign_in
from fer_core.ui.shared.text import plain
from fer_core.ui.shared.visitor import sits_here

if TYPE_CHECKING:
    from fer_core.diagnostics.checks import Check

_CHECKS = "checks of the deployment"
_ICONS = {True: ":green[:material/check:]", False: ":red[:material/close:]", None: ":gray[:material/skip_next:]"}
_WORDS = {True: "ok", False: "failed", None: "skipped"}


def check_buttons() -> None:
    """Test the installation when asked; whoever sits at this machine can look at all that a deployment needs, too."""
    with st.container(horizontal=True):
        tested = st.button("Test this installation", icon=":material/fact_check:", help="Takes a few seconds.")
        looked = sits_here(st.get_option("server.address") or "", st.context.headers) and st.button(
            "Check the deployment",
            icon=":material/stethoscope:",
            help="Libraries, folders, disk, limits, the camera's ways, and this address as visitors reach it.",
        )
    if tested:
        from fer_core.diagnostics.self_test import self_test  # here, so that the first page need not wait for it

        _show("Testing weights, colour order, orientation and speed …", self_test())
    if looked:
        from fer_core.diagnostics.doctor import doctor

        _show("Looking at this machine and this address …", doctor(_address()))
        st.session_state[_CHECKS] = st.session_state.get(_CHECKS, 0) + 1
        _browser()


def _address() -> str | None:
    """Of the dashboard, as this visitor's browser has it; None where the browser does not say."""
    parts = urlsplit(st.context.url or "")
    return f"{parts.scheme}://{parts.netloc}" if parts.netloc else None


@sign_in.fragment()
def _browser() -> None:
    """What the browser says, when it has."""
    from fer_core.ui.shared.ice import servers_for_visit
    from fer_core.ui.start.browser_ways import browser_checks

    try:
        servers = servers_for_visit()
    except FerError:  # the checks before this tell it
        servers = None
    for check in browser_checks(servers, st.session_state[_CHECKS]):
        st.markdown(_line(check))


def _line(check: "Check") -> str:
    return f"{_ICONS[check.passed]} **{check.name}** ({_WORDS[check.passed]}): {plain(check.detail)}"


def _show(title: str, checks: "Iterable[Check]") -> None:
    """A line a check, as soon as it is there."""
    with st.status(title, expanded=True) as status:
        done = []
        for check in checks:
            done.append(check)
            st.markdown(_line(check))
        failed = sum(check.passed is False for check in done)
        if failed:
            status.update(label=f"{failed} of {len(done)} checks failed", state="error", expanded=True)
        else:
            skipped = sum(check.passed is None for check in done)
            rest = f", {skipped} skipped" if skipped else ""
            status.update(label=f"{len(done) - skipped} checks passed{rest}", state="complete", expanded=True)
