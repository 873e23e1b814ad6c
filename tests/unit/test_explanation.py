"""Whether a class activation map can be believed."""

import numpy as np
import pytest

from fer_core.classification import EmotionClassifier, MapFigures, list_cards
from fer_core.classification.engines import NetworkOutput
from fer_core.classification.explanation import (
    CELLS,
    RANDOM_ORDERS,
    Deletion,
    agreement,
    attention,
    deletion,
    measure_maps,
    no_map,
)
from fer_core.emotions import EMOTIONS
from fer_core.imaging.crops import cut
from fer_core.media.images import read_image
from fer_core.media.samples import PORTRAIT, PORTRAIT_FACE
from fer_core.testing import fake_card

HAPPY = EMOTIONS.index("happy")


def spot(row: int, column: int, side: int = 6) -> np.ndarray:
    activation = np.zeros((side, side), np.float32)
    activation[row, column] = 1
    return activation


class TopLeftEngine:
    """Happy where the top left sixth of the face is bright; nothing else matters."""

    def __call__(self, faces):
        part = faces[:, : faces.shape[1] // 6, : faces.shape[2] // 6].mean(axis=(1, 2, 3))
        logits = np.zeros((len(faces), 7), np.float32)
        logits[:, HAPPY] = (part - 127.5) / 20
        return NetworkOutput(logits, np.zeros((len(faces), 8), np.float32), np.zeros((len(faces), 6, 6, 7), np.float32))


FACE = np.zeros((60, 60), np.uint8)
FACE[:10, :10] = 250
CLASSIFIER = EmotionClassifier(TopLeftEngine(), fake_card())
USUAL = MapFigures(faces=1000, outside=0.23, offset=0.17, tested=120, better_than_random=110)


@pytest.mark.parametrize(
    ("activation", "words"),
    [
        (np.pad(np.ones((2, 2), np.float32), 2), None),  # the middle
        (np.pad(np.ones((2, 2), np.float32), ((0, 4), (0, 4))), "off the face"),  # a corner
        (np.ones((6, 6), np.float32), "off the face"),  # everywhere alike
        (spot(2, 4), "to the right"),
        (spot(2, 1), "to the left"),
        (spot(4, 2), "low"),
        (spot(1, 3), "high"),
        (spot(1, 1, 3), None),  # a coarse map
        (np.zeros((6, 6), np.float32), None),  # nothing at all
    ],
    ids=["middle", "corner", "everywhere", "right", "left", "low", "high", "coarse", "nothing"],
)
def test_a_map_that_points_beside_the_face_is_warned_of(activation, words):
    warning = attention(activation).warning(USUAL)
    assert warning is None if words is None else words in warning


class RedCornerEngine(TopLeftEngine):
    """The same, where the corner is red and not only bright. Keeps the shape of what it sees."""

    def __call__(self, faces):
        self.shape = faces.shape[1:]
        return super().__call__(faces[..., 2:] - faces[..., :1])


class ColourClassifier(EmotionClassifier):
    takes_colour = True


def test_a_network_for_colour_is_tested_on_the_coloured_face_in_its_size():
    face = np.zeros((300, 300, 3), np.uint8)
    face[:50, :50, 2] = 250
    engine = RedCornerEngine()
    found = deletion(ColourClassifier(engine, fake_card(side_px=224)), face, spot(0, 0), "happy")
    assert engine.shape == (224, 224, 3) and found.by_map[0] > 0.9 and found.by_map[1] < 0.1
    assert found.faithful


def test_without_knowing_what_is_usual_nothing_is_warned_of():
    assert attention(spot(0, 0)).warning(None) is None


def test_a_well_placed_box_raises_no_warning_and_a_badly_placed_one_does():
    portrait = read_image(PORTRAIT)
    classifier = EmotionClassifier.load("custom_cnn")
    assert classifier.card.maps is not None
    boxes = [PORTRAIT_FACE, PORTRAIT_FACE.moved(45, 0), PORTRAIT_FACE.moved(0, 45)]
    said = classifier.classify([cut(portrait, box) for box in boxes])
    warnings = [attention(said.activation(row)).warning(classifier.card.maps) for row in range(3)]
    assert warnings[0] is None and warnings[1] and warnings[2]


def test_hiding_what_the_map_marks_takes_the_probability_down_at_once():
    found = deletion(CLASSIFIER, FACE, spot(0, 0), "happy")
    assert found.hidden.shape == (CELLS**2 + 1,) and found.at_random.shape == (RANDOM_ORDERS, CELLS**2 + 1)
    assert found.by_map[0] > 0.9 and (found.by_map[1:] < 0.1).all()
    assert (found.at_random[:, 0] == found.by_map[0]).all() and (found.at_random[:, -1] < 0.1).all()
    assert found.faithful and found.area < found.area_at_random
    assert "the map marks what mattered" in found.sentence()
    assert f"another random one does once in {RANDOM_ORDERS + 1} times" in found.sentence()


def test_a_map_of_noise_is_seldom_praised():
    rng = np.random.default_rng(5)
    maps = [rng.random((CELLS, CELLS)).astype(np.float32) for _ in range(40)]
    praised = sum(deletion(CLASSIFIER, FACE, one, "happy", at_once=2).faithful for one in maps)
    assert 1 / (RANDOM_ORDERS + 1) < 0.05 and praised <= 4  # 2 expected


def test_a_map_that_marks_something_else_is_found_out():
    found = deletion(CLASSIFIER, FACE, 1 - spot(0, 0), "happy")
    assert (found.by_map[:-1] > 0.9).all() and not found.faithful
    assert "no more than a random one" in found.sentence()


def test_a_map_that_beats_most_random_orders_is_neither_praised_nor_condemned():
    hidden = np.linspace(0, 1, 5)
    falling = np.array([1.0, 0.4, 0.2, 0.1, 0.0])
    at_random = np.stack([np.linspace(1, 0, 5)] * 7 + [falling * 0.9])
    found = Deletion("happy", hidden, falling, at_random)
    assert not found.faithful and found.area < found.area_at_random
    assert "beats 7 of 8 random ones" in found.sentence() and "can be luck" in found.sentence()


def test_random_orders_are_the_same_every_time():
    first, second = (deletion(CLASSIFIER, FACE, spot(0, 0), "happy").at_random for _ in range(2))
    assert np.array_equal(first, second)


@pytest.mark.parametrize(
    ("labels", "words"),
    [
        ({"A": "happy"}, "A reads happy."),
        ({"A": "sad", "B": "sad"}, "Both models read sad."),
        ({"A": "sad", "B": "fear", "C": "sad"}, "The models disagree: A and C read sad; B reads fear."),
    ],
)
def test_agreement_in_words(labels, words):
    assert agreement(labels) == words


class MarkingEngine:
    """Reads what `TopLeftEngine` reads; it has one map for every emotion."""

    def __init__(self, activation):
        self.map = np.repeat(activation[..., None], 7, axis=-1)

    def __call__(self, faces):
        said = TopLeftEngine()(faces)
        return NetworkOutput(said.emotion, said.raters, np.stack([self.map] * len(faces)))


@pytest.mark.parametrize(
    ("activation", "informative"), [(spot(0, 0), True), (1 - spot(0, 0), False)], ids=["true", "false"]
)
def test_a_models_maps_are_measured_on_faces(activation, informative):
    classifier = EmotionClassifier(MarkingEngine(activation), fake_card())
    found = measure_maps(classifier, [FACE] * 40, tested=20)
    assert (found.faces, found.tested) == (40, 20) and found.outside > 0.2
    assert found.informative is informative
    card = fake_card(title="Marker", maps=found.model_dump())
    said = no_map(card)
    assert said is None if informative else f"on {found.better_than_random} of 20 faces only" in said


def test_few_faces_do_not_make_a_map_informative():
    assert not MapFigures(faces=9, outside=0.1, offset=0.1, tested=5, better_than_random=5).informative


@pytest.mark.parametrize("card", list_cards(), ids=lambda card: card.name)
def test_installed_models_know_what_is_usual_in_their_maps(card):
    assert card.maps is not None and card.maps.faces == 1000
    assert 0.1 < card.maps.outside < 0.7 and 0.02 < card.maps.offset < 0.4
