"""Claims of papers and projects beside, but apart from, figures measured on this project's test faces."""

from collections.abc import Sequence
from typing import Final

import pandas as pd
import streamlit as st

from fer_core.charts.models import VERDICT_WORDS, claims_and_measurements, describe_claims_and_measurements
from fer_core.classification import ModelCard
from fer_core.evaluation.claims import Claim, Claims, read_claims
from fer_core.evaluation.ranking import Standing, standings
from fer_core.ui.models import records
from fer_core.ui.models.parts import UNKNOWN
from fer_core.ui.models.records import SPLITS
from fer_core.ui.shared.charts import show_figure
from fer_core.ui.shared.text import plain

NO_ADDRESS: Final = "This source has no public address."

_PERCENT = st.column_config.NumberColumn(format="%.1f %%", width=90)


def claims(cards: Sequence[ModelCard]) -> None:
    """One chart with both, then a table of each."""
    found, rows = read_claims(), standings(cards, SPLITS[0], {})
    faces = next((f"the {row.n:,} faces" for row in rows if row.n), "the faces")
    st.markdown(
        f"A figure is worth what stands behind it. **Measured here** means: on {faces} of FER2013 {SPLITS[0]}. "
        "**Claimed** means: someone wrote it."
    )
    show_figure(
        claims_and_measurements(found, rows),
        "claims",
        describe_claims_and_measurements(found, rows),
        name="claims and measurements",
    )
    st.markdown("##### Measured here")
    _measured(found, rows)
    st.markdown("##### Claimed")
    _claimed(found)
    st.caption(
        "What makes claims differ: the test faces (validation figures are no test), whether the checkpoint was chosen "
        "by those very faces, pre-training on other pictures, several views of each face, and copies of test faces "
        f"among the training faces{_copies(cards)}."
    )


def _copies(cards: Sequence[ModelCard]) -> str:
    """The number of faces in brackets, where it was counted."""
    record = records.data_record(cards)
    copies = record.copies.get(f"{SPLITS[0]} also in train") if record else None
    if record is None or copies is None:
        return ""
    return f" ({100 * copies / sum(record.classes[SPLITS[0]].values()):.1f} % of {SPLITS[0]})"


def _measured(found: Claims, rows: Sequence[Standing]) -> None:
    own = [
        (
            row.short,
            row.accuracy,
            row.accuracy_ci95,
            f"here; {UNKNOWN} ({row.source})" if row.source else "this project",
        )
        for row in rows
        if row.accuracy is not None
    ]
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
        column_config={
            "Model": st.column_config.TextColumn(width=220),
            "Accuracy": _PERCENT,
            "95 %": st.column_config.TextColumn(width=100),
            "How": st.column_config.TextColumn(width=380),
        },
        height="content",
        alt="Models measured on the same faces, the most accurate first",
    )


def _claimed(found: Claims) -> None:
    """Sentences, which have to be read whole: a table whose lines break, and not one to sort."""
    st.table(
        pd.DataFrame(
            [
                {
                    "Model and claim": f"{plain(claim.work)}  \n**{100 * claim.accuracy:.1f} %**",
                    "Can it be repeated?": f"**{VERDICT_WORDS[claim.reproducible]}.** {plain(claim.why)}",
                    "Source, faces and choice": _source(claim),
                }
                for claim in found.claims
            ]
        ),
        hide_index=True,
        border="horizontal",
    )


def _source(claim: Claim) -> str:
    words = f"{plain(claim.source[0].upper() + claim.source[1:])}."
    where = f"{words} [Open it]({claim.link})" if claim.link else f"{words} {NO_ADDRESS}"
    return f"{where}  \nOn {plain(claim.measured_on)}; {plain(claim.selection)}."
