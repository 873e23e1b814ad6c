"""Files to download: tables, the report, the annotated video, the evidence bundle."""

import shutil
import tempfile
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from functools import partial
from pathlib import Path, PurePath
from typing import Final

import streamlit as st

from fer_core.cells import csv_of, for_spreadsheets
from fer_core.classification import ModelCard
from fer_core.emotions import EMOTIONS
from fer_core.jobs import Job, Monitor, Work
from fer_core.reports.annotated import write_annotated
from fer_core.reports.tables import DECIMALS, csv_text, dictionary_text
from fer_core.timeline.editing.corrections import within
from fer_core.timeline.editing.study import Study, notes_as_edits, notes_of_those_in
from fer_core.timeline.events.notes import events_text
from fer_core.timeline.notes import Notes
from fer_core.timeline.rows import inside
from fer_core.timeline.table import Timeline
from fer_core.ui.shared.progress import show_progress
from fer_core.ui.shared.text import plain
from fer_core.ui.video.memory import memory
from fer_core.ui.video.player.component import Addresses
from fer_core.ui.video.products import Drawing, Drawn, File, Made
from fer_core.ui.video.recording import OpenRecording

_CSV: Final = "text/csv"
_JSON: Final = "application/json"
_PARQUET: Final = "application/vnd.apache.parquet"
_AT_ONCE_S: Final = 0.3
"""Seconds for which the page waits for the tables; those of a long recording come later."""


def exports(recording: OpenRecording, card: ModelCard | None, addresses: Addresses) -> None:
    """A button for each file. Files are made before their button: see `fer_core.ui.shared.handover.session_csv`."""
    made = _made(recording, card)
    made.tables.wait(_AT_ONCE_S)
    running = [work for work in (made.tables, made.documents) if work.running]  # before their results are looked at
    stem = PurePath(recording.name).stem
    with st.container(horizontal=True):
        for file in (*(made.documents.result or ()), *(made.tables.result or ())):
            st.download_button(
                file.label,
                file.data,
                f"{stem}_{file.name}",
                file.mime,
                icon=f":material/{file.icon}:",
                on_click="ignore",
                key=f"{file.name} {recording.number}",
            )
    failed = [work for work in (made.tables, made.documents) if work not in running and work.result is None]
    if running:
        what = "tables" if running[0] is made.tables else "report"
        show_progress(running[0], f"Writing the {what}", f"stop {what} {recording.number}")
    elif failed:
        st.error(plain(failed[0].problem or ""), icon=":material/error:")
        st.button(
            "Write the report again" if made.tables.result else "Write the files again",
            icon=":material/refresh:",
            key=f"report {recording.number}",
            on_click=memory().drop_export,
            args=(recording.number, (made.span is not None,)),
        )
    _annotated(recording, stem, addresses)
    st.caption(
        "Names, markers and excluded spans are in the report and in the JSON, markers and spans in the events too. The "
        "tables hold every reading with its raw values; differences from rest are probabilities minus the person's own "
        "at rest, -1 to 1. JSON, Parquet and bundle can be opened on this page again, "
        "with every correction in place; they hold the outline of every face, which is personal data. The report, also "
        "that in the bundle, shows a small portrait of each person; the other files hold no picture. The evidence "
        "bundle holds all files with request, versions and hashes; `python -m fer_core verify BUNDLE --video FILE` "
        "checks it by reading the recording again. There is a bundle only for a recording that was read to its end and "
        "from which nobody was removed. Bundle and annotated video always hold the whole recording."
    )


def checkable(recording: OpenRecording) -> bool:
    """Whether a bundle of the recording can be verified by reading the file again."""
    return recording.complete and not recording.live


def _made(recording: OpenRecording, card: ModelCard | None) -> Made:
    """The files of the recording in its present state; a thread writes those that take seconds."""
    with memory().lock:
        return _made_alone(recording, card)


def _made_alone(recording: OpenRecording, card: ModelCard | None) -> Made:
    kept, today = memory(), date.today()
    notes, span = recording.notes, _span(recording)
    of = (recording.timeline, notes, dict(recording.resting), checkable(recording), today)
    key = recording.number, span is not None
    for number, alone in list(kept.exports):
        if number == recording.number and kept.exports[number, alone].of != of:
            kept.drop_export(number, (alone,))
    made = kept.exports.get(key)
    if made is None or made.span != span:
        kept.drop_export(recording.number, (span is not None,))
        timeline, part_notes, study = recording.timeline, notes, recording.study
        if span is not None:
            timeline = _part(timeline, *span)
            part_notes = notes_of_those_in(timeline, notes.within(*span))
            study = Study(replace(timeline, portraits={}), notes_as_edits(part_notes))
        bundle = partial(_bundle, recording.study, today, card) if checkable(recording) else None
        rest = partial(_differences, recording.study, span) if recording.resting else None
        first = Work(tables(timeline, part_notes, study, rest), kept.workspace.new_monitor(), "tables")
        job = documents(partial(_report, timeline, today, part_notes, card), bundle, first.wait)
        made = Made(of, span, first, Work(job, kept.workspace.new_monitor(), "report"))
        kept.exports[key] = made
    return made


def _report(timeline: Timeline, today: date, notes: Notes, card: ModelCard | None) -> bytes:
    from fer_core.reports.pdf import pdf_report  # here, because its libraries take long to load

    return pdf_report(timeline, today, notes, card)


def _bundle(study: Study, today: date, card: ModelCard | None) -> bytes:
    from fer_core.evidence.bundle import bundle_bytes  # see `_report`

    return bundle_bytes(study, today, card)


def documents(
    report_of: Callable[[], bytes], bundle_of: Callable[[], bytes] | None, after: Callable[[], None] | None = None
) -> Job[tuple[File, ...]]:
    """The job that writes the report, and the evidence bundle where there can be one; `after` lets others go first."""

    def job(monitor: Monitor) -> tuple[File, ...]:
        if after is not None:
            after()
        monitor.check()
        files = [File("Report (PDF)", "picture_as_pdf", "report.pdf", "application/pdf", report_of())]
        monitor.step(1, 2)
        if bundle_of is not None:
            files.append(File("Evidence bundle", "verified", "bundle.zip", "application/zip", bundle_of()))
        return tuple(files)

    return job


def tables(timeline: Timeline, notes: Notes, study: Study, rest: Callable[[], bytes] | None) -> Job[tuple[File, ...]]:
    """The job that writes the tables.

    Args:
        timeline: of the CSV.
        notes: markers and spans of the events.
        study: of JSON and Parquet.
        rest: gives the differences from resting faces; None where nobody has one.
    """

    def job(monitor: Monitor) -> tuple[File, ...]:
        kept = Study(replace(study.read, portraits={}), study.edits)  # no pictures in the files
        made: list[tuple[str, str, str, str, Callable[[], str | bytes]]] = [
            ("Readings (CSV)", "table", "timeline.csv", _CSV, partial(csv_text, timeline)),
            (
                "What the columns mean",
                "menu_book",
                "timeline_columns.csv",
                _CSV,
                partial(dictionary_text, timeline.frame.columns),
            ),
            ("Everything (JSON)", "data_object", "timeline.json", _JSON, kept.to_json),
            ("Readings (Parquet)", "view_column", "timeline.parquet", _PARQUET, kept.to_parquet),
        ]
        if notes.markers or notes.excluded:
            made.append(("Events (CSV)", "flag", "events.csv", _CSV, lambda: for_spreadsheets(events_text(notes))))
        if rest is not None:
            made.append(("Differences from rest (CSV)", "self_improvement", "from_rest.csv", _CSV, rest))
        files = []
        for done, (label, icon, name, mime, write) in enumerate(made):
            monitor.step(done, len(made))
            files.append(File(label, icon, name, mime, write()))
        return tuple(files)

    return job


def _differences(study: Study, span: tuple[float, float] | None) -> bytes:
    """Of the whole recording: the resting face may lie outside the part that is written."""
    found = study.deviations().rename(columns={name: f"{name}_from_rest" for name in EMOTIONS}).round(DECIMALS)
    return for_spreadsheets(csv_of(found if span is None else found[inside(found, *span)]))


def _span(recording: OpenRecording) -> tuple[float, float] | None:
    """The range in seconds, where the visitor exports only that; else None."""
    if recording.whole:
        return None
    start_s, end_s = recording.range_s
    label = f"Only the chosen range, {start_s:.2f} to {end_s:.2f} s"
    key = f"only range {recording.number}"  # in force whatever else is looked at: such files are handed on
    return recording.range_s if st.toggle(label, key=key, persist_state="session") else None


def _part(timeline: Timeline, start_s: float, end_s: float) -> Timeline:
    part = within(timeline, start_s, end_s)
    return replace(part, problems=(*part.problems, f"This is the part from {start_s:.2f} to {end_s:.2f} s alone."))


def _annotated(recording: OpenRecording, stem: str, addresses: Addresses) -> None:
    if recording.path is None:
        return
    key = f"annotated {recording.number}"
    work = memory().drawing(recording)
    if work is None or (not work.running and not work.result):
        if work is not None and work.problem:
            st.error(plain(work.problem.replace(f"{recording.path.parent}/", "")), icon=":material/error:")
        st.button(
            "Make the annotated video (MP4)",
            icon=":material/movie_edit:",
            key=key,
            on_click=_begin,
            args=(recording,),
            help="Boxes, labels and bars drawn into every frame, with the sound. Takes about as long as the recording.",
        )
        return
    if work.running:
        show_progress(work, "Drawing into every frame", f"stop {key}")
        return
    assert work.result is not None
    for sentence in work.result.missing:
        st.warning(plain(sentence), icon=":material/info:")
    st.download_button(
        "Annotated video (MP4)",
        addresses.once(key, (work.result,), work.result.path.read_bytes),  # it is large, and every click draws this
        f"{stem}_annotated.mp4",
        "video/mp4",
        icon=":material/movie:",
        on_click="ignore",
        key=f"take {key}",
    )


def _begin(recording: OpenRecording) -> None:
    kept = memory()
    assert recording.path is not None
    with kept.lock:
        drawing = kept.drawing(recording)
        if drawing is not None and drawing.running:  # another tab has begun it
            return
        job = annotating(recording.timeline, recording.path)
        work = Work(job, kept.workspace.new_monitor(), "annotated video")
        kept.drawings[recording.number] = Drawing(work, recording.timeline)


def annotating(timeline: Timeline, path: Path) -> Job[Drawn]:
    """The job that writes the annotated video beside the recording."""

    def job(monitor: Monitor) -> Drawn:
        folder = Path(tempfile.mkdtemp(prefix="drawn-", dir=path.parent))
        try:
            missing = write_annotated(timeline, path, folder / "annotated.mp4", monitor)
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise
        return Drawn(folder / "annotated.mp4", missing)

    return job
