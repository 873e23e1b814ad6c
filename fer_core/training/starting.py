"""What a run starts with: weights of another network, and teachers."""

import json
from collections.abc import Callable
from pathlib import Path

import keras
import numpy as np
from numpy.typing import NDArray

from fer_core.classification.cards import load_card, verified_file
from fer_core.classification.combined import Calibrated
from fer_core.classification.engines import ENGINES
from fer_core.classification.recipe import Machine, Recipe, RunSettings
from fer_core.errors import DatasetError, DependencyError, ModelError
from fer_core.evaluation.datasets import FACE_PX
from fer_core.evaluation.recipes import FACE_START
from fer_core.logits import softmax
from fer_core.networks.files import MODELS_DIR, sha256
from fer_core.training.architectures import CLASS_MAPS, GREY_STD
from fer_core.training.augmentation import plain
from fer_core.training.batches import Arrays, Teacher
from fer_core.training.face_start import FACES_MEASURED, fill, read_layers, weights_file
from fer_core.training.settings import Settings

IMAGENET = "imagenet"


def start_from(model: keras.Model, start: str, faces: NDArray[np.uint8], models_dir: Path = MODELS_DIR) -> str:
    """Fill a new network with trained weights, layer after layer, as long as their shapes agree.

    Args:
        model: the new network.
        start: "imagenet" (ResNet50V2 only), "face" or a path that ends in ".bin" (`fer_core.training.face_start`), the
            path of a `.keras` file, or the name of an installed model.
        faces: the training faces, uint8 (N, 48, 48), grey; batch statistics that the weights lack are measured on some.
        models_dir: where the models are.

    Returns:
        A sentence that says how much was taken over.

    Raises:
        DatasetError: nothing fits, or the weights for "face" are not there.
        DependencyError: the ImageNet weights cannot be fetched.
        ModelError: there is no such model, or its file is damaged.
    """
    if of_faces(start):
        rows = np.linspace(0, len(faces) - 1, min(FACES_MEASURED, len(faces))).astype(int)
        taken, layers = fill(model, read_layers(weights_file(start)), plain(faces[rows], FACE_PX))
        return f"started from {start}: {taken} of {layers} layers"
    if start == IMAGENET:
        source = _imagenet()
    else:
        source = keras.models.load_model(_file_of(start, "model.keras", models_dir), compile=False)
    taken, layers = copy_weights(source, model)
    if not taken:
        raise DatasetError(f'The weights of "{start}" fit no layer of {model.name}; choose another start.')
    return f"started from {start}: {taken} of {layers} layers"


def copy_weights(source: keras.Model, model: keras.Model) -> tuple[int, int]:
    """Copy weights in the order of the layers, passing over layers of `model` that `source` does not have.

    A convolution of colour pictures becomes one of grey pictures: its channels are added.

    Returns:
        How many layers were filled, and how many layers with weights `model` has.
    """
    givers = [layer.get_weights() for layer in source.layers if layer.weights and layer.name != CLASS_MAPS]
    takers = [layer for layer in model.layers if layer.weights]
    taken = 0
    for taker in takers:
        if taken == len(givers):
            break
        given = _as_grey(givers[taken], taker)
        if [weight.shape for weight in given] == [tuple(weight.shape) for weight in taker.weights]:
            taker.set_weights(given)
            taken += 1
    return taken, len(takers)


def load_teachers(names: tuple[str, ...], models_dir: Path = MODELS_DIR) -> Teacher:
    """The mean of the probabilities of several networks, without their mirror images, for speed.

    Args:
        names: installed models, whose probabilities are calibrated, or `.keras` files of runs.
        models_dir: where the models are.
    """
    engines = [_teacher(name, models_dir) for name in names]

    def opinion(faces: NDArray[np.uint8]) -> Arrays:
        outputs = [engine(faces[..., None].astype(np.float32)) for engine in engines]
        return {
            head: np.mean([softmax(output[head], axis=1) for output in outputs], axis=0).astype(np.float32)
            for head in ("emotion", "raters")
        }

    return opinion


def _teacher(name: str, models_dir: Path) -> Callable[[NDArray[np.float32]], Arrays]:
    file = _teacher_file(name, models_dir)
    if name.endswith(".keras"):
        network = keras.models.load_model(file, compile=False)
        return lambda faces: {
            head: keras.ops.convert_to_numpy(values) for head, values in network(faces, training=False).items()
        }
    card = load_card(name, models_dir)
    calibrated = Calibrated(ENGINES[_engine()](file), card.temperature, flip_average=False)
    return lambda faces: vars(calibrated(faces))


def sources(settings: Settings, models_dir: Path = MODELS_DIR) -> dict[str, str]:
    """SHA-256 of the networks that a run learns from, by what they are to it.

    Raises:
        DatasetError: a teacher is an ensemble, or another project's network.
        ModelError: one is not installed, or its file is damaged.
    """
    files = {f"teacher {name}": _teacher_file(name, models_dir) for name in settings.teachers}
    if of_faces(settings.start):
        files[f"start {settings.start}"] = weights_file(settings.start)
    elif settings.start and settings.start != IMAGENET:
        files[f"start {settings.start}"] = _file_of(settings.start, "model.keras", models_dir)
    return {what: sha256(file) for what, file in files.items()}


def recipe_before(settings: Settings, models_dir: Path = MODELS_DIR) -> Recipe | None:
    """How the network was made whose weights a run starts with: an installed model, or the `.keras` file of a run.

    Returns:
        None where that is not stated, such as beside a lone file, or where the start is public.
    """
    if has_public_start(settings.start):
        return None
    if settings.start.endswith(".keras"):
        return _recipe_beside(Path(settings.start).absolute().parent)
    return _stated(load_card(settings.start, models_dir).recipe)


def recipe_of_run(run: Path, converted: str = "") -> Recipe:
    """The recipe of a run; `before` is the recipe of the run whose weights it began with.

    Args:
        run: its folder.
        converted: format and precision of the network that was made of it; empty where none was.

    Raises:
        OSError: a file of the run is missing or may not be read.
        ValueError: one is damaged.
        LookupError: its history is empty.
    """
    rows = (run / "history.csv").read_text().splitlines()
    header, last = rows[0].split(","), rows[-1].split(",")
    recipe = Recipe(
        settings=RunSettings.model_validate_json((run / "settings.json").read_bytes()),
        epochs=len(rows) - 1,
        minutes=round(float(last[header.index("seconds")]) / 60, 1),
        machine=Machine.model_validate_json((run / "machine.json").read_bytes()),
        sources=json.loads((run / "sources.json").read_bytes()),
    )
    if converted:
        recipe = recipe.model_copy(update={"converted": converted})
    before = run / "before.json"
    if not before.exists():
        return recipe
    return recipe.model_copy(update={"before": Recipe.model_validate_json(before.read_bytes())})


def has_public_start(start: str) -> bool:
    """Whether a run begins with random weights, or with public ones whose origin the start itself names."""
    return start in ("", IMAGENET) or of_faces(start)


def of_faces(start: str) -> bool:
    """Whether settings start a run from the weights of the face recognition network: by their name, or by its file."""
    return start == FACE_START or start.endswith(".bin")


def _recipe_beside(folder: Path) -> Recipe | None:
    """The recipe of the `.keras` file in the folder of a run or of a model; None in any other."""
    try:
        if (folder / "card.json").is_file():
            return _stated(load_card(folder.name, folder.parent).recipe)
        return recipe_of_run(folder)
    except (OSError, ValueError, LookupError, ModelError):
        return None


def _stated(recipe: Recipe) -> Recipe | None:
    return recipe if recipe.model_fields_set else None


def _teacher_file(name: str, models_dir: Path) -> Path:
    """The file of a teacher.

    Raises:
        DatasetError: it is an ensemble, or another project's network.
        ModelError: it is not installed, or its file is damaged.
    """
    card = None if name.endswith(".keras") else load_card(name, models_dir)
    if card is not None and card.members:
        raise DatasetError(f'"{name}" is an ensemble; name its members as teachers: {" ".join(card.members)}.')
    if card is not None and card.imported is not None:
        raise DatasetError(f'"{name}" is another project\'s network, and those do not teach here; leave it out.')
    return _file_of(name, ENGINES[_engine()].file, models_dir)


def _file_of(name: str, file: str, models_dir: Path) -> Path:
    """A `.keras` file by its path, or a file of an installed model by the model's name."""
    if name.endswith(".keras"):
        return Path(name)
    return verified_file(load_card(name, models_dir), file, models_dir)


def _engine() -> str:
    """LiteRT beside a network that trains on the CPU; Keras where the teacher can use the same accelerator."""
    return "keras" if keras.backend.backend() == "jax" else "litert"


def _imagenet() -> keras.Model:
    try:
        return keras.applications.ResNet50V2(include_top=False, weights="imagenet", input_shape=(None, None, 3))
    except Exception as error:  # Keras passes on whatever its download raises
        raise DependencyError(
            f"The ImageNet weights could not be downloaded ({type(error).__name__}); check the connection or leave out "
            "--weights imagenet."
        ) from error


def _as_grey(given: list[NDArray[np.float32]], taker: keras.Layer) -> list[NDArray[np.float32]]:
    kernel = given[0]
    if kernel.ndim == 4 and kernel.shape[2] == 3 and taker.weights[0].shape[2] == 1:
        # ImageNet's ResNet50V2 saw pixels from -1 to 1; here they are divided by GREY_STD.
        return [kernel.sum(axis=2, keepdims=True) * (GREY_STD / 127.5), *given[1:]]
    return given
