"""What the visitor chooses on the Live page: model, detector, smoothing, threshold, and what is drawn."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from fer_core.classification import ModelCard
from fer_core.classification.explanation import no_map
from fer_core.live import LiveSettings, View
from fer_core.live.outputs.ways import Way
from fer_core.ui.live import connections, session
from fer_core.ui.shared import loaders

_SHOW: Final = {
    "boxes": ":material/crop_free: Boxes",
    "bars": ":material/bar_chart: Bars in the picture",
    "activation": ":material/visibility: What the model looks at",
    "mesh": ":material/grid_on: Mesh",
    "mirrored": ":material/flip: Mirror",
    "hidden": ":material/blur_on: Hide faces",
}

THRESHOLDS: Final = (0.2, 0.95)
"""Between which the one for "uncertain" can be set."""


@dataclass(frozen=True)
class Choice:
    """What was chosen on the page."""

    model: str
    detector: str
    settings: LiveSettings
    connections: tuple[Way, ...] = ()


def choose_settings(cards: dict[str, ModelCard]) -> Choice:
    """Model, detector, smoothing, threshold, and what is drawn. What a recording depends on is fixed while it runs."""
    fixed = session.recording()
    pills = st.container()  # above the settings, though what it says depends on them
    with st.expander("Settings", icon=":material/tune:"):
        if fixed:
            st.caption("Fixed while you record.")
        left, right = st.columns(2)
        model = _selectbox(left, "Model", "model", loaders.titles(cards), fixed=fixed)
        detector = _selectbox(right, "Face detector", "detector", loaders.detector_titles(), fixed=fixed)
        smoothing_s = _smoothing(left, fixed=fixed)
        threshold = _threshold(right, model, cards[model].uncertain_below, fixed=fixed)
        connected = connections.choose()
    with pills:
        view = _view(cards[model])
    return Choice(model, detector, LiveSettings(smoothing_s, threshold, view), connected)


def _selectbox(place: DeltaGenerator, label: str, name: str, titles: Mapping[str, str], *, fixed: bool) -> str:
    """Ask for one of `titles`; gives its name, the first where nothing was chosen yet."""
    names = list(titles)
    key, first = session.remembered(name, names[0], names)
    return place.selectbox(
        label, names, format_func=titles.__getitem__, key=key, index=names.index(first), disabled=fixed
    )


def _smoothing(place: DeltaGenerator, *, fixed: bool) -> float:
    """Ask for the time constant, in seconds."""
    key, first = session.remembered("smoothing", 0.4)
    chosen: float = place.slider(
        "Smoothing (time constant in seconds)",
        0.0,
        2.0,
        first,
        step=0.1,
        key=key,
        disabled=fixed,
        help="How long a change takes to show by about two thirds. 0 shows every reading as it is.",
    )
    return chosen


def _threshold(place: DeltaGenerator, model: str, own: float, *, fixed: bool) -> float:
    """Ask for the threshold, for each model separately; `own` is the model's own."""
    key, first = session.remembered(f"threshold {model}", min(max(round(own, 2), THRESHOLDS[0]), THRESHOLDS[1]))
    chosen: float = place.slider(
        "Uncertain below",
        *THRESHOLDS,
        first,
        step=0.01,
        key=key,
        disabled=fixed,
        help="A label whose probability is lower is shown as uncertain. The model's own value comes first.",
    )
    return chosen


def _view(card: ModelCard) -> View:
    """Ask what is drawn; without the map where the model has none."""
    key, first = session.remembered("shown", ["boxes", "mirrored"])
    shown = st.pills(
        "Show",
        list(_SHOW),
        selection_mode="multi",
        key=key,
        default=first,
        format_func=_SHOW.__getitem__,
        label_visibility="collapsed",
    )
    view = View(**{name: name in shown for name in _SHOW})
    if view.hidden:
        st.caption("Hides the faces that are found; a face that is new, small or turned away may show.")
    if view.activation and (reason := no_map(card)):
        view = replace(view, activation=False)
        st.caption(reason)
    return view
