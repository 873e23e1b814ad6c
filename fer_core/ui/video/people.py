"""Who is who: portraits, names, and corrections of the numbers."""

import base64
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Final

import pandas as pd
import streamlit as st

from fer_core.analysis.likeness import merges_to_consider
from fer_core.charts.over_time import NOBODY_SEEN
from fer_core.errors import FerError
from fer_core.timeline.clock_text import as_clock
from fer_core.timeline.notes import Span
from fer_core.timeline.statistics.summaries import summarise
from fer_core.timeline.weights import counted
from fer_core.ui.shared.text import plain
from fer_core.ui.video.events import CHANGED_ELSEWHERE
from fer_core.ui.video.memory import memory
from fer_core.ui.video.recording import OpenRecording

MOST_SUGGESTED: Final = 3


def people_editor(recording: OpenRecording) -> None:
    """Show all persons with their names, and the forms to merge, split and remove them."""
    if not recording.people:
        st.info(NOBODY_SEEN, icon=":material/search_off:")
        return
    _names(recording)
    _last_problem(recording)
    first, second, third = st.columns(3)
    with first.container(border=True, height="stretch"):
        _merge(recording)
    with second.container(border=True, height="stretch"):
        _split(recording)
    with third.container(border=True, height="stretch"):
        _rest(recording)
    if words := recording.last_words:
        st.button(
            f"Undo: {plain(words)}",
            icon=":material/undo:",
            key=f"undo {recording.number}",
            on_click=recording.undo,
            args=(recording.study.edits,),
        )
    st.caption(
        "People are told apart by place and looks, within this recording alone. Names and portraits are kept only with "
        "the recording; there is no list of faces to compare with."
    )


def _names(recording: OpenRecording) -> None:
    portraits = recording.timeline.portraits
    everyone = recording.people
    summaries = {one.person: one for one in summarise(counted(recording.timeline, recording.notes.excluded))}
    found = [summaries.get(person) for person in everyone]  # None for persons whose readings are all excluded
    key, shown = _names_shown(recording)
    table = pd.DataFrame(
        {
            "Portrait": [_as_address(portraits.get(person)) for person in everyone],
            "Number": everyone,
            "Name": [recording.notes.names.get(person, "") for person in everyone],
            "Seen": [as_clock(one.seen_s if one else 0) for one in found],
            "First": [as_clock(int(one.first_s)) if one else "" for one in found],
            "Mostly": [one.mostly if one else "" for one in found],
            "Samples": [one.samples if one else 0 for one in found],
            "Without problem": [round(one.good_share, 2) if one else None for one in found],
        }
    )

    def named() -> None:
        edits = st.session_state[key]["edited_rows"].items()
        typed = {everyone[int(row)]: (changes.get("Name") or "").strip() for row, changes in edits}
        if not take_names(recording, shown, typed):
            st.toast(CHANGED_ELSEWHERE, icon=":material/info:", duration="infinite")

    st.data_editor(
        table,
        key=key,
        hide_index=True,
        row_height=64,
        disabled=[name for name in table.columns if name != "Name"],
        column_config={
            "Portrait": st.column_config.ImageColumn(width="small"),
            "Name": st.column_config.TextColumn(max_chars=60, help="Type a name; it goes into charts and reports."),
            "Without problem": st.column_config.NumberColumn(format="percent"),
        },
        on_change=named,
    )


def _names_shown(recording: OpenRecording) -> tuple[str, dict[int, str]]:
    """Key of the table of names, and the names in it, what was typed into it included.

    The key stays while this tab alone names people, as a table under another key would lose the cell that is being
    typed into. It changes with names from elsewhere: Streamlit would go on to show what was typed before, over them.
    """
    place = f"names shown {recording.number}"
    of, names = f"names {recording.number} {recording.revision} ", dict(recording.notes.names)
    key, shown = st.session_state.get(place, ("", names))
    if not key.startswith(of) or shown != names:
        key, shown = f"{of}{len(recording.study.edits)}", names
        st.session_state[place] = key, shown
    return key, shown


def take_names(recording: OpenRecording, shown: dict[int, str], typed: Mapping[int, str]) -> bool:
    """Name people as it was typed into a table.

    Args:
        recording: with the people.
        shown: by person, the names in the table; brought up to date.
        typed: by person, all names that were typed since the table was made.

    Returns:
        False where somebody was named elsewhere meanwhile; that name stays.
    """
    fits = True
    for person, name in typed.items():
        before, now = (names.get(person, "") for names in (shown, recording.notes.names))
        if name in (before, now):
            continue
        if now != before:
            fits = False
            continue
        recording.call(person, name)
        shown.update({person: name})
        if not name:
            del shown[person]
    return fits


def _merge(recording: OpenRecording) -> None:
    st.markdown("**The same person twice?**")
    if len(recording.people) < 2:
        st.caption("There is only one.")
        return
    for pair in merges_to_consider(recording.timeline)[:MOST_SUGGESTED]:
        this, that = recording.notes.name(pair.into), recording.notes.name(pair.other)
        st.caption(f"{plain(this)} and {plain(that)} look alike and are never seen together.")
        _do(
            recording,
            f"Merge {plain(that)} into {plain(this)}",
            "merge",
            partial(recording.merge, pair.into, pair.other),
            f"{pair.into} {pair.other}",
        )
    into = _choose(recording, "This is", "merge into")
    other = _choose(recording, "the same as", "merge other", besides=into())
    _do(recording, "Merge", "merge", lambda: recording.merge(into(), other()))


def _split(recording: OpenRecording) -> None:
    st.markdown("**Two people under one number?**")
    person = _choose(recording, "Person", "split")
    moment_s = recording.moment_s  # as the button says it: another tab may choose another one before the click
    _do(recording, f"Split at {moment_s:.2f} s", "call_split", lambda: recording.split(person(), moment_s))
    _do(recording, "Remove from this recording", "person_remove", lambda: _remove(recording, person()))
    st.caption(
        "*Split*: from the chosen moment on, this is another person. *Remove*, for posters and for people who did not "
        "agree, takes readings, name and portrait out of charts, tables and reports. The recording does not change: "
        "the player and the annotated video still show the person, without box and numbers."
    )


def _remove(recording: OpenRecording, person: int) -> None:
    recording.remove(person)
    memory().drop_waiting(recording)


def _rest(recording: OpenRecording) -> None:
    st.markdown("**A resting face to compare with**")
    person = _choose(recording, "Person", "rest")
    start_s, end_s = recording.range_s
    if span := recording.resting.get(person()):
        st.caption(f"Compared with {span.start_s:.2f} to {span.end_s:.2f} s; see *Explore*, tab *From rest*.")
        _do(recording, "Compare no longer", "close", lambda: recording.rest(person(), None))
        return
    st.caption(
        "Choose a range in which the face is at rest. The mean of its readings there is subtracted from all of them."
    )
    _do(
        recording,
        f"Use {start_s:.2f} to {end_s:.2f} s",
        "self_improvement",
        lambda: recording.rest(person(), Span(start_s, end_s)),
    )


def _choose(recording: OpenRecording, label: str, name: str, besides: int | None = None) -> Callable[[], int]:
    """A box for a person; gives what tells who is chosen by the time it is asked, which a click does before a run."""
    key = f"{name} {recording.number} {recording.revision}"
    people = [person for person in recording.people if person != besides]
    drawn = st.selectbox(label, people, format_func=recording.notes.name, key=key)
    return lambda: int(st.session_state.get(key, drawn))


def _do(recording: OpenRecording, label: str, icon: str, change: Callable[[], Any], key: str = "") -> None:
    """Show a button; where its work fails, the next run shows the error. `key` tells buttons with one icon apart."""

    def attempt() -> None:
        try:
            change()
        except FerError as error:
            st.session_state[_key(recording)] = str(error)

    st.button(label, icon=f":material/{icon}:", key=f"{icon} {key} {recording.number}", on_click=attempt)


def _last_problem(recording: OpenRecording) -> None:
    if problem := st.session_state.pop(_key(recording), None):
        st.error(plain(problem), icon=":material/error:")


def _key(recording: OpenRecording) -> str:
    return f"people problem {recording.number}"


def _as_address(jpeg: bytes | None) -> str | None:
    return None if jpeg is None else f"data:image/jpeg;base64,{base64.b64encode(jpeg).decode()}"
