"""Records of consent of one recording: shown, added, withdrawn. A record is never changed."""

from datetime import date

import pandas as pd
import streamlit as st

from fer_core.errors import FerError
from fer_core.library.library import Library
from fer_core.library.values import Consent, Entry, consent_state
from fer_core.ui.shared.text import plain
from fer_core.ui.study.results import MESSAGE

_WRITTEN = "how many consents were written down"


def consent(library: Library, entry: Entry) -> None:
    """The records of a recording, a form for another one, and a button to withdraw each purpose."""
    records, today = library.consents(entry.recording_id), date.today().isoformat()
    states = consent_state(records, today)
    given = sum(states.values())
    with st.expander(f"Consent ({given} given, {len(states) - given} not)", icon=":material/handshake:"):
        if records:
            st.dataframe(table_of(records, today), hide_index=True)
        else:
            st.markdown("Nothing was written down yet.")
        _form(library, entry)
        _withdrawing(library, entry, [purpose for purpose, holds in states.items() if holds])
        st.caption(
            "A record says what somebody wrote down; it stops nobody. After a withdrawal, delete the recording above "
            "where that is wanted."
        )


def table_of(records: tuple[Consent, ...], today: str) -> pd.DataFrame:
    """A row a record, the newest last."""
    return pd.DataFrame(
        {
            "Purpose": [record.purpose for record in records],
            "State": [record.state(today) for record in records],
            "Date": [record.given_on for record in records],
            "Until": [record.until for record in records],
            "Version of the text": [record.statement for record in records],
        }
    )


def _form(library: Library, entry: Entry) -> None:
    written = st.session_state.get(_WRITTEN, 0)
    with st.form(f"consent {entry.recording_id} {written}"):  # another form, an empty one, after each that was written
        left, right = st.columns(2)
        purpose = left.text_input("Purpose", placeholder="this study; teaching; publication of figures")
        statement = right.text_input("Version of the text", placeholder="form 12, version 3, signed")
        first, second = st.columns(2)
        given_on = first.date_input("Given on", date.today(), max_value=date.today())
        until = second.date_input("Until", None)
        everywhere = st.checkbox("For all recordings of this subject", disabled=not entry.place.subject)
        if st.form_submit_button("Write down", icon=":material/edit_note:"):
            if not isinstance(given_on, date) or not purpose.strip() or not statement.strip():
                st.error("A record needs a purpose, a version of the text and a date.", icon=":material/error:")
                return
            if isinstance(until, date) and until <= given_on:
                words = "*Until* must be later than *Given on*; to end a consent, withdraw it."
                st.error(words, icon=":material/error:")
                return
            end = until.isoformat() if isinstance(until, date) else ""
            _record(library, entry, Consent(purpose.strip(), statement.strip(), given_on.isoformat(), end), everywhere)


def _withdrawing(library: Library, entry: Entry, purposes: list[str]) -> None:
    for purpose in purposes:
        with st.popover(f"Withdraw: {plain(purpose)}", icon=":material/block:"):
            st.markdown("The consent no longer holds from today on; the record of it stays.")
            everywhere = st.checkbox("For all recordings of this subject", key=f"all {entry.recording_id} {purpose}")
            if st.button("Withdraw", type="primary", key=f"withdraw {entry.recording_id} {purpose}"):
                today = date.today().isoformat()
                _record(library, entry, Consent(purpose, "withdrawn", today, today), everywhere)


def _record(library: Library, entry: Entry, record: Consent, everywhere: bool) -> None:
    """Write a record down, for one recording or for all of its subject, and say so."""
    recordings = {entry.recording_id}
    if everywhere and entry.place.subject:
        recordings |= {one.recording_id for one in library.search(subject=entry.place.subject)}
    try:
        for recording_id in sorted(recordings):
            library.record_consent(recording_id, record)
    except FerError as error:
        st.error(plain(str(error)), icon=":material/error:")
        return
    st.session_state[_WRITTEN] = st.session_state.get(_WRITTEN, 0) + 1
    number = "1 recording" if len(recordings) == 1 else f"{len(recordings)} recordings"
    st.session_state[MESSAGE] = f"{record.purpose}: written down for {number}."
    st.rerun()
