"""The tab in which a second rater labels spans of a recording, compares them with the model, takes them along."""

from functools import partial
from pathlib import Path, PurePath
from typing import Any

import pandas as pd
import streamlit as st

from fer_core.charts.over_time import NOBODY_SEEN
from fer_core.charts.raters import describe_rater_table, rater_table
from fer_core.emotions import EMOTIONS, STYLES
from fer_core.evaluation.rated_faces import TAKING_PART, faces_of_recording, labelled_zip
from fer_core.jobs import Monitor, Work
from fer_core.timeline.editing.ratings import Ratings
from fer_core.timeline.notes import Notes
from fer_core.timeline.statistics.rater_agreement import agreement_with_rater
from fer_core.timeline.table import Timeline
from fer_core.ui.shared.charts import show_figure
from fer_core.ui.shared.progress import show_progress
from fer_core.ui.shared.text import plain
from fer_core.ui.shared.theme import ink
from fer_core.ui.video.memory import memory
from fer_core.ui.video.products import Labelled
from fer_core.ui.video.rating import rate
from fer_core.ui.video.recording import OpenRecording

_LONGEST_NAME = 40


def labelling(recording: OpenRecording) -> None:
    """Buttons for the seven expressions, the labels so far, and what can be done with them."""
    if not recording.people:
        st.info(NOBODY_SEEN, icon=":material/search_off:")
        return
    _rater(recording)
    _expressions(recording)
    everybodys = recording.notes.ratings
    mine = tuple(rating for rating in everybodys if rating.rater == recording.rater)
    if others := len(everybodys) - len(mine):
        st.caption(f"Labels under another name, which are kept and not shown here: {others}.")
    if not mine:
        st.caption(
            "Choose a range in the player (I and O) or with the slider, then an expression, by its button or its key "
            "in the player. The next range begins where the last one ended. Leave out what you cannot tell."
        )
        return
    _table(recording, mine)
    if recording.blind:
        st.caption("Turn *Blind* off to see how your labels agree with the model; labels from then on are marked.")
    else:
        _agreement(recording)
    _take_along(recording, mine)


def _rater(recording: OpenRecording) -> None:
    name, blind, person = (f"{what} {recording.number}" for what in ("rater", "blind", "rated person"))
    st.session_state[name], st.session_state[blind] = recording.rater, recording.blind
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.text_input(
            "Your name or initials, if you like",
            key=name,
            max_chars=_LONGEST_NAME,
            on_change=lambda: setattr(recording, "rater", st.session_state[name].strip()),
            width=260,
        )
        st.toggle(
            "Blind",
            key=blind,
            on_change=lambda: setattr(recording, "blind", st.session_state[blind]),
            help="Hides what the model read. Raters who see it agree with it more often, so that the agreement would "
            "say little.",
        )
    if len(recording.people) > 1:
        st.session_state[person] = recording.person
        st.segmented_control(
            "Whose face",
            recording.people,
            format_func=lambda number: plain(recording.notes.name(number)),
            key=person,
            on_change=lambda: setattr(recording, "person", st.session_state[person] or recording.person),
        )


def _expressions(recording: OpenRecording) -> None:
    start_s, end_s = recording.range_s
    who = plain(recording.notes.name(recording.person or 0))
    st.markdown(f"**{who}, {start_s:.2f} to {end_s:.2f} s** shows")
    with st.container(horizontal=True):
        for number, label in enumerate(EMOTIONS, 1):
            st.button(
                f"{STYLES[label].symbol} {label} ({number})",
                key=f"label {label} {recording.number}",
                on_click=rate,
                args=(recording, label, recording.person, recording.range_s),
            )
        st.button(
            "No label",
            icon=":material/backspace:",
            key=f"label none {recording.number}",
            on_click=rate,
            args=(recording, None, recording.person, recording.range_s),
            help="Takes back what you said of this range.",
        )
        if words := recording.last_words:
            st.button(
                f"Undo: {plain(words)}",
                icon=":material/undo:",
                key=f"undo label {recording.number}",
                on_click=recording.undo,
                args=(recording.study.edits,),
            )


def _table(recording: OpenRecording, ratings: Ratings) -> None:
    # Streamlit keeps the number of the chosen row, which may be another label once anything of them changes.
    key = f"labels {recording.number} {hash(ratings)}"

    def go_there() -> None:
        for row in st.session_state[key]["selection"]["rows"]:
            recording.person = ratings[row].person
            recording.choose_range(ratings[row].start_s, ratings[row].end_s)
            recording.seek(ratings[row].start_s)

    table = pd.DataFrame(
        {
            "Person": [recording.notes.name(rating.person) for rating in ratings],
            "From (s)": [round(rating.start_s, 2) for rating in ratings],
            "To (s)": [round(rating.end_s, 2) for rating in ratings],
            "Label": [rating.label for rating in ratings],
            "Blind": [rating.blind for rating in ratings],
        }
    )
    st.dataframe(table, hide_index=True, key=key, on_select=go_there, selection_mode="single-row")
    st.caption("Choose a row to go there. Labels are kept with the analysis, in its JSON and in the evidence bundle.")


def _agreement(recording: OpenRecording) -> None:
    found = agreement_with_rater(recording.timeline, recording.notes, recording.rater)
    st.markdown(f"**You and the model.** {plain(found.sentence())}")
    words = describe_rater_table(found.table)
    show_figure(
        rater_table(found.table, ink()),
        f"rater table {recording.number}",
        words,
        name=f"{recording.name} rater and model",
    )
    st.caption(
        "Samples by your label (rows) and the model's (columns). One rater is no ground truth: this is how far two "
        "agree. Spans are drawn with replacement for the intervals, because the samples of one span resemble each "
        "other."
    )


def _take_along(recording: OpenRecording, ratings: Ratings) -> None:
    st.markdown("**Labelled faces**")
    if recording.path is None:
        st.caption("Add the recording itself to write its labelled faces; only its numbers are open.")
        return
    kept, number = memory(), recording.number
    made = kept.labelled.get(number)
    if made is not None and made.of != _depends_on(recording):
        kept.drop_labelled(number)
        made = None
    if made is not None and made.work.running:
        show_progress(made.work, "Cutting out the faces", f"stop labelled {number}")
        return
    if made is not None and made.work.result is not None:
        st.download_button(
            "Labelled faces (zip)",
            made.work.result,
            f"{PurePath(recording.name).stem}_labelled.zip",
            "application/zip",
            icon=":material/face:",
            on_click="ignore",
            key=f"labelled {number}",
        )
        return
    if made is not None:
        st.error(plain((made.work.problem or "").replace(f"{recording.path.parent}/", "")), icon=":material/error:")
    st.button(
        "Write the labelled faces",
        icon=":material/face:",
        key=f"write labelled {number}",
        on_click=_begin,
        args=(recording,),
    )
    st.caption(
        f"{TAKING_PART} 48 × 48 pixels, grey, as the networks see them; `evaluate` measures models on them, `train` "
        "goes on from them."
    )


def _begin(recording: OpenRecording) -> None:
    kept = memory()
    assert recording.path is not None
    job = partial(_zip_of, recording.path, recording.timeline, recording.notes, recording.rater)
    with kept.lock:
        kept.drop_labelled(recording.number)
        work = Work(job, kept.workspace.new_monitor(), "labelled faces")
        kept.labelled[recording.number] = Labelled(work, _depends_on(recording))


def _depends_on(recording: OpenRecording) -> tuple[Any, ...]:
    """The values that the labelled faces depend on."""
    notes = recording.notes
    return recording.timeline, notes.ratings, notes.excluded, recording.rater


def _zip_of(path: Path, timeline: Timeline, notes: Notes, rater: str, monitor: Monitor) -> bytes:
    return labelled_zip(faces_of_recording(path, timeline, notes, rater, monitor))
