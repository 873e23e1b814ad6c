"""From a finished run to a model that the dashboard uses: calibrate, convert, check, measure, write the card."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
from scipy.special import softmax

from fer_core.classification.cards import ModelCard
from fer_core.classification.classifier import EmotionClassifier
from fer_core.classification.engines import ENGINES
from fer_core.emotions import EMOTIONS
from fer_core.errors import DatasetError, ExportError
from fer_core.evaluation import coverage_accuracy, evaluate, fit_temperature, threshold_for
from fer_core.model_files import MODELS_DIR, FileRecord
from fer_core.training.datasets import FACE_PX, FaceSet, copies_of
from fer_core.training.export import to_litert, with_class_maps

MAX_PROBABILITY_DRIFT = 0.02
MAX_ACCURACY_DRIFT = 0.003
CERTAIN_ACCURACY = 0.75
"""A reading that is not marked uncertain shall be right three times in four (on PublicTest)."""

TITLES = {"custom_cnn": "Custom CNN (residual, squeeze-and-excitation)"}


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
        DatasetError: the run is not finished, or the data lack a split.
        ExportError: the converted model disagrees with Keras.
    """
    if not (run / "model.keras").is_file():
        raise DatasetError(f"{run} holds no finished run; go on with it by `train --resume`.")
    settings = json.loads((run / "settings.json").read_text())
    name = settings["model"]
    staging = models_dir / f".{name}.new"
    shutil.rmtree(staging, ignore_errors=True)
    staging.mkdir(parents=True)
    try:
        card = _publish(run, settings, faces, models_dir, staging, quantize, log)
        shutil.rmtree(models_dir / name, ignore_errors=True)
        staging.rename(models_dir / name)
    finally:
        shutil.rmtree(staging, ignore_errors=True)
    return card


def check_drift(reference: EmotionClassifier, exported: EmotionClassifier, faces: FaceSet) -> dict[str, float]:
    """Compare two engines on real faces.

    Returns:
        `probability`, the largest difference of any probability, and `accuracy`, the difference of the accuracies.

    Raises:
        ExportError: one of them is more than the limits of this module.
    """
    expected = reference.classify(list(faces.images)).probabilities
    got = exported.classify(list(faces.images)).probabilities
    drift = {
        "probability": float(np.abs(got - expected).max()),
        "accuracy": abs(_accuracy(got, faces) - _accuracy(expected, faces)),
    }
    if not drift["probability"] <= MAX_PROBABILITY_DRIFT or not drift["accuracy"] <= MAX_ACCURACY_DRIFT:
        raise ExportError(
            f"The exported model drifts from Keras by {drift['probability']:.3f} in probability and "
            f"{drift['accuracy']:.2%} in accuracy (allowed: {MAX_PROBABILITY_DRIFT}, {MAX_ACCURACY_DRIFT:.1%}); "
            "nothing was written. Export with less quantisation."
        )
    return drift


def _publish(
    run: Path,
    settings: dict[str, Any],
    faces: FaceSet,
    models_dir: Path,
    staging: Path,
    quantize: str,
    log: Callable[[str], None],
) -> ModelCard:
    train, public, private = (faces.split(split) for split in ("train", "PublicTest", "PrivateTest"))
    validation = public[~copies_of(public, train)]
    model = with_class_maps(keras.models.load_model(run / "model.keras", compile=False))
    model.save(staging / "model.keras")
    to_litert(model, staging / "model.tflite", FACE_PX, quantize)
    shutil.copy(run / "history.csv", staging / "history.csv")

    draft = ModelCard(
        name=settings["model"],
        title=TITLES.get(settings["model"], settings["model"]),
        classes=EMOTIONS,
        side_px=FACE_PX,
        preprocessing="face box as the detector gives it, grey, stretched to the square, float32 0 to 255",
        flip_average=False,
        temperature=1.0,
        uncertain_below=0.0,
        parameters=model.count_params(),
        files={path.name: FileRecord.of(path) for path in sorted(staging.iterdir())},
        licence="MIT",
        training_data=f"FER2013, {len(train)} training faces, with FER+ votes for {int(train.votes.any(axis=1).sum())}",
        recipe={"settings": settings, **_course(run), "converted": f"LiteRT, {quantize}"},
        metrics={},
        coverage_accuracy=[],
    )
    keras_engine, litert_engine = (ENGINES[engine](staging / ENGINES[engine].file) for engine in ("keras", "litert"))
    draft = _calibrated(draft, keras_engine, validation, log)
    classifier = EmotionClassifier(litert_engine, draft)
    drift = check_drift(EmotionClassifier(keras_engine, draft), classifier, validation)
    log(f"export agrees with Keras within {drift['probability']:.4f} in probability")

    metrics = {}
    for split, part in (("PublicTest", public), ("PrivateTest", private)):
        figures = evaluate(classifier, part.images, part.labels, copies_of(part, train), part.votes)
        del figures["latency_ms"]  # a fact of this machine, not of the model
        metrics[split] = {"n": len(part), **figures}
        log(f"{split}: accuracy {figures['accuracy']:.4f}, without copies {figures['accuracy_deduplicated']:.4f}")
    recipe = {**draft.recipe, "export_drift": drift}
    card = draft.model_copy(update={"metrics": metrics, "recipe": recipe})
    (staging / "card.json").write_text(card.model_dump_json(indent=2) + "\n", encoding="utf-8")
    return card


def _calibrated(card: ModelCard, engine, validation: FaceSet, log: Callable[[str], None]) -> ModelCard:
    """Choose flip averaging, temperature and threshold on the validation faces."""
    best: tuple[float, bool, np.ndarray] | None = None
    for flip in (False, True):
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
            "coverage_accuracy": curve[::5],
        }
    )


def _accuracy(probabilities: np.ndarray, faces: FaceSet) -> float:
    return float((probabilities.argmax(axis=1) == faces.labels).mean())


def _course(run: Path) -> dict[str, Any]:
    rows = (run / "history.csv").read_text().splitlines()
    header, last = rows[0].split(","), rows[-1].split(",")
    return {
        "epochs": len(rows) - 1,
        "minutes": round(float(last[header.index("seconds")]) / 60, 1),
        "machine": json.loads((run / "machine.json").read_text()),
    }
