"""Correcting by hand what was found in a picture."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fer_core.media.images import read_image
from fer_core.picture_edits import DrawFace, LabelFace, RemoveFace, as_records, boxes_after, can_be_drawn, labels_after
from fer_core.pipeline import EmotionPipeline
from fer_core.readings import Box
from fer_core.testing import fake_pipeline
from tests.conftest import PORTRAIT

FOUND, OTHER, DRAWN = Box(10, 10, 50, 50), Box(100, 10, 50, 50), Box(30, 80, 40, 40)
BOXES = st.sampled_from([FOUND, OTHER, DRAWN])


@pytest.mark.parametrize(
    ("edits", "kept", "drawn"),
    [
        ([], [FOUND, OTHER], []),
        ([RemoveFace(FOUND)], [OTHER], []),
        ([DrawFace(DRAWN)], [FOUND, OTHER], [DRAWN]),
        ([DrawFace(DRAWN), DrawFace(DRAWN)], [FOUND, OTHER], [DRAWN]),
        ([DrawFace(DRAWN), RemoveFace(DRAWN)], [FOUND, OTHER], []),
        ([RemoveFace(DRAWN), DrawFace(DRAWN)], [FOUND, OTHER], [DRAWN]),
        ([RemoveFace(FOUND), DrawFace(FOUND)], [OTHER], [FOUND]),
    ],
)
def test_what_is_left_and_what_was_drawn(edits, kept, drawn):
    assert boxes_after([FOUND, OTHER], edits) == (kept, drawn)


def test_the_last_label_of_each_rater_counts_and_moves_no_box():
    sad, fear = LabelFace(FOUND, "sad"), LabelFace(FOUND, "fear")
    other, back = LabelFace(FOUND, "happy", "EC", blind=False), LabelFace(OTHER, None)
    edits = [sad, LabelFace(OTHER, "sad"), other, fear, back]
    assert labels_after(edits) == [fear, other]
    assert boxes_after([FOUND, OTHER], edits) == ([FOUND, OTHER], [])
    assert as_records([other, back]) == [
        {"edit": "label", "box": list(FOUND), "label": "happy", "rater": "EC", "blind": False},
        {"edit": "label", "box": list(OTHER), "label": None, "rater": "", "blind": True},
    ]


@given(st.lists(st.one_of(st.builds(DrawFace, BOXES), st.builds(RemoveFace, BOXES))), BOXES)
def test_a_box_that_is_removed_last_is_gone(edits, box):
    kept, drawn = boxes_after([FOUND, OTHER], [*edits, RemoveFace(box)])
    assert box not in kept and box not in drawn


@pytest.mark.parametrize(
    ("box", "fits"),
    [
        (FOUND, True),
        (Box(-20, -20, 60, 60), True),
        (Box(0, 100, 300, 300), True),
        (Box(0, 700, 64, 64), False),
        (Box(-60, 10, 60, 60), False),
        (Box(-5000, -5000, 10_100, 10_100), False),
        (Box(10, 10, 7, 7), False),
    ],
)
def test_a_drawn_box_has_its_middle_in_the_picture(box, fits):
    assert can_be_drawn(box, 400, 300) == fits


def test_a_face_is_read_in_the_box_that_a_person_drew():
    picture = read_image(PORTRAIT)
    pipeline = EmotionPipeline.load()
    [found] = pipeline.analyze_image(picture)
    [drawn] = pipeline.read_boxes(picture, [found.box])
    assert drawn.drawn and not found.drawn and drawn.face_confidence == 1
    np.testing.assert_allclose(drawn.probabilities, found.probabilities, atol=1e-6)
    assert abs(drawn.pose.yaw_deg - found.pose.yaw_deg) < 5


def test_boxes_beyond_the_picture_and_none_at_all():
    pipeline, picture = fake_pipeline(), np.zeros((90, 120, 3), np.uint8)
    assert pipeline.read_boxes(picture, []) == []
    [reading] = pipeline.read_boxes(picture, [Box(-20, 70, 60, 60)])
    assert reading.box == Box(-20, 70, 60, 60)
