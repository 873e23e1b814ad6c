"""The mesh in the picture, the drawn head, and a pose in words."""

import dataclasses

import numpy as np
import pytest
from scipy.spatial import Delaunay

from fer_core.diagnostics.benchmarks.scenes import portrait
from fer_core.face.mean_face import mean_face
from fer_core.face.overlay import edges, head, overlay_mesh
from fer_core.face.pose import in_words
from fer_core.live.settings import View
from fer_core.live.view import drawn, mirrored
from fer_core.pipeline import EmotionPipeline
from fer_core.readings import FaceReading, Pose


@pytest.fixture(scope="module")
def reading() -> FaceReading:
    [found] = EmotionPipeline.load().analyze_image(portrait())
    return found


def changed(before: np.ndarray, after: np.ndarray) -> np.ndarray:
    """Rows and columns of the pixels that differ."""
    return np.argwhere((before != after).any(axis=2))


def test_the_mesh_lies_on_the_face_alone(reading):
    places = changed(portrait(), overlay_mesh(portrait(), [reading]))
    assert len(places) > 1000
    points = reading.mesh.landmarks[:, [1, 0]]
    assert (places.min(axis=0) >= points.min(axis=0) - 2).all() and (places.max(axis=0) <= points.max(axis=0) + 2).all()


def test_a_face_without_a_mesh_stays_as_it_is(reading):
    bare = dataclasses.replace(reading, mesh=None)
    assert not len(changed(portrait(), overlay_mesh(portrait(), [bare])))


def test_in_the_mirror_the_mesh_lies_on_the_mirrored_face(reading):
    view = View(mirrored=True, boxes=False, mesh=True)
    seen = drawn(portrait(), [reading], view)
    plain = overlay_mesh(portrait(), [reading])[:, ::-1]
    assert len(changed(np.ascontiguousarray(portrait()[:, ::-1]), seen)) > 1000
    assert (seen != plain).any(axis=2).mean() < 0.02  # lines are rounded by a pixel at most
    assert mirrored(reading, 512).pose == reading.pose  # the person's own left stays left


def test_of_hidden_faces_no_mesh_is_drawn(reading):
    hidden = View(boxes=False, mirrored=False, hidden=True)
    both = dataclasses.replace(hidden, mesh=True)
    assert (drawn(portrait(), [reading], both) == drawn(portrait(), [reading], hidden)).all()


def test_the_mesh_is_off_by_default(reading):
    assert not View().mesh


def middle_of_the_line(pose: Pose) -> np.ndarray:
    """Where the line from the nose of the drawn head points, (x, y) from the middle, -1 to 1."""
    picture = head(pose, 200)
    y, x = np.nonzero((picture[..., 0] > 200) & (picture[..., 3] > 200))
    return np.array([x.mean() / 100 - 1, y.mean() / 100 - 1])


@pytest.mark.parametrize(
    ("pose", "axis", "sign"),
    [(Pose(40, 0, 0), 0, 1), (Pose(-40, 0, 0), 0, -1), (Pose(0, 40, 0), 1, -1), (Pose(0, -40, 0), 1, 1)],
)
def test_the_drawn_head_points_where_the_head_does(pose, axis, sign):
    moved = middle_of_the_line(pose) - middle_of_the_line(Pose(0, 0, 0))
    assert sign * moved[axis] > 0.15 > abs(moved[1 - axis])


def test_the_drawn_head_has_a_transparent_ground():
    picture = head(Pose(10, 5, 0), 80)
    assert picture.shape == (80, 80, 4) and picture[0, 0, 3] == 0 and picture[..., 3].max() == 255


WORDS = {
    Pose(0, 0, 0): "head straight",
    Pose(4, -4, 4): "head straight",
    Pose(12.4, 0, 0): "head turned 12° to their left",
    Pose(-30, 6, 0): "head turned 30° to their right, raised 6°",
    Pose(0, -10, -8): "head lowered 10°, tilted 8° to their right",
}


@pytest.mark.parametrize(("pose", "words"), WORDS.items(), ids=WORDS.values())
def test_a_pose_in_words(pose, words):
    assert in_words(pose) == words


def test_the_lines_of_the_mesh_are_a_triangulation_of_the_mean_face():
    points = mean_face().points[:, :2]
    triangles = np.sort(Delaunay(points).simplices, axis=1)
    expected = {(int(a), int(b)) for a, b, c in triangles for a, b in ((a, b), (b, c), (a, c))}
    drawn_lines = {tuple(line) for line in edges().tolist()}
    assert len(drawn_lines) > 1300
    assert len(drawn_lines - expected) < 0.01 * len(drawn_lines)  # four points on a circle can be divided in two ways
