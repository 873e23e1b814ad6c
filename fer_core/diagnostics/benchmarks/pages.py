"""How long the pages of the dashboard take in a real browser.

Each round starts a server of its own, with an empty library, and drives Chromium through playwright. Times are those of
a visitor: from the click until what was asked for stands on the screen.
"""

import os
import shutil
import socket
import statistics
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from fer_core.diagnostics.benchmarks.spread import Figure
from fer_core.errors import DependencyError, WorkerError
from fer_core.resources import resource
from fer_core.settings import LIBRARY, UNFINISHED, environment_with
from fer_core.temporary import temporary_folder
from fer_core.whole_file import write_whole

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

ROUNDS: Final = 5
FIRST_PAGES: Final = 3
PLACES: Final = (0.2, 0.5, 0.8)
"""Where the chart of the sample recording is clicked, as shares of its width."""

_WIDTH_PX, _HEIGHT_PX = 1280, 800
_PATIENCE_S: Final = 300.0
_REST_MS: Final = 500
"""Plotly finds the point under the pointer only now and then; the server begins to draw a little after a click."""

_BARE_PAGE: Final = 'import streamlit as st\n\nst.title("A page")\n'

_BROWSERS: Final = ("chromium", "chromium-browser", "google-chrome")
_DONE: Final = '[data-test-script-state="notRunning"]'
_CHART: Final = ".js-plotly-plot"
_MOMENT: Final = r"""() => {
    const written = [...document.querySelectorAll("p")].map((element) => element.innerText);
    return written.find((words) => /^\d+\.\d\d s · /.test(words));
}"""
_MOVED: Final = f"(before) => {{ const now = ({_MOMENT})(); return Boolean(now) && now !== before; }}"


@dataclass(frozen=True)
class Spread:
    """Several times in milliseconds."""

    median_ms: float
    min_ms: float
    max_ms: float
    n: int

    @classmethod
    def of(cls, seconds: Sequence[float]) -> "Spread":
        """Of times in seconds, at least one."""
        times = [round(1000 * value) for value in seconds]
        return cls(statistics.median(times), min(times), max(times), len(times))


@dataclass(frozen=True)
class PageFigures:
    """Times of the pages.

    Attributes:
        rounds: servers that were started.
        first_open_ms: the Start page, for the first visitor of a new server.
        open_ms: the Start page, for a further visitor.
        first_picture_ms: the sample picture on the Image page until its bars are drawn, with loading the model.
        picture_ms: the same for a further visitor.
        click_ms: a click into the chart of the sample recording until the page shows that moment.
    """

    rounds: int
    first_open_ms: Spread
    open_ms: Spread
    first_picture_ms: Spread
    picture_ms: Spread
    click_ms: Spread


def pages(rounds: int = ROUNDS) -> PageFigures:
    """Measure the pages.

    Args:
        rounds: how many servers are started one after the other.

    Raises:
        DependencyError: there is no playwright, or no browser.
        WorkerError: the dashboard does not start, or does not answer.
    """
    opened: list[float] = []
    again: list[float] = []
    first: list[float] = []
    picture: list[float] = []
    clicks: list[float] = []
    with _chromium() as browser:
        for _ in range(rounds):
            with _server(resource("Home.py")) as address:
                with _window(browser) as page:
                    opened.append(_open(page, address))
                    first.append(_picture(page, address))
                with _window(browser) as page:
                    again.append(_open(page, address))
                    picture.append(_picture(page, address))
                    clicks += _clicks(page, address)
    return PageFigures(rounds, *map(Spread.of, (opened, again, first, picture, clicks)))


def first_page(rounds: int = FIRST_PAGES) -> Iterator[Figure]:
    """From starting the dashboard until its first page stands in a browser that was open before.

    The limit is Streamlit's own: the same of a page that is one heading. Both take turns.

    Raises:
        DependencyError: there is no playwright, or no browser.
        WorkerError: the dashboard does not start, or does not answer.
    """
    taken, least = [], []
    with temporary_folder() as folder, _chromium() as browser, _window(browser) as page:
        bare = folder / "bare.py"
        write_whole(bare, _BARE_PAGE)
        for _ in range(rounds):
            taken.append(_first_page(page, resource("Home.py")))
            least.append(_first_page(page, bare))
    yield Figure.of("page.first", "the Start page of a new server", "s", taken, least, "Streamlit with one heading")


def _first_page(page: "Page", script: Path) -> float:
    began_s = time.perf_counter()
    with _server(script) as address:
        _open(page, address)
        return time.perf_counter() - began_s


def _open(page: "Page", address: str) -> float:
    began_s = time.perf_counter()
    page.goto(address)
    page.get_by_role("heading", level=1).first.wait_for()
    page.locator(_DONE).first.wait_for(state="attached")
    return time.perf_counter() - began_s


def _settle(page: "Page") -> None:
    """Until the server has nothing more to draw: what is clicked before may be drawn anew under the click."""
    page.locator(_DONE).first.wait_for(state="attached")
    page.wait_for_timeout(_REST_MS)
    page.locator(_DONE).first.wait_for(state="attached")


def _picture(page: "Page", address: str) -> float:
    page.goto(f"{address}/Image")
    sample = page.get_by_role("radio", name="Sample")
    sample.wait_for()
    _settle(page)
    began_s = time.perf_counter()
    sample.click()
    page.locator(_CHART).first.wait_for()
    return time.perf_counter() - began_s


def _clicks(page: "Page", address: str) -> list[float]:
    page.goto(f"{address}/Video")
    sample = page.get_by_role("button", name="Try the sample")
    sample.wait_for()
    _settle(page)
    sample.click()
    area = page.locator(f"{_CHART} .nsewdrag").first
    area.wait_for(state="attached")
    _settle(page)
    times = []
    for across in PLACES:
        _settle(page)
        area.scroll_into_view_if_needed()
        page.wait_for_timeout(_REST_MS)
        box = area.bounding_box()
        assert box is not None  # it is attached and in sight
        x, y = box["x"] + across * box["width"], box["y"] + 0.1 * box["height"]
        page.mouse.move(x - 4, y)
        page.mouse.move(x, y, steps=4)
        page.wait_for_timeout(_REST_MS)
        before, began_s = page.evaluate(_MOMENT), time.perf_counter()
        page.mouse.click(x, y)
        page.wait_for_function(_MOVED, arg=before)
        times.append(time.perf_counter() - began_s)
    return times


@contextmanager
def _chromium() -> "Iterator[Browser]":
    try:
        from playwright.sync_api import Error, sync_playwright
    except ImportError as error:
        raise DependencyError(
            "Timing the pages needs playwright and a browser: `pip install playwright`, then `playwright install "
            "chromium` (on Debian: `apt-get install chromium`)."
        ) from error
    with sync_playwright() as playwright:
        root = hasattr(os, "geteuid") and os.geteuid() == 0
        try:
            browser = playwright.chromium.launch(
                executable_path=next(filter(None, map(shutil.which, _BROWSERS)), None),
                args=["--no-sandbox"] if root else [],
            )
        except Error as error:
            raise DependencyError(
                "Timing the pages needs a browser: `playwright install chromium`; on Debian `apt-get install chromium`."
            ) from error
        try:
            yield browser
        except Error as error:
            raise WorkerError(
                f"A page did not answer within {_PATIENCE_S:.0f} s, or not as expected; measure again with less beside "
                "it on this machine."
            ) from error
        browser.close()


@contextmanager
def _window(browser: "Browser") -> "Iterator[Page]":
    context = browser.new_context(viewport={"width": _WIDTH_PX, "height": _HEIGHT_PX})  # nothing is cached in it
    page = context.new_page()
    page.set_default_timeout(1000 * _PATIENCE_S)
    yield page
    context.close()


@contextmanager
def _server(script: Path) -> Iterator[str]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with temporary_folder() as folder:
        places = {name: str(folder / name) for name in (LIBRARY, UNFINISHED)}
        options = [f"--server.port={port}", "--server.address=127.0.0.1", "--server.headless=true"]
        process = subprocess.Popen(
            [sys.executable, "-m", "streamlit", "run", str(script), *options],
            cwd=script.parent,
            env=environment_with(**places),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        address = f"http://127.0.0.1:{port}"
        try:
            _wait(address, process)
            yield address
        finally:
            process.terminate()
            process.wait()


def _wait(address: str, process: "subprocess.Popen[bytes]") -> None:
    """Until the server answers."""
    until_s = time.monotonic() + _PATIENCE_S
    while process.poll() is None and time.monotonic() < until_s:
        try:
            with urllib.request.urlopen(f"{address}/_stcore/health", timeout=2):
                return
        except OSError:
            time.sleep(0.1)
    raise WorkerError(
        "The dashboard did not start, so its pages cannot be timed; `python -m fer_core dashboard` says why."
    )
