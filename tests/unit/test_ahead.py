"""Work ahead: results are those of work in turn, whatever happens."""

import threading

import pytest

from fer_core.analysis.ahead import ahead


def test_results_come_in_the_order_of_the_items_and_all_of_them():
    assert list(ahead(iter("abcdefgh"), str.upper, most=3)) == [(letter, letter.upper()) for letter in "abcdefgh"]
    assert list(ahead([], str.upper, most=3)) == []


def test_work_is_done_while_an_item_is_used_and_no_further_ahead_than_allowed():
    taken, worked = [], threading.Semaphore(0)

    def items():
        for number in range(6):
            taken.append(number)
            yield number

    results = ahead(items(), lambda number: worked.release(), most=2)
    next(results)
    assert taken == [0, 1, 2]
    assert all(worked.acquire(timeout=10) for _ in range(3))  # two more than were asked for
    next(results)
    assert taken == [0, 1, 2, 3]


def test_an_error_comes_where_its_result_would_have_come():
    results = ahead([4, 2, 0, 1], lambda number: 8 // number, most=3)
    assert [next(results), next(results)] == [(4, 2), (2, 4)]
    with pytest.raises(ZeroDivisionError):
        next(results)


def test_an_error_of_the_items_comes_at_once():
    def items():
        yield 1
        raise OSError("gone")

    with pytest.raises(OSError, match="gone"):
        list(ahead(items(), str, most=1))


def test_whoever_stops_early_leaves_no_thread_behind():
    results = ahead(range(100), str, most=5)
    next(results)
    assert any(thread.name.startswith("ahead") for thread in threading.enumerate())
    results.close()
    assert not any(thread.name.startswith("ahead") for thread in threading.enumerate())
