"""The picture that anyone can try."""

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from fer_core.classification import default_model
from fer_core.media.images import decode_image
from fer_core.media.samples import PORTRAIT, PORTRAIT_CREDIT
from fer_core.readings import FaceReading
from fer_core.request import DEFAULT_DETECTOR
from fer_core.ui.shared import loaders

SAMPLE_CREDIT = PORTRAIT_CREDIT


def sample_picture() -> tuple[str, bytes]:
    """File name and bytes of the bundled portrait."""
    return PORTRAIT.name, PORTRAIT.read_bytes()


@st.cache_resource(show_spinner="Reading a first picture …")
def read_sample() -> tuple[NDArray[np.uint8], list[FaceReading]]:
    """The bundled portrait, uint8 (H, W, 3) BGR, and what the default model reads in it."""
    name, data = sample_picture()
    image = decode_image(data, name)
    return image, loaders.pipeline(default_model(), DEFAULT_DETECTOR).analyze_image(image)
