"""Markers and excluded spans that the visitor adds to a recording."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import pandas as pd
import streamlit as st
from streamlit.runtime.uploaded_file_manager import UploadedFile

from fer_core.timeline.events.formats import EXTENSIONS
from fer_core.timeline.events.notes import events_from
from fer_core.timeline.notes import Marker, Span
from fer_core.ui.shared.uploaders import taking_uploader, was_refused
from fer_core.ui.video.recording import OpenRecording

Row = dict[str, Any]

CHANGED_ELSEWHERE = "This list was changed in another tab meanwhile; look at it and try again."
_LONGEST = 300
"""Most characters of an event that is typed here. Event files may have longer ones; reports show their beginning."""


def events_editor(recording: OpenRecording) -> None:
    """Show forms and tables to add, change and delete markers and excluded spans."""
    left, right = st.columns(2, gap="large")
    with left:
        _markers(recording)
    with right:
        _excluded(recording)
    _from_table(recording)
    st.caption(
        "Markers and excluded spans are drawn into the charts and are part of every report. No figure counts excluded "
        "spans. To delete a row, choose it at its left edge."
    )


def _markers(recording: OpenRecording) -> None:
    st.markdown("**Event markers**")
    key = f"mark text {recording.number}"
    moment_s = recording.moment_s  # as the button says it: another tab may choose another one before the click
    with st.form(f"mark {recording.number}", clear_on_submit=True):
        st.text_input("What happens at the chosen moment?", max_chars=80, key=key)
        st.form_submit_button(
            f"Mark {moment_s:.2f} s",
            icon=":material/flag:",
            on_click=lambda: recording.mark(moment_s, st.session_state[key]),
        )
    shown = recording.notes.markers
    rows: list[Row] = [{"Time (s)": marker.time_s, "Event": marker.text} for marker in shown]
    _editor(
        rows,
        {"Time (s)": float, "Event": str},
        f"markers {recording.number} {hash(shown)}",
        lambda: recording.notes.markers,
        lambda changed: recording.set_markers(markers_of(changed, recording.whole_range)),
    )


def _excluded(recording: OpenRecording) -> None:
    st.markdown("**Stretches that do not count**")
    start_s, end_s = recording.range_s
    key = f"reason {recording.number}"
    with st.form(f"exclude {recording.number}", clear_on_submit=True):
        st.text_input("Why leave out the chosen range?", max_chars=80, key=key)
        st.form_submit_button(
            "Choose a shorter range above first" if recording.whole else f"Exclude {start_s:.2f} to {end_s:.2f} s",
            icon=":material/block:",
            disabled=recording.whole,
            on_click=lambda: recording.exclude(start_s, end_s, st.session_state[key]),
            help="The span is shown in grey and counts in no figure; the range becomes the whole recording again.",
        )
    shown = recording.notes.excluded
    rows: list[Row] = [{"From (s)": span.start_s, "To (s)": span.end_s, "Reason": span.reason} for span in shown]
    _editor(
        rows,
        {"From (s)": float, "To (s)": float, "Reason": str},
        f"excluded {recording.number} {hash(shown)}",
        lambda: recording.notes.excluded,
        lambda changed: recording.set_excluded(spans_of(changed, recording.whole_range)),
    )


def _from_table(recording: OpenRecording) -> None:
    key = f"events {recording.number}"

    def take(given: UploadedFile) -> None:
        recording.add_events(*events_from(given.getvalue(), recording.whole_range, given.name))

    with st.expander("Events from a file", icon=":material/upload_file:", expanded=was_refused(key)):
        taking_uploader("Event file", key, take, stays=True, type=list(EXTENSIONS), max_upload_size=16)
        st.caption(
            "A header and a row for each event: `start_s` in seconds, and if wanted `text`, `kind` (marker or "
            "excluded) and `end_s`, as *Export* writes them. BIDS, PsychoPy, E-Prime, ELAN, BORIS and subtitles are "
            "read too."
        )


def changed_rows(rows: list[Row], changes: Mapping[str, Any]) -> list[Row]:
    """The rows of a table after the changes that `st.data_editor` reports."""
    edited = {int(place): values for place, values in changes.get("edited_rows", {}).items()}
    gone = set(changes.get("deleted_rows", ()))
    kept = [{**row, **edited.get(place, {})} for place, row in enumerate(rows) if place not in gone]
    return [*kept, *changes.get("added_rows", ())]


def markers_of(rows: Iterable[Row], within_s: tuple[float, float]) -> tuple[Marker, ...]:
    """Markers of edited rows. Rows without a time are left out; times outside `within_s` move to its nearer end."""
    return tuple(
        Marker(_clamped(row["Time (s)"], within_s), _text(row.get("Event")) or "Event")
        for row in rows
        if _is_number(row.get("Time (s)"))
    )


def spans_of(rows: Iterable[Row], within_s: tuple[float, float]) -> tuple[Span, ...]:
    """Spans of edited rows. Rows without both ends are left out; swapped ends are put in order."""
    found = []
    for row in rows:
        ends: list[Any] = [row.get("From (s)"), row.get("To (s)")]
        if all(map(_is_number, ends)):
            start_s, end_s = sorted(_clamped(end, within_s) for end in ends)
            found.append(Span(start_s, end_s, _text(row.get("Reason"))))
    return tuple(found)


def _editor(
    rows: list[Row],
    types: Mapping[str, type],
    key: str,
    present: Callable[[], Sequence[Any]],
    take: Callable[[list[Row]], None],
) -> None:
    """A table of rows that can be changed, unless `present` has become other than what it shows or made itself."""
    own = present()

    def changed() -> None:
        nonlocal own
        if present() != own:
            st.toast(CHANGED_ELSEWHERE, icon=":material/info:", duration="infinite")
            return
        take(changed_rows(rows, st.session_state[key]))  # of all edits since it was drawn
        own = present()

    seconds = st.column_config.NumberColumn(format="%.2f", min_value=0.0, required=True)
    words = st.column_config.TextColumn(max_chars=_LONGEST)
    st.data_editor(
        pd.DataFrame(rows, columns=list(types)).astype(dict(types)),
        key=key,
        num_rows="dynamic",
        hide_index=True,
        column_config={name: seconds if name.endswith("(s)") else words for name in types},
        on_change=changed,
    )


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and value == value  # not for NaN


def _clamped(value: float, within_s: tuple[float, float]) -> float:
    return min(max(float(value), within_s[0]), within_s[1])


def _text(value: Any) -> str:
    return value.strip() if isinstance(value, str) else ""
