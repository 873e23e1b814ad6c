"""Models and detectors, loaded once and shared by all visitors."""

import streamlit as st

from fer_core.classification import EmotionClassifier, ModelCard, default_model, list_cards
from fer_core.detection import FaceDetector, load_detector
from fer_core.pipeline import EmotionPipeline

DETECTOR_TITLES = {"haar": "Haar cascade with face check", "mtcnn": "MTCNN (slower, finds turned faces)"}


@st.cache_resource(max_entries=6, show_spinner="Loading the model …")
def classifier(model: str) -> EmotionClassifier:
    """A classifier by name. Safe to share between sessions."""
    return EmotionClassifier.load(model)


@st.cache_resource(max_entries=2, show_spinner="Loading the face detector …")
def detector(name: str) -> FaceDetector:
    """A detector by name. Safe to share between sessions."""
    return load_detector(name)


def pipeline(model: str, detector_name: str) -> EmotionPipeline:
    """A pipeline over the shared parts."""
    return EmotionPipeline(detector(detector_name), classifier(model))


@st.cache_data(ttl=60, show_spinner=False)
def cards() -> list[ModelCard]:
    """The cards of the installed models, the default one first."""
    installed = list_cards()
    first = default_model() if installed else None
    return sorted(installed, key=lambda card: card.name != first)
