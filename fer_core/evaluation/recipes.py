"""The commands that make an installed model again, taken from the training that its card states."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from fer_core.classification import ModelCard
from fer_core.resources import INSTALLED, resource

RECIPES: Final = resource("docs/recipes")
DATA: Final = "fer2013.zip"
"""Name of the data set in commands."""

FACE_START: Final = "face"
"""What settings call the weights of the face recognition network that `face_resnet` starts from."""

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
    epochs, minutes, run = 0, 0.0, card.recipe.get("before")
    while run:
        epochs, minutes = epochs + run.get("epochs", 0), minutes + run.get("minutes", 0)
        run = run.get("before")
    return Earlier(epochs, minutes)


def settings_of(card: ModelCard) -> dict[str, Any]:
    """The settings of the run that the model comes from; empty where the card has none."""
    return dict(card.recipe.get("settings", {}))


def settings_file(card: ModelCard) -> str:
    """The name under which the settings are offered."""
    return f"{card.name}_settings.json"


def settings_json(card: ModelCard) -> str:
    """The settings as `train --settings` reads them."""
    return json.dumps(settings_of(card), indent=2) + "\n"


def recipe_of(card: ModelCard, folder: Path = RECIPES) -> Path | None:
    """The recipe that the run was started with: the most detailed one that says nothing else than the card.

    Time and number of epochs may differ: a run can be stopped and continued.
    """
    return _recipe(settings_of(card), folder)


def steps(card: ModelCard, root: Path = RECIPES.parents[1]) -> list[Step]:
    """The commands, in order. Settings that are in no recipe are read from a file that the visitor downloads."""
    if card.members:
        members = " ".join(card.members)
        return [
            Step("Make the ensemble of the installed models", _run(f"ensemble {members} --data {DATA}")),
            _measured_again(card.name),
        ]
    settings = settings_of(card)
    if not settings:
        return [_measured_again(card.name)]
    last = _leg(settings, settings_file(card), root)
    return [*_fetched(card), *_earlier_legs(card, root), *last, _measured_again(card.name)]


def _earlier_legs(card: ModelCard, root: Path) -> list[Step]:
    """Of a model that went on from weights of its own, the runs before the last one."""
    younger = _younger_self(card)
    if younger is None:
        return []
    legs = _earlier_legs(younger, root)
    name = f"{card.name}_leg{len(legs) // 2 + 1}"
    return [*legs, *_leg(settings_of(younger), f"{name}_settings.json", root, f"runs/{name}")]


def _fetched(card: ModelCard) -> list[Step]:
    first = _younger_self(card)
    if first is not None:
        return _fetched(first)
    if settings_of(card).get("start") != FACE_START:
        return []
    return [Step("Fetch the weights that it starts from (needs npm)", FETCH_FACE)]


def _younger_self(card: ModelCard) -> ModelCard | None:
    """The model as it was before its last run; None where that did not go on from weights of its own."""
    before, model = card.recipe.get("before", {}), settings_of(card).get("model")
    own = model is not None and before.get("settings", {}).get("model") == model
    return card.model_copy(update={"recipe": before}) if own else None


def _leg(settings: dict[str, Any], own_file: str, root: Path, run: str | None = None) -> list[Step]:
    recipe = _recipe(settings, RECIPES)
    file = _shown(recipe, root) if recipe else own_file
    budget = "".join(_budget(settings, json.loads(recipe.read_text(encoding="utf-8")) if recipe else settings))
    place = f" --run-dir {run}" if run else ""
    return [
        Step("Train", _run(f"train --model {settings['model']} --data {DATA} --settings {file}{budget}{place}")),
        Step(
            "Calibrate, convert, check, measure, install",
            _run(f"publish {run or 'runs/' + settings['model']} --data {DATA}"),
        ),
    ]


def _shown(recipe: Path, root: Path) -> str:
    """The path of a recipe as a command in a shell takes it: relative in a checkout, which is where commands run."""
    return recipe.as_posix() if INSTALLED else recipe.relative_to(root).as_posix()


def _recipe(settings: dict[str, Any], folder: Path) -> Path | None:
    fitting = []
    for path in sorted(folder.rglob("*.json")):
        recipe = json.loads(path.read_text(encoding="utf-8"))
        stated = {key: value for key, value in recipe.items() if key not in _BUDGETS}
        if recipe.get("model", path.stem) == settings.get("model") and _says(settings, stated):
            fitting.append((len(stated), path))
    return max(fitting)[1] if fitting else None


def requirements(card: ModelCard) -> list[str]:
    """The installed models that have to be there before the first of `steps`: weights to start with, teachers."""
    settings, younger = settings_of(card), _younger_self(card)
    needed = {name for name in (settings.get("start"), *settings.get("teachers", ())) if name} - _PUBLIC_STARTS
    if younger is not None:  # whose run installs the model itself
        needed = needed - {settings["model"]} | set(requirements(younger))
    return sorted(needed)


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


def _budget(settings: dict[str, Any], recipe: dict[str, Any]) -> Iterator[str]:
    for name in sorted(_BUDGETS):
        if settings.get(name) is not None and recipe.get(name) != settings[name]:
            yield f" --{name} {settings[name]:g}"


def _says(settings: dict[str, Any], stated: dict[str, Any]) -> bool:
    return all(
        _says(settings.get(key, {}), value) if isinstance(value, dict) else settings.get(key) == value
        for key, value in stated.items()
    )


def _run(words: str) -> str:
    return f"face-value {words}" if INSTALLED else f".venv/bin/python -m fer_core {words}"
