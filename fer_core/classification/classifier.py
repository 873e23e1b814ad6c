"""From face crops to calibrated probabilities."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from fer_core.classification.cards import ModelCard, check_members, load_card, verified_file
from fer_core.classification.combined import Calibrated, Ensemble
from fer_core.classification.engines import ENGINES, Engine
from fer_core.classification.imported import ImportedEngine
from fer_core.emotions import EMOTIONS, RATER_CLASSES
from fer_core.errors import ModelError
from fer_core.imaging.crops import colour_input, network_input
from fer_core.logits import softmax
from fer_core.networks.files import MODELS_DIR

BATCH = 64
"""Faces run at once; more gain no speed and cost memory."""

PIXELS_AT_ONCE = BATCH * 96 * 96
"""Of these faces together: fewer larger ones are run at once, as what a network computes with grows with them."""


@dataclass(frozen=True, eq=False)
class Classification:
    """Readings of N faces.

    Attributes:
        probabilities: float32 (N, 7) in `EMOTIONS` order, calibrated, rows summing to 1.
        rater_logits: float32 (N, 8) in `RATER_CLASSES` order; (N, 0) of a network that tells nothing of raters.
        class_maps: float32 (N, h, w, 7), class activation maps as logits.
    """

    probabilities: NDArray[np.float32]
    rater_logits: NDArray[np.float32]
    class_maps: NDArray[np.float32]

    def activation(self, row: int, label: int | None = None) -> NDArray[np.float32]:
        """Class activation map of one face: float32 (h, w), 0 (least) to 1 (most).

        Args:
            row: of the face.
            label: the emotion, by its place in `EMOTIONS`; None for the most probable one.
        """
        values = self.class_maps[row, ..., int(self.probabilities[row].argmax()) if label is None else label]
        return np.asarray((values - values.min()) / max(float(np.ptp(values)), 1e-6))


_NOTHING = Classification(
    np.zeros((0, len(EMOTIONS)), np.float32),
    np.zeros((0, len(RATER_CLASSES)), np.float32),
    np.zeros((0, 1, 1, len(EMOTIONS)), np.float32),
)


class EmotionClassifier:
    """A network or an ensemble of networks, and the card that says how logits become probabilities.

    Safe to share between threads.
    """

    def __init__(self, engine: Engine, card: ModelCard, members: Sequence["EmotionClassifier"] = ()) -> None:
        self.engine, self.card, self.members = engine, card, tuple(members)
        self.calibrated = Calibrated(engine, card.temperature, card.flip_average)

    @classmethod
    def load(
        cls,
        model: str,
        engine: str = "litert",
        models_dir: Path = MODELS_DIR,
        member: Callable[[str], "EmotionClassifier"] | None = None,
    ) -> "EmotionClassifier":
        """Load a model by name, after checking its file against its card.

        Args:
            model: name.
            engine: one of `ENGINES`. Another project's network is run by what its file needs, instead of "litert".
            models_dir: where the models are.
            member: gives the members of an ensemble where somebody keeps them, so that they are not loaded twice.

        Raises:
            ModelError: unknown model or engine, a file that is missing or not the card's, or an ensemble whose members
                have changed.
        """
        if engine not in ENGINES:
            raise ModelError(f'There is no engine "{engine}"; choose one of: {", ".join(ENGINES)}.')
        card = load_card(model, models_dir)
        if card.imported is not None and engine == "litert":
            return cls(ImportedEngine(verified_file(card, card.imported.file, models_dir), card.imported), card)
        if not card.members:
            return cls(ENGINES[engine](verified_file(card, ENGINES[engine].file, models_dir)), card)
        check_members(card, models_dir)
        members = [member(name) if member else cls.load(name, engine, models_dir) for name in card.members]
        return cls(Ensemble([one.calibrated for one in members]), card, members)

    @property
    def takes_colour(self) -> bool:
        """Whether colours change what is read; else crops are made grey."""
        return self.card.imported is not None and self.card.imported.preprocessing.channels == 3

    @property
    def files(self) -> dict[str, str]:
        """SHA-256 of every network that is used, by "model/file", and each model's `ModelCard.identity` by its name."""
        own = {f"{self.card.name}/{file}": self.card.files[file].sha256 for file in self._networks()}
        own[self.card.name] = self.card.identity
        return {**own, **{file: digest for member in self.members for file, digest in member.files.items()}}

    def _networks(self) -> list[str]:
        file = getattr(self.engine, "file", None)
        return [file] if file in self.card.files else []

    def classify(self, crops: Sequence[NDArray[np.uint8]]) -> Classification:
        """Read faces, each uint8 (H, W) grey or (H, W, 3) BGR of any size, in as few runs as possible."""
        if not len(crops):
            return _NOTHING
        side_px, prepared = self.card.side_px, colour_input if self.takes_colour else network_input
        at_once = max(1, min(BATCH, PIXELS_AT_ONCE // side_px**2))
        outputs = [self.calibrated(prepared(crops[i : i + at_once], side_px)) for i in range(0, len(crops), at_once)]
        emotion = np.concatenate([output.emotion for output in outputs])
        return Classification(
            softmax(emotion.astype(np.float64), axis=1).astype(np.float32),
            np.concatenate([output.raters for output in outputs]),
            np.concatenate([output.class_maps for output in outputs]),
        )
