"""Which models are ready, and what was measured of them."""

from typing import Any

import pandas as pd
import streamlit as st

from fer_core.classification.cards import ModelCard
from fer_core.classification.figures import CardFigures
from fer_core.ui.shared import loaders
from fer_core.ui.shared.text import plain


def model_table() -> None:
    """The installed models, the default one first, with their figures on FER2013 PrivateTest."""
    cards = loaders.cards()
    if not cards:
        st.info("No model is installed. Restore the folder `models` from the release.", icon=":material/info:")
        return
    st.markdown(f":material/check_circle: {len(cards)} ready; **{plain(cards[0].title)}** is the default.")
    st.dataframe(
        pd.DataFrame([_row(card) for card in cards]),
        hide_index=True,
        column_config={
            "Accuracy": st.column_config.NumberColumn(format="percent", help="FER2013 PrivateTest, all 3,589 faces."),
            "95 % interval": st.column_config.TextColumn(help="Wilson interval of the accuracy."),
            "Without copies": st.column_config.NumberColumn(
                format="percent", help="The same without the faces that are also among the training faces."
            ),
            "Calibration error": st.column_config.NumberColumn(
                format="%.3f", help="How far stated confidence and accuracy lie apart (ECE, 15 bins); 0 is perfect."
            ),
            "Parameters": st.column_config.NumberColumn(format="compact"),
        },
    )


def _row(card: ModelCard) -> dict[str, Any]:
    measured = card.metrics.get("PrivateTest", CardFigures())
    interval = measured.accuracy_ci95
    return {
        "Model": card.title,
        "Accuracy": _tenths(measured.accuracy),
        "95 % interval": "" if interval is None else f"{interval[0]:.1%} to {interval[1]:.1%}",
        "Without copies": _tenths(measured.accuracy_deduplicated),
        "Calibration error": measured.ece,
        "Parameters": card.parameters,
    }


def _tenths(share: float | None) -> float | None:
    """To a tenth of a per cent, like the interval beside it."""
    return None if share is None else round(share, 3)
