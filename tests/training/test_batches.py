"""What the targets of a batch are made of."""

from dataclasses import replace

import numpy as np
import pytest

from fer_core.training.batches import Batches, sample_weights
from tests.training.faces import SETTINGS, TRAIN, made_faces


class Teacher:
    """Sure of "fear", and remembers what it saw."""

    def __init__(self):
        self.seen = []

    def __call__(self, faces):
        self.seen.append(faces)
        emotion, raters = np.zeros((len(faces), 7), np.float32), np.zeros((len(faces), 8), np.float32)
        emotion[:, 2] = raters[:, 6] = 1
        return {"emotion": emotion, "raters": raters}


def batch(settings, teacher=None, faces=TRAIN, size_px=48, index=0):
    batches = Batches(faces, settings, teacher)
    batches.start(3, size_px)
    return batches[index]


def test_the_teachers_opinion_is_mixed_into_both_targets():
    own, taught = batch(SETTINGS)[1], batch(replace(SETTINGS, teacher_share=0.25), Teacher())[1]
    opinion = Teacher()(np.zeros(32))
    for head in ("emotion", "raters"):
        np.testing.assert_allclose(taught[head], 0.75 * own[head] + 0.25 * opinion[head], atol=1e-6)


@pytest.mark.parametrize("size_px", [48, 32])
def test_teacher_and_student_see_the_same_view(size_px):
    teacher = Teacher()
    x, *_ = batch(SETTINGS, teacher, size_px=size_px)
    assert teacher.seen[0].shape == (32, 48, 48) and x.shape == (32, size_px, size_px, 1)
    small = [face.reshape(size_px, -1).mean() for face in x]
    np.testing.assert_allclose(small, teacher.seen[0].mean(axis=(1, 2)), atol=1.5)


def test_a_teacher_of_plain_faces_is_asked_once_about_each():
    teacher = Teacher()
    settings = replace(SETTINGS, teacher_share=0.25, teacher_view="plain")
    batches = Batches(TRAIN, settings, teacher)
    assert sum(map(len, teacher.seen)) == len(TRAIN)
    np.testing.assert_array_equal(np.concatenate(teacher.seen), TRAIN.images)
    batches.start(3, 48)
    own, taught = batch(SETTINGS)[1], batches[0][1]
    for head in ("emotion", "raters"):
        opinion = Teacher()(np.zeros(32))[head]
        np.testing.assert_allclose(taught[head], 0.75 * own[head] + 0.25 * opinion, atol=1e-6)
    assert sum(map(len, teacher.seen)) == len(TRAIN)


def test_mixup_blends_faces_and_targets_by_the_same_share():
    (x, target, _), (mixed, blended, weights) = batch(SETTINGS), batch(replace(SETTINGS, mixup=0.4))
    assert set(np.count_nonzero(blended["emotion"], axis=1)) <= {1, 2}
    np.testing.assert_allclose(blended["emotion"].sum(axis=1), 1, atol=1e-5)
    row = int(np.flatnonzero(np.count_nonzero(blended["emotion"], axis=1) == 2)[0])
    share = float(blended["emotion"][row, target["emotion"][row].argmax()])
    errors = [np.abs(share * x[row] + (1 - share) * other - mixed[row]).max() for other in x]
    assert min(errors) < 0.01
    assert set(np.unique(weights["raters"].round(3))) - {0.0, 1.0}  # a rated face blended with an unrated one


def test_batches_depend_on_their_place_alone():
    settings = replace(SETTINGS, mixup=0.4)
    first, again, next_one = batch(settings), batch(settings), batch(settings, index=1)
    np.testing.assert_array_equal(first[0], again[0])
    assert np.abs(first[0] - next_one[0]).max() > 1


def test_balance():
    faces = made_faces(70, "train", 0)
    faces = faces[np.concatenate([np.arange(70), np.flatnonzero(faces.labels == 3).repeat(5)])]
    alike, even = sample_weights(faces)["emotion"], sample_weights(faces, 1.0)["emotion"]
    np.testing.assert_array_equal(alike, 1)
    totals = [even[faces.labels == label].sum() for label in range(7)]
    np.testing.assert_allclose(totals, totals[0], rtol=1e-5)
    assert even.mean() == pytest.approx(1)


def test_threads_prepare_the_same_batches():
    settings = replace(SETTINGS, batch=16)
    alone, together = Batches(TRAIN, settings), Batches(TRAIN, settings, workers=3)
    for epoch, size_px, taken in ((0, 36, 3), (1, 48, 5)):  # the first epoch is left in the middle
        alone.start(epoch, size_px)
        together.start(epoch, size_px)
        for index in range(taken):
            (x, target, _), (same, same_target, _) = alone[index], together[index]
            np.testing.assert_array_equal(x, same)
            np.testing.assert_array_equal(target["emotion"], same_target["emotion"])
