"""Installing another project's network under a card, without believing either."""

import json
import shutil
from pathlib import Path
from typing import Literal

import numpy as np
from pydantic import Field, ValidationError, model_validator

from fer_core.classification.cards import ModelCard
from fer_core.classification.classifier import EmotionClassifier
from fer_core.classification.imported import Head, Imported, ImportedEngine, Preprocessing, check_classes
from fer_core.classification.recipe import Recipe
from fer_core.emotions import EMOTIONS
from fer_core.errors import ModelError
from fer_core.networks.files import MODELS_DIR, FileRecord, Record
from fer_core.networks.foreign import FORMATS, open_network
from fer_core.whole_file import write_whole

FACES_TRIED = 2


class GivenCard(Record):
    """What the person who imports a network says of it; a JSON file.

    Attributes:
        name: the folder's name: small letters, digits and "_".
        title: for people.
        licence: of the weights.
        source: where they are from.
        training_data: in words.
        parameters: number of weights.
        side_px: side of the square face that the network takes.
        input: its preprocessing.
        output: the head that tells the emotion.
        raters: the head that tells how FER+ raters would split, if there is one.
        class_maps: name of the output that holds class maps, if there is one.
        flip_average: take the mean of the logits of the face and of its mirror image.
        temperature: by which logits are divided before the softmax.
        uncertain_below: probability of the label under which a reading counts as uncertain.
    """

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9_]{0,39}$")
    title: str = Field(min_length=1)
    licence: str = Field(min_length=1)
    source: str = Field(min_length=1)
    training_data: str = Field(min_length=1)
    parameters: int = Field(gt=0)
    side_px: int = Field(gt=0, le=1024)
    input: Preprocessing
    output: Head
    raters: Head | None = None
    class_maps: str | None = None
    flip_average: bool = False
    temperature: float = Field(default=1.0, gt=0)
    uncertain_below: float = Field(default=0.5, ge=0, le=1)

    @model_validator(mode="after")
    def _every_class_once(self) -> "GivenCard":
        check_classes(self.output, self.raters)
        return self


def import_model(file: Path, card: Path, models_dir: Path = MODELS_DIR) -> ModelCard:
    """Install a network as `models_dir/<name>/`, after it has read two made faces.

    Args:
        file: `.onnx` or `.tflite`.
        card: a JSON file of what `GivenCard` says.
        models_dir: where the models are.

    Raises:
        DependencyError: what runs the file is not installed.
        ModelError: the file or the card cannot be used, they do not fit each other, or the name is taken.
    """
    given = read_given(card)
    if file.suffix.lower() not in FORMATS:
        raise ModelError(f"{file.name} is neither .onnx nor .tflite, and no other format is opened; export it as one.")
    if not file.is_file():
        raise ModelError(f"{file} is not there; check the path.")
    home = models_dir / given.name
    if home.exists():
        raise ModelError(f'There is a model "{given.name}" already; choose another name in {card.name}.')
    open_network(file)  # before it is copied, so that a sentence about the file names the one that was given
    staging = models_dir / f".{given.name}.new"
    shutil.rmtree(staging, ignore_errors=True)
    try:
        staging.mkdir(parents=True)
        copy = staging / f"model{file.suffix.lower()}"
        shutil.copyfile(file, copy)
        made = _card(given, copy)
        assert made.imported is not None
        _try(ImportedEngine(copy, made.imported), made)
        write_whole(staging / "card.json", made.model_dump_json(indent=2) + "\n")
        staging.rename(home)
    except OSError as error:
        raise ModelError(f"{home} cannot be written ({error.strerror}); choose another folder of models.") from error
    finally:
        shutil.rmtree(staging, ignore_errors=True)
    return made


def read_given(path: Path) -> GivenCard:
    """Read and check what is said of a network.

    Raises:
        ModelError: it is not readable, or something in it cannot be; the message names the first thing.
    """
    try:
        return GivenCard.model_validate(json.loads(path.read_text(encoding="utf-8")))
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"]) or "the card"
        said = first["msg"].removeprefix("Value error, ")
        raise ModelError(f"{path} cannot be used: {place}: {said}; correct it.") from error
    except (OSError, ValueError) as error:
        raise ModelError(f"{path} is not a readable JSON file; correct it or name another.") from error


def _card(given: GivenCard, file: Path) -> ModelCard:
    name: Literal["model.onnx", "model.tflite"] = "model.onnx" if file.suffix == ".onnx" else "model.tflite"
    colour = "in colour" if given.input.channels == 3 else "grey"
    low, high = given.input.range
    return ModelCard(
        name=given.name,
        title=given.title,
        classes=EMOTIONS,
        side_px=given.side_px,
        preprocessing=f"face box as the detector gives it, {colour}, stretched to the square, {low:g} to {high:g}",
        flip_average=given.flip_average,
        temperature=given.temperature,
        uncertain_below=given.uncertain_below,
        parameters=given.parameters,
        files={name: FileRecord.of(file)},
        licence=given.licence,
        training_data=given.training_data,
        recipe=Recipe(),
        metrics={},
        coverage_accuracy=[],
        imported=Imported(
            file=name,
            source=given.source,
            preprocessing=given.input,
            emotion=given.output,
            raters=given.raters,
            class_maps=given.class_maps,
        ),
    )


def _try(engine: ImportedEngine, card: ModelCard) -> None:
    """Let it read made faces: whatever does not fit shows here and not in somebody's analysis."""
    side = card.side_px
    faces = np.random.default_rng(0).integers(0, 256, (FACES_TRIED, side, side, 3), dtype=np.uint8)
    said = EmotionClassifier(engine, card).classify(list(faces))
    if said.probabilities.shape != (FACES_TRIED, len(EMOTIONS)) or not np.isfinite(said.probabilities).all():
        raise ModelError("The network does not give finite numbers for a face; check range, mean and deviation.")
    assert card.imported is not None
    engine.check(faces[..., : card.imported.preprocessing.channels].astype(np.float32))
