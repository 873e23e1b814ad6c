"""What the Models page shows, read and measured once and shared by all visitors."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd
import streamlit as st

from fer_core.charts.looks import Look, looks_of_models
from fer_core.classification import ModelCard
from fer_core.classification.cards import verified_file
from fer_core.errors import FerError
from fer_core.evaluation import calibration
from fer_core.evaluation.metrics import latency_ms
from fer_core.evaluation.predictions import Predictions
from fer_core.evaluation.ranking import short_titles
from fer_core.evaluation.recipes import record_command
from fer_core.evaluation.records import (
    EVALUATION_FILE,
    PREDICTIONS_FILE,
    DataRecord,
    Evaluation,
    read_evaluation,
    read_predictions,
)
from fer_core.evaluation.significance import Comparison, compare_models
from fer_core.imaging.crops import cut
from fer_core.jobs import anything_runs
from fer_core.media.images import read_image
from fer_core.media.samples import PORTRAIT, PORTRAIT_FACE
from fer_core.networks.files import MODELS_DIR as MODELS_DIR
from fer_core.ui.shared import loaders
from fer_core.ui.shared.text import plain

SPLITS: Final = ("PrivateTest", "PublicTest")
"""The first one is the test: nothing was chosen by it."""

HISTORY_FILE: Final = "history.csv"


@dataclass(frozen=True)
class Timing:
    """How long a model takes for one face on this machine.

    Attributes:
        milliseconds: the lowest of three medians of ten, so that other work on the machine disturbs less.
        measured_at: time of day, local.
        disturbed: something was worked on here meanwhile, such as a recording; cameras and pictures are not counted.
    """

    milliseconds: float
    measured_at: str
    disturbed: bool = False


def has_records(card: ModelCard) -> bool:
    """Whether the model came with what its curves are drawn from."""
    return {EVALUATION_FILE, PREDICTIONS_FILE} <= card.files.keys()


def evaluation(card: ModelCard) -> Evaluation:
    """The record of a model that has one.

    Raises:
        ModelError: it is missing, damaged or not the card's.
    """
    return _evaluation(card.files[EVALUATION_FILE].sha256, card)


def error_if_calibrated(card: ModelCard, split: str) -> float | None:
    """The calibration error that a perfectly calibrated model would show in its place; None without a usable record."""
    try:
        return calibration.error_if_calibrated(evaluation(card).splits[split].curves["reliability"])
    except (FerError, KeyError):  # what is wrong with a record is said where its curves are compared
        return None


def predictions(card: ModelCard, split: str) -> Predictions:
    """The predictions of a model with records for a split.

    Raises:
        ModelError: the record is missing, damaged or not the card's.
    """
    return _predictions(card.files[PREDICTIONS_FILE].sha256, card)[split]


def data_record(cards: Sequence[ModelCard]) -> DataRecord | None:
    """What the first of the models with records was measured on, of those with votes if there are any; else None."""
    first = None
    for card in filter(has_records, cards):
        data = evaluation(card).data
        if any(map(np.any, data.labels_and_raters.values())):
            return data
        first = first or data
    return first


def titles_and_looks() -> tuple[dict[str, str], dict[str, Look]]:
    """Of all installed models, by name the short title and by that the look: the same wherever they are shown."""
    titles = short_titles(loaders.cards())
    return titles, looks_of_models(titles.values())


def comparisons(cards: Sequence[ModelCard], split: str, without_copies: bool = False) -> list[Comparison]:
    """Every two of the models that have records, named by their short titles among all installed ones."""
    titles = short_titles(loaders.cards())
    known = {titles[card.name]: card for card in cards if has_records(card)}
    key = tuple((title, card.files[PREDICTIONS_FILE].sha256) for title, card in known.items())
    return _comparisons(key, split, without_copies, known)


def history(card: ModelCard) -> pd.DataFrame | None:
    """The course of its training, a row an epoch; None where the model has none."""
    if HISTORY_FILE not in card.files:
        return None
    return pd.read_csv(verified_file(card, HISTORY_FILE, MODELS_DIR))


def timing(card: ModelCard) -> Timing:
    """How long the model takes for one face here and now; measured once an hour, and again after other work.

    Raises:
        ModelError: the model cannot be loaded.
    """
    found = _timing(card.name, card.identity)
    if not found.disturbed or anything_runs():
        return found
    _timing.clear(card.name, card.identity)
    return _timing(card.name, card.identity)


def forget_timings() -> None:
    """Measure again at the next look."""
    _timing.clear()


def explain_missing_records(cards: Sequence[ModelCard]) -> None:
    """Say which models have no records and how to make them."""
    without = [card for card in cards if not has_records(card)]
    if not without:
        return
    names = ", ".join(f"**{plain(card.title)}**" for card in without)
    have, it, command = ("has", "it", "This command") if len(without) == 1 else ("have", "them", "These commands")
    votes = any(card.tells_of_raters for card in without)
    beside = " with FER+ votes (`ferplus.csv`, see the README) beside it" if votes else ""
    st.info(
        f"{names} {have} no records yet, so there are no curves of {it} and no comparison with {it}. To measure and "
        f"keep them takes some minutes and the FER2013 data set{beside}. {command} will do it:",
        icon=":material/info:",
    )
    st.code("\n".join(record_command(card.name) for card in without), language="sh", wrap_lines=True)


def explain_missing_votes(cards: Sequence[ModelCard]) -> None:
    """Say which models have records without votes of raters and how to have them; nothing where all have votes."""
    without = [card for card in cards if has_records(card) and not predictions(card, SPLITS[0]).votes.any()]
    if not without:
        return
    names = ", ".join(f"**{plain(card.title)}**" for card in without)
    command = "This command measures it" if len(without) == 1 else "These commands measure them"
    st.info(
        f"No votes of FER+ raters are in the records of {names}. {command} again; put a `ferplus.csv` beside the data "
        "set before (see the README):",
        icon=":material/info:",
    )
    st.code("\n".join(record_command(card.name) for card in without), language="sh", wrap_lines=True)


@st.cache_resource(max_entries=16, show_spinner=False)
def _evaluation(sha256: str, _card: ModelCard) -> Evaluation:
    return read_evaluation(_card, MODELS_DIR)


@st.cache_resource(max_entries=16, show_spinner=False)
def _predictions(sha256: str, _card: ModelCard) -> dict[str, Predictions]:
    return read_predictions(_card, MODELS_DIR)


@st.cache_resource(max_entries=32, show_spinner=False)
def _comparisons(
    models: tuple[tuple[str, str], ...], split: str, without_copies: bool, _cards: dict[str, ModelCard]
) -> list[Comparison]:
    by_title = {title: predictions(card, split) for title, card in _cards.items()}
    return compare_models({title: one.without_copies() if without_copies else one for title, one in by_title.items()})


@st.cache_data(ttl=3600, max_entries=32, show_spinner=False)
def _timing(name: str, identity: str) -> Timing:
    face = cut(read_image(PORTRAIT), PORTRAIT_FACE)
    classifier = loaders.classifier(name)
    disturbed = anything_runs()
    milliseconds = min(latency_ms(classifier, face, 10) for _ in range(3))
    return Timing(milliseconds, time.strftime("%H:%M"), disturbed or anything_runs())
