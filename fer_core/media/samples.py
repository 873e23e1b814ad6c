"""The portrait that comes with the project: for a first try, and for checks that need a real face."""

from typing import Final

from fer_core.readings import Box
from fer_core.resources import resource

PORTRAIT: Final = resource("assets/astronaut.jpg")
"""Eileen Collins; JPEG, 512 x 512 pixels, upright, in colour."""

PORTRAIT_FACE: Final = Box(179, 67, 93, 93)
"""Where her face is."""

PORTRAIT_EMOTION: Final = "happy"

PORTRAIT_CREDIT: Final = "Eileen Collins, astronaut. Photograph: NASA, public domain, as distributed with scikit-image."

SAMPLE_VIDEO: Final = PORTRAIT.with_name("sample.mp4")
"""18 seconds made of the portrait by `docs/make_sample.py`; MP4 (H.264), 640 x 360 pixels, 25 frames a second."""

SAMPLE_VIDEO_CREDIT: Final = (
    "Made of one photograph: it moves, a card covers its mouth, it leaves, is joined by its mirror image, turns dark. "
    f"Nobody in it changes their expression. {PORTRAIT_CREDIT}"
)

START_VIDEO: Final = PORTRAIT.with_name("start.mp4")
"""The sample with what is read in it, by `docs/make_start.py`; MP4 (H.264)."""
