"""The stimulus: a recording that people were shown, which plays beside theirs and is not read for expressions."""

import shutil
from dataclasses import replace
from pathlib import Path
from typing import Final

import streamlit as st
from streamlit.runtime.uploaded_file_manager import UploadedFile

from fer_core.errors import FerError, MediaError
from fer_core.media.playing import browsers_play
from fer_core.media.video import VIDEO_TYPES, Video
from fer_core.timeline.editing.edits import Accompany
from fer_core.timeline.notes import Stimulus
from fer_core.ui.shared.text import plain
from fer_core.ui.shared.uploaders import taking_uploader
from fer_core.ui.video.memory import memory
from fer_core.ui.video.player.component import Addresses, StimulusData
from fer_core.ui.video.player.copies import about_copy, copy_of, offer_copy
from fer_core.ui.video.products import Given
from fer_core.ui.video.recording import OpenRecording

LARGEST_MB: Final = 300
"""The server hands the whole file to the browser from memory."""

_LONGEST_S: Final = 86_400.0
_ABOUT: Final = (
    "What the people were shown plays beside their recording, in step with it. It is not read for faces. It lies in "
    "the folder of this visit until *Forget* and is in no export; its name, and when it begins, are kept with the "
    "corrections."
)


def stimulus_of(recording: OpenRecording, addresses: Addresses) -> StimulusData | None:
    """The stimulus for the player; None where there is none, or its file is missing or does not play (yet)."""
    stimulus, given = recording.notes.stimulus, _given(recording)
    if stimulus is None or given is None:
        return None
    copy = None if given.plays else copy_of(given.path)
    if copy is not None:
        about_copy(copy)
    elif not given.plays:
        offer_copy(given.path, "stimulus")
        return None
    path = given.path if copy is None else copy.path
    return StimulusData(addresses.of_file(path), stimulus.name, stimulus.offset_s, given.has_sound)


def ask_for_stimulus(recording: OpenRecording) -> None:
    """Ask for the file of a stimulus of which only the name is known, as after a kept analysis was opened."""
    stimulus = recording.notes.stimulus
    if stimulus is not None and _given(recording) is None:
        _uploader(recording, f"Give {plain(stimulus.name)} too, to see it beside the recording")


def choose_stimulus(recording: OpenRecording) -> None:
    """Ask for a stimulus, or when it begins."""
    stimulus = recording.notes.stimulus
    if stimulus is None:
        _uploader(recording, "Stimulus")
        st.caption(_ABOUT)
        return
    key = f"offset {recording.number}"
    st.session_state[key] = stimulus.offset_s

    def begins_at(offset_s: float) -> None:
        recording.edit(Accompany(replace(stimulus, offset_s=offset_s)))

    def take_away() -> None:
        recording.edit(Accompany(None))
        memory().drop_stimulus(recording.number)

    st.number_input(
        f"{plain(stimulus.name)} begins at (seconds)",
        -_LONGEST_S,
        _LONGEST_S,
        step=0.1,
        format="%.2f",
        key=key,
        on_change=lambda: begins_at(st.session_state[key]),
        help="On the clock of the recording. Negative where the recording begins while the stimulus runs.",
    )
    with st.container(horizontal=True):
        st.button(
            f"It begins here, at {recording.moment_s:.2f} s",
            icon=":material/sync:",
            key=f"begins {recording.number}",
            on_click=begins_at,
            args=(recording.moment_s,),
        )
        st.button("Take away", icon=":material/close:", key=f"take away {recording.number}", on_click=take_away)


def take_stimulus(recording: OpenRecording, name: str, data: bytes | memoryview) -> None:
    """Play a visitor's file beside a recording; where a stimulus of this name is noted, from the moment that is noted.

    Raises:
        MediaError: it is too large, cannot be stored, or is no recording.
    """
    if len(data) > LARGEST_MB * 1e6:
        raise MediaError(
            f"This stimulus has {len(data) / 1e6:.0f} MB; up to {LARGEST_MB} MB can play beside a recording. "
            "Give a smaller copy."
        )
    path = memory().workspace.store(name, data)
    try:
        given = Given(name, path, _has_sound(path), browsers_play(path))
        noted = recording.notes.stimulus
        if noted is None or noted.name != name:
            recording.edit(Accompany(Stimulus(name, noted.offset_s if noted else 0.0)))
    except FerError as error:
        shutil.rmtree(path.parent, ignore_errors=True)
        raise MediaError(str(error).replace(f"{path.parent}/", "")) from error
    memory().set_stimulus(recording.number, given)


def _given(recording: OpenRecording) -> Given | None:
    """The file of the stimulus that is noted; None where it was not given in this visit."""
    stimulus, given = recording.notes.stimulus, memory().stimuli.get(recording.number)
    return given if stimulus is not None and given is not None and given.name == stimulus.name else None


def _has_sound(path: Path) -> bool:
    with Video(path) as video:
        return video.has_audio


def _uploader(recording: OpenRecording, label: str) -> None:
    def take(given: UploadedFile) -> None:
        take_stimulus(recording, given.name, given.getbuffer())

    taking_uploader(label, f"stimulus {recording.number}", take, type=list(VIDEO_TYPES))
