"""Which faces of a data set are shown."""

import numpy as np

from fer_core.evaluation.datasets import VOTE_COLUMNS, FaceSet
from fer_core.evaluation.galleries import (
    Misread,
    contradictory,
    copies_across_splits,
    disputed,
    misread,
    rows_by_id,
    samples,
    strip,
    votes_in_words,
    whereabouts,
)
from tests.predictions import HAPPY, NEUTRAL, SAD, said


def votes(**given) -> list[float]:
    return [given.get(name, 0) for name in VOTE_COLUMNS]


IMAGES = np.arange(4, dtype=np.uint8)[:, None, None].repeat(48, 1).repeat(48, 2)
FACES = FaceSet(
    IMAGES,
    np.array([HAPPY, HAPPY, SAD, HAPPY]),
    np.array(list("abcd")),
    np.array(["PublicTest"] * 4),
    np.array([votes(happiness=9), votes(neutral=6, fear=4), votes(sadness=9), votes(neutral=10)], np.float32),
)


def test_samples_bear_the_label_and_change_with_the_seed():
    labels = np.tile([HAPPY, SAD], 50)
    faces = FaceSet(
        np.zeros((100, 48, 48), np.uint8), labels, labels.astype(str), labels.astype(str), np.zeros((100, 10))
    )
    first, again, other = samples(faces, "sad", 12, 0), samples(faces, "sad", 12, 0), samples(faces, "sad", 12, 1)
    assert len(first) == 12 and (labels[first] == SAD).all()
    assert np.array_equal(first, again) and not np.array_equal(first, other)
    assert len(samples(faces, "fear", 12, 0)) == 0


def test_disputed_are_those_whose_label_no_rater_gave():
    assert disputed(FACES, "happy").tolist() == [3, 1]  # the raters agree more on the last one
    assert disputed(FACES, "sad").tolist() == []


def test_unrated_faces_are_not_disputed():
    unrated = FaceSet(FACES.images, FACES.labels, FACES.names, FACES.splits, np.zeros_like(FACES.votes))
    assert len(disputed(unrated, "happy")) == 0


def test_errors_are_filtered_and_the_surest_come_first():
    predictions = said([HAPPY, HAPPY, SAD, SAD], [HAPPY, SAD, NEUTRAL, NEUTRAL])
    predictions.probabilities[3] = np.eye(7)[NEUTRAL]
    assert misread(predictions, Misread()).tolist() == [3, 1, 2]
    assert misread(predictions, Misread(label="sad")).tolist() == [3, 2]
    assert misread(predictions, Misread(read_as="sad")).tolist() == [1]
    assert misread(predictions, Misread(label="happy", read_as="neutral")).tolist() == []
    assert misread(predictions, Misread(confidence_from=0.9)).tolist() == [3]
    assert misread(predictions, Misread(confidence_to=0.9)).tolist() == [1, 2]


def test_copies_across_splits_are_found_and_contradictions_come_first():
    rows = [
        (0, HAPPY, "train"),
        (0, HAPPY, "PublicTest"),  # a copy
        (1, SAD, "train"),
        (1, SAD, "train"),  # a copy within its split alone
        (2, SAD, "train"),
        (2, SAD, "train"),
        (2, HAPPY, "PrivateTest"),  # a copy that is labelled otherwise
        (3, HAPPY, "PrivateTest"),
    ]
    pictures, labels, splits = zip(*rows, strict=True)
    faces = FaceSet(
        IMAGES[list(pictures)],
        np.array(labels),
        np.array([str(row) for row in range(len(rows))]),
        np.array(splits),
        np.zeros((len(rows), len(VOTE_COLUMNS)), np.float32),
    )
    found = copies_across_splits(faces)
    assert [group.tolist() for group in found] == [[4, 5, 6], [0, 1]]
    assert [contradictory(faces, group) for group in found] == [True, False]
    assert whereabouts(faces, found[0]) == "PrivateTest happy · train sad × 2"


def test_pictures_are_found_by_their_content():
    found = rows_by_id(FACES)
    assert sorted(found.values()) == [0, 1, 2, 3] and all(len(name) == 16 for name in found)


def test_votes_in_words():
    assert votes_in_words(np.array(votes(neutral=2, happiness=7, NF=1))) == "7 happiness, 2 neutral, 1 NF"
    assert votes_in_words(np.array(votes(neutral=2, happiness=7, NF=1)), most=1) == "7 happiness"
    assert votes_in_words(np.zeros(10)) == "no votes"


def test_a_strip_keeps_every_face():
    joined = strip(IMAGES[:3], gap_px=2)
    assert joined.shape == (48, 3 * 48 + 2 * 2)
    assert [int(joined[0, x]) for x in (0, 48, 50, 100)] == [0, 255, 1, 2]
