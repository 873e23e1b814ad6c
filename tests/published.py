"""A folder of several models that look like published ones: real networks and cards, records of altered answers."""

import json
import shutil
from pathlib import Path
from typing import Any, Final

import numpy as np
from scipy.special import softmax

from fer_core.classification import ModelCard, load_card
from fer_core.classification.cards import member_records
from fer_core.classification.metrics import CardFigures
from fer_core.classification.recipe import Recipe
from fer_core.evaluation import Predictions, curves, measure
from fer_core.evaluation.records import (
    EVALUATION_FILE,
    PREDICTIONS_FILE,
    SplitRecord,
    read_evaluation,
    read_predictions,
    write_predictions,
)
from fer_core.networks.files import MODELS_DIR, FileRecord

MODEL: Final = "custom_cnn"
"""The installed model that all of them are made of; it is among them, unaltered."""

ENSEMBLE: Final = "ensemble"
SUPPORT: Final = ("face_check", "faces")

# Title, weights, how much its answers lean to the label, how much they are blurred, whether it reads the mirror image.
_ALTERED: Final = {
    "resnet50v2": ("ResNet50V2 for small faces", 23_600_000, 0.35, 0.5, True),
    "vgg16": ("VGG16 with batch normalisation", 14_900_000, 0.15, 0.4, True),
    "hybrid": ("Hybrid (CNN, gradients and binary patterns, attention)", 2_100_000, -0.15, 0.4, False),
}
NAMES: Final = (MODEL, *_ALTERED, ENSEMBLE)


def published_models(folder: Path) -> dict[str, ModelCard]:
    """Four models and their ensemble, by name. All run the same network; their records say different things."""
    for name in (MODEL, *SUPPORT):
        shutil.copytree(MODELS_DIR / name, folder / name)
    card = load_card(MODEL, folder)
    said = {MODEL: read_predictions(card, folder)}
    for seed, (name, (title, parameters, lean, blur, mirrored)) in enumerate(_ALTERED.items()):
        shutil.copytree(folder / MODEL, folder / name)
        said[name] = {split: _altered(one, lean, blur, seed) for split, one in said[MODEL].items()}
        changes = {"title": title, "parameters": parameters, "flip_average": mirrored}
        _publish(folder, name, said[name], changes)
    members = member_records([MODEL, *_ALTERED], folder)
    (folder / ENSEMBLE).mkdir()
    mean = {split: _mean([said[name][split] for name in members]) for split in said[MODEL]}
    changes = {"title": f"Ensemble of {len(members)} networks", "parameters": 41_900_927, "members": members}
    _publish(
        folder, ENSEMBLE, mean, {**changes, "recipe": Recipe(), "temperature": 0.9, "flip_average": False, "files": {}}
    )
    return {name: load_card(name, folder) for name in NAMES}


def _publish(folder: Path, name: str, said: dict[str, Predictions], changes: dict[str, Any]) -> None:
    home = folder / name
    original = load_card(MODEL, folder)
    record = read_evaluation(original, folder)
    splits = {
        split: SplitRecord(
            n=len(one), figures={**measure(one), "parameters": changes["parameters"]}, curves=curves(one)
        )
        for split, one in said.items()
    }
    shift = splits["PrivateTest"].figures["accuracy"] - record.splits["PrivateTest"].figures["accuracy"]
    altered = record.model_copy(
        update={"model": name, "splits": splits, "robustness": _shifted(record.robustness, shift)}
    )
    (home / EVALUATION_FILE).write_text(json.dumps(altered.model_dump()), encoding="utf-8")
    write_predictions(home / PREDICTIONS_FILE, said)
    kept = changes.get("files", original.files)
    files = {file: FileRecord.of(home / file) for file in {*kept, EVALUATION_FILE, PREDICTIONS_FILE}}
    metrics = {split: CardFigures.model_validate({"n": one.n, **one.figures}) for split, one in splits.items()}
    card = original.model_copy(update={**changes, "name": name, "files": files, "metrics": metrics})
    (home / "card.json").write_text(card.model_dump_json(indent=2), encoding="utf-8")


def _altered(said: Predictions, lean: float, blur: float, seed: int) -> Predictions:
    """The same faces read a little differently: a step towards the label (or from it), and noise."""
    rng = np.random.default_rng(seed)
    logits = np.log(said.probabilities + 1e-4) + rng.normal(0, blur, said.probabilities.shape)
    logits[np.arange(len(said)), said.labels] += lean
    return _with(said, softmax(logits, axis=1).astype(np.float32))


def _mean(several: list[Predictions]) -> Predictions:
    return _with(several[0], np.mean([one.probabilities for one in several], axis=0))


def _with(said: Predictions, probabilities: np.ndarray) -> Predictions:
    return Predictions(probabilities, said.rater_probabilities, said.labels, said.ids, said.votes, said.copies)


def _shifted(robustness: dict[str, Any], points: float) -> dict[str, Any]:
    """Every accuracy higher or lower by so much."""
    return {
        **robustness,
        "kinds": {
            kind: {
                **entry,
                "accuracy": [value + points for value in entry["accuracy"]],
                "accuracy_ci95": [[low + points, high + points] for low, high in entry["accuracy_ci95"]],
            }
            for kind, entry in robustness["kinds"].items()
        },
    }
