"""A labelled set of the faces that a rater labelled: written as a zip that `evaluate` and `train` read.

Pictures are what the networks see: 48 px, grey, cut by the same box. They are faces of people; whoever writes such a
file asks them first.
"""

import io
import zipfile
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import Final

import cv2
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from fer_core.cells import csv_of_rows, for_spreadsheets
from fer_core.emotions import EMOTIONS
from fer_core.errors import DatasetError
from fer_core.evaluation.datasets import FACE_PX
from fer_core.imaging.crops import cut_face, grey, resized
from fer_core.imaging.placement import Placement
from fer_core.jobs import Monitor
from fer_core.media.video import Sample, Video
from fer_core.readings import Box
from fer_core.timeline.notes import Notes
from fer_core.timeline.statistics.rater_agreement import rated_samples
from fer_core.timeline.table import Timeline

TAKING_PART: Final = (
    "This file contains pictures of faces. Whoever can be recognised in them has to agree to that, and to whom it is "
    "given."
)

_SAME_S: Final = 1e-4
_HELD_OUT_EACH: Final = 4
"""Of so many rated spans of one expression, one is held out."""

_DATE: Final = (1980, 1, 1, 0, 0, 0)  # the earliest of a zip: the same faces give the same file
_SAFE: Final = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_")
_COLUMNS: Final = ("file", "source", "person", "time_s", "unit", "rater", "blind")

_README: Final = """Labelled faces
==============

{consent}

Pictures: 48 x 48 pixels, grey, in folders named after the expression that the rater saw. {layout}
faces.csv: a row a picture. `unit` numbers the rated span of a recording, or the picture; pictures of one unit are not
independent of each other. `blind` is no where the rater saw the readings of the model.

Measure models on all of them:  python -m fer_core evaluate --data FILE --split all --json result.json
{training}"""
_SPLIT: Final = (
    "Of four spans or pictures of an expression, one is held out under test/, never a part of it; the others are in "
    "train/."
)
_FLAT: Final = "There are too few spans to hold one out, so that they can be measured on, but not trained on."
_TRAIN: Final = """\
Go on training with them:  python -m fer_core train --data FILE --model NAME --start NAME --rater-weight 0 --epochs 5
    --batch 16 --learning-rate 0.005   (in one line; NAME is an installed single model)
`train` tells how many of the held-out faces the network reads right. It can start or teach a further run; it cannot be
installed, since it is not measured on FER2013.
"""


@dataclass(frozen=True, eq=False)
class RatedFace:
    """One labelled picture of a face.

    Attributes:
        picture: uint8 (48, 48), grey.
        label: one of `EMOTIONS`, as the rater saw it.
        source: name of the recording or picture.
        unit: number of the rated span or of the picture; equal for faces that are not independent of each other.
        rater: name or initials; may be empty.
        blind: whether the readings of the model were hidden from the rater.
        person: number in the recording or place in the picture.
        time_s: moment of the recording in seconds; None of a picture.
    """

    picture: NDArray[np.uint8]
    label: str
    source: str
    unit: int
    rater: str
    blind: bool
    person: int
    time_s: float | None = None


def as_seen(image: NDArray[np.uint8], box: Box) -> NDArray[np.uint8]:
    """A face as the networks see it: uint8 (48, 48), grey.

    Args:
        image: uint8 (H, W, 3) BGR.
        box: in pixels of it.
    """
    return resized(grey(cut_face(image, box)), FACE_PX)


def faces_of_recording(
    path: Path, timeline: Timeline, notes: Notes, rater: str, monitor: Monitor | None = None
) -> list[RatedFace]:
    """The faces that a rater labelled, a face a sample, in the order of time.

    Args:
        path: of the recording.
        timeline: of its readings.
        notes: with the ratings.
        rater: whose labels are taken.
        monitor: takes in how much is read; can stop the work.

    Raises:
        DatasetError: nothing was labelled, or the recording shows none of it.
        MediaError: the recording cannot be read any more.
        StoppedError: the monitor was asked to stop.
    """
    rows = rated_samples(timeline, notes, rater).sort_values("time_s")
    if rows.empty:
        raise DatasetError("No sample is labelled; choose a range, and an expression for it.")
    wanted, monitor = _by_time(rows), monitor or Monitor()
    # A camera's frames keep no grid, so that all of them are looked at.
    fps = 0.0 if timeline.recording.source == "camera" else timeline.request.fps
    size, found = (timeline.recording.width, timeline.recording.height), list[RatedFace]()
    with Video(path, fps) as video:
        for sample in video:
            found += _faces_of_sample(sample, size, wanted.get(_key(sample.time_s), ()), timeline.recording.name, rater)
            monitor.step(round(1000 * video.share), 1000)
            if sample.time_s > rows["time_s"].max():
                break
    if not found:
        raise DatasetError("The recording has no frame at the labelled moments; attach the file that was read.")
    return found


def labelled_zip(faces: Sequence[RatedFace]) -> bytes:
    """The faces as a zip of PNG files in folders named after the expressions, with a table and a README.

    Where each expression has too few units to hold one out, there are no `train` and `test` folders.

    Raises:
        DatasetError: there is no face.
    """
    if not faces:
        raise DatasetError("No face is labelled, so that there is nothing to write.")
    held_out = _held_out(faces)
    names = list(_file_names(faces, held_out))
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        is_split = any(held_out)
        readme = _README.format(
            consent=TAKING_PART, layout=_SPLIT if is_split else _FLAT, training=_TRAIN if is_split else ""
        )
        _put(archive, "README.txt", readme.encode())
        _put(archive, "faces.csv", _table(faces, names))
        for face, name in zip(faces, names, strict=True):
            _put(archive, name, cv2.imencode(".png", face.picture)[1].tobytes())
    return buffer.getvalue()


def _faces_of_sample(
    sample: Sample, size: tuple[int, int], rows: Sequence[pd.Series], source: str, rater: str
) -> Iterator[RatedFace]:
    height, width = sample.image.shape[:2]
    here = Placement.stretched(size, (width, height))
    for row in rows:
        box = here.box(Box(*(int(row[name]) for name in ("x", "y", "width", "height"))))
        yield RatedFace(
            as_seen(sample.image, box),
            str(row["rated"]),
            source,
            int(row["span"]),
            rater,
            bool(row["blind"]),
            int(row["person"]),
            float(row["time_s"]),
        )


def _by_time(rows: pd.DataFrame) -> dict[int, list[pd.Series]]:
    wanted = defaultdict[int, list[pd.Series]](list)
    for _, row in rows.iterrows():
        wanted[_key(float(row["time_s"]))].append(row)
    return wanted


def _key(time_s: float) -> int:
    return round(time_s / _SAME_S)


def _held_out(faces: Sequence[RatedFace]) -> list[bool]:
    """Which faces are held out: of each expression the second unit and every fourth after it, with all its faces."""
    held: set[int] = set()
    for label in EMOTIONS:
        units = sorted({face.unit for face in faces if face.label == label})
        wanted = units[1::_HELD_OUT_EACH]
        missing = len(wanted) - len(held.intersection(units))  # a picture that is held out counts for all its labels
        held.update([unit for unit in wanted if unit not in held][: max(0, missing)])
    return [face.unit in held for face in faces]


def _file_names(faces: Sequence[RatedFace], held_out: Sequence[bool]) -> Iterator[str]:
    for number, (face, held) in enumerate(zip(faces, held_out, strict=True), 1):
        stem = "".join(letter if letter in _SAFE else "_" for letter in PurePath(face.source).stem)[:60]
        name = f"{face.label}/{'PublicTest_' if held else ''}{number:06d}_{stem}_{face.person}.png"
        yield (f"{'test' if held else 'train'}/" if any(held_out) else "") + name


def _table(faces: Sequence[RatedFace], names: Sequence[str]) -> bytes:
    rows = []
    for face, name in zip(faces, names, strict=True):
        time_s = "" if face.time_s is None else f"{face.time_s:.3f}"
        rows.append((name, face.source, face.person, time_s, face.unit, face.rater, "yes" if face.blind else "no"))
    return for_spreadsheets(csv_of_rows(_COLUMNS, rows))


def _put(archive: zipfile.ZipFile, name: str, data: bytes) -> None:
    archive.writestr(zipfile.ZipInfo(name, _DATE), data)
