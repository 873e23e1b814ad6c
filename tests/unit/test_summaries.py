import dataclasses

import numpy as np
import pytest

from fer_core.emotions import EMOTIONS
from fer_core.timeline.clock_text import as_clock, as_fine_clock
from fer_core.timeline.editing.corrections import within
from fer_core.timeline.notes import Notes, Span
from fer_core.timeline.rows import good_only, people
from fer_core.timeline.statistics.expressions import expression_events
from fer_core.timeline.statistics.person_samples import Counting, samples_of_people
from fer_core.timeline.statistics.summaries import (
    CATEGORIES,
    UNCERTAIN,
    headline,
    percent_of_time,
    problems_of,
    share_of_time,
    stretches,
    summarise,
    valence,
)
from fer_core.timeline.weights import counted, interval_s, time_range, weighted
from tests.timelines import nobody, of_rows, reading, synthetic


def test_a_sample_stands_for_the_time_until_the_next_sampled_frame():
    timeline = of_rows([reading(0, 1, "happy"), nobody(1), reading(3, 1, "sad"), reading(4, 1, "sad")])
    assert weighted(timeline)["held_s"].tolist() == [1, 1.5, 1, 1]  # not for a hole; the last for the usual interval
    [summary] = summarise(timeline)
    assert (summary.seen_s, summary.samples, summary.first_s, summary.last_s) == (3, 3, 0, 4)
    assert summary.shares["happy"] == pytest.approx(1 / 3) and summary.shares["sad"] == pytest.approx(2 / 3)


@pytest.mark.parametrize(
    ("times", "duration_s", "last_s"),
    [
        (np.arange(9) / 4, 2.05, 0.05),  # the last sample is 50 ms before the end
        ([0.0], 0.1, 0.1),  # three frames of 30 a second
        (np.arange(9) / 4, 2.25, 0.25),
        (np.arange(9) / 4, 40.0, 0.25),  # an analysis that was stopped
        (np.arange(9) / 4, 2.0, 0.25),  # a live session lasts until its last frame: the interval is all there is
        (np.arange(9) / 4, 0.0, 0.25),  # the file does not say how long it is
    ],
)
def test_the_last_sample_stands_for_nothing_after_the_end_of_the_recording(times, duration_s, last_s):
    timeline = of_rows([reading(t, 1, "happy") for t in times])
    timeline = dataclasses.replace(timeline, recording=dataclasses.replace(timeline.recording, duration_s=duration_s))
    [summary] = summarise(timeline)
    [stretch] = stretches(timeline, 1)
    [event] = expression_events(timeline, Notes())
    [person] = samples_of_people(timeline, Counting())
    assert summary.seen_s == pytest.approx(times[-1] + last_s)
    assert stretch.end_s == event.end_s == pytest.approx(times[-1] + last_s)
    assert person.held_s.sum() == pytest.approx(summary.seen_s)


def test_the_last_sample_of_a_slow_analysis_has_no_more_weight_than_time():
    timeline = of_rows([reading(0, 1, "neutral"), reading(5, 1, "neutral"), reading(10, 1, "happy")])
    timeline = dataclasses.replace(timeline, recording=dataclasses.replace(timeline.recording, duration_s=11.0))
    [summary] = summarise(timeline)
    assert summary.seen_s == 11 and summary.shares["happy"] == pytest.approx(1 / 11)


def test_shares_and_means_sum_to_one_and_doubt_has_a_share_of_its_own():
    timeline = of_rows([reading(0, 1, "happy"), reading(1, 1, "happy", 0.4), reading(2, 1, "sad")])
    [summary] = summarise(timeline)
    assert list(summary.shares) == list(CATEGORIES)
    assert sum(summary.shares.values()) == pytest.approx(1) and sum(summary.means.values()) == pytest.approx(1)
    assert summary.shares[UNCERTAIN] == pytest.approx(1 / 3) and summary.shares["happy"] == pytest.approx(1 / 3)


def test_excluded_time_and_poor_samples_can_be_left_out_without_changing_what_others_stand_for():
    timeline = of_rows(
        [reading(t, 1, "sad" if 2 <= t <= 3 else "happy", quality="dark" if t == 5 else "good") for t in range(6)]
    )
    [summary] = summarise(counted(timeline, [Span(2, 4)]))
    assert summary.seen_s == 4 and summary.shares["happy"] == 1
    [good] = summarise(good_only(weighted(timeline)))
    assert good.seen_s == 5 and good.good_share == 1


def test_problems_can_coincide():
    rows = of_rows(
        [reading(0, 1, "sad", quality="small, dark"), reading(1, 1, "sad", quality="dark"), reading(2, 1, "sad")]
    )
    assert {name: where.tolist() for name, where in problems_of(rows.frame).items()} == {
        "dark": [True, True, False],
        "small": [True, False, False],
    }
    [summary] = summarise(rows)
    assert summary.problems == pytest.approx({"dark": 2 / 3, "small": 1 / 3}) and summary.good_share == pytest.approx(
        1 / 3
    )


def test_stretches_end_at_gaps_labels_and_doubts():
    timeline = of_rows(
        [
            reading(0, 1, "sad"),
            reading(1, 1, "sad", 0.7),
            nobody(2),
            reading(3, 1, "sad"),
            reading(4, 1, "happy"),
            reading(5, 1, "happy", 0.4),
        ]
    )
    runs = stretches(timeline, 1)
    assert [(run.start_s, run.end_s, run.category, run.samples) for run in runs] == [
        (0, 2, "sad", 2),
        (3, 4, "sad", 1),
        (4, 5, "happy", 1),
        (5, 6, UNCERTAIN, 1),
    ]
    assert runs[0].confidence == pytest.approx(0.8) and runs[0].frame == 0 and runs[3].label == "happy"


def test_the_uneven_frames_of_a_camera_are_one_stretch_and_absence_still_ends_it():
    gaps = np.array([1, 1, 2, 1, 1, 1, 3, 1, 2, 1] * 30) / 30  # thirtieths of a second: one or two frames were dropped
    times = np.cumsum(gaps)
    away = (times > 6) & (times < 8)
    timeline = of_rows([nobody(t) if gone else reading(t, 1, "happy") for t, gone in zip(times, away, strict=True)])
    before, after = stretches(timeline, 1)
    assert before.end_s == pytest.approx(6, abs=0.11) and after.start_s == pytest.approx(8, abs=0.11)


def test_a_short_pause_is_bridged_and_a_frame_without_the_person_is_not():
    times = [*np.arange(30) / 30, *(1.2 + np.arange(30) / 30)]  # 0.23 s in which the camera gave nothing
    seen = [reading(t, 1, "happy") for t in times]
    assert len(stretches(of_rows(seen), 1)) == 1
    assert len(stretches(of_rows([*seen[:30], nobody(1.1), *seen[30:]]), 1)) == 2


def test_a_hole_counts_as_nothing():
    rows = [*(reading(n / 4, 1, "happy") for n in range(8)), *(reading(60 + n / 4, 1, "sad") for n in range(40))]
    [summary] = summarise(of_rows(rows))
    assert summary.seen_s == pytest.approx(sum(run.length_s for run in stretches(of_rows(rows), 1)))
    assert summary.shares["happy"] == pytest.approx(2 / 12, abs=0.01)


def test_stretches_end_where_something_is_left_out():
    timeline = of_rows([reading(n / 4, 1, "happy") for n in range(40)])
    runs = stretches(counted(timeline, [Span(2, 4)]), 1)
    assert [(run.start_s, run.end_s) for run in runs] == [(0, 2), (4, 10)]


def test_the_headline_is_what_all_showed_longest_together():
    longest = [reading(n, 1, "sad" if n < 60 else "happy") for n in range(100)]
    others = [reading(n, person, "happy") for n in range(50) for person in (2, 3)]
    assert headline(summarise(of_rows([*longest, *others]))) == "happy"
    assert headline(summarise(of_rows([reading(0, 1, "fear", 0.4)]))) == UNCERTAIN


def test_one_long_gap_does_not_change_the_usual_interval():
    assert interval_s(of_rows([nobody(t) for t in (0, 0.25, 0.5, 9, 9.25)])) == 0.25


def test_several_pauses_do_not_change_the_usual_interval():
    times = np.cumsum([0, *[0.25] * 6, 10, *[0.25] * 6, 10, *[0.25] * 6])
    seen = of_rows([reading(t, 1, "happy") for t in times])
    assert interval_s(seen) == 0.25
    [summary] = summarise(seen)
    assert summary.seen_s == pytest.approx(18 * 0.25 + 2 * 0.375 + 0.25)
    assert len(stretches(seen, 1)) == 3


def test_a_slow_part_is_no_row_of_pauses():
    fast, slow = np.arange(600) / 10, 60 + np.arange(180) / 3
    paused = 10 + slow[-1] + np.arange(30) / 3
    seen = of_rows([reading(t, 1, "happy") for t in (*fast, *slow, *paused)])
    assert interval_s(seen) == pytest.approx(1 / 3)
    [summary] = summarise(seen)
    assert summary.seen_s == pytest.approx(slow[-1] + 0.5 + 10)
    assert len(stretches(seen, 1)) == 2
    dark = of_rows([nobody(t) for t in (*np.arange(1800) / 30, *(60 + np.arange(600) / 10))])
    assert interval_s(dark) == pytest.approx(0.1)


@pytest.mark.parametrize(("rate_hz", "slow_hz"), [(4, 1), (30, 3)])
def test_a_slow_part_counts_whole_though_its_samples_are_few(rate_hz, slow_hz):
    fast, slow = np.arange(300 * rate_hz) / rate_hz, 300 + np.arange(60 * slow_hz) / slow_hz  # under 5% of the samples
    seen = of_rows([reading(t, 1, "happy") for t in (*fast, *slow)])
    assert summarise(seen)[0].seen_s == pytest.approx(360)
    [run] = stretches(seen, 1)
    assert run.end_s == pytest.approx(360)
    assert weighted(within(seen, 310, 350))["held_s"].sum() == pytest.approx(40)
    assert interval_s(seen) == pytest.approx(1 / rate_hz)  # which charts of the whole are made by
    held = weighted(seen.frame)  # of rows alone, whose end nobody knows
    assert time_range(seen.frame)[1] == pytest.approx((held["time_s"] + held["held_s"]).max())
    stalled = of_rows([reading(t, 1, "happy") for t in (*fast[fast < 100], *fast[fast >= 105], *slow)])
    assert summarise(stalled)[0].seen_s == pytest.approx(355 + max(1.5 / rate_hz, 0.25), abs=2 / rate_hz)


def test_a_pause_in_a_few_samples_is_not_the_usual():
    assert summarise(of_rows([reading(t, 1, "happy") for t in (0, 1, 11)]))[0].seen_s == 1 + 1.5 + 1


def test_dropped_frames_are_no_slow_part():
    times = [number / 4 for number in range(400) if number % 50]
    assert interval_s(of_rows([reading(t, 1, "happy") for t in times])) == 0.25


def test_stretches_cover_exactly_the_time_seen():
    timeline = synthetic(120)
    for summary in summarise(timeline):
        assert sum(run.length_s for run in stretches(timeline, summary.person)) == pytest.approx(summary.seen_s)


def test_valence_is_plus_one_for_happy_and_minus_one_for_the_unpleasant_four():
    rows = of_rows([reading(t, 1, name, 1.0) for t, name in enumerate(EMOTIONS)]).frame
    assert dict(zip(EMOTIONS, valence(rows), strict=True)) == {
        "angry": -1, "disgust": -1, "fear": -1, "happy": 1, "sad": -1, "surprise": 0, "neutral": 0,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("timeline", "range_s"),
    [
        (of_rows([]), (0, 30)),  # the recording's length
        (of_rows([nobody(0), nobody(0.25)]), (0, 30)),  # nobody in it
    ],
)
def test_nobody_seen(timeline, range_s):
    assert people(timeline) == [] and summarise(timeline) == [] and stretches(timeline, 1) == []
    assert time_range(timeline) == range_s


def test_the_range_ends_with_the_recording_not_with_the_interval_of_its_last_sample():
    samples = [nobody(t) for t in (0, 10, 20, 29)]
    assert time_range(of_rows(samples)) == (0, 30)
    assert time_range(of_rows([*samples, nobody(39)])) == (0, 49)  # the file said 30 s


def test_rows_alone_know_their_range():
    rows = synthetic(30).frame
    assert time_range(rows[rows["time_s"] >= 10]) == (10, 30) and interval_s(rows) == 0.25


def test_one_sample_stands_for_the_interval_asked_for():
    assert interval_s(of_rows([reading(0, 1, "sad")])) == 0.25


def test_samples_of_uneven_times_keep_their_order():
    timeline = of_rows([reading(t, 1, "sad") for t in (0.5, 0.0, 0.25)])
    assert np.allclose(weighted(timeline)["held_s"], 0.25)


@pytest.mark.parametrize(("seconds", "words"), [(0, "0:00"), (7.4, "0:07"), (750, "12:30"), (7205, "2:00:05")])
def test_as_clock(seconds, words):
    assert as_clock(seconds) == words


@pytest.mark.parametrize(
    ("seconds", "words"), [(0, "0:00.0"), (12.5, "0:12.5"), (59.96, "1:00.0"), (12.25, "0:12.2"), (7205.1, "2:00:05.1")]
)
def test_as_fine_clock(seconds, words):
    assert as_fine_clock(seconds) == words


def test_names_fall_back_to_numbers():
    notes = Notes({1: "Zoë", 2: "  "})
    assert [notes.name(number) for number in (1, 2, 3)] == ["Zoë", "Person 2", "Person 3"]


@pytest.mark.parametrize(
    "names",
    [{1: "Ana", 3: "Ana"}, {1: "Ana", 2: "Ana (1)", 3: "Ana "}, {1: "Person 3"}, {1: "Person 2", 2: "Person 1"}],
)
def test_nobody_is_taken_for_somebody_else_of_the_same_name(names):
    notes = Notes(names)
    assert len({notes.name(number) for number in (1, 2, 3)}) == 3


def test_a_name_that_is_a_number_stays_where_it_is_true():
    assert Notes({2: "Person 2"}).name(2) == "Person 2"


def test_a_span_cannot_end_before_it_starts():
    with pytest.raises(ValueError, match="before it starts"):
        Span(2, 1)


def test_no_word_stands_for_everybody_where_few_pictures_are_good():
    poor = [reading(t, 1, "sad", quality="small") for t in range(6)]
    good = [reading(t, 2, "happy") for t in range(4)]
    assert headline(summarise(of_rows([*poor, *good]))) is None
    assert headline(summarise(good_only(weighted(of_rows([*poor, *good]))))) == "happy"
    assert headline(summarise(of_rows([nobody(0)]))) is None


def test_what_is_mostly_uncertain_is_called_so():
    doubtful = [reading(t, 1, "fear", 0.4) for t in range(5)]
    assert headline(summarise(of_rows([*doubtful, reading(5, 1, "happy")]))) == UNCERTAIN


def test_a_share_of_time_is_that_of_all_people_together():
    long_and_good = [reading(t, 1, "happy") for t in range(6)]
    short_and_dark = [reading(t, 2, "sad", quality="dark") for t in range(2)]
    seen = summarise(of_rows([*long_and_good, *short_and_dark]))
    assert share_of_time(seen, lambda summary: summary.good_share) == pytest.approx(6 / 8)
    assert percent_of_time(seen, lambda summary: summary.good_share) == "75%"
    assert share_of_time([], lambda summary: summary.good_share) is None
    assert percent_of_time([], lambda summary: summary.good_share) == "–"
