"""Significance of the differences between the picked models, pair by pair on the same faces."""

from collections.abc import Sequence
from typing import Any

import pandas as pd
import streamlit as st

from fer_core.errors import FerError
from fer_core.evaluation.significance import Comparison
from fer_core.ui.models import records
from fer_core.ui.models.parts import Compared
from fer_core.ui.shared.text import plain

_REAL, _LUCK = ":material/check:", ":material/question_mark:"


def difference(compared: Compared) -> None:
    """The results of the tests in sentences, then all figures."""
    if len(compared.cards) < 2:
        st.info("Pick a second model above to compare with.", icon=":material/compare_arrows:")
        return
    try:
        pairs = records.comparisons(list(compared.cards.values()), compared.split, compared.without_copies)
    except FerError as error:
        st.error(plain(str(error)), icon=":material/error:")
        return
    _say(pairs, next(iter(compared.cards)))
    st.dataframe(
        pd.DataFrame([_pair_row(pair) for pair in pairs]),
        hide_index=True,
        column_config={
            "Points": st.column_config.NumberColumn(format="%+.2f", help="Accuracy of the first minus the second."),
            "p": st.column_config.NumberColumn(format="%.2g", help="McNemar's exact test, two-sided."),
            "p, corrected": st.column_config.NumberColumn(
                format="%.2g", help="After Holm's correction for the number of pairs shown."
            ),
        },
        height="content",
        alt="Every two of the picked models, with McNemar's test",
    )
    st.caption(
        "Both models read the same faces, so only faces on which one is right and the other wrong can tell them apart. "
        "p is how often two models of equal accuracy would disagree this unevenly by luck (McNemar, 1947). The "
        "interval is of each pair by itself and holds 0 where p is 0.05 or more; the verdict is by the corrected p, "
        "which is larger where several pairs are compared."
    )
    if compared.copies and not compared.without_copies:
        st.caption(f"{compared.copies} They count here: choose *Without copies* to leave them out.")


def _say(pairs: Sequence[Comparison], best: str) -> None:
    """One pair in a sentence; of many, what they come to, and a sentence each, first those of the best model."""
    real = [pair for pair in pairs if pair.established]
    lucky = [pair for pair in pairs if not pair.established]
    if len(pairs) == 1:
        show, icon = (st.success, _REAL) if real else (st.warning, _LUCK)
        show(plain(pairs[0].sentence()), icon=icon)
        return
    if not lucky:
        st.success(f"**All {len(pairs)} differences are more than luck.**", icon=_REAL)
    else:
        names = "; ".join(f"{pair.first} and {pair.second}" for pair in lucky)
        st.warning(
            f"**{len(real)} of {len(pairs)} differences are more than luck.** Not told apart: {plain(names)}.",
            icon=_LUCK,
        )
    st.markdown("\n".join(_line(pair) for pair in pairs if best in (pair.first, pair.second)))
    with st.expander("The other pairs", icon=":material/compare_arrows:"):
        st.markdown("\n".join(_line(pair) for pair in pairs if best not in (pair.first, pair.second)))


def _line(pair: Comparison) -> str:
    mark = f":green[{_REAL}]" if pair.established else f":orange[{_LUCK}]"
    return f"- {mark} {plain(pair.sentence())}"


def _pair_row(pair: Comparison) -> dict[str, Any]:
    low, high = pair.difference_ci95
    return {
        "First": pair.first,
        "Second": pair.second,
        "Points": 100 * pair.difference,
        "95 % interval": f"{100 * low:+.2f} to {100 * high:+.2f}",
        "p, corrected": pair.p_adjusted,
        "p": pair.p_value,
        "Right: only first": pair.only_first,
        "only second": pair.only_second,
        "Faces": pair.n,
    }
