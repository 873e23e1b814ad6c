"""Pictures that a visitor gave, analysed once and kept in that visitor's session alone."""

import hashlib
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import PurePath
from typing import Final

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from fer_core.declaration import Declaration
from fer_core.detection.turning import Turn
from fer_core.errors import FerError
from fer_core.imaging.crops import shrunk
from fer_core.imaging.placement import Placement
from fer_core.live.turns import Turns
from fer_core.media.images import decode_image
from fer_core.networks.cores import available_cores
from fer_core.picture_edits import DrawFace, LabelFace, PictureEdit, boxes_after, can_be_drawn
from fer_core.pipeline import EmotionPipeline
from fer_core.readings import FaceReading
from fer_core.reports.picture_records import PictureSettings, ReadPicture
from fer_core.ui.shared import page_memory
from fer_core.ui.shared.purpose import purpose
from fer_core.ui.shared.text import plain

SHOWN_PX = 1600
MAX_PICTURES = 24
"""At once: decoded pictures are large, and they are all kept while they are shown."""

_KEY = "analysed pictures"
_TURNS = "turned pictures"
_EDITS = "corrected pictures"

_in_order: Final = Turns(available_cores())
"""Who came first is answered first: if all were read at the same time, all would wait until the last is done."""

Settings = tuple[Hashable, ...]
"""Everything that the readings of a picture depend on and the visitor chose."""

Key = tuple[str, str, Settings, Turn]
"""SHA-256 of the file, its name, settings, and the turn with which it is read."""

Edits = tuple[PictureEdit, ...]


@dataclass(frozen=True, eq=False)
class Analysed:
    """One picture and what was read in it.

    Attributes:
        name: as the visitor's file is called.
        image: uint8 (H, W, 3), BGR.
        found: the faces that the detector found, from left to right.
        readings: the faces after the visitor's corrections, from left to right.
        shown: the picture for the page, its longer side at most `SHOWN_PX`.
        shown_readings: the same readings, with boxes and meshes in pixels of `shown`.
        sha256: of the visitor's file.
        turn: by how much the picture seems to have to be turned clockwise, so that its faces are upright.
        turned: by how much it was turned clockwise before it was read, because the visitor wanted it.
        smallest_px: faces with a shorter side were not looked for; None where the detector does not say.
        settings: how it was read.
        edits: the visitor's corrections of what was found.
        declaration: what it was read for; None where that was not stated by then.
    """

    name: str
    image: NDArray[np.uint8]
    found: Sequence[FaceReading]
    readings: list[FaceReading]
    shown: NDArray[np.uint8]
    shown_readings: list[FaceReading]
    settings: PictureSettings
    sha256: str = ""
    turn: Turn = Turn.NONE
    turned: Turn = Turn.NONE
    smallest_px: int | None = None
    edits: Edits = ()
    declaration: Declaration | None = None

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

    @property
    def record(self) -> ReadPicture:
        """The picture as it is written."""
        return ReadPicture(
            self.name,
            self.width,
            self.height,
            self.readings,
            self.settings,
            sha256=self.sha256,
            turned_deg=int(self.turned),
            edits=self.edits,
            declaration=self.declaration,
            removed=len(self.found) - sum(not reading.drawn for reading in self.readings),
        )

    def corrected(self, edits: Edits, pipeline: EmotionPipeline) -> "Analysed":
        """The same picture with other corrections."""
        if edits == self.edits:
            return self
        kept, drawn = boxes_after([reading.box for reading in self.found], edits)
        known = {reading.box: reading for reading in self.readings if reading.drawn}
        new = [box for box in drawn if box not in known]
        known |= dict(zip(new, pipeline.read_boxes(self.image, new), strict=True))
        readings = [reading for reading in self.found if reading.box in kept] + [known[box] for box in drawn]
        readings.sort(key=lambda reading: (reading.box.x, reading.box.y))
        return replace(self, edits=edits, readings=readings, shown_readings=_as_shown(readings, self.image, self.shown))


def analyse(
    files: Iterable[tuple[str, bytes]], pipeline: EmotionPipeline, settings: Settings, page: str = ""
) -> list[Analysed]:
    """Analyse pictures, showing progress and, for each that cannot be used, the reason.

    What was analysed under the same settings is taken from the session; what is no longer shown is forgotten.

    Args:
        files: name and content of each.
        pipeline: reads.
        settings: see `Settings`.
        page: the last part of the address of the page with which they are forgotten, too; empty for the Image page,
            where they stay.
    """
    files = list(files)
    if len(files) > MAX_PICTURES:
        st.warning(f"Only the first {MAX_PICTURES} pictures are read; the command line takes any number.")
        files = files[:MAX_PICTURES]
    before = _kept(page)
    after: dict[Key, Analysed] = {}
    done: list[Analysed] = []
    bar = st.progress(0.0, "Reading …") if len(files) > 1 else None
    read = _analysed if bar else _waited_for
    for position, (name, data) in enumerate(files):
        if bar:
            bar.progress(position / len(files), f"Reading {position + 1} of {len(files)}")
        sha256 = hashlib.sha256(data).hexdigest()
        turned = _turns().get(sha256, Turn.NONE)
        key = (sha256, name, settings, turned)
        try:
            picture = before.get(key) or read(name, data, pipeline, turned, sha256)
            before[key] = picture  # at once: a click may end this run before the last picture
            picture = picture.corrected(_edits().get(_key_of(picture), ()), pipeline)
        except FerError as error:
            st.error(plain(str(error)), icon=":material/broken_image:")
            continue
        after[key] = picture
        done.append(picture)
    if bar:
        bar.empty()
    _keep(page, after)
    return done


def _kept(page: str) -> dict[Key, Analysed]:
    """What was read before."""
    kept: dict[Key, Analysed] | None = page_memory.kept(page, _KEY) if page else st.session_state.get(_KEY)
    if kept is None:
        _keep(page, kept := {})
    return kept


def _keep(page: str, pictures: dict[Key, Analysed]) -> None:
    if page:
        page_memory.keep(page, _KEY, pictures)
    else:
        st.session_state[_KEY] = pictures


def forget(files: Iterable[tuple[str, bytes]]) -> None:
    """Drop every reading of the Image page, and of these pictures what was corrected, labelled and turned."""
    st.session_state.pop(_KEY, None)
    gone = {hashlib.sha256(data).hexdigest() for _, data in files}
    st.session_state[_TURNS] = {sha256: turn for sha256, turn in _turns().items() if sha256 not in gone}
    st.session_state[_EDITS] = {key: edits for key, edits in _edits().items() if key[0] not in gone}


def read_turned(picture: Analysed, turn: Turn) -> None:
    """Read a picture turned clockwise from now on; `Turn.NONE` for as it is."""
    _turns()[picture.sha256] = turn


def edit(picture: Analysed, change: PictureEdit) -> None:
    """Correct what was found in a picture, or label it, from the next run on; a box outside it is passed over."""
    if isinstance(change, DrawFace) and not can_be_drawn(change.box, picture.width, picture.height):
        words = "No face was added: the middle of its box has to lie in the picture."
        st.toast(words, icon=":material/info:", duration="infinite")
        return
    key = _key_of(picture)
    _edits()[key] = (*_edits().get(key, ()), change)  # not of the picture as it was drawn: two clicks may be quicker


def undo_edit(picture: Analysed) -> None:
    """Take the last correction of a picture back; what raters said of it stays."""
    key = _key_of(picture)
    edits = _edits().get(key, ())
    corrections = [place for place, each in enumerate(edits) if is_correction(each)]
    if corrections:
        last = corrections[-1]
        _edits()[key] = (*edits[:last], *edits[last + 1 :])


def is_correction(change: PictureEdit) -> bool:
    """Whether an edit changes which faces are found, other than a label."""
    return not isinstance(change, LabelFace)


def _key_of(picture: Analysed) -> tuple[str, str, Turn]:
    return picture.sha256, picture.name, picture.turned


def _edits() -> dict[tuple[str, str, Turn], Edits]:
    edits: dict[tuple[str, str, Turn], Edits] = st.session_state.setdefault(_EDITS, {})
    return edits


def _turns() -> dict[str, Turn]:
    turns: dict[str, Turn] = st.session_state.setdefault(_TURNS, {})
    return turns


def _waited_for(name: str, data: bytes, pipeline: EmotionPipeline, turned: Turn, sha256: str) -> Analysed:
    """Read a picture; where those of others come first, the visitor sees the seconds pass."""
    with st.spinner("Reading …", show_time=True):
        return _analysed(name, data, pipeline, turned, sha256)


def _analysed(name: str, data: bytes, pipeline: EmotionPipeline, turned: Turn, sha256: str) -> Analysed:
    image = turned.apply(decode_image(data, name))
    with _in_order:
        found = pipeline.read_picture(image)
    shown, _ = shrunk(image, SHOWN_PX)
    readings = list(found.faces)
    return Analysed(
        name=name,
        image=image,
        found=found.faces,
        readings=readings,
        shown=shown,
        shown_readings=_as_shown(readings, image, shown),
        settings=PictureSettings.of(pipeline),
        sha256=sha256,
        turn=found.turn,
        turned=turned,
        smallest_px=found.smallest_px,
        declaration=purpose(),
    )


def _as_shown(readings: Iterable[FaceReading], image: NDArray[np.uint8], shown: NDArray[np.uint8]) -> list[FaceReading]:
    placement = Placement.stretched(image.shape[1::-1], shown.shape[1::-1])
    return [
        replace(reading, box=placement.box(reading.box), mesh=reading.mesh and placement.mesh(reading.mesh))
        for reading in readings
    ]
