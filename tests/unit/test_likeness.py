"""Suggestions that two numbers are one person."""

import dataclasses

import cv2
import numpy as np
import pytest

from fer_core.analysis.likeness import merges_to_consider
from fer_core.analysis.portraits import jpeg
from tests.conftest import PORTRAIT
from tests.timelines import of_rows, reading
from tests.videos import other_person

ANNA = cv2.imread(str(PORTRAIT))[65:165, 175:275]
DARKER, BEN = cv2.convertScaleAbs(ANNA, alpha=0.6), other_person(ANNA)


def timeline(seen: dict[int, list[float]], pictures: dict[int, np.ndarray]):
    rows = [reading(time_s, person, "sad") for person, times in seen.items() for time_s in times]
    return dataclasses.replace(of_rows(rows), portraits={number: jpeg(face) for number, face in pictures.items()})


def test_who_looks_alike_and_is_never_seen_together_is_suggested():
    made = timeline({1: [0, 1], 2: [0, 1, 5], 3: [3, 4]}, {1: ANNA, 2: BEN, 3: DARKER})
    [pair] = merges_to_consider(made)
    assert (pair.into, pair.other) == (1, 3) and 0.7 <= pair.likeness <= 1


@pytest.mark.parametrize(
    ("seen", "pictures"),
    [
        ({1: [0, 1], 2: [1, 2]}, {1: ANNA, 2: DARKER}),  # side by side in one frame
        ({1: [0, 1], 2: [2, 3]}, {1: ANNA, 2: BEN}),
        ({1: [0, 1], 2: [2, 3]}, {1: ANNA}),
        ({1: [0, 1]}, {1: ANNA}),
        ({}, {}),
    ],
)
def test_nothing_else_is(seen, pictures):
    assert merges_to_consider(timeline(seen, pictures)) == []


def test_a_portrait_that_is_no_picture_is_in_no_suggestion():
    made = timeline({1: [0], 2: [1]}, {1: ANNA, 2: ANNA})
    assert merges_to_consider(dataclasses.replace(made, portraits={1: made.portraits[1], 2: b"no picture"})) == []
