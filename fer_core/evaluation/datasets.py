"""FER2013 in the layouts in which people have it, joined with the FER+ votes.

Read are a folder or a zip of `train/<emotion>/*` and `test/<emotion>/*` (Kaggle's "msambare/fer2013", where a file
name that begins with PublicTest_ or PrivateTest_ tells which half of `test` it belongs to) and the original
`fer2013.csv`. Data sets: Goodfellow et al. (2013), https://arxiv.org/abs/1307.0414; Barsoum et al. (2016),
https://arxiv.org/abs/1608.01041.
"""

import csv
import importlib
import re
import zipfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import Final, Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from fer_core.emotions import EMOTIONS, RATER_CLASSES
from fer_core.errors import DatasetError, DependencyError, with_extra
from fer_core.media.images import PICTURE_TYPES

FACE_PX: Final = 48
KAGGLE_NAME: Final = "msambare/fer2013"
IMAGE_SUFFIXES: Final = frozenset(f".{ending}" for ending in PICTURE_TYPES)
NO_EMOTION: Final = 'Its folder "{}" is not named after one of the emotions.'
VOTE_COLUMNS: Final = (*RATER_CLASSES, "unknown", "NF")
SYNONYMS: Final = {
    "angry": ("anger", "mad"),
    "disgust": ("disgusted",),
    "fear": ("fearful", "afraid", "scared"),
    "happy": ("happiness", "joy", "joyful"),
    "sad": ("sadness",),
    "surprise": ("surprised",),
    "neutral": ("neutrality",),
}
"""Other names under which folders hold an emotion."""

Layout = Literal["fer2013", "splits", "plain"]
_ROW_OF_NAME: Final = {name: row for row, emotion in enumerate(EMOTIONS) for name in (emotion, *SYNONYMS[emotion])}
_TEST_HALVES: Final = ("PublicTest", "PrivateTest")
_SPLIT_FOLDERS: Final = {
    "train": "train",
    "test": "test",
    **dict.fromkeys(("val", "valid", "validation"), "validation"),
}
"""Split by the name of a folder."""

_CSV_SPLITS: Final = {"Training": "train", "PublicTest": "PublicTest", "PrivateTest": "PrivateTest"}


@dataclass(frozen=True)
class FaceSet:
    """Labelled grey faces, row by row.

    Attributes:
        images: uint8 (N, 48, 48), grey.
        labels: int64 (N,), indices into `EMOTIONS`.
        names: the N file names without folder.
        splits: the N split names: "train", "PublicTest", "PrivateTest", or "test" where the names do not tell.
        votes: float32 (N, 10), FER+ votes in the order of `VOTE_COLUMNS`; a row of zeros where a picture has none.
    """

    images: NDArray[np.uint8]
    labels: NDArray[np.int64]
    names: NDArray[np.str_]
    splits: NDArray[np.str_]
    votes: NDArray[np.float32]

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, rows: NDArray[np.bool_ | np.integer]) -> "FaceSet":
        return FaceSet(self.images[rows], self.labels[rows], self.names[rows], self.splits[rows], self.votes[rows])

    def split(self, name: str) -> "FaceSet":
        """The rows of one split; "test" is everything that is for neither training nor validation.

        Raises:
            DatasetError: the split is empty.
        """
        rows = ~np.isin(self.splits, ("train", "validation")) if name == "test" else (self.splits == name)
        if not rows.any():
            found = ", ".join(sorted(set(self.splits.tolist())))
            raise DatasetError(f'The data has no split "{name}"; it has: {found}.')
        return self[rows]

    @property
    def rater_shares(self) -> NDArray[np.float32]:
        """Shares of the raters' votes for the eight emotions: float32 (N, 8), rows summing to 1 or, unrated, to 0."""
        return rater_shares(self.votes)

    @property
    def one_hot(self) -> NDArray[np.float32]:
        """The labels as float32 (N, 7)."""
        return np.eye(len(EMOTIONS), dtype=np.float32)[self.labels]


def load_faces(
    path: Path,
    votes_csv: Path | None = None,
    on_damaged: Callable[[str, str], None] | None = None,
    training: bool = True,
) -> FaceSet:
    """Read a whole data set into memory (FER2013: 82 MB).

    Args:
        path: a folder, a zip, or `fer2013.csv`.
        votes_csv: FER+ votes by image name; without it, a `ferplus.csv` that lies beside or inside `path` is used.
        on_damaged: told name and fault of each picture that cannot be read or is in no folder of an emotion; without
            it, the first one that cannot be read is an error.
        training: whether the training faces, four fifths of FER2013, are wanted too; without them it is quicker.

    Raises:
        DatasetError: the path is missing, has no labelled picture, or is in no known layout.
    """
    _check_there(path)
    faces = _read_original_csv(path, training) if path.suffix == ".csv" else _read_pictures(path, on_damaged, training)
    votes_csv = votes_csv or next((p for p in (path / "ferplus.csv", path.parent / "ferplus.csv") if p.is_file()), None)
    return faces if votes_csv is None else replace(faces, votes=_read_votes(votes_csv, faces.names))


def located(typed: str) -> Path:
    """Where the data are that a person names; "~" is the home folder.

    Raises:
        DatasetError: there is nothing, or it may not be read.
    """
    try:
        path = Path(typed.strip()).expanduser()
    except RuntimeError as error:
        raise DatasetError(f"{typed} begins with a user that has no home folder here; give the whole path.") from error
    _check_there(path)
    return path


def download() -> Path:
    """Fetch the Kaggle copy through kagglehub and return its folder.

    Raises:
        DependencyError: kagglehub is not installed.
        DatasetError: the download failed.
    """
    try:
        kagglehub = importlib.import_module("kagglehub")
    except ImportError as error:
        raise DependencyError(f"Downloading needs kagglehub; {with_extra('data')}.") from error
    try:
        return Path(kagglehub.dataset_download(KAGGLE_NAME))
    except Exception as error:  # kagglehub passes on whatever its HTTP stack raises
        raise DatasetError(
            f"{KAGGLE_NAME} could not be downloaded ({type(error).__name__}); check the connection and your Kaggle "
            "credentials, or download it by hand and pass its path with --data."
        ) from error


def emotion_row(folder: str) -> int | None:
    """The emotion that a folder is named after, as an index into `EMOTIONS`; None for any other folder.

    Case, numbers and punctuation around the name do not matter: "Happy", "3_happiness" and "04 - joy" are one.
    """
    return _ROW_OF_NAME.get(re.sub(r"^[\W\d_]+|[\W\d_]+$", "", folder).lower())


def rater_shares(votes: NDArray[np.float32]) -> NDArray[np.float32]:
    """Shares of the votes for the eight emotions.

    Args:
        votes: float32 (N, 10), in the order of `VOTE_COLUMNS`.

    Returns:
        float32 (N, 8), rows summing to 1 or, unrated, to 0.
    """
    emotions = votes[:, : len(RATER_CLASSES)]
    shares: NDArray[np.float32] = emotions / np.maximum(emotions.sum(axis=1, keepdims=True), 1)
    return shares


def layout_of(path: Path) -> Layout:
    """How data are laid out: as FER2013 (its CSV, or its file names), in `train` and `test`, or neither.

    Raises:
        DatasetError: `path` is missing, or is neither a folder, a zip nor a CSV.
    """
    _check_there(path)
    if path.suffix == ".csv":
        return "fer2013"
    every = (PurePosixPath(name).parts for name in _picture_names(path))
    paths = [parts for parts in every if len(parts) >= 2 and emotion_row(parts[-2]) is not None]
    if any(parts[-1].startswith(_TEST_HALVES) for parts in paths):
        return "fer2013"
    return "splits" if any(not _SPLIT_FOLDERS.keys().isdisjoint(parts[:-2]) for parts in paths) else "plain"


def _check_there(path: Path) -> None:
    try:
        there = path.exists()
    except OSError as error:  # a name that is too long, or a folder that is closed
        raise DatasetError(f"{path} does not exist or may not be read; give a folder, a zip or fer2013.csv.") from error
    if not there:
        raise DatasetError(f"{path} does not exist; give a folder, a zip or fer2013.csv.")


def at_face_px(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """A grey picture, uint8 (H, W), at the size of FER2013's: uint8 (`FACE_PX`, `FACE_PX`)."""
    if picture.shape == (FACE_PX, FACE_PX):
        return picture
    return np.asarray(cv2.resize(picture, (FACE_PX, FACE_PX), interpolation=cv2.INTER_AREA), np.uint8)


def _read_pictures(path: Path, on_damaged: Callable[[str, str], None] | None, training: bool) -> FaceSet:
    rows = []
    for name, data in _picture_files(path, training):
        parts = PurePosixPath(name).parts
        label = emotion_row(parts[-2]) if len(parts) >= 2 else None
        if label is None:
            if on_damaged is not None:
                on_damaged(name, NO_EMOTION.format(PurePosixPath(name).parent.name))
            continue
        image = _decoded(data)
        if image is None:
            if on_damaged is None:
                raise DatasetError(f"{name} in {path} is not a readable picture; remove it and try again.")
            on_damaged(name, "It is not a picture that is read here; save it as PNG.")
            continue
        rows.append((at_face_px(image), label, parts[-1], split_of_path(name)))
    if not rows:
        raise DatasetError(
            f"{path} has no pictures in folders named after the emotions ({', '.join(EMOTIONS)}); "
            "expected is train/<emotion>/* and test/<emotion>/*."
        )
    images, labels, names, splits = zip(*rows, strict=True)
    return _face_set(np.stack(images), labels, names, splits)


def _decoded(data: bytes) -> NDArray[np.uint8] | None:
    try:
        image = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_GRAYSCALE) if data else None
    except cv2.error:  # it claims to be larger than OpenCV allows
        return None
    return None if image is None else np.asarray(image, np.uint8)


def _picture_files(path: Path, training: bool) -> Iterator[tuple[str, bytes]]:
    """Yield (path with forward slashes, bytes), in the order of the paths; no bytes where they cannot be had."""
    stored = _picture_names(path)
    names = [name for name in stored if training or split_of_path(name) != "train"]
    if path.is_dir():
        for name in names:
            try:
                yield name, (path / name).read_bytes()
            except OSError:
                yield name, b""
        return
    with _opened(path) as archive:
        for name in names:
            try:
                yield name, archive.read(stored[name])
            except (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, NotImplementedError):
                yield name, b""  # damaged or encrypted


def _picture_names(path: Path) -> dict[str, str]:
    """Paths with forward slashes, in order, each with what the zip calls it, which on Windows may have backslashes."""
    if path.is_dir():
        try:
            names = [file.relative_to(path).as_posix() for file in path.rglob("*") if file.is_file()]
        except OSError as error:
            raise _closed(path) from error
    else:
        with _opened(path) as archive:
            names = archive.namelist()
    stored = {name if path.is_dir() else name.replace("\\", "/"): name for name in names}
    shown = (name for name in stored if not is_hidden(name) and PurePosixPath(name).suffix.lower() in IMAGE_SUFFIXES)
    return {name: stored[name] for name in sorted(shown)}


def is_hidden(name: str) -> bool:
    """Whether a file was added by the system, not by the owner: `__MACOSX` and names that begin with a dot."""
    parts = PurePosixPath(name).parts
    return any(part == "__MACOSX" or (part.startswith(".") and part != "..") for part in parts)


def _opened(path: Path) -> zipfile.ZipFile:
    try:
        return zipfile.ZipFile(path)
    except zipfile.BadZipFile as error:
        raise DatasetError(f"{path} is neither a folder, a zip nor a CSV.") from error
    except OSError as error:
        raise _closed(path) from error


def _closed(path: Path) -> DatasetError:
    return DatasetError(f"{path} may not be read; change its permissions or copy it.")


def split_of_path(name: str) -> str:
    """The split that a picture belongs to by its path, with forward slashes; "test" where that does not tell."""
    parts = PurePosixPath(name).parts
    for prefix in _TEST_HALVES:
        if parts[-1].startswith(prefix):
            return prefix
    return next((_SPLIT_FOLDERS[part] for part in reversed(parts[:-2]) if part in _SPLIT_FOLDERS), "test")


def _read_original_csv(path: Path, training: bool) -> FaceSet:
    images, labels, names, splits = [], [], [], []
    counts = dict.fromkeys(_CSV_SPLITS, 0)
    with _table(path) as reader:
        if not {"emotion", "pixels", "Usage"} <= set(reader.fieldnames or ()):
            raise DatasetError(f"{path} is not the original fer2013.csv (columns emotion, pixels, Usage).")
        for number, row in enumerate(reader, start=2):
            if not training and _CSV_SPLITS.get(row["Usage"]) == "train":
                continue
            try:
                images.append(np.array(row["pixels"].split(), dtype=np.uint8).reshape(FACE_PX, FACE_PX))
                labels.append(range(len(EMOTIONS))[int(row["emotion"])])
                splits.append(_CSV_SPLITS[row["Usage"]])
            except (ValueError, KeyError, IndexError, OverflowError, AttributeError, TypeError) as error:
                raise DatasetError(f"Line {number} of {path} is not a row of fer2013.csv.") from error
            names.append(f"{row['Usage']}_{counts[row['Usage']]}")
            counts[row["Usage"]] += 1
    if not images:
        raise DatasetError(f"{path} holds no rows.")
    return _face_set(np.stack(images), labels, names, splits)


@contextmanager
def _table(path: Path) -> Iterator["csv.DictReader[str]"]:
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            yield csv.DictReader(file)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise DatasetError(f"{path} is not a readable CSV in UTF-8; copy it again.") from error


def _face_set(images: NDArray[np.uint8], labels: Sequence[int], names: Sequence[str], splits: Sequence[str]) -> FaceSet:
    votes = np.zeros((len(images), len(VOTE_COLUMNS)), np.float32)
    return FaceSet(images, np.array(labels, np.int64), np.array(names), np.array(splits), votes)


def _read_votes(path: Path, names: NDArray[np.str_]) -> NDArray[np.float32]:
    with _table(path) as reader:
        if not {"image", *VOTE_COLUMNS} <= set(reader.fieldnames or ()):
            raise DatasetError(f"{path} is not a table of FER+ votes by image name.")
        try:
            votes = {row["image"]: [float(row[name]) for name in VOTE_COLUMNS] for row in reader}
        except (ValueError, TypeError, csv.Error) as error:  # UnicodeDecodeError is a ValueError
            raise DatasetError(f"Line {reader.line_num} of {path} is not a row of FER+ votes.") from error
    nothing = [0.0] * len(VOTE_COLUMNS)
    return np.array([votes.get(name, nothing) for name in names.tolist()], dtype=np.float32)
