"""`train`, `distil`, `publish`, `ensemble`, `export`: making models. Keras is imported when one of them runs."""

import argparse
from pathlib import Path

from fer_core.commands import Commands
from fer_core.commands.output import say
from fer_core.commands.shared_options import add_data_option


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
    from fer_core.training.commands import train

    return train(options, say)


def _distil(options: argparse.Namespace) -> int:
    from fer_core.training.commands import distil

    return distil(options, say)


def _publish(options: argparse.Namespace) -> int:
    from fer_core.training.commands import publish

    return publish(options, say)


def _ensemble(options: argparse.Namespace) -> int:
    from fer_core.training.commands import ensemble

    return ensemble(options, say)


def _export(options: argparse.Namespace) -> int:
    from fer_core.training.commands import export

    return export(options, say)
