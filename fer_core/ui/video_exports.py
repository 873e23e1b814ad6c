"""What can be taken along: tables, the report, the annotated video, the evidence bundle."""

import shutil
import tempfile
import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path, PurePath
from typing import Final, NamedTuple

import streamlit as st

from fer_core.classification import ModelCard
from fer_core.errors import FerError
from fer_core.notes import Notes
from fer_core.reports.annotated import write_annotated
from fer_core.reports.bundle import bundle_bytes
from fer_core.reports.events import events_text
from fer_core.reports.pdf import pdf_report
from fer_core.reports.tables import as_json, csv_text, dictionary_text, parquet_bytes
from fer_core.timeline import Timeline
from fer_core.timeline_edits import within
from fer_core.ui.text import plain
from fer_core.ui.video_memory import Drawing, memory
from fer_core.ui.video_recording import OpenRecording
from fer_core.ui.video_waiting import wait_for
from fer_core.ui.video_work import Advance, Job, Report, Work

_JSON: Final = "application/json"
_PARQUET: Final = "application/vnd.apache.parquet"


class _File(NamedTuple):
    label: str
    icon: str
    name: str
    mime: str
    data: Callable[[], str | bytes]


class _StoppedError(FerError):
    """The visitor does not want the annotated video any more."""


def exports(recording: OpenRecording, card: ModelCard | None) -> None:
    """A button each; what it gives is made when it is pressed."""
    timeline = _timeline(recording)
    notes = recording.notes_of_people
    stem = PurePath(recording.name).stem
    files: list[_File] = [
        _File("Report (PDF)", "picture_as_pdf", "report.pdf", "application/pdf", _report(timeline, notes, card)),
        _File("Readings (CSV)", "table", "timeline.csv", "text/csv", lambda: csv_text(timeline)),
        _File("What the columns mean", "menu_book", "timeline_columns.csv", "text/csv", dictionary_text),
        _File("Everything (JSON)", "data_object", "timeline.json", _JSON, lambda: as_json(timeline, notes)),
        _File("Readings (Parquet)", "view_column", "timeline.parquet", _PARQUET, lambda: parquet_bytes(timeline)),
    ]
    if notes.markers or notes.excluded:
        files.append(_File("Events (CSV)", "flag", "events.csv", "text/csv", lambda: events_text(notes)))
    if recording.resting:
        label = "Differences from rest (CSV)"
        files.append(_File(label, "self_improvement", "from_rest.csv", "text/csv", _rest(recording)))
    if checkable(recording):
        files.append(_File("Evidence bundle", "verified", "bundle.zip", "application/zip", _bundle(recording, card)))
    with st.container(horizontal=True):
        for file in files:
            st.download_button(
                file.label,
                file.data,
                f"{stem}_{file.name}",
                file.mime,
                icon=f":material/{file.icon}:",
                on_click="ignore",
                key=f"{file.name} {recording.number}",
            )
    _annotated(recording, stem)
    st.caption(
        "Names, markers and excluded stretches are in the report and in the JSON, the last two in the events as well; "
        "the tables hold every reading, and the raw values too. The evidence bundle holds all of it with settings, "
        "versions and hashes; `python -m fer_core verify BUNDLE --video FILE` checks it by reading the recording "
        "again. There is one only of a recording that was read to the end and from which nobody was removed."
    )


def checkable(recording: OpenRecording) -> bool:
    """Whether a bundle of it could be checked by reading the recording again."""
    return recording.complete and not recording.live


def _report(timeline: Timeline, notes: Notes, card: ModelCard | None) -> Callable[[], bytes]:
    return lambda: pdf_report(timeline, date.today(), notes, card)


def _bundle(recording: OpenRecording, card: ModelCard | None) -> Callable[[], bytes]:
    return lambda: bundle_bytes(recording.timeline, date.today(), recording.notes_of_people, card)


def _rest(recording: OpenRecording) -> Callable[[], str]:
    return lambda: recording.deviations().to_csv(index=False)


def _timeline(recording: OpenRecording) -> Timeline:
    """What is exported: everything, or only the range where that is asked for."""
    if recording.whole:
        return recording.timeline
    start_s, end_s = recording.range_s
    if not st.toggle(f"Only the chosen range, {start_s:.2f} to {end_s:.2f} s", key=f"only range {recording.number}"):
        return recording.timeline
    part = within(recording.timeline, start_s, end_s)
    return replace(part, problems=(*part.problems, f"This is the part from {start_s:.2f} to {end_s:.2f} s alone."))


def _annotated(recording: OpenRecording, stem: str) -> None:
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
        wait_for(work, "Drawing into every frame", f"stop {key}")
        return
    assert work.result is not None
    path = work.result
    st.download_button(
        "Annotated video (MP4)",
        path.read_bytes,
        f"{stem}_annotated.mp4",
        "video/mp4",
        icon=":material/movie:",
        on_click="ignore",
        key=f"take {key}",
    )


def _begin(recording: OpenRecording) -> None:
    kept = memory()
    assert recording.path is not None
    job = annotating(recording.timeline, recording.path)
    work = Work(job, kept.workspace.new_stop(), "annotated video")
    kept.drawings[recording.number] = Drawing(work, recording.timeline)


def annotating(timeline: Timeline, path: Path) -> Job[Path]:
    """The job that writes the annotated video beside the recording."""

    def job(report: Report, stop: threading.Event) -> Path:
        def tell(share: float) -> None:
            if stop.is_set():
                raise _StoppedError("Stopped before it was complete.")
            report(Advance(share))

        folder = Path(tempfile.mkdtemp(prefix="drawn-", dir=path.parent))
        try:
            write_annotated(timeline, path, folder / "annotated.mp4", tell)
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise
        return folder / "annotated.mp4"

    return job
