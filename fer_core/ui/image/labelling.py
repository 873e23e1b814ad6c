"""A second rater labels the faces of pictures, without seeing what the model read."""

import numpy as np
import streamlit as st

from fer_core.charts.raters import describe_rater_table, rater_table
from fer_core.emotions import EMOTIONS, STYLES
from fer_core.evaluation.rated_faces import TAKING_PART, RatedFace, as_seen, labelled_zip
from fer_core.imaging.crops import cut
from fer_core.picture_edits import LabelFace, labels_after
from fer_core.timeline.statistics.rater_agreement import agreement_of
from fer_core.ui.shared.charts import show_figure
from fer_core.ui.shared.seen import readings_are_shown, readings_were_shown
from fer_core.ui.shared.text import plain
from fer_core.ui.shared.theme import ink
from fer_core.ui.shared.uploads import Analysed, edit

_WIDTH_PX = 110
_LONGEST_NAME = 40
_LABELLING, _RATER = "pictures are labelled", "rater of pictures"
"""Kept beside the widgets, whose own values end when another page is shown, so that no reading is shown by that."""


def wants_to_label() -> bool:
    """The switch; it stands above the choice of pictures, so that their readings need not be seen before."""
    st.session_state.setdefault("label faces", st.session_state.get(_LABELLING, False))
    st.session_state[_LABELLING] = st.toggle(
        "Label the faces yourself",
        key="label faces",
        help="Hides what the model read while you say what you see. Switch it on before you choose pictures: labels "
        "of pictures whose readings were shown are marked.",
    )
    return bool(st.session_state[_LABELLING])


def label_faces(pictures: list[Analysed]) -> None:
    """Every face with a choice of seven expressions; then the agreement, and the faces to take along."""
    rater = _rater()
    if others := sum(_labels_of_others(picture, rater) for picture in pictures):
        st.caption(f"Labels under another name, which are kept and not shown here: {others}.")
    for place, picture in enumerate(pictures):
        with st.container(border=True):
            st.markdown(f"**{plain(picture.name)}**")
            if not picture.readings:
                st.caption("No face was found in this picture.")
            for number in range(len(picture.readings)):
                _face(picture, place, number, rater)
    faces = rated_faces(pictures, rater)
    if not faces:
        st.caption("Leave out what you cannot tell.")
        return
    if st.toggle("Show how your labels agree with the model", key="show agreement"):
        _agreement(pictures, rater)
    st.caption(f"{TAKING_PART} 48 × 48 pixels, grey, as the networks see them.")
    st.download_button(
        f"Labelled faces (zip, {len(faces)})",
        lambda: labelled_zip(faces),
        "labelled_pictures.zip",
        "application/zip",
        icon=":material/face:",
        on_click="ignore",
    )


def rated_faces(pictures: list[Analysed], rater: str) -> list[RatedFace]:
    """The faces that a rater labelled, as the networks see them."""
    return [
        RatedFace(
            as_seen(picture.image, label.box), label.label, picture.name, place, rater, label.blind,
            [reading.box for reading in picture.readings].index(label.box) + 1,
        )
        for place, picture in enumerate(pictures)
        for label in _labels(picture, rater)
        if label.label is not None
    ]  # fmt: skip


def _rater() -> str:
    st.session_state.setdefault("rater", st.session_state.get(_RATER, ""))
    name = st.text_input("Your name or initials, if you like", key="rater", max_chars=_LONGEST_NAME, width=260)
    st.session_state[_RATER] = name.strip()
    return name.strip()


def _face(picture: Analysed, place: int, number: int, rater: str) -> None:
    box = picture.readings[number].box
    key = f"seen {picture.sha256} {place} {number}"
    given = {label.box: label.label for label in _labels(picture, rater)}
    st.session_state[key] = given.get(box)

    def label() -> None:  # by the name that stands in its field now: it may have been typed a moment ago
        name = st.session_state["rater"].strip()
        edit(picture, LabelFace(box, st.session_state[key], name, not readings_were_shown(picture.sha256)))

    crop, choice = st.columns([1, 4], vertical_alignment="center")
    crop.image(cut(picture.image, box), channels="BGR", width=_WIDTH_PX, alt=f"face {number + 1}")
    choice.pills(
        f"Face {number + 1} shows",
        EMOTIONS,
        format_func=lambda name: f"{STYLES[name].symbol} {name}",
        key=key,
        on_change=label,
    )


def _agreement(pictures: list[Analysed], rater: str) -> None:
    readings_are_shown(picture.sha256 for picture in pictures)  # what is labelled after this was not labelled blind
    pairs = [
        (place, label, reading)
        for place, picture in enumerate(pictures)
        for label in _labels(picture, rater)
        for reading in picture.readings
        if reading.box == label.box and label.label is not None
    ]
    found = agreement_of(
        [str(label.label) for _, label, _ in pairs],
        [reading.label for _, _, reading in pairs],
        np.array([reading.uncertain for _, _, reading in pairs], bool),
        np.array([place for place, _, _ in pairs], np.int64),
        sighted=sum(not label.blind for _, label, _ in pairs),
    )
    st.markdown(f"**You and the model.** {plain(found.sentence('picture', 'face'))}")
    words = describe_rater_table(found.table)
    show_figure(rater_table(found.table, ink()), "rater table of pictures", words, name="rater and model")
    st.caption("Faces by your label (rows) and the model's (columns). One rater is no ground truth.")


def _labels(picture: Analysed, rater: str) -> list[LabelFace]:
    """What the rater said of the faces that are there."""
    boxes = {reading.box for reading in picture.readings}
    return [label for label in labels_after(picture.edits) if label.rater == rater and label.box in boxes]


def _labels_of_others(picture: Analysed, rater: str) -> int:
    """How many labels others gave."""
    return sum(label.rater != rater and label.label is not None for label in labels_after(picture.edits))
