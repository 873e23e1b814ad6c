"""Which faces are taken for faces at rest."""

import dataclasses

import pytest

from fer_core.errors import TimelineError
from fer_core.timeline.editing.resting import check_rest
from fer_core.timeline.notes import Span
from tests.timelines import of_rows, reading

SPAN = Span(0.0, 2.0)


def rows(*labels: str, confidence: float = 0.7, **more) -> list[dict]:
    return [reading(number / 4, 1, label, confidence, **more) for number, label in enumerate(labels)]


@pytest.mark.parametrize(
    "seen",
    [
        rows(*["neutral"] * 8),
        rows(*["neutral"] * 8, confidence=0.97),
        rows(*["sad"] * 8),  # some faces look so at rest
        rows("sad", "happy", "angry", "neutral", "fear", "sad", "happy", "angry", confidence=0.3),  # nothing is certain
        rows(*["neutral"] * 7, "happy"),  # one sample of eight
    ],
)
def test_a_calm_face_is_at_rest(seen):
    check_rest(of_rows(seen), 1, SPAN)


@pytest.mark.parametrize(
    ("seen", "why"),
    [
        (rows(*["happy"] * 8, confidence=0.97), "looks happy \\(97% on average\\)"),
        (rows(*["neutral"] * 4, *["surprise"] * 4), "changes between (neutral and surprise|surprise and neutral)"),
    ],
)
def test_a_face_that_is_not_at_rest_is_refused(seen, why):
    with pytest.raises(TimelineError, match=f"at rest from 0.00 to 2.00 s: the face {why}. Choose"):
        check_rest(of_rows(seen), 1, SPAN)
    check_rest(of_rows(seen), 1, Span(0.0, 0.25) if "changes" in why else Span(5.0, 6.0))


def test_another_shot_may_show_somebody_else():
    timeline = dataclasses.replace(of_rows(rows(*["neutral"] * 8)), cuts=(1.0,))
    with pytest.raises(TimelineError, match=r"another shot begins at 1\.00 s"):
        check_rest(timeline, 1, SPAN)
    check_rest(timeline, 1, Span(1.0, 2.0))


def test_a_talking_mouth_is_not_at_rest():
    timeline = of_rows(rows(*["neutral"] * 8))
    talking = timeline.frame.assign(talking=[True] * 3 + [False] * 5)
    with pytest.raises(TimelineError, match="the mouth is talking"):
        check_rest(dataclasses.replace(timeline, frame=talking), 1, SPAN)


def test_samples_that_are_excluded_neither_hide_an_expression_nor_show_one():
    timeline = of_rows([*rows(*["neutral"] * 34), *(reading(n / 4, 1, "happy", 0.97) for n in range(34, 40))])
    calm, laughing = Span(0.0, 8.5), Span(8.5, 10.0)
    check_rest(timeline, 1, Span(0.0, 10.0))  # happy in 15 % of the samples
    with pytest.raises(TimelineError, match=r"looks happy \(97% on average\)"):
        check_rest(timeline, 1, Span(0.0, 10.0), [calm])
    with pytest.raises(TimelineError, match="changes between"):
        check_rest(timeline, 1, Span(6.0, 10.0))
    check_rest(timeline, 1, Span(6.0, 10.0), [laughing])
    with pytest.raises(TimelineError, match=r"All samples of person 1 from 0\.00 to 10\.00 s are excluded; choose"):
        check_rest(timeline, 1, Span(0.0, 10.0), [calm, laughing])
