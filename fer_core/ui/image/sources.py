"""Where the pictures of the Image page come from; given ones stay until they are cleared or the tab closes."""

from collections.abc import Iterable
from typing import Final

import streamlit as st

from fer_core.media.images import PICTURE_TYPES
from fer_core.ui.shared.handover import forget_snapshots, snapshots
from fer_core.ui.shared.samples import File, choose_sample
from fer_core.ui.shared.uploaders import held, let_go
from fer_core.ui.shared.uploads import forget

UPLOAD: Final = ":material/upload: Upload"
CAMERA: Final = ":material/photo_camera: Camera"
SAMPLE: Final = ":material/portrait: Sample"
LIVE: Final = ":material/videocam: From Live"

_CLEARED: Final = "how often pictures were cleared"
_SOURCE: Final = "picture source"
_WIDGET: Final = "picture source chosen"
_TAKEN: Final = "how many snapshots there were"
_EARLIER: Final = "pictures of earlier visits of the page"
_GIVEN: Final = "pictures that were given"


def chosen_files() -> list[File]:
    """The pictures of the source that the visitor chose: name and content of each file."""
    taken = snapshots()
    sources = [UPLOAD, CAMERA, SAMPLE, *([LIVE] if taken else [])]
    if st.session_state.get(_WIDGET) not in sources:
        # Streamlit forgets a widget's choice when its page is left.
        before = st.session_state.get(_SOURCE, UPLOAD)
        is_new = len(taken) > st.session_state.get(_TAKEN, 0)
        st.session_state[_WIDGET] = LIVE if is_new else before if before in sources else UPLOAD
    st.session_state[_TAKEN] = len(taken)
    source = st.session_state[_SOURCE] = st.segmented_control("Picture from", sources, key=_WIDGET, required=True)
    if source == UPLOAD:
        uploads = held(
            st.file_uploader(
                "Pictures",
                type=PICTURE_TYPES,
                accept_multiple_files=True,
                max_upload_size=50,
                help="Up to 50 MB and 50 megapixels each.",
                key=_widget_key(UPLOAD),
                on_change=_begin_anew,
                args=(UPLOAD,),
            )
        )
        return _kept(UPLOAD, [(upload.name, upload.getvalue()) for upload in uploads])
    if source == CAMERA:
        shot = held(
            st.camera_input(
                "Look into the camera and press the button",
                key=_widget_key(CAMERA),
                on_change=_begin_anew,
                args=(CAMERA,),
            )
        )
        return _kept(CAMERA, [("snapshot.jpg", shot.getvalue())] if shot else [])
    if source == LIVE:
        st.button("Discard snapshots", icon=":material/delete:", on_click=_discard_snapshots)
        return taken
    return [choose_sample("sample picture")]


def clear_button() -> None:
    """A button that drops the pictures of the source that is shown; the sample needs none, snapshots have their own."""
    source = st.session_state[_SOURCE]
    if source in (UPLOAD, CAMERA):
        st.button(
            "Clear pictures",
            icon=":material/delete:",
            on_click=_clear,
            args=(source,),
            help="They stay until then; labels and corrections go with them.",
        )


def _discard_snapshots() -> None:
    forget(snapshots())
    forget_snapshots()


def _clear(source: str) -> None:
    cleared = [file for key in (_EARLIER, _GIVEN) for file in _memory(key).pop(source, ())]
    let_go(_widget_key(source))  # now: without a picture the page stops before its end
    st.session_state[_CLEARED] = st.session_state.get(_CLEARED, 0) + 1
    forget(cleared)


def _widget_key(source: str) -> str:
    """A widget is emptied by giving it another key."""
    return f"{source} {st.session_state.get(_CLEARED, 0)}"


def _begin_anew(source: str) -> None:
    """The visitor gave or took away a file: what the widget shows counts, also where that is nothing."""
    _memory(_GIVEN).pop(source, None)
    if source == CAMERA:  # it holds one: the one before it goes with the next, and with *Clear photo*
        _memory(_EARLIER).pop(source, None)


def _kept(source: str, now: Iterable[File]) -> list[File]:
    """The files that a widget holds now, and those that it held when the visitor left the page.

    Streamlit empties a widget that is not shown in one run.
    """
    earlier, given = _memory(_EARLIER), _memory(_GIVEN)
    current = list(now)
    if given.get(source) and not current:
        earlier[source] = _each_once([*earlier.get(source, ()), *given[source]])
    given[source] = current
    return _each_once([*earlier.get(source, ()), *current])


def _each_once(files: Iterable[File]) -> list[File]:
    return list(dict.fromkeys(files))


def _memory(key: str) -> dict[str, list[File]]:
    memory: dict[str, list[File]] = st.session_state.setdefault(key, {})
    return memory
