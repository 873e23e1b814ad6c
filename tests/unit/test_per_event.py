"""Figures of events, by hand on a few samples."""

import io
import math

import numpy as np
import pandas as pd
import pytest

from fer_core.emotions import EMOTIONS
from fer_core.errors import TimelineError
from fer_core.timeline.events.event import Event
from fer_core.timeline.notes import Span
from fer_core.timeline.statistics.per_event import (
    MEANINGS,
    BeforeEvent,
    Counting,
    RestingFace,
    csv_text,
    per_event,
    wide,
)
from tests.timelines import nobody, of_rows, reading, synthetic

# Person 1, a sample each 0.5 s. Happiness: 0.1 at rest, from 2 s 0.15, 0.9, 0.7, 0.3 (uncertain), 0.1
HAPPY = [0.1, 0.1, 0.1, 0.1, 0.15, 0.9, 0.7, 0.3, 0.1, 0.1]


def face(place, probability, **more):
    label = "happy" if probability >= 0.3 else "neutral"
    rest = (1 - probability) / 6 if label == "happy" else (0.2 - probability) / 5
    values = dict.fromkeys(EMOTIONS, rest) | {"happy": probability}
    if label == "neutral":
        values["neutral"] = 0.8
    confidence = values[label]
    return reading(place / 2, 1, label) | values | {"confidence": confidence, "uncertain": confidence < 0.5} | more


ROWS = of_rows([face(place, probability) for place, probability in enumerate(HAPPY)]).frame
SMILE = Event(2.0, 4.0, "joke", "stimulus")


def happy(table):
    [row] = table[table["emotion"] == "happy"].to_dict("records")
    return row


def test_figures_by_hand():
    row = happy(per_event(ROWS, [SMILE], baseline=BeforeEvent(2.0)))
    assert (row["samples"], row["seconds"], row["share_uncertain"], row["share_excluded"]) == (4, 2.0, 0.25, 0.0)
    mean = (0.15 + 0.9 + 0.7 + 0.3) / 4
    assert row["mean"] == pytest.approx(mean) and row["baseline"] == pytest.approx(0.1)
    assert row["sd"] == pytest.approx(np.std([0.15, 0.9, 0.7, 0.3]))
    assert (row["peak"], row["latency_s"]) == (0.9, 0.5)
    assert row["change"] == pytest.approx(mean - 0.1) and row["peak_change"] == pytest.approx(0.8)
    assert row["onset_s"] == 0.5  # 0.15 is only 0.05 above rest
    assert row["area"] == pytest.approx(2 * (mean - 0.1))
    assert (row["shown_s"], row["shown_share"]) == (1.0, 0.5)
    assert set(per_event(ROWS, [SMILE]).columns) == set(MEANINGS)


def test_the_resting_face_and_no_baseline():
    row = happy(per_event(ROWS, [SMILE], baseline=RestingFace({1: Span(0.0, 1.0)})))
    assert row["baseline"] == pytest.approx(0.1) and row["onset_s"] == 0.5
    bare = happy(per_event(ROWS, [SMILE]))
    assert bare["peak"] == 0.9 and all(np.isnan(bare[name]) for name in ("baseline", "change", "onset_s", "area"))


def test_what_is_excluded_or_poor_counts_nowhere_and_is_reported():
    counting = Counting((Span(2.5, 3.0, "phone"),))
    row = happy(per_event(ROWS, [SMILE], counting, BeforeEvent(2.0)))
    assert (row["samples"], row["peak"], row["share_excluded"]) == (3, 0.7, 0.25)
    assert row["onset_s"] == 1.0
    dark = ROWS.assign(quality=["dark" if place == 5 else "good" for place in range(10)])
    good = per_event(dark, [SMILE], Counting(good_only=True), BeforeEvent(2.0))
    assert happy(good) == pytest.approx(row, nan_ok=True)


def test_moments_have_a_window_and_nobody_there_leaves_empty_figures():
    rows = of_rows([*[face(place, 0.5) for place in range(4)], nobody(2.0), nobody(2.5)]).frame
    table = per_event(rows, [Event(0.5, None, "beep"), Event(2.0, 3.0, "gone")], moment_s=0.75)
    first, gone = table[table["emotion"] == "happy"].to_dict("records")
    assert (first["end_s"], first["samples"], first["seconds"]) == (1.25, 2, 0.75)  # the last sample is cut at the end
    assert (gone["samples"], gone["seconds"], gone["shown_s"]) == (0, 0, 0) and np.isnan(gone["mean"])
    assert np.isnan(gone["share_uncertain"])


def test_one_flickering_sample_is_no_onset():
    values = [0.1, 0.1, 0.9, 0.1, 0.9, 0.9, 0.9, 0.1]
    rows = of_rows([face(0.2 * place, value) for place, value in enumerate(values)]).frame  # every 0.1 s
    assert happy(per_event(rows, [Event(0.2, 0.8, "x")], baseline=BeforeEvent(0.2)))["onset_s"] == pytest.approx(0.2)


def test_one_sample_is_no_onset_though_it_stands_for_long():
    values = [0.1, 0.1, 0.9, 0.1, 0.1, 0.9, 0.9, 0.1]
    rows = of_rows([face(place / 2, value) for place, value in enumerate(values)]).frame  # every 0.25 s
    assert math.isnan(happy(per_event(rows, [Event(0.5, 1.0, "x")], baseline=BeforeEvent(0.5)))["onset_s"])
    assert happy(per_event(rows, [Event(0.5, 2.0, "x")], baseline=BeforeEvent(0.5)))["onset_s"] == pytest.approx(0.75)


def test_wide_and_csv_hold_the_same():
    timeline = synthetic()
    table = per_event(timeline.frame, [Event(3, 6, "=cmd"), Event(16, 20, "b")], baseline=BeforeEvent(1.0))
    assert len(table) == 2 * 2 * len(EMOTIONS)
    broad = wide(table)
    assert len(broad) == 4 and not broad[["event", "person"]].duplicated().any()
    row = table.query("event == 2 and person == 1 and emotion == 'sad'").iloc[0]
    assert broad.query("event == 2 and person == 1")["peak_sad"].item() == row["peak"]
    again = pd.read_csv(io.StringIO(csv_text(table)), keep_default_na=False, na_values=[""])
    assert again["text"].iloc[0] == "'=cmd"
    np.testing.assert_allclose(again["mean"].astype(float), table["mean"], atol=1e-6)


@pytest.mark.parametrize(
    ("events", "options", "words"),
    [
        ([], {}, "no event"),
        ([SMILE], {"moment_s": 0.0}, "more than 0 s"),
        ([SMILE], {"baseline": BeforeEvent(0.0)}, "more than 0 s"),
        ([SMILE], {"baseline": RestingFace({1: Span(50, 60)})}, "Person 1 has no sample that counts between 50.00"),
    ],
)
def test_what_makes_no_sense_is_refused(events, options, words):
    with pytest.raises(TimelineError, match=words):
        per_event(ROWS, events, **options)
