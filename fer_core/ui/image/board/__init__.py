"""A picture on which a face is chosen by a click, drawn by a drag and removed by the delete key."""

import base64
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np
import streamlit as st
from numpy.typing import NDArray

from fer_core.emotions import STYLES, WHITE
from fer_core.imaging.drawing import UNCERTAIN_BGR, caption
from fer_core.plain import as_plain
from fer_core.readings import Box, FaceReading

_JPEG_QUALITY: Final = 90
_HINT: Final = "Click a face to see its numbers; the delete key removes it."
_UNCERTAIN: Final = "#{2:02x}{1:02x}{0:02x}".format(*UNCERTAIN_BGR)


@dataclass(frozen=True)
class BoardFace:
    """One face on the board.

    Attributes:
        box: x, y, width and height, in pixels of the picture.
        words: number and label.
        colour: of box and tag, as CSS has it.
        ink: of the words on the tag, as CSS has it.
        uncertain: the box is dashed.
        drawn: by hand.
        chosen: it is the one whose numbers are shown.
    """

    box: list[int]
    words: str
    colour: str
    ink: str
    uncertain: bool
    drawn: bool
    chosen: bool


@dataclass(frozen=True)
class BoardData:
    """What the board's script is sent, as JSON under these names; width and height are those of the whole picture."""

    source: str
    alt: str
    width: int
    height: int
    faces: list[BoardFace]
    hint: str


Told = Callable[[Box], None]


def board(data: BoardData, key: str, *, on_chosen: Told, on_drawn: Told, on_removed: Told) -> None:
    """Show the board.

    Args:
        data: see `board_data`.
        key: of the picture.
        on_chosen: told the box of a face that was clicked.
        on_drawn: told a box that was drawn.
        on_removed: told the box of a face that is to be removed.
    """

    def told(event: str, act: Told) -> Callable[[], None]:
        def tell() -> None:
            if value := st.session_state[key].get(event):
                act(Box(*(int(edge) for edge in value)))

        return tell

    _component()(
        data=as_plain(data),
        key=key,
        on_chosen_change=told("chosen", on_chosen),
        on_drawn_change=told("drawn", on_drawn),
        on_removed_change=told("removed", on_removed),
    )


def board_data(
    shown: NDArray[np.uint8], size: tuple[int, int], readings: Sequence[FaceReading], chosen: int, alt: str
) -> BoardData:
    """What the board shows.

    Args:
        shown: uint8 (h, w, 3) BGR, the picture at the size at which it is sent.
        size: width and height of the whole picture, whose pixels boxes are in.
        readings: of the whole picture.
        chosen: which of them is chosen, from 0.
        alt: the picture in words.
    """
    faces = [
        BoardFace(
            box=list(reading.box),
            words=caption(reading, number if len(readings) > 1 else None),
            colour=_UNCERTAIN if reading.uncertain else STYLES[reading.label].colour,
            ink=WHITE if reading.uncertain else STYLES[reading.label].ink,
            uncertain=reading.uncertain,
            drawn=reading.drawn,
            chosen=number - 1 == chosen,
        )
        for number, reading in enumerate(readings, start=1)
    ]
    return BoardData(_as_url(shown), alt, *size, faces, _HINT if faces else "")


def _as_url(bgr: NDArray[np.uint8]) -> str:
    _, data = cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, _JPEG_QUALITY])
    return "data:image/jpeg;base64," + base64.b64encode(data.tobytes()).decode("ascii")


@lru_cache(maxsize=1)
def _component() -> Any:
    folder = Path(__file__).parent
    html, css, js = ((folder / f"board.{kind}").read_text(encoding="utf-8") for kind in ("html", "css", "js"))
    return st.components.v2.component("face_value.board", html=html, css=css, js=js)
