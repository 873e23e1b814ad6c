"""A small copy of a recording that browsers do not play, and the words around it."""

import shutil
import tempfile
from pathlib import Path

import streamlit as st

from fer_core.jobs import Job, Monitor, Work
from fer_core.media.playing import COPY_PX, LONGEST_S, write_copy
from fer_core.timeline.clock_text import as_clock
from fer_core.ui.shared.progress import show_progress
from fer_core.ui.shared.text import plain
from fer_core.ui.video.memory import memory
from fer_core.ui.video.products import Copy


def copy_of(path: Path) -> Copy | None:
    """The copy of a recording; None where there is none (yet)."""
    work = memory().copies.get(path)
    return None if work is None else work.result


def about_copy(copy: Copy) -> None:
    """What the player shows instead of the recording."""
    ends = "" if copy.until_s is None else f" It ends at {as_clock(copy.until_s)}: more is too long or too large."
    st.caption(f"A copy of at most {COPY_PX} pixels, for this player alone.{ends}")


def offer_copy(path: Path, what: str) -> None:
    """The way to a copy, or how far it is.

    Args:
        path: the recording.
        what: its part in the page, such as "recording".
    """
    kept = memory()
    work = kept.copies.get(path)
    if work is not None and work.running:
        show_progress(work, f"Making a copy of the {what} that plays", f"stop copy {path}")
        return
    if work is not None and work.problem:
        st.warning(plain(work.problem.replace(f"{path.parent}/", "")), icon=":material/movie_off:")
    st.info(
        f"Not every browser plays this kind of {what}. For the player, a small copy can be made. That takes "
        f"{LONGEST_S / 60:.0f} minutes at most.",
        icon=":material/play_disabled:",
    )

    def begin() -> None:
        with kept.lock:
            begun = kept.copies.get(path)
            if begun is None or (not begun.running and begun.result is None):  # else a click before this one did it
                kept.copies[path] = Work(copying(path), kept.workspace.new_monitor(), "playable copy")

    st.button("Make a copy that plays", icon=":material/movie:", key=f"copy {path}", on_click=begin)


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
