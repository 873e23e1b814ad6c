"""The pictures that anyone can try: a portrait, and the same made harder to read.

They are made for teaching: the first is read with certainty, others with doubt or wrongly, and it is known why.
"""

from collections.abc import Callable
from typing import Final

import cv2
import numpy as np
import streamlit as st
from numpy.typing import NDArray

from fer_core.media.images import decode_image, encode_png
from fer_core.media.samples import PORTRAIT, PORTRAIT_CREDIT, PORTRAIT_FACE

File = tuple[str, bytes]

AS_TAKEN: Final = "As taken"
_CARD_BGR, _BAR_BGR = (225, 225, 225), (20, 20, 20)
_NOISE_SD: Final = 90
_DARKEST: Final = 0.08


def choose_sample(key: str) -> File:
    """Show a choice of samples; gives the file name and the bytes of the chosen one.

    Args:
        key: of the widget.
    """
    chosen = (
        st.pills("Sample", list(SAMPLES), default=AS_TAKEN, required=True, key=key, persist_state="page") or AS_TAKEN
    )
    st.caption(PORTRAIT_CREDIT)
    return sample_picture(chosen)


@st.cache_data(show_spinner=False)
def sample_picture(name: str = AS_TAKEN) -> File:
    """File name and bytes of a sample.

    Args:
        name: a key of `SAMPLES`.
    """
    if name == AS_TAKEN:
        return PORTRAIT.name, PORTRAIT.read_bytes()
    changed = SAMPLES[name](decode_image(PORTRAIT.read_bytes(), PORTRAIT.name))
    return f"{name.lower().replace(' ', '_')}.png", encode_png(changed)


def _mouth_covered(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    x, y, width, height = PORTRAIT_FACE
    return _filled(picture, (x - 20, y + round(0.7 * height)), (x + width + 20, y + height + 25), _CARD_BGR)


def _eyes_covered(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    x, y, width, _ = PORTRAIT_FACE
    return _filled(picture, (x - 10, y + 28), (x + width + 10, y + 52), _BAR_BGR)


def _filled(
    picture: NDArray[np.uint8], first: tuple[int, int], last: tuple[int, int], bgr: tuple[int, int, int]
) -> NDArray[np.uint8]:
    return np.asarray(cv2.rectangle(picture.copy(), first, last, bgr, cv2.FILLED), np.uint8)


def _nearly_dark(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return np.asarray(picture * _DARKEST, np.uint8)


def _grainy(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    noise = np.random.default_rng(0).normal(0, _NOISE_SD, picture.shape)
    return np.asarray(np.clip(picture + noise, 0, 255), np.uint8)


def _upside_down(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return np.ascontiguousarray(picture[::-1, ::-1])


SAMPLES: Final[dict[str, Callable[[NDArray[np.uint8]], NDArray[np.uint8]]]] = {
    AS_TAKEN: lambda picture: picture,
    "Mouth covered": _mouth_covered,
    "Eyes covered": _eyes_covered,
    "Nearly dark": _nearly_dark,
    "Grainy": _grainy,
    "Upside down": _upside_down,
}
"""Changes to the portrait: uint8 (H, W, 3) BGR in and out."""
