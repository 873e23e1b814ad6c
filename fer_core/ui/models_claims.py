"""Claims and measurements, apart: what papers and projects say, and what was measured on this project's test faces."""

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from fer_core.charts.models import VERDICT_WORDS, claims_and_measurements, describe_claims_and_measurements
from fer_core.claims import Claims, read_claims
from fer_core.classification import ModelCard
from fer_core.ranking import Standing, standings
from fer_core.ui.models_parts import plot
from fer_core.ui.models_records import SPLITS

_PERCENT = st.column_config.NumberColumn(format="%.1f %%")


def claims(cards: Sequence[ModelCard]) -> None:
    """One chart with both, then a table of each."""
    found, rows = read_claims(), standings(cards, SPLITS[0], {})
    st.markdown(
        "A figure is worth what stands behind it. **Measured here** means: on the 3,589 faces of FER2013 PrivateTest. "
        "**Claimed** means: someone wrote it."
    )
    plot(claims_and_measurements(found, rows), "claims", describe_claims_and_measurements(found, rows))
    st.markdown("##### Measured here")
    _measured(found, rows)
    st.markdown("##### Claimed")
    _claimed(found)
    st.caption(
        "What makes claims differ: the test faces (validation figures are no test), whether the checkpoint was chosen "
        "by those very faces, pre-training on other pictures, several views of each face, and copies of test faces "
        "among the training faces (7.9 % of PrivateTest)."
    )


def _measured(found: Claims, rows: Sequence[Standing]) -> None:
    own = [(row.short, row.accuracy, row.accuracy_ci95, "this project") for row in rows if row.accuracy is not None]
    others = [(one.work, one.accuracy, one.accuracy_ci95, one.source) for one in found.measured_here]
    st.dataframe(
        pd.DataFrame(
            [
                {
                    "Model": name,
                    "Accuracy": 100 * accuracy,
                    "95 %": "" if interval is None else f"{100 * interval[0]:.1f} – {100 * interval[1]:.1f}",
                    "How": how,
                }
                for name, accuracy, interval, how in sorted([*own, *others], key=lambda entry: -entry[1])
            ]
        ),
        hide_index=True,
        column_config={"Accuracy": _PERCENT},
    )


def _claimed(found: Claims) -> None:
    st.dataframe(
        pd.DataFrame(
            [
                {
                    "Model": claim.work,
                    "Claimed": 100 * claim.accuracy,
                    "Reproducible": VERDICT_WORDS[claim.reproducible],
                    "Why": claim.why,
                    "On": claim.measured_on,
                    "Chosen by": claim.selection,
                    "Source": claim.source,
                    "Link": claim.link,
                }
                for claim in found.claims
            ]
        ),
        hide_index=True,
        column_config={
            "Claimed": _PERCENT,
            "Model": st.column_config.TextColumn(width=230),
            "Why": st.column_config.TextColumn(width=380),
            "Link": st.column_config.LinkColumn(display_text="open"),
        },
    )
