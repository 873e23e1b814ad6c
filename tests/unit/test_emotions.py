import numpy as np
import pytest

import fer_core
from fer_core.emotions import EMOTION_OF_RATER_CLASS, EMOTIONS, RATER_CLASSES, STYLES, bgr_of


def test_order_is_the_contract():
    assert EMOTIONS == ("angry", "disgust", "fear", "happy", "sad", "surprise", "neutral")


def test_every_emotion_has_its_own_colour_and_symbol():
    assert set(STYLES) == set(EMOTIONS)
    assert len({style.colour for style in STYLES.values()}) == len({style.symbol for style in STYLES.values()}) == 7


def test_rater_classes_map_onto_all_emotions():
    assert set(EMOTION_OF_RATER_CLASS.values()) == set(EMOTIONS)
    assert set(EMOTION_OF_RATER_CLASS) == set(RATER_CLASSES) - {"contempt"}


def luminance(bgr: tuple[int, int, int]) -> float:
    channels = np.array(bgr[::-1]) / 255
    linear = np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)
    return float(linear @ [0.2126, 0.7152, 0.0722])


@pytest.mark.parametrize("emotion", EMOTIONS)
def test_words_can_be_read_on_the_colour_and_the_colour_on_white(emotion):
    style = STYLES[emotion]
    darker, lighter = sorted((luminance(style.bgr), luminance(bgr_of(style.ink))))
    assert (lighter + 0.05) / (darker + 0.05) >= 4.5  # WCAG 2.2, text
    assert 1.05 / (luminance(style.bgr) + 0.05) >= 3  # graphics


def test_exported_names_are_complete_and_sorted():
    assert list(fer_core.__all__) == sorted(fer_core.__all__, key=lambda name: (name != "EMOTIONS", name))
    for name in fer_core.__all__:
        assert hasattr(fer_core, name)
