"""The figures behind the limits of pose and cover."""

import cv2
import numpy as np
import pytest

from fer_core.detection.blazeface import BlazeFaceDetector
from fer_core.diagnostics.benchmarks.scenes import portrait
from fer_core.face.measuring import FaceMeasurer
from fer_core.imaging.crops import cut, grey
from fer_core.media.samples import PORTRAIT_FACE
from fer_core.readings import FaceMesh, Pose
from fer_core.training.quality_limits import figures, measured


def mesh(yaw_deg: float, presence: float = 0.99, asymmetry: float = 0.01, covered: bool = False) -> FaceMesh:
    columns = {"face_presence": presence, "face_asymmetry": asymmetry}
    points = np.zeros((468, 3), np.float32)
    return FaceMesh(points, np.zeros((2, 5, 2), np.float32), Pose(yaw_deg, 0, 0), columns, {}, covered)


def test_shares_beyond_the_limits_are_counted():
    meshes = [mesh(0)] * 96 + [mesh(80), mesh(0, presence=0.5, covered=True), mesh(0, asymmetry=0.2, covered=True)]
    found = figures([*meshes, mesh(40, asymmetry=0.2)], 120)
    assert (found["pictures"], found["faces"]) == (120, 100)
    assert (found["share_turned"], found["share_low_presence"], found["share_uneven"]) == (0.01, 0.01, 0.01)
    assert found["share_covered"] == 0.02 and found["frontality_outer"] < 1 == found["frontality_median"]


def test_no_face_is_refused():
    with pytest.raises(ValueError, match="No face"):
        figures([], 10)


def test_faces_of_the_data_set_are_found_and_others_left_out():
    face = cv2.resize(grey(cut(portrait(), PORTRAIT_FACE)), (48, 48), interpolation=cv2.INTER_AREA)
    images = np.stack([face, np.full((48, 48), 128, np.uint8)])
    [found] = measured(images, BlazeFaceDetector(), FaceMeasurer())
    assert found.pose.frontality > 0.9 and found.columns["face_presence"] > 0.9
