"""The dashboard's door: who signed in, and what stands instead of the pages for everybody else.

`Home.py` asks here once in every run, before any page. Signing in is OpenID Connect by Streamlit, with the identity
provider that the section `[auth]` of Streamlit's secrets names; who may come in, our own settings say.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import wraps
from importlib.util import find_spec
from typing import Any, Final, ParamSpec

import streamlit as st
from streamlit.errors import StreamlitAuthError

from fer_core.access import AllowList, Person
from fer_core.errors import AccessError, DependencyError, FerError, with_extra
from fer_core.settings import SIGN_IN, settings
from fer_core.ui.shared.text import plain
from fer_core.ui.shared.visitor import browser_of

LASTS_S: Final = 12 * 3600.0
"""A sign-in that is older opens no new visit; a visit that is open goes on."""

_NEEDED: Final = ("authlib", "httpx")
_VISITS_AS: Final = "signed in as"
"""Key of the person whose sign-in opened this visit."""

_OPENED_S: Final = "signed in at"
"""Key of the time at which they came in, in seconds since 1970."""

_sign_outs: dict[tuple[str, str], float] = {}
"""When somebody last signed out, in seconds since 1970, by person and browser."""

_ELSEWHERE: Final = "You signed out in another tab; reload the page to sign in again."
_Given = ParamSpec("_Given")


@dataclass(frozen=True)
class Door:
    """Whether a visitor may come in.

    Attributes:
        person: who signed in; None where the dashboard asks nobody, or they may not come in.
        opens: the pages may be shown.
        problem: why they may not, in one sentence; None where it is only that nobody has signed in yet.
        signed_in: somebody did, so that they can sign out.
    """

    person: Person | None
    opens: bool
    problem: str | None = None
    signed_in: bool = False


def door() -> Door:
    """Whether this visitor may come in, now."""
    if not is_asked():
        return Door(None, opens=True)
    try:
        allowed = _allowed()
        _check_installed()
        if not st.user.get("is_logged_in"):
            return Door(None, opens=False)
    except FerError as error:
        return Door(None, opens=False, problem=str(error))
    try:
        person = allowed.admit(st.user.to_dict())
    except AccessError as error:
        return Door(None, opens=False, problem=str(error), signed_in=True)
    if st.session_state.get(_VISITS_AS) != person.key and _is_old(st.user.to_dict()):
        return Door(None, opens=False)
    st.session_state[_VISITS_AS] = person.key
    st.session_state.setdefault(_OPENED_S, time.time())
    if _signed_out():
        return Door(None, opens=False, problem=_ELSEWHERE)
    return Door(person, opens=True, signed_in=True)


def is_asked() -> bool:
    """Whether visitors are asked to sign in: the setting says so, or Streamlit's secrets name an identity provider."""
    return bool(settings().sign_in) or bool(_auth())


def fragment(run_every: float | None = None) -> Callable[[Callable[_Given, None]], Callable[_Given, None]]:
    """`st.fragment` of a page that ends when its visitor signs out in another tab.

    A click or a timer within a fragment runs neither `Home.py` nor the page, so that nothing asks at the door. This
    does, before it draws, and has the whole page run where the door is shut. Streamlit shows what is raised within a
    fragment by the name of its class, before the page could catch it, so that our own errors become sentences here.

    Args:
        run_every: seconds between two runs; None where only what is used in it runs it.
    """

    def of(part: Callable[_Given, None]) -> Callable[_Given, None]:
        @st.fragment(run_every=run_every)
        @wraps(part)
        def drawn(*given: _Given.args, **named: _Given.kwargs) -> None:
            if _signed_out():
                st.rerun(scope="app")
            try:
                part(*given, **named)
            except FerError as error:
                st.error(plain(str(error)), icon=":material/error:")

        return drawn

    return of


def person() -> Person | None:
    """Who signed in; None where the dashboard asks nobody.

    Raises:
        AccessError: this visitor has to sign in, or may not come in.
    """
    found = _known()
    if found is not None and _signed_out():
        raise AccessError(_ELSEWHERE)
    return found


def owner() -> str:
    """What keeps one person's things from another's: the key of who signed in, or nothing.

    They are that person's after a sign-out, too.

    Raises:
        AccessError: this visitor has to sign in, or may not come in.
    """
    found = _known()
    return found.key if found else ""


def ask(door: Door) -> None:
    """What stands instead of a page: who must sign in can, and who may not come in reads why."""
    st.title("Face Value")
    if door.problem:
        st.error(plain(door.problem), icon=":material/lock:")
    if door.signed_in:
        st.button("Sign out", icon=":material/logout:", on_click=st.logout)
    elif not door.problem:
        st.markdown("Whoever runs this dashboard wants to know who uses it.")
        for provider, words in _providers().items():
            if st.button(words, icon=":material/login:", type="primary"):
                _begin(*provider)


def sign_out_button(person: Person) -> None:
    """Who signed in, and the way out, for the sidebar."""
    address = f"  \n{plain(person.address)}" if person.address not in ("", person.name) else ""
    st.caption(f":material/person: {plain(person.name)}{address}")
    st.button("Sign out", icon=":material/logout:", on_click=_sign_out, args=(person,), key="sign out")


def _sign_out(person: Person) -> None:
    """End this visit, and what other tabs of this browser show of the person when they are used or drawn next."""
    _sign_outs[person.key, _browser()] = time.time()
    st.logout()


def _known() -> Person | None:
    """Who this visitor is, whether or not they signed out since."""
    if not is_asked():
        return None
    if not st.user.get("is_logged_in"):
        raise AccessError("Sign in first; reload the page.")
    return _allowed().admit(st.user.to_dict())


def _signed_out() -> bool:
    """Whether who came in by this tab has signed out in another one since."""
    key, opened_s = st.session_state.get(_VISITS_AS), st.session_state.get(_OPENED_S)
    return key is not None and opened_s is not None and _sign_outs.get((key, _browser()), 0.0) > opened_s


def _browser() -> str:
    return browser_of(str(st.context.cookies.get("_streamlit_xsrf", "")))


def _begin(*provider: str) -> None:
    """Send the browser to the identity provider."""
    try:
        st.login(*provider)
    except StreamlitAuthError as error:
        st.error(f"The sign-in is not set up completely: {plain(' '.join(str(error).split()))}", icon=":material/lock:")


def _allowed() -> AllowList:
    now = settings()
    if not now.sign_in:
        raise FerError(
            "A sign-in is set up in Streamlit's secrets, but nobody may come in yet; whoever runs this dashboard has "
            f"to name them in {SIGN_IN}."
        )
    if not _auth():
        raise FerError(
            f"{SIGN_IN} asks for a sign-in, but no identity provider is named; whoever runs this dashboard has to "
            "write the section [auth] of Streamlit's secrets.toml."
        )
    return AllowList.parse(now.sign_in, unverified=now.sign_in_unverified)


def _check_installed() -> None:
    if missing := [name for name in _NEEDED if find_spec(name) is None]:
        raise DependencyError(
            f"The sign-in needs {', '.join(missing)}; whoever runs this dashboard has to {with_extra('sign-in')}."
        )


def _is_old(claims: Mapping[str, Any]) -> bool:
    issued_s = claims.get("iat")
    return isinstance(issued_s, int | float) and time.time() - issued_s > LASTS_S


def _auth() -> Mapping[str, Any]:
    """The section of Streamlit's secrets; empty where there is none."""
    found: Mapping[str, Any] = st.secrets.get("auth", {}) if st.secrets.load_if_toml_exists() else {}
    return found


def _providers() -> dict[tuple[str, ...], str]:
    """Arguments of `st.login` and the words on its button, for each identity provider."""
    auth = _auth()
    found: dict[tuple[str, ...], str] = {(): "Sign in"} if "server_metadata_url" in auth else {}
    for name, value in auth.items():
        if isinstance(value, Mapping) and "server_metadata_url" in value:  # others are settings, as client_kwargs is
            found[name,] = f"Sign in with {name.capitalize()}"
    return found
