"""From event files and timelines of many recordings to a sentence for the paper, as docs/studies.md shows."""

import numpy as np
import pandas as pd
import pytest

from fer_core.timeline.events.clock import fitted
from fer_core.timeline.events.event import with_text_of
from fer_core.timeline.events.formats import read_events
from fer_core.timeline.groups.cells import values_of_people
from fer_core.timeline.groups.clusters import compare_curves
from fer_core.timeline.groups.conditions import compare, shares_by_condition
from fer_core.timeline.groups.curves import aligned, mean_curve
from fer_core.timeline.groups.methods import methods_paragraph
from fer_core.timeline.groups.mixed import mixed_model
from fer_core.timeline.notes import Span
from fer_core.timeline.statistics.per_event import BeforeEvent, per_event, wide
from fer_core.timeline.statistics.person_samples import Counting, samples_of_people
from tests.timelines import of_rows, reading

LOG = "onset\tduration\ttrial_type\tcondition\n" + "".join(
    f"{100 + 5 * trial}\t2\tpicture{trial}.png\t{'joke' if trial % 2 else 'calm'}\n" for trial in range(6)
)
COUNTING = Counting((Span(5.0, 7.0, "phone"),))


def recording(rng):
    """Thirty seconds of one person, happier by about 0.3 at jokes, which are at 5, 15 and 25 s."""
    rows = []
    for place in range(120):
        time_s = place / 4
        joke = time_s % 10 >= 5 and time_s % 5 < 2
        happy = float(np.clip(0.5 + 0.3 * joke + rng.normal(0, 0.03), 0, 1))
        rows.append(reading(time_s, 1, "happy", happy))
    return of_rows(rows).frame


@pytest.fixture(scope="module")
def recordings():
    rng = np.random.default_rng(0)
    return {f"S{number}": recording(rng) for number in range(6)}


@pytest.fixture(scope="module")
def events():
    found = with_text_of(read_events("sub-01_events.tsv", LOG.encode()), "condition")
    return fitted([(100.0, 0.0), (125.0, 25.0)]).corrected(found)


@pytest.fixture(scope="module")
def study(recordings, events):
    parts = []
    for subject, frame in recordings.items():
        table = wide(per_event(frame, events, COUNTING, BeforeEvent(1.0)))
        parts.append(table.assign(subject=subject, condition=table["text"]))
    return pd.concat(parts, ignore_index=True)


def test_a_known_effect_is_measured_with_its_coverage(study):
    result = compare(values_of_people(study, "change_happy"), "joke", "calm")
    assert result.design == "within" and result.exact and result.p_value == 2 / 64
    assert result.difference == pytest.approx(0.3, abs=0.03)
    assert result.cell_first.seconds == 6 * 2 * 2 and result.cell_first.share_excluded == pytest.approx(1 / 3)
    assert result.cell_second.share_excluded == 0
    words = methods_paragraph([result])
    assert "exact" in words and "The person was the unit" in words


def test_shares_curves_and_models_tell_the_same(study, recordings, events):
    happy = {share.condition: share.share for share in shares_by_condition(study, ["shown_share_happy"])}
    assert happy["joke"] == 1.0 and 0.3 < happy["calm"] < 0.9
    people = {subject: next(samples_of_people(frame, COUNTING)) for subject, frame in recordings.items()}
    moments = {text: [event.start_s for event in events if event.text == text] for text in ("joke", "calm")}
    curves = {
        text: aligned(people, dict.fromkeys(people, at), "happy", (-1.0, 3.0), baseline_s=1.0)
        for text, at in moments.items()
    }
    mean = mean_curve(curves["joke"])
    during = (mean.time_s > 0) & (mean.time_s < 2)
    assert mean.mean[during] == pytest.approx(0.3, abs=0.04) and np.abs(mean.mean[~during]).max() < 0.05
    test = compare_curves(curves["joke"], curves["calm"])
    assert test.p_value == 2 / 64 and "not when" in test.sentence()
    pytest.importorskip("statsmodels")
    model = mixed_model(study, "change_happy", "calm")
    assert model.terms[1].estimate == pytest.approx(0.3, abs=0.03) and model.converged
