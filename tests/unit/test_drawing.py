import dataclasses
import tracemalloc

import numpy as np
import pytest

from fer_core.emotions import EMOTIONS, STYLES, bgr_of
from fer_core.imaging.drawing import (
    annotate,
    caption,
    overlay_activation,
    overlay_bars,
    panel_place,
    region_sketch,
    tag_place,
)
from fer_core.readings import Box
from fer_core.request import Region
from fer_core.testing import fake_pipeline

GREY = np.full((200, 300, 3), 128, np.uint8)


def readings(*boxes, emotion="happy", strength=4.0, picture=GREY):
    return fake_pipeline(boxes, emotion, strength).analyze_image(picture)


@pytest.mark.parametrize("emotion", EMOTIONS)
def test_box_has_the_colour_of_the_emotion(emotion):
    drawn = annotate(GREY, readings(Box(100, 80, 60, 60), emotion=emotion))
    assert tuple(drawn[139, 130]) == STYLES[emotion].bgr  # the lower edge
    assert (drawn[110, 130] == 128).all()  # the face itself is left alone
    ink = np.array(bgr_of(STYLES[emotion].ink))
    assert (np.abs(drawn.astype(int) - ink).max(axis=2) < 40).sum() > 20  # the words


def test_uncertain_is_said_in_words_and_not_in_the_colour_of_the_emotion():
    [reading] = readings(Box(100, 80, 60, 60), strength=0.5)
    assert caption(reading).startswith("uncertain: happy?")
    tied = np.float32([0.34, 0.0, 0.0, 0.1, 0.12, 0.1, 0.34])
    assert caption(dataclasses.replace(reading, probabilities=tied)) == "uncertain: angry or neutral 34%"
    drawn = annotate(GREY, [reading])
    assert not (drawn == np.array(STYLES["happy"].bgr)).all(axis=2).any()


def test_several_faces_are_numbered():
    first, second = readings(Box(10, 80, 60, 60), Box(150, 80, 60, 60))
    assert caption(first, 1).startswith("1 ") and caption(second, 2).startswith("2 ")


def test_name_tags_of_large_pictures_are_not_kept_in_memory():
    large = np.full((300, 6000, 3), 128, np.uint8)
    boxes = [Box(700 * place, 20, 60, 60) for place in range(8)]
    found = readings(*boxes, picture=large)
    annotate(large, found[:1])  # what is kept of fonts and symbols
    tracemalloc.start()
    try:
        annotate(large, found)
        kept, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert kept < 1_000_000 < most


@pytest.mark.parametrize(
    "box",
    [
        Box(0, 0, 300, 200),  # all of it
        Box(-20, -30, 80, 80),  # over the corner
        Box(280, 180, 50, 50),  # over the other corner
        Box(299, 199, 1, 1),  # one pixel
    ],
)
def test_boxes_at_the_border_are_drawn(box):
    found = readings(box)
    for drawn in (annotate(GREY, found), overlay_activation(GREY, found)):
        assert drawn.shape == GREY.shape and (drawn != GREY).any()


def test_tiny_pictures_do_not_break():
    tiny = np.zeros((1, 1, 3), np.uint8)
    assert annotate(tiny, readings(Box(0, 0, 1, 1), picture=tiny)).shape == (1, 1, 3)


def test_activation_covers_the_face_alone():
    drawn = overlay_activation(GREY, readings(Box(100, 80, 60, 60)))
    changed = np.argwhere((drawn != GREY).any(axis=2))
    assert changed.min(axis=0).tolist() == [80, 100] and changed.max(axis=0).tolist() == [139, 159]


def test_the_picture_given_is_not_changed():
    before = GREY.copy()
    annotate(GREY, readings(Box(100, 80, 60, 60)))
    assert (before == GREY).all()


PLACES = {
    "one face": [Box(100, 80, 60, 60)],
    "at the top": [Box(100, 0, 60, 60)],
    "at the right border": [Box(240, 0, 60, 60)],
    "one above the other": [Box(100, 10, 60, 60), Box(100, 72, 60, 60)],
    "side by side at the top": [Box(20, 0, 60, 60), Box(82, 0, 60, 60), Box(144, 0, 60, 60)],
    "a crowd": [Box(x, y, 40, 40) for x in (10, 110, 210) for y in (30, 90, 150)],
}


@pytest.mark.parametrize("boxes", PLACES.values(), ids=PLACES)
def test_name_tags_cover_no_face_and_no_other_tag(boxes):
    found = readings(*boxes)
    drawn = annotate(GREY, found)
    for box in boxes:
        inside = drawn[box.y + 4 : box.y + box.height - 4, box.x + 4 : box.x + box.width - 4]
        assert (inside == 128).all(), box


def test_a_tag_stays_in_the_picture_and_where_nothing_is_free_covers_least():
    whole = Box(0, 0, 300, 200)
    place = tag_place(whole, (90, 20), [whole], (300, 200))
    assert place.clipped(300, 200) == place
    both = [Box(100, 0, 60, 60), Box(100, 60, 200, 20)]
    assert tag_place(both[0], (50, 15), both, (300, 200)).overlap(both[0]) == 0


def test_a_sketch_shows_which_part_of_the_picture_is_looked_at():
    sketch = region_sketch(Region(0.5, 0.0, 0.5, 0.25), 80, 40)
    bright = sketch[..., 0] == sketch.max()
    assert bright[:10, 40:].all() and bright.sum() == 10 * 40


def test_bars_stand_beside_their_face_and_cover_no_other_face_and_no_other_bars():
    faces = [Box(60, 60, 60, 60), Box(200, 60, 60, 60)]
    first = panel_place(faces[0], (70, 80), faces, (330, 300))
    second = panel_place(faces[1], (70, 80), [*faces, first], (330, 300))
    assert first == Box(126, 60, 70, 80)
    assert not any(second.overlap(other) for other in (*faces, first))
    assert second.x + second.width <= 330 and second.y + second.height <= 300


def test_bars_leave_the_name_tags_of_all_faces_readable():
    picture = np.full((360, 640, 3), 200, np.uint8)
    faces = readings(*(Box(40 + 150 * number, 130, 60, 60) for number in range(4)), picture=picture)
    tagged = annotate(picture, faces)
    with_bars = overlay_bars(tagged, faces, tagged=True)
    tags = slice(100, 130)  # above the boxes, where there is room for them
    assert (tagged[tags] != picture[tags]).any() and (with_bars[tags] == tagged[tags]).all()
    assert (with_bars != tagged).any()
