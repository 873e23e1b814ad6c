"""What is kept as one table; one recording opened, described, or deleted for good."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Final

import pandas as pd
import streamlit as st

from fer_core.cells import csv_of_rows, for_spreadsheets
from fer_core.errors import FerError
from fer_core.library.library import Library
from fer_core.library.observations import touches
from fer_core.library.queue import still_waiting
from fer_core.library.values import Consent, Entry, Place, consent_state
from fer_core.timeline.events.event import MAX_BYTES
from fer_core.timeline.events.formats import read_events
from fer_core.ui.shared.text import plain
from fer_core.ui.shared.uploaders import held
from fer_core.ui.study.consent import consent
from fer_core.ui.study.results import MESSAGE, forget_results, receipt_words
from fer_core.ui.study.sample import is_made, sample
from fer_core.ui.video.memory import MOST_OPEN, memory

EMPTY: Final = """
**Nothing is kept yet.** A study grows in three steps:

1. **Read** recordings: several at once under *Add recordings*, or one on the Video page, and there *Export* and
   *Keep this analysis*.
2. **Say whose they are**: a table with the columns `recording`, `subject`, `condition`, and others, such as `age`.
3. **Compare people**: conditions are compared over people, never over frames, with what was uncertain or excluded
   beside each figure. Groups under five people are not compared.
"""
FIRST: Final = {
    "Recording": 145, "Subject": 70, "Condition": 85, "Missing": 162, "Duration": 72, "People": 65, "Good": 65,
    "Uncertain": 85, "No face": 70,
}  # fmt: skip
"""Columns that matter most, with their widths in pixels: together as wide as the page in a window of 1280."""

_OWN: Final = frozenset({*FIRST, "Session", "Consent", "Corrections", "Tags", "Model"})
"""All columns of the table that are no attributes."""

_FORMATS: Final = {
    "Duration": "%.0f s", "People": "%d", "Good": "percent", "Uncertain": "percent", "No face": "percent",
}  # fmt: skip
_EVENT_FILES: Final = "study event files"
_CHOSEN: Final = "study chosen"


def recordings(library: Library) -> None:
    """The table with everything that can be done to its rows."""
    if words := st.session_state.pop(MESSAGE, None):
        st.success(plain(words), icon=":material/check:")
    sample(library)
    if library.is_empty():
        if is_made():
            return
        st.info(EMPTY, icon=":material/groups:")
        return
    searched = st.text_input(
        "Search",
        key="study search",
        placeholder="name, subject, condition, tag or attribute",
        persist_state="session",
    )
    found = library.search(searched)
    table = table_of(found, library.all_consents())
    everything = st.toggle(
        "All columns",
        key="study columns",
        persist_state="session",
        help="Also attributes, session, tags, corrections, model.",
    )
    st.dataframe(
        table,
        hide_index=True,
        column_order=None if everything else columns_at_first(table),
        column_config={
            name: st.column_config.NumberColumn(name, width=width, format=_FORMATS[name])
            if name in _FORMATS
            else st.column_config.TextColumn(name, width=width)
            for name, width in FIRST.items()
        },
    )
    subjects = table["Subject"].replace("", None).nunique()
    incomplete = int(table["Missing"].ne("").sum()) if len(table) else 0
    analyses = "analysis" if len(found) == 1 else "analyses"
    people = "subject" if subjects == 1 else "subjects"
    st.caption(
        f"{len(found)} {analyses}, {subjects} {people}; {incomplete} with something missing. "
        "*Good* samples and *Uncertain* ones are shares of the time that people are seen, *No face* is a share of the "
        "recording."
    )
    _describe_all(library, found)
    _one(library, found)


def table_of(entries: Sequence[Entry], consents: Mapping[str, Sequence[Consent]]) -> pd.DataFrame:
    """A row an analysis, with what is missing in words.

    Args:
        entries: what is kept.
        consents: records by recording.
    """
    today = date.today().isoformat()
    attributes = sorted({name for entry in entries for name in entry.attributes})
    records = [
        {
            "Recording": entry.title,
            "Subject": entry.place.subject,
            "Session": entry.place.session,
            "Condition": entry.place.condition,
            **{_attribute_column(name): entry.attributes.get(name, "") for name in attributes},
            "Missing": ", ".join(missing(entry)),
            "Consent": consent_words(consents.get(entry.recording_id, ()), today),
            "Duration": entry.recording.duration_s,
            "People": entry.figures.people,
            "Good": entry.figures.share_good,
            "Uncertain": entry.figures.share_uncertain,
            "No face": entry.figures.share_without_face,
            "Corrections": entry.edits,
            "Tags": ", ".join(entry.tags),
            "Model": entry.request.model or "",
        }
        for entry in entries
    ]
    table = pd.DataFrame(records or None, columns=None if records else ["Recording", "Subject", "Missing"])
    empty = [name for name in ("Session", "Consent", "Tags") if name in table and not table[name].any()]
    return table.drop(columns=empty)


def _attribute_column(name: str) -> str:
    """What the column of an attribute is called beside those of the page."""
    return f"attribute {name}" if name in _OWN else name


def labels_of(entries: Sequence[Entry]) -> dict[str, str]:
    """By analysis, a label unlike that of every other: a browser tells what was chosen by its label alone."""
    labels = {entry.analysis: f"{entry.title} · {entry.place.subject or 'no subject'}" for entry in entries}
    for further in (
        lambda entry: f"{entry.request.model or 'no model'}, kept {entry.kept_at[:16].replace('T', ' ')} UTC",
        lambda entry: entry.analysis[:8],
    ):
        times = Counter(labels.values())
        for entry in entries:
            if times[labels[entry.analysis]] > 1:
                labels[entry.analysis] += f" · {further(entry)}"
    return labels


def columns_at_first(table: pd.DataFrame) -> list[str]:
    """The columns that are shown where not all are wanted: these fit a window of 1280 pixels."""
    return [name for name in FIRST if name in table and not (name == "Missing" and not table[name].any())]


def consent_words(records: Sequence[Consent], today: str) -> str:
    """What consent holds for and what no longer; empty where nothing was written down.

    Example:
        >>> consent_words([Consent("teaching", "form 12", "2026-03-01")], "2026-04-01")
        'teaching'
    """
    states = consent_state(records, today)
    ended = [purpose for purpose, holds in states.items() if not holds]
    return ", ".join([*(purpose for purpose, holds in states.items() if holds), *(f"not {each}" for each in ended)])


def missing(entry: Entry) -> list[str]:
    """What an analysis lacks for a comparison, in words."""
    lacks = {
        "no subject": not entry.place.subject,
        "no condition": not entry.place.condition,
        "nobody seen": entry.figures.people == 0,
        "more than one person": entry.figures.people > 1,
    }
    return [words for words, true in lacks.items() if true]


def _describe_all(library: Library, found: Sequence[Entry]) -> None:
    with st.expander("Describe all by a table", icon=":material/table_view:"):
        st.markdown(
            "CSV with a row a recording. `recording` names the file; `subject`, `session` and `condition` say where it "
            "stands; every other column becomes an attribute."
        )
        header = ("recording", "subject", "condition", "age")
        example = csv_of_rows(header, [(title, "", "", "") for title in dict.fromkeys(one.title for one in found)])
        st.download_button(
            "A table to fill in", for_spreadsheets(example), "participants.csv", "text/csv", on_click="ignore",
            icon=":material/download:",
        )  # fmt: skip
        number = st.session_state.setdefault("study tables", 0)
        given = held(st.file_uploader("Table", type=["csv", "tsv", "txt"], key=f"study table {number}"))
        if given is None:
            return
        try:
            matched = library.describe(given.getvalue())
        except FerError as error:
            st.error(plain(str(error)), icon=":material/error:")
            return
        number_words = "1 recording was" if matched.recordings == 1 else f"{matched.recordings} recordings were"
        said = [f"{number_words} described."]
        for words, names in (
            ("Not kept here", matched.unknown),
            ("Several have this name", matched.ambiguous),
            ("Without a row", matched.without),
        ):
            said += [f"{words}: {', '.join(names)}."] if names else []
        st.session_state[MESSAGE] = " ".join(said)
        st.session_state["study tables"] = number + 1
        st.rerun()


def _one(library: Library, found: Sequence[Entry]) -> None:
    """Open one, describe it, or delete some. A search adds to what is chosen, and takes nothing out of it."""
    everything = library.entries()
    names = labels_of(everything)
    chosen = _chosen(names, found)
    entries = [entry for entry in everything if entry.analysis in chosen]
    if not entries:
        return
    with st.container(horizontal=True):
        if st.button(
            "Open in Video",
            icon=":material/movie:",
            disabled=len(entries) > MOST_OPEN,
            help=f"With every correction. Up to {MOST_OPEN}; the tab *Compare* there shows the people of all of them. "
            "What is open there beyond that is closed, the oldest first.",
        ):
            for entry in entries:
                study = library.open_study(entry.analysis)
                # Without its path: what is open is deleted when it is closed.
                memory().open_studies({entry.request.model or "": study}, None).keeps(entry.analysis, study)
            st.switch_page("pages/3_Video.py")
        with st.popover("Delete for good", icon=":material/delete_forever:"):
            _delete(library, entries, everything, names)
    if len(entries) == 1:
        _about(library, entries[0])
        _events(library, entries[0])
        consent(library, entries[0])


def _chosen(names: Mapping[str, str], found: Sequence[Entry]) -> list[str]:
    """Ask which analyses are chosen, of what was found and what was chosen before.

    A browser sends the labels of what is chosen, as it drew them: once any label is another, it gets another widget,
    with the same choice, or what it sends next would be of nothing.
    """
    key = f"{_CHOSEN} {hash(tuple(names.items()))}"
    before = st.session_state.get(key, st.session_state.get(_CHOSEN, ()))
    offered = {*(entry.analysis for entry in found), *before}
    options = [analysis for analysis in names if analysis in offered]
    default = [analysis for analysis in before if analysis in names]
    chosen = st.multiselect("Chosen recordings", options, default, format_func=names.__getitem__, key=key)
    st.session_state[_CHOSEN] = chosen
    return chosen


def _delete(library: Library, entries: Sequence[Entry], everything: Sequence[Entry], names: Mapping[str, str]) -> None:
    """Delete what is chosen for good, or the recordings of it with whatever else is kept of them."""
    chosen = {entry.analysis for entry in entries}
    of = {entry.recording_id: entry.title for entry in entries}
    further = Counter(
        entry.recording_id for entry in everything if entry.recording_id in of and entry.analysis not in chosen
    )
    st.markdown("Readings, corrections, names and descriptions go; nothing brings them back.")
    whole = bool(further) and st.checkbox(
        "Delete the whole recording, with all its analyses", key=f"study delete whole {sorted(further)}"
    )
    lines = [f"- {plain(names[entry.analysis])}" for entry in entries]
    for recording_id, count in further.items():
        one = count == 1
        stay = ("goes" if one else "go") + ", too" if whole else f"{'stays' if one else 'stay'}, with names and consent"
        which = f"{count} further {'analysis' if one else 'analyses'} of this recording"
        lines.append(f"- {plain(of[recording_id])}: {which} {stay}.")
    st.markdown("\n".join(lines))
    count = len(entries) + (further.total() if whole else 0)
    if st.button(f"Delete {count} for good", type="primary", key="study delete"):
        gone = [id_ for id_ in of if whole or id_ not in further]
        receipts = [library.delete(id_) for id_ in gone]
        receipts += [library.delete_analysis(entry.analysis) for entry in entries if entry.recording_id not in gone]
        forget_results()
        waits = still_waiting(library, {entry.recording.name for entry in entries if entry.recording_id in gone})
        st.session_state[MESSAGE] = " ".join([*map(receipt_words, receipts), waits]).strip()
        st.rerun()


def _about(library: Library, entry: Entry) -> None:
    with st.form(f"about {entry.recording_id}"):
        left, right = st.columns(2)
        title = left.text_input("Title", entry.title)
        tags = right.text_input("Tags, separated by commas", ", ".join(entry.tags))
        first, second, third = st.columns(3)
        subject = first.text_input("Subject", entry.place.subject)
        session = second.text_input("Session", entry.place.session)
        condition = third.text_input("Condition", entry.place.condition)
        if st.form_submit_button("Save", icon=":material/save:"):
            try:
                place = Place(subject, session, condition)
                library.rename(entry.recording_id, title)
                library.set_tags(entry.recording_id, [tag for tag in tags.split(",") if tag.strip()])
                library.set_place(entry.recording_id, place)
            except FerError as error:
                st.error(plain(str(error)), icon=":material/error:")
                return
            st.session_state[MESSAGE] = f"{title} was saved."
            st.rerun()


def _events(library: Library, entry: Entry) -> None:
    events = library.events(entry.recording_id)
    with st.expander(f"Events ({len(events)})", icon=":material/flag:"):
        st.markdown(
            "On the clock of the recording: CSV, BIDS, PsychoPy, E-Prime, ELAN, BORIS or subtitles. They replace those "
            "that are kept. Markers of the Video page belong to its corrections, and are not among them."
        )
        number = st.session_state.setdefault(_EVENT_FILES, 0)
        given = held(st.file_uploader("Events", key=f"study events {entry.recording_id} {number}"))
        if given is None:
            return
        try:
            read = read_events(given.name, given.getvalue()[: MAX_BYTES + 1])
            library.set_events(entry.recording_id, read)
        except FerError as error:
            st.error(plain(str(error)), icon=":material/error:")
            return
        outside = sum(not touches(event, entry.recording.duration_s) for event in read)
        doubt = f" {outside} of {len(read)} lie outside the recording; is their clock another?" if outside else ""
        st.session_state[MESSAGE] = f"The events of {entry.title} are kept.{doubt}"
        st.session_state[_EVENT_FILES] = number + 1
        st.rerun()
