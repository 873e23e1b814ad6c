"""How many threads networks compute with."""

import os
import threading

import numpy as np
import pytest

from fer_core.networks import cores
from fer_core.networks.face_files import DETECTOR, IRIS, MESH, face_network
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


@pytest.mark.parametrize("name", [DETECTOR, MESH, IRIS])
def test_a_network_computes_the_same_with_one_thread_as_with_several(name, tmp_path):
    file = tmp_path / "network.tflite"
    file.write_bytes(face_network(name).read_bytes())
    network = FixedNetwork(file)
    file.write_bytes(b"another version of it")  # which is not what was checked
    x = np.random.default_rng(0).uniform(-1, 1, network.shape[1:]).astype(np.float32)
    several = network(x)
    cores.limit_threads(1)
    for mine, theirs in zip(network(x), several, strict=True):
        np.testing.assert_array_equal(mine, theirs)


def test_a_network_that_is_loaded_meanwhile_is_not_slow_for_good():
    with cores.computing_beside():
        assert cores.most_threads() == 8


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no forks")
@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")
def test_in_a_fork_nothing_is_computed_beside():
    with cores.computing_beside():
        if not (child := os.fork()):
            os._exit(cores.computing_threads())
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 8


def test_two_steps_at_once_share_the_cores_and_give_both_results():
    meet = threading.Barrier(2)  # neither gets past it alone

    def step(name):
        meet.wait(10)
        return name, cores.computing_threads()

    assert cores.at_once(lambda: step("first"), lambda: step("second")) == (("first", 4), ("second", 4))
    assert cores.computing_threads() == 8


def test_two_steps_follow_each_other_where_a_process_may_use_one_thread():
    cores.limit_threads(1)
    assert len({cores.at_once(threading.get_ident, threading.get_ident)[k] for k in (0, 1)}) == 1


@pytest.mark.parametrize("which", [0, 1])
def test_what_one_of_two_steps_raises_is_raised_when_both_have_ended(which):
    ended = []

    def right():
        ended.append(True)

    def wrong():
        raise OSError("no more memory")

    steps = [right, right]
    steps[which] = wrong
    with pytest.raises(OSError, match="no more memory"):
        cores.at_once(*steps)
    assert ended == [True] and cores.computing_threads() == 8
