"""BlazeFace: small, cut, turned and lone faces; its files; and sequences of frames."""

import itertools
import json
import shutil
from dataclasses import replace

import cv2
import numpy as np
import pytest

from fer_core.detection import load_detector
from fer_core.detection.anchors import anchors, decoded
from fer_core.detection.blazeface import BlazeFaceDetector, BlazeFaceLimits, crop_box
from fer_core.detection.candidates import Candidates, together
from fer_core.detection.letterbox import Letterboxed
from fer_core.detection.sequence import BlazeFaceSequence
from fer_core.detection.suppression import merged, weighted_nms
from fer_core.detection.tiles import levels, tiles
from fer_core.detection.turning import Turn, upright_turn
from fer_core.diagnostics.benchmarks.scenes import crowd, portrait
from fer_core.errors import ModelError
from fer_core.imaging.halvings import Halvings
from fer_core.media.samples import PORTRAIT_FACE as FACE
from fer_core.networks.face_files import DETECTOR, FACES_DIR, face_network, load_faces_card
from fer_core.readings import Box
from fer_core.request import DetectorChoice


@pytest.fixture(scope="module")
def detector() -> BlazeFaceDetector:
    return BlazeFaceDetector()


def found_of(faces, boxes) -> int:
    return sum(any(face.box.overlap(box) > 0.3 for face in faces) for box in boxes)


@pytest.mark.parametrize(("width", "height", "face_px"), [(1920, 1080, 40), (4000, 3000, 100)])
def test_all_small_faces_of_a_large_picture_are_found(detector, width, height, face_px):
    crowded = crowd(width, height, face_px)
    scene, boxes = crowded.image, crowded.faces
    result = detector.search_still(scene)
    assert found_of(result.faces, boxes) == len(result.faces) == 12
    assert result.smallest_px <= face_px


def test_the_result_says_which_faces_were_not_looked_for(detector):
    assert detector.search_still(np.zeros((4000, 6000, 3), np.uint8)).smallest_px == 94
    assert detector.search_still(np.zeros((480, 640, 3), np.uint8)).smallest_px == 40


CUTS = [
    lambda image: image[:, FACE.x + 25 :],  # a quarter of the face missing at the left
    lambda image: image[:, : FACE.x + FACE.width - 25],
    lambda image: image[FACE.y + 25 :],
    lambda image: image[: FACE.y + FACE.height - 25],
]


@pytest.mark.parametrize("cut", CUTS, ids=["left", "right", "top", "bottom"])
def test_a_face_cut_by_the_border_is_found(detector, cut):
    (face,) = detector.detect(np.ascontiguousarray(cut(portrait())))
    assert face.confidence > 0.5


@pytest.mark.parametrize("side_px", [48, 93, 600])
def test_a_picture_that_is_nothing_but_a_face_is_a_face(detector, side_px):
    image = portrait()[FACE.y : FACE.y + FACE.height, FACE.x : FACE.x + FACE.width]
    (face,) = detector.detect(cv2.resize(image, (side_px, side_px), interpolation=cv2.INTER_AREA))
    assert face.box.overlap(Box(0, 0, side_px, side_px)) > 0.7


@pytest.mark.parametrize("turn", [Turn.CLOCKWISE, Turn.HALF, Turn.COUNTERCLOCKWISE])
def test_a_turned_picture_is_recognised_and_its_box_is_where_the_face_is(detector, turn):
    (upright,) = detector.detect(portrait())
    back = Turn((360 - turn) % 360)
    result = detector.search_still(back.apply(portrait()))
    assert result.turn is turn
    (face,) = result.faces
    x, y = {
        Turn.CLOCKWISE: (upright.box.y, 512 - upright.box.x - upright.box.width),
        Turn.HALF: (512 - upright.box.x - upright.box.width, 512 - upright.box.y - upright.box.height),
        Turn.COUNTERCLOCKWISE: (512 - upright.box.y - upright.box.height, upright.box.x),
    }[turn]
    assert face.box.overlap(Box(x, y, upright.box.width, upright.box.height)) > 0.8
    assert upright_turn(np.array(face.keypoints, np.float32)) is turn


def test_keypoints_are_those_of_the_person(detector):
    (face,) = detector.detect(portrait())
    points = face.keypoints
    assert points.right_ear[0] < points.right_eye[0] < points.nose[0] < points.left_eye[0] < points.left_ear[0]
    assert points.right_eye[1] < points.nose[1] < points.mouth[1]
    assert abs(points.mouth[0] - 223) < 8
    assert abs(points.mouth[1] - 146) < 8


def test_a_doubtful_find_needs_the_face_check(detector):
    sure = BlazeFaceDetector(detector.check, limits=BlazeFaceLimits(acceptance=((0.2, 0.0),)))
    doubted = BlazeFaceDetector(detector.check, limits=BlazeFaceLimits(acceptance=((0.99, 0.0), (0.2, 0.5))))
    never = BlazeFaceDetector(detector.check, limits=BlazeFaceLimits(acceptance=((0.99, 0.0), (0.2, 1.1))))
    assert len(sure.detect(portrait())) == 1
    assert len(doubted.detect(portrait())) == 1
    assert never.detect(portrait()) == []


def test_it_says_what_it_depends_on(detector):
    assert set(detector.files) == {DETECTOR, "limits of blazeface", "face_check", "face_check.tflite"}
    stricter = BlazeFaceDetector(detector.check, limits=BlazeFaceLimits(acceptance=((0.99, 0.0),)))
    assert stricter.files != detector.files  # so that neither goes on from what the other read
    assert all(len(digest) == 64 for digest in detector.files.values())
    assert detector.parameters == {"smallest_px": 40}
    assert load_detector(DetectorChoice("blazeface", {"smallest_px": 25})).parameters == {"smallest_px": 25}


def test_the_card_names_source_licence_and_limits_of_every_file():
    card = load_faces_card()
    assert set(card.networks) == {path.name for path in FACES_DIR.glob("*.tflite")}
    assert set(card.files) == {path.name for path in FACES_DIR.iterdir()} - {"card.json", "LICENSE"}
    assert "Apache-2.0" in card.licence
    assert (FACES_DIR / "LICENSE").is_file()
    assert sum(path.stat().st_size for path in FACES_DIR.iterdir()) < 7_000_000


def test_a_tampered_network_is_refused(tmp_path):
    folder = shutil.copytree(FACES_DIR, tmp_path / "faces")
    (folder / DETECTOR).write_bytes((folder / DETECTOR).read_bytes()[:-1] + b"x")
    with pytest.raises(ModelError, match="SHA-256"):
        BlazeFaceDetector(folder=folder)


@pytest.mark.parametrize("content", [None, "{}", "nonsense"])
def test_without_a_valid_card_no_network_is_used(tmp_path, content):
    folder = shutil.copytree(FACES_DIR, tmp_path / "faces")
    (folder / "card.json").unlink()
    if content is not None:
        (folder / "card.json").write_text(content)
    with pytest.raises(ModelError, match=r"card\.json"):
        face_network(DETECTOR, folder)


def candidates(*rows: tuple[float, ...]) -> Candidates:
    """Of rows left, top, right, bottom, score."""
    table = np.array(rows, np.float32).reshape(-1, 5)
    return Candidates(table[:, :4], np.zeros((len(table), 6, 2), np.float32), table[:, 4])


def test_decoding_adds_the_anchor_and_drops_what_is_too_unsure():
    offsets, logits = np.zeros((4, 16), np.float32), np.full((4, 1), -9, np.float32)
    offsets[3, :4], offsets[3, 4:6], logits[3] = (2, -3, 20, 10), (-1, 1), 2
    offsets[0, 2:4], logits[0] = (-5, 5), 9  # a box without area
    found = decoded(offsets, logits, 100, 0.5)
    assert found.corners.tolist() == [[67, 67, 87, 77]]
    assert found.keypoints[0, 0].tolist() == [74, 76]
    assert found.scores[0] == pytest.approx(0.8808, abs=1e-4)


def test_anchors_of_the_full_range_model_are_as_many_as_its_outputs():
    assert len(anchors(48)) == 2304


def test_boxes_of_one_face_are_blended_by_score():
    found = weighted_nms(candidates((0, 0, 10, 10, 0.9), (2, 0, 12, 10, 0.3), (50, 50, 60, 60, 0.5)))
    assert found.corners.tolist() == [[0.5, 0, 10.5, 10], [50, 50, 60, 60]]
    assert found.scores.tolist() == pytest.approx([0.9, 0.5])


MERGES = [
    ([(0, 0, 10, 10, 0.6)], [(1, 0, 11, 10, 0.9)], [(1, 0, 11, 10)]),  # one face, the better box
    ([(0, 0, 10, 10, 0.9)], [(1, 0, 11, 10, 0.6)], [(0, 0, 10, 10)]),
    ([(0, 0, 100, 100, 0.8)], [(20, 20, 40, 40, 0.9)], [(0, 0, 100, 100)]),  # an eye that looks like a face
    ([(0, 0, 100, 100, 0.5)], [(20, 20, 40, 40, 0.9)], [(20, 20, 40, 40)]),  # a doubtful box about a small face
    ([(0, 0, 10, 10, 0.9)], [(20, 0, 30, 10, 0.4)], [(0, 0, 10, 10), (20, 0, 30, 10)]),  # two people
    ([], [(0, 0, 10, 10, 0.9), (1, 1, 11, 11, 0.8)], [(0, 0, 10, 10)]),  # one face in two tiles
    ([], [], []),
]


@pytest.mark.parametrize(("coarse", "fine", "left"), MERGES)
def test_searches_are_merged_to_one_box_per_face(coarse, fine, left):
    merge = merged(candidates(*coarse), candidates(*fine), sure=0.65)
    assert sorted(map(tuple, merge.corners.tolist())) == sorted(left)
    assert len(together([])) == 0


@pytest.mark.parametrize(("width", "height"), [(1920, 1080), (1080, 1920), (4000, 3000), (8000, 10), (641, 641)])
def test_tiles_cover_the_picture_and_overlap(width, height):
    for level in levels(width, height, 40):
        seen = np.zeros((height, width), bool)
        for tile in level.tiles:
            assert tile == tile.clipped(width, height)
            seen[tile.y : tile.y + tile.height, tile.x : tile.x + tile.width] = True
        assert seen.all()
    rows = sorted({tile.x for tile in tiles(1000, 1000, 400)})
    assert max(b - a for a, b in itertools.pairwise(rows)) <= 300


def test_a_letterbox_maps_back_to_the_picture():
    image = np.zeros((600, 800, 3), np.uint8)
    image[310:330, 410:430] = (0, 0, 255)
    for part in (Box(0, 0, 800, 600), Box(400, 300, 200, 100), Box(380, 290, 96, 96)):
        box = Letterboxed.of(Halvings(image), part, 192)
        rows, columns = np.nonzero(box.pixels[..., 0] > 0)
        spot = candidates((columns.min(), rows.min(), columns.max() + 1, rows.max() + 1, 1))
        assert box.in_picture(spot).corners[0] == pytest.approx([410, 310, 430, 330], abs=5)


@pytest.mark.parametrize("part", [Box(407, 303, 1543, 1543), Box(5, 7, 1999, 1201), Box(1, 1, 1551, 793)])
def test_a_tile_that_a_halving_does_not_divide_maps_back_to_the_pixel(part):
    image = np.zeros((2003, 2301, 3), np.uint8)
    centre = part.x + part.width // 2 // 16 * 16, part.y + part.height // 2 // 16 * 16
    left, top = (place // 8 * 8 for place in centre)
    image[top : top + 160, left : left + 160] = 255
    box = Letterboxed.of(Halvings(image), part, 192)
    light = (box.pixels[..., 0] + 1) / 2  # of the pixels at an edge, the share that the spot covers
    rows, columns = np.nonzero(light > 0.5)
    across, down = light[rows[len(rows) // 2]], light[:, columns[len(columns) // 2]]
    edges = [_edges(line) for line in (across, down)]
    spot = candidates((edges[0][0], edges[1][0], edges[0][1], edges[1][1], 1))
    assert box.in_picture(spot).corners[0] == pytest.approx([left, top, left + 160, top + 160], abs=1.5)


def _edges(line: np.ndarray) -> tuple[float, float]:
    """Where the light part of a line of pixels begins and ends, in parts of a pixel."""
    first, last = np.flatnonzero(line > 0.01)[[0, -1]]
    return first + 1 - line[first], last + line[last]


def test_the_box_of_the_project_is_that_of_fer2013():
    assert crop_box(np.array([20, 46, 451, 477], np.float32)) == Box(0, 0, 480, 480)


def frames(count: int, portrait_px: int, width: int = 1280, height: int = 720):
    """A talking head that moves: the portrait, drifting at four frames a second; gone in the middle fifth."""
    image = cv2.resize(portrait(), (portrait_px, portrait_px), interpolation=cv2.INTER_AREA)
    for number in range(count):
        frame = np.full((height, width, 3), 60, np.uint8)
        if not 0.4 <= number / count < 0.6:
            x = round((width - portrait_px) * number / count)
            frame[height - portrait_px :, x : x + portrait_px] = image
        yield number / 4, frame


def test_a_sequence_finds_the_faces_that_the_still_search_finds(detector):
    sequence = BlazeFaceSequence(detector)
    for time_s, frame in frames(20, portrait_px=400):
        assert len(sequence.detect(frame, time_s)) == len(detector.detect(frame))


def test_a_small_face_that_comes_back_is_seen_half_a_second_later_at_the_latest(detector):
    sequence, there_s = BlazeFaceSequence(detector), None
    for time_s, frame in frames(20, portrait_px=250):
        found, still = sequence.detect(frame, time_s), detector.detect(frame)
        there_s = (there_s if there_s is not None else time_s) if still else None
        if there_s is not None and time_s - there_s >= 0.5:
            assert len(found) == 1


def test_small_faces_stay_found_between_the_tile_searches(detector):
    crowded = crowd(1920, 1080, 40)
    scene, boxes = crowded.image, crowded.faces
    sequence = BlazeFaceSequence(detector, tiles_every_s=100)
    for time_s in (0, 0.25, 0.5):
        assert found_of(sequence.detect(scene, time_s), boxes) == 12


def test_a_sequence_can_be_interrupted_and_gone_on_with(detector):
    crowded = crowd(1920, 1080, 40)
    scene, boxes = crowded.image, crowded.faces
    first, second = BlazeFaceSequence(detector, tiles_every_s=100), BlazeFaceSequence(detector, tiles_every_s=100)
    first.detect(scene, 0)
    second.restore(json.loads(json.dumps(first.state())))
    assert found_of(second.detect(scene, 0.25), boxes) == 12
    second.reset()
    assert second.state() == {"known": [], "thorough_s": None, "rarely": False, "turn": 0}


@pytest.mark.parametrize(("small_before", "seen_s"), [(0, 4.0), (1, 2.0)])
def test_a_small_face_beside_a_large_one_is_seen_later_the_fewer_there_were_before(detector, small_before, seen_s):
    """A large face and as many small ones as told, which only tiles show; another small one comes at 0.25 s."""
    large, small = (cv2.resize(portrait(), (side, side), interpolation=cv2.INTER_AREA) for side in (500, 220))
    frame = np.full((720, 1280, 3), 60, np.uint8)
    frame[200:700, 100:600] = large
    places = [(20, 700), (400, 1000)]
    for y, x in places[:small_before]:
        frame[y : y + 220, x : x + 220] = small
    sequence, y, x = BlazeFaceSequence(detector), *places[small_before]
    assert len(sequence.detect(frame, 0.0)) == 1 + small_before
    frame[y : y + 220, x : x + 220] = small
    assert len(detector.detect(frame)) == 2 + small_before
    counts = {time_s: len(sequence.detect(frame, time_s)) for time_s in np.arange(0.25, 4.5, 0.25).tolist()}
    assert next(time_s for time_s, count in counts.items() if count == 2 + small_before) == seen_s


def test_where_no_sure_face_is_left_tiles_are_searched_as_often_as_ever(monkeypatch):
    detector, frame, searched_s = BlazeFaceDetector(), held(Turn.NONE), []
    sequence, time_s = BlazeFaceSequence(detector), 0.0
    tiled = BlazeFaceDetector.tiled
    monkeypatch.setattr(
        BlazeFaceDetector, "tiled", lambda self, *given: searched_s.append(time_s) or tiled(self, *given)
    )
    for time_s in (0.0, 1.0, 2.0):
        sequence.detect(frame, time_s)
    assert searched_s == [0.0]
    detector.limits = replace(detector.limits, acceptance=((1.1, 0.0), (0.2, 0.0)))  # nothing is sure enough
    time_s = 2.5
    assert sequence.detect(frame, time_s)
    assert searched_s == [0.0, 2.5]


def test_a_turned_recording_stays_found(detector):
    image = Turn.CLOCKWISE.apply(portrait())
    sequence = BlazeFaceSequence(detector)
    faces = [sequence.detect(image, time_s) for time_s in (0.0, 0.25, 0.5)]
    assert [len(found) for found in faces] == [1, 1, 1]
    assert faces[0][0].box.overlap(faces[2][0].box) > 0.9


def held(turn: Turn, portrait_px: int = 300):
    """A frame of a phone that is held so: the portrait in front of a wall."""
    image = np.full((480, 480, 3), 60, np.uint8)
    image[100 : 100 + portrait_px, 100 : 100 + portrait_px] = cv2.resize(
        portrait(), (portrait_px, portrait_px), interpolation=cv2.INTER_AREA
    )
    return turn.apply(image)


@pytest.mark.parametrize("turn", list(Turn))
def test_a_sequence_reads_turned_frames_as_the_still_search_does(detector, turn):
    still, sequence = detector.search_still(held(turn)), BlazeFaceSequence(detector)
    assert (sequence.detect(held(turn), 0.0), sequence.turn) == (list(still.faces), still.turn)
    [face] = sequence.detect(held(turn), 0.25)
    assert face.confidence >= detector.limits.sure


@pytest.mark.parametrize("turn", [Turn.CLOCKWISE, Turn.HALF, Turn.COUNTERCLOCKWISE])
def test_a_phone_that_is_turned_while_it_records_is_followed(detector, turn):
    sequence = BlazeFaceSequence(detector)
    sequence.detect(held(turn), 0.0)
    assert sequence.turn is not Turn.NONE
    [face] = sequence.detect(held(Turn.NONE), 0.25)  # between two thorough searches
    [still] = detector.detect(held(Turn.NONE))
    assert sequence.turn is Turn.NONE
    assert face.confidence >= detector.limits.sure and face.box.overlap(still.box) > 0.9


def test_a_turned_recording_stays_turned_while_nobody_is_there(detector):
    sequence = BlazeFaceSequence(detector)
    frames = [held(Turn.CLOCKWISE), np.full((480, 480, 3), 60, np.uint8), held(Turn.CLOCKWISE)]
    assert [len(sequence.detect(frame, number / 4)) for number, frame in enumerate(frames)] == [1, 0, 1]
    assert sequence.turn is Turn.COUNTERCLOCKWISE
