"""Model cards: the description, the files and the figures of a model.

A model is a folder `models/<name>/` with a `card.json`. A file is used only if its SHA-256
matches the card.
"""

import hashlib
import json
import shlex
from collections.abc import Iterable, Iterator
from pathlib import Path, PurePath
from typing import Final, Literal

from pydantic import Field, ValidationError

from fer_core.classification.imported import Imported
from fer_core.classification.metrics import CardFigures
from fer_core.classification.recipe import Recipe
from fer_core.emotions import EMOTIONS
from fer_core.errors import FerError, ModelError, UnknownModelError
from fer_core.media.files import harmless
from fer_core.networks.files import MODELS_DIR, FileRecord, Record, card_files, verified, verify_all
from fer_core.request import DEFAULT_MODEL
from fer_core.sign_test import p_at_least

NETWORK_ENDINGS: Final = (".keras", ".tflite", ".onnx")
"""Endings of the files that hold a network."""


class MapFigures(Record):
    """Figures of a model's class activation maps on faces of PublicTest, by `explanation.measure_maps`.

    Attributes:
        faces: how many maps were looked at.
        outside: 99 in 100 of them have a smaller share outside the oval that a face fills.
        offset: 99 in 100 have their centre of gravity nearer to the middle; as a share of the side.
        tested: on how many faces the map was tested by hiding what it marks.
        better_than_random: on how many of those that took the probability down faster than hiding random places.
    """

    faces: int = Field(gt=0)
    outside: float = Field(ge=0, le=1)
    offset: float = Field(ge=0, le=1)
    tested: int = Field(gt=0)
    better_than_random: int = Field(ge=0)

    @property
    def informative(self) -> bool:
        """The maps mark what matters more often than chance would have it (sign test, one-sided, p below 0.01)."""
        return p_at_least(self.better_than_random, self.tested) < 0.01


class ModelCard(Record):
    """The content of `models/<name>/card.json` for an emotion classifier.

    Attributes:
        name: the folder's name.
        title: for people.
        kind: always "emotion"; other kinds of model have other cards.
        classes: the order of the probabilities; must be `EMOTIONS`.
        side_px: side of the square grey face that the network takes.
        preprocessing: in words.
        flip_average: the reading is the mean of the face's and its mirror image's logits.
        temperature: by which logits are divided before the softmax (Guo et al., 2017,
            https://arxiv.org/abs/1706.04599).
        uncertain_below: probability of the label under which a reading counts as uncertain.
        parameters: number of weights.
        members: of an ensemble, the models whose mean it is, each with its `identity`; else empty.
        files: by file name.
        licence: of the weights.
        training_data: in words.
        recipe: settings, machine, time and sources of the training run, and of the runs before it.
        metrics: by split, its figures.
        coverage_accuracy: rows of (threshold, share of faces kept, their accuracy) from which the threshold was
            chosen.
        maps: figures of its class activation maps; None where they were not measured.
        imported: of another project's network, what it takes and gives; None for this project's own.
    """

    name: str
    title: str
    kind: Literal["emotion"] = "emotion"
    classes: tuple[str, ...]
    side_px: int = Field(gt=0)
    preprocessing: str
    flip_average: bool
    temperature: float = Field(gt=0)
    uncertain_below: float = Field(ge=0, le=1)
    parameters: int = Field(gt=0)
    members: dict[str, str] = Field(default_factory=dict)
    files: dict[str, FileRecord]
    licence: str
    training_data: str
    recipe: Recipe
    metrics: dict[str, CardFigures]
    coverage_accuracy: list[tuple[float, float, float]]
    maps: MapFigures | None = None
    imported: Imported | None = Field(default=None, exclude_if=lambda imported: imported is None)

    @property
    def tells_of_raters(self) -> bool:
        """Whether it has a second head that learnt something, so that votes of FER+ raters can measure it."""
        return self.recipe.learnt_from_raters if self.imported is None else self.imported.raters is not None

    @property
    def identity(self) -> str:
        """SHA-256 of everything that decides the model's answers, and of no measured figure."""
        networks = {file: record.sha256 for file, record in self.files.items() if file.endswith(NETWORK_ENDINGS)}
        decisive: list[object] = [networks, self.members, self.side_px, self.flip_average, self.temperature]
        if self.imported is not None:
            decisive.append(self.imported.model_dump())
        return hashlib.sha256(json.dumps(decisive, sort_keys=True).encode()).hexdigest()


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:  # such as a name that is longer than any file's
        return False


def load_card(name: str, models_dir: Path = MODELS_DIR) -> ModelCard:
    """Read one card.

    Raises:
        UnknownModelError: there is no such model.
        ModelError: its card is not valid.
    """
    path = models_dir / name / "card.json"
    if PurePath(name).name != name or not _is_file(path):  # a name leads nowhere else
        known = ", ".join(card.name for card in list_cards(models_dir)) or "none"
        raise UnknownModelError(f'There is no model "{harmless(name)}"; installed are: {known}.')
    try:
        card = ModelCard.model_validate_json(path.read_text(encoding="utf-8"))
    except (ValidationError, UnicodeDecodeError) as error:
        raise ModelError(f"{path} is not a valid model card; restore it from the release.") from error
    if card.classes != EMOTIONS:
        raise ModelError(f"{path} lists other classes than {', '.join(EMOTIONS)}; this model cannot be used here.")
    if card.name != name:
        raise ModelError(f'{path} is the card of "{card.name}"; a folder is named as the model in it.')
    return card


def list_cards(models_dir: Path = MODELS_DIR) -> list[ModelCard]:
    """The cards of all emotion classifiers that are installed, by name. Folders of other kinds are passed over."""
    return [load_card(path.parent.name, models_dir) for path in card_files(models_dir) if _kind(path) == "emotion"]


def default_model(models_dir: Path = MODELS_DIR) -> str:
    """Name of the default model, `DEFAULT_MODEL`.

    Raises:
        ModelError: it is not installed.
    """
    if not (models_dir / DEFAULT_MODEL / "card.json").is_file():
        installed = ", ".join(card.name for card in list_cards(models_dir)) or "none"
        raise ModelError(
            f'The default model "{DEFAULT_MODEL}" is not installed in {models_dir}; restore the folder from the '
            f"release, or name another one (installed: {installed})."
        )
    return DEFAULT_MODEL


def verified_file(card: ModelCard, file: str, models_dir: Path = MODELS_DIR) -> Path:
    """The path of one of a model's files, after its SHA-256 was compared with the card's.

    Raises:
        ModelError: the card does not list it, it is missing, or it is not the file that the card describes.
    """
    return verified(models_dir / card.name, file, card.files)


def member_records(names: Iterable[str], models_dir: Path = MODELS_DIR) -> dict[str, str]:
    """The `members` entry of the card of an ensemble of these models."""
    return {name: load_card(name, models_dir).identity for name in names}


def check_members(card: ModelCard, models_dir: Path = MODELS_DIR) -> None:
    """Make sure that an ensemble still is the one that was measured.

    Raises:
        ModelError: a member is missing or answers otherwise than when the ensemble was made.
    """
    for name, recorded in member_records(card.members, models_dir).items():
        if recorded != card.members[name]:
            raise ModelError(
                f'"{card.name}" was measured with another "{name}"; make it again: {again(card.name, models_dir)}'
            )


def again(ensemble: str, models_dir: Path = MODELS_DIR) -> str:
    """The command that makes an installed ensemble again."""
    members = " ".join(load_card(ensemble, models_dir).members)
    elsewhere = "" if models_dir == MODELS_DIR else f" --models {shlex.quote(str(models_dir))}"
    return f"python -m fer_core ensemble {members} --data fer2013.zip{elsewhere}"


def ensembles_of(name: str, models_dir: Path = MODELS_DIR) -> list[str]:
    """The installed ensembles that a model is part of."""
    return [card.name for card in list_cards(models_dir) if name in card.members]


def verify_models(models_dir: Path = MODELS_DIR) -> Iterator[tuple[str, FerError | None]]:
    """Every file of every model as `verify_all` finds it, and whether each ensemble's members are still the same."""
    yield from verify_all(models_dir)
    for path in card_files(models_dir):
        try:
            if _kind(path) == "emotion" and (card := load_card(path.parent.name, models_dir)).members:
                check_members(card, models_dir)
                yield f"{card.name}, members", None
        except ModelError as error:
            yield path.parent.name, error


def _kind(path: Path) -> object:
    try:
        return json.loads(path.read_text(encoding="utf-8")).get("kind", "emotion")
    except (ValueError, AttributeError):
        return "emotion"  # let load_card say what is wrong with it
