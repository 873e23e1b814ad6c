"""The study to take along: tables for other programs, and the whole library as one zip."""

from functools import partial

import pandas as pd
import streamlit as st

from fer_core.cells import csv_of, for_spreadsheets
from fer_core.emotions import EMOTIONS
from fer_core.errors import FerError, MediaError
from fer_core.jobs import Job, Monitor
from fer_core.library.exchange import export_library, import_library
from fer_core.library.library import Library
from fer_core.library.observations import EVENT_VALUES, VALUES, value_title
from fer_core.library.takeaway import csv_bytes, dictionary, notebook, parquet_bytes, r_script, spss_bytes
from fer_core.library.values import Imported, stays_deleted
from fer_core.temporary import temporary_folder
from fer_core.ui.shared.text import plain
from fer_core.ui.shared.uploaders import held
from fer_core.ui.study.reading import EVENTS, REPORT, WHOLE, ZIP, Made, drop, made, made_for_all, observed, state_of
from fer_core.ui.study.report import report
from fer_core.ui.study.results import CHOSEN, MESSAGE, say_differences

_VALUE = f"mean_{EMOTIONS[3]}"
_IMPORT = "study import"
_File = tuple[str, str | bytes, str, str]
"""Label of its button, content, name and icon."""


def taking(library: Library) -> None:
    """Buttons."""
    if not library.is_empty():
        _tables(library)
        report(library)
    else:
        drop(REPORT)  # it may hold somebody who was deleted
    _whole(library)


def _tables(library: Library) -> None:
    st.markdown("##### Tables of people")
    what = st.segmented_control(
        "A row is", [WHOLE, EVENTS], default=WHOLE, required=True, key="study take", persist_state="session"
    )
    what = what or WHOLE
    of = state_of(library, what)  # first: what changes in between has the tables written once more
    observations = observed(library, what)
    if observations is None:
        return
    table = observations.table
    if table.empty:
        st.info("No recording has what a row needs; *Compare people* says what is missing.", icon=":material/rule:")
        return
    say_differences(library.entries(), observations.behind())
    value = _value(VALUES if what != EVENTS else EVENT_VALUES)
    scripts: list[_File] = [
        ("R script", r_script(value), "study.R", "code"),
        ("Notebook", notebook(value), "study.ipynb", "code_blocks"),
    ]

    def job(_: Made | None) -> Job[tuple[list[_File], str]]:
        return lambda _: _files_of(table)

    written = made_for_all(library, f"tables {what}", of, job, "Writing the tables")
    if written is None:
        return
    files, problem = written
    if problem:
        st.caption(plain(problem))
    files = [*files, *scripts]
    with st.container(horizontal=True):
        for label, data, name, icon in files:
            st.download_button(label, data, name, on_click="ignore", icon=f":material/{icon}:", key=f"take {name}")
    st.caption(
        "A row a person and recording, or a person and event; every row says how many seconds count, how much of it is "
        "uncertain and how much was excluded. Script and notebook read study.csv, and draw the figure of *Compare "
        "people*."
    )


def _files_of(table: pd.DataFrame) -> tuple[list[_File], str]:
    """The tables of people, and why one of them could not be written."""
    files: list[_File] = [
        ("Table (CSV)", csv_bytes(table), "study.csv", "table"),
        ("What the columns mean", for_spreadsheets(csv_of(dictionary(table))), "study_columns.csv", "menu_book"),
        ("Parquet", parquet_bytes(table), "study.parquet", "view_column"),
    ]
    try:
        return [*files, ("SPSS (.sav)", spss_bytes(table), "study.sav", "table_chart")], ""
    except FerError as error:
        return files, str(error)


def _value(names: tuple[str, ...]) -> str:
    """The value that script and notebook draw: the one that was compared last, until another is chosen here."""
    chosen = st.session_state.get(CHOSEN)
    first = names.index(chosen if chosen in names else _VALUE)
    return st.selectbox(
        "Script and notebook draw",
        names,
        first,
        format_func=value_title,
        key=f"study script {names[0]} {names[first]}",
        persist_state="session",
    )


def _state(library: Library) -> str:
    """Changes with whatever is kept, corrected, described or deleted; a zip made before that is not given out."""
    return repr((library.entries(), library.all_events(), library.all_consents()))


def _zip(library: Library) -> None:
    """Made on a click, in the background, and given out only while nothing of what it holds has changed."""
    state, known = _state(library), st.session_state.get(ZIP)
    if known is not None and known.of != state:
        drop(ZIP)  # it may hold somebody who was deleted
    if library.is_empty():
        return
    wanted = st.button("Make the zip of everything", icon=":material/folder_zip:")
    if not wanted and (known is None or known.of != state):
        return

    def job(_: Made | None) -> Job[bytes]:
        return partial(_exported, library)

    data = made(st.session_state, ZIP, state, job, "Exporting")
    if data is not None:
        st.download_button(
            "Library (zip)", data, "library.zip", "application/zip", icon=":material/download:", on_click="ignore"
        )


def _exported(library: Library, monitor: Monitor) -> bytes:
    with temporary_folder() as folder:
        export_library(library, folder / "library.zip", monitor)
        return (folder / "library.zip").read_bytes()


def _imported(library: Library, data: bytes, monitor: Monitor) -> Imported:
    with temporary_folder() as folder:
        path = folder / "library.zip"
        try:
            path.write_bytes(data)
        except OSError as error:
            raise MediaError(f"The zip could not be stored ({error.strerror}); make room there.") from error
        return import_library(library, path, monitor)


def _whole(library: Library) -> None:
    st.markdown("##### The whole library")
    left, right = st.columns(2)
    with left:
        _zip(library)
        st.caption("Parquet, CSV and JSON with a README: nothing of ours is needed to read it.")
    with right:
        number = st.session_state.setdefault("study imports", 0)
        given = held(st.file_uploader("Import such a zip", type=["zip"], key=f"study import {number}"))
        known: Made | None = st.session_state.get(_IMPORT)  # still, where a look at another tab emptied the uploader
        if given is not None or known is not None:

            def job(_: Made | None) -> Job[Imported]:
                assert given is not None  # else it is the one that is known, which is not begun anew
                return partial(_imported, library, given.getvalue())

            of = given.file_id if given is not None else known and known.of
            again = "Try again" if given is not None else "Close"
            brought = made(st.session_state, _IMPORT, of, job, "Importing", again)
            if brought is None:
                return
            del st.session_state[_IMPORT]
            new = "1 analysis was" if brought.analyses == 1 else f"{brought.analyses} analyses were"
            deleted = stays_deleted(brought.deleted)
            st.session_state[MESSAGE] = f"{new} imported, {brought.known} were here already{deleted}."
            st.session_state["study imports"] = number + 1
            st.rerun()
        if words := st.session_state.pop(MESSAGE, None):
            st.success(plain(words), icon=":material/check:")
