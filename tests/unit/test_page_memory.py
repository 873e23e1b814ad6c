"""What a page keeps of a visitor is gone when they are on another one."""

import time

import pytest
import streamlit as st

from fer_core.jobs import Work
from fer_core.ui.shared import page_memory


@pytest.fixture(autouse=True)
def session(monkeypatch):
    monkeypatch.setattr(st, "session_state", {})


def test_it_is_kept_on_its_page_only():
    page_memory.keep("Models", "result", 1)
    page_memory.keep("Models", "picture", 2)
    page_memory.forget_other_pages("Models")
    assert (page_memory.kept("Models", "result"), page_memory.kept("Video", "result")) == (1, None)
    page_memory.forget("Models", "result")
    assert (page_memory.kept("Models", "result"), page_memory.kept("Models", "picture")) == (None, 2)
    page_memory.forget_other_pages("Video")
    assert page_memory.kept("Models", "picture") is None


def test_work_ends_with_its_page():
    work = Work(lambda monitor: [monitor.check() for _ in iter(lambda: time.sleep(0.01), 1)])
    page_memory.keep("Models", "work", work)
    page_memory.forget_other_pages("Models")
    assert work.running
    page_memory.forget_other_pages("Video")
    work.wait(30)
    assert not work.running


def test_nothing_was_kept():
    page_memory.forget("Models", "result")
    page_memory.forget_other_pages("")
    assert page_memory.kept("Models", "result") is None
