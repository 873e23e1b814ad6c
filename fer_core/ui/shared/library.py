"""The library of this dashboard, for those who may use it."""

from contextlib import suppress
from pathlib import Path
from typing import Final

import streamlit as st

from fer_core.access import Person
from fer_core.errors import LibraryError
from fer_core.library.library import Library
from fer_core.library.queue import FOLDER, Queue
from fer_core.settings import DATABASE, LIBRARY_SHARED, settings
from fer_core.ui.shared import sign_in
from fer_core.ui.shared.visitor import sits_here
from fer_core.whole_file import write_whole

NOT_YOURS: Final = (
    "Studies are kept on the machine that runs this dashboard, and you come from elsewhere. Open it on that machine as "
    "localhost, or name a library for all visitors in FACE_VALUE_LIBRARY there."
)
_PEOPLE: Final = "people"
"""Folder within the library's, with a library for each person who signed in."""

_WHOSE: Final = "whose.txt"
"""Tells, for whoever runs the dashboard, whom a person's library belongs to."""


def may_use() -> bool:
    """Whether the library is this visitor's: they sit at this machine, or one was named for everybody."""
    here = sits_here(st.get_option("server.address") or "", st.context.headers)
    return settings().library_is_shared or here


def library() -> Library:
    """The library, opened once.

    Raises:
        FerError: it is not this visitor's, or cannot be opened.
    """
    if not may_use():
        raise LibraryError(NOT_YOURS)
    whose = _alone()
    if whose is not None and settings().database:
        raise LibraryError(
            f"The database of {DATABASE} is one for everybody; whoever runs this dashboard has to set "
            f"{LIBRARY_SHARED} to yes, or to name no database."
        )
    found = _opened(_folder(), settings().database)
    if whose is not None:
        _mark(_folder() / _WHOSE, whose)
    return found


def queue() -> Queue:
    """Recordings that wait to be read into it, shared by all who use it."""
    library()
    return _queue(_folder() / FOLDER)


def shown_folder() -> str:
    """Where it lies, for visitors, who need not know how the server's user is called."""
    try:
        return str(Path("~") / _folder().relative_to(Path.home()))
    except (ValueError, RuntimeError):  # it lies elsewhere, or there is no home
        return str(_folder())


def _folder() -> Path:
    folder = settings().library
    if folder is None:
        raise LibraryError("This user has no home folder; name a folder for the library in FACE_VALUE_LIBRARY.")
    whose = _alone()
    return folder if whose is None else folder / _PEOPLE / whose.key


def _alone() -> Person | None:
    """Who has a library of their own; None where all share one."""
    return None if settings().library_for_all else sign_in.person()


def _mark(path: Path, whose: Person) -> None:
    """Say there whose it is; where it cannot be said now, as another tab is saying it, the next visit does."""
    with suppress(OSError):
        if not path.exists():
            write_whole(path, f"{whose.name}\n{whose.address}\n")


@st.cache_resource(max_entries=64, show_spinner="Opening the library …")
def _opened(folder: Path, database: str) -> Library:
    return Library.open(folder, database or None)


@st.cache_resource(show_spinner=False)  # without a limit: there may be one queue to a folder, which reads on unseen
def _queue(folder: Path) -> Queue:
    try:
        return Queue(folder)
    except OSError as error:
        raise LibraryError(f"{folder} cannot be made ({error.strerror}); choose another place.") from error
