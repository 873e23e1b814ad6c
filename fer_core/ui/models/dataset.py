"""The data behind the models: its content, the reliability of its labels, and the faces that models read wrong."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Final, TypeVar

import numpy as np
import pandas as pd
import streamlit as st
from numpy.typing import NDArray

from fer_core.charts.data_set import class_shares, describe_class_shares, describe_labels_and_raters, labels_and_raters
from fer_core.classification import ModelCard
from fer_core.emotions import EMOTIONS, STYLES
from fer_core.errors import DatasetError, FerError
from fer_core.evaluation.datasets import KAGGLE_NAME, FaceSet, load_faces, located
from fer_core.evaluation.galleries import (
    ANY,
    Misread,
    contradictory,
    copies_across_splits,
    disputed,
    misread,
    rows_by_id,
    samples,
    strip,
    votes_in_words,
    whereabouts,
)
from fer_core.evaluation.records import DataRecord
from fer_core.settings import DATA_SET, settings
from fer_core.ui.models import records
from fer_core.ui.models.parts import PAGE
from fer_core.ui.models.records import SPLITS
from fer_core.ui.shared import page_memory
from fer_core.ui.shared.charts import show_figure
from fer_core.ui.shared.text import plain
from fer_core.ui.shared.theme import ink
from fer_core.ui.shared.visitor import sits_here

Row = TypeVar("Row")

TRAINING: Final = "train"
SAMPLES: Final = 12
SHOWN: Final = 24


@dataclass(frozen=True, eq=False)
class OpenData:
    """A data set in memory.

    Attributes:
        faces: its test faces, or all of them.
    """

    faces: FaceSet

    @cached_property
    def rows(self) -> dict[str, int]:
        """By the name of a picture's content, a row that holds it."""
        return rows_by_id(self.faces)

    @cached_property
    def copies(self) -> list[NDArray[np.int64]]:
        """Rows of each picture that is in more than one split."""
        return copies_across_splits(self.faces)


Reader = Callable[[bool], OpenData]
"""Gives the data set; with True the training faces too, which takes several times as long."""


def dataset(cards: Sequence[ModelCard]) -> None:
    """Counts from the records; faces where the data set is on this machine."""
    recorded = [card for card in cards if records.has_records(card)]
    record = records.data_record(cards)
    if record:
        _show_record(record)
    else:
        records.explain_missing_records(cards)
    st.divider()
    st.markdown("#### The faces themselves")
    path = _path()
    if path is None or not _opened(path):
        return
    view = st.segmented_control(
        "Show", list(_VIEWS), required=True, default=next(iter(_VIEWS)), key="faces view", label_visibility="collapsed"
    )
    try:
        _VIEWS[view](lambda training: _read(str(path), path.stat().st_mtime, training), recorded)
    except FerError as error:
        st.error(plain(str(error)), icon=":material/error:")


def _show_record(data: DataRecord) -> None:
    st.markdown("#### What is in it")
    st.markdown(
        "FER2013 (Goodfellow et al., 2013): faces found by web search for emotion words, 48 × 48 pixels, grey. FER+ "
        "(Barsoum et al., 2016) had ten people look at each of them."
    )
    show_figure(
        class_shares(data.classes), "classes of the data", describe_class_shares(data.classes), name="FER2013 classes"
    )
    left, right = st.columns([2, 3], gap="large")
    with left:
        st.markdown("##### Pictures that are there twice")
        st.dataframe(
            pd.DataFrame({"Exact copies": list(data.copies), "Faces": list(data.copies.values())}), hide_index=True
        )
        st.caption(
            "A model that learnt a face by heart reads its copy in a test right. *Overview* therefore gives the "
            "accuracy with and without these copies."
        )
        st.markdown("##### Is it the same data set?")
        st.caption("SHA-256 over all pictures, labels and splits, in any layout.")
        st.code(data.sha256, language=None, wrap_lines=True)
    with right:
        st.markdown("##### Can the labels be trusted?")
        split = st.segmented_control(
            "Faces of", list(data.labels_and_raters), required=True, default=SPLITS[0], key="rated split"
        )
        table = data.labels_and_raters[split]
        if not np.any(table):
            st.info(
                "No FER+ votes of these faces are on record: put a `ferplus.csv` beside the data set, and measure a "
                "model again.",
                icon=":material/info:",
            )
            return
        show_figure(
            labels_and_raters(table, ink()),
            "labels and raters",
            describe_labels_and_raters(table),
            name="FER2013 labels and raters",
        )
        st.caption(
            "Percent of the faces of each label on which the raters agree by majority. See *fear* and *disgust*."
        )


def _path() -> Path | None:
    """Where the data set is, as the setting or the visitor says; None where nobody does."""
    if named := settings().data_set:
        return _located(named, f"{DATA_SET}: ")
    at_this_machine = sits_here(st.get_option("server.address") or "", st.context.headers)
    st.info(
        f"Samples and errors are shown where FER2013 is on this machine. Download **{KAGGLE_NAME}** from Kaggle "
        f"(a zip of 60 MB), then start the dashboard with `{DATA_SET}=/path/to/fer2013.zip`"
        + (", or name it here." if at_this_machine else "."),
        icon=":material/database:",
    )
    if not at_this_machine:
        return None
    typed = st.text_input(
        "Path of the zip, folder or fer2013.csv on this machine", key="data path", persist_state="page"
    ).strip()
    return _located(typed) if typed else None


def _located(typed: str, whose: str = "") -> Path | None:
    try:
        return located(typed)
    except DatasetError as error:
        st.error(whose + plain(str(error)), icon=":material/error:")
        return None


def _opened(path: Path) -> bool:
    if page_memory.kept(PAGE, "open data") == str(path):
        return True
    st.button(
        "Open the data set",
        icon=":material/folder_open:",
        help="Reads the test faces, once, for all visitors; the training faces follow where they are shown.",
        on_click=page_memory.keep,
        args=(PAGE, "open data", str(path)),
    )
    return False


@st.cache_resource(max_entries=2, show_spinner="Reading the data set …")
def _read(path: str, modified: float, training: bool) -> OpenData:
    return OpenData(load_faces(Path(path), training=training))


def _show_samples(read: Reader, cards: Sequence[ModelCard]) -> None:
    tested = read(False)
    splits = [*sorted(set(tested.faces.splits.tolist())), TRAINING]
    left, right = st.columns([3, 1], vertical_alignment="bottom")
    split = left.segmented_control("Split", splits, required=True, default=splits[0], key="sample split")
    seed = (page_memory.kept(PAGE, "sample seed") or 0) + right.button("Others", icon=":material/shuffle:")
    page_memory.keep(PAGE, "sample seed", seed)
    part = (read(True) if split == TRAINING else tested).faces.split(split)
    for emotion in EMOTIONS:
        rows = samples(part, emotion, SAMPLES, seed)
        st.markdown(f"{STYLES[emotion].symbol} **{emotion}** · {(part.labels == EMOTIONS.index(emotion)).sum():,}")
        if len(rows):
            st.image(strip(part.images[rows]), width="stretch", alt=f"{len(rows)} faces labelled {emotion}")


def _show_copies(read: Reader, cards: Sequence[ModelCard]) -> None:
    data = read(True)
    groups = data.copies
    at_odds = [rows for rows in groups if contradictory(data.faces, rows)]
    st.caption(
        f"Pictures that are in more than one split, byte for byte: {len(groups):,}. Those of them that do not even "
        f"bear the same label everywhere: {len(at_odds):,}."
    )
    shown = at_odds if at_odds and st.toggle("Only those that are labelled differently") else groups
    _gallery([(data.faces.images[rows[0]], whereabouts(data.faces, rows)) for rows in _turned(shown, "copies")])


def _show_disputed(read: Reader, cards: Sequence[ModelCard]) -> None:
    part = read(False).faces
    if not part.votes.any():
        st.info("No FER+ votes were found: put a `ferplus.csv` beside the data set.", icon=":material/info:")
        return
    emotion = st.pills(
        "Labelled", EMOTIONS, required=True, default="fear", format_func=lambda name: f"{STYLES[name].symbol} {name}"
    )
    rows = disputed(part, emotion)
    total = int((part.labels == EMOTIONS.index(emotion)).sum())
    st.caption(f"{len(rows):,} of {total:,} test faces labelled *{emotion}*, which none of the ten raters calls so.")
    _gallery(
        [(part.images[row], votes_in_words(part.votes[row])) for row in _turned(rows.tolist(), f"disputed {emotion}")]
    )


def _show_misread(read: Reader, cards: Sequence[ModelCard]) -> None:
    if not cards:
        st.info("No model has records, so it is not known what they get wrong.", icon=":material/info:")
        return
    titles, _ = records.titles_and_looks()
    by_title = {titles[card.name]: card for card in cards}
    columns = st.columns(4)
    title = columns[0].selectbox("Model", list(by_title))
    split = columns[1].selectbox("Split", SPLITS)
    label = columns[2].selectbox("Label", [ANY, *EMOTIONS])
    read_as = columns[3].selectbox("Read as", [ANY, *EMOTIONS])
    low, high = st.slider("Confidence", 0, 100, (0, 100), 5, format="%d %%")
    predictions, data = records.predictions(by_title[title], split), read(False)
    rows = misread(predictions, Misread(label, read_as, low / 100, high / 100))
    there = [row for row in rows if predictions.ids[row] in data.rows]
    st.caption(f"{len(rows):,} of {len(predictions):,} faces, the surest errors first.")
    if len(there) < len(rows):
        st.caption(f"{len(rows) - len(there):,} of them are not in this data set: it is another edition.")
    _gallery(
        [
            (
                data.faces.images[data.rows[predictions.ids[row]]],
                f"{EMOTIONS[predictions.labels[row]]} → {EMOTIONS[predictions.predicted[row]]} "
                f"{predictions.probabilities[row].max():.0%} · raters: {votes_in_words(predictions.votes[row])}",
            )
            for row in _turned(there, f"misread {title} {split} {label} {read_as} {low} {high}")
        ]
    )


def _turned(rows: Sequence[Row], key: str) -> Sequence[Row]:
    """The rows on the page of the gallery that the visitor turned to; `key` tells galleries apart."""
    pages = -(-len(rows) // SHOWN)
    page = st.pagination(pages, key=f"page of {key}") if pages > 1 else 1
    return rows[(page - 1) * SHOWN : page * SHOWN]


def _gallery(pictures: Iterable[tuple[NDArray[np.uint8], str]]) -> None:
    with st.container(horizontal=True, gap="small"):
        for image, words in pictures:
            st.image(image, caption=words, width=112, alt=words)


_VIEWS: Final = {
    "Samples": _show_samples,
    "Copies": _show_copies,
    "Labels that raters dispute": _show_disputed,
    "What models get wrong": _show_misread,
}
