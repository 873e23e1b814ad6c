"""Signing in at a real identity provider on this machine, with a real Chromium."""

import base64
import json
import re
from collections.abc import Iterator
from urllib.parse import quote

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from fer_core.settings import LIBRARY, SIGN_IN
from tests.browser.conftest import started_server
from tests.serving import free_port
from tests.visitor import Visitor

provider = pytest.importorskip("oidc_provider_mock", reason="the identity provider of the tests is not installed")
expect.set_options(timeout=60_000)

PEOPLE = {"ada": "ada@example.org", "cleo": "cleo@example.org", "bob": "bob@example.com"}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A dashboard that lets in example.org, whose people the provider knows."""
    folder = tmp_path_factory.mktemp("sign-in")
    people = [
        provider.User(sub=name, claims={"name": name.capitalize(), "email": address, "email_verified": True})
        for name, address in PEOPLE.items()
    ]
    port = free_port()
    with provider.run_server_in_thread(user_claims=people) as identity:
        secrets = {
            "redirect_uri": f"http://127.0.0.1:{port}/oauth2callback",
            "cookie_secret": "a secret of this test alone, long enough",
            "client_id": "faces",
            "client_secret": "secret",
            "server_metadata_url": f"http://localhost:{identity.server_port}/.well-known/openid-configuration",
        }
        lines = "".join(f"{name} = {json.dumps(value)}\n" for name, value in secrets.items())
        (folder / "secrets.toml").write_text(f"[auth]\n{lines}")
        options = (f"--server.port={port}", f"--secrets.files={folder / 'secrets.toml'}")
        variables = {SIGN_IN: "@example.org", LIBRARY: str(folder / "library")}
        with started_server(folder / "log", options, **variables) as server:
            yield server.address
        said = (folder / "log").read_text()
        assert "Traceback" not in said and not any(address in said for address in PEOPLE.values())


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    context = browser.new_context()
    context.set_default_timeout(60_000)
    yield context
    context.close()


def sign_in(page: Page, name: str) -> None:
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("button", name=re.compile(rf"^\W*{name}\b")).click()


def test_somebody_on_the_list_signs_in_uses_the_pages_and_signs_out(context: BrowserContext, site: str):
    page = context.new_page()
    page.goto(f"{site}/Study")  # not the first page: no address goes past the door
    expect(page.get_by_role("button", name="Sign in")).to_be_visible()
    expect(page.get_by_test_id("stSidebarNav")).to_have_count(0)
    assert "Study" not in page.locator("body").inner_text()
    sign_in(page, "ada")
    expect(page.get_by_test_id("stSidebar").get_by_text("ada@example.org")).to_be_visible()
    page.get_by_role("link", name="Study").click()
    expect(page.get_by_role("heading", name="Study", exact=True)).to_be_visible()
    page.get_by_test_id("stSidebar").get_by_role("button", name="Sign out").click()
    page.get_by_role("button", name="End session").click()  # the provider asks, too
    expect(page.get_by_role("button", name="Sign in")).to_be_visible()
    page.goto(f"{site}/Study")
    expect(page.get_by_role("button", name="Sign in")).to_be_visible()
    sign_in(page, "cleo")
    expect(page.get_by_test_id("stSidebar").get_by_text("cleo@example.org")).to_be_visible()


def test_somebody_else_is_told_so_and_sees_nothing(context: BrowserContext, site: str):
    page = context.new_page()
    page.goto(site)
    sign_in(page, "bob")
    expect(page.get_by_text("bob@example.com is not among those who may use this dashboard")).to_be_visible()
    expect(page.get_by_test_id("stSidebarNav")).to_have_count(0)
    assert "seven calibrated" not in page.locator("body").inner_text()
    expect(page.get_by_role("button", name="Sign out")).to_be_visible()


def test_a_program_that_speaks_the_protocol_gets_no_page_and_no_upload(site: str):
    with Visitor(site) as visitor:
        for page in ("", "Image", "Live", "Video", "Study", "Models"):
            visitor.open(page)
            assert visitor.elements("file_uploader") == [] and "Whoever runs this dashboard" in visitor.text
            assert [button.label for button in visitor.elements("button")] == ["Sign in"]


def test_a_forged_sign_in_is_none(site: str):
    forged = {"is_logged_in": True, "email": "ada@example.org", "email_verified": True, "origin": site, "sub": "ada"}
    for cookie in (json.dumps(forged), base64.b64encode(json.dumps(forged).encode()).decode() + ".1.x"):
        with Visitor(site, further_cookie=f"_streamlit_user={quote(cookie)}") as visitor:
            assert [button.label for button in visitor.open().elements("button")] == ["Sign in"]
