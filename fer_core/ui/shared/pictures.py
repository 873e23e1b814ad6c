"""How a picture is shown with what was read in it: parts that several pages put together."""

from collections.abc import Callable

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from fer_core.charts import describe, probability_bars
from fer_core.detection.turning import Turn
from fer_core.emotions import STYLES
from fer_core.face.overlay import head
from fer_core.face.pose import in_words
from fer_core.imaging.crops import cut_face, shrunk
from fer_core.imaging.drawing import annotate, caption, overlay_activation, overlay_map
from fer_core.media.images import encode_png
from fer_core.readings import FaceReading, Pose
from fer_core.ui.shared.charts import show_figure
from fer_core.ui.shared.text import plain
from fer_core.ui.shared.uploads import Analysed, read_turned

HEAD_PX = 96
CROP_PX = 640
"""Side of a face that is shown closely: it is small on the page, and larger at a click."""
SURE_PRESENCE = 0.5
"""Below, the landmarks probably lie on no face, and the pose means nothing."""

MAP_LEGEND = "Yellow: what spoke most for the label. Dark blue: what spoke least."
NO_FACE = (
    "**No face found in this picture.** What often helps: a face that looks towards the camera, is upright and "
    "larger; more light; less of it covered."
)


def heading(picture: Analysed) -> None:
    """Name and size of a picture, and the offer to turn it."""
    st.markdown(f"**{plain(picture.name)}** · {picture.width} × {picture.height} px")
    _about_turn(picture)


def with_maps(picture: Analysed, *, attention: bool) -> NDArray[np.uint8]:
    """The picture as it is shown, uint8 (H, W, 3) BGR, with class activation maps where `attention` is set."""
    return overlay_activation(picture.shown, picture.shown_readings) if attention else picture.shown


def captions(picture: Analysed, *, attention: bool) -> None:
    """What the colours of the maps mean, and what was not looked for."""
    if attention and picture.readings:
        st.caption(MAP_LEGEND)
    if words := not_looked_for(picture):
        st.caption(words)


def annotated_png(picture: Analysed, png: bytes | Callable[[], bytes]) -> None:
    """A button that gives the picture with its boxes.

    Args:
        picture: what was read.
        png: the file, see `png_of`, or what makes it on the click.
    """
    st.download_button(
        "Annotated PNG",
        data=png,
        file_name=f"{picture.stem}_annotated.png",
        mime="image/png",
        icon=":material/download:",
        on_click="ignore",
        key=f"png {picture.sha256}",
    )


def png_of(picture: Analysed) -> bytes:
    """The picture with its boxes as PNG."""
    return encode_png(annotate(picture.image, picture.readings))


def face_crop(picture: Analysed, number: int, *, attention: bool) -> NDArray[np.uint8]:
    """One face as the network was shown it, its side at most `CROP_PX`: uint8 (H, W, 3) BGR.

    Args:
        picture: what was read.
        number: of the face, from 0.
        attention: lay the class activation map over it.
    """
    reading = picture.readings[number]
    crop, _ = shrunk(cut_face(picture.image, reading.box), CROP_PX)  # of the picture as it is shown, small faces blur
    return overlay_map(crop, reading.activation) if attention else crop


def show_face(
    face: NDArray[np.uint8], reading: FaceReading, number: int | None, uncertain_below: float, key: str, name: str
) -> None:
    """One face closely: its picture, label, quality, pose and seven probabilities.

    Args:
        face: cut out, uint8 (H, W, 3) BGR.
        reading: of the face.
        number: of the face in its picture; None for the only one.
        uncertain_below: probability under which a label is uncertain.
        key: of the chart.
        name: of the picture, after which a saved chart is named.
    """
    left, words = st.columns([1, 2], vertical_alignment="center")
    left.image(face, channels="BGR", width=110, alt=f"face {number or 1}")
    symbol = "❔" if reading.uncertain else STYLES[reading.label].symbol
    with words:
        st.markdown(f"#### {symbol} {reading.words} · {reading.confidence:.0%}")
        with st.container(horizontal=True, gap="small"):
            if reading.uncertain:
                st.badge(
                    "uncertain",
                    icon=":material/help:",
                    color="orange",
                    help=f"The highest probability is under {uncertain_below:.0%}: do not rely on a label.",
                )
            if reading.drawn:
                st.badge("drawn by hand", icon=":material/draw:", color="blue", help="You drew the box of this face.")
            for problem in reading.quality.problems:
                st.badge(
                    problem,
                    icon=":material/warning:",
                    color="gray",
                    help="The crop is unlike the faces that the model learnt from.",
                )
    if reading.pose is not None and reading.mesh is not None and reading.mesh.columns["face_presence"] >= SURE_PRESENCE:
        _show_pose(reading.pose)
    bars = probability_bars(reading, uncertain_below)
    show_figure(bars, f"bars-{key}", f"Probabilities: {describe(reading)}", name=f"{name} {number or ''} emotions")


def _show_pose(pose: Pose) -> None:
    figure, words = st.columns([1, 2], vertical_alignment="center")
    figure.image(head(pose, HEAD_PX), width=HEAD_PX, alt=f"Drawn head: {in_words(pose)}")
    words.caption(
        f"{in_words(pose).capitalize()}. Yaw {round(pose.yaw_deg):+d}°, pitch {round(pose.pitch_deg):+d}°, roll "
        f"{round(pose.roll_deg):+d}°, from the landmarks: how the head is held, not what it attends to."
    )


def _about_turn(picture: Analysed) -> None:
    """Say that a picture seems to be turned, and offer to read it upright; or to read it as it was again."""
    if picture.turned:
        st.caption(f"Read turned by {picture.turned} degrees clockwise.")
        st.button(
            "Read it as it was", icon=":material/undo:", key=f"as it was {picture.sha256}", on_click=read_turned,
            args=(picture, Turn.NONE),
        )  # fmt: skip
    elif picture.turn:
        st.warning(
            "This picture seems to be turned. Faces that are not upright are read less reliably.",
            icon=":material/screen_rotation:",
        )
        st.button(
            "Read it upright", icon=":material/rotate_right:", key=f"upright {picture.sha256}", on_click=read_turned,
            args=(picture, picture.turn),
        )  # fmt: skip


def not_looked_for(picture: Analysed) -> str:
    """What was not looked for, in a sentence; empty where the detector does not say."""
    if picture.smallest_px is None:
        return ""
    return f"Faces of less than about {picture.smallest_px} pixels were not looked for."


def alternative_text(picture: Analysed) -> str:
    """The picture in words."""
    faces = "; ".join(caption(reading, n) for n, reading in enumerate(picture.readings, start=1))
    return f"{picture.name} with {len(picture.readings)} face(s): {faces}"
