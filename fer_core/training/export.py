"""From Keras to LiteRT."""

import tempfile
from pathlib import Path

import keras

from fer_core.training.architectures import CLASS_MAPS, FEATURES


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


def _named_outputs(model: keras.Model) -> dict:
    return dict(zip(model.output_names, model.outputs, strict=True))


def to_litert(model: keras.Model, path: Path, side_px: int, quantize: str = "float16") -> None:
    """Write `model` as LiteRT with a free batch dimension.

    Args:
        model: a network whose outputs are named; TensorFlow must be the Keras backend.
        path: the `.tflite` to write.
        side_px: side of the square grey faces.
        quantize: "none" (float32 weights), "float16", or "int8" (dynamic range: int8 weights, float32 activations).
    """
    import tensorflow as tf

    archive = keras.export.ExportArchive()
    archive.track(model)
    archive.add_endpoint(
        "serve",
        lambda faces: model(faces, training=False),
        input_signature=[tf.TensorSpec((None, side_px, side_px, 1), tf.float32, name="faces")],
    )
    with tempfile.TemporaryDirectory() as folder:
        archive.write_out(folder, verbose=False)
        converter = tf.lite.TFLiteConverter.from_saved_model(folder)
        if quantize != "none":
            converter.optimizations = [tf.lite.Optimize.DEFAULT]
        if quantize == "float16":
            converter.target_spec.supported_types = [tf.float16]
        path.write_bytes(converter.convert())
