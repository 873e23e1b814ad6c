"""People beside each other, on common axes."""

import pytest

from fer_core.charts.multiples import (
    describe_subjects,
    describe_valences,
    lanes_of,
    share_multiples,
    valence_multiples,
)
from fer_core.charts.over_time import NOBODY_SEEN
from fer_core.timeline.statistics.summaries import CATEGORIES
from fer_core.ui.video.compare import as_table, subjects_of
from tests.recordings import open_recording
from tests.timelines import of_rows, reading, synthetic


def crowd(people: int, duration_s: float = 20.0):
    return subjects_of([open_recording(1, {"m": synthetic(duration_s, people=people)})])


def axes(figure, name: str) -> list:
    return [axis for key, axis in figure.to_plotly_json()["layout"].items() if key.startswith(name)]


@pytest.mark.parametrize("people", [1, 6])
def test_every_panel_has_the_same_axes(people):
    everyone = crowd(people)
    shares, curves = share_multiples(everyone), valence_multiples(everyone)
    assert len(shares.data) == len(curves.data) == people
    assert {tuple(axis["range"]) for axis in axes(shares, "xaxis")} == {(0, 1.18)}
    assert {tuple(axis["range"]) for axis in axes(curves, "yaxis")} == {(-1.05, 1.05)}
    assert len({tuple(axis["range"]) for axis in axes(curves, "xaxis")}) == 1
    for figure in (shares, curves):
        assert [note.text for note in figure.layout.annotations] == [one.title for one in everyone]
        assert len({(trace.xaxis, trace.yaxis) for trace in figure.data}) == people


def test_the_lowest_row_says_what_its_axes_show():
    for figure, words in ((share_multiples(crowd(5)), "share of the time"), (valence_multiples(crowd(5)), "min:s")):
        titled = [axis for axis in axes(figure, "xaxis") if words in str(axis.get("title", {}).get("text"))]
        assert len(titled) == 4 and all(axis["anchor"] in ("y5", "y6", "y7", "y8") for axis in titled)


def test_a_whole_bar_is_longer_than_a_part_of_one():
    rows = [reading(0, 1, "happy"), reading(1, 1, "sad"), reading(0, 2, "fear"), reading(1, 2, "fear")]
    everyone = subjects_of([open_recording(1, {"m": of_rows(rows)})])
    half, whole = (max(trace.x) for trace in share_multiples(everyone).data)
    assert (half, whole) == (pytest.approx(0.5), pytest.approx(1.0))


def test_a_lane_each_on_one_time_axis_and_the_legend_beside():
    short, long = (open_recording(n, {"m": synthetic(n * 10.0)}) for n in (1, 2))
    figure = lanes_of(subjects_of([short, long]))
    assert [str(end)[-12:-4] for end in figure.layout.xaxis.range] == ["00:00:00", "00:00:20"]
    assert len(figure.layout.yaxis.ticktext) == 4 and figure.layout.legend.orientation == "v"
    assert figure.layout.legend.x > 1


def test_nobody_is_said():
    for figure in (lanes_of([]), share_multiples([]), valence_multiples([])):
        assert figure.layout.annotations[0].text == NOBODY_SEEN
    assert as_table([]).empty


def test_the_figures_are_said_in_words():
    everyone = crowd(2)
    for words in (describe_subjects(everyone), describe_valences(everyone)):
        assert "Person 1" in words and "Person 2" in words
    strongest = max(CATEGORIES, key=lambda name: everyone[0].summary.shares[name])
    assert strongest in describe_subjects(everyone)
