"""What is done with one frame is the same for a camera and for a recording."""

import json
from dataclasses import replace

import numpy as np
import pytest

from fer_core.analysis.follow import Follower
from fer_core.analysis.run import iterate
from fer_core.analysis.search import FrameSearch, RecordingSearch, SearchState
from fer_core.analysis.tracking import Tracker
from fer_core.classification import EmotionClassifier
from fer_core.detection import BlazeFaceDetector, in_sequence
from fer_core.detection.sequence import BlazeFaceSequence
from fer_core.imaging.crops import cut, network_input
from fer_core.imaging.drawing import overlay_activation
from fer_core.imaging.placement import Placement
from fer_core.live import LiveSettings
from fer_core.live.analyser import LiveAnalyser
from fer_core.media.video import Sample, Video
from fer_core.pipeline import EmotionPipeline
from fer_core.plain import as_plain, from_plain
from fer_core.readings import Box, Face, Keypoints
from fer_core.request import AnalysisRequest, Region
from fer_core.testing import FakeDetector, FakeEngine, fake_card, fake_pipeline
from tests.videos import scene, write_video

LEFT, RIGHT = Box(60, 60, 90, 90), Box(300, 80, 100, 100)
PICTURE = scene((110, 110, 160), (350, 130, 180), width=640, height=360)


class Moving(FakeDetector):
    """Two faces, of which one walks; nobody in every fifth frame. It does not look at the picture."""

    def detect(self, image):
        self.seen.append(image)
        number = len(self.seen)
        return [] if number % 5 == 0 else [Face(RIGHT, 0.9), Face(LEFT.moved(3 * number, 0), 0.8)]


def pipeline_of(detector) -> EmotionPipeline:
    return EmotionPipeline(detector, EmotionClassifier(FakeEngine("sad"), fake_card()))


class Step:
    """Search and follow, frame by frame."""

    def __init__(self, detector, region=None, **options):
        self.search, self.follow = FrameSearch(detector, region), Follower(Tracker(), **options)

    def find(self, image, time_s, frame=0, placed_in=None):
        return self.follow(image, self.search(image, time_s), time_s, frame, placed_in)


def step(detector, **options) -> Step:
    return Step(in_sequence(detector), **options)


def test_live_and_recorded_find_and_read_the_same(tmp_path):
    film = write_video(tmp_path / "film.mkv", [PICTURE] * 25, rate=25)
    recorded = list(iterate(pipeline_of(Moving()), film, AnalysisRequest(fps=0)))
    live, settings = LiveAnalyser(pipeline_of(Moving())), LiveSettings(time_constant_s=0.0)
    with Video(film, 0) as video:
        streamed = [live.read(sample.image, sample.time_s, settings, {}) for sample in video]
    assert len(recorded) == len(streamed) == 25
    for one, other in zip(recorded, streamed, strict=True):
        assert one.time_s == other.time_s
        assert [face.box for face in one.faces] == [face.box for face in other.readings]
        assert [face.person for face in one.faces] == [face.person for face in other.readings]
        assert [face.quality for face in one.faces] == [face.quality for face in other.readings]
        for mine, theirs in zip(one.faces, other.faces, strict=True):
            np.testing.assert_array_equal(mine.probabilities, theirs.raw)


def test_faces_come_from_left_to_right_with_copies_of_their_pictures():
    found = step(FakeDetector([RIGHT, LEFT])).find(PICTURE.copy(), 0.0, 7)
    assert (found.time_s, found.frame) == (0.0, 7)
    assert [face.box for face in found.faces] == [LEFT, RIGHT] and found.persons == (1, 2)
    assert [crop.shape for crop in found.crops] == [(90, 90, 3), (100, 100, 3)]
    assert all(crop.base is None for crop in found.crops)  # no frame is kept for the sake of a face
    assert [face.box for _, face in found.pairs] == [LEFT, RIGHT]


def test_beyond_the_limit_the_largest_are_read_and_the_places_of_the_others_are_kept():
    small = Box(500, 200, 40, 40)
    found = step(FakeDetector([small, LEFT, RIGHT]), most=2).find(PICTURE, 0.0)
    assert [face.box for face in found.faces] == [LEFT, RIGHT] and found.unread == (small,)


def test_in_another_size_people_keep_their_numbers_and_places():
    detector = FakeDetector([LEFT])
    following = step(detector)
    first = following.find(PICTURE, 0.0)
    detector.boxes = (Box(*(value * 2 for value in LEFT)),)
    double = np.repeat(np.repeat(PICTURE, 2, 0), 2, 1)
    second = following.find(double, 0.2, 1, Placement.stretched((1280, 720), (640, 360)))
    assert [face.box for face in second.faces] == [LEFT] and second.persons == first.persons == (1,)
    assert second.crops[0].shape == (180, 180, 3)  # from the frame as it came


class Watched:
    """Takes note of what it is shown, and of every new beginning."""

    def __init__(self, *faces: Face) -> None:
        self.faces, self.seen, self.resets = faces, [], 0

    def detect(self, image, time_s):
        self.seen.append(image)
        return list(self.faces)

    def reset(self):
        self.resets += 1


def test_a_face_at_the_border_keeps_its_proportions(monkeypatch):
    taken = []
    monkeypatch.setattr(
        FakeEngine, "__call__", lambda self, faces, call=FakeEngine.__call__: taken.append(faces) or call(self, faces)
    )
    whole = Box(60, -40, 160, 160)
    picture = np.random.default_rng(0).integers(0, 256, PICTURE.shape, np.uint8)
    pipeline = pipeline_of(FakeDetector([whole.clipped(640, 360)]))
    pipeline.analyze_image(picture)
    found = step(pipeline.detector).find(picture, 0.0)
    np.testing.assert_array_equal(taken[0], network_input([cut(picture, whole)], 48))
    np.testing.assert_array_equal(found.crops[0], cut(picture, whole))


def test_a_face_of_which_little_is_seen_is_small_and_its_map_lies_on_it():
    whole = Box(-28, 100, 60, 60)
    (reading,) = pipeline_of(FakeDetector([whole.clipped(640, 360)])).analyze_image(PICTURE)
    assert reading.quality.size_px == 32 and "small" in reading.quality.problems
    marked = np.zeros((2, 60), np.float32)
    marked[:, 28:] = 1  # what the picture shows of it
    drawn = overlay_activation(np.zeros_like(PICTURE), [replace(reading, activation=marked)])
    assert len(np.unique(drawn[110:150, 2:32].reshape(-1, 3), axis=0)) == 1


def test_at_the_border_of_a_region_the_picture_goes_on():
    region = Region(0.5, 0, 0.5, 1)  # from pixel 320 on
    (face,) = step(FakeDetector([Box(0, 80, 60, 100)]), region=region).find(PICTURE, 0.0).faces
    assert face.box == Box(280, 80, 100, 100)
    (face,) = step(FakeDetector([Box(220, 80, 100, 100)]), region=region).find(PICTURE, 0.0).faces
    assert face.box == Box(540, 80, 100, 100)


def test_a_region_is_all_that_is_searched_and_everything_found_is_in_pixels_of_the_frame():
    points = Keypoints(*((10.0 + n, 20.0 + n) for n in range(6)))
    watched = Watched(Face(Box(10, 20, 60, 60), 0.9, points))
    found = Step(watched, Region(0.5, 0.25, 0.5, 0.5)).find(PICTURE, 0.0)
    np.testing.assert_array_equal(watched.seen[0], PICTURE[90:270, 320:])
    [face] = found.faces
    assert face.box == Box(330, 110, 60, 60)
    np.testing.assert_array_equal(found.crops[0], PICTURE[110:170, 330:390])
    assert np.asarray(face.keypoints) == pytest.approx(np.asarray(points) + np.array([320, 90]))


def test_faces_are_measured_in_pixels_of_the_frame():
    measured = []

    def measure(image, faces):
        measured.append((image.shape, [face.box for face in faces]))
        return list(faces)

    watched = Watched(Face(Box(10, 20, 60, 60), 0.9))
    Step(watched, Region(0.5, 0, 0.5, 1), measure=measure).find(PICTURE, 0.0)
    assert measured == [((360, 640, 3), [Box(330, 20, 60, 60)])]


def test_the_search_begins_anew_with_another_size():
    watched = Watched()
    search = FrameSearch(watched)
    for _ in range(3):
        search(PICTURE, 0.0)
    assert watched.resets == 1
    search(PICTURE[:, :320], 0.1)
    assert watched.resets == 2


def test_a_new_shot_is_noticed_and_searched_anew():
    watched = Watched()
    search = RecordingSearch(watched)
    pictures = [PICTURE, PICTURE, 255 - PICTURE]
    searched = [search(Sample(number / 4, number, image, 640, 360)) for number, image in enumerate(pictures)]
    assert [one.is_cut for one in searched] == [False, False, True]
    assert watched.resets == 2  # at the beginning, and at the cut


def test_a_search_goes_on_where_its_state_was_taken():
    sequence = BlazeFaceSequence(BlazeFaceDetector())
    search = RecordingSearch(sequence, keeps_memories=True)
    samples = [Sample(number / 4, number, PICTURE, 640, 360) for number in range(9)]
    searched = [search(sample) for sample in samples]
    for at in (0, 3):  # with a thorough search before, and with one to come
        memory = from_plain(SearchState, json.loads(json.dumps(as_plain(searched[at].memory))))
        again = RecordingSearch(BlazeFaceSequence(sequence.detector), keeps_memories=True)
        again.restore(memory)
        assert [again(sample) for sample in samples[at + 1 :]][-1].memory == searched[-1].memory


def test_readings_of_a_recording_carry_their_people(tmp_path):
    film = write_video(tmp_path / "film.mp4", [PICTURE] * 10)
    readings = fake_pipeline([LEFT, RIGHT]).iter_video(film, 0)
    assert [[face.person for face in reading.faces] for reading in readings] == [[1, 2]] * 10
