"""A small study to look at: recordings made of the bundled portrait, read like any other, and kept under a tag.

Six "subjects" are six ways of moving one photograph. Each is recorded twice: as it is, and with a card that rises
before the mouth half-way. Nobody in it changes their expression; the model reads a covered mouth differently, and that
is all that the comparison shows.
"""

from pathlib import Path
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from fer_core.jobs import Monitor
from fer_core.library.library import Library
from fer_core.library.sample_marks import COVERED, RECORDINGS, TAG, is_sample
from fer_core.library.values import Entry, Place, Receipt
from fer_core.media.encoding import Mp4Writer
from fer_core.media.images import read_image
from fer_core.media.samples import PORTRAIT, PORTRAIT_CREDIT
from fer_core.pipeline import EmotionPipeline
from fer_core.request import AnalysisRequest
from fer_core.temporary import temporary_folder
from fer_core.timeline.editing.study import Study
from fer_core.timeline.events.event import Event

CREDIT: Final = (
    "Generated: six ways of moving one photograph stand for six subjects, and a card covers the mouth in half of the "
    f"recordings. Nobody in it changes their expression, so it says nothing about people. {PORTRAIT_CREDIT}"
)

_LENGTH_S, _RATE, _TURNS_S = 4.0, 10, 2.0
_WIDTH, _HEIGHT = 320, 300
_WALL, _CARD = (104, 92, 84), (225, 225, 225)
_FACE: Final = np.s_[10:300, 110:340]
"""The part of the portrait that is moved about."""

_MOUTH_ROW, _CHIN_ROW, _CARD_ROWS = 131, 180, 120
"""Rows of that part: upper edge of the card where it covers the mouth, and where it waits; height of the card."""


def make_sample(
    library: Library, pipeline: EmotionPipeline, request: AnalysisRequest, monitor: Monitor | None = None
) -> None:
    """Make, read and keep the sample study; recordings that are kept already stay as they are.

    Args:
        library: that it is kept in.
        pipeline: reads the recordings.
        request: how they are read.
        monitor: of the work.

    Raises:
        LibraryError: it cannot be kept.
        StoppedError: the monitor was stopped; the recordings that were read by then are kept.
    """
    monitor = monitor or Monitor()
    portrait = read_image(PORTRAIT)[_FACE]
    with temporary_folder() as folder:
        for (name, (number, condition)), part in zip(RECORDINGS.items(), monitor.parts(list(RECORDINGS)), strict=True):
            path = folder / name
            _write(path, portrait, number, covered=condition == COVERED)
            timeline = pipeline.analyse(path, request, part)
            monitor.check()
            _keep(library, Study(timeline), number, condition)


def sample_entries(library: Library) -> list[Entry]:
    """What is kept of the sample study."""
    return [entry for entry in library.search(tag=TAG) if is_sample(entry)]


def delete_sample(library: Library) -> list[Receipt]:
    """Delete what is kept of the sample study for good."""
    return [library.delete(id_) for id_ in dict.fromkeys(entry.recording_id for entry in sample_entries(library))]


def _keep(library: Library, study: Study, number: int, condition: str) -> None:
    recording_id = library.entry(library.keep_new(study)).recording_id
    library.set_tags(recording_id, [TAG])
    library.set_place(recording_id, Place(f"Sample {number}", condition=condition))
    text = "card rises" if condition == COVERED else "no card"
    library.set_events(recording_id, [Event(_TURNS_S, _LENGTH_S, text)])


def _write(path: Path, portrait: NDArray[np.uint8], number: int, *, covered: bool) -> None:
    with Mp4Writer(path, _RATE, None) as writer:
        for frame in range(round(_LENGTH_S * _RATE)):
            time_s = frame / _RATE
            risen = float(np.clip((time_s - _TURNS_S) * 4, 0, 1)) if covered else 0.0
            writer.add(_picture(portrait, number, time_s, risen), time_s)


def _picture(portrait: NDArray[np.uint8], number: int, time_s: float, risen: float) -> NDArray[np.uint8]:
    """One frame, uint8 (H, W, 3) BGR: the portrait before a wall, moved as `number` moves, with the card so far up."""
    shown = portrait.copy()
    if risen > 0:
        row = round(_CHIN_ROW - (_CHIN_ROW - _MOUTH_ROW + number % 3) * risen)
        cv2.rectangle(shown, (0, row), (shown.shape[1], row + _CARD_ROWS), _CARD, cv2.FILLED)
    height, width = shown.shape[:2]
    swing = np.sin(2 * np.pi * time_s / (2.5 + 0.4 * number) + number)
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), 4.0 * swing - number + 3, 0.82 + 0.03 * number)
    matrix[:, 2] += (_WIDTH / 2 - width / 2 + 12 * swing, _HEIGHT / 2 - height / 2)
    moved = cv2.warpAffine(shown, matrix, (_WIDTH, _HEIGHT), flags=cv2.INTER_AREA)
    inside = cv2.warpAffine(np.full((height, width), 255, np.uint8), matrix, (_WIDTH, _HEIGHT))
    light = 1.0 - 0.04 * number
    return np.where(inside[..., None] > 127, moved * light, np.array(_WALL, np.float64)).astype(np.uint8)
