"""What a closed page leaves behind ends by itself."""

import re
import time
from types import SimpleNamespace

import pytest
from streamlit.runtime.memory_session_storage import MemorySessionStorage

from fer_core.ui.shared.closed_visits import end_expired
from tests.conftest import PORTRAIT
from tests.serving import served
from tests.visitor import Visitor


def test_a_visit_whose_time_is_over_is_ended_and_the_others_stay():
    ended = []
    storage = MemorySessionStorage(ttl_seconds=1)
    visits = [SimpleNamespace(session=SimpleNamespace(id=n, shutdown=lambda n=n: ended.append(n))) for n in "ab"]
    storage.save(visits[0])
    time.sleep(1.1)
    storage.save(visits[1])  # this ends the first by itself, without a word to it
    ended.clear()
    assert end_expired(storage) == 0 and storage.list() == [visits[1]]
    time.sleep(1.1)
    assert end_expired(storage) == 1 and ended == ["b"] and storage.list() == []


@pytest.mark.slow
def test_pictures_of_a_closed_page_cannot_be_fetched_after_its_time_though_nobody_comes(tmp_path):
    with served(tmp_path / "log") as address:
        with Visitor(address, patience_s=120) as visitor:
            visitor.open("Image").upload("face.png", PORTRAIT.read_bytes(), "Pictures")
            pictures = set(re.findall(r"/media/[\w.]+", visitor.text))
            assert pictures and all(map(visitor.fetched, pictures))
        assert all(map(visitor.fetched, pictures))  # the connection may only have broken off
        end_s = time.monotonic() + 200
        while any(map(visitor.fetched, pictures)) and time.monotonic() < end_s:
            time.sleep(5)
        assert not any(map(visitor.fetched, pictures))
