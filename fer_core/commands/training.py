"""`train`, `distil`, `publish`, `ensemble`, `export`: making models. Nearly all that they do needs a Keras backend."""

import argparse
import contextlib
import dataclasses
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fer_core.commands import Commands
from fer_core.commands.output import DONE, say
from fer_core.commands.shared_options import add_data_option
from fer_core.errors import DatasetError, DependencyError, with_extra

if TYPE_CHECKING:
    from fer_core.evaluation.datasets import FaceSet
    from fer_core.training.augmentation import Augmentation
    from fer_core.training.settings import Settings


def add(commands: Commands) -> None:
    """Add the commands."""
    train = commands.add_parser("train", help="train a model (needs a Keras backend)")
    train.add_argument("--model", metavar="NAME", help="default: custom_cnn")
    train.add_argument(
        "--start",
        "--weights",
        dest="start",
        metavar="START",
        help='start with other weights: "imagenet" (resnet50v2), "face" (face_resnet), an installed model or a .keras '
        "file",
    )
    _add_training_options(train)
    train.set_defaults(run=_train)

    distil = commands.add_parser("distil", help="train a model on the opinion of others as well as on the labels")
    distil.add_argument("--model", metavar="NAME", help="default: resnet50v2")
    distil.add_argument(
        "--teacher",
        dest="teachers",
        metavar="NAME",
        nargs="+",
        help="installed models, whose mean is learnt from; default: the members of the ensemble",
    )
    distil.add_argument("--teacher-share", type=float, help="how much of the target is the teachers' opinion, 0 to 1")
    _add_training_options(distil)
    distil.set_defaults(run=_distil)

    publish = commands.add_parser("publish", help="calibrate, convert, check and measure a finished run")
    publish.add_argument("run_dir", type=Path, metavar="RUN", help="folder of the run")
    add_data_option(publish)
    publish.add_argument("--quantize", default="float16", choices=("none", "float16", "int8"), help="default: float16")
    _add_models_option(publish)
    publish.set_defaults(run=_publish)

    ensemble = commands.add_parser("ensemble", help="make the ensemble of installed models, calibrated and measured")
    ensemble.add_argument("members", nargs="*", metavar="NAME", help="at least two installed models")
    ensemble.add_argument(
        "--select",
        action="store_true",
        help="take only those of the named models (without names: of all of this project's) that make the mean better "
        "on PublicTest",
    )
    add_data_option(ensemble)
    _add_models_option(ensemble)
    ensemble.set_defaults(run=_ensemble)

    export = commands.add_parser("export", help="write a model for another runtime, checked against Keras")
    export.add_argument("--model", required=True, metavar="NAME", help="an installed single model")
    export.add_argument("--format", required=True, choices=("tflite", "onnx", "saved_model"))
    export.add_argument("--quantize", default="none", choices=("none", "float16", "int8"), help="default: none")
    export.add_argument(
        "--data",
        type=Path,
        metavar="PATH",
        help="faces to check and to calibrate int8 on: a folder, a zip or fer2013.csv; without it the check is made on "
        "views of the bundled portrait alone",
    )
    export.add_argument("--out", type=Path, metavar="PATH", help="default: NAME.tflite, NAME.onnx or NAME_saved_model")
    export.set_defaults(run=_export)


def _add_training_options(command: argparse.ArgumentParser) -> None:
    source = command.add_mutually_exclusive_group(required=True)
    source.add_argument("--data", type=Path, metavar="PATH", help="a folder, a zip or fer2013.csv")
    source.add_argument("--download", action="store_true", help="fetch FER2013 through kagglehub first")
    command.add_argument("--run-dir", type=Path, metavar="DIR", help="folder of the run; default: runs/NAME")
    command.add_argument("--resume", action="store_true", help="go on after the last whole epoch of the run")
    command.add_argument("--settings", type=Path, metavar="FILE", help="a JSON file of settings; options below win")
    command.add_argument("--epochs", type=int, help="at most so many passes")
    command.add_argument("--minutes", type=float, help="time budget of the run; drives the schedule")
    command.add_argument("--batch", type=int, help="faces a step")
    command.add_argument("--optimizer", choices=("sgd", "adam"))
    command.add_argument("--schedule", choices=("cosine", "plateau"))
    command.add_argument("--learning-rate", type=float)
    command.add_argument("--rater-weight", type=float, help="weight of the loss on FER+ votes; default: 1")
    command.add_argument("--patience", type=int, help="stop after so many epochs without progress; 0 for never")
    command.add_argument("--workers", type=int, default=1, help="threads that prepare faces; more for a GPU")
    command.add_argument("--seed", type=int)


def _add_models_option(command: argparse.ArgumentParser) -> None:
    command.add_argument("--models", type=Path, metavar="DIR", help="where the models are; default: models")


def _train(options: argparse.Namespace) -> int:
    """Train one model, or go on training it."""
    settings = training_settings(options)  # before Keras, which takes seconds to load
    _require_keras()
    from fer_core.evaluation.copies import copies_of, duplicates_report
    from fer_core.evaluation.datasets import download, load_faces
    from fer_core.training.architectures import ARCHITECTURES
    from fer_core.training.fitting import fit

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
    return DONE


def _distil(options: argparse.Namespace) -> int:
    """Train a model on labels and teachers; where neither options nor file name teachers, the ensemble's members."""
    from fer_core.classification.cards import load_card
    from fer_core.training.publishing import ENSEMBLE

    named = _read_settings(options.settings)
    if not (options.teachers or named.get("teachers")):
        options.teachers = list(load_card(ENSEMBLE).members)
    if not (options.model or named.get("model")):
        options.model = "resnet50v2"
    return _train(options)


def _publish(options: argparse.Namespace) -> int:
    """Make a model of a finished run."""
    _require_tensorflow()
    from fer_core.evaluation.datasets import load_faces
    from fer_core.networks.files import MODELS_DIR
    from fer_core.training.publishing import publish

    models = options.models or MODELS_DIR
    card = publish(options.run_dir, load_faces(options.data), models, options.quantize, say)
    say(f"{models / card.name} is ready")
    return DONE


def _ensemble(options: argparse.Namespace) -> int:
    """Make the ensemble of installed models."""
    _require_tensorflow()
    from fer_core.evaluation.datasets import load_faces
    from fer_core.networks.files import MODELS_DIR
    from fer_core.training.publishing import publish_ensemble, select_members

    models = options.models or MODELS_DIR
    members = select_members(options.members, models, say) if options.select else options.members
    card = publish_ensemble(members, load_faces(options.data), models, say)
    say(f"{models / card.name} is ready")
    return DONE


def _export(options: argparse.Namespace) -> int:
    """Write a model for another runtime."""
    _require_tensorflow()
    from fer_core.evaluation.datasets import load_faces
    from fer_core.training.export import default_path, export_model

    given = load_faces(options.data) if options.data else None
    faces = None if given is None else _validation(given)
    train = given.split("train") if given is not None and options.quantize == "int8" else None
    out = options.out or default_path(options.model, options.format)
    with contextlib.redirect_stdout(sys.stderr):  # converters print
        exported = export_model(options.model, options.format, options.quantize, out, faces, calibrate_on=train)
    say(f"{out} agrees with Keras within {exported.drift.probability:.4f} in probability on {exported.faces} faces")
    return DONE


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


def _validation(faces: "FaceSet") -> "FaceSet":
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
