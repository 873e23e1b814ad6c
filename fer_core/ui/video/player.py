"""The chosen moment of a recording: the player, and the frame with its readings."""

import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from fer_core.emotions import STYLES
from fer_core.errors import FerError
from fer_core.face.overlay import overlay_mesh
from fer_core.jobs import Job, Monitor, Work
from fer_core.media.playing import COPY_PX, LONGEST_S, write_copy
from fer_core.readings import Face, FaceReading
from fer_core.reports.annotated import Tracks
from fer_core.timeline.summaries import as_clock, problems_of
from fer_core.ui.shared import loaders
from fer_core.ui.shared.text import plain
from fer_core.ui.video.memory import Copy, memory
from fer_core.ui.video.recording import OpenRecording
from fer_core.ui.video.waiting import wait_for

LARGE_MB: Final = 300
"""Larger files are played only on request: the server sends the whole file from memory."""


def moment(recording: OpenRecording) -> None:
    """The player beside the frame."""
    left, right = st.columns(2, gap="medium")
    with left:
        _player(recording)
    with right:
        _frame(recording)
        _steps(recording)


def words_at(recording: OpenRecording, time_s: float) -> str:
    """The readings of the sample at a moment, in words."""
    frame = recording.timeline.frame
    rows = frame[(frame["time_s"] - time_s).abs().lt(1e-6) & frame["person"].notna()].sort_values("person")
    parts = []
    for _, row in rows.iterrows():
        doubt = "uncertain, perhaps " if row["uncertain"] else ""
        problems = ", ".join(problems_of(rows.loc[[row.name]]))
        parts.append(
            f"{recording.notes.name(int(row['person']))}: {doubt}{STYLES[row['label']].symbol} {row['label']} "
            f"{row['confidence']:.0%}{f' ({problems})' if problems else ''}"
        )
    return " · ".join(parts) or "no face found"


def _player(recording: OpenRecording) -> None:
    if recording.path is None:
        st.info("Only the numbers of this session were kept, no pictures.", icon=":material/videocam_off:")
        return
    if not recording.plays:
        _copied(recording, recording.path)
        return
    size_mb = recording.path.stat().st_size / 1e6
    if size_mb > LARGE_MB and not st.toggle(f"Load the player ({size_mb:.0f} MB)", key=f"load {recording.number}"):
        return
    _play(recording, recording.path, f"The recording {recording.name}")


def _play(recording: OpenRecording, path: Path, words: str) -> None:
    """The player at the second of the chosen moment. A player jumps only once to a second, so two alternate."""
    places = st.empty(), st.empty()
    places[recording.jumps % 2].video(path, start_time=int(recording.moment_s), alt=words)


def _copied(recording: OpenRecording, path: Path) -> None:
    """The player with a copy of a recording that browsers do not play, or the button that makes one."""
    kept, number = memory(), recording.number
    work = kept.copies.get(number)
    if work is not None and work.result:
        copy = work.result
        _play(recording, copy.path, f"A small copy of the recording {recording.name}")
        ends = "" if copy.until_s is None else f" It ends at {as_clock(copy.until_s)}: more is too long or too large."
        st.caption(f"A copy of at most {COPY_PX} pixels, for this player alone.{ends}")
        return
    if work is not None and work.running:
        wait_for(work, "Making a copy that plays", f"stop copy {number}")
        return
    if work is not None and work.problem:
        st.warning(plain(work.problem.replace(f"{path.parent}/", "")), icon=":material/movie_off:")
    st.info(
        "Not every browser plays this kind of recording. The single frames are shown all the same; for the player, a "
        f"small copy can be made. That takes {LONGEST_S / 60:.0f} minutes at most.",
        icon=":material/play_disabled:",
    )

    def begin() -> None:
        with kept.lock:
            running = kept.copies.get(number)
            if running is None or not running.running:  # another tab may have begun it
                kept.copies[number] = Work(copying(path), kept.workspace.new_monitor(), "playable copy")

    st.button("Make a copy that plays", icon=":material/movie:", key=f"copy {number}", on_click=begin)


def copying(path: Path) -> Job[Copy]:
    """The job that writes a copy for the player beside the recording."""

    def job(monitor: Monitor) -> Copy:
        folder = Path(tempfile.mkdtemp(prefix="copy-", dir=path.parent))
        try:
            until_s = write_copy(path, folder / "copy.mp4", monitor)
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise
        return Copy(folder / "copy.mp4", until_s)

    return job


def _frame(recording: OpenRecording) -> None:
    words = words_at(recording, recording.moment_s)
    if recording.path is not None:
        try:
            tracks, picture = Tracks(recording.timeline), recording.picture(recording.moment_s)
            if st.session_state.get(f"mesh {recording.number}"):
                picture = _with_mesh(picture, tracks.in_picture(picture, recording.moment_s))
            image = tracks.drawn(picture, recording.moment_s)
            st.image(image, channels="BGR", width="stretch", alt=f"Frame at {recording.moment_s:.2f} s. {words}")
        except FerError as error:
            problem = str(error).replace(f"{recording.path.parent}/", "")
            st.warning(plain(problem), icon=":material/broken_image:")
    st.markdown(f"**{recording.moment_s:.2f} s** · {plain(words)}")


def _with_mesh(picture: NDArray[np.uint8], readings: Sequence[FaceReading]) -> NDArray[np.uint8]:
    """The frame with the mesh of each face, which is measured anew: a timeline keeps no landmarks."""
    faces = loaders.measurer()(picture, [Face(reading.box, reading.face_confidence) for reading in readings])
    return overlay_mesh(
        picture, [replace(reading, mesh=face.mesh) for reading, face in zip(readings, faces, strict=True)]
    )


def _steps(recording: OpenRecording) -> None:
    """Buttons that go from sample to sample."""
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        for label, icon, samples in (("Previous", "chevron_left", -1), ("Next", "chevron_right", 1)):
            st.button(
                label,
                icon=f":material/{icon}:",
                key=f"{label} {recording.number}",
                on_click=recording.step_by,
                args=(samples,),
            )
        if recording.path is not None:
            st.toggle("Mesh", key=f"mesh {recording.number}", help="The landmarks of every face in this frame.")
        st.caption("or click into a chart; the player goes there to the second")
