"""Visitors with a real Chromium, beside those without."""

import time
from collections.abc import Sequence
from html import unescape

from playwright.sync_api import Page, sync_playwright

from tests.chromium import launched
from tests.load.work import PROBABILITIES, Errand, Shown


def shown_in_browsers(address: str, errands: Sequence[Errand], patience_s: float) -> list[Shown]:
    """Let one window each give its picture, all at once, and wait until its numbers stand there.

    Args:
        address: of the server.
        errands: pictures.
        patience_s: for each answer.
    """
    if not errands:
        return []
    with sync_playwright() as playwright:
        browser = launched(playwright)
        pages = [browser.new_context().new_page() for _ in errands]
        for page in pages:
            page.set_default_timeout(1000 * patience_s)
            page.goto(f"{address}/Image")
        inputs = [page.locator("input[type=file]").first for page in pages]
        for given in inputs:
            given.wait_for(state="attached")
        began_s = time.monotonic()
        for given, errand in zip(inputs, errands, strict=True):
            given.set_input_files({"name": errand.name, "mimeType": "image/png", "buffer": errand.data})
        return [_shown(page, errand, began_s) for page, errand in zip(pages, errands, strict=True)]


def _shown(page: Page, errand: Errand, began_s: float) -> Shown:
    page.wait_for_function("() => /Probabilities: /.test(document.body.innerHTML)")
    seconds = time.monotonic() - began_s
    text = unescape(page.content())
    return Shown(tuple(sorted(set(PROBABILITIES.findall(text)))), errand.page, text, seconds)
