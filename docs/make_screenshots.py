"""Take the screenshots of `docs/screenshots/`: the real dashboard in a real Chromium, light and dark, wide and narrow.

Run by `make screenshots`; with names of pages, such as `python docs/make_screenshots.py models`, only those are taken.
"""

import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path
from urllib.parse import urlencode

from playwright.sync_api import Page, expect, sync_playwright

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from tests.browser.film import AWAY_S, PRESENT_S, film_face  # noqa: E402

FOLDER = ROOT / "docs" / "screenshots"
WIDTHS = {1280: 800, 390: 844}

expect.set_options(timeout=60_000)


def main(names: list[str]) -> None:
    """Start the dashboard, take the pictures of the pages that are named, or of all, stop it."""
    pages = {"start": _start, "image": _image, "live": _live, "video": _video, "study": _study, "models": _models}
    wanted = [pages[name] for name in names or pages]
    FOLDER.mkdir(parents=True, exist_ok=True)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    address = f"http://127.0.0.1:{port}"
    library = tempfile.mkdtemp()
    server = subprocess.Popen(
        [sys.executable, "-m", "streamlit", "run", "Home.py", f"--server.port={port}", "--server.address=127.0.0.1"],
        cwd=ROOT,
        env={**os.environ, "FACE_VALUE_LIBRARY": library},  # an empty one, whatever is kept on this machine
    )
    try:
        _wait(address)
        with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
            film = Path(folder) / "face.y4m"
            film_face(film)
            browser = playwright.chromium.launch(
                executable_path=shutil.which("chromium"),
                args=[
                    *(["--no-sandbox"] if os.geteuid() == 0 else []),
                    "--use-fake-ui-for-media-stream",
                    "--use-fake-device-for-media-stream",
                    f"--use-file-for-fake-video-capture={film}",
                ],
            )
            for scheme in ("light", "dark"):
                for width, height in WIDTHS.items():
                    page = browser.new_page(
                        viewport={"width": width, "height": height}, color_scheme=scheme, permissions=["camera"]
                    )
                    page.set_default_timeout(60_000)
                    for take in wanted:
                        take(page, address, f"{scheme}-{width}")
                    page.close()
    finally:
        server.terminate()
        server.wait()
        shutil.rmtree(library)


def _start(page: Page, address: str, name: str) -> None:
    page.goto(address)
    expect(page.get_by_text("is the default").first).to_be_visible()
    _shoot(page, f"start-{name}")


def _image(page: Page, address: str, name: str) -> None:
    page.goto(f"{address}/Image")
    page.get_by_role("radio", name="Sample").click()
    expect(page.get_by_role("heading", name=re.compile("happy"))).to_be_visible()
    expect(page.locator(".js-plotly-plot").first).to_contain_text("probability")
    _shoot(page, f"image-{name}")
    page.get_by_text("Show what the model looked at").click()
    expect(page.get_by_text("Yellow: what spoke most")).to_be_visible()
    _shoot(page, f"attention-{name}")


def _live(page: Page, address: str, name: str) -> None:
    page.goto(f"{address}/Live")
    expect(page.get_by_role("heading", name="Before the camera starts")).to_be_visible()
    _shoot(page, f"live-notice-{name}")
    page.get_by_text("I have read this").click()
    page.frame_locator('iframe[title*="webrtc_streamer"]').get_by_role("button", name="Start").click()
    expect(page.locator(".panel .label")).to_have_text("happy")
    page.wait_for_timeout(1000 * (PRESENT_S + AWAY_S))  # until the last minute has something to show
    expect(page.locator(".panel .label")).to_have_text("happy")
    _shoot(page, f"live-{name}")


def _models(page: Page, address: str, name: str) -> None:
    """What needs no data set; faces of one are not to be published."""
    for view, chart, there in (
        ("Overview", "", "Speed measured on this machine"),
        ("Side by side", "Confusion", "Percent of the faces of each label"),
        ("Side by side", "Calibration", "fifteen groups of equal size"),
        ("Side by side", "Robustness", "Points lost at severity"),
        ("On a picture", "", "It says how far people agree"),
        ("Claims", "", "What makes claims differ"),
    ):
        page.goto(f"{address}/Models?{urlencode({'view': view, 'chart': chart} if chart else {'view': view})}")
        expect(page.get_by_text(there).first).to_be_visible()
        _shoot(page, f"models-{(chart or view).lower().replace(' ', '-')}-{name}")


def _video(page: Page, address: str, name: str) -> None:
    page.goto(f"{address}/Video")
    page.get_by_role("button", name="Try the sample").click()
    expect(page.get_by_text("Range (seconds)").first).to_be_visible()
    expect(page.locator(".names button")).to_have_count(2)
    expect(page.locator(".js-plotly-plot").last).to_contain_text("probability")
    _shoot(page, f"video-{name}")
    page.get_by_role("tab", name="People", exact=True).click()
    expect(page.get_by_text("The same person twice?")).to_be_visible()
    _shoot(page, f"video-people-{name}")


def _study(page: Page, address: str, name: str) -> None:
    """Before anything is kept."""
    page.goto(f"{address}/Study")
    expect(page.get_by_text("A study grows in three steps")).to_be_visible()
    _shoot(page, f"study-{name}")


def _shoot(page: Page, name: str) -> None:
    """The whole page: Streamlit scrolls an inner box, so the window is made as tall as what it holds."""
    size = page.viewport_size
    assert size is not None
    page.wait_for_timeout(1500)  # charts and pictures fade in
    tall = page.evaluate("document.querySelector('[data-testid=stMain]').scrollHeight")
    page.set_viewport_size({"width": size["width"], "height": max(size["height"], min(tall, 3000))})
    page.wait_for_timeout(800)
    page.screenshot(path=FOLDER / f"{name}.png")
    page.set_viewport_size(size)


def _wait(address: str, seconds: float = 90) -> None:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(f"{address}/_stcore/health", timeout=2):
                return
        except OSError:
            time.sleep(0.3)
    raise SystemExit("the dashboard did not start")


if __name__ == "__main__":
    main(sys.argv[1:])
