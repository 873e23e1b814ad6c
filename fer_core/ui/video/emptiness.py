"""Why a chart of a range has nothing to draw. Charts themselves know only that a recording has nobody."""

import pandas as pd
import streamlit as st

from fer_core.timeline.rows import people
from fer_core.ui.shared.text import plain
from fer_core.ui.video.recording import OpenRecording


def says_why_empty(recording: OpenRecording, drawn: pd.DataFrame, person: int | None = None) -> bool:
    """Say why there is nothing to draw, instead of the chart; False where the chart is to be drawn.

    Args:
        recording: where nobody is in all of it, its charts say so.
        drawn: the rows that the chart would show.
        person: whom it would show; None for everybody.
    """
    if not recording.people or _seen(drawn, person):
        return False
    st.info(plain(why_empty(recording, person)), icon=":material/search_off:")
    return True


def why_empty(recording: OpenRecording, person: int | None = None) -> str:
    """Why nothing is shown in the range of a person, None for everybody: a sentence."""
    name = "" if person is None else recording.notes.name(person)
    if not _seen(recording.part().frame, person):
        return f"{name} is not seen in this range." if name else "Nobody is seen in this range."
    if not _seen(recording.rows(), person):
        whose = f" of {name}" if name else ""
        return f"All readings{whose} in this range lie in stretches that are excluded."
    nothing = f"{name} has no good sample" if name else "Nobody has a good sample"
    return f"{nothing} in this range, and poor ones are left out."


def _seen(rows: pd.DataFrame, person: int | None) -> bool:
    found = people(rows)
    return bool(found) if person is None else person in found
