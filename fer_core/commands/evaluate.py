"""`evaluate`, which measures models on labelled faces, and `duplicates`, which counts copies of pictures."""

import argparse
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

from fer_core.commands import Commands
from fer_core.commands.output import DONE, check_target, printable, progress_line, say, tell, write_json
from fer_core.commands.shared_options import add_data_option
from fer_core.errors import DatasetError, ModelError
from fer_core.number_text import quantity

if TYPE_CHECKING:
    from fer_core.classification import EmotionClassifier
    from fer_core.evaluation import LabelledFaces
    from fer_core.evaluation.figures import EvaluationResult

SPLITS: Final = ("PrivateTest", "PublicTest", "test", "validation", "train", "all")
SKIPPED_SHOWN: Final = 10
STRAYS_SHOWN: Final = 3


def add(commands: Commands) -> None:
    """Add the commands."""
    evaluate = commands.add_parser(
        "evaluate",
        help="measure models on labelled faces",
        description="Measure models on labelled faces: FER2013 in any of its layouts, or any folder or zip of pictures "
        "in folders named after the emotions.",
    )
    add_data_option(evaluate)
    evaluate.add_argument("--model", default="all", metavar="NAME", help='a model, or "all" (default)')
    evaluate.add_argument(
        "--split",
        choices=SPLITS,
        help="default: PrivateTest, or test where names do not tell its halves; all, where there are no train and test "
        "folders",
    )
    evaluate.add_argument("--engine", default="litert", choices=("litert", "keras"), help="default: litert")
    evaluate.add_argument(
        "--json", metavar="FILE", help='where the figures go; "-" for stdout; needed without --record'
    )
    evaluate.add_argument(
        "--robustness", action="store_true", help="also on faces made worse in eight ways: forty more passes over 1,000"
    )
    evaluate.add_argument(
        "--slices", type=Path, metavar="CSV", help='figures by group: a column "file" and any others, such as age'
    )
    evaluate.add_argument("--by-folder", action="store_true", help="figures by the folders above the emotion folders")
    evaluate.add_argument("--detect", action="store_true", help="find the face in each picture first; for whole photos")
    evaluate.add_argument(
        "--record",
        action="store_true",
        help="measure on PublicTest and PrivateTest of FER2013 and keep the results in the model's folder and card",
    )
    evaluate.set_defaults(run=_evaluate, error=evaluate.error)

    duplicates = commands.add_parser("duplicates", help="count pictures that are in more than one split")
    add_data_option(duplicates)
    duplicates.set_defaults(run=_duplicates)


def _evaluate(options: argparse.Namespace) -> int:
    from fer_core.classification import EmotionClassifier, default_model

    if not (options.json or options.record):
        options.error("the following arguments are required: --json (or --record)")
    asked = ("robustness", "slices", "by_folder", "detect", "split")
    unheard = [f"--{name.replace('_', '-')}" for name in asked if getattr(options, name)]
    if options.record and not options.json and unheard:
        options.error(f"--record always measures the same; leave out {', '.join(unheard)}, or add --json")
    if options.record and options.engine != "litert":
        options.error("--record measures what the dashboard runs; leave out --engine")
    check_target(options.json)
    names = _all_names(options.engine) if options.model == "all" else [options.model]
    if not names:
        default_model()  # raises, as there is none
    classifiers = {name: EmotionClassifier.load(name, options.engine) for name in names}
    if options.record:
        _record(options, names)
    if options.json:
        _measure(options, classifiers)
    return DONE


def _all_names(engine: str) -> list[str]:
    """The installed models that this engine can run: Keras has no form of another project's network."""
    from fer_core.classification import list_cards

    cards = list_cards()
    for card in cards if engine == "keras" else ():
        if card.imported is not None:
            say(f"{card.name} is left out: Keras does not run another project's network")
    return [card.name for card in cards if engine != "keras" or card.imported is None]


def _measure(options: argparse.Namespace, classifiers: "dict[str, EmotionClassifier]") -> None:
    from fer_core.evaluation import evaluate_models

    faces = _faces(options, list(classifiers.values()))
    say(f"{quantity(len(faces), 'face')}{'' if faces.split == 'all' else f' of {faces.split}'}")
    for entry in faces.skipped[:SKIPPED_SHOWN]:
        say(f"skipped {printable(entry.file)}: {entry.reason}")
    if len(faces.skipped) > SKIPPED_SHOWN:
        say(f"skipped {len(faces.skipped) - SKIPPED_SHOWN:,} more files; the JSON names them all")
    attributes = _attributes(options, faces)
    are_photos = not options.detect and _seem_photographs(faces)
    monitor = progress_line("the measuring")
    result = evaluate_models(classifiers, faces, attributes, options.robustness, monitor).result
    for line in _in_words(result):
        say(line)
    write_json(result, options.json)
    if are_photos:
        say("note: these seem to be whole photographs, and each was read as if it were a face; add --detect")


def _seem_photographs(faces: "LabelledFaces") -> bool:
    from fer_core.detection import load_detector
    from fer_core.evaluation import seem_whole

    if faces.votes is not None:  # of FER2013, whose pictures are faces
        return False
    try:
        detector = load_detector()
    except ModelError:  # such as in a folder of other people's models alone; figures need no detector
        return False
    return seem_whole(faces, detector)


def _faces(options: argparse.Namespace, classifiers: "list[EmotionClassifier]") -> "LabelledFaces":
    from fer_core.detection import load_detector
    from fer_core.evaluation import Skipped, read_labelled, split_of
    from fer_core.evaluation.datasets import layout_of, load_faces

    layout = "plain" if options.split == "all" else layout_of(options.data)
    if options.split not in ("all", "test", None) and layout == "plain":
        raise DatasetError(
            f'The data have no split "{options.split}", as there are no train and test folders; leave out --split, '
            "which measures all."
        )
    if layout != "fer2013":
        return read_labelled(
            options.data,
            load_detector() if options.detect else None,
            monitor=progress_line("the pictures read", 1.0),
            classifiers=classifiers,
            split=options.split or ("test" if layout == "splits" else "all"),
        )
    if options.detect or options.by_folder:
        raise DatasetError("--detect and --by-folder take the data as your own pictures; add --split all.")
    skipped: list[Skipped] = []
    faces = load_faces(options.data, on_damaged=lambda file, reason: skipped.append(Skipped(file, reason)))
    by_default = "PrivateTest" if (faces.splits == "PrivateTest").any() else "test"
    return split_of(faces, options.split or by_default, skipped)


def _attributes(options: argparse.Namespace, faces: "LabelledFaces") -> dict[str, list[str]]:
    from fer_core.evaluation.attributes import attributes_of

    def note(strays: Sequence[str]) -> None:
        shown = printable(", ".join(strays[:STRAYS_SHOWN]))
        table = printable(str(options.slices))
        say(f"note: rows of {table} that tell of none of these faces: {len(strays):,}, such as {shown}")

    return attributes_of(faces.files, faces.folders, options.slices, options.by_folder, note)


def _record(options: argparse.Namespace, names: list[str]) -> None:
    from fer_core.evaluation.datasets import load_faces
    from fer_core.evaluation.records import record

    faces = load_faces(options.data)
    for name in names:
        say(f"{name}: measuring")
        record(name, faces, log=say)


def _in_words(result: "EvaluationResult") -> Iterator[str]:
    from fer_core.evaluation.slices import gap_in_words

    for name, figures in result["models"].items():
        low, high = figures["accuracy_ci95"]
        yield f"{name}: {figures['accuracy']:.1%} right (95 % interval {low:.1%} to {high:.1%})"
        attributes = figures["slices"]["attributes"] if "slices" in figures else {}
        yield from (f"{name}, {printable(gap_in_words(by, found))}" for by, found in attributes.items())
    yield from (comparison["sentence"] for comparison in result["comparisons"])


def _duplicates(options: argparse.Namespace) -> int:
    from fer_core.evaluation.copies import duplicates_report
    from fer_core.evaluation.datasets import load_faces

    for what, number in duplicates_report(load_faces(options.data)).items():
        tell(f"{what}: {number}")
    return DONE
