"""Faces with labels that people bring: any folder or zip of pictures in folders named after the emotions."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Final

import numpy as np
from numpy.typing import NDArray

from fer_core.classification import EmotionClassifier
from fer_core.detection import FaceDetector
from fer_core.emotions import EMOTIONS
from fer_core.errors import DatasetError, MediaError
from fer_core.evaluation.archives import DEFAULT_LIMITS, ArchiveLimits, FileTree, Source, label_of, opened
from fer_core.evaluation.copies import copies_of, digest
from fer_core.evaluation.datasets import IMAGE_SUFFIXES, NO_EMOTION, FaceSet, emotion_row, is_hidden, split_of_path
from fer_core.evaluation.predictions import Crops
from fer_core.imaging.crops import bgr, cut_face, grey, shrunk
from fer_core.jobs import Monitor
from fer_core.media.images import decode_image

KEPT_PX: Final = 128
"""Longer side at which faces are kept: more than any network of this project looks at, and little memory."""

_LOOKED_INTO: Final = 12
_FILLED: Final = 0.5
"""Share of a picture's shorter side that a face takes in one that was cut out; in a photograph it is mostly less."""


@dataclass(frozen=True)
class Skipped:
    """A file that was left out, and why."""

    file: str
    reason: str


@dataclass(frozen=True, eq=False)
class LabelledFaces:
    """Faces to measure models on.

    Attributes:
        split: "all", or the part of the data that they are.
        crops: N faces, uint8 (H, W) grey, or (H, W, 3) BGR where they are for a network that takes colour.
        labels: int64 (N,), indices into `EMOTIONS`.
        files: the N paths within the folder or zip; of FER2013, the file names.
        folders: the N parts of these paths above the emotion folder, "" where there is none.
        copies: bool (N,), which pictures are also among the training pictures, pixel for pixel in grey at 48 pixels;
            None where that is not known.
        votes: float32 (N, 10), FER+ votes; None where there are none.
        skipped: what was left out.
    """

    split: str
    crops: Crops
    labels: NDArray[np.int64]
    files: tuple[str, ...]
    folders: tuple[str, ...]
    copies: NDArray[np.bool_] | None = None
    votes: NDArray[np.float32] | None = None
    skipped: tuple[Skipped, ...] = ()

    def __len__(self) -> int:
        return len(self.labels)


def split_of(faces: FaceSet, split: str, skipped: Sequence[Skipped] = ()) -> LabelledFaces:
    """One split of FER2013.

    Args:
        faces: the whole data set.
        split: its name.
        skipped: what was left out when the data were read.

    Raises:
        DatasetError: the split is empty.
    """
    part, training = faces.split(split), faces[faces.splits == "train"]
    return LabelledFaces(
        split=split,
        crops=part.images,
        labels=part.labels,
        files=tuple(part.names.tolist()),
        folders=("",) * len(part),
        copies=copies_of(part, training) if split != "train" and len(training) else None,
        votes=part.votes,
        skipped=tuple(skipped),
    )


def read_labelled(
    source: Source,
    detector: FaceDetector | None = None,
    limits: ArchiveLimits = DEFAULT_LIMITS,
    monitor: Monitor | None = None,
    classifiers: Iterable[EmotionClassifier] = (),
    split: str = "all",
) -> LabelledFaces:
    """Read a folder or zip of pictures, each in a folder named after its emotion, at any depth.

    Args:
        source: a folder, a zip, or an open zip such as an upload. Nothing of it is written anywhere.
        detector: finds the face in each picture, the largest one of several; None where pictures are faces already.
        limits: what it may cost.
        monitor: takes in how many files are read; can stop the work.
        classifiers: those that the faces are for: they are kept in colour where one takes colour, and as large as the
            one that looks at the largest.
        split: "all", or the only one whose faces are kept, by folders of that name; "test" is everything that is for
            neither training nor validation. Its faces alone count for the limits, and those in training folders are
            read one at a time, to tell which ones are copies of them; one that cannot be read is in `skipped`.

    Raises:
        DatasetError: it is missing, not a folder or zip, beyond the limits, has no picture in a folder named after an
            emotion, or none that can be used, or its faces take too much memory. A single bad file is only listed in
            `skipped`.
        StoppedError: the monitor was asked to stop.
    """
    monitor, kept = monitor or Monitor(), _Kept(list(classifiers), limits.max_kept_bytes)
    is_of, trains = _in_split(split), _trains(split)
    counts = (lambda name: is_of(name) and _is_labelled(name)) if split != "all" else (lambda _: True)
    with opened(source, limits, lambda name: is_of(name) or trains(name), counts) as tree:
        labelled, skipped = _sorted_out(tree, is_of)
        training = [name for name in tree.names if trains(name)]
        count = len(labelled) + len(training)
        if not labelled and split != "all":
            raise DatasetError(
                f'{label_of(source)} has no pictures of the split "{split}" in folders named after the emotions; '
                "choose another split, or all."
            )
        if not labelled:
            raise DatasetError(
                f"{label_of(source)} has no pictures in folders named after the emotions ({', '.join(EMOTIONS)}); put "
                "each picture into such a folder."
            )
        rows = []
        for done, (file, label) in enumerate(labelled, start=1):
            try:
                picture = decode_image(tree.read(file), "")
                face = _face(picture, detector)
            except (MediaError, DatasetError) as error:
                skipped.append(Skipped(file, str(error)))
            else:
                rows.append((kept.face(face), label, file, digest(grey(picture)) if training else ""))
            monitor.step(done, count)
        known = set()
        for done, file in enumerate(training if rows else (), start=len(labelled) + 1):
            try:
                known.add(digest(grey(decode_image(tree.read(file), ""))))
            except (MediaError, DatasetError) as error:
                skipped.append(Skipped(file, f"No face was compared with this picture for training: {error}"))
            monitor.step(done, count)
    if not rows:
        raise DatasetError(
            f"None of the {len(labelled):,} pictures in {label_of(source)} can be used; the first one, "
            f"{labelled[0][0]}: {next(entry.reason for entry in skipped if entry.file == labelled[0][0])}"
        )
    crops, labels, files, digests = zip(*rows, strict=True)
    return LabelledFaces(
        split=split,
        crops=crops,
        labels=np.array(labels, np.int64),
        files=files,
        folders=tuple(_folder_above(file) for file in files),
        copies=np.array([digest in known for digest in digests], np.bool_) if known else None,
        skipped=tuple(sorted(skipped, key=lambda entry: entry.file)),
    )


def seem_whole(faces: LabelledFaces, detector: FaceDetector) -> bool:
    """Whether pictures that were taken for faces seem to be whole photographs, from a few of them, anywhere among them.

    Args:
        faces: as `read_labelled` gives them without a detector.
        detector: finds the faces in them; pictures in which it finds none say nothing.
    """
    few = faces.crops[:: max(1, len(faces) // _LOOKED_INTO)][:_LOOKED_INTO]
    found = [(crop, detector.detect(bgr(crop))) for crop in few]
    sizes = [(boxes[0].box, min(crop.shape[:2])) for crop, boxes in found if boxes]
    small = sum(max(box.width, box.height) < _FILLED * side_px for box, side_px in sizes)
    return 2 * int(small) > len(sizes)


def _in_split(split: str) -> Callable[[str], bool]:
    if split == "all":
        return lambda _: True
    if split == "test":
        return lambda name: split_of_path(name) not in ("train", "validation")
    return lambda name: split_of_path(name) == split


def _trains(split: str) -> Callable[[str], bool]:
    """Tells the files with which the faces of a split are compared: those that a network would learn from."""
    if split in ("all", "train"):
        return lambda _: False
    return lambda name: split_of_path(name) == "train" and _is_labelled(name)


def _is_labelled(name: str) -> bool:
    return emotion_row(PurePosixPath(name).parent.name) is not None and not is_hidden(name)


def _sorted_out(tree: FileTree, is_of: Callable[[str], bool]) -> tuple[list[tuple[str, int]], list[Skipped]]:
    """The files of a split in emotion folders, each with its label, and the pictures that are elsewhere."""
    unsafe = filter(is_of, tree.unsafe)
    skipped = [Skipped(name, "Its path leads out of the zip; make the zip again.") for name in unsafe]
    labelled = []
    for name in filter(is_of, tree.names):
        path = PurePosixPath(name)
        row = emotion_row(path.parent.name)
        if row is not None:
            labelled.append((name, row))
        elif path.suffix.lower() in IMAGE_SUFFIXES:
            skipped.append(Skipped(name, NO_EMOTION.format(path.parent.name)))
    return labelled, skipped


class _Kept:
    """How faces are kept until all models have read them, and how much memory they may take."""

    def __init__(self, classifiers: Sequence[EmotionClassifier], most_bytes: int) -> None:
        largest = max(classifiers, key=lambda one: (one.card.side_px, one.takes_colour), default=None)
        in_colour = sorted((one for one in classifiers if one.takes_colour), key=lambda one: one is not largest)
        self._px = max(KEPT_PX, largest.card.side_px if largest else 0)
        self._in_colour = bool(in_colour)
        self._asking = [largest] if largest and self._px > KEPT_PX else []
        self._asking += [one for one in in_colour[:1] if one not in self._asking]
        self._bytes, self._most = 0, most_bytes

    def face(self, picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """A face as it is kept.

        Raises:
            DatasetError: all that were kept take more than is allowed.
        """
        face = shrunk(picture if self._in_colour else grey(picture), self._px)[0]
        if face.base is not None:  # a part of a photograph, which would be kept as a whole
            face = face.copy()
        self._bytes += face.nbytes
        if self._bytes > self._most:
            form = f"{self._px} pixels{' in colour' if self._in_colour else ''}"
            several = len(self._asking) > 1
            look, those = ("look", "those models") if several else ("looks", "that model")
            whose = (
                f", as {' and '.join(one.card.title for one in self._asking)} {look} at them," if self._asking else ""
            )
            raise DatasetError(
                f"At {form}{whose} these faces take more than the {self._most / 1e6:,.0f} MB of memory allowed; take "
                f"fewer faces{f', or leave {those} out' if self._asking else ''}."
            )
        return face


def _face(picture: NDArray[np.uint8], detector: FaceDetector | None) -> NDArray[np.uint8]:
    if detector is not None:
        found = detector.detect(picture)
        if not found:
            raise MediaError("No face was found in the picture.")
        picture = cut_face(picture, found[0].box)
    return picture


def _folder_above(file: str) -> str:
    return "/".join(PurePosixPath(file).parts[:-2])
