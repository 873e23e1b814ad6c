"""Mesh, irises, pose and gaze on the portrait: as it is, in the mirror, and turned by known angles."""

import json
import shutil
import threading

import cv2
import numpy as np
import pytest

from fer_core.detection.blazeface import BlazeFaceDetector
from fer_core.diagnostics.benchmarks.scenes import portrait
from fer_core.errors import ModelError
from fer_core.face import eyes
from fer_core.face.geometry import FaceGeometry, GeometryReader
from fer_core.face.irises import IrisFinder
from fer_core.face.landmarks import MeshFinder
from fer_core.face.mean_face import MEAN_FACE, mean_face
from fer_core.face.topology import (
    CHIN,
    LEFT_EYE_INNER,
    LEFT_EYE_OUTER,
    MOUTH_LEFT,
    MOUTH_RIGHT,
    RIGHT_EYE_INNER,
    RIGHT_EYE_OUTER,
)
from fer_core.media.samples import PORTRAIT_FACE as FACE
from fer_core.networks.face_files import FACES_DIR, IRIS, MESH
from fer_core.readings import Box, Face
from fer_core.timeline.columns import PICTURE_COLUMNS


@pytest.fixture(scope="module")
def detector() -> BlazeFaceDetector:
    return BlazeFaceDetector()


@pytest.fixture(scope="module")
def reader() -> GeometryReader:
    return GeometryReader()


@pytest.fixture(scope="module")
def read(detector, reader):
    def read_face(image: np.ndarray) -> FaceGeometry:
        (geometry,) = reader(image, detector.detect(image))
        return geometry

    return read_face


@pytest.fixture(scope="module")
def plain(read) -> FaceGeometry:
    return read(portrait())


def turned(degrees: float) -> tuple[np.ndarray, np.ndarray]:
    """The portrait turned clockwise about the face, and the matrix that carries its points there."""
    matrix = cv2.getRotationMatrix2D((225, 115), -degrees, 1)
    return cv2.warpAffine(portrait(), matrix, (512, 512), borderMode=cv2.BORDER_REPLICATE), matrix


def test_the_mesh_lies_on_the_face(plain):
    points = plain.landmarks.points
    assert points.shape == (468, 3)
    assert plain.landmarks.presence > 0.99
    assert points[RIGHT_EYE_OUTER, :2] == pytest.approx([194, 101], abs=4)  # read off the picture
    assert points[LEFT_EYE_OUTER, :2] == pytest.approx([257, 104], abs=4)
    assert points[MOUTH_RIGHT, :2] == pytest.approx([203, 140], abs=5)
    assert points[MOUTH_LEFT, :2] == pytest.approx([247, 141], abs=5)
    assert points[CHIN, :2] == pytest.approx([222, 172], abs=6)


@pytest.mark.parametrize("degrees", [-60, -25, 25, 60])
def test_in_a_turned_picture_the_points_turn_along(read, plain, degrees):
    image, matrix = turned(degrees)
    points = plain.landmarks.points[:, :2] @ matrix[:, :2].T + matrix[:, 2]
    apart = np.linalg.norm(read(image).landmarks.points[:, :2] - points, axis=1)
    assert apart.mean() < 2  # of a face of 93 pixels


@pytest.mark.parametrize("degrees", [-150, -60, -25, 25, 60, 90, 180])
def test_roll_is_the_angle_by_which_the_picture_was_turned(read, plain, degrees):
    there, here = read(turned(degrees)[0]).fit.pose, plain.fit.pose
    apart = (there.roll_deg - here.roll_deg - degrees + 180) % 360 - 180
    assert abs(apart) < 2
    assert abs(there.yaw_deg - here.yaw_deg) < 4
    assert abs(there.pitch_deg - here.pitch_deg) < 5


def test_in_the_mirror_yaw_and_roll_change_sign(read, plain):
    mirrored, here = read(np.ascontiguousarray(portrait()[:, ::-1])).fit.pose, plain.fit.pose
    assert mirrored.yaw_deg == pytest.approx(-here.yaw_deg, abs=2)
    assert mirrored.roll_deg == pytest.approx(-here.roll_deg, abs=2)
    assert mirrored.pitch_deg == pytest.approx(here.pitch_deg, abs=4)


def test_the_portrait_looks_about_straight_ahead_with_open_eyes(plain):
    values = plain.columns()
    assert abs(values["yaw_deg"]) < 6
    assert abs(values["pitch_deg"]) < 10
    assert abs(values["gaze_x_deg"]) < 10
    assert abs(values["gaze_y_deg"]) < 10
    assert 0.25 < values["eye_open_right"] < 0.45
    assert 0.25 < values["eye_open_left"] < 0.45
    assert values["face_asymmetry"] < 0.03


def test_the_irises_lie_in_the_eyes(plain):
    assert plain.eyes.right.iris[0] == pytest.approx([204, 101], abs=2)
    assert plain.eyes.left.iris[0] == pytest.approx([246.5, 103.5], abs=2)
    for eye in (plain.eyes.right, plain.eyes.left):
        low, high = eye.lids.min(axis=0), eye.lids.max(axis=0)
        assert (low <= eye.iris[0]).all()
        assert (eye.iris[0] <= high).all()


def test_the_corners_of_the_lids_are_those_of_the_mesh(read):
    """The network knows the eye at the left of a picture; shown the other one as it is, it misses them twice as far."""
    for degrees in (-10, 0, 10):
        face = read(turned(degrees)[0])
        points, apart = face.landmarks.points[:, :2], []
        for eye, corners in (
            (face.eyes.right, (RIGHT_EYE_OUTER, RIGHT_EYE_INNER)),
            (face.eyes.left, (LEFT_EYE_OUTER, LEFT_EYE_INNER)),
        ):
            outer, inner = points[list(corners)]
            width = np.linalg.norm(outer - inner)
            apart += [np.linalg.norm(eye.lids[0] - outer) / width, np.linalg.norm(eye.lids[8] - inner) / width]
        assert np.mean(apart) < 0.09


@pytest.mark.parametrize(("moved_px", "sign"), [(-2, -1), (2, 1)])
def test_the_gaze_follows_the_irises(reader, plain, moved_px, sign):
    moved = [type(eye)(eye.iris + np.float32([moved_px, 0]), eye.lids) for eye in (plain.eyes.right, plain.eyes.left)]
    there = FaceGeometry(plain.landmarks, type(plain.eyes)(*moved)).columns()
    here = plain.columns()
    assert sign * (there["gaze_x_deg"] - here["gaze_x_deg"]) > 10
    assert there["gaze_y_deg"] == pytest.approx(here["gaze_y_deg"], abs=5)


def test_flat_lids_are_closed_eyes(plain):
    shut = [type(eye)(eye.iris, eye.lids * (1, 0) + (0, 100)) for eye in (plain.eyes.right, plain.eyes.left)]
    assert eyes.openness(plain.landmarks.points, type(plain.eyes)(*shut)) == (0, 0)


def test_where_there_is_no_face_the_mesh_says_so(reader):
    image = portrait()
    elsewhere = [Face(Box(20, 20, 100, 100), 1.0), Face(Box(350, 60, 100, 100), 1.0)]
    assert all(geometry.landmarks.presence < 0.1 for geometry in reader(image, elsewhere))


def test_a_box_without_keypoints_is_enough_for_an_upright_face(reader, plain):
    (geometry,) = reader(portrait(), [Face(Box(FACE.x - 12, FACE.y - 11, 117, 117), 1.0)])
    apart = np.linalg.norm(geometry.landmarks.points[:, :2] - plain.landmarks.points[:, :2], axis=1)
    assert apart.mean() < 3


def test_a_large_picture_gives_the_same_mesh(read, plain):
    image = cv2.resize(portrait(), (3000, 3000), interpolation=cv2.INTER_CUBIC)
    points = read(image).landmarks.points[:, :2] * 512 / 3000
    assert np.linalg.norm(points - plain.landmarks.points[:, :2], axis=1).mean() < 2


def test_no_face_gives_nothing_and_several_keep_their_order(detector, reader, plain):
    assert reader(portrait(), []) == []
    twice = np.hstack([portrait(), cv2.resize(portrait(), (256, 256))[:256].repeat(2, axis=0)])
    faces = detector.detect(np.ascontiguousarray(twice))
    for face, geometry in zip(faces, reader(twice, faces), strict=True):
        middle = geometry.landmarks.points[:, :2].mean(axis=0)
        assert face.box.x < middle[0] < face.box.x + face.box.width


def test_one_reader_serves_several_threads(detector, reader, plain):
    faces, found = detector.detect(portrait()), []
    threads = [threading.Thread(target=lambda: found.append(reader(portrait(), faces)[0])) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 4
    assert all((geometry.landmarks.points == plain.landmarks.points).all() for geometry in found)


def test_it_says_what_it_depends_on(reader):
    assert set(reader.files) == {MESH, IRIS, MEAN_FACE}
    assert all(len(digest) == 64 for digest in reader.files.values())


def test_the_columns_of_a_picture_are_those_of_the_dictionary(plain):
    assert list(plain.columns()) == list(PICTURE_COLUMNS)


@pytest.mark.parametrize(("name", "load"), [(MESH, MeshFinder), (IRIS, IrisFinder), (MEAN_FACE, mean_face)])
def test_a_tampered_file_is_refused(tmp_path, name, load):
    folder = shutil.copytree(FACES_DIR, tmp_path / "faces")
    (folder / name).write_bytes((folder / name).read_bytes()[:-1] + b"x")
    with pytest.raises(ModelError, match="SHA-256"):
        load(folder)


def test_a_mean_face_of_another_layout_is_refused(tmp_path):
    import hashlib

    folder = shutil.copytree(FACES_DIR, tmp_path / "faces")
    (folder / MEAN_FACE).write_text("[]")
    card = json.loads((folder / "card.json").read_text())
    card["files"][MEAN_FACE] = {"sha256": hashlib.sha256(b"[]").hexdigest(), "bytes": 2}
    (folder / "card.json").write_text(json.dumps(card))
    with pytest.raises(ModelError, match="mean face"):
        mean_face(folder)
