"""How many threads networks compute with."""

import pytest

from fer_core.networks import cores


@pytest.fixture(autouse=True)
def unlimited(monkeypatch):
    monkeypatch.setattr(cores, "_share", None)
    monkeypatch.setattr(cores, "available_cores", lambda: 8)


def test_one_thread_per_core_unless_the_process_is_limited():
    assert cores.computing_threads() == 8
    cores.limit_threads(3)
    assert cores.computing_threads() == 3
    cores.limit_threads(100)
    assert cores.computing_threads() == 8


def test_less_than_one_thread_is_refused():
    with pytest.raises(ValueError, match="at least one"):
        cores.limit_threads(0)
