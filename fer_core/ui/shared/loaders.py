"""Models and detectors, loaded once and shared by all visitors."""

import streamlit as st

from fer_core.classification import EmotionClassifier, ModelCard, list_cards, load_card
from fer_core.detection import FaceDetector, installed_detectors, load_detector
from fer_core.errors import FerError
from fer_core.face.measuring import FaceMeasurer
from fer_core.pipeline import EmotionPipeline
from fer_core.request import DEFAULT_MODEL
from fer_core.ui.shared.text import plain

_DETECTORS = {
    "blazeface": "BlazeFace (fast, finds most)",
    "haar": "Haar cascades with face check",
    "mtcnn": "MTCNN (slow, finds turned faces)",
}
DETECTOR_TITLES = {name: _DETECTORS[name] for name in installed_detectors()}
"""The detectors that can be chosen here."""


def classifier(model: str) -> EmotionClassifier:
    """A classifier by name. Safe to share between sessions; an ensemble shares the networks of its members."""
    return _classifier(model, load_card(model).identity)


@st.cache_resource(max_entries=12, show_spinner="Loading the model …")
def _classifier(model: str, identity: str) -> EmotionClassifier:
    """Loaded anew when another model is installed under the name, which `identity` tells."""
    return EmotionClassifier.load(model, member=classifier)


@st.cache_resource(max_entries=2, show_spinner="Loading the face detector …")
def detector(name: str) -> FaceDetector:
    """A detector by name. Safe to share between sessions."""
    return load_detector(name)


@st.cache_resource(show_spinner=False)
def measurer() -> FaceMeasurer:
    """What measures faces by their landmarks. Safe to share between sessions."""
    return FaceMeasurer()


def pipeline(model: str, detector_name: str) -> EmotionPipeline:
    """A pipeline over the shared parts."""
    return EmotionPipeline(detector(detector_name), classifier(model), measurer())


@st.cache_data(ttl=60, show_spinner=False)
def cards() -> list[ModelCard]:
    """The cards of the installed models, the default one first."""
    return sorted(list_cards(), key=lambda card: card.name != DEFAULT_MODEL)


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
