"""Which models are ready, and what was measured of them."""

from typing import Final

import streamlit as st

from fer_core.classification.cards import ModelCard
from fer_core.classification.metrics import CardFigures
from fer_core.request import DEFAULT_MODEL
from fer_core.ui.shared import loaders
from fer_core.ui.shared.text import plain

HEAD: Final = (
    "| Model | Accuracy | 95 % interval | Without copies | Calibration error | Parameters |\n"
    "|:--|--:|:--|--:|--:|--:|\n"
)
EXPLANATION: Final = (
    "Accuracy on all 3,589 faces of FER2013 PrivateTest with its Wilson interval, and without those that are also "
    "among the training faces. Calibration error: how far stated confidence and accuracy lie apart (ECE, 15 "
    "bins); by luck alone a perfectly calibrated model would show about 0.02 on so many faces."
)

_TABLE: Final = "installed models"
_SCROLLS: Final = "<style>.st-key-installed-models table {display: block; overflow-x: auto}</style>"
"""On a phone the table moves sideways, and not the page with it."""


def model_table() -> None:
    """The installed models, the default one first, with their figures on FER2013 PrivateTest.

    Written as text: a data frame would let the first visitor wait for pandas, and every visitor for a script that draws
    it.
    """
    cards = loaders.cards()
    if not cards:
        st.info("No model is installed. Restore the folder `models` from the release.", icon=":material/info:")
        return
    first = cards[0]
    default = f"; **{plain(first.title)}** is the default" if first.name == DEFAULT_MODEL else ""  # or not installed
    st.markdown(f":material/check_circle: {len(cards)} ready{default}.")
    with st.container(key=_TABLE):
        st.markdown(HEAD + "\n".join(map(_row, cards)))
    st.html(_SCROLLS)
    st.caption(EXPLANATION)


def _row(card: ModelCard) -> str:
    measured = card.metrics.get("PrivateTest", CardFigures())
    interval = measured.accuracy_ci95
    cells = (
        plain(" ".join(card.title.split())),  # a line break would end the table
        _per_cent(measured.accuracy),
        "" if interval is None else f"{interval[0]:.1%}\u00a0to\u00a0{interval[1]:.1%}",
        _per_cent(measured.accuracy_deduplicated),
        "" if measured.ece is None else f"{measured.ece:.3f}",
        f"{card.parameters / 1e6:.1f} million",
    )
    return f"| {' | '.join(cells)} |"


def _per_cent(share: float | None) -> str:
    return "" if share is None else f"{share:.1%}"
