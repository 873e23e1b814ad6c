"""What a frame carries beside its pixels: heeded, or said."""

import struct
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from av.sidedata.sidedata import Type

from fer_core.media.colour import HLG, PEAK_NITS, PQ
from fer_core.media.frames import FrameReader


class Fact(bytes):
    """Side data of a frame, as PyAV has it."""

    type: Type


def fact(kind: Type, *numbers: int) -> Fact:
    made = Fact(struct.pack(f"{len(numbers)}i", *numbers))
    made.type = kind
    return made


def frame(*facts: Fact, transfer: int = 1) -> Any:
    return SimpleNamespace(side_data=facts, color_trc=transfer, width=64, height=48, rotation=0)


def matrix(a: float, b: float, c: float, d: float) -> Fact:
    parts = (a, b, 0, c, d, 0, 0, 0, 1)
    return fact(Type.DISPLAYMATRIX, *(round(65536 * part) for part in parts))


MASTERING = (0, 1) * 8 + (1, 10000)


@pytest.mark.parametrize(
    ("seen", "notes"),
    [
        (frame(), []),
        (frame(transfer=9), ["transfer"]),
        (frame(fact(Type.SPHERICAL, 0)), ["spherical"]),
        (frame(fact(Type.STEREO3D, 1, 0)), ["two views"]),
        (frame(fact(Type.STEREO3D, 0, 0)), []),
        (frame(fact(Type.DOVI_METADATA, 0), transfer=2), ["dolby"]),
        (frame(fact(Type.DOVI_METADATA, 0), transfer=HLG), []),
        (frame(matrix(0, 1, -1, 0)), []),
        (frame(matrix(0.7, 0.7, -0.7, 0.7)), ["tilted"]),
    ],
    ids=["nothing", "logarithmic", "sphere", "3D", "flat", "Dolby alone", "Dolby over HLG", "quarter", "tilted"],
)
def test_what_is_said(seen, notes):
    reader = FrameReader()
    reader.look(seen, 1.0)
    assert reader.notes == notes


def test_a_quarter_turn_swaps_the_sides_of_square_pixels():
    look = FrameReader().look(frame(matrix(0, 1, -1, 0)), 1.5)
    assert (look.width, look.height) == (48, 96)


@pytest.mark.parametrize(
    ("facts", "peak"),
    [
        ((), PEAK_NITS),
        ((fact(Type.CONTENT_LIGHT_LEVEL, 600, 100),), 600),
        ((fact(Type.MASTERING_DISPLAY_METADATA, *MASTERING, 40000000, 10000, 0, 1),), 4000),
        ((fact(Type.MASTERING_DISPLAY_METADATA, *MASTERING, 40000000, 10000, 0, 0),), PEAK_NITS),
        ((fact(Type.CONTENT_LIGHT_LEVEL, 0, 0),), PEAK_NITS),
        ((fact(Type.CONTENT_LIGHT_LEVEL, 5, 0),), 203),
    ],
    ids=["not said", "content", "display", "display without light", "content of nothing", "darker than white"],
)
def test_the_peak_is_what_the_recording_announces(facts, peak):
    reader = FrameReader()
    reader.look(frame(*facts, transfer=PQ), 1.0)
    assert reader.peak_nits == pytest.approx(peak)


def test_side_data_that_pyav_does_not_know():
    class Unknown:
        def __iter__(self):
            raise ValueError("999 is not a valid Type")

    seen = frame()
    seen.side_data, seen.rotation = Unknown(), -90
    look = FrameReader().look(seen, 1.0)
    assert (look.width, look.height) == (48, 64) and np.sign(look.turn[1]) == 1
