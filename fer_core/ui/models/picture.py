"""All models on one picture of the visitor: what they read, where they looked, and how people split on such faces."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import streamlit as st
from numpy.typing import NDArray
from streamlit.runtime.uploaded_file_manager import UploadedFile

from fer_core.charts.explanations import (
    deletion_curve,
    describe_probabilities_by_model,
    describe_raters_by_model,
    probabilities_by_model,
    raters_by_model,
)
from fer_core.charts.looks import Look
from fer_core.classification import Classification, ModelCard
from fer_core.classification.explanation import Deletion, agreement, attention, deletion, no_map
from fer_core.emotions import EMOTIONS, RATER_CLASSES, STYLES
from fer_core.errors import FerError
from fer_core.evaluation.raters import raters_on_alike
from fer_core.imaging.crops import bgr as as_bgr
from fer_core.imaging.crops import cut_face
from fer_core.imaging.drawing import overlay_map
from fer_core.media.images import PICTURE_TYPES, ImageLimits, decode_image
from fer_core.readings import judge
from fer_core.request import DEFAULT_DETECTOR
from fer_core.ui.models import records
from fer_core.ui.models.parts import PAGE, beside
from fer_core.ui.models.records import SPLITS
from fer_core.ui.shared import loaders, page_memory
from fer_core.ui.shared.charts import show_figure
from fer_core.ui.shared.given import staying
from fer_core.ui.shared.pictures import MAP_LEGEND, NO_FACE
from fer_core.ui.shared.samples import File, choose_sample
from fer_core.ui.shared.seen import readings_are_shown
from fer_core.ui.shared.text import plain
from fer_core.ui.shared.uploaders import held

ALIKE_FACES: Final = 100

_MAP_PX: Final = 168
"""Two of them fit beside each other on a phone."""

_LIMITS: Final = ImageLimits()
_MEMORY: Final = "faces of the picture"
_DELETIONS: Final = "deletions"
_AT_ONCE: Final = 2
"""Squares hidden in one step: half as many faces to read as with one, and the curve says the same."""
_GIVEN, _SHOT = "picture for all models", "shot for all models"
_UPLOAD, _CAMERA, _SAMPLE = ":material/upload: Upload", ":material/photo_camera: Camera", ":material/portrait: Sample"


@dataclass(frozen=True, eq=False)
class Read:
    """One face as one model reads it.

    Attributes:
        card: of the model.
        classification: by the model, of this one face.
    """

    card: ModelCard
    classification: Classification

    @property
    def probabilities(self) -> NDArray[np.float32]:
        """float32 (7,)."""
        return np.asarray(self.classification.probabilities[0])

    @property
    def label(self) -> str:
        """The most probable emotion."""
        return EMOTIONS[int(self.probabilities.argmax())]

    @property
    def activation(self) -> NDArray[np.float32]:
        """float32 (h, w), the map of the label."""
        return self.classification.activation(0)


def picture(cards: Sequence[ModelCard]) -> None:
    """Choose a picture and a face, then see it through the eyes of every model."""
    st.markdown("One face, all models: what they read in it, where they looked, and what people would say.")
    face = _choose_face()
    if face is None:
        return
    titles, looks = records.titles_and_looks()
    by_title = {titles[card.name]: card for card in cards}
    picked = st.pills(
        "Models",
        list(by_title),
        selection_mode="multi",
        default=list(by_title),
        key="picture models",
        persist_state="page",
    )
    if not picked:
        st.caption("Pick one model or several.")
        return
    read = _read_all(face, {title: card for title, card in by_title.items() if title in picked})
    if not read:
        return
    _show_readings(face, read, looks)
    _show_maps(face, read, looks)
    _show_raters(read, looks)


def _read_all(face: NDArray[np.uint8], cards: Mapping[str, ModelCard]) -> dict[str, Read]:
    """What each model says, by title. One that cannot be loaded is named and left out."""
    read = {}
    for title, card in cards.items():
        try:
            read[title] = Read(card, loaders.classifier(card.name).classify([face]))
        except FerError as error:
            st.error(f"**{plain(title)}.** {plain(str(error))}", icon=":material/error:")
    return read


def _choose_face() -> NDArray[np.uint8] | None:
    """The crop to read, uint8 (H, W, 3) BGR; None while there is none."""
    source = st.segmented_control(
        "Picture from",
        [_UPLOAD, _CAMERA, _SAMPLE],
        default=_SAMPLE,
        required=True,
        key="models picture source",
        persist_state="page",
    )
    file: File | None = None
    if source == _SAMPLE:
        file = choose_sample("sample of all models")
    elif source == _UPLOAD:
        given = held(
            st.file_uploader(
                "Picture",
                type=PICTURE_TYPES,
                key="one picture",
                max_upload_size=_LIMITS.max_bytes // 1_000_000,
                help=f"Up to {_LIMITS.max_bytes / 1e6:.0f} MB and {_LIMITS.max_pixels / 1e6:.0f} megapixels.",
                on_change=page_memory.forget,
                args=(PAGE, _GIVEN),
            )
        )
        file = _content(staying(PAGE, _GIVEN, given))
    else:
        shot = held(
            st.camera_input(
                "Look into the camera and press the button",
                key="one shot",
                on_change=page_memory.forget,
                args=(PAGE, _SHOT),
            )
        )
        file = _content(staying(PAGE, _SHOT, shot))
    if file is None:
        page_memory.forget(PAGE, _MEMORY)
        page_memory.forget(PAGE, _DELETIONS)
        st.caption("Nothing yet. No picture at hand? Choose *Sample*.")
        return None
    try:
        whole, faces = _faces(*file)
    except FerError as error:
        st.error(plain(str(error)), icon=":material/broken_image:")
        return None
    readings_are_shown([_digest(file[1])])
    if not faces:
        st.info(NO_FACE, icon=":material/search_off:")
        key = f"nothing but a face {_digest(file[1])}"
        all_of_it = st.toggle("The picture is nothing but a face: read all of it", key=key, persist_state="page")
        return whole if all_of_it else None
    if len(faces) == 1:
        return faces[0]
    with st.container(horizontal=True, gap="small"):
        for number, crop in enumerate(faces, start=1):
            st.image(crop, channels="BGR", width=72, caption=f"{number}", alt=f"Face {number}")
    numbers = list(range(1, len(faces) + 1))
    key = f"face number {_digest(file[1])}"
    chosen = st.pills("Face", numbers, required=True, default=1, key=key, persist_state="page")
    return faces[chosen - 1]


def _content(given: UploadedFile | None) -> File | None:
    return (given.name, given.getvalue()) if given else None


def _faces(name: str, data: bytes) -> tuple[NDArray[np.uint8], list[NDArray[np.uint8]]]:
    """The picture and the faces in it, found once for each picture."""
    digest = _digest(data)
    known = page_memory.kept(PAGE, _MEMORY)
    if known is None or known[0] != digest:
        image = decode_image(data, name)
        found = sorted(loaders.detector(DEFAULT_DETECTOR).detect(image), key=lambda face: face.box.x)
        known = digest, image, [cut_face(image, face.box).copy() for face in found]
        page_memory.keep(PAGE, _MEMORY, known)
    return known[1], known[2]


def _in_tenths(shares: NDArray[np.float64]) -> str:
    """The three most frequent answers of ten people: "6.1 neutral, 2.4 sadness"."""
    top = np.argsort(-shares)[:3]
    return ", ".join(f"{10 * shares[i]:.1f} {RATER_CLASSES[i]}" for i in top if shares[i] >= 0.05)


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _show_readings(face: NDArray[np.uint8], read: Mapping[str, Read], looks: Mapping[str, Look]) -> None:
    words = agreement({title: one.label for title, one in read.items()})
    left, right = st.columns([1, 3], gap="medium")
    with left:
        st.image(as_bgr(face), channels="BGR", width=180, alt="The face that is read")
    with right:
        agree = len({one.label for one in read.values()}) == 1
        icon = ":material/handshake:" if agree else ":material/call_split:"
        (st.success if agree else st.warning)(f"**{plain(words)}**", icon=icon)
        probabilities = {title: one.probabilities for title, one in read.items()}
        show_figure(
            probabilities_by_model(probabilities, looks),
            "all models",
            describe_probabilities_by_model(probabilities),
            name="one face by all models",
        )


def _show_maps(face: NDArray[np.uint8], read: Mapping[str, Read], looks: Mapping[str, Look]) -> None:
    st.markdown("##### Where they looked")
    ensembles = [title for title, one in read.items() if one.card.members]
    st.caption(
        MAP_LEGEND + (f" {plain(' and '.join(ensembles))}: the mean of the maps of its members." if ensembles else "")
    )
    with st.container(horizontal=True, gap="small"):
        for title, one in read.items():
            mapless = no_map(one.card) is not None
            with st.container(width=_MAP_PX, gap="small"):
                st.image(
                    as_bgr(face) if mapless else overlay_map(as_bgr(face), one.activation),
                    channels="BGR",
                    width=_MAP_PX,
                    alt=f"The face without a map, for {title}"
                    if mapless
                    else f"Class activation map of {title} for {one.label}",
                )
                st.markdown(
                    f"**{plain(title)}**  \n{STYLES[one.label].symbol} {one.label} {one.probabilities.max():.0%}"
                    + (" :orange-badge[uncertain]" if judge(one.probabilities, one.card.uncertain_below) else "")
                    + (" :gray-badge[no map]" if mapless else "")
                )
    for title, one in read.items():
        if reason := no_map(one.card):
            st.info(plain(reason), icon=":material/visibility_off:")
        elif doubt := attention(one.activation).warning(one.card.maps):
            st.warning(f"**{plain(title)}.** {doubt}", icon=":material/center_focus_weak:")
    with_map = [title for title, one in read.items() if no_map(one.card) is None]
    if not with_map or not st.toggle(
        "Check the maps by hiding what they mark",
        key="check maps",
        persist_state="page",
        help="Squares of the face are covered with its mean grey, the most marked ones first. If the map is right, the "
        "probability falls faster than when squares are covered in random order (deletion test, Petsiuk et al., 2018).",
    ):
        return
    for title, place in beside(with_map):
        one = read[title]
        with place:
            st.markdown(f"**{plain(title)}**")
            with st.spinner("Hiding square after square …"):
                found = _deletion(face, one)
            show_figure(
                deletion_curve(found, looks[title]), f"deletion {title}", found.sentence(), name=f"{title} deletion"
            )
            icon = ":green[:material/check:]" if found.faithful else ":orange[:material/question_mark:]"
            st.markdown(f"{icon} {found.sentence()}")


def _deletion(face: NDArray[np.uint8], one: Read) -> Deletion:
    """Computed once for the face that is shown and each model."""
    digest = _digest(face.tobytes())
    known: dict[tuple[str, str], Deletion] = page_memory.kept(PAGE, _DELETIONS) or {}
    known = {key: found for key, found in known.items() if key[0] == digest}
    if (digest, one.card.name) not in known:
        classifier = loaders.classifier(one.card.name)
        known[digest, one.card.name] = deletion(classifier, face, one.activation, one.label, at_once=_AT_ONCE)
        page_memory.keep(PAGE, _DELETIONS, known)
    return known[digest, one.card.name]


def _show_raters(read: Mapping[str, Read], looks: Mapping[str, Look]) -> None:
    st.markdown("##### How people split on faces that read like this one")
    records.explain_missing_votes([one.card for one in read.values()])
    with_votes = {
        title: one
        for title, one in read.items()
        if records.has_records(one.card) and records.predictions(one.card, SPLITS[0]).votes.any()
    }
    if not with_votes:
        records.explain_missing_records([one.card for one in read.values()])
        return
    shares = {
        title: raters_on_alike(records.predictions(one.card, SPLITS[0]), one.probabilities, ALIKE_FACES)
        for title, one in with_votes.items()
    }
    st.markdown("\n".join(f"- **{plain(title)}**: of ten people, {_in_tenths(row)}" for title, row in shares.items()))
    show_figure(
        raters_by_model(shares, looks), "raters", describe_raters_by_model(shares), name="raters of similar faces"
    )
    st.caption(
        f"Ten people each looked at every face of FER+ (Barsoum et al., 2016). Counted are their votes on the "
        f"{ALIKE_FACES} faces of PrivateTest to which the model gives the most similar probabilities. It says how far "
        "people agree on such faces, not what this person shows or feels."
    )
