"""Pictures that a visitor gave, analysed once and kept in that visitor's session alone."""

import hashlib
from collections.abc import Hashable, Iterable
from dataclasses import dataclass, replace
from pathlib import PurePath

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from fer_core.detection.turning import Turn
from fer_core.errors import FerError
from fer_core.imaging.crops import shrunk
from fer_core.imaging.placement import Placement
from fer_core.media.images import decode_image
from fer_core.pipeline import EmotionPipeline
from fer_core.readings import FaceReading
from fer_core.ui.shared.text import plain

SHOWN_PX = 1600
MAX_PICTURES = 24
"""At once: decoded pictures are large, and they are all kept while they are shown."""

_KEY = "analysed pictures"
_TURNS = "turned pictures"

Settings = tuple[Hashable, ...]
"""Everything that the readings of a picture depend on and the visitor chose."""

Key = tuple[str, str, Settings, Turn]
"""SHA-256 of the file, its name, settings, and the turn with which it is read."""


@dataclass(frozen=True, eq=False)
class Analysed:
    """One picture and what was read in it.

    Attributes:
        name: as the visitor's file is called.
        image: uint8 (H, W, 3), BGR.
        readings: its faces, from left to right.
        shown: the picture for the page, its longer side at most `SHOWN_PX`.
        shown_readings: the same readings, with boxes and meshes in pixels of `shown`.
        sha256: of the visitor's file.
        turn: by how much the picture seems to have to be turned clockwise, so that its faces are upright.
        turned: by how much it was turned clockwise before it was read, because the visitor wanted it.
        smallest_px: faces with a shorter side were not looked for; None where the detector does not say.
    """

    name: str
    image: NDArray[np.uint8]
    readings: list[FaceReading]
    shown: NDArray[np.uint8]
    shown_readings: list[FaceReading]
    sha256: str = ""
    turn: Turn = Turn.NONE
    turned: Turn = Turn.NONE
    smallest_px: int | None = None

    @property
    def width(self) -> int:
        """In pixels."""
        return int(self.image.shape[1])

    @property
    def height(self) -> int:
        """In pixels."""
        return int(self.image.shape[0])

    @property
    def stem(self) -> str:
        """The name without its ending."""
        return PurePath(self.name).stem


def analyse(files: Iterable[tuple[str, bytes]], pipeline: EmotionPipeline, settings: Settings) -> list[Analysed]:
    """Analyse pictures, showing progress and, for each that cannot be used, the reason.

    What was analysed under the same settings is taken from the session; what is no longer shown is forgotten.
    """
    files = list(files)
    if len(files) > MAX_PICTURES:
        st.warning(f"Only the first {MAX_PICTURES} pictures are read; the command line takes any number.")
        files = files[:MAX_PICTURES]
    before: dict[Key, Analysed] = st.session_state.get(_KEY, {})
    after: dict[Key, Analysed] = {}
    done: list[Analysed] = []
    bar = st.progress(0.0, "Reading …") if len(files) > 1 else None
    for position, (name, data) in enumerate(files):
        if bar:
            bar.progress(position / len(files), f"Reading {position + 1} of {len(files)}")
        sha256 = hashlib.sha256(data).hexdigest()
        turned = _turns().get(sha256, Turn.NONE)
        key = (sha256, name, settings, turned)
        try:
            picture = before.get(key) or _analysed(name, data, pipeline, turned, sha256)
        except FerError as error:
            st.error(plain(str(error)), icon=":material/broken_image:")
            continue
        after[key] = picture
        done.append(picture)
    if bar:
        bar.empty()
    st.session_state[_KEY] = after
    return done


def forget() -> None:
    """Drop every picture and reading of this visitor."""
    st.session_state.pop(_KEY, None)
    st.session_state.pop(_TURNS, None)


def read_turned(picture: Analysed, turn: Turn) -> None:
    """Read a picture turned clockwise from now on; `Turn.NONE` for as it is."""
    _turns()[picture.sha256] = turn


def _turns() -> dict[str, Turn]:
    turns: dict[str, Turn] = st.session_state.setdefault(_TURNS, {})
    return turns


def _analysed(name: str, data: bytes, pipeline: EmotionPipeline, turned: Turn, sha256: str) -> Analysed:
    image = turned.apply(decode_image(data, name))
    found = pipeline.read_picture(image)
    shown, _ = shrunk(image, SHOWN_PX)
    placement = Placement.stretched(image.shape[1::-1], shown.shape[1::-1])
    shown_readings = [
        replace(reading, box=placement.box(reading.box), mesh=reading.mesh and placement.mesh(reading.mesh))
        for reading in found.faces
    ]
    return Analysed(
        name, image, list(found.faces), shown, shown_readings, sha256, found.turn, turned, found.smallest_px
    )
