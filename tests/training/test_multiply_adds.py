"""The count of multiplications in a LiteRT file beside that of Keras's layers."""

import math

import keras

from fer_core.evaluation import multiply_adds
from fer_core.networks.files import MODELS_DIR


def test_the_converted_network_multiplies_as_often_as_keras():
    model = keras.models.load_model(MODELS_DIR / "custom_cnn" / "model.keras", compile=False)
    shapes = {}
    for layer in model.layers:
        hook = layer.call

        def call(*args, _name=layer.name, _call=hook, **kwargs):
            result = _call(*args, **kwargs)
            shapes[_name] = getattr(result, "shape", None)
            return result

        layer.call = call
    model(keras.ops.zeros((1, 48, 48, 1)), training=False)
    expected = 0
    for layer in model.layers:
        if isinstance(layer, keras.layers.Conv2D | keras.layers.Dense):
            per_number = math.prod(layer.kernel.shape[:-1])  # kernels end in the channels that come out
            expected += math.prod(shapes[layer.name]) * per_number
    assert multiply_adds(MODELS_DIR / "custom_cnn" / "model.tflite") == expected
