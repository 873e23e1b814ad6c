"""A real server and a real Chromium."""

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from tests.browser.film import film_face
from tests.chromium import CHROMIUM, MISSING, launched
from tests.serving import started


@dataclass(frozen=True)
class Server:
    """A dashboard that runs.

    Attributes:
        address: where it answers.
        process: number of its process.
    """

    address: str
    process: int


@contextmanager
def running_server(**environment: str) -> Iterator[str]:
    """A dashboard of its own, with these environment variables; gives its address."""
    with started_server(Path(os.devnull), **environment) as server:
        yield server.address


@contextmanager
def started_server(printed: Path, further: Sequence[str] = (), **environment: str) -> Iterator[Server]:
    """A dashboard of its own that prints into a file, with further options of Streamlit; what it keeps is its own."""
    with TemporaryDirectory() as folder:
        own = {"XDG_DATA_HOME": f"{folder}/data", "FACE_VALUE_UNFINISHED": f"{folder}/unfinished"}
        with started(printed, further, **{**own, **environment}) as (address, process):
            yield Server(address, process.pid)


@pytest.fixture(scope="session")
def server() -> Iterator[str]:
    """The address of the dashboard that the tests share."""
    with running_server() as address:
        yield address


@pytest.fixture(scope="session")
def launch() -> Iterator[Callable[..., Browser]]:
    """Starts a Chromium with more options than the usual ones; all are closed at the end."""
    if CHROMIUM is None:
        pytest.fail(MISSING)
    with sync_playwright() as playwright:
        browsers: list[Browser] = []

        def one_more(*options: str) -> Browser:
            browsers.append(launched(playwright, *options))
            return browsers[-1]

        yield one_more
        for chromium in browsers:
            chromium.close()


@pytest.fixture(scope="session")
def browser(launch: Callable[..., Browser]) -> Browser:
    """Its camera shows a moving test picture without a face."""
    return launch("--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream")


@pytest.fixture(scope="session")
def face_browser(launch: Callable[..., Browser], tmp_path_factory: pytest.TempPathFactory) -> Browser:
    """Its camera shows a real face that moves, comes nearer, and is away for a while; again and again."""
    film = tmp_path_factory.mktemp("camera") / "face.y4m"
    film_face(film)
    return launch(
        "--use-fake-ui-for-media-stream",
        "--use-fake-device-for-media-stream",
        f"--use-file-for-fake-video-capture={film}",
    )


@pytest.fixture
def blank(browser: Browser) -> Iterator[Page]:
    """A window that shows nothing yet."""
    context = browser.new_context(viewport={"width": 1280, "height": 900}, permissions=["camera"])
    page = context.new_page()
    page.set_default_timeout(60_000)
    yield page
    context.close()


@pytest.fixture
def page(blank: Page, server: str) -> Page:
    """A window that shows the dashboard's first page."""
    blank.goto(server)
    return blank
