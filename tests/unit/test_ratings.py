"""Ratings by a second rater: they follow corrections of people, survive files, and agree with a model or not."""

import json

import numpy as np
import pytest
from sklearn.metrics import cohen_kappa_score

from fer_core import EMOTIONS, Exclude, Merge, Rate, Rating, Remove, Span, Split, Study, TimelineError
from fer_core.timeline.editing.ratings import erased, rated
from fer_core.timeline.statistics.rater_agreement import agreement_of, agreement_with_rater, cohens_kappa, rated_samples
from tests.timelines import of_rows, reading, synthetic


def spans(study: Study) -> list[tuple]:
    return [(each.person, each.start_s, each.end_s, each.label) for each in study.notes.ratings]


def one_person(labels: str, uncertain: str = "", person: int = 1) -> Study:
    """A second a letter: the first letter of the label; a `?` in `uncertain` where the reading is uncertain."""
    names = {name[0]: name for name in ("happy", "angry", "fear", "disgust", "neutral")}
    doubts = uncertain.ljust(len(labels))
    rows = [
        reading(float(at), person, names[letter], 0.4 if doubt == "?" else 0.9)
        for at, (letter, doubt) in enumerate(zip(labels, doubts, strict=True))
    ]
    return Study(of_rows(rows))


def test_a_later_rating_replaces_what_it_covers_and_nothing_of_others():
    study = Study(synthetic(10.0)).edited(Rate(1, 0.0, 4.0, "happy", "EC")).edited(Rate(1, 0.0, 4.0, "fear", "MK"))
    study = study.edited(Rate(2, 0.0, 4.0, "angry", "EC")).edited(Rate(1, 1.0, 2.0, "sad", "EC"))
    assert spans(study) == [
        (1, 0.0, 1.0, "happy"), (1, 1.0, 2.0, "sad"), (1, 2.0, 4.0, "happy"), (1, 0.0, 4.0, "fear"),
        (2, 0.0, 4.0, "angry"),
    ]  # fmt: skip
    study = study.edited(Rate(1, 0.5, 3.0, None, "EC"))
    assert [each[1:3] for each in spans(study)] == [(0.0, 0.5), (3.0, 4.0), (0.0, 4.0), (0.0, 4.0)]
    assert spans(study.undone().undone()) != spans(study) and study.undone().notes.ratings[1].label == "sad"


def test_ratings_follow_people_who_are_split_merged_and_removed():
    study = Study(synthetic(10.0)).edited(Rate(1, 0.0, 4.0, "happy")).edited(Split(1, 2.0, 5))
    assert spans(study) == [(1, 0.0, 2.0, "happy"), (5, 2.0, 4.0, "happy")]
    assert spans(study.edited(Merge(1, 5))) == [(1, 0.0, 2.0, "happy"), (1, 2.0, 4.0, "happy")]
    assert spans(study.edited(Remove(5))) == [(1, 0.0, 2.0, "happy")]
    purged = study.edited(Rate(2, 0.0, 1.0, "sad", "EC")).edited(Remove(1)).purged()
    assert spans(purged) == [(2, 0.0, 1.0, "sad"), (5, 2.0, 4.0, "happy")]
    assert all(edit.person != 1 for edit in purged.edits if isinstance(edit, Rate))


@pytest.mark.parametrize("ending", ["json", "parquet"])
def test_ratings_come_back_from_a_file(tmp_path, ending):
    study = Study(synthetic(10.0)).edited(Rate(1, 0.0, 4.0, "happy", "Ève", blind=False))
    study.write(tmp_path / f"study.{ending}")
    again = Study.open(tmp_path / f"study.{ending}")
    assert again.notes == study.notes and again.edits == study.edits
    assert again.notes.ratings == (Rating(1, 0.0, 4.0, "happy", "Ève", False),)


def test_a_part_of_a_recording_has_the_ratings_in_it():
    notes = Study(synthetic(10.0)).edited(Rate(1, 0.0, 2.0, "happy")).edited(Rate(1, 5.0, 8.0, "sad")).notes
    assert [each.label for each in notes.within(4.0, 6.0).ratings] == ["sad"]


@pytest.mark.parametrize(
    "values", [(1, 2.0, 2.0, "happy"), (1, 3.0, 2.0, "happy"), (1, 0.0, float("nan"), "happy"), (1, 0.0, 1.0, "bored")]
)
def test_what_is_no_rating_is_refused(values):
    with pytest.raises(ValueError, match=r"rat|finite"):
        Rate(*values)
    with pytest.raises(ValueError, match=r"rat|finite"):
        Rating(*values)


def test_nobody_is_rated_who_is_not_there():
    with pytest.raises(TimelineError, match="no person 7"):
        Study(synthetic(10.0)).edited(Rate(7, 0.0, 1.0, "happy"))


def test_erasing_a_span_that_nobody_rated_changes_nothing():
    ratings = rated((), Rating(1, 0.0, 1.0, "happy"))
    assert erased(ratings, 1, 2.0, 3.0, "") == ratings == erased(ratings, 2, 0.0, 1.0, "")


def test_kappa_is_that_of_the_textbook_and_of_scikit_learn():
    assert float(cohens_kappa(np.array([[20, 5], [10, 15]]))) == 0.4
    rng = np.random.default_rng(1)
    one = rng.integers(0, 7, 300)
    other = np.where(rng.random(300) < 0.6, one, rng.integers(0, 7, 300))
    found = agreement_of(
        [EMOTIONS[label] for label in one], [EMOTIONS[label] for label in other], np.zeros(300, bool), np.arange(300)
    )
    assert found.kappa == pytest.approx(cohen_kappa_score(one, other), abs=1e-9)
    assert found.agreement == pytest.approx((one == other).mean()) and found.units == 300
    # Where every sample is a unit of its own, the interval is nearly the one of Fleiss, Cohen and Everitt (1969).
    low, high = found.kappa_interval
    assert high - low == pytest.approx(2 * 1.96 * fleiss_error(np.array(found.table)[:, :7]), rel=0.05)


def fleiss_error(table: np.ndarray) -> float:
    """Standard error of kappa for independent samples, by the formula of 1969."""
    shares = table / table.sum()
    rows, columns = shares.sum(axis=1), shares.sum(axis=0)
    kappa, chance = float(cohens_kappa(table)), float(rows @ columns)
    observed = float(np.trace(shares))
    first = np.sum(np.diag(shares) * (1 - (rows + columns) * (1 - kappa)) ** 2)
    apart = shares * (columns[:, None] + rows[None, :]) ** 2
    second = (1 - kappa) ** 2 * (apart.sum() - np.trace(apart))
    third = (kappa - chance * (1 - kappa)) ** 2
    assert 0 < observed < 1
    return float(np.sqrt((first + second - third) / (table.sum() * (1 - chance) ** 2)))


def test_samples_of_one_span_are_not_taken_as_independent():
    labels = ["happy", "sad"] * 10
    read = [label if n % 4 else "fear" for n, label in enumerate(labels)]
    alone = agreement_of(labels, read, np.zeros(20, bool), np.arange(20))
    repeated = agreement_of(labels * 10, read * 10, np.zeros(200, bool), np.tile(np.arange(20), 10))
    assert repeated.kappa == alone.kappa and repeated.kappa_interval == pytest.approx(alone.kappa_interval)
    pretended = agreement_of(labels * 10, read * 10, np.zeros(200, bool), np.arange(200))
    assert np.ptp(pretended.kappa_interval) < 0.5 * np.ptp(repeated.kappa_interval)


def test_spans_that_all_agree_give_no_interval():
    labels = ["happy", "sad"] * 6
    found = agreement_of(labels, labels, np.zeros(12, bool), np.arange(12))
    assert (found.agreement, found.kappa) == (1.0, 1.0)
    assert np.isnan([found.agreement_interval, found.kappa_interval]).all()
    assert "100%" in found.sentence() and "no interval, because all spans say the same" in found.sentence()


def test_uncertain_readings_are_a_column_and_no_error():
    study = (
        one_person("hhaa", "   ?").edited(Rate(1, 0.0, 2.0, "happy")).edited(Rate(1, 2.0, 4.0, "angry", blind=False))
    )
    found = agreement_with_rater(study.timeline, study.notes, "")
    happy, angry = EMOTIONS.index("happy"), EMOTIONS.index("angry")
    assert found.table[happy][happy] == 2 and found.table[angry][angry] == 1 and found.table[angry][7] == 1
    assert (found.rated, found.compared, found.uncertain, found.agreement, found.kappa) == (4, 3, 1, 1.0, 1.0)
    words = found.sentence()
    assert "1 further sample uncertain" in words and "no interval for fewer than 5 spans" in words
    assert "2 samples labelled with the readings in sight" in words


def test_excluded_spans_and_other_raters_do_not_count():
    study = one_person("hhaa").edited(Rate(1, 0.0, 4.0, "happy", "EC")).edited(Rate(1, 0.0, 1.0, "sad", "MK"))
    study = study.edited(Exclude((Span(1.0, 2.0),)))
    rows = rated_samples(study.timeline, study.notes, "EC")
    assert rows["time_s"].tolist() == [0.0, 2.0, 3.0] and set(rows["rated"]) == {"happy"}
    assert rated_samples(study.timeline, study.notes, "nobody").empty


def test_nothing_to_compare_is_said():
    study = one_person("hh", "??").edited(Rate(1, 0.0, 2.0, "happy"))
    found = agreement_with_rater(study.timeline, study.notes, "")
    assert np.isnan(found.kappa) and found.sentence().startswith("Nothing to compare: 2 of 2")
    alone = one_person("hh").edited(Rate(1, 0.0, 2.0, "happy"))
    assert "kappa does not exist" in agreement_with_rater(alone.timeline, alone.notes, "").sentence()


def test_a_log_with_ratings_is_plain_json():
    study = one_person("hh").edited(Rate(1, 0.0, 2.0, "happy"))
    assert json.loads(study.to_json())["edits"][0] == {
        "kind": "rate", "person": 1, "start_s": 0.0, "end_s": 2.0, "label": "happy", "rater": "", "blind": True,
    }  # fmt: skip
