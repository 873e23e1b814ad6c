"""From a finished run to a model that the dashboard uses: calibrate, convert, check, measure, write the card."""

import json
import shutil
import zipfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import keras
import numpy as np
from numpy.typing import NDArray

from fer_core.classification.cards import ModelCard, again, ensembles_of, list_cards, load_card, member_records
from fer_core.classification.classifier import EmotionClassifier
from fer_core.classification.combined import Ensemble
from fer_core.classification.engines import ENGINES, Engine
from fer_core.classification.recipe import Drift, Recipe
from fer_core.emotions import EMOTIONS
from fer_core.errors import DatasetError, ExportError
from fer_core.evaluation import coverage_accuracy, fit_temperature, read_predictions, threshold_for, write_records
from fer_core.evaluation.copies import copies_of, fingerprint
from fer_core.evaluation.datasets import FACE_PX, FaceSet
from fer_core.evaluation.recipes import FACE_ORIGIN
from fer_core.evaluation.selection import forward_selection
from fer_core.imaging.crops import network_input
from fer_core.logits import softmax
from fer_core.networks.files import MODELS_DIR, FileRecord
from fer_core.training.augmentation import plain
from fer_core.training.conversion import to_litert, with_class_maps
from fer_core.training.fitting import emotion_logits
from fer_core.training.starting import has_public_start, of_faces, recipe_of_run
from fer_core.whole_file import write_whole

MAX_PROBABILITY_DRIFT = 0.02
MAX_ACCURACY_DRIFT = 0.003
UNKNOWN_ORIGIN = "Begun with the weights of another network of which it is not stated what they learnt from"
CERTAIN_ACCURACY = 0.75
"""A reading that is not marked uncertain shall be right three times in four (on PublicTest)."""

TITLES = {
    "custom_cnn": "Custom CNN (residual, squeeze-and-excitation)",
    "resnet50v2": "ResNet50V2 for small faces",
    "vgg16": "VGG16 with batch normalisation",
    "face_resnet": "Face ResNet (residual network that began with face recognition)",
    "hybrid": "Hybrid (CNN, gradients and binary patterns, attention)",
}
ENSEMBLE = "ensemble"


def publish(
    run: Path,
    faces: FaceSet,
    models_dir: Path = MODELS_DIR,
    quantize: str = "float16",
    log: Callable[[str], None] = print,
) -> ModelCard:
    """Turn `run/model.keras` into `models_dir/<name>/`.

    Everything is chosen on PublicTest without copies of training faces; PrivateTest is only measured, at the end.

    Args:
        run: the folder of a finished run.
        faces: the whole data set.
        models_dir: where the model goes; an older one of the same name is replaced.
        quantize: "none", "float16" or "int8".
        log: told what happens.

    Raises:
        DatasetError: the run is not finished, it learnt from other faces, or the data lack a split.
        ExportError: the converted model disagrees with Keras.
    """
    if not (run / "model.keras").is_file():
        raise DatasetError(f"{run} holds no finished run; go on with it by `train --resume`.")
    try:
        settings = json.loads((run / "settings.json").read_text())
        name, learnt_from = str(settings["model"]), json.loads((run / "sources.json").read_text())["data"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DatasetError(f"{run} is not the folder of a run; name one that `train` wrote.") from error
    if learnt_from != fingerprint(faces.split("train")):
        raise DatasetError(f"{run} learnt from other faces than these; publish it with the data it was trained on.")
    if settings.get("rater_weight") and not faces.votes.any():
        raise DatasetError(
            "These faces have no votes of FER+ raters, from which the run learnt; put ferplus.csv beside the data."
        )
    with _replaced(models_dir / name) as staging:
        card = _publish(run, name, faces, staging, quantize, log)
    for ensemble in ensembles_of(name, models_dir):
        log(f'the "{ensemble}" was made with the "{name}" before; make it again: {again(ensemble, models_dir)}')
    return card


def check_drift(reference: EmotionClassifier, exported: EmotionClassifier, faces: FaceSet) -> Drift:
    """Compare two engines on real faces.

    Raises:
        ExportError: one of them is more than the limits of this module.
    """
    expected = reference.classify(list(faces.images)).probabilities
    got = exported.classify(list(faces.images)).probabilities
    drift = Drift(
        probability=float(np.abs(got - expected).max()),
        accuracy=abs(_accuracy(got, faces) - _accuracy(expected, faces)),
    )
    if not drift.probability <= MAX_PROBABILITY_DRIFT or not drift.accuracy <= MAX_ACCURACY_DRIFT:
        raise ExportError(
            f"The exported model drifts from Keras by {drift.probability:.3f} in probability and "
            f"{drift.accuracy:.2%} in accuracy (allowed: {MAX_PROBABILITY_DRIFT}, {MAX_ACCURACY_DRIFT:.1%}); "
            "nothing was written. Export with less quantisation."
        )
    return drift


def calibration_faces(faces: FaceSet, count: int = 500) -> NDArray[np.float32]:
    """Faces on which int8 learns the range of each activation: float32 (N, 48, 48, 1), 0 to 255."""
    rows = np.linspace(0, len(faces) - 1, min(count, len(faces))).astype(int)
    return network_input(list(faces.images[rows]), FACE_PX)


def _publish(
    run: Path,
    name: str,
    faces: FaceSet,
    staging: Path,
    quantize: str,
    log: Callable[[str], None],
) -> ModelCard:
    train, public = faces.split("train"), faces.split("PublicTest")
    validation = public[~copies_of(public, train)]
    network = keras.models.load_model(run / "model.keras", compile=False)
    model = with_class_maps(network)
    rounded = _rounding(model, validation, lambda: save_compact(model, staging / "model.keras"))
    log(f"weights in half precision change a probability by {rounded:.4f} at most")
    to_litert(model, staging / "model.tflite", FACE_PX, quantize, calibration_faces(train))
    shutil.copy(run / "history.csv", staging / "history.csv")

    recipe = recipe_of_run(run, f"LiteRT, {quantize}")
    draft = ModelCard(
        name=name,
        title=TITLES.get(name, name),
        classes=EMOTIONS,
        side_px=FACE_PX,
        preprocessing="face box as the detector gives it, grey, stretched to the square, float32 0 to 255",
        flip_average=False,
        temperature=1.0,
        uncertain_below=0.0,
        parameters=network.count_params(),
        files={path.name: FileRecord.of(path) for path in sorted(staging.iterdir())},
        licence="MIT",
        training_data=_learnt_from(recipe, train),
        recipe=recipe,
        metrics={},
        coverage_accuracy=[],
    )
    keras_engine, litert_engine = (ENGINES[engine](staging / ENGINES[engine].file) for engine in ("keras", "litert"))
    draft = _calibrated(draft, keras_engine, validation, log)
    classifier = EmotionClassifier(litert_engine, draft)
    drift = check_drift(EmotionClassifier(keras_engine, draft), classifier, validation)
    log(f"export agrees with Keras within {drift.probability:.4f} in probability")
    draft = draft.model_copy(update={"recipe": draft.recipe.model_copy(update={"export_drift": drift})})
    return _measured(EmotionClassifier(litert_engine, draft), faces, staging, log)


def publish_ensemble(
    names: Sequence[str], faces: FaceSet, models_dir: Path = MODELS_DIR, log: Callable[[str], None] = print
) -> ModelCard:
    """Make `models_dir/ensemble/` of installed models: the mean of their calibrated probabilities, calibrated again.

    Args:
        names: at least two models.
        faces: the whole data set.
        models_dir: where the models are.
        log: told what happens.

    Raises:
        DatasetError: fewer than two names, or one of another project's network.
        ModelError: one is not installed.
    """
    if len(names) < 2 or len(set(names)) < len(names) or ENSEMBLE in names:
        raise DatasetError("An ensemble is made of at least two different single models; name them, or use --select.")
    train, public = faces.split("train"), faces.split("PublicTest")
    cards = [load_card(name, models_dir) for name in names]
    if foreign := [card.name for card in cards if card.imported is not None]:
        raise DatasetError(f"An ensemble is made of this project's models alone; leave out: {', '.join(foreign)}.")
    draft = ModelCard(
        name=ENSEMBLE,
        title=f"Ensemble of {len(cards)} networks",
        classes=EMOTIONS,
        side_px=FACE_PX,
        preprocessing=cards[0].preprocessing,
        flip_average=False,  # the members do it, each as its own card says
        temperature=1.0,
        uncertain_below=0.0,
        parameters=sum(card.parameters for card in cards),
        members=member_records(names, models_dir),
        files={},
        licence="MIT",
        training_data="; ".join(dict.fromkeys(card.training_data for card in cards)),
        recipe=Recipe(
            mean_of_calibrated_probabilities=tuple(names),
            all_learnt_from_raters=all(card.tells_of_raters for card in cards),  # one head's noise is in the mean
        ),
        metrics={},
        coverage_accuracy=[],
    )
    engine = Ensemble([EmotionClassifier.load(name, "litert", models_dir).calibrated for name in names])
    with _replaced(models_dir / ENSEMBLE) as staging:
        draft = _calibrated(draft, engine, public[~copies_of(public, train)], log, flips=(False,))
        return _measured(EmotionClassifier(engine, draft), faces, staging, log)


def select_members(
    names: Sequence[str], models_dir: Path = MODELS_DIR, log: Callable[[str], None] = print
) -> list[str]:
    """The models whose mean is the best on PublicTest without copies, by the predictions that are on record.

    Args:
        names: installed models to select from; none for all single ones of this project.
        models_dir: where the models are.
        log: told each step.

    Raises:
        DatasetError: the best model is better alone, or the records are of different faces.
        ModelError: one is not installed, or has no record.
    """
    cards = [load_card(name, models_dir) for name in names] or [
        card for card in list_cards(models_dir) if not card.members and card.imported is None
    ]
    on_record = {card.name: read_predictions(card, models_dir)["PublicTest"].without_copies() for card in cards}
    try:
        steps = forward_selection(on_record)
    except ValueError as error:
        raise DatasetError(f"No ensemble can be selected: {error}; measure them again: evaluate --record.") from error
    for step in steps:
        log(f"with {step.model}: log loss {step.log_loss:.4f}, accuracy {step.accuracy:.4f}")
    if len(steps) == 1:
        raise DatasetError(f'No other model makes "{steps[0].model}" better; use it alone, or name the members.')
    return [step.model for step in steps]


def save_compact(model: keras.Model, path: Path) -> None:
    """Write a `.keras` file of about 60 % of the size: kernels rounded to float16, kept as float32 and compressed.

    Any Keras opens it. Batch statistics, which half precision can overflow, keep all their digits.
    """
    for weight in model.weights:
        if len(weight.shape) > 1:
            value = keras.ops.convert_to_numpy(weight)
            weight.assign(np.clip(value, -65504, 65504).astype(np.float16).astype(np.float32))
    model.save(path)
    plain_file = path.with_suffix(".plain")
    path.rename(plain_file)
    with zipfile.ZipFile(plain_file) as plain, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as out:
        for member in plain.infolist():
            out.writestr(member.filename, plain.read(member))
    plain_file.unlink()


@contextmanager
def _replaced(folder: Path) -> Iterator[Path]:
    """A folder beside `folder` that takes its place if all goes well, and is gone if not."""
    staging = folder.with_name(f".{folder.name}.new")
    shutil.rmtree(staging, ignore_errors=True)
    staging.mkdir(parents=True)
    try:
        yield staging
        shutil.rmtree(folder, ignore_errors=True)
        staging.rename(folder)
    finally:
        shutil.rmtree(staging, ignore_errors=True)


def _measured(classifier: EmotionClassifier, faces: FaceSet, folder: Path, log: Callable[[str], None]) -> ModelCard:
    """The card with what was measured, written into `folder` beside the records of it."""
    written = write_records(folder, classifier, faces, log)
    files = {**classifier.card.files, **{name: FileRecord.of(folder / name) for name in written.files}}
    card = classifier.card.model_copy(update={"files": files, "metrics": written.metrics, "maps": written.maps})
    write_whole(folder / "card.json", card.model_dump_json(indent=2) + "\n")
    return card


def _calibrated(
    card: ModelCard,
    engine: Engine,
    validation: FaceSet,
    log: Callable[[str], None],
    flips: Sequence[bool] = (False, True),
) -> ModelCard:
    """Choose flip averaging, temperature and threshold on the validation faces."""
    best: tuple[float, bool, np.ndarray] | None = None
    for flip in flips:
        # With temperature 1 the logarithm of the probabilities is as good as the logits.
        trial = EmotionClassifier(engine, card.model_copy(update={"flip_average": flip}))
        probabilities = trial.classify(list(validation.images)).probabilities
        reached = _accuracy(probabilities, validation)
        log(f"validation accuracy {reached:.4f} {'with' if flip else 'without'} the mirror image")
        if best is None or reached > best[0]:
            best = (reached, flip, np.log(np.maximum(probabilities, 1e-12)))
    assert best is not None
    _, flip, logits = best
    temperature = fit_temperature(logits, validation.labels)
    curve = coverage_accuracy(softmax(logits / temperature, axis=1), validation.labels)
    threshold = threshold_for(curve, CERTAIN_ACCURACY)
    log(f"temperature {temperature:.3f}, uncertain below {threshold:.2f}")
    return card.model_copy(
        update={
            "flip_average": flip,
            "temperature": temperature,
            "uncertain_below": threshold,
            "coverage_accuracy": curve,
        }
    )


def _rounding(model: keras.Model, faces: FaceSet, save: Callable[[], None]) -> float:
    """By how much saving in half precision, which rounds the network itself, changes a probability at most.

    Raises:
        ExportError: by more than `MAX_PROBABILITY_DRIFT`.
    """
    x = plain(faces.images, FACE_PX)
    trained = softmax(emotion_logits(model, x), axis=1)
    save()
    apart = float(np.abs(softmax(emotion_logits(model, x), axis=1) - trained).max())
    if not apart <= MAX_PROBABILITY_DRIFT:
        raise ExportError(
            f"Weights in half precision change a probability by {apart:.3f} (allowed: {MAX_PROBABILITY_DRIFT}); "
            "nothing was written."
        )
    return apart


def _learnt_from(recipe: Recipe, train: FaceSet) -> str:
    """What the card says of the data: what the weights learnt from before counts, however many runs ago."""
    rated = int(train.votes.any(axis=1).sum())
    votes = f"with FER+ votes for {rated}" if recipe.learnt_from_raters else "without FER+ votes"
    said = f"FER2013, {len(train)} training faces, {votes}"
    if any(of_faces(run.settings.start) for run in recipe.runs() if run.settings is not None):
        said += f". {FACE_ORIGIN}"
    return said if _is_whole(recipe) else f"{said}. {UNKNOWN_ORIGIN}"


def _is_whole(recipe: Recipe) -> bool:
    """Whether it is known what all weights learnt from, back to the first run."""
    *_, first = recipe.runs()
    return first.settings is not None and has_public_start(first.settings.start)


def _accuracy(probabilities: np.ndarray, faces: FaceSet) -> float:
    return float((probabilities.argmax(axis=1) == faces.labels).mean())
