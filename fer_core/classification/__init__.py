"""Faces in, calibrated probabilities out."""

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

from fer_core.classification.cards import MapFigures, ModelCard, default_model, list_cards, load_card

if TYPE_CHECKING:
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

_LATER: Final = ("Classification", "EmotionClassifier")
"""Imported when they are first asked for: whoever only lists models need not load what runs them."""


def __getattr__(name: str) -> Any:
    if name not in _LATER:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = globals()[name] = getattr(import_module(f"{__name__}.classifier"), name)
    return value
