import numpy as np
import pytest

from fer_core.classification import EmotionClassifier
from fer_core.classification.engines import NetworkOutput
from fer_core.emotions import EMOTIONS
from fer_core.live import LiveAnalyser, LiveSettings
from fer_core.live.analyser import GAP_S, MOST_FACES, RECALL_S
from fer_core.pipeline import EmotionPipeline
from fer_core.readings import Box
from fer_core.testing import FakeDetector, FakeEngine, fake_card
from tests.boxes import scaled

LEFT, RIGHT = Box(40, 120, 160, 160), Box(400, 120, 180, 180)
RAW = LiveSettings(time_constant_s=0)
PICTURE = np.random.default_rng(0).integers(0, 256, (480, 640, 3), dtype=np.uint8)


class EveryFrame:
    """Looks at every frame as a whole."""

    def __init__(self, detector) -> None:
        self.detector, self.resets = detector, 0

    def detect(self, image, time_s):
        return self.detector.detect(image)

    def reset(self):
        self.resets += 1


class Parts:
    """An analyser, and the fakes behind it."""

    def __init__(self, *boxes: Box, emotion: str = "happy", strength: float = 4.0) -> None:
        self.detector, self.engine = FakeDetector(boxes), FakeEngine(emotion, strength)
        pipeline = EmotionPipeline(self.detector, EmotionClassifier(self.engine, fake_card()))
        self.sequences: list[EveryFrame] = []
        self.analyser = LiveAnalyser(pipeline, self.in_sequence)

    def in_sequence(self, detector) -> EveryFrame:
        self.sequences.append(EveryFrame(detector))
        return self.sequences[-1]

    def read(self, time_s: float, picture=PICTURE, settings=RAW, baselines=None):
        return self.analyser.read(picture, time_s, settings, baselines or {})


def people(reading) -> list[int]:
    return [face.person for face in reading.faces]


def test_faces_come_from_left_to_right_numbered_and_in_one_batch():
    parts = Parts(RIGHT, LEFT)
    reading = parts.read(0.0)
    assert [face.reading.box.x for face in reading.faces] == sorted(face.reading.box.x for face in reading.faces)
    assert sorted(people(reading)) == [1, 2]
    assert [len(batch) for batch in parts.engine.seen] == [2]
    assert (reading.width, reading.height) == (640, 480)


def test_people_keep_their_numbers_while_they_move():
    parts = Parts(LEFT, RIGHT)
    first = people(parts.read(0.0))
    for step in range(1, 20):
        parts.detector.boxes = (LEFT.moved(step * 2, step), RIGHT.moved(-step, 0))
        assert people(parts.read(step * 0.04)) == first


def test_nobody_is_an_empty_reading():
    reading = Parts().read(0.0)
    assert reading.faces == () and not reading.black


@pytest.mark.parametrize("level", [0, 16])
def test_a_black_picture_is_called_so_and_not_searched(level):
    parts = Parts(LEFT)
    reading = parts.read(0.0, np.full((480, 640, 3), level, np.uint8))
    assert reading.black and reading.faces == () and parts.detector.seen == []


def test_of_a_crowd_the_largest_are_read():
    boxes = [Box(2 + 30 * i, 20, 24 + i, 24 + i) for i in range(10)]
    reading = Parts(*boxes).read(0.0)
    assert len(reading.faces) == MOST_FACES and set(reading.unread) == set(boxes[:2])
    assert min(face.reading.box.width for face in reading.faces) == 26


def test_faces_that_are_not_read_lie_where_they_are_in_a_frame_of_another_size():
    boxes = [Box(2 + 30 * i, 20, 24 + i, 24 + i) for i in range(10)]
    reading = Parts(*boxes).read(0.0, np.ascontiguousarray(PICTURE[::2, ::2]))
    assert set(reading.unread) == {scaled(box, 0.5) for box in boxes[:2]}
    assert len(reading.boxes) == 10


@pytest.mark.parametrize(
    ("picture", "pause_s"),
    [
        (np.ascontiguousarray(PICTURE.transpose(1, 0, 2)), 0.04),  # the phone was turned
        (PICTURE, GAP_S + 0.1),  # the camera was off
    ],
)
def test_everything_starts_afresh_after_a_change_of_size_or_a_pause(picture, pause_s):
    parts = Parts(LEFT, emotion="happy")
    slow = LiveSettings(time_constant_s=2.0)
    for step in range(5):
        parts.read(step * 0.04, settings=slow)
    parts.engine.row = EMOTIONS.index("sad")
    parts.detector.boxes = (LEFT.moved(0, 80),)
    [face] = parts.read(4 * 0.04 + pause_s, picture, slow).faces
    assert face.reading.label == "sad"  # without a start from scratch the past would outweigh it
    assert people(parts.read(4.3 + pause_s, picture, slow))


@pytest.mark.parametrize("factor", [0.5, 2])
def test_a_frame_of_another_size_and_the_same_shape_changes_nothing(factor):
    """Browsers send smaller frames when the network or the machine is busy."""
    parts = Parts(LEFT, RIGHT)
    slow = LiveSettings(time_constant_s=2.0)
    first = people(parts.read(0.0, settings=slow))
    parts.engine.row = EMOTIONS.index("sad")
    other = np.ascontiguousarray(np.kron(PICTURE, np.ones((2, 2, 1), np.uint8)) if factor == 2 else PICTURE[::2, ::2])
    reading = parts.read(0.04, other, slow)
    assert people(reading) == first and {face.reading.label for face in reading.faces} == {"happy"}
    assert (reading.width, reading.height) == (640 * factor, 480 * factor)
    assert [face.reading.box for face in reading.faces] == [scaled(LEFT, factor), scaled(RIGHT, factor)]
    assert parts.detector.seen[-1].shape == PICTURE.shape


def test_smoothing_follows_a_change_with_its_time_constant_and_keeps_the_raw_values():
    parts = Parts(LEFT, emotion="happy")
    smooth = LiveSettings(time_constant_s=0.5)
    for step in range(10):
        parts.read(step * 0.04, settings=smooth)
    parts.engine.row = EMOTIONS.index("sad")
    labels = []
    for step in range(10, 60):
        [face] = parts.read(step * 0.04, settings=smooth).faces
        assert EMOTIONS[int(face.raw.argmax())] == "sad"
        assert face.reading.probabilities.sum() == pytest.approx(1, abs=1e-4)
        labels.append(face.reading.label)
    assert labels[0] == "happy" and labels[-1] == "sad" and labels == sorted(labels, key=["happy", "sad"].index)


def test_without_smoothing_readings_are_the_models():
    [face] = Parts(LEFT).read(0.0).faces
    assert np.allclose(face.reading.probabilities, face.raw, atol=1e-5)


def test_the_threshold_is_that_of_the_settings():
    parts = Parts(LEFT, strength=2.0)
    confidence = parts.read(0.0).faces[0].reading.confidence
    for threshold, uncertain in ((confidence - 0.01, False), (confidence + 0.01, True)):
        [face] = parts.read(0.04, settings=LiveSettings(0.0, threshold)).faces
        assert face.reading.uncertain is uncertain


def test_a_baseline_weighs_the_reading_and_not_the_raw_values():
    parts = Parts(LEFT, emotion="sad", strength=1.5)
    weights = np.float32([1, 1, 1, 1, 0.1, 1, 1])
    [face] = parts.read(0.0, baselines={1: weights}).faces
    assert face.reading.label != "sad" and EMOTIONS[int(face.raw.argmax())] == "sad"


class TwoPlaces:
    """The left half of a face speaks for neutral, the right one for sad, as strongly as said."""

    def __init__(self, neutral: float, sad: float) -> None:
        self.says(neutral, sad)

    def says(self, neutral: float, sad: float) -> None:
        self.halves = {"neutral": (np.s_[:3], neutral), "sad": (np.s_[3:], sad)}

    def __call__(self, faces):
        maps = np.zeros((len(faces), 6, 6, len(EMOTIONS)), np.float32)
        for emotion, (half, strength) in self.halves.items():
            maps[:, :, half, EMOTIONS.index(emotion)] = 2 * strength
        return NetworkOutput(maps.mean(axis=(1, 2)), np.zeros((len(faces), 8), np.float32), maps)


def map_is_of_its_label(reading) -> bool:
    left, right = reading.activation[:, :3].mean(), reading.activation[:, 3:].mean()
    return bool(right > left) == (reading.label == "sad")


def test_the_activation_map_is_that_of_the_label_that_is_shown():
    engine = TwoPlaces(neutral=1.8, sad=2.0)
    analyser = LiveAnalyser(EmotionPipeline(FakeDetector([LEFT]), EmotionClassifier(engine, fake_card())), EveryFrame)
    weights = np.float32([1, 1, 1, 1, 0.1, 1, 1])
    [at_rest] = analyser.read(PICTURE, 0.0, RAW, {1: weights}).readings
    assert at_rest.label == "neutral" and map_is_of_its_label(at_rest)
    for step in range(30):
        if step == 10:
            engine.says(neutral=2.0, sad=1.8)
        [face] = analyser.read(PICTURE, 1 + 0.04 * step, LiveSettings(time_constant_s=0.4), {}).faces
        assert map_is_of_its_label(face.reading)
        if step == 10:  # smoothing still holds on to what was
            assert face.reading.label == "sad" and EMOTIONS[int(face.raw.argmax())] == "neutral"


def test_after_it_was_told_to_forget_nothing_of_anybody_is_kept_and_no_number_comes_again():
    parts = Parts(LEFT)
    parts.read(0.0)
    assert parts.analyser.remembered == {1}
    (sequence,) = parts.sequences
    begun = sequence.resets
    parts.analyser.forget()
    assert parts.analyser.remembered == set()
    assert sequence.resets == begun + 1  # nor where faces were
    assert people(parts.read(0.1)) == [2]


def test_a_new_beginning_forgets_where_faces_were():
    parts = Parts(LEFT)
    parts.read(0.0)
    (sequence,) = parts.sequences
    begun = sequence.resets
    parts.analyser.reset()
    assert sequence.resets == begun + 1


def test_nobody_is_remembered_for_more_than_a_minute_before_a_covered_lens():
    parts = Parts(LEFT)
    parts.read(0.0)
    parts.read(RECALL_S + 1, np.zeros((480, 640, 3), np.uint8))
    assert parts.analyser.remembered == set()


def test_nobody_is_remembered_for_more_than_a_minute_though_every_reading_fails(monkeypatch):
    parts = Parts(LEFT)
    parts.read(0.0)

    def fail(*_):
        raise RuntimeError("no detector today")

    monkeypatch.setattr(parts.detector, "detect", fail)
    with pytest.raises(RuntimeError):
        parts.read(RECALL_S + 1)
    assert parts.analyser.remembered == set()


def test_another_model_takes_over_and_everybody_keeps_their_number():
    parts = Parts(LEFT, RIGHT)
    before = people(parts.read(0.0))
    other = FakeEngine("fear")
    parts.analyser.use(EmotionPipeline(parts.detector, EmotionClassifier(other, fake_card())))
    after = parts.read(0.04, settings=LiveSettings(time_constant_s=2.0))
    assert people(after) == before and {face.reading.label for face in after.faces} == {"fear"}


def test_the_memory_of_people_does_not_grow():
    """Two new people come every four seconds."""
    parts, noise, step_s, seen = Parts(LEFT), np.random.default_rng(1), 1.9, set()
    for step in range(60):
        parts.detector.boxes = (LEFT, RIGHT) if step % 2 else ()
        seen |= set(people(parts.read(step * step_s, noise.integers(0, 256, PICTURE.shape, dtype=np.uint8))))
    assert len(seen) == 60
    assert len(parts.analyser.remembered) <= 2 * (RECALL_S / (2 * step_s) + 1)
