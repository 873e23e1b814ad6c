"""A small copy of a recording that browsers do not play, and the words around it."""

import shutil
import tempfile
from pathlib import Path

import streamlit as st

from fer_core.jobs import Job, Monitor, Work
from fer_core.media.playing import COPY_PX, LONGEST_S, write_copy
from fer_core.timeline.summaries import as_clock
from fer_core.ui.shared.text import plain
from fer_core.ui.video.memory import Copy, memory
from fer_core.ui.video.waiting import wait_for


def copy_of(number: int) -> Copy | None:
    """The copy of a recording, by the number of the recording; None where there is none (yet)."""
    work = memory().copies.get(number)
    return None if work is None else work.result


def about_copy(copy: Copy) -> None:
    """What the player shows instead of the recording."""
    ends = "" if copy.until_s is None else f" It ends at {as_clock(copy.until_s)}: more is too long or too large."
    st.caption(f"A copy of at most {COPY_PX} pixels, for this player alone.{ends}")


def offer_copy(number: int, path: Path) -> None:
    """The way to a copy, or how far it is."""
    kept = memory()
    work = kept.copies.get(number)
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
