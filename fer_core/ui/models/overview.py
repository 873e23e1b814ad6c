"""The first thing on the Models page: which model to take, the ranked table, accuracy against speed."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from fer_core.charts.models import accuracy_against_speed, describe_accuracy_against_speed
from fer_core.classification import ModelCard
from fer_core.errors import FerError
from fer_core.evaluation.ranking import Standing, advice, standings
from fer_core.evaluation.significance import Comparison
from fer_core.request import DEFAULT_MODEL
from fer_core.ui.models import records
from fer_core.ui.models.parts import say_unknown
from fer_core.ui.models.records import SPLITS
from fer_core.ui.shared.charts import show_figure
from fer_core.ui.shared.text import plain

CHOSEN_BY = "PublicTest"

_number, _text = st.column_config.NumberColumn, st.column_config.TextColumn
_COLUMNS = {
    "#": _number(width=36, help="Rank by accuracy on the faces chosen above."),
    "Model": _text(width=170),
    "Accuracy": _number(format="%.1f %%", width=76, help="Share of all faces whose label it gives."),
    "95 %": _text(width=92, help="Wilson interval of the accuracy, in percent: how far luck could carry it."),
    "No copies": _number(
        format="%.1f %%",
        width=80,
        help="Accuracy without the faces that are, byte for byte, also among the training faces.",
    ),
    "F1": _number(
        format="%.3f", width=54, help="Macro F1: the mean over the seven emotions, so that rare ones count as much."
    ),
    "ECE": _number(
        format="%.3f",
        width=56,
        help="Calibration error: how far stated confidence and accuracy lie apart on average (15 bins of equal mass).",
    ),
    "ms/face": _number(
        format="%.1f", width=66, help="Time to read one face on this machine now: the lowest of three medians of ten."
    ),
    "Weights": _number(format="compact", width=68),
    "Size": _number(format="bytes", width=66, help="Of the network that runs; of an ensemble, of all its networks."),
    "Licence": _text(width=62, help="Of the weights."),
}


def overview(cards: Sequence[ModelCard]) -> None:
    """Advice, table and bubbles. The table stands at once; all that takes time fills in afterwards."""
    split = st.segmented_control(
        "Measured on FER2013",
        SPLITS,
        required=True,
        default=SPLITS[0],
        key="split",
        bind="query-params",
        help="FER2013. Settings were chosen on PublicTest; PrivateTest was read once for each finished model.",
    )
    said, table, chart = st.empty(), st.empty(), st.empty()
    _show_table(table, standings(cards, split, {}), DEFAULT_MODEL)
    times = _measure(cards)
    rows = standings(cards, split, _milliseconds(times))
    # Whatever split is looked at, a choice is made on PublicTest: PrivateTest would no longer be a test.
    calm = {} if _disturbed(times) else _milliseconds(times)
    choice = standings(cards, CHOSEN_BY, calm, without_copies=True)
    found = _try_comparisons(cards)
    with said:
        _show_advice(choice, found, DEFAULT_MODEL)
    _show_table(table, rows, DEFAULT_MODEL)
    with chart.container():
        say_unknown(row.short for row in rows if row.source and row.accuracy is not None)
        _show_bubbles(rows, times, _by_luck(cards, split))
    records.explain_missing_records(cards)


def _milliseconds(times: Mapping[str, records.Timing]) -> dict[str, float]:
    return {name: timing.milliseconds for name, timing in times.items()}


def _disturbed(times: Mapping[str, records.Timing]) -> bool:
    return any(timing.disturbed for timing in times.values())


def _try_comparisons(cards: Sequence[ModelCard]) -> Sequence[Comparison]:
    try:
        return records.comparisons(cards, CHOSEN_BY, without_copies=True)
    except FerError as error:
        st.error(plain(str(error)), icon=":material/error:")
        return []


def _measure(cards: Sequence[ModelCard]) -> dict[str, records.Timing]:
    times = {}
    with st.spinner("Measuring the speed on this machine …"):
        for card in cards:
            try:
                times[card.name] = records.timing(card)
            except FerError as error:
                st.error(plain(str(error)), icon=":material/error:")
    return times


def _show_advice(rows: Sequence[Standing], found: Sequence[Comparison], default: str) -> None:
    advised = advice(rows, found, default)
    if advised is None:
        if any(row.accuracy is not None for row in rows):
            return
        st.info("No installed model has figures. Measure them with the command below.", icon=":material/info:")
        return
    title = next(row.short for row in rows if row.name == advised.name)
    st.success(
        f"**Take {plain(title)}.** {plain(advised.reason)} All of this on {CHOSEN_BY} "
        "without the faces that are training faces too, by which models are chosen.",
        icon=":material/recommend:",
    )


def _by_luck(cards: Sequence[ModelCard], split: str) -> str:
    """The calibration error that perfectly calibrated models would show in the place of these, in words."""
    errors = [f"{error:.3f}" for card in cards if (error := records.error_if_calibrated(card, split)) is not None]
    if not errors:
        return ""
    span = min(errors) if min(errors) == max(errors) else f"{min(errors)} to {max(errors)}"
    return f" Luck alone keeps it above 0: perfectly calibrated models would have {span} on so many faces."


def _show_table(place: DeltaGenerator, rows: Sequence[Standing], default: str) -> None:
    place.dataframe(
        pd.DataFrame([_row(rank, row, default) for rank, row in enumerate(rows, start=1)]),
        hide_index=True,
        column_config=_COLUMNS,
        height="content",
        placeholder="–",
        alt="Ranked table of the installed models; a star marks the default",
    )


def _row(rank: int, row: Standing, default: str) -> dict[str, Any]:
    low, high = row.accuracy_ci95 or (None, None)
    return {
        "#": rank,
        "Model": f"{row.short} ★" if row.name == default else row.short,
        "Accuracy": _percent(row.accuracy),
        "95 %": "not measured" if low is None or high is None else f"{100 * low:.1f} – {100 * high:.1f}",
        "No copies": _percent(row.without_copies),
        "F1": row.macro_f1,
        "ECE": row.ece,
        "ms/face": row.latency_ms,
        "Weights": row.parameters,
        "Size": row.size_bytes,
        "Licence": row.licence,
    }


def _percent(share: float | None) -> float | None:
    return None if share is None else 100 * share


def _show_bubbles(rows: Sequence[Standing], times: dict[str, records.Timing], by_luck: str) -> None:
    left, right = st.columns([3, 2], gap="large")
    with left:
        st.markdown("##### Accuracy against speed")
        _, looks = records.titles_and_looks()
        words = describe_accuracy_against_speed(rows)
        show_figure(
            accuracy_against_speed(rows, looks), "accuracy against speed", words, name="models accuracy against speed"
        )
    with right:
        st.markdown("##### How to read it")
        st.markdown(
            "- **Up is better, left is faster**; the larger the bubble, the more weights. The number is the rank in "
            "the table, the line the 95 % interval. Equal steps to the right are equal factors.\n"
            "- Two intervals that overlap do not mean that two models are equal: *Side by side* tests it on the same "
            "faces.\n"
            "- *No copies* is the honest figure of a model of this project, *Accuracy* the one that papers give.\n"
            "- An **ECE** of 0.05 means: stated confidence and the share that is right lie 5 points apart on average."
            f"{by_luck}"
        )
        moments = sorted({timing.measured_at for timing in times.values()})
        if moments:
            st.caption(
                f"Speed measured on this machine at {moments[0]}, with whatever else it was doing. Whether a recording "
                "or a data set was read here meanwhile is noticed, a camera or a single picture is not."
            )
            if _disturbed(times):
                st.warning(
                    "Something else, such as a recording, was being worked on while the speed was measured, so the "
                    "advice goes by the number of weights; measure the speed again when that is done.",
                    icon=":material/speed:",
                )
            st.button("Measure the speed again", icon=":material/speed:", on_click=records.forget_timings)
