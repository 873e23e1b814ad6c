"""Numbers in sentences."""

import pytest

from fer_core.number_text import p_text, quantity


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((1, "face"), "1 face"),
        ((0, "face"), "0 faces"),
        ((1234, "face"), "1,234 faces"),
        ((1234, "frame", "", "d"), "1234 frames"),
        ((1, "analysis", "analyses"), "1 analysis"),
        ((2, "analysis", "analyses"), "2 analyses"),
    ],
)
def test_counts_with_their_nouns(arguments, words):
    assert quantity(*arguments) == words


@pytest.mark.parametrize(
    ("p_value", "form", "words"),
    [
        (0.0009999, ".3f", "p < 0.001"),
        (0.001, ".3f", "p = 0.001"),
        (0.0234, ".2g", "p = 0.023"),
        (0.5, ".3f", "p = 0.500"),
        (float("nan"), ".2g", "p = nan"),
    ],
)
def test_p_values(p_value, form, words):
    assert p_text(p_value, form) == words
