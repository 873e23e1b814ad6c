"""Records of installed models, which the dashboard shows: figures, curves and probabilities, never pictures.

`models/<name>/evaluation.json` and `models/<name>/predictions.npz` are listed in the model's card like its networks,
and a file is read only if its SHA-256 matches the card.
"""

import json
import platform
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, ValidationError

from fer_core.classification import EmotionClassifier, MapFigures, ModelCard
from fer_core.classification.cards import verified_file
from fer_core.classification.explanation import measure_maps, no_map_given
from fer_core.classification.metrics import CardFigures
from fer_core.emotions import EMOTIONS, RATER_CLASSES
from fer_core.errors import DatasetError, ModelError
from fer_core.evaluation.copies import duplicates_report, fingerprint
from fer_core.evaluation.cost import MULTIPLY_ADDS_PROTOCOL, costs
from fer_core.evaluation.curves import curves
from fer_core.evaluation.datasets import VOTE_COLUMNS, FaceSet
from fer_core.evaluation.figures import Costs, Curves, SplitFigures, SplitRobustness
from fer_core.evaluation.labelled import LabelledFaces, split_of
from fer_core.evaluation.metrics import measure
from fer_core.evaluation.predictions import Predictions, predict
from fer_core.evaluation.raters import majority
from fer_core.evaluation.robustness import MAX_FACES, robustness
from fer_core.networks.files import MODELS_DIR, FileRecord, Record
from fer_core.whole_file import whole_file, write_whole

EVALUATION_FILE: Final = "evaluation.json"
PREDICTIONS_FILE: Final = "predictions.npz"
SPLITS: Final = ("PublicTest", "PrivateTest")
ROBUSTNESS_SPLIT: Final = "PrivateTest"
MAPS_SPLIT: Final = "PublicTest"
_PACKAGES: Final = ("numpy", "scipy", "scikit-learn", "opencv-python-headless", "ai-edge-litert")
_ARRAYS: Final = ("probabilities", "raters", "labels", "ids", "votes", "copies")


class SplitRecord(Record):
    """Figures and curves of one split.

    Attributes:
        n: faces.
        figures: as `measure` gives them, and `parameters`.
        curves: as `fer_core.evaluation.curves.curves` gives them.
    """

    n: int = Field(gt=0)
    figures: SplitFigures
    curves: Curves


class DataRecord(Record):
    """The data set that a model was trained and measured on.

    Attributes:
        sha256: `fer_core.evaluation.copies.fingerprint` of it.
        classes: by split, faces by emotion.
        copies: as `fer_core.evaluation.copies.duplicates_report` counts them.
        labels_and_raters: by split, counts (7 emotions of the label, 8 `RATER_CLASSES` of the FER+ majority).
    """

    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    classes: dict[str, dict[str, int]]
    copies: dict[str, int]
    labels_and_raters: dict[str, list[list[int]]]


class Evaluation(Record):
    """The content of `evaluation.json`.

    Attributes:
        model: name.
        measured: date and time, ISO 8601, UTC.
        versions: of Python and the packages that computed it.
        data: what it was measured on.
        splits: by name.
        robustness: as `fer_core.evaluation.robustness.robustness` gives it, and the `split`.
        cost: as `fer_core.evaluation.cost.costs` gives it.
        protocols: by figure, in words, where its name does not say it.
    """

    model: str
    measured: str
    versions: dict[str, str]
    data: DataRecord
    splits: dict[str, SplitRecord]
    robustness: SplitRobustness
    cost: Costs
    protocols: dict[str, str]


@dataclass(frozen=True)
class Written:
    """The files and figures that `write_records` made.

    Attributes:
        files: names of the files that were written.
        metrics: by split, the figures for the card.
        maps: what a card's `maps` holds; None where the model gives none.
    """

    files: tuple[str, ...]
    metrics: dict[str, CardFigures]
    maps: MapFigures | None


def write_records(
    folder: Path,
    classifier: EmotionClassifier,
    faces: FaceSet,
    log: Callable[[str], None] = lambda line: None,
    robustness_faces: int = MAX_FACES,
) -> Written:
    """Measure a model on PublicTest and PrivateTest and write both files; the card is the caller's to write.

    Args:
        folder: of the model, with the files that the classifier's card lists.
        classifier: the model.
        faces: the whole data set.
        log: told what was measured.
        robustness_faces: how many faces are degraded.

    Raises:
        DatasetError: the data lack a split.
    """
    cost = costs(classifier.card, folder)
    for own in (EVALUATION_FILE, PREDICTIONS_FILE):
        cost["file_bytes"].pop(own, None)  # of an earlier record
    parts = {split: split_of(faces, split) for split in SPLITS}
    predictions, splits = {}, {}
    for split, part in parts.items():
        split_predictions = predict(classifier, part.crops, part.labels, part.copies, part.votes)
        figures: SplitFigures = {**measure(split_predictions), "parameters": classifier.card.parameters}
        predictions[split] = split_predictions
        splits[split] = SplitRecord(n=len(part), figures=figures, curves=curves(split_predictions))
        without = figures["accuracy_deduplicated"]
        words = "" if without is None else f", without copies {without:.4f}"
        log(f"{split}: accuracy {figures['accuracy']:.4f}{words}")
    tested = parts[ROBUSTNESS_SPLIT]
    log(f"measuring on {min(len(tested), robustness_faces):,} faces made worse in many ways")
    record = Evaluation(
        model=classifier.card.name,
        measured=datetime.now(UTC).isoformat(timespec="seconds"),
        versions=_versions(),
        data=describe_data(faces),
        splits=splits,
        robustness={
            "split": ROBUSTNESS_SPLIT,
            **robustness(classifier, tested.crops, tested.labels, robustness_faces),
        },
        cost=cost,
        protocols={"multiply_adds": MULTIPLY_ADDS_PROTOCOL},
    )
    metrics = {split: CardFigures.model_validate({"n": entry.n, **entry.figures}) for split, entry in splits.items()}
    maps = None if no_map_given(classifier.card) else _measured_maps(classifier, parts[MAPS_SPLIT], log)
    text = json.dumps(record.model_dump(), separators=(",", ":"))  # last: the card has to follow at once
    write_whole(folder / EVALUATION_FILE, text + "\n")
    write_predictions(folder / PREDICTIONS_FILE, predictions)
    return Written((EVALUATION_FILE, PREDICTIONS_FILE), metrics, maps)


def _measured_maps(classifier: EmotionClassifier, part: LabelledFaces, log: Callable[[str], None]) -> MapFigures:
    log("hiding what its maps mark")
    maps = measure_maps(classifier, list(part.crops))
    log(f"its maps mark what matters on {maps.better_than_random} of {maps.tested} faces")
    return maps


def _check_votes(faces: FaceSet) -> None:
    tested = faces.votes[np.isin(faces.splits, SPLITS)]
    rated = int(tested.any(axis=1).sum())
    if rated < len(tested) / 2:
        raise DatasetError(
            f"Of these {len(tested):,} test faces, {rated:,} have votes of FER+ raters; put a ferplus.csv that names "
            "the pictures beside the data, which have to be a folder or a zip, as rows of fer2013.csv have no names."
        )


def record(
    name: str, faces: FaceSet, models_dir: Path = MODELS_DIR, log: Callable[[str], None] = lambda line: None
) -> ModelCard:
    """Measure an installed model again, and write its records and the card that lists them.

    Raises:
        ModelError: there is no such model, or one of its files is not its card's.
        DatasetError: the data lack a split, or the raters' votes, which every model needs that tells of raters.
    """
    classifier, folder = EmotionClassifier.load(name, models_dir=models_dir), models_dir / name
    if classifier.card.tells_of_raters:
        _check_votes(faces)
    written = write_records(folder, classifier, faces, log)
    files = {**classifier.card.files, **{file: FileRecord.of(folder / file) for file in written.files}}
    card = classifier.card.model_copy(
        update={"files": files, "metrics": {**classifier.card.metrics, **written.metrics}, "maps": written.maps}
    )
    write_whole(folder / "card.json", card.model_dump_json(indent=2) + "\n")
    return card


def read_evaluation(card: ModelCard, models_dir: Path = MODELS_DIR) -> Evaluation:
    """The evaluation of an installed model.

    Raises:
        ModelError: the model has no record, or it is missing, damaged or not the card's.
    """
    path = verified_file(card, EVALUATION_FILE, models_dir)
    try:
        return Evaluation.model_validate_json(path.read_text(encoding="utf-8"))
    except (ValidationError, UnicodeDecodeError) as error:
        raise ModelError(f"{path} is not a valid evaluation; measure the model again.") from error


def read_predictions(card: ModelCard, models_dir: Path = MODELS_DIR) -> dict[str, Predictions]:
    """The predictions of an installed model for each split.

    Raises:
        ModelError: the model has no record, or it is missing, damaged or not the card's.
    """
    path = verified_file(card, PREDICTIONS_FILE, models_dir)
    try:
        with np.load(path, allow_pickle=False) as arrays:
            return {split: _checked({name: arrays[f"{split}_{name}"] for name in _ARRAYS}) for split in SPLITS}
    # A damaged archive raises any of these.
    except (ValueError, KeyError, OSError, EOFError, zipfile.BadZipFile, zlib.error, NotImplementedError) as error:
        raise ModelError(f"{path} is not a valid table of predictions; measure the model again.") from error


def write_predictions(path: Path, predictions: dict[str, Predictions]) -> None:
    """Write the predictions of a model for each split: about half a megabyte for FER2013."""
    arrays: dict[str, NDArray[np.generic]] = {}
    for split, split_predictions in predictions.items():
        values = (
            split_predictions.probabilities,
            split_predictions.rater_probabilities,
            split_predictions.labels.astype(np.uint8),
            split_predictions.ids.astype("S16"),
            split_predictions.votes.astype(np.float16),
            np.zeros(0, np.bool_) if split_predictions.copies is None else split_predictions.copies,
        )
        arrays.update({f"{split}_{name}": value for name, value in zip(_ARRAYS, values, strict=True)})
    with whole_file(path) as part, part.open("wb") as file:
        np.savez_compressed(file, allow_pickle=False, **arrays)


def describe_data(faces: FaceSet) -> DataRecord:
    """Counts that describe a data set, without any of its pictures."""
    parts = {split: faces.split(split) for split in sorted(set(faces.splits.tolist()))}
    return DataRecord(
        sha256=fingerprint(faces),
        classes={
            split: dict(zip(EMOTIONS, np.bincount(part.labels, minlength=len(EMOTIONS)).tolist(), strict=True))
            for split, part in parts.items()
        },
        copies=duplicates_report(faces),
        labels_and_raters={split: _labels_and_raters(part).tolist() for split, part in parts.items()},
    )


def _versions() -> dict[str, str]:
    installed = {package: version(package) for package in _PACKAGES if _is_installed(package)}
    return {"python": platform.python_version(), **installed}


def _is_installed(package: str) -> bool:
    try:
        return bool(version(package))
    except PackageNotFoundError:  # OpenCV comes under several names
        return False


def _labels_and_raters(faces: FaceSet) -> NDArray[np.int64]:
    agreed, winner = majority(faces.votes)
    table = np.zeros((len(EMOTIONS), len(RATER_CLASSES)), np.int64)
    np.add.at(table, (faces.labels[agreed], winner[agreed]), 1)
    return table


def _checked(arrays: dict[str, NDArray[np.generic]]) -> Predictions:
    """Predictions from stored arrays.

    Raises:
        ValueError: they do not fit each other or are no probabilities.
    """
    probabilities, raters = arrays["probabilities"].astype(np.float32), arrays["raters"].astype(np.float32)
    labels, n = arrays["labels"].astype(np.int64), len(arrays["labels"])
    shapes = {
        "probabilities": (n, len(EMOTIONS)),
        "raters": (n, len(RATER_CLASSES) if raters.size else 0),
        "labels": (n,),
        "ids": (n,),
        "votes": (n, len(VOTE_COLUMNS)),
        "copies": (n,) if arrays["copies"].size else (0,),
    }
    if not n or any(arrays[name].shape != shape for name, shape in shapes.items()):
        raise ValueError("shapes do not fit")
    for rows in (probabilities, raters) if raters.size else (probabilities,):
        if not (np.abs(rows.sum(axis=1) - 1) < 0.01).all() or rows.min() < 0:
            raise ValueError("not probabilities")
    if labels.max() >= len(EMOTIONS):
        raise ValueError("no such label")
    return Predictions(
        probabilities,
        raters,
        labels,
        ids=arrays["ids"].astype("<U16"),
        votes=arrays["votes"].astype(np.float32),
        copies=arrays["copies"].astype(np.bool_) if arrays["copies"].size else None,
    )
