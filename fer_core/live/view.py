"""A frame and a reading as the person in front of the camera sees them."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

import av
import cv2
import numpy as np
from numpy.typing import NDArray

from fer_core.face.overlay import overlay_mesh
from fer_core.imaging.drawing import annotate, hide_faces, overlay_activation, overlay_bars
from fer_core.live.settings import View
from fer_core.readings import Box, FaceMesh, FaceReading


def drawn(
    bgr: NDArray[np.uint8], readings: Sequence[FaceReading], view: View, hidden: Iterable[Box] = ()
) -> NDArray[np.uint8]:
    """The frame for the screen.

    Args:
        bgr: uint8 (H, W, 3); not written to.
        readings: the last that are known, in pixels of `bgr`.
        view: what is wanted.
        hidden: boxes besides those of `readings` that are made unrecognisable where `view` says so.

    Returns:
        uint8 (H, W, 3); `bgr` itself where there is nothing to draw.
    """
    canvas = bgr
    if view.hidden:
        canvas = hide_faces(canvas, [*(reading.box for reading in readings), *hidden])
    if view.mirrored:
        canvas = np.asarray(cv2.flip(canvas, 1), np.uint8)
        readings = [mirrored(reading, bgr.shape[1]) for reading in readings]
    if view.activation:
        canvas = overlay_activation(canvas, readings)
    if view.mesh and not view.hidden:
        canvas = overlay_mesh(canvas, readings)
    if view.bars:
        canvas = overlay_bars(canvas, readings, tagged=view.boxes)
    if view.boxes:
        canvas = annotate(canvas, readings)
    return canvas


def mirrored(reading: FaceReading, width: int) -> FaceReading:
    """The reading in the mirror image of a picture that is `width` pixels wide."""
    box = reading.box
    moved = Box(width - box.x - box.width, box.y, box.width, box.height)
    mesh = reading.mesh and _mirrored_mesh(reading.mesh, width)
    return replace(reading, box=moved, activation=np.ascontiguousarray(reading.activation[:, ::-1]), mesh=mesh)


def _mirrored_mesh(mesh: FaceMesh, width: int) -> FaceMesh:
    """Where the landmarks lie in the mirror image; the measurements stay those of the person."""
    landmarks, irises = mesh.landmarks.copy(), mesh.irises.copy()
    landmarks[:, 0], irises[..., 0] = width - landmarks[:, 0], width - irises[..., 0]
    return replace(mesh, landmarks=landmarks, irises=irises)


def black(frame: av.VideoFrame) -> av.VideoFrame:
    """A black frame of the same size."""
    return av.VideoFrame.from_ndarray(np.zeros((frame.height, frame.width, 3), np.uint8), format="bgr24")
