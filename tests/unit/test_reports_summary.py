"""The summary of a timeline: names and order of what `summary.json` holds, on which scripts rely."""

import json

import pytest

from fer_core.reports.summary import summary_of
from fer_core.timeline.editing.corrections import without
from fer_core.timeline.notes import Notes
from tests.timelines import synthetic


def test_the_keys_and_their_order_stay():
    summary = summary_of(synthetic()).to_json()
    assert list(summary) == [
        "recording",
        "request",
        "provenance",
        "problems",
        "cuts_s",
        "samples",
        "samples_without_a_face",
        "people",
        "people_good_samples_only",
        "declaration",
        "excerpt",
    ]
    assert list(summary["people"][0]) == [
        "name",
        "person",
        "samples",
        "seen_s",
        "first_s",
        "last_s",
        "shares",
        "means",
        "valence",
        "problems",
        "good_share",
        "dominant",
    ]


def test_the_figures_are_plain_and_rounded():
    timeline = synthetic()
    summary = json.loads(json.dumps(summary_of(timeline, Notes()).to_json()))
    first, second = summary["people"]
    assert (first["person"], first["name"], second["person"]) == (1, "Person 1", 2)
    assert sum(first["shares"].values()) == pytest.approx(1, abs=1e-5)
    assert all(value == round(value, 6) for value in (*first["shares"].values(), first["valence"], first["seen_s"]))
    assert summary["samples"] == timeline.frame["frame"].nunique()
    assert summary["people_good_samples_only"][0]["samples"] < first["samples"]


def test_it_is_said_where_an_empty_frame_may_be_one_of_somebody_who_was_removed():
    whole, part = synthetic(people=1), without(synthetic(people=1), 1)
    assert summary_of(whole).to_json()["excerpt"] is False
    summary = summary_of(part).to_json()
    assert summary["excerpt"] is True and summary["samples_without_a_face"] == summary["samples"]
