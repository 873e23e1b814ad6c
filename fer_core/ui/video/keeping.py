"""Keep the recording that is open in the library; nothing is kept unless this is pressed."""

import streamlit as st

from fer_core.errors import ChangedError, FerError
from fer_core.library.library import Library
from fer_core.ui.shared.library import library, may_use, shown_folder
from fer_core.ui.shared.text import plain
from fer_core.ui.video.recording import OpenRecording


def keep_button(recording: OpenRecording) -> None:
    """The button, and whether the present corrections are kept.

    Not there for those who have no library, which is opened only to keep something or to look for what was kept.
    """
    if not may_use():
        return
    try:
        gone = recording.kept is not None and not _holds(library(), recording.kept)
    except FerError as error:
        st.error(plain(str(error)), icon=":material/error:")
        return
    known = recording.kept is not None and not gone
    with st.container(horizontal=True, vertical_alignment="center"):
        pressed = st.button(
            "Keep these corrections" if known else "Keep this analysis",
            icon=":material/bookmark_add:",
            # Another key: a click that was meant for what is gone by now brings nothing back.
            key=f"keep {recording.number}{' anew' if gone else ''}",
            help="Puts numbers, outlines of faces, settings and corrections into the library on this machine "
            f"({shown_folder()}): no picture, no portrait, and nobody who was removed. The Study page shows "
            "it, and deletes it for good.",
        )
        if pressed:
            try:
                if gone:
                    recording.kept = None
                keep(library(), recording)
            except FerError as error:
                st.error(plain(str(error)), icon=":material/error:")
                return
        elif gone:
            st.caption("What was kept of this recording was deleted or changed elsewhere.")
            return
        if recording.kept is None:
            return
        if recording.kept_here == recording.study.edits:
            st.badge("kept", icon=":material/check:", color="green")
        st.page_link("pages/4_Study.py", label="See it in the study", icon=":material/groups:")


def keep(library: Library, recording: OpenRecording) -> None:
    """Keep what the first model read with its corrections, and note under which name.

    Raises:
        ChangedError: somebody else deleted, replaced or corrected meanwhile what is kept; called once more, this puts
            the study in its place.
        LibraryError: it cannot be written.
    """
    names = {entry.analysis for entry in library.entries()}
    study = recording.study  # as it is now: another tab may correct it meanwhile
    if recording.kept is None:
        name = library.keep_new(study)
        now = library.open_study(name)
        recording.keeps(name, now, study)
        if name in names and now.edits != study.purged().edits:
            recording.kept_here = None
            raise ChangedError(
                "This reading is kept already, with other corrections. Open it from Study to go on with those, or "
                "press the button once more to replace them by these."
            )
        return
    if recording.kept not in names:
        recording.kept = None
        raise ChangedError(
            "What was kept of this recording was deleted or changed elsewhere. Open it again from Study, or press the "
            "button once more to keep it as it is here."
        )
    try:
        name = library.save(recording.kept, study, since=recording.kept_edits)
    except ChangedError as error:
        recording.keeps(recording.kept, library.open_study(recording.kept))
        recording.kept_here = None
        raise ChangedError(
            "The kept corrections of this recording were changed elsewhere. Open it again from Study to go on with "
            "those, or press the button once more to replace them by these."
        ) from error
    recording.keeps(name, library.open_study(name), study)


def _holds(library: Library, analysis: str) -> bool:
    return any(entry.analysis == analysis for entry in library.entries())
