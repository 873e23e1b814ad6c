"""Chromium as the tests use it."""

import os
import shutil

from playwright.sync_api import Browser, Playwright

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
MISSING = "Chromium is missing; on Debian: apt-get install chromium"


def launched(playwright: Playwright, *options: str) -> Browser:
    """Start it, with further options."""
    return playwright.chromium.launch(
        executable_path=CHROMIUM,
        args=[
            *(["--no-sandbox"] if os.geteuid() == 0 else []),
            "--disable-gpu",
            "--disable-background-networking",
            *options,
        ],
    )
