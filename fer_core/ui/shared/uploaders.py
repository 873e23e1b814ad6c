"""What lies in uploaders: the server lets go of a file once no uploader of the page shows it any more.

Streamlit drops an uploaded file only when its visitor presses the cross beside it, or their visit ends. One whose
uploader is no longer drawn, because the file was taken over or another page is open, would stay in memory until then.
A file under an uploader that is still drawn is never dropped: the uploader would be empty all at once. A few inner
names of Streamlit are used; a test against a real server holds them.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final, TypeVar

import streamlit as st
from streamlit.runtime.memory_uploaded_file_manager import MemoryUploadedFileManager
from streamlit.runtime.scriptrunner import get_script_run_ctx
from streamlit.runtime.uploaded_file_manager import UploadedFile

from fer_core.errors import FerError
from fer_core.ui.shared.text import plain

_PAGE: Final = "page of the uploaders"
_DRAWN: Final = "files in uploaders that were drawn"
"""Since the page last began to run, its fragments included: identifiers that Streamlit gives."""
_KNOWN: Final = "files that were ever in uploaders"
"""And were not let go."""

Held = TypeVar("Held")


def held(now: Held) -> Held:
    """Note what an uploader or a camera holds, and hand it on; a test sees to it that every one is drawn through this.

    Args:
        now: what the widget returned: a file, a list of files, or nothing.
    """
    ids = _ids(now)
    for key in (_DRAWN, _KNOWN):
        st.session_state.setdefault(key, set()).update(ids)
    return now


def taking_uploader(
    label: str, key: str, take: Callable[[UploadedFile], None], *, stays: bool = False, **options: Any
) -> None:
    """An uploader whose file is taken over once, when it is given; why one is refused stands below until another comes.

    Args:
        label: as `st.file_uploader` has it, like `key` and `options`.
        key: of the widget.
        take: gets the file; a `FerError` refuses it.
        stays: the uploader is drawn again after that; else the file is let go at once, as perhaps only a fragment is.
        options: further ones.
    """

    def given() -> None:
        st.session_state.pop(_refused(key), None)
        file = st.session_state[key]
        if file is None:
            return
        try:
            take(file)
        except FerError as error:
            st.session_state[_refused(key)] = str(error)
        else:
            if not stays:
                let_go(key)

    held(st.file_uploader(label, key=key, on_change=given, **options))
    if words := st.session_state.get(_refused(key)):
        st.error(plain(words), icon=":material/error:")


def was_refused(key: str) -> bool:
    """Whether `taking_uploader` says why it refused a file."""
    return _refused(key) in st.session_state


def _refused(key: str) -> str:
    return f"why refused: {key}"


@contextmanager
def let_go_of_the_rest(page: str) -> Iterator[None]:
    """Around a run of a page: what no uploader shows any more goes. `Home.py` does it in every run.

    What other pages held goes at once, and what this page held once it was drawn to its end: one that was interrupted
    did not come to all of its uploaders.

    Args:
        page: the last part of its address.
    """
    if st.session_state.get(_PAGE) != page:
        _drop(st.session_state.get(_KNOWN, set()))
    st.session_state[_PAGE], st.session_state[_DRAWN] = page, set()
    yield
    _drop(st.session_state.get(_KNOWN, set()) - st.session_state[_DRAWN])


def let_go(key: str) -> None:
    """Empty the uploader with this key, which is not drawn again.

    Only where that may not wait for the page's end: it stops before, or only a fragment of it is drawn.
    """
    if key in st.session_state:
        _drop(_ids(st.session_state[key]))
        del st.session_state[key]


def _ids(now: Any) -> set[str]:
    files = now if isinstance(now, list) else [now]
    return {file.file_id for file in files if file is not None}


def _drop(files: set[str]) -> None:
    context = get_script_run_ctx()
    if context is None or not isinstance(context.uploaded_file_mgr, MemoryUploadedFileManager):
        return
    # Before the first one goes: a run may end wherever it looks at the state, and the next one would draw its uploader.
    st.session_state[_KNOWN] = st.session_state.get(_KNOWN, set()) - files
    for file in files:
        context.uploaded_file_mgr.remove_file(context.session_id, file)
