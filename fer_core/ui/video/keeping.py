"""Keep the recording that is open in the library; nothing is kept unless this is pressed."""

import streamlit as st

from fer_core.errors import FerError, LibraryError
from fer_core.library.library import Library
from fer_core.ui.shared.library import library, may_use, shown_folder
from fer_core.ui.shared.text import plain
from fer_core.ui.video.recording import OpenRecording


class GoneError(LibraryError):
    """A kept analysis is no longer there."""


def keep_button(recording: OpenRecording) -> None:
    """The button, and what came of it. Not there for those who have no library, which is not opened before."""
    if not may_use():
        return
    known = recording.kept is not None
    with st.container(horizontal=True, vertical_alignment="center"):
        pressed = st.button(
            "Keep these corrections" if known else "Keep this analysis",
            icon=":material/bookmark_add:",
            key=f"keep {recording.number}",
            help="Puts numbers, outlines of faces, settings and corrections into the library on this machine "
            f"({shown_folder()}): no picture, no portrait, and nobody who was removed. The Study page shows "
            "it, and deletes it for good.",
        )
        if pressed:
            try:
                recording.kept = kept(library(), recording)
            except GoneError as error:
                recording.kept = None
                st.error(plain(str(error)), icon=":material/error:")
                return
            except FerError as error:
                st.error(plain(str(error)), icon=":material/error:")
                return
            st.badge("kept", icon=":material/check:", color="green")
        if recording.kept is not None:
            st.page_link("pages/4_Study.py", label="See it in the study", icon=":material/groups:")


def kept(library: Library, recording: OpenRecording) -> str:
    """Keep what the first model read with its corrections; the name of the analysis.

    Raises:
        GoneError: it was kept, and was deleted or replaced elsewhere since then.
        LibraryError: it cannot be written.
    """
    if recording.kept is None:
        return library.keep(recording.study)
    if all(entry.analysis != recording.kept for entry in library.entries()):
        raise GoneError(
            "What was kept of this recording was deleted or changed elsewhere. Open it again from Study, or press the "
            "button once more to keep it as it is here."
        )
    return library.save(recording.kept, recording.study)
