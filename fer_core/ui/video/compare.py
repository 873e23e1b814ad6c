"""People beside each other: of this recording and of others that are open; and models beside each other."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Final

import pandas as pd
import streamlit as st

from fer_core.charts.multiples import (
    Subject,
    describe_subjects,
    describe_valences,
    lanes_of,
    share_multiples,
    valence_multiples,
)
from fer_core.classification import ModelCard
from fer_core.timeline.clock_text import as_clock
from fer_core.timeline.statistics.summaries import CATEGORIES
from fer_core.ui.shared.charts import show_figure
from fer_core.ui.video.charts import models_compared
from fer_core.ui.video.memory import memory
from fer_core.ui.video.opening import another_model
from fer_core.ui.video.recording import OpenRecording
from fer_core.ui.video.saving import saved_as

CHOSEN_AT_FIRST: Final = 20
"""People who are compared before anybody was chosen, at most."""


def compare(recording: OpenRecording, cards: Mapping[str, ModelCard]) -> None:
    """Compare people on common axes, of all open recordings; and models, where the recording was read with several."""
    others = [other for number, other in memory().recordings.items() if number != recording.number]
    if not others:
        st.caption("Open a second recording above, and its people can be chosen here too.")
    if len(recording.timelines) > 1:
        with st.expander("Models beside each other", icon=":material/model_training:", expanded=True):
            models_compared(recording, cards)
    another_model(recording, cards)
    recordings = [recording, *others]
    chosen = _chosen(recording, recordings)
    if not chosen:
        st.info("Choose people who are seen in the range.", icon=":material/compare:")
        return
    figures = {
        "lanes": (lanes_of(chosen), describe_subjects(chosen)),
        "shares": (share_multiples(chosen), describe_subjects(chosen)),
        "valence": (valence_multiples(chosen), describe_valences(chosen)),
    }
    for name, (figure, words) in figures.items():
        saved = saved_as(recording, f"{name} compared") if len(recordings) == 1 else f"{name} compared"
        show_figure(figure, f"compare {name} {recording.number}", words, name=saved)
    percent = st.column_config.NumberColumn(format="percent")
    st.dataframe(as_table(chosen), hide_index=True, column_config=dict.fromkeys(CATEGORIES, percent))
    poor = " and without poor samples" if recording.leave_out_poor else ""
    st.caption(
        "All panels have the same axes. Shares of the time seen within each recording's own range, without what is "
        f"excluded{poor}. Differences between two recordings have many causes, light and angle among them."
    )
    if len({each.timeline.request.model for each in recordings}) > 1:
        st.caption(":material/info: Not all of these recordings are read by the same model.")


def subjects_of(recordings: Sequence[OpenRecording]) -> list[Subject]:
    """Everybody who is seen in the range of their recording; where there are several, titles name the recording.

    Poor samples are left out of all recordings where they are left out of the first; each summary still has the share
    of good samples among all, which decides whether a word is withheld.
    """
    found, good = [], recordings[0].leave_out_poor
    for each in recordings:
        rows = each.rows(good=good)
        good_shares = {summary.person: summary.good_share for summary in each.summaries()}
        for summary in each.summaries(good=good):
            summary = replace(summary, good_share=good_shares.get(summary.person, summary.good_share))
            title = _title(each, summary.person, recordings)
            found.append(Subject(title, summary.person, rows, summary, each.range_s))
    return found


def _title(recording: OpenRecording, person: int, recordings: Sequence[OpenRecording]) -> str:
    name = recording.notes.name(person)
    return name if len(recordings) == 1 else f"{name} · {recording.title}"


def as_table(subjects: Iterable[Subject]) -> pd.DataFrame:
    """A row each: shares of the time seen, mean derived valence, time seen, share of good samples."""
    return pd.DataFrame(
        [
            {
                "Person": one.title,
                "Seen": as_clock(one.summary.seen_s),
                "Mostly": one.summary.mostly,
                **{category: round(one.summary.shares[category], 3) for category in CATEGORIES},
                "Valence": round(one.summary.valence, 3),
                "Good": round(one.summary.good_share, 3),
            }
            for one in subjects
        ]
    )


def _chosen(recording: OpenRecording, recordings: Sequence[OpenRecording]) -> list[Subject]:
    """The chosen people who are seen in the range; the choice is among all, so that none is lost by a range."""
    by_title = {one.title: one for one in subjects_of(recordings)}
    titles = {(each.number, person): _title(each, person, recordings) for each in recordings for person in each.people}
    at_first = [who for who, title in titles.items() if title in by_title][:CHOSEN_AT_FIRST]
    wanted = st.multiselect(
        "People",
        list(titles),
        default=at_first,
        format_func=titles.__getitem__,
        key=f"compared {recording.number} {memory().opened} {recording.revision} {list(titles)}",  # without names
        persist_state="page",
    )
    return [by_title[titles[who]] for who in wanted if titles[who] in by_title]
