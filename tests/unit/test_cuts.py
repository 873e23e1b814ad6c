"""Where a recording is cut."""

from fer_core.media.cuts import CutFinder
from tests.videos import other_person, scene


def test_cuts_are_found_and_movement_is_none():
    finder = CutFinder()
    moving = [scene((100 + 8 * step, 120, 200)) for step in range(10)]
    other = other_person(scene((220, 120, 230), wall=200))
    assert [finder.update(picture) for picture in [*moving, other, other]] == [False] * 10 + [True, False]


def test_a_light_that_is_switched_on_is_no_cut():
    finder = CutFinder()
    dark = scene((160, 120, 200))
    assert not finder.update(dark // 3) and not finder.update(dark)
