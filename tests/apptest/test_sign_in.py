"""The dashboard's door without a browser: what somebody sees who has not signed in, may not come in, or may."""

import time
from functools import partial

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest, local_script_runner

from fer_core.errors import AccessError, LibraryError
from fer_core.settings import DATABASE, LIBRARY, LIBRARY_SHARED, SIGN_IN
from fer_core.ui.shared import library, sign_in
from tests.conftest import ROOT

PROVIDER = {"server_metadata_url": "http://id.invalid", "client_id": "faces", "client_secret": "secret"}
SECRETS = {"auth": {"redirect_uri": "http://localhost/oauth2callback", "cookie_secret": "x" * 32, **PROVIDER}}
ADA = {"is_logged_in": True, "iss": "i", "sub": "1", "name": "Ada *L*", "email": "ada@example.org"}
BOB = {"is_logged_in": True, "iss": "i", "sub": "2", "name": "Bob", "email": "bob@example.com"}


@pytest.fixture
def user(monkeypatch):
    """Says who signed in."""
    known: dict[str, object] = {}

    class User:
        get = staticmethod(known.get)
        to_dict = staticmethod(lambda: dict(known))

    monkeypatch.setattr(st, "user", User)
    monkeypatch.setattr(sign_in, "find_spec", lambda name: object())
    monkeypatch.setenv(SIGN_IN, "@example.org")

    def signed_in(claims, **more):
        known.clear()
        known.update({"email_verified": True, **claims, **more})

    return signed_in


def opened(secrets=SECRETS) -> AppTest:
    app = AppTest.from_file(str(ROOT / "Home.py"), default_timeout=60)
    for name, value in secrets.items():
        app.secrets[name] = value
    return app.run()


def words(app: AppTest) -> str:
    parts = (*app.title, *app.markdown, *app.caption, *app.error, *app.warning, *app.subheader)
    return "\n".join(part.value for part in parts)


def buttons(app: AppTest) -> list[str]:
    return [button.label for button in app.button]


def test_without_the_setting_nobody_is_asked():
    app = opened({})
    assert "Sign in" not in buttons(app) and "Sign out" not in buttons(app) and "seven" in words(app)


def test_before_the_sign_in_there_is_nothing_but_its_button(user):
    app = opened()
    assert buttons(app) == ["Sign in"] and not app.exception
    assert words(app) == "Face Value\nWhoever runs this dashboard wants to know who uses it."
    assert not app.sidebar.children


def test_each_identity_provider_has_its_button(user):
    auth = {"redirect_uri": "http://localhost/oauth2callback", "cookie_secret": "x" * 32}
    app = opened({"auth": {**auth, "google": PROVIDER, "keycloak": PROVIDER}})
    assert buttons(app) == ["Sign in with Google", "Sign in with Keycloak"]


def test_who_is_not_on_the_list_reads_one_sentence_and_can_sign_out(user):
    user(BOB)
    app = opened()
    assert buttons(app) == ["Sign out"] and len(app.error) == 1
    assert "is not among those" in app.error[0].value and "seven" not in words(app)


def test_who_is_on_the_list_comes_in_and_is_named(user):
    user(ADA)
    app = opened()
    assert "seven" in words(app) and "Sign out" in buttons(app)
    assert any("Ada \\*L\\*" in caption.value for caption in app.sidebar.caption)


def test_an_old_sign_in_opens_no_new_visit_and_ends_none(user):
    user(ADA, iat=time.time() - sign_in.LASTS_S - 60)
    assert buttons(opened()) == ["Sign in"]
    user(ADA, iat=time.time())
    app = opened()
    user(ADA, iat=time.time() - sign_in.LASTS_S - 60)
    assert "seven" in words(app.run())


def test_signing_out_shuts_the_other_tabs(user, monkeypatch):
    monkeypatch.setattr(st, "logout", lambda: None)
    monkeypatch.setattr(sign_in, "browser_of", lambda cookie: "the same browser")
    user({**ADA, "sub": "two tabs"})
    first, second = opened(), opened()
    next(button for button in first.button if button.label == "Sign out").click().run()
    second.run()
    assert [error.value for error in second.error] == [
        "You signed out in another tab; reload the page to sign in again\\."
    ]
    assert "seven" not in words(second)
    assert "seven" in words(opened()), "a new sign-in opens the door again"


def with_a_part():
    """A page with a part that clicks and timers draw alone, as those on Live, Video and Study."""
    import streamlit as st

    from fer_core.errors import FerError
    from fer_core.ui.shared import library, sign_in

    def keep():
        try:
            library.library()
            st.session_state["said"] = "kept"
        except FerError as error:
            st.session_state["said"] = str(error)

    @sign_in.fragment()
    def part():
        st.markdown("a face")

    if (door := sign_in.door()).opens:
        sign_in.sign_out_button(door.person)
        st.button("Keep", on_click=keep)
        part()
    else:
        sign_in.ask(door)


@pytest.fixture
def two_tabs(user, monkeypatch, tmp_path):
    """Two tabs of one browser, in the first of which its person has signed out."""
    monkeypatch.setenv(LIBRARY, str(tmp_path))
    monkeypatch.setattr(st, "logout", lambda: None)
    monkeypatch.setattr(sign_in, "browser_of", lambda cookie: "the same browser")
    user({**ADA, "sub": str(tmp_path)})
    tabs = [AppTest.from_function(with_a_part, default_timeout=60) for _ in range(2)]
    for tab in tabs:
        tab.secrets["auth"] = SECRETS["auth"]
        assert "a face" in words(tab.run())
    next(button for button in tabs[0].button if button.label == "Sign out").click().run()
    return tabs


def test_signing_out_shuts_other_tabs_of_which_only_a_part_is_drawn_anew(two_tabs, monkeypatch):
    _, other = two_tabs
    [part] = other._fragment_storage._fragments
    only = partial(local_script_runner.RerunData, fragment_id_queue=[part])
    monkeypatch.setattr(local_script_runner, "RerunData", only)
    other.run()
    assert "You signed out in another tab" in words(other) and "a face" not in words(other)


def test_after_signing_out_nothing_is_kept_from_another_tab(two_tabs):
    _, other = two_tabs
    next(button for button in other.button if button.label == "Keep").click().run()
    assert "You signed out in another tab" in other.session_state["said"]


def with_a_part_that_fails():
    """A page below whose part, which could not be drawn, something else stands."""
    import streamlit as st

    from fer_core.errors import MediaError
    from fer_core.ui.shared import sign_in

    @sign_in.fragment()
    def part():
        raise MediaError("clip.mp4 could not be stored (No space left on device); make room there.")

    part()
    st.markdown("the rest")


def test_what_goes_wrong_in_a_part_of_a_page_is_a_sentence_there():
    page = AppTest.from_function(with_a_part_that_fails, default_timeout=60).run()
    assert "make room" in page.error[0].value and "the rest" in words(page) and not page.exception


@pytest.mark.parametrize(
    ("setting", "secrets", "missing", "sentence"),
    [
        ("", SECRETS, [], "nobody may come in yet"),
        ("@example.org", {}, [], "no identity provider is named"),
        ("@example.org", SECRETS, ["authlib"], "extra `sign-in`"),
        ("nonsense", SECRETS, [], "list addresses such as"),
    ],
    ids=["nobody named", "no provider", "not installed", "list not understood"],
)
def test_a_door_that_is_half_built_stays_shut(user, monkeypatch, setting, secrets, missing, sentence):
    monkeypatch.setenv(SIGN_IN, setting)
    monkeypatch.setattr(sign_in, "find_spec", lambda name: None if name in missing else object())
    user(ADA)
    app = opened(secrets)
    assert [sentence in error.value.replace("\\", "") for error in app.error] == [True]
    assert buttons(app) == [] and "seven" not in words(app)


def test_each_person_has_a_library_of_their_own(user, monkeypatch, tmp_path):
    monkeypatch.setenv(LIBRARY, str(tmp_path))
    monkeypatch.setattr(st, "secrets", Secrets)
    folders = []
    for claims in (ADA, {**ADA, "sub": "3", "name": "Cleo"}):
        user(claims)
        assert library.library().entries() == []
        folders.append(library.queue().folder.parent)
        assert claims["name"] in (folders[-1] / "whose.txt").read_text()
        assert (folders[-1] / "catalogue.sqlite3").exists()
    assert folders[0] != folders[1] and {folder.parent for folder in folders} == {tmp_path / "people"}
    monkeypatch.setenv(LIBRARY_SHARED, "yes")
    assert library.queue().folder.parent == tmp_path
    user(BOB)
    monkeypatch.setenv(LIBRARY_SHARED, "no")
    with pytest.raises(AccessError):
        library.library()


def test_one_database_for_all_is_used_only_where_that_is_said(user, monkeypatch, tmp_path):
    monkeypatch.setenv(LIBRARY, str(tmp_path))
    monkeypatch.setenv(DATABASE, str(tmp_path / "catalogue.sqlite3"))
    monkeypatch.setattr(st, "secrets", Secrets)
    user(ADA)
    with pytest.raises(LibraryError, match=LIBRARY_SHARED):
        library.library()
    monkeypatch.setenv(LIBRARY_SHARED, "yes")
    assert library.library().entries() == []


class Secrets:
    """Streamlit's, where no page runs."""

    load_if_toml_exists = staticmethod(lambda: True)
    get = staticmethod(SECRETS.get)
