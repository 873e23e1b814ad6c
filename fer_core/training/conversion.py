"""From Keras to LiteRT, ONNX and TensorFlow's SavedModel."""

import importlib
from pathlib import Path
from types import ModuleType
from typing import Final

import keras
import numpy as np
from numpy.typing import NDArray

from fer_core.classification.engines import NetworkOutput
from fer_core.errors import DependencyError, with_extra
from fer_core.temporary import temporary_folder
from fer_core.training.architectures import CLASS_MAPS, FEATURES
from fer_core.whole_file import write_whole


def with_class_maps(model: keras.Model) -> keras.Model:
    """A trained network with a third output: `class_maps` (N, h, w, 7), whose mean over the map is the emotion logits.

    A dense layer after global average pooling is linear, so it can be applied at every place of the last feature map
    before the mean is taken: the class activation map of Zhou et al. (2016), https://arxiv.org/abs/1512.04150, for the
    price of one 1x1 convolution and without a gradient.
    """
    kernel, bias = model.get_layer("emotion").get_weights()
    maps = keras.layers.Conv2D(kernel.shape[1], 1, name=CLASS_MAPS)
    class_maps = maps(model.get_layer(FEATURES).output)
    maps.set_weights([kernel[None, None], bias])
    return keras.Model(model.input, {**_named_outputs(model), CLASS_MAPS: class_maps}, name=model.name)


def _named_outputs(model: keras.Model) -> dict[str, keras.KerasTensor]:
    return dict(zip(model.output_names, model.outputs, strict=True))


def to_litert(
    model: keras.Model,
    path: Path,
    side_px: int,
    quantize: str = "float16",
    calibration: NDArray[np.float32] | None = None,
) -> None:
    """Write `model` as LiteRT with a free batch dimension.

    Args:
        model: a network whose outputs are named; TensorFlow must be the Keras backend.
        path: the `.tflite` to write.
        side_px: side of the square grey faces.
        quantize: "none" (float32 weights), "float16" (half-precision weights), or "int8" (8-bit weights and
            activations; input and output stay float32).
        calibration: real faces, float32 (N, side_px, side_px, 1), 0 to 255, from which the range of each activation is
            taken; needed for "int8".
    """
    import tensorflow as tf

    with temporary_folder() as folder:
        to_saved_model(model, folder, side_px)
        converter = tf.lite.TFLiteConverter.from_saved_model(str(folder))
        if quantize != "none":
            converter.optimizations = [tf.lite.Optimize.DEFAULT]
        if quantize == "float16":
            converter.target_spec.supported_types = [tf.float16]
        if quantize == "int8":
            assert calibration is not None
            converter.representative_dataset = lambda: ({"faces": face[None]} for face in calibration)
        write_whole(path, converter.convert())


def to_saved_model(model: keras.Model, folder: Path, side_px: int) -> None:
    """Write `model` as a SavedModel with a free batch dimension; its signature is "serve"."""
    archive = keras.export.ExportArchive()
    archive.track(model)
    archive.add_endpoint(
        "serve",
        lambda faces: model(faces, training=False),
        input_signature=[keras.InputSpec(shape=(None, side_px, side_px, 1), dtype="float32", name="faces")],
    )
    archive.write_out(folder, verbose=False)


def to_onnx(model: keras.Model, path: Path, side_px: int) -> None:
    """Write `model` as ONNX with a free batch dimension.

    Raises:
        DependencyError: tf2onnx is not installed.
    """
    _require("tf2onnx")
    signature = [keras.InputSpec(shape=(None, side_px, side_px, 1), dtype="float32", name="faces")]
    model.export(path, format="onnx", verbose=False, input_signature=signature)


class OnnxEngine:
    """A network in ONNX, by ONNX Runtime; see `fer_core.classification.engines.Engine`.

    Raises:
        DependencyError: onnxruntime is not installed.
    """

    name: Final = "onnx"
    libraries: Final = ("onnxruntime",)

    def __init__(self, path: Path) -> None:
        self._session = _require("onnxruntime").InferenceSession(str(path), providers=["CPUExecutionProvider"])
        self._names = [output.name for output in self._session.get_outputs()]

    def __call__(self, faces: NDArray[np.float32]) -> NetworkOutput:
        """Run a batch of faces, float32 (N, side, side, 1), grey, 0 to 255."""
        return NetworkOutput(**dict(zip(self._names, self._session.run(None, {"faces": faces}), strict=True)))


class SavedModelEngine:
    """A SavedModel, by TensorFlow; see `fer_core.classification.engines.Engine`."""

    name: Final = "saved_model"
    libraries: Final = ("tensorflow",)

    def __init__(self, folder: Path) -> None:
        import tensorflow as tf

        self._model = tf.saved_model.load(str(folder))

    def __call__(self, faces: NDArray[np.float32]) -> NetworkOutput:
        """Run a batch of faces, float32 (N, side, side, 1), grey, 0 to 255."""
        return NetworkOutput(**{name: value.numpy() for name, value in self._model.serve(faces).items()})


def _require(package: str) -> ModuleType:
    try:
        return importlib.import_module(package)
    except ImportError as error:
        raise DependencyError(f"ONNX export needs {package}; {with_extra('onnx')}.") from error
