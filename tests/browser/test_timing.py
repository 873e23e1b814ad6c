"""The pages are timed as `bench --pages` does it."""

import json
import subprocess
import sys

from tests.conftest import ROOT

TIMED = """
import json
from fer_core.diagnostics.benchmarks.pages import pages
from fer_core.plain import as_plain
print(json.dumps(as_plain(pages(1))))
"""


def test_every_time_is_measured():
    # In a process of its own: playwright of the other tests runs in this one.
    timed = subprocess.run([sys.executable, "-c", TIMED], cwd=ROOT, capture_output=True, text=True, check=False)
    assert timed.returncode == 0, timed.stderr[-2000:]
    figures = json.loads(timed.stdout)
    assert figures.pop("rounds") == 1
    counts = {name: spread["n"] for name, spread in figures.items()}
    assert counts == {"first_open_ms": 1, "open_ms": 1, "first_picture_ms": 1, "picture_ms": 1, "click_ms": 3}
    assert all(0 < spread["min_ms"] <= spread["median_ms"] <= spread["max_ms"] for spread in figures.values())
