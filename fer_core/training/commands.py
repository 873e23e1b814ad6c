"""What the commands that make models do. Imported when they run: nearly everything here needs a Keras backend."""

import argparse
import contextlib
import dataclasses
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fer_core.errors import DatasetError, DependencyError, with_extra
from fer_core.evaluation.datasets import FaceSet, load_faces

if TYPE_CHECKING:
    from fer_core.training.augmentation import Augmentation
    from fer_core.training.settings import Settings


def train(options: argparse.Namespace, say: Callable[[str], None]) -> int:
    """Train one model, or go on training it."""
    _require_keras()
    from fer_core.evaluation.datasets import copies_of, download, duplicates_report
    from fer_core.training.architectures import ARCHITECTURES
    from fer_core.training.fitting import fit

    settings = training_settings(options)
    if settings.model not in ARCHITECTURES:
        raise DatasetError(f'There is no architecture "{settings.model}"; choose one of: {", ".join(ARCHITECTURES)}.')
    faces = load_faces(download() if options.download else options.data)
    for what, count in duplicates_report(faces).items():
        say(f"exact copies {what}: {count}")
    training, validation = faces.split("train"), faces.split("PublicTest")
    validation = validation[~copies_of(validation, training)]
    rated = int(training.votes.any(axis=1).sum())
    if not rated and settings.rater_weight:
        raise DatasetError(
            "None of these faces has votes of FER+ raters, from which the second head learns; put ferplus.csv beside "
            "the data, or leave that head untrained with --rater-weight 0."
        )
    run = options.run_dir or Path("runs") / settings.model
    say(f"{len(training)} faces to learn from, {rated} of them with votes, {len(validation)} to choose by; in {run}")
    with contextlib.redirect_stdout(sys.stderr):  # where Keras's progress bar belongs
        fit(settings, training, validation, run, resume=options.resume, log=say, workers=options.workers)
    if (faces.splits == "PrivateTest").any():
        say(f"done; next: python -m fer_core publish {run} --data {options.data or 'PATH'}")
    else:
        say(
            f"done: {run / 'model.keras'}; without a PrivateTest, on which it would be measured, it cannot be published"
        )
    return 0


def distil(options: argparse.Namespace, say: Callable[[str], None]) -> int:
    """Train a model on labels and teachers; where neither options nor file name teachers, the ensemble's members."""
    from fer_core.classification.cards import load_card
    from fer_core.training.publishing import ENSEMBLE

    named = _read_settings(options.settings)
    if not (options.teachers or named.get("teachers")):
        options.teachers = list(load_card(ENSEMBLE).members)
    if not (options.model or named.get("model")):
        options.model = "resnet50v2"
    return train(options, say)


def publish(options: argparse.Namespace, say: Callable[[str], None]) -> int:
    """Make a model of a finished run."""
    _require_tensorflow()
    from fer_core.networks.files import MODELS_DIR
    from fer_core.training.publishing import publish as publish_run

    models = options.models or MODELS_DIR
    card = publish_run(options.run_dir, load_faces(options.data), models, options.quantize, say)
    say(f"{models / card.name} is ready")
    return 0


def ensemble(options: argparse.Namespace, say: Callable[[str], None]) -> int:
    """Make the ensemble of installed models."""
    _require_tensorflow()
    from fer_core.networks.files import MODELS_DIR
    from fer_core.training.publishing import publish_ensemble, select_members

    models = options.models or MODELS_DIR
    members = select_members(options.members, models, say) if options.select else options.members
    card = publish_ensemble(members, load_faces(options.data), models, say)
    say(f"{models / card.name} is ready")
    return 0


def export(options: argparse.Namespace, say: Callable[[str], None]) -> int:
    """Write a model for another runtime."""
    _require_tensorflow()
    from fer_core.training.export import default_path, export_model

    given = load_faces(options.data) if options.data else None
    faces = None if given is None else _validation(given)
    train = given.split("train") if given is not None and options.quantize == "int8" else None
    out = options.out or default_path(options.model, options.format)
    with contextlib.redirect_stdout(sys.stderr):  # converters print
        exported = export_model(options.model, options.format, options.quantize, out, faces, calibrate_on=train)
    say(f"{out} agrees with Keras within {exported.drift.probability:.4f} in probability on {exported.faces} faces")
    return 0


def training_settings(options: argparse.Namespace) -> "Settings":
    """The settings of a run: those of the file, changed by the options.

    Raises:
        DatasetError: the file cannot be read, or a setting does not exist or cannot be used.
    """
    from fer_core.training.augmentation import Augmentation
    from fer_core.training.settings import Settings

    values = _read_settings(options.settings)
    given = {field.name: getattr(options, field.name, None) for field in dataclasses.fields(Settings)}
    values.update({name: value for name, value in given.items() if value is not None})
    _refuse_unknown(values, Settings, options.settings)
    try:
        if isinstance(values.get("augmentation"), dict):
            _refuse_unknown(values["augmentation"], Augmentation, options.settings)
            values["augmentation"] = Augmentation(**values["augmentation"])
        return Settings(**values)
    except ValueError as error:
        raise DatasetError(f"A setting cannot be used: {error}.") from error


def _refuse_unknown(values: dict[str, Any], kind: "type[Settings | Augmentation]", file: Path) -> None:
    known = [field.name for field in dataclasses.fields(kind)]
    for name in values.keys() - set(known):
        raise DatasetError(f'{file} names a setting that does not exist, "{name}"; there are: {", ".join(known)}.')


def _read_settings(path: Path | None) -> dict[str, Any]:
    if path is None:
        return {}
    try:
        return dict(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError) as error:
        raise DatasetError(f"{path} is not a readable JSON file of settings.") from error


def _validation(faces: FaceSet) -> FaceSet:
    """PublicTest, or where the names do not tell the halves of the test set apart, all of it."""
    return faces.split("PublicTest" if (faces.splits == "PublicTest").any() else "test")


def _require_keras() -> None:
    try:
        import keras  # noqa: F401
    except ImportError as error:
        raise DependencyError(f"Training needs Keras and a backend; {with_extra('train')}.") from error


def _require_tensorflow() -> None:
    """The converter is TensorFlow's, whatever the run was trained with."""
    _require_keras()
    import keras

    if keras.backend.backend() != "tensorflow":
        raise DependencyError("Models are converted by TensorFlow; run this without KERAS_BACKEND set.")
