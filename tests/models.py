"""A folder of models with records whose figures are known: bright faces are happy, dark ones sad; no network."""

from dataclasses import replace
from pathlib import Path

import numpy as np

from fer_core.classification import EmotionClassifier, ModelCard
from fer_core.classification.cards import member_records
from fer_core.emotions import RATER_CLASSES
from fer_core.evaluation import write_records
from fer_core.evaluation.datasets import FaceSet
from fer_core.networks.files import FileRecord
from fer_core.testing import fake_card
from tests.predictions import HAPPY, SAD, brightness_classifier

RIGHT, WRONG, BARE, BOTH, UNRATED = "right", "wrong", "bare", "both", "unrated"
HISTORY = (
    "epoch,seconds,size_px,learning_rate,loss,accuracy,val_loss,val_accuracy\n"
    "0,60,36,0.1,3.5,0.3,3.4,0.35\n1,120,48,0.0,3.0,0.5,3.1,0.45\n"
)


def face_set(n: int = 20) -> FaceSet:
    """Bright happy and dark sad faces in three splits; the first one of each test split is a copy, the last one of
    all is mislabelled, and raters called all faces neutral."""
    rng = np.random.default_rng(0)
    splits = np.repeat(["train", "PublicTest", "PrivateTest"], n)
    labels = np.tile([HAPPY, SAD], 3 * n // 2)
    bright = np.where(labels == HAPPY, 170, 60).astype(np.uint8)[:, None, None]
    images = bright + rng.integers(0, 40, (3 * n, 48, 48), dtype=np.uint8)
    images[[n, 2 * n]] = images[0]
    labels[-1] = HAPPY
    votes = np.zeros((3 * n, 10), np.float32)
    votes[:, RATER_CLASSES.index("neutral")] = 10
    return FaceSet(images, labels, np.array([f"{i}.png" for i in range(3 * n)]), splits, votes)


def models_folder(folder: Path) -> dict[str, ModelCard]:
    """Four models in order: `RIGHT` and its opposite `WRONG`, `BARE` without records, and `BOTH`, an ensemble."""
    faces = face_set()
    cards = {
        RIGHT: _install(folder, RIGHT, "Right one (always)", faces, 1),
        WRONG: _install(folder, WRONG, "Wrong one with a sign turned", faces, -1),
    }
    home = folder / BARE
    home.mkdir()
    cards[BARE] = fake_card(name=BARE, title="Bare one")
    _write(home, cards[BARE])
    cards[BOTH] = _install(
        folder, BOTH, "Both of them", faces, 1, members=member_records([RIGHT, WRONG], folder), recipe={}
    )
    return cards


def without_votes(folder: Path) -> ModelCard:
    """One more, as right as `RIGHT`, whose records hold no votes of raters."""
    faces = face_set()
    return _install(folder, UNRATED, "Unrated one", replace(faces, votes=0 * faces.votes), 1)


def classifiers(cards: dict[str, ModelCard]) -> dict[str, EmotionClassifier]:
    """What loads them."""
    return {
        name: EmotionClassifier(brightness_classifier(-1 if name == WRONG else 1).engine, card)
        for name, card in cards.items()
    }


def _install(folder: Path, name: str, title: str, faces: FaceSet, sign: int, **more) -> ModelCard:
    home = folder / name
    home.mkdir()
    recipe = {"settings": {"model": name, "epochs": 2, "teachers": [], "start": ""}, "epochs": 2, "minutes": 2.0}
    card = fake_card(**{"name": name, "title": title, "parameters": 1000, "recipe": recipe, **more})
    written = write_records(
        home, EmotionClassifier(brightness_classifier(sign).engine, card), faces, robustness_faces=8
    )
    names = list(written.files)
    if not card.members:
        (home / "history.csv").write_text(HISTORY)
        (home / "model.keras").write_bytes(b"weights of " + name.encode())
        names += ["history.csv", "model.keras"]
    files = {file: FileRecord.of(home / file) for file in names}
    card = card.model_copy(update={"files": files, "metrics": written.metrics})
    _write(home, card)
    return card


def _write(home: Path, card: ModelCard) -> None:
    (home / "card.json").write_text(card.model_dump_json(indent=2), encoding="utf-8")
