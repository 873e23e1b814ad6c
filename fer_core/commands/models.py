"""`models`: what is installed, whether it still is what its card says, and installing other people's."""

import argparse
import shlex
from pathlib import Path

from fer_core.commands import Commands
from fer_core.commands.output import BAD_INPUT, DONE, say, tell


def add(commands: Commands) -> None:
    """Add the command."""
    models = commands.add_parser("models", help="list, verify or import models")
    actions = models.add_subparsers(required=True, metavar="ACTION")

    listing = actions.add_parser("list", help="the installed models")
    listing.set_defaults(run=_list)

    verify = actions.add_parser("verify", help="compare every file with its card")
    verify.set_defaults(run=_verify)

    take = actions.add_parser(
        "import",
        help="install another project's network",
        description="Install another project's network, as it is, under a card that says what it takes and gives; see "
        "docs/models.md.",
    )
    take.add_argument("file", type=Path, metavar="FILE", help=".onnx (needs onnxruntime) or .tflite")
    take.add_argument("--card", type=Path, required=True, metavar="CARD", help="a JSON file that describes it")
    take.add_argument("--models", type=Path, metavar="DIR", help="where the models are; default: models")
    take.set_defaults(run=_import)


def _list(options: argparse.Namespace) -> int:
    from fer_core.classification.cards import default_model, list_cards
    from fer_core.request import DEFAULT_MODEL

    cards = list_cards()
    if not cards:
        default_model()  # raises, as there is none
    for card in cards:
        measured = card.metrics.get("PrivateTest")
        right = None if measured is None else measured.accuracy
        figure = "not measured" if right is None else f"{right:.2%} of FER2013 PrivateTest"
        mark = "\tdefault" if card.name == DEFAULT_MODEL else ""
        tell(f"{card.name}\t{figure}\t{card.parameters:,} parameters\t{card.licence}{mark}")
    return DONE


def _verify(options: argparse.Namespace) -> int:
    from fer_core.classification.cards import verify_models
    from fer_core.errors import NotInstalledError

    broken = False
    for name, error in verify_models():
        if error is None:
            tell(f"{name}\tok")
        elif isinstance(error, NotInstalledError):
            tell(f"{name}\tnot installed")
        else:
            broken = True
            say(f"error: {error}")
    return BAD_INPUT if broken else DONE


def _import(options: argparse.Namespace) -> int:
    from fer_core.classification.importing import import_model
    from fer_core.networks.files import MODELS_DIR
    from fer_core.settings import MODELS

    models = options.models or MODELS_DIR
    card = import_model(options.file, options.card, models)
    elsewhere = f"{MODELS}={shlex.quote(str(options.models))} " if options.models else ""
    command = f"{elsewhere}python -m fer_core evaluate --model {card.name} --record --data PATH"
    say(f"{models / card.name} is ready; next: {command}")
    return DONE
