"""Pictures of several visitors at once: who came first is answered first."""

import threading
import time

import streamlit as st

from fer_core.live.turns import Turns
from fer_core.testing import fake_pipeline
from fer_core.ui.shared import uploads
from tests.conftest import PORTRAIT


def test_no_more_are_read_at_once_than_there_are_turns(monkeypatch):
    monkeypatch.setattr(uploads, "_in_order", Turns(2))
    monkeypatch.setattr(st, "session_state", {})
    pipeline, lock = fake_pipeline(), threading.Lock()
    at_work, most, began = set(), [0], []
    may_go, read = threading.Event(), pipeline.read_picture

    def slow(image):
        with lock:
            at_work.add(threading.get_ident())
            most[0] = max(most[0], len(at_work))
            began.append(threading.current_thread().name)
        assert may_go.wait(10)
        with lock:
            at_work.remove(threading.get_ident())
        return read(image)

    object.__setattr__(pipeline, "read_picture", slow)
    data = PORTRAIT.read_bytes()
    threads = []
    for number in range(6):
        waiting = len(uploads._in_order._waiting) + len(began)
        thread = threading.Thread(
            target=uploads.analyse, args=([(f"{number}.png", data)], pipeline, ()), name=str(number)
        )
        threads.append(thread)
        thread.start()
        end_s = time.monotonic() + 10
        while len(uploads._in_order._waiting) + len(began) == waiting and time.monotonic() < end_s:
            time.sleep(0.005)  # until this one has its turn or its place
    may_go.set()
    for thread in threads:
        thread.join(10)
    assert most == [2] and sorted(began[:2]) == ["0", "1"] and len(began) == 6
