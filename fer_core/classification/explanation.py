"""Whether a class activation map can be believed: where it points, and what happens when that is hidden."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from fer_core.classification import EmotionClassifier, MapFigures, ModelCard
from fer_core.emotions import EMOTIONS
from fer_core.imaging.crops import bgr, grey, resized

FACE_PX: Final = 96
"""Side to which a face is brought before parts of it are hidden; more for a network that looks at more."""

CELLS: Final = 6
"""Squares a side in which a face is hidden, whatever the size of the map."""

RANDOM_ORDERS: Final = 20
"""One more of them beats all of these once in 21 times, less than one in twenty."""

MAP_FACES: Final = 1000
TESTED_FACES: Final = 120
ORDERS_A_FACE: Final = 4
"""In `measure_maps`; each face has random orders of its own."""

_USUAL: Final = "on 99 of 100 faces of FER2013 that this model read"

_OVAL: Final = 0.9
"""Half axes of the oval in which a well-placed box has its face, as a share of half the side."""


@dataclass(frozen=True)
class Attention:
    """Where on the crop a map points.

    Attributes:
        outside: share of the map outside the oval that a face fills.
        offset: distance of its centre of gravity from the middle, as a share of the side.
        right: the same to the right alone; negative to the left.
        down: the same downwards; negative upwards.
    """

    outside: float
    offset: float
    right: float
    down: float

    def warning(self, usual: MapFigures | None) -> str | None:
        """What is suspicious, in one sentence; None where nothing is, or where it is not known what is usual.

        Args:
            usual: of the model whose map it is.
        """
        if usual is None:
            return None
        if self.outside > usual.outside:
            return (
                f"{self.outside:.0%} of the map lies at the border of the box, off the face: more than {_USUAL}. "
                "Background, hair or a badly placed box may have spoken."
            )
        if self.offset > usual.offset:
            sideways = abs(self.right) >= abs(self.down)
            where = ("to the right", "to the left") if sideways else ("low", "high")
            side = where[0] if (self.right if sideways else self.down) > 0 else where[1]
            return (
                f"The map lies {side}, farther from the middle of the face than {_USUAL}. Part of the face may be "
                "covered, turned away, or outside the box."
            )
        return None


@dataclass(frozen=True, eq=False)
class Deletion:
    """How the probability of an emotion falls while more and more of the face is hidden.

    Attributes:
        emotion: the one that is watched.
        hidden: float64 (K,), share of the face that is hidden, 0 to 1.
        by_map: float64 (K,), its probability, where what the map marks most is hidden first.
        at_random: float64 (R, K), the same for orders drawn at random.
    """

    emotion: str
    hidden: NDArray[np.float64]
    by_map: NDArray[np.float64]
    at_random: NDArray[np.float64]

    @property
    def faithful(self) -> bool:
        """The area under the map's curve is smaller than under every random order's."""
        return self.area < float(_areas(self.at_random, self.hidden).min())

    @property
    def area(self) -> float:
        """Area under the map's curve, 0 to 1; the smaller, the more the marked places mattered."""
        return float(_areas(self.by_map[None], self.hidden)[0])

    @property
    def area_at_random(self) -> float:
        """Mean area under the random orders' curves."""
        return float(_areas(self.at_random, self.hidden).mean())

    def sentence(self, share: float = 0.25) -> str:
        """The result for people, at one share of the face hidden."""
        by_map = float(np.interp(share, self.hidden, self.by_map))
        at_random = float(np.interp(share, self.hidden, self.at_random.mean(axis=0)))
        return (
            f"With the {share:.0%} that the map marks most hidden, {self.emotion} goes from {self.by_map[0]:.0%} to "
            f"{by_map:.0%}; with a random {share:.0%} hidden, to {at_random:.0%}: {self._verdict()}."
        )

    def _verdict(self) -> str:
        if self.faithful:
            orders = len(self.at_random)
            return (
                f"its order beats all {orders} random ones, which another random one does once in {orders + 1} times, "
                "so the map marks what mattered"
            )
        beaten = int((self.area < _areas(self.at_random, self.hidden)).sum())
        if self.area < self.area_at_random:
            return (
                f"over the whole curve its order beats {beaten} of {len(self.at_random)} random ones, which is a hint "
                "that the map marks what mattered, but can be luck"
            )
        return "on this face the map says no more than a random one would"


def agreement(labels: Mapping[str, str]) -> str:
    """In one sentence, whether models agree on a face.

    Args:
        labels: by model, the emotion that it reads.
    """
    if len(labels) == 1:
        [(model, label)] = labels.items()
        return f"{model} reads {label}."
    models_by_label: dict[str, list[str]] = {}
    for model, label in labels.items():
        models_by_label.setdefault(label, []).append(model)
    if len(models_by_label) == 1:
        everyone = "Both" if len(labels) == 2 else f"All {len(labels)}"
        return f"{everyone} models read {next(iter(models_by_label))}."
    parts = sorted(models_by_label.items(), key=lambda part: -len(part[1]))
    return (
        "The models disagree: "
        + "; ".join(
            f"{' and '.join(models)} {'reads' if len(models) == 1 else 'read'} {label}" for label, models in parts
        )
        + "."
    )


def attention(activation: NDArray[np.float32]) -> Attention:
    """Where a class activation map points.

    Args:
        activation: float32 (h, w), 0 to 1, over a square face crop.
    """
    side = 48
    fine = np.clip(cv2.resize(activation, (side, side), interpolation=cv2.INTER_LINEAR), 0, None).astype(np.float64)
    place = (np.arange(side) + 0.5) / side - 0.5
    total = max(float(fine.sum()), 1e-9)
    right, down = float(fine.sum(axis=0) @ place) / total, float(fine.sum(axis=1) @ place) / total
    beyond = np.hypot(place[None], place[:, None]) > _OVAL / 2
    return Attention(float(fine[beyond].sum()) / total, float(np.hypot(right, down)), right, down)


def deletion(
    classifier: EmotionClassifier,
    crop: NDArray[np.uint8],
    activation: NDArray[np.float32],
    emotion: str,
    orders: NDArray[np.int64] | None = None,
    at_once: int = 1,
) -> Deletion:
    """Hide a face square by square and watch the probability of an emotion.

    The face is what the network sees, in colour where that counts. Squares are hidden by its mean: the most marked ones
    first, and in random orders. The deletion test of Petsiuk et al. (2018), https://arxiv.org/abs/1806.07421.

    Args:
        classifier: the model whose map it is.
        crop: uint8 (H, W) or (H, W, 3), the face.
        activation: float32 (h, w), its class activation map.
        emotion: the one to watch.
        orders: int64 (R, `CELLS` squared), the random orders; by default `RANDOM_ORDERS` of them, the same for every
            model and face.
        at_once: squares hidden in one step; divides `CELLS` squared.
    """
    side_px = CELLS * max(FACE_PX // CELLS, -(-classifier.card.side_px // CELLS))
    face = resized(bgr(crop) if classifier.takes_colour else grey(crop), side_px)
    marked = cv2.resize(activation, (CELLS, CELLS), interpolation=cv2.INTER_AREA).ravel()
    orders = np.vstack(
        [np.argsort(-marked, kind="stable")[None], _random_orders(RANDOM_ORDERS) if orders is None else orders]
    )
    faces = [hidden for order in orders for hidden in _hidden_in_steps(face, order)[::at_once]]
    probabilities = classifier.classify(faces).probabilities[:, EMOTIONS.index(emotion)].astype(np.float64)
    curves = probabilities.reshape(len(orders), -1)
    return Deletion(emotion, np.linspace(0, 1, curves.shape[1]), curves[0], curves[1:])


def measure_maps(
    classifier: EmotionClassifier, crops: Sequence[NDArray[np.uint8]], tested: int = TESTED_FACES
) -> MapFigures:
    """Figures of a model's activation maps on well-placed faces, and a test of their meaning by hiding parts.

    Args:
        classifier: the model.
        crops: faces, each uint8 (H, W) or (H, W, 3); `MAP_FACES` of them, spread evenly, are measured.
        tested: number of these faces that are hidden in the order of the map and in `ORDERS_A_FACE` random orders,
            a quarter at a time.
    """
    chosen = [crops[i] for i in _spread(len(crops), MAP_FACES)]
    classification = classifier.classify(chosen)
    places = [attention(classification.activation(row)) for row in range(len(chosen))]
    rows = _spread(len(chosen), tested)
    beaten = 0
    for row in rows:
        label = EMOTIONS[int(classification.probabilities[row].argmax())]
        orders = _random_orders(ORDERS_A_FACE, row)
        found = deletion(classifier, chosen[row], classification.activation(row), label, orders, CELLS**2 // 4)
        beaten += found.area < found.area_at_random
    return MapFigures(
        faces=len(chosen),
        outside=float(np.quantile([place.outside for place in places], 0.99)),
        offset=float(np.quantile([place.offset for place in places], 0.99)),
        tested=len(rows),
        better_than_random=beaten,
    )


def no_map_given(card: ModelCard) -> bool:
    """Whether the model's network has no maps at all."""
    return card.imported is not None and card.imported.class_maps is None


def no_map(card: ModelCard) -> str | None:
    """Why a model's maps are not shown, in one sentence; None where they are."""
    if no_map_given(card):
        return f"{card.title} has no map to show: the network gives none."
    if card.maps is None or card.maps.informative:
        return None
    return (
        f"{card.title} has no map to show: hiding what its maps mark changed its reading more than hiding random "
        f"places on {card.maps.better_than_random} of {card.maps.tested} faces only."
    )


def _spread(count: int, most: int) -> list[int]:
    return [int(place) for place in np.linspace(0, count - 1, min(most, count))]


def _hidden_in_steps(face: NDArray[np.uint8], order: NDArray[np.int64]) -> list[NDArray[np.uint8]]:
    """The face, then with one more square hidden each time."""
    side, level = len(face) // CELLS, np.round(face.mean(axis=(0, 1))).astype(np.uint8)
    steps = [face]
    for cell in order.tolist():
        y, x = side * (cell // CELLS), side * (cell % CELLS)
        step = steps[-1].copy()
        step[y : y + side, x : x + side] = level
        steps.append(step)
    return steps


def _random_orders(count: int, seed: int = 0) -> NDArray[np.int64]:
    rng = np.random.default_rng(seed)
    return np.stack([rng.permutation(CELLS**2) for _ in range(count)])


def _areas(curves: NDArray[np.float64], x: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(np.trapezoid(curves, x, axis=1))
