"""The commands that make an installed model again, taken from the training that its card states."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import Final

from pydantic import JsonValue

from fer_core.classification import ModelCard
from fer_core.classification.recipe import RunSettings
from fer_core.resources import INSTALLED, resource

RECIPES: Final = resource("docs/recipes")
DATA: Final = "fer2013.zip"
"""Name of the data set in commands."""

FACE_START: Final = "face"
"""What settings call the weights of the face recognition network that `face_resnet` starts from."""

FACE_ORIGIN: Final = (
    "Begun with the weights of dlib_face_recognition_resnet_model_v1 (Davis King, public domain; in 8 bits from the "
    "npm package @vladmandic/face-api, MIT), learnt from about 3 million faces of 7,485 people in FaceScrub, VGG and "
    "pictures from the internet, whose rights in it are not settled"
)
"""What the cards of networks that start so say of it."""

FACE_FOLDER: Final = "runs/start"
"""Where training looks for them, seen from the project's folder."""

FACE_FILES: Final = ("face_recognition_model.bin", "face_recognition_model-weights_manifest.json")

FETCH_FACE: Final = (
    f"mkdir -p {FACE_FOLDER} && npm pack @vladmandic/face-api@1.7.15 && tar xzf vladmandic-face-api-1.7.15.tgz "
    f"-C {FACE_FOLDER} --strip-components=2 {' '.join('package/model/' + file for file in FACE_FILES)}"
)
"""The command that puts them there."""

_PUBLIC_STARTS: Final = frozenset({FACE_START, "imagenet"})
"""Starts that are no installed models."""

# Where a run stops decides how far it gets, not what it is.
_BUDGETS: Final = frozenset({"epochs", "minutes"})


@dataclass(frozen=True)
class Step:
    """One command.

    Attributes:
        title: what it does, in a few words.
        command: for a shell; in a checkout, for its folder.
    """

    title: str
    command: str


@dataclass(frozen=True)
class Earlier:
    """The course of the weights that a run went on from.

    Attributes:
        epochs: of all runs before it.
        minutes: of these.
    """

    epochs: int
    minutes: float


def earlier(card: ModelCard) -> Earlier:
    """Epochs and minutes of the runs before the model's last one, by its card; zero where that one began anew."""
    _, *runs = card.recipe.runs()
    return Earlier(sum(run.epochs or 0 for run in runs), sum((run.minutes or 0.0 for run in runs), 0.0))


def settings_file(card: ModelCard) -> str:
    """The name under which the settings are offered."""
    return f"{card.name}_settings.json"


def settings_json(card: ModelCard) -> str:
    """The settings as `train --settings` reads them."""
    return (card.recipe.settings or RunSettings()).model_dump_json(indent=2) + "\n"


def recipe_of(card: ModelCard, folder: Path = RECIPES) -> Path | None:
    """The recipe that the run was started with: the most detailed one that says nothing else than the card.

    Time and number of epochs may differ: a run can be stopped and continued.
    """
    return None if card.recipe.settings is None else _recipe(card.recipe.settings, folder)


def steps(card: ModelCard, root: Path = RECIPES.parents[1]) -> list[Step]:
    """The commands, in order. Settings that are in no recipe are read from a file that the visitor downloads."""
    if card.members:
        members = " ".join(card.members)
        return [
            Step("Make the ensemble of the installed models", _run(f"ensemble {members} --data {DATA}")),
            _measured_again(card.name),
        ]
    settings = card.recipe.settings
    if settings is None:
        return [_measured_again(card.name)]
    place = f"runs/{settings.model}_last" if _place(settings.start) == f"runs/{settings.model}" else None
    last = _leg(settings, settings_file(card), root, place)
    return [*_fetched(card), *_earlier_legs(card, root), *last, _measured_again(card.name)]


def _earlier_legs(card: ModelCard, root: Path) -> list[Step]:
    """Of a model that went on from weights of its own, the runs before the last one."""
    younger = _younger_self(card)
    if younger is None or younger.recipe.settings is None:
        return []
    legs = _earlier_legs(younger, root)
    name = f"{card.name}_leg{len(legs) // 2 + 1}"
    place = _place((card.recipe.settings or RunSettings()).start) or f"runs/{name}"
    return [*legs, *_leg(younger.recipe.settings, f"{name}_settings.json", root, place)]


def _place(start: str) -> str | None:
    """The folder of the run whose `.keras` file a run starts with; None of any other start."""
    path = PurePath(start)
    of_run = path.suffix == ".keras" and path.parts[-3:-2] != ("models",)
    return path.parent.as_posix() if of_run else None


def _fetched(card: ModelCard) -> list[Step]:
    first = _younger_self(card)
    if first is not None:
        return _fetched(first)
    if card.recipe.settings is None or card.recipe.settings.start != FACE_START:
        return []
    return [Step("Fetch the weights that it starts from (needs npm)", FETCH_FACE)]


def _younger_self(card: ModelCard) -> ModelCard | None:
    """The model as it was before its last run; None where that did not go on from weights of its own."""
    settings, before = card.recipe.settings, card.recipe.before
    if settings is None or before is None or before.settings is None:
        return None
    own = settings.model is not None and before.settings.model == settings.model
    return card.model_copy(update={"recipe": before}) if own else None


def _leg(settings: RunSettings, own_file: str, root: Path, run: str | None = None) -> list[Step]:
    recipe = _recipe(settings, RECIPES)
    file = _shown(recipe, root) if recipe else own_file
    stated = RunSettings.model_validate_json(recipe.read_bytes()) if recipe else settings
    budget = "".join(_budget(settings, stated))
    place = f" --run-dir {run}" if run else ""
    return [
        Step("Train", _run(f"train --model {settings.model} --data {DATA} --settings {file}{budget}{place}")),
        Step(
            "Calibrate, convert, check, measure, install",
            _run(f"publish {run or f'runs/{settings.model}'} --data {DATA}"),
        ),
    ]


def _shown(recipe: Path, root: Path) -> str:
    """The path of a recipe as a command in a shell takes it: relative in a checkout, which is where commands run."""
    return recipe.as_posix() if INSTALLED else recipe.relative_to(root).as_posix()


def _recipe(settings: RunSettings, folder: Path) -> Path | None:
    fitting, said = [], settings.model_dump(mode="json")
    for path in sorted(folder.rglob("*.json")):
        recipe = json.loads(path.read_text(encoding="utf-8"))
        stated = {key: value for key, value in recipe.items() if key not in _BUDGETS}
        if recipe.get("model", path.stem) == settings.model and _says(said, stated):
            fitting.append((len(stated), path))
    return max(fitting)[1] if fitting else None


def requirements(card: ModelCard) -> list[str]:
    """What has to be there before the first of `steps`: weights to start with, teachers.

    Installed models by name, files of runs that no step makes by their path.
    """
    settings, younger, made = card.recipe.settings or RunSettings(), _younger_self(card), _made(card)
    named = {name for name in (settings.start, *settings.teachers) if name} - _PUBLIC_STARTS
    needed = {name for name in named if made.isdisjoint((name, PurePath(name).parent.as_posix()))}
    return sorted(needed.union(requirements(younger) if younger else ()))


def _made(card: ModelCard) -> set[str]:
    """The name of the model and the folders of its runs where runs before the last one make them."""
    settings, younger = card.recipe.settings, _younger_self(card)
    if settings is None or younger is None:
        return set()
    made = (settings.model, f"models/{settings.model}", _place(settings.start))
    return {name for name in made if name} | _made(younger)


def record_command(name: str) -> str:
    """The command that measures an installed model and keeps the records that the dashboard shows."""
    return _run(f"evaluate --data {DATA} --model {name} --record")


def export_command(name: str, form: str) -> str:
    """The command that writes an installed model for another runtime."""
    return _run(f"export --model {name} --format {form}")


def verify_command() -> str:
    """The command that compares all files of models with their cards."""
    return _run("models verify")


def _measured_again(name: str) -> Step:
    return Step("Measure it again", _run(f"evaluate --data {DATA} --model {name} --json -"))


def _budget(settings: RunSettings, recipe: RunSettings) -> Iterator[str]:
    if settings.epochs is not None and recipe.epochs != settings.epochs:
        yield f" --epochs {settings.epochs}"
    if settings.minutes is not None and recipe.minutes != settings.minutes:
        yield f" --minutes {settings.minutes:g}"


def _says(settings: JsonValue, stated: JsonValue) -> bool:
    if not isinstance(stated, dict):
        return settings == stated
    return isinstance(settings, dict) and all(_says(settings.get(key), value) for key, value in stated.items())


def _run(words: str) -> str:
    return f"face-value {words}" if INSTALLED else f".venv/bin/python -m fer_core {words}"
