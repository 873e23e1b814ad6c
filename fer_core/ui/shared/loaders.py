"""Models and detectors, loaded once and shared by all visitors.

What runs them is imported when it is first asked for: the first page, which only lists the models, is there sooner.
"""

from collections import Counter
from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING

import streamlit as st

from fer_core.classification.cards import ModelCard, list_cards, load_card
from fer_core.errors import FerError
from fer_core.request import DEFAULT_MODEL
from fer_core.ui.shared.text import plain

if TYPE_CHECKING:
    from fer_core.classification.classifier import EmotionClassifier
    from fer_core.detection import FaceDetector
    from fer_core.face.measuring import FaceMeasurer
    from fer_core.pipeline import EmotionPipeline

_DETECTORS = {
    "blazeface": "BlazeFace (fast, finds most)",
    "haar": "Haar cascades with face check",
    "mtcnn": "MTCNN (slow, finds turned faces)",
}


@cache
def detector_titles() -> Mapping[str, str]:
    """The detectors that can be chosen here: by name, their titles."""
    from fer_core.detection import installed_detectors

    return {name: _DETECTORS[name] for name in installed_detectors()}


def classifier(model: str) -> "EmotionClassifier":
    """A classifier by name. Safe to share between sessions; an ensemble shares the networks of its members."""
    return _classifier(model, load_card(model).identity)


@st.cache_resource(max_entries=12, show_spinner=False)
def _classifier(model: str, identity: str) -> "EmotionClassifier":
    """Loaded anew when another model is installed under the name, which `identity` tells."""
    from fer_core.classification.classifier import EmotionClassifier

    return EmotionClassifier.load(model, member=classifier)


@st.cache_resource(show_spinner=False)
def detector(name: str) -> "FaceDetector":
    """A detector by name. Safe to share between sessions.

    Each is kept for good: live streams know theirs by identity, and another one drops everybody's resting face.
    """
    from fer_core.detection import load_detector

    return load_detector(name)


@st.cache_resource(show_spinner=False)
def measurer() -> "FaceMeasurer":
    """What measures faces by their landmarks. Safe to share between sessions."""
    from fer_core.face.measuring import FaceMeasurer

    return FaceMeasurer()


def pipeline(model: str, detector_name: str) -> "EmotionPipeline":
    """A pipeline over the shared parts."""
    from fer_core.pipeline import EmotionPipeline

    return EmotionPipeline(detector(detector_name), classifier(model), measurer())


@st.cache_data(ttl=60, show_spinner=False)
def cards() -> list[ModelCard]:
    """The cards of the installed models, the default one first."""
    return sorted(list_cards(), key=lambda card: card.name != DEFAULT_MODEL)


def titles(cards: Mapping[str, ModelCard]) -> dict[str, str]:
    """By name, titles of which no two are the same: a browser tells what was chosen by its title alone."""
    times = Counter(card.title for card in cards.values())
    return {name: card.title if times[card.title] == 1 else f"{card.title} ({name})" for name, card in cards.items()}


def cards_or_stop() -> list[ModelCard]:
    """`cards()`; where there are none or one is damaged, says so and ends the page."""
    try:
        found = cards()
    except FerError as error:
        st.error(plain(str(error)), icon=":material/error:")
        st.stop()
    if not found:
        st.error("No model is installed. Restore the folder `models` from the release.", icon=":material/error:")
        st.stop()
    return found
