"""What the visitor chooses on the Live page: model, detector, smoothing, threshold, and what is drawn."""

from dataclasses import dataclass, replace
from typing import Final

import streamlit as st

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
    models, detectors = list(cards), list(loaders.detector_titles())
    remembered = session.remembered
    pills = st.container()  # above the settings, though what it says depends on them
    with st.expander("Settings", icon=":material/tune:"):
        if fixed:
            st.caption("Fixed while you record.")
        left, right = st.columns(2)
        key, first = remembered("model", models[0], models)
        model = left.selectbox(
            "Model",
            models,
            format_func=loaders.titles(cards).__getitem__,
            key=key,
            index=models.index(first),
            disabled=fixed,
        )
        key, first = remembered("detector", detectors[0], detectors)
        detector = right.selectbox(
            "Face detector",
            detectors,
            format_func=loaders.detector_titles().__getitem__,
            key=key,
            index=detectors.index(first),
            disabled=fixed,
        )
        key, first = remembered("smoothing", 0.4)
        smoothing = left.slider(
            "Smoothing (time constant in seconds)",
            0.0,
            2.0,
            first,
            step=0.1,
            key=key,
            disabled=fixed,
            help="How long a change takes to show by about two thirds. 0 shows every reading as it is.",
        )
        key, first = remembered(f"threshold {model}", _first_threshold(cards[model]))
        threshold = right.slider(
            "Uncertain below",
            *THRESHOLDS,
            first,
            step=0.01,
            key=key,
            disabled=fixed,
            help="A label whose probability is lower is shown as uncertain. The model's own value comes first.",
        )
        connected = connections.choose()
    key, first = remembered("shown", ["boxes", "mirrored"])
    with pills:
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
        if view.activation and (reason := no_map(cards[model])):
            view = replace(view, activation=False)
            st.caption(reason)
    return Choice(model, detector, LiveSettings(smoothing, threshold, view), connected)


def _first_threshold(card: ModelCard) -> float:
    return min(max(round(card.uncertain_below, 2), THRESHOLDS[0]), THRESHOLDS[1])
