"""What the next pages need, fetched while the visitor looks at this one.

The first chart of a visit otherwise waits for Plotly's script of 4.7 MB, and the first page of its kind for a second or
two of imports.
"""

import contextlib
import importlib
import threading
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

import streamlit as st
from streamlit import runtime

from fer_core.errors import FerError
from fer_core.request import DEFAULT_DETECTOR, DEFAULT_MODEL
from fer_core.ui.shared import loaders

AFTER_S: Final = 3.0
"""Seconds after the first run of a server before the pages' modules are imported; the first page has been sent then."""

MODULES: Final = ("fer_core.pipeline", "fer_core.ui.image.closely", "fer_core.ui.video.explorer")
"""What pages import, and what takes longest of it."""

_SCRIPT: Final = """
export default function ({ data }) {
  const own = document.querySelector('script[type="module"][src*="/static/js/"]');
  if (!own || !data.chart) return;
  const whenIdle = window.requestIdleCallback ?? ((then) => setTimeout(then, 200));
  const fetchIt = () => import(new URL(data.chart, own.src).href).catch(() => undefined);
  const looking = setInterval(() => {
    if (!document.querySelector('[data-test-script-state="notRunning"]')) return;
    clearInterval(looking);
    whenIdle(fetchIt, { timeout: 3000 });
  }, 100);
  return () => clearInterval(looking);
}
"""
"""Waits until the page is drawn; the same address is the same module, so that the first chart finds it ready."""


def fetch_ahead() -> None:
    """Let the browser fetch the script of charts, and the server import pages. `Home.py` calls it in every run."""
    if not runtime.exists():  # pages that run alone, as in a test
        return
    _import_pages()
    _script()(data={"chart": chart_script()}, key="fetched ahead")


def load_ahead() -> None:
    """Load what reads pictures by default while the visitor looks for one."""
    if runtime.exists():
        _load()


@st.cache_resource(show_spinner=False)
def _load() -> None:
    """Once in the life of a server; `loaders` keeps what is loaded. What goes wrong is said when it is needed."""

    def load() -> None:
        with contextlib.suppress(FerError):
            loaders.pipeline(DEFAULT_MODEL, DEFAULT_DETECTOR)

    threading.Thread(target=load, name="load ahead", daemon=True).start()


@lru_cache(maxsize=1)
def chart_script() -> str | None:
    """File name of the part of Streamlit's own script that draws Plotly's charts; None where it has another name."""
    found = sorted(Path(st.__file__).parent.glob("static/static/js/PlotlyChart.*.js"))
    return found[0].name if len(found) == 1 else None


@st.cache_resource(show_spinner=False)
def _import_pages() -> None:
    """Once in the life of a server."""
    timer = threading.Timer(AFTER_S, lambda: [importlib.import_module(name) for name in MODULES])
    timer.daemon = True
    timer.start()


@lru_cache(maxsize=1)
def _script() -> Callable[..., Any]:
    return st.components.v2.component("face_value.ahead", js=_SCRIPT, isolate_styles=False)  # it shows nothing
