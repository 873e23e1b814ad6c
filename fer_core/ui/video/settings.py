"""How a recording is read: the settings that the visitor chooses before an analysis."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

import streamlit as st

from fer_core.classification import ModelCard
from fer_core.imaging.drawing import region_sketch
from fer_core.request import TIME_CONSTANT_S, AnalysisRequest, DetectorChoice, Region
from fer_core.ui.shared import loaders
from fer_core.ui.shared.reading_options import RATES, SMOOTHINGS

Requests = Mapping[str, AnalysisRequest]
"""Requests by name of the model."""

MOST_COMPARED: Final = 3
"""Most models on one recording; each reads it anew."""

SKETCH_PX: Final = 160

_KEPT: Final = "session"
"""How long a setting stays as it was chosen: also while a recording is read, and for the next one."""


def choose_settings(cards: Mapping[str, ModelCard]) -> Requests:
    """Show the settings; gives a request for each model, first that of the model that is shown."""
    with st.popover("Settings", icon=":material/tune:"):
        left, right = st.columns(2)
        model = left.selectbox(
            "Model", list(cards), format_func=loaders.titles(cards).__getitem__, key="video model", persist_state=_KEPT
        )
        detector = right.selectbox(
            "Face detector",
            list(loaders.detector_titles()),
            format_func=loaders.detector_titles().__getitem__,
            key="video detector",
            persist_state=_KEPT,
        )
        others = left.multiselect(
            "Compare with",
            [name for name in cards if name != model],
            format_func=loaders.titles(cards).__getitem__,
            max_selections=MOST_COMPARED - 1,
            key="video others",
            persist_state=_KEPT,
            help="Each further model reads the same samples and takes the same time.",
            disabled=len(cards) < 2,
        )
        fps = right.select_slider(
            "Samples a second",
            list(RATES),
            4.0,
            format_func=RATES.__getitem__,
            help="Four are enough for most expressions; more show short ones better and take longer.",
            key="video rate",
            persist_state=_KEPT,
        )
        smoothing = left.selectbox(
            "Smoothing",
            list(SMOOTHINGS),
            format_func=SMOOTHINGS.__getitem__,
            key="video smoothing",
            persist_state=_KEPT,
        )
        time_constant_s = right.slider(
            "Time constant of the smoothing, in seconds",
            0.1,
            3.0,
            TIME_CONSTANT_S,
            0.1,
            disabled=smoothing == "none",
            help="Time in which about two thirds of a change show. The raw values are kept and exported too.",
            key="video time constant",
            persist_state=_KEPT,
        )
        region = _region()
    request = AnalysisRequest(
        detector=DetectorChoice(detector),
        fps=fps,
        region=region,
        smoothing=smoothing,
        time_constant_s=0.0 if smoothing == "none" else time_constant_s,
    )
    return {name: replace(request, model=name) for name in (model, *others)}


def _region() -> Region | None:
    """Ask for the region of the picture; None for the whole picture."""
    across, down = (
        st.slider(
            f"Look for faces from {words}",
            0,
            100,
            (0, 100),
            format="%d %%",
            help="The part of the picture in which faces are looked for, such as one window of a recorded screen.",
            key=key,
            persist_state=_KEPT,
        )
        for words, key in (("left to right", "video across"), ("top to bottom", "video down"))
    )
    if across == (0, 100) and down == (0, 100):
        return None
    if across[0] == across[1] or down[0] == down[1]:
        st.caption("This part has no width or height, so faces are looked for everywhere.")
        return None
    region = Region(across[0] / 100, down[0] / 100, (across[1] - across[0]) / 100, (down[1] - down[0]) / 100)
    words = region_words(region).removeprefix(", ")
    st.image(region_sketch(region), alt=f"Sketch of a picture: {words}", width=SKETCH_PX, caption="Bright: looked at")
    return region


def region_words(region: Region | None) -> str:
    """The region in words, to be put behind other facts; empty for the whole picture."""
    if region is None:
        return ""
    right, bottom = region.x + region.width, region.y + region.height
    return f", only {region.x:.0%} to {right:.0%} across and {region.y:.0%} to {bottom:.0%} down the picture"
