"""The Live page's way out where no live picture comes: single photographs, kept while they are on the page."""

from dataclasses import replace
from typing import Final

import streamlit as st

from fer_core.errors import FerError
from fer_core.imaging.drawing import hide_faces
from fer_core.live import LiveSettings
from fer_core.pipeline import EmotionPipeline
from fer_core.readings import FaceReading, judge
from fer_core.ui.image.results import show_picture
from fer_core.ui.live.view import Choice, no_route_was_found
from fer_core.ui.live.webcam import Camera
from fer_core.ui.shared.browser_check import Browser
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
                show_picture(shown, settings.uncertain_below, settings.view.activation)
        except FerError as error:
            st.error(plain(str(error)), icon=":material/error:")


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
