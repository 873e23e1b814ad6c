"""The seven classes. This is the only module that knows their order.

The order (angry, disgust, fear, happy, sad, surprise, neutral) is the one of the FER2013 data set (Goodfellow et al.,
2013), so a label index read from its CSV is an index into `EMOTIONS`.
"""

from dataclasses import dataclass
from typing import Final

EMOTIONS: Final = ("angry", "disgust", "fear", "happy", "sad", "surprise", "neutral")

RATER_CLASSES: Final = (
    "neutral",
    "happiness",
    "surprise",
    "sadness",
    "anger",
    "disgust",
    "fear",
    "contempt",
)
"""The eight classes that the FER+ raters chose from (Barsoum et al., 2016), in the order of its CSV."""

EMOTION_OF_RATER_CLASS: Final = {
    "neutral": "neutral",
    "happiness": "happy",
    "surprise": "surprise",
    "sadness": "sad",
    "anger": "angry",
    "disgust": "disgust",
    "fear": "fear",
}
"""FER+ names of the seven emotions. Contempt has no counterpart here."""


@dataclass(frozen=True)
class EmotionStyle:
    """How one emotion is shown. Colour is never the only sign: every place that uses it also shows symbol or name.

    Attributes:
        colour: `#rrggbb`, from a palette that stays apart under the common colour-vision deficiencies (Okabe and Ito,
            2008).
        symbol: one emoji.
    """

    colour: str
    symbol: str

    @property
    def bgr(self) -> tuple[int, int, int]:
        """The colour as OpenCV draws it: (blue, green, red), each 0 to 255."""
        return bgr_of(self.colour)

    @property
    def ink(self) -> str:
        """`#rrggbb` of words on the colour: white where that can be read (4.5 : 1, WCAG 2.2), else nearly black."""
        return WHITE if 1.05 / (_luminance(self.colour) + 0.05) >= 4.5 else BLACK


WHITE: Final = "#ffffff"
BLACK: Final = "#111111"


def bgr_of(colour: str) -> tuple[int, int, int]:
    """`#rrggbb` as OpenCV draws it: (blue, green, red), each 0 to 255."""
    red, green, blue = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
    return blue, green, red


def _luminance(colour: str) -> float:
    """Relative luminance of sRGB, 0 to 1 (IEC 61966-2-1)."""
    blue, green, red = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4
        for part in (value / 255 for value in bgr_of(colour))
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


STYLES: Final[dict[str, EmotionStyle]] = {
    "angry": EmotionStyle("#c8451b", "😠"),
    "disgust": EmotionStyle("#7a8b1e", "🤢"),
    "fear": EmotionStyle("#8c5ab5", "😨"),
    "happy": EmotionStyle("#b87a00", "😄"),
    "sad": EmotionStyle("#2b6cb0", "😢"),
    "surprise": EmotionStyle("#c4568f", "😮"),
    "neutral": EmotionStyle("#6b7280", "😐"),
}
