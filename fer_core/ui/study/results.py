"""People compared: figure, what each cell rests on, and the sentences for a paper."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Final

import pandas as pd
import streamlit as st

from fer_core.charts.people import describe_people, people_by_condition
from fer_core.emotions import EMOTIONS
from fer_core.errors import TimelineError
from fer_core.library.alike import NOT_ALIKE, Behind, differences, used
from fer_core.library.library import Library
from fer_core.library.observations import EVENT_VALUES, VALUES, outcome_of, value_title
from fer_core.library.sample_marks import MADE_UP, is_sample
from fer_core.library.values import Entry, Receipt
from fer_core.reports.wording import validity_line
from fer_core.timeline.groups.conditions import Share
from fer_core.timeline.groups.methods import methods_paragraph
from fer_core.timeline.groups.outcome import Outcome
from fer_core.ui.shared import loaders
from fer_core.ui.shared.charts import show_figure
from fer_core.ui.shared.text import plain
from fer_core.ui.study.reading import EVENTS, ROWS, WHOLE, forget_read, observed

MESSAGE: Final = "study message"
"""Key of what was just done, in words, for the next run of the page."""

CHOSEN: Final = "study chosen value"
"""Key of the value that was compared last, which scripts and reports begin with."""

_PERCENT: Final = st.column_config.NumberColumn(format="percent")


def results(library: Library) -> None:
    """Compare conditions of what is kept."""
    entries = library.entries()
    if not entries:
        st.info("Keep some recordings first; then people are compared here.", icon=":material/groups:")
        return
    what = st.segmented_control(
        "One row is", [WHOLE, EVENTS], default=WHOLE, required=True, key="study rows", persist_state="session"
    )
    observations = observed(library, what or WHOLE)
    if observations is None:
        return
    if observations.missing:
        with st.expander(f"Left out ({len(observations.missing)})", icon=":material/visibility_off:"):
            st.markdown("\n".join(f"- {plain(words)}" for words in observations.missing))
    if observations.table.empty:
        st.info(
            "No recording has both a subject and a condition; give them under *Recordings*."
            if what == WHOLE
            else "No recording of a subject has events; give them under *Recordings*, with one recording chosen.",
            icon=":material/rule:",
        )
        return
    names = VALUES if what == WHOLE else EVENT_VALUES
    value = st.selectbox(
        "Value",
        names,
        names.index(f"mean_{EMOTIONS[3]}"),
        format_func=value_title,
        key="study value",
        persist_state="session",
    )
    st.session_state[CHOSEN] = value
    behind = observations.behind([value])
    say_differences(entries, behind)
    _compared(observations.table, value, models_of(entries, behind), ROWS[what or WHOLE])


def _compared(table: pd.DataFrame, value: str, models: set[str], rows: str) -> None:
    try:
        found = statistics(table, value)
    except TimelineError as error:
        st.info(plain(str(error)), icon=":material/info:")
        return
    title = found.values.name
    figure = people_by_condition(found.values, found.means, title)
    show_figure(figure, f"people {value}", describe_people(found.values, found.means, title), name=f"study {title}")
    st.caption(
        "A point is a person, not a frame; lines join the same person; the bar is the mean over people with its 95 % "
        "interval."
    )
    for line in validity(models, value):
        st.caption(plain(line))
    columns = dict.fromkeys(("uncertain", "excluded"), _PERCENT)
    st.dataframe(cells(found.means), hide_index=True, column_config=columns)
    _sentences(found, rows)


def say_differences(entries: Sequence[Entry], behind: Behind) -> None:
    """Warn where the analyses behind figures are of the sample study, or were not read alike."""
    if any(map(is_sample, used(entries, behind))):
        st.warning(MADE_UP, icon=":material/science:")
    if found := differences(entries, behind):
        lines = "\n".join(f"- {plain(words)}" for words in found)
        st.warning(f"{NOT_ALIKE}\n\n{lines}", icon=":material/compare_arrows:")


def models_of(entries: Sequence[Entry], behind: Behind) -> set[str]:
    """Names of the models that read what is in figures."""
    return {entry.request.model or "" for entry in used(entries, behind)}


def validity(models: Iterable[str], value: str) -> list[str]:
    """How well each of the models reads the emotion of a value."""
    cards = {card.name: card for card in loaders.cards_or_stop()}
    return [validity_line(model, cards.get(model), value.rpartition("_")[2]) for model in sorted(models)]


def forget_results() -> None:
    """Drop every table and comparison that was computed, of all visitors, such as after somebody was deleted."""
    forget_read()
    statistics.clear()


def receipt_words(receipt: Receipt) -> str:
    """A receipt for people, with its moment to the second."""
    moment = f"{receipt.deleted_at[:19].replace('T', ' ')} UTC"
    return replace(receipt, deleted_at=moment).sentence()


@st.cache_data(max_entries=32, show_spinner="Comparing people …")
def statistics(table: pd.DataFrame, value: str) -> Outcome:
    """Values of people, their means, and all comparisons or why there are none.

    Raises:
        TimelineError: nobody has a value.
    """
    return outcome_of(table, value)


def cells(means: tuple[Share, ...]) -> pd.DataFrame:
    """What each figure rests on."""
    return pd.DataFrame(
        [
            {
                "condition": mean.condition,
                "n": mean.cell.n,
                "mean": round(mean.share, 4),
                "95 % from": round(mean.interval[0], 4),
                "to": round(mean.interval[1], 4),
                "seconds": round(mean.cell.seconds, 1),
                "uncertain": mean.cell.share_uncertain,
                "excluded": mean.cell.share_excluded,
                "note": mean.note,
            }
            for mean in means
        ]
    )


def _sentences(found: Outcome, rows: str) -> None:
    if found.not_compared:
        st.info(plain(found.not_compared), icon=":material/groups:")
    for each in found.comparisons:
        st.markdown(f"- {plain(each.sentence())}")
        if each.left_out:
            st.caption(plain(f"Left out, because one condition is missing: {', '.join(each.left_out)}."))
        st.caption(plain(f"{each.first}: {each.cell_first.sentence()}. {each.second}: {each.cell_second.sentence()}."))
        st.caption(plain(each.power_line()))
    with st.expander("Methods paragraph", icon=":material/article:"):
        st.code(methods_paragraph([*found.means, *found.comparisons], rows), language=None, wrap_lines=True)
