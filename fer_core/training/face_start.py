"""Weights of a network that tells faces apart, as the start of `face_resnet`.

The network is `dlib_face_recognition_resnet_model_v1` by Davis King, who released it into the public domain. Its
weights come here in the form that the npm package `@vladmandic/face-api` (MIT) has them in: one file of bytes beside a
manifest, which names the tensors in their order; a byte stands for `min + scale * byte`, and some tensors are float32.
Nothing is downloaded: `fer_core.evaluation.recipes.FETCH_FACE` says where the files come from, and their SHA-256 is
checked.

Each convolution of that network is followed by a scale and an offset for each channel, its frozen batch normalisation.
Here the scale goes into the kernel, and a batch normalisation follows whose statistics are measured on real faces and
undone by its gain and offset: the network begins as it was, and can be trained as usual.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import keras
import numpy as np
from numpy.typing import NDArray

from fer_core.errors import DatasetError
from fer_core.evaluation.recipes import FACE_FILES, FACE_FOLDER, FACE_START, FETCH_FACE
from fer_core.networks.files import sha256
from fer_core.training.architectures import GREY_MEAN, GREY_STD

WEIGHTS, MANIFEST = FACE_FILES
SHA256: Final = {
    WEIGHTS: "b413e420d6840b2775fba32008db6f3cddb07d485967fb42cfcf379c16a8c589",
    MANIFEST: "cbaffa501b0b9275a12b63357a6843e7e30c054e1c9151e1a5f879b26e32986b",
}

COLOUR_MEANS: Final = (122.782, 117.001, 104.298)
"""What the network takes off red, green and blue before it divides them by 255."""

FACES_MEASURED: Final = 256


@dataclass(frozen=True)
class Layer:
    """One convolution and what follows it: `scale * (convolution + bias) + offset`.

    Attributes:
        kernel: float32 (height, width, in, out).
        bias: float32 (out,).
        scale: float32 (out,).
        offset: float32 (out,).
    """

    kernel: NDArray[np.float32]
    bias: NDArray[np.float32]
    scale: NDArray[np.float32]
    offset: NDArray[np.float32]


def weights_file(start: str) -> Path:
    """The file of weights that `FACE_START`, or a path that ends in ".bin", stands for.

    Raises:
        DatasetError: it or its manifest is missing, or, for `FACE_START`, not the one that is meant.
    """
    path = Path(FACE_FOLDER) / WEIGHTS if start == FACE_START else Path(start)
    for file in (path, manifest_of(path)):
        if not file.is_file():
            raise DatasetError(f"{file} is missing; the weights to start from are fetched by: {FETCH_FACE}")
        if start == FACE_START and sha256(file) != SHA256[file.name]:
            raise DatasetError(f"{file} is not the file that is meant (its SHA-256 differs); get it by: {FETCH_FACE}")
    return path


def manifest_of(weights: Path) -> Path:
    """The manifest beside a file of weights."""
    return weights.with_name(f"{weights.stem}-weights_manifest.json")


def read_layers(weights: Path) -> list[Layer]:
    """The convolutions, in the order of the manifest.

    Raises:
        DatasetError: the two files do not belong together, or hold something else.
    """
    try:
        groups = json.loads(manifest_of(weights).read_text(encoding="utf-8"))
        named = _tensors([entry for group in groups for entry in group["weights"]], weights.read_bytes())
    except (OSError, KeyError, TypeError, ValueError) as error:
        raise DatasetError(f"{weights} and its manifest cannot be read; get them by: {FETCH_FACE}") from error
    places = [name.removesuffix("conv/filters") for name in named if name.endswith("conv/filters")]
    try:
        return [
            Layer(*(named[place + part] for part in ("conv/filters", "conv/bias", "scale/weights", "scale/biases")))
            for place in places
        ]
    except KeyError as error:
        raise DatasetError(f"{weights} lacks {error}; get the files by: {FETCH_FACE}") from error


def _tensors(entries: list[dict[str, Any]], data: bytes) -> dict[str, NDArray[np.float32]]:
    named, start = {}, 0
    for entry in entries:
        count, quantised = int(np.prod(entry["shape"])), entry.get("quantization")
        stored = np.dtype(np.uint8 if quantised else "<f4")
        values = np.frombuffer(data, stored, count, start)
        start += values.nbytes
        if quantised:
            values = values * quantised["scale"] + quantised["min"]
        named[entry["name"]] = values.reshape(entry["shape"]).astype(np.float32)
    return named


def fill(model: keras.Model, given: list[Layer], faces: NDArray[np.float32]) -> tuple[int, int]:
    """Let `model`, a new `face_resnet`, begin as the network of these layers.

    Args:
        model: the network; its heads stay as they are.
        given: at least as many layers as it has convolutions; further ones are left out.
        faces: real faces on which the statistics are measured, float32 (N, height, width, 1), 0 to 255.

    Returns:
        How many layers were filled, and how many layers with weights `model` has.

    Raises:
        DatasetError: the layers are another network's.
    """
    weighted = [layer for layer in model.layers if layer.weights]
    convolutions = [layer for layer in weighted if isinstance(layer, keras.layers.Conv2D)]
    norms = [layer for layer in weighted if isinstance(layer, keras.layers.BatchNormalization)]
    if len(given) < len(convolutions):
        raise DatasetError(f"The weights have {len(given)} convolutions, {model.name} has {len(convolutions)}.")
    folded = [_folded(layer, first=place == 0) for place, layer in enumerate(given[: len(convolutions)])]
    for convolution, norm, (kernel, offset) in zip(convolutions, norms, folded, strict=True):
        if tuple(convolution.kernel.shape) != kernel.shape:
            raise DatasetError(f"The weights do not fit {model.name}; only those of a network of its layout do.")
        convolution.set_weights([kernel])
        _normalise_nothing(norm, np.zeros_like(offset), np.ones_like(offset), offset)
    responses = keras.Model(model.input, [convolution.output for convolution in convolutions])
    measured = responses.predict(faces, batch_size=32, verbose=0)
    for norm, response, (_, offset) in zip(norms, measured, folded, strict=True):
        values = np.asarray(response, np.float32).reshape(-1, response.shape[-1])
        _normalise_nothing(norm, values.mean(axis=0), values.var(axis=0), offset)
    return len(convolutions) + len(norms), len(weighted)


def _folded(layer: Layer, first: bool) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Kernel and offset of the same layer without scale and bias; of the first one, for standardised grey faces."""
    kernel, bias = layer.kernel, layer.bias
    if first:
        brightness = (GREY_MEAN - np.array(COLOUR_MEANS, np.float32)) / 255
        bias = bias + np.einsum("hwio,i->o", kernel, brightness)
        kernel = kernel.sum(axis=2, keepdims=True) * (GREY_STD / 255)
    return (kernel * layer.scale).astype(np.float32), (bias * layer.scale + layer.offset).astype(np.float32)


def _normalise_nothing(
    norm: keras.layers.BatchNormalization,
    mean: NDArray[np.float32],
    variance: NDArray[np.float32],
    offset: NDArray[np.float32],
) -> None:
    """Statistics that gain and offset undo, so that the layer only adds `offset`."""
    norm.set_weights([np.sqrt(variance + norm.epsilon), mean + offset, mean, variance])
