"""Figures of a timeline: what they say, and that they do not say it by colour alone."""

import json
from datetime import datetime

import numpy as np
import pytest

from fer_core import charts
from fer_core.charts.looks import LOOKS, clock, looks_of_people, safe
from fer_core.emotions import EMOTIONS, bgr_of
from fer_core.timeline.editing.corrections import within
from fer_core.timeline.notes import Marker, Notes, Span
from fer_core.timeline.rows import rows_of_person
from fer_core.timeline.statistics.series import longest_of_each_column, on_grid, thinned, with_breaks
from fer_core.timeline.statistics.summaries import CATEGORIES, stretches, summarise
from tests.timelines import nobody, of_rows, reading, synthetic
from tests.unit.test_emotions import luminance

NOTES = Notes({1: "Zoë <b>x</b>", 2: "田中さん"}, (Marker(5, "laughs"), Marker(20, "leaves")), (Span(8, 9, "phone"),))
OVER_TIME = {
    "lines": lambda timeline: charts.probability_lines(timeline, 1, 0.5),
    "area": lambda timeline: charts.stacked_area(timeline, 1),
    "heat map": lambda timeline: charts.heat_map(timeline, 1),
    "valence": lambda timeline: charts.valence_curve(timeline, NOTES),
    "ribbon": lambda timeline: charts.emotion_ribbon(timeline, NOTES),
    "quality": lambda timeline: charts.quality_lane(timeline, NOTES),
}
EXTREMES = {
    "nobody": synthetic(10, people=0),
    "no rows": of_rows([]),
    "one sample": of_rows([reading(0, 1, "happy")]),
    "rows only": synthetic(30).frame,
    "many people": synthetic(20, people=9),
}


@pytest.mark.parametrize("draw", OVER_TIME.values(), ids=OVER_TIME)
@pytest.mark.parametrize("timeline", EXTREMES.values(), ids=EXTREMES)
def test_every_figure_has_titled_axes_and_can_be_sent_to_a_browser(draw, timeline):
    figure = draw(timeline)
    assert figure.layout.xaxis.title.text.startswith("time (") and figure.layout.yaxis.title.text
    assert figure.layout.paper_bgcolor == figure.layout.plot_bgcolor == "rgba(0,0,0,0)"
    assert figure.layout.font.color is None  # the page's theme decides
    json.loads(figure.to_json())


@pytest.mark.parametrize("name", ["lines", "area", "heat map", "valence", "ribbon"])
def test_an_empty_figure_says_why(name):
    [words] = [a.text for a in OVER_TIME[name](EXTREMES["nobody"]).layout.annotations]
    assert words in ("This person was not seen.", "Nobody is in the readings of this recording.")


def test_emotions_differ_in_dash_and_symbol_and_pattern():
    signs = [(LOOKS[name].dash, LOOKS[name].symbol) for name in EMOTIONS]
    assert len(set(signs)) == len({symbol for _, symbol in signs}) == len(EMOTIONS)
    assert len({look.pattern for look in LOOKS.values()}) == len(LOOKS)
    people = looks_of_people(range(1, 7)).values()
    assert len({look.dash for look in people}) == len({look.pattern for look in people}) == 6


def test_lines_carry_the_values_and_the_place_to_jump_to():
    figure = charts.probability_lines(of_rows([reading(0.5, 1, "sad", 0.7), reading(0.75, 1, "happy")]), 1)
    by_name = {trace.name.split()[-1]: trace for trace in figure.data if trace.name}
    assert list(by_name) == list(EMOTIONS)
    assert by_name["sad"].y.tolist() == pytest.approx([0.7, (1 - 0.9) / 6])
    assert by_name["sad"].customdata.tolist() == [[0.5, 12], [0.75, 19]]
    assert [charts.seconds_of(x) for x in by_name["sad"].x] == [0.5, 0.75]


def test_the_hover_says_whose_it_is_the_frame_and_the_quality():
    timeline = of_rows([reading(0.5, 1, "sad", quality="small, dark"), reading(0.75, 1, "happy")])
    for figure in (charts.probability_lines(timeline, 1, 0.5, NOTES), charts.stacked_area(timeline, 1, NOTES)):
        said = figure.data[-1]
        assert list(said.text) == ["frame 12, small, dark", "frame 19, good"]
        assert said.hovertemplate.startswith("Zoë &lt;b&gt;") and said.showlegend is False
        assert said.marker.opacity == said.unselected.marker.opacity == said.line.width == 0
    curve = charts.valence_curve(timeline, NOTES).data[0]
    assert list(curve.text) == ["frame 12, small, dark", "frame 19, good"] and "%{text}" in curve.hovertemplate
    [sad] = [trace for trace in charts.emotion_ribbon(timeline, NOTES).data if trace.name.endswith("sad")]
    assert "quality: dark, small (1 of 1 sample)" in sad.hovertext[0] and "frame 12" in sad.hovertext[0]


def test_the_hover_of_a_mean_says_of_how_many_samples():
    rows = [reading(n * 0.25, 1, "sad", quality="dark" if n in (2, 3) else "good") for n in range(1200)]
    said = charts.probability_lines(of_rows(rows), 1).data[-1].text
    assert said[0] == "mean of 2 samples, good" and said[1] == "mean of 2 samples, 2 of them poor: dark"


def test_a_line_breaks_where_the_person_was_not_seen():
    timeline = of_rows(
        [reading(0, 1, "sad"), reading(1, 1, "sad"), nobody(2), reading(3, 1, "sad"), reading(4, 1, "sad")]
    )
    figure = charts.probability_lines(timeline, 1)
    assert np.isnan(figure.data[0].y).tolist() == [False, False, True, True, False, False]
    area = charts.stacked_area(timeline, 1)
    assert sum(trace.y for trace in area.data[: len(EMOTIONS)]).tolist() == pytest.approx([1, 1, 0, 0, 1, 1])


def test_long_recordings_are_averaged_and_the_axis_says_so():
    timeline = synthetic(7200)
    figure = charts.probability_lines(timeline, 1)
    assert len(figure.data[0].y) < 700 and "mean of" in figure.layout.yaxis.title.text
    assert len(figure.to_json()) < 1_000_000
    rows = rows_of_person(timeline, 1)
    points, step_s = thinned(rows, 0.25)
    assert points["samples"].sum() == len(rows)
    assert np.average(points["happy"], weights=points["samples"]) == pytest.approx(rows["happy"].mean())
    assert len(with_breaks(points, step_s)) == len(points) + 2  # one gap, an empty point at either edge


def test_the_ribbon_of_two_hours_is_no_burden():
    timeline = synthetic(7200)
    runs = [*stretches(timeline, 1)] * 3
    assert len(longest_of_each_column(runs[: len(runs) // 3], 100)) <= 101
    assert len(charts.emotion_ribbon(timeline).to_json()) < 3_000_000


def test_the_grid_of_the_heat_map_leaves_gaps_blank():
    rows = of_rows([reading(0, 1, "sad", 0.7), reading(2, 1, "sad", 0.9)]).frame
    grid = on_grid(rows, 1.0, (0.0, 4.0))
    assert grid["time_s"].tolist() == [0.5, 1.5, 2.5, 3.5]
    assert grid["sad"].fillna(-1).tolist() == pytest.approx([0.7, -1, 0.9, -1])


def test_the_ribbon_shows_doubt_by_height_and_a_question_mark():
    figure = charts.emotion_ribbon(of_rows([reading(0, 1, "sad"), reading(1, 1, "sad", 0.4)]))
    [sad] = [trace for trace in figure.data if trace.name.endswith("sad")]
    assert list(sad.width) == [0.8, 0.4] and sad.text[1] == "?" != sad.text[0]
    assert list(sad.x) == [1000, 1000] and [charts.seconds_of(base) for base in sad.base] == [0, 1]
    assert "uncertain" in sad.hovertext[1]


def test_the_quality_lane_has_a_row_a_reason():
    figure = charts.quality_lane(synthetic(30), NOTES)
    assert list(figure.layout.yaxis.ticktext) == [
        "nobody",
        "Zoë &lt;b&gt;x&lt;/b&gt;: dark",
        "田中さん: dark",
        "田中さん: small",
    ]
    [[start, length_s]] = figure.data[0].customdata
    assert (start, length_s) == pytest.approx((12, 3))
    assert len({trace.marker.pattern.shape for trace in figure.data}) == 3  # no face, dark, small


def test_a_flawless_recording_says_so():
    [words] = [a.text for a in charts.quality_lane(of_rows([reading(0, 1, "sad")])).layout.annotations]
    assert words == "Every sample shows a face without a quality problem."


def test_names_are_text_and_not_markup():
    for figure in (charts.valence_curve(synthetic(10), NOTES), charts.share_bars(summarise(synthetic(10)), NOTES)):
        assert figure.data[0].name == "Zoë &lt;b&gt;x&lt;/b&gt;"


def test_notes_are_drawn_where_they_belong():
    figure = charts.add_notes(charts.probability_lines(synthetic(30), 1), NOTES)
    bands = [shape for shape in figure.layout.shapes if shape.type == "rect"]
    lines = [shape for shape in figure.layout.shapes if shape.type == "line"]
    assert [(charts.seconds_of(b.x0), charts.seconds_of(b.x1)) for b in bands] == [(8, 9)]
    assert [charts.seconds_of(line.x0) for line in lines] == [5, 20]
    assert {a.text for a in figure.layout.annotations} == {"laughs", "leaves", "excluded: phone"}


def test_markers_whose_words_would_overlap_bear_numbers():
    close = Notes(markers=(Marker(6, "b"), Marker(5, "the first of two & the longer one")))
    figure = charts.add_notes(charts.probability_lines(synthetic(30), 1), close)
    assert [a.text for a in figure.layout.annotations] == ["1", "2"]
    alone = Notes(markers=close.markers[1:])
    figure = charts.add_notes(charts.probability_lines(synthetic(30), 1), alone)
    assert [a.text for a in figure.layout.annotations] == ["the first of two &amp; the long…"]


def test_words_of_markers_and_of_excluded_spans_stand_in_two_rows():
    def rows(notes: Notes) -> tuple[dict, float]:
        figure = charts.add_notes(charts.probability_lines(synthetic(30), 1), notes)
        return {a.text: a.yshift for a in figure.layout.annotations}, figure.layout.margin.t

    both, room = rows(Notes({}, (Marker(6.2, "task start"),), (Span(6, 8, "mouth"),)))
    assert both["task start"] == 0 and both["excluded: mouth"] > 10
    alone, less = rows(Notes({}, (), (Span(6, 8, "mouth"),)))
    assert alone == {"excluded: mouth": 0} and less < room


def test_words_at_the_right_edge_stand_before_their_moment_and_none_over_another():
    close = Notes({}, (Marker(29, "leaves the room"),), (Span(6, 8, "mouth"), Span(8.5, 9, "hand"), Span(20, 21)))
    figure = charts.add_notes(charts.probability_lines(synthetic(30), 1), close)
    found = [(a.text, a.xanchor, charts.seconds_of(a.x)) for a in figure.layout.annotations]
    assert found == [("leaves the room", "right", 29), ("excluded", "left", 6), ("excluded", "left", 20)]


@pytest.mark.parametrize("paper", ["#fbfbfd", "#12161f"])
def test_lines_of_people_stand_out_from_light_and_dark_paper(paper):
    for look in looks_of_people(range(8)).values():
        darker, lighter = sorted(luminance(bgr_of(colour)) for colour in (look.colour, paper))
        assert (lighter + 0.05) / (darker + 0.05) >= 3, look  # WCAG 2.2, graphics


def test_markers_keep_their_number_where_a_part_is_shown():
    """The lanes of the player show all of them."""
    notes = Notes(
        markers=(Marker(21, "one with many words"), Marker(20, "another of them"), Marker(5, "x")),
        excluded=(Span(1, 2, "before"),),
    )
    figure = charts.probability_lines(synthetic(30), 1)
    figure.update_xaxes(range=[*clock([20.0, 30.0]).astype(str)])
    charts.add_notes(figure, notes)
    assert [a.text for a in figure.layout.annotations] == ["2", "3"]
    assert [charts.seconds_of(shape.x0) for shape in figure.layout.shapes if shape.yref == "y domain"] == [20, 21]


@pytest.mark.parametrize(
    "x",
    [
        "1970-01-01 00:01:30.25",
        "1970-01-01T00:01:30.250",
        90_250,
        datetime(1970, 1, 1, 0, 1, 30, 250_000),
        clock([90.25])[0],
    ],
)
def test_a_place_on_the_axis_is_a_time(x):
    assert charts.seconds_of(x) == 90.25


def test_shares_as_bars_and_as_a_ring_are_those_of_the_summary():
    summaries = summarise(synthetic(30))
    bars = charts.share_bars(summaries, NOTES)
    assert [list(bar.x) for bar in bars.data] == [list(summary.shares.values()) for summary in summaries]
    assert all("田中さん" in text for text in bars.data[1].text)  # named, not only coloured
    ring = charts.share_pie(summaries[0], NOTES).data[0]
    assert sum(ring.values) == pytest.approx(summaries[0].seen_s)
    assert len(ring.labels) == sum(share > 0 for share in summaries[0].shares.values())
    assert charts.share_bars([]).layout.annotations[0].text == "Nobody is in the readings of this recording."


def test_the_radar_has_a_closed_line_a_person_and_no_area():
    summaries = summarise(synthetic(10))
    figure = charts.share_radar(summaries, NOTES)
    for line, summary in zip(figure.data, summaries, strict=True):
        assert list(line.r) == [summary.shares[name] for name in (*CATEGORIES, CATEGORIES[0])]
        assert line.theta[0] == line.theta[-1] and line.fill is None and line.name == safe(NOTES.name(summary.person))
    assert len({line.line.dash for line in figure.data}) == len(figure.data)
    assert charts.share_radar([]).layout.annotations[0].text == "Nobody is in the readings of this recording."


WORDS = {
    "probabilities": lambda timeline: charts.describe_probabilities(timeline, 1, NOTES),
    "ribbon": lambda timeline: charts.describe_ribbon(timeline, NOTES),
    "valence": lambda timeline: charts.describe_valence(timeline, NOTES),
    "quality": lambda timeline: charts.describe_quality(timeline, NOTES),
    "shares": lambda timeline: charts.describe_shares(summarise(timeline), NOTES),
}


@pytest.mark.parametrize("describe", WORDS.values(), ids=WORDS)
@pytest.mark.parametrize("timeline", EXTREMES.values(), ids=EXTREMES)
def test_every_figure_has_a_description(describe, timeline):
    words = describe(timeline)
    assert words.endswith(".") and "nan" not in words


def test_descriptions_hold_the_figures():
    timeline = of_rows([reading(t, 1, "sad" if t < 3 else "happy", 0.8) for t in range(4)])
    assert "sad 61% on average, at most 80% at 0:00" in WORDS["probabilities"](timeline)
    part = charts.describe_probabilities(within(synthetic(30), 4, 10), 1, NOTES, (4, 10))
    assert "over 0:06: " in part and "over 0:30: " in charts.describe_probabilities(synthetic(30), 1, NOTES)
    assert "sad from 0:00 to 0:03, happy from 0:03 to 0:04" in WORDS["ribbon"](timeline)
    assert "sad 75%" in WORDS["shares"](timeline) and "happy 25%" in WORDS["shares"](timeline)
    assert "highest +0.67 at 0:03" in WORDS["valence"](timeline)
    assert "dark 12%" in WORDS["quality"](synthetic(30)) and "Nobody is in the readings for 0:03" in WORDS["quality"](
        synthetic(30)
    )


def test_what_is_excluded_counts_in_no_description():
    rows = [reading(n / 4, 1, "sad" if n < 20 else "happy", quality="dark" if n < 20 else "good") for n in range(40)]
    timeline, notes = of_rows(rows), Notes(excluded=(Span(0, 5),))
    said = {
        "lines": charts.describe_probabilities(timeline, 1, notes),
        "ribbon": charts.describe_ribbon(timeline, notes),
        "valence": charts.describe_valence(timeline, notes),
        "quality": charts.describe_quality(timeline, notes),
    }
    assert "happy 90% on average" in said["lines"] and "sad 2% on average" in said["lines"]
    assert "1 stretches, the longest are happy" in said["ribbon"] and "no quality problem" in said["quality"]
    assert "lowest +0.83" in said["valence"]
    everything = Notes(excluded=(Span(0, 99),))
    for describe in (charts.describe_ribbon, charts.describe_valence, charts.describe_quality):
        assert describe(timeline, everything) == "All readings lie in stretches that are excluded."
    assert charts.describe_probabilities(timeline, 1, everything).startswith("All readings lie")
    assert charts.describe_probabilities(timeline, 7, everything).startswith("This person was not seen")
