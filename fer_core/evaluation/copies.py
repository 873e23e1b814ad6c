"""Which pictures are the same: copies across the splits of a data set, and fingerprints of whole sets."""

import hashlib
from collections.abc import Iterable, Iterator

import numpy as np
from numpy.typing import NDArray

from fer_core.evaluation.datasets import FaceSet, at_face_px


def copies_of(faces: FaceSet, others: FaceSet) -> NDArray[np.bool_]:
    """Which of `faces` are, pixel for pixel, also among `others`; bool (N,)."""
    known = set(_digests(others))
    return np.array([digest in known for digest in _digests(faces)], dtype=np.bool_)


def image_ids(images: Iterable[NDArray[np.uint8]]) -> NDArray[np.str_]:
    """Names of pictures by their content, by which to find them again: 16 hexadecimal digits of SHA-256 each."""
    return np.array([hashlib.sha256(image.tobytes()).hexdigest()[:16] for image in images], dtype="<U16")


def fingerprint(faces: FaceSet) -> str:
    """Hexadecimal SHA-256 of a data set: its pictures, labels and splits in any order and any layout."""
    rows = zip(_digests(faces), faces.labels.tolist(), faces.splits.tolist(), strict=True)
    lines = sorted(f"{digest} {label} {split}" for digest, label, split in rows)
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def fingerprint_of_votes(faces: FaceSet) -> str:
    """Hexadecimal SHA-256 of the votes that raters gave each picture, in any order."""
    lines = sorted(f"{digest} {votes}" for digest, votes in zip(_digests(faces), faces.votes.tolist(), strict=True))
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def first_of_each(faces: FaceSet) -> NDArray[np.bool_]:
    """False for each picture that already occurred earlier in `faces`; bool (N,)."""
    _, first_rows = np.unique(np.array(list(_digests(faces))), return_index=True)
    return np.isin(np.arange(len(faces)), first_rows)


def duplicates_report(faces: FaceSet) -> dict[str, int]:
    """How many pictures of each test split are byte-identical to one of another split, and copies within training."""
    train = faces.split("train")
    report = {"within train": int((~first_of_each(train)).sum())}
    for name in sorted(set(faces.splits.tolist()) - {"train"}):
        report[f"{name} also in train"] = int(copies_of(faces.split(name), train).sum())
    if {"PublicTest", "PrivateTest"} <= set(faces.splits.tolist()):
        private, public = faces.split("PrivateTest"), faces.split("PublicTest")
        report["PrivateTest also in PublicTest"] = int(copies_of(private, public).sum())
    return report


def digest(picture: NDArray[np.uint8]) -> str:
    """By which copies are known: of a picture, uint8 (H, W) grey, at the size of FER2013."""
    return hashlib.sha256(at_face_px(picture).tobytes()).hexdigest()


def _digests(faces: FaceSet) -> Iterator[str]:
    return map(digest, faces.images)
