"""Small things that the sections of the Models page share."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import streamlit as st

from fer_core.charts.looks import Look
from fer_core.classification import ModelCard
from fer_core.evaluation.figures import Curves, SplitFigures
from fer_core.evaluation.records import SplitRecord
from fer_core.ui.shared.text import plain

PAGE: Final = "Models"
"""The last part of the page's address."""

UNKNOWN: Final = "what it learnt from is not known here; if these faces are among it, its figures are too good"

IF_PERFECT: Final = "ECE if perfect"
IF_PERFECT_HELP: Final = (
    "The ECE that a perfectly calibrated model would show on so many faces, by luck alone (median of 1,000 draws). An "
    "ECE near it shows no error of calibration."
)


@dataclass(frozen=True)
class Compared:
    """The models that were picked.

    Attributes:
        cards: by short title.
        records: by short title, what was measured on the split that was picked.
        looks: by short title, of all installed models.
        split: the split's name.
        without_copies: leave out the faces that are training faces too, where that can be chosen.
    """

    cards: dict[str, ModelCard]
    records: dict[str, SplitRecord]
    looks: Mapping[str, Look]
    split: str
    without_copies: bool

    @property
    def curves(self) -> dict[str, Curves]:
        """By short title."""
        return {title: record.curves for title, record in self.records.items()}

    @property
    def figures(self) -> dict[str, SplitFigures]:
        """By short title."""
        return {title: record.figures for title, record in self.records.items()}

    @property
    def copies(self) -> str:
        """In a sentence, how many of the faces are training faces too; nothing where none is or it is not known."""
        record = next(iter(self.records.values()))
        kept = record.figures["n_deduplicated"]
        copies = 0 if kept is None else record.n - kept
        are = "is a copy of a training face" if copies == 1 else "are copies of training faces"
        return f"{copies:,} of the {record.n:,} faces {are}." if copies else ""


def say_unknown(titles: Iterable[str]) -> None:
    """Under figures of other projects' networks, why they may be too good; nothing where there is none."""
    for title in titles:
        st.caption(f"{plain(title)}: {UNKNOWN}.")


def beside(things: Iterable[str], columns: int = 2) -> Iterator[tuple[str, Any]]:
    """Each thing with a place for it, `columns` beside each other; on a phone below each other."""
    wanted = list(things)
    for first in range(0, len(wanted), columns):
        row = wanted[first : first + columns]
        yield from zip(row, st.columns(columns, gap="medium"), strict=False)


def size(count: int) -> str:
    """Bytes for people."""
    return f"{count / 1e6:.1f} MB" if count >= 1e5 else f"{count / 1e3:.1f} kB"
