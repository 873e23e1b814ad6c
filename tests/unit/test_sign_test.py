"""The sign test, held against SciPy's."""

import pytest
from scipy.stats import binomtest

from fer_core.sign_test import p_as_uneven, p_at_least

TRIES = (0, 1, 2, 7, 60, 900)


@pytest.mark.parametrize("tries", TRIES[1:])
def test_one_sided(tries):
    for successes in range(0, tries + 1, 1 + tries // 60):
        expected = binomtest(successes, tries, alternative="greater").pvalue
        assert p_at_least(successes, tries) == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("tries", TRIES[1:])
def test_two_sided(tries):
    for first in range(0, tries + 1, 1 + tries // 60):
        expected = binomtest(first, tries).pvalue
        assert p_as_uneven(first, tries - first) == pytest.approx(expected, rel=1e-9)


def test_nothing_to_tell_apart():
    assert p_as_uneven(0, 0) == 1
