"""From which expression to which one."""

import numpy as np

from fer_core.charts.transitions import describe_transitions, transition_table
from fer_core.timeline.statistics.summaries import CATEGORIES, stretches
from fer_core.timeline.statistics.transitions import transitions
from tests.timelines import of_rows, reading

HAPPY, SAD, UNCERTAIN = (CATEGORIES.index(name) for name in ("happy", "sad", "uncertain"))


def counts_of(*readings):
    return transitions(stretches(of_rows([reading(*one) for one in readings]), 1))


def test_changes_are_counted_and_an_uncertain_run_is_a_state_of_its_own():
    counts = counts_of(
        (0.0, 1, "happy"),
        (0.25, 1, "happy"),
        (0.5, 1, "sad"),
        (0.75, 1, "happy"),
        (1.0, 1, "sad", 0.3),
        (1.25, 1, "sad"),
    )
    assert counts[HAPPY, SAD] == counts[SAD, HAPPY] == counts[HAPPY, UNCERTAIN] == counts[UNCERTAIN, SAD] == 1
    assert counts.sum() == 4
    assert not np.diag(counts).any()


def test_a_gap_is_no_change():
    assert counts_of((0.0, 1, "happy"), (0.25, 1, "happy"), (9.0, 1, "sad"), (9.25, 1, "sad")).sum() == 0
    assert counts_of((0.0, 1, "happy")).sum() == 0


def test_the_table_says_each_change_in_cells_and_in_words():
    counts = counts_of((0.0, 1, "happy"), (0.25, 1, "sad"), (0.5, 1, "happy"), (0.75, 1, "sad"))
    figure = transition_table(counts, "#000000")
    assert figure.layout.xaxis.title.text == "to" and figure.layout.yaxis.title.text == "from"
    assert figure.data[0].customdata[HAPPY][SAD] == 2
    assert describe_transitions(counts) == "Changes: happy to sad 2, sad to happy 1"
    assert describe_transitions(np.zeros((8, 8), int)) == "No change."
