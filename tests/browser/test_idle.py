"""A dashboard that nobody touches costs next to nothing and keeps quiet."""

import os
import re
import time
from collections import Counter
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from fer_core.ui.shared.ahead import AFTER_S
from tests.browser.conftest import started_server

QUIET_WITHIN_S, LEFT_ALONE_S, MOST_CPU_S = 30, 10, 1.0
STAMP = re.compile(r"^[\d:,.\- ]+")


@pytest.mark.parametrize(("path", "heading"), [("", "Face Value"), ("Live", "Live")], ids=["start", "live"])
def test_a_page_that_is_left_alone(blank: Page, tmp_path: Path, path: str, heading: str):
    printed = tmp_path / "printed.txt"
    with started_server(printed) as server:
        blank.goto(f"{server.address}/{path}")
        expect(blank.get_by_role("heading", name=heading).first).to_be_visible(timeout=90_000)
        expect(blank.locator('[data-test-script-state="notRunning"]')).to_be_attached(timeout=90_000)
        time.sleep(AFTER_S)  # then the next pages are imported
        wait_until_quiet(server.process)
        before_s = cpu_s(server.process)
        time.sleep(LEFT_ALONE_S)
        taken_s = cpu_s(server.process) - before_s
        lines = Counter(STAMP.sub("", line).strip() for line in printed.read_text(errors="replace").splitlines())
    assert taken_s < MOST_CPU_S
    assert {line: times for line, times in lines.items() if line and times > 1} == {}


def wait_until_quiet(process: int) -> None:
    """Until a process has computed for less than a tenth of a second, or for so long that it will not stop."""
    end_s, before_s = time.monotonic() + QUIET_WITHIN_S, 0.0
    while (now_s := cpu_s(process)) - before_s > MOST_CPU_S / LEFT_ALONE_S and time.monotonic() < end_s:
        before_s = now_s
        time.sleep(1)


def cpu_s(process: int) -> float:
    """Processor time in seconds that a process has taken until now, in itself and in children that have ended."""
    # After the name, which stands in parentheses and may hold anything: fields 14 to 17 of proc(5).
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return sum(int(ticks) for ticks in fields[11:15]) / os.sysconf("SC_CLK_TCK")
