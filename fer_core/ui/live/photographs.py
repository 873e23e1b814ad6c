"""The Live page's way out where no live picture comes: single photographs, kept while they are on the page."""

from dataclasses import replace
from typing import Final

import streamlit as st

from fer_core.errors import FerError
from fer_core.imaging.drawing import annotate, caption, hide_faces
from fer_core.live import LiveSettings
from fer_core.pipeline import EmotionPipeline
from fer_core.readings import FaceReading, judge
from fer_core.ui.live.settings import Choice
from fer_core.ui.live.watching import no_route_was_found
from fer_core.ui.live.webcam import Camera
from fer_core.ui.shared.browser_check import Browser
from fer_core.ui.shared.pictures import (
    NO_FACE,
    alternative_text,
    annotated_png,
    captions,
    face_crop,
    heading,
    not_looked_for,
    png_of,
    show_face,
    with_maps,
)
from fer_core.ui.shared.samples import File
from fer_core.ui.shared.seen import readings_are_shown
from fer_core.ui.shared.text import plain
from fer_core.ui.shared.uploaders import held
from fer_core.ui.shared.uploads import Analysed, analyse

PHOTOGRAPH_MB: Final = 50
"""Largest file of a photograph."""


def snapshots_instead(browser: Browser | None, camera: Camera, pipeline: EmotionPipeline, choice: Choice) -> None:
    """The way out where no live picture comes: single pictures, taken or uploaded.

    They are read with the same model, detector and threshold, and shown with the map and with hidden faces where that
    is chosen; smoothing and resting face are for people who are followed.
    """
    usable = browser is None or browser.obstacle is None
    needed = not usable or camera.failed or no_route_was_found()
    with st.expander("No live picture? Take snapshots instead", icon=":material/photo_camera:", expanded=needed):
        wanted = st.toggle("Take snapshots", value=needed, key=f"snapshots {needed}")
        files = _photograph(by_camera=usable) if wanted else []
        try:  # also where there is none: what is no longer given is forgotten
            for picture in analyse(files, pipeline, (choice.model, choice.detector), page="Live"):
                shown = _as_set(picture, choice.settings)
                settings = choice.settings
                readings_are_shown([picture.sha256])
                show_photograph(shown, settings.uncertain_below, settings.view.activation)
        except FerError as error:
            st.error(plain(str(error)), icon=":material/error:")


def show_photograph(picture: Analysed, uncertain_below: float, attention: bool) -> None:
    """One photograph with its faces.

    Args:
        picture: what was read.
        uncertain_below: probability under which a label is uncertain.
        attention: show the class activation maps.
    """
    with st.container(border=True):
        heading(picture)
        if not picture.readings:
            left, right = st.columns([3, 2])
            left.image(picture.shown, channels="BGR", alt=f"{picture.name}, no face found")
            right.info(NO_FACE, icon=":material/search_off:")
            right.caption(not_looked_for(picture))
            return
        left, right = st.columns([3, 2], gap="medium")
        with left:
            drawn = annotate(with_maps(picture, attention=attention), picture.shown_readings)
            st.image(drawn, channels="BGR", alt=alternative_text(picture))
            captions(picture, attention=attention)
            # Written before it is asked for: where parts of the page run again by themselves, Streamlit drops files
            # that are made on a click.
            annotated_png(picture, png_of(picture))
        with right:
            _show_faces(picture, uncertain_below, attention)


def _show_faces(picture: Analysed, uncertain_below: float, attention: bool) -> None:
    """The faces closely, each in a tab where there are several."""
    if len(picture.readings) == 1:
        crop = face_crop(picture, 0, attention=attention)
        show_face(crop, picture.readings[0], None, uncertain_below, picture.sha256, picture.stem)
        return
    tabs = st.tabs([caption(reading, n) for n, reading in enumerate(picture.readings, start=1)])
    for n, (tab, reading) in enumerate(zip(tabs, picture.readings, strict=True), start=1):
        with tab:
            crop = face_crop(picture, n - 1, attention=attention)
            show_face(crop, reading, n, uncertain_below, f"{picture.sha256}-{n}", picture.stem)


def _photograph(*, by_camera: bool) -> list[File]:
    """The picture that is taken or uploaded: one at most."""
    shot = held(
        st.camera_input("Look into the camera and press the button")
        if by_camera
        else st.file_uploader(
            "Photograph",
            type=["png", "jpg", "jpeg", "webp", "heic"],
            max_upload_size=PHOTOGRAPH_MB,
            help=f"Up to {PHOTOGRAPH_MB} MB and 50 megapixels.",
        )
    )
    return [(shot.name, shot.getvalue())] if shot else []


def _as_set(picture: Analysed, settings: LiveSettings) -> Analysed:
    """The picture with the chosen threshold and, where that is chosen, with hidden faces."""

    def judged(readings: list[FaceReading]) -> list[FaceReading]:
        return [
            replace(reading, uncertain=bool(judge(reading.probabilities, settings.uncertain_below)))
            for reading in readings
        ]

    picture = replace(picture, readings=judged(picture.readings), shown_readings=judged(picture.shown_readings))
    if not settings.view.hidden:
        return picture
    return replace(
        picture,
        image=hide_faces(picture.image, [reading.box for reading in picture.readings]),
        shown=hide_faces(picture.shown, [reading.box for reading in picture.shown_readings]),
    )
