"""How many threads networks compute with."""

import numpy as np
import pytest

from fer_core.networks import cores
from fer_core.networks.face_files import DETECTOR, face_network
from fer_core.networks.fixed import FixedNetwork


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


def test_what_computes_at_the_same_time_shares_the_cores():
    with cores.computing_beside():
        assert cores.computing_threads() == 4
        with cores.computing_beside():
            assert cores.computing_threads() == 2
        cores.limit_threads(1)
        assert cores.computing_threads() == 1
    cores.limit_threads(6)
    assert cores.computing_threads() == 6


def test_a_network_computes_the_same_with_any_number_of_threads():
    network = FixedNetwork(face_network(DETECTOR))
    x = np.random.default_rng(0).uniform(-1, 1, network.shape[1:]).astype(np.float32)
    alone = network(x)
    with cores.computing_beside(), cores.computing_beside(), cores.computing_beside():
        for mine, theirs in zip(network(x), alone, strict=True):
            np.testing.assert_array_equal(mine, theirs)
