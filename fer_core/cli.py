"""The command line: `python -m fer_core COMMAND`.

Exit status: 0 done, 2 wrong usage, 3 bad input (one clear line on stderr). Results go to stdout or into files, progress
and messages to stderr. What a command needs is imported when it runs, so that quick commands start quickly.
"""

import argparse
import json
import sys
from collections.abc import Sequence
from itertools import count
from pathlib import Path
from typing import Any, Final

from fer_core.errors import FerError, MediaError

DONE, BAD_INPUT, INTERRUPTED = 0, 3, 130
SPLITS: Final = ("PrivateTest", "PublicTest", "test", "train")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return the exit status."""
    options = parser().parse_args(arguments)
    try:
        return options.run(options)
    except FerError as error:
        say(f"error: {error}")
        return BAD_INPUT
    except KeyboardInterrupt:
        say("stopped.")
        return INTERRUPTED


def say(text: str) -> None:
    """A line for the person at the terminal, on stderr."""
    print(text, file=sys.stderr, flush=True)


def parser() -> argparse.ArgumentParser:
    """All commands and their options."""
    top = argparse.ArgumentParser(prog="python -m fer_core", description="Facial expression recognition, locally.")
    commands = top.add_subparsers(required=True, metavar="COMMAND")

    image = commands.add_parser("image", help="read the faces of pictures", description="Read the faces of pictures.")
    image.add_argument("paths", nargs="+", type=Path, metavar="PATH", help="a picture")
    image.add_argument("--json", metavar="FILE", help='write readings as JSON; "-" for stdout')
    image.add_argument("--annotate", type=Path, metavar="DIR", help="write pictures with boxes and labels into DIR")
    _add_pipeline_options(image)
    image.set_defaults(run=_image)

    models = commands.add_parser("models", help="list or verify the installed models")
    models.add_argument("action", choices=("list", "verify"), help="verify compares every file with its card")
    models.set_defaults(run=_models)

    evaluate = commands.add_parser("evaluate", help="measure models on labelled faces")
    _add_data_option(evaluate)
    evaluate.add_argument("--model", default="all", metavar="NAME", help='a model, or "all" (default)')
    evaluate.add_argument("--split", default="PrivateTest", choices=SPLITS, help="default: PrivateTest")
    evaluate.add_argument("--engine", default="litert", choices=("litert", "keras"), help="default: litert")
    evaluate.add_argument("--json", required=True, metavar="FILE", help='where the figures go; "-" for stdout')
    evaluate.set_defaults(run=_evaluate)

    duplicates = commands.add_parser("duplicates", help="count pictures that are in more than one split")
    _add_data_option(duplicates)
    duplicates.set_defaults(run=_duplicates)

    train = commands.add_parser("train", help="train a model (needs a Keras backend)")
    train.add_argument("--model", metavar="NAME", help="default: custom_cnn")
    source = train.add_mutually_exclusive_group(required=True)
    source.add_argument("--data", type=Path, metavar="PATH", help="a folder, a zip or fer2013.csv")
    source.add_argument("--download", action="store_true", help="fetch FER2013 through kagglehub first")
    train.add_argument("--run-dir", type=Path, metavar="DIR", help="folder of the run; default: runs/NAME")
    train.add_argument("--resume", action="store_true", help="go on after the last whole epoch of the run")
    train.add_argument("--settings", type=Path, metavar="FILE", help="a JSON file of settings; options below win")
    train.add_argument("--epochs", type=int, help="at most so many passes")
    train.add_argument("--minutes", type=float, help="time budget of the run; drives the schedule")
    train.add_argument("--batch", type=int, help="faces a step")
    train.add_argument("--optimizer", choices=("sgd", "adam"))
    train.add_argument("--schedule", choices=("cosine", "plateau"))
    train.add_argument("--learning-rate", type=float)
    train.add_argument("--patience", type=int, help="stop after so many epochs without progress; 0 for never")
    train.add_argument("--seed", type=int)
    train.set_defaults(run=_train)

    publish = commands.add_parser("publish", help="calibrate, convert, check and measure a finished run")
    publish.add_argument("run_dir", type=Path, metavar="RUN", help="folder of the run")
    _add_data_option(publish)
    publish.add_argument("--quantize", default="float16", choices=("none", "float16", "int8"), help="default: float16")
    publish.add_argument("--models", type=Path, metavar="DIR", help="where the model goes; default: models")
    publish.set_defaults(run=_publish)
    return top


def _add_pipeline_options(command: argparse.ArgumentParser) -> None:
    command.add_argument("--model", metavar="NAME", help="default: the best single model")
    command.add_argument("--detector", default="haar", choices=("haar", "mtcnn"), help="default: haar")
    command.add_argument("--engine", default="litert", choices=("litert", "keras"), help="default: litert")


def _add_data_option(command: argparse.ArgumentParser) -> None:
    command.add_argument("--data", type=Path, required=True, metavar="PATH", help="a folder, a zip or fer2013.csv")


def _image(options: argparse.Namespace) -> int:
    from fer_core.media.images import encode_png, read_image
    from fer_core.pipeline import EmotionPipeline
    from fer_core.reports.pictures import as_record

    pipeline = EmotionPipeline.load(options.model, options.detector, options.engine)
    records, failed = [], False
    used: set[str] = set()
    for path in options.paths:
        try:
            picture = read_image(path)
        except MediaError as error:
            say(f"error: {error}")
            failed = True
            continue
        readings = pipeline.analyze_image(picture)
        height, width = picture.shape[:2]
        records.append(as_record(str(path), width, height, readings))
        if options.annotate:
            from fer_core.drawing import annotate

            _write(_free_name(options.annotate, path.stem, used), encode_png(annotate(picture, readings)))
        if not options.json:
            _print_record(records[-1])
    if options.json:
        _write_json(records, options.json)
    return BAD_INPUT if failed else DONE


def _print_record(record: dict[str, Any]) -> None:
    print(f"{record['path']}: {_plural(len(record['faces']), 'face')}")
    for number, face in enumerate(record["faces"], start=1):
        doubt = ", uncertain" if face["uncertain"] else ""
        print(f"  {number}. {face['label']} {face['confidence']:.0%}{doubt}, box {face['box']}")


def _models(options: argparse.Namespace) -> int:
    from fer_core.classification.cards import default_model, list_cards
    from fer_core.model_files import verify_all

    default = default_model()
    if options.action == "list":
        for card in list_cards():
            measured = card.metrics.get("PrivateTest", {}).get("accuracy")
            figure = "not measured" if measured is None else f"{measured:.2%} of FER2013 PrivateTest"
            mark = "\tdefault" if card.name == default else ""
            print(f"{card.name}\t{figure}\t{card.parameters:,} parameters\t{card.licence}{mark}")
        return DONE
    broken = False
    for name, error in verify_all():
        if error is None:
            print(f"{name}\tok")
        else:
            broken = True
            say(f"error: {error}")
    return BAD_INPUT if broken else DONE


def _evaluate(options: argparse.Namespace) -> int:
    from fer_core.classification import EmotionClassifier, default_model, list_cards
    from fer_core.evaluation import evaluate
    from fer_core.training.datasets import copies_of, load_faces

    default_model()  # raises where there is none
    names = [card.name for card in list_cards()] if options.model == "all" else [options.model]
    classifiers = {name: EmotionClassifier.load(name, options.engine) for name in names}
    faces = load_faces(options.data)
    part = faces.split(options.split)
    training = faces[faces.splits == "train"]
    copies = copies_of(part, training) if options.split != "train" and len(training) else None
    figures = {}
    for name, classifier in classifiers.items():
        say(f"{name}: {len(part)} faces of {options.split}")
        figures[name] = evaluate(classifier, part.images, part.labels, copies, part.votes)
    _write_json({"split": options.split, "n": len(part), "models": figures}, options.json)
    return DONE


def _duplicates(options: argparse.Namespace) -> int:
    from fer_core.training.datasets import duplicates_report, load_faces

    for what, number in duplicates_report(load_faces(options.data)).items():
        print(f"{what}: {number}")
    return DONE


def _train(options: argparse.Namespace) -> int:
    from fer_core.training.commands import train

    return train(options, say)


def _publish(options: argparse.Namespace) -> int:
    from fer_core.training.commands import publish

    return publish(options, say)


def _write_json(value: Any, target: str) -> None:
    text = json.dumps(value, indent=2) + "\n"
    if target == "-":
        sys.stdout.write(text)
    else:
        _write(Path(target), text.encode())


def _write(path: Path, data: bytes) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    except OSError as error:
        raise MediaError(f"{path} cannot be written ({error.strerror}); choose another place.") from error


def _free_name(folder: Path, stem: str, used: set[str]) -> Path:
    """A name that is not in `used` yet, and then is: pictures of different folders can share theirs."""
    suffixes = ("" if n == 1 else f"_{n}" for n in count(1))
    name = next(name for name in (f"{stem}{suffix}_annotated.png" for suffix in suffixes) if name not in used)
    used.add(name)
    return folder / name


def _plural(n: int, thing: str) -> str:
    return f"{n} {thing}" if n == 1 else f"{n} {thing}s"
