"""Faces in, calibrated probabilities out."""

from fer_core.classification.cards import MapFigures, ModelCard, default_model, list_cards, load_card
from fer_core.classification.classifier import Classification, EmotionClassifier

__all__ = [
    "Classification",
    "EmotionClassifier",
    "MapFigures",
    "ModelCard",
    "default_model",
    "list_cards",
    "load_card",
]
