import numpy as np
import pytest

from fer_core.imaging.crops import cut, cut_face, grey, network_input
from fer_core.readings import Box

PICTURE = np.arange(6 * 8, dtype=np.uint8).reshape(6, 8)


@pytest.mark.parametrize(
    ("box", "expected"),
    [
        (Box(2, 1, 3, 2), [[10, 11, 12], [18, 19, 20]]),  # inside
        (Box(-1, 0, 3, 1), [[0, 0, 1]]),  # over the left border
        (Box(6, 5, 3, 2), [[46, 47, 47], [46, 47, 47]]),  # over the bottom right corner
    ],
)
def test_cut(box, expected):
    assert cut(PICTURE, box).tolist() == expected


@pytest.mark.parametrize("x", [-2, 0, 2, 4, 6])
@pytest.mark.parametrize("y", [-2, -1, 0, 2, 3])
def test_a_square_comes_back_from_what_the_border_left_of_it(x, y):
    """Of one at a corner, the longer side that is left is as much as is known."""
    whole = Box(x, y, 4, 4)
    left = whole.clipped(8, 6)
    if max(left.width, left.height) == 4:
        assert left.squared(8, 6) == whole
        assert (cut_face(PICTURE, left) == cut(PICTURE, whole)).all()
    else:
        assert left.squared(8, 6).width == left.squared(8, 6).height == max(left.width, left.height)


def test_a_face_as_large_as_the_picture_is_square_about_its_middle():
    assert Box(0, 0, 8, 6).squared(8, 6) == Box(0, -1, 8, 8)
    assert Box(0, 1, 2, 4).squared(2, 6) == Box(-1, 1, 4, 4)
    assert Box(2, 2, 3, 2).squared(8, 6) == Box(2, 2, 3, 2)  # no border has cut it


def test_cut_leaves_colours_alone():
    picture = np.zeros((4, 4, 3), np.uint8)
    picture[:2] = (255, 0, 0)
    assert (cut(picture, Box(0, -2, 2, 3)) == (255, 0, 0)).all()


def test_grey_reads_blue_green_red():
    blue_green_red = np.array([[[255, 0, 0], [0, 255, 0], [0, 0, 255]]], np.uint8)
    assert grey(blue_green_red).tolist() == [[29, 150, 76]]  # the weights of ITU-R BT.601


def test_network_input_of_mixed_crops():
    crops = [np.full((100, 80, 3), 200, np.uint8), np.full((20, 20), 10, np.uint8), np.full((1, 1), 7, np.uint8)]
    faces = network_input(crops, 48)
    assert faces.shape == (3, 48, 48, 1) and faces.dtype == np.float32
    assert [float(face.min()) for face in faces] == [200, 10, 7]


def test_network_input_of_nothing():
    assert network_input([], 48).shape == (0, 48, 48, 1)
