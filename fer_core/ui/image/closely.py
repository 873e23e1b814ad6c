"""One picture closely: its faces are chosen by a click, and what was found is corrected by hand."""

from functools import partial

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from fer_core.face.overlay import overlay_mesh
from fer_core.imaging.drawing import caption
from fer_core.picture_edits import SMALLEST_DRAWN_PX, DrawFace, RemoveFace, can_be_drawn
from fer_core.readings import Box
from fer_core.ui.image.board import board, board_data
from fer_core.ui.shared.pictures import (
    NO_FACE,
    alternative_text,
    annotated_png,
    captions,
    face_crop,
    heading,
    png_of,
    show_face,
    with_maps,
)
from fer_core.ui.shared.uploads import Analysed, edit, is_correction, undo_edit

NO_FACE_LEFT = (
    "**No face is left in this picture.** All that were found were removed by hand; *Undo* brings the last back."
)


def look_closely(picture: Analysed, uncertain_below: float, *, attention: bool, mesh: bool) -> None:
    """Show one picture with its faces.

    Args:
        picture: what was read.
        uncertain_below: probability under which a label is uncertain.
        attention: show the class activation maps.
        mesh: show the landmarks.
    """
    with st.container(border=True):
        heading(picture)
        left, right = st.columns([3, 2], gap="medium")
        base = with_maps(picture, attention=attention)
        chosen = chosen_face(picture)
        with left:
            _board(picture, overlay_mesh(base, picture.shown_readings) if mesh else base, chosen)
            captions(picture, attention=attention)
            corrections = sum(map(is_correction, picture.edits))
            if corrections:
                times = "once" if corrections == 1 else f"{corrections} times"
                st.caption(f"Corrected by hand {times}; CSV and JSON say how.")
            with st.container(horizontal=True):
                if corrections:
                    key = f"undo {picture.sha256}"
                    st.button("Undo", icon=":material/undo:", on_click=undo_edit, args=(picture,), key=key)
                _add_by_numbers(picture)
                annotated_png(picture, partial(png_of, picture))
        with right:
            _faces(picture, uncertain_below, attention=attention)


def choose_face(picture: Analysed, number: int) -> None:
    """Choose the face that is shown closely, from 0."""
    _choose(picture, picture.readings[number].box)


def chosen_face(picture: Analysed) -> int:
    """The face that is shown closely, from 0; the first where none was chosen or it is gone."""
    box = st.session_state.get(_chosen_key(picture))
    return next((number for number, reading in enumerate(picture.readings) if reading.box == box), 0)


def _choose(picture: Analysed, box: Box) -> None:
    """By its box: its place in the list changes with every face that is drawn, removed or brought back."""
    st.session_state[_chosen_key(picture)] = box


def _chosen_key(picture: Analysed) -> str:
    return f"face of {picture.sha256} {picture.name}"


def _board(picture: Analysed, drawn: NDArray[np.uint8], chosen: int) -> None:
    boxes = [reading.box for reading in picture.readings]

    def choose(box: Box) -> None:
        if box in boxes:
            _choose(picture, box)

    board(
        board_data(drawn, (picture.width, picture.height), picture.readings, chosen, alternative_text(picture)),
        key=f"board {picture.sha256} {picture.name}",
        on_chosen=choose,
        on_drawn=lambda box: _draw(picture, box),
        on_removed=lambda box: edit(picture, RemoveFace(box)),
    )


def _draw(picture: Analysed, box: Box) -> None:
    """Add a face and choose it."""
    edit(picture, DrawFace(box))
    if can_be_drawn(box, picture.width, picture.height):
        _choose(picture, box)


def _faces(picture: Analysed, uncertain_below: float, *, attention: bool) -> None:
    if not picture.readings:
        st.info(NO_FACE_LEFT if picture.found else NO_FACE, icon=":material/search_off:")
        return
    chosen, several = chosen_face(picture), len(picture.readings) > 1
    choose_face(picture, chosen)  # whoever is shown stays, also where faces to the left come or go
    if several:
        key = f"number of the {_chosen_key(picture)}"
        st.session_state[key] = chosen  # whatever the pills showed: the board or the overview may have chosen, too
        st.pills(
            "Face",
            range(len(picture.readings)),
            format_func=lambda number: caption(picture.readings[number], number + 1),
            key=key,
            required=True,
            on_change=lambda: choose_face(picture, st.session_state[key]),
        )
    show_face(
        face_crop(picture, chosen, attention=attention),
        picture.readings[chosen],
        chosen + 1 if several else None,
        uncertain_below,
        f"{picture.sha256}-{chosen}",
        picture.stem,
    )
    st.button(
        "Remove this face",
        icon=":material/delete:",
        help="For a box in which there is no face. What you remove is written into CSV and JSON.",
        on_click=edit,
        args=(picture, RemoveFace(picture.readings[chosen].box)),
        key=f"remove {picture.sha256}",
    )


def _add_by_numbers(picture: Analysed) -> None:
    with st.popover("Add a face by numbers", icon=":material/add_box:"):
        st.caption(
            "A square about the face, from above the eyebrows to the chin, in pixels from the upper left corner."
        )
        longest = max(SMALLEST_DRAWN_PX, picture.width, picture.height)
        fields = (
            ("Left", 0, max(0, picture.width - SMALLEST_DRAWN_PX), 0),
            ("Top", 0, max(0, picture.height - SMALLEST_DRAWN_PX), 0),
            ("Side", SMALLEST_DRAWN_PX, longest, max(SMALLEST_DRAWN_PX, longest // 4)),
        )
        for column, (name, low, high, first) in zip(st.columns(3), fields, strict=True):
            column.number_input(name, low, high, first, key=f"{name} {picture.sha256}")

        def add() -> None:  # reads the fields anew: the click may come before the page was drawn with the last of them
            left, top, side = (int(st.session_state[f"{name} {picture.sha256}"]) for name, *_ in fields)
            _draw(picture, Box(left, top, side, side))

        st.button("Add", on_click=add, key=f"add {picture.sha256}")
