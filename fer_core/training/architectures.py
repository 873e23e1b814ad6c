"""The networks, in Keras 3, for any backend.

Each takes 8-bit grey faces as float32 in 0 to 255, shape (N, height, width, 1), and ends in one feature map, global
average pooling and two dense heads:

- `emotion`: logits of the seven `EMOTIONS`, learnt from the FER2013 label;
- `raters`: logits of the eight `RATER_CLASSES`, learnt from the FER+ votes.

The networks are fully convolutional up to the pooling, so they train on small faces first and on full ones later.
"""

from collections.abc import Callable

import keras
from keras import layers

from fer_core.emotions import EMOTIONS, RATER_CLASSES
from fer_core.training.batch_norm import FusedBatchNormalization

FEATURES = "features"
"""Name of the layer whose output is the last feature map."""

GREY_MEAN, GREY_STD = 129.0, 65.0
"""Mean and standard deviation of FER2013's training pixels, rounded."""

ARCHITECTURES: dict[str, Callable[..., keras.Model]] = {}


def build(name: str, *, dropout: float = 0.4, fused: bool = False) -> keras.Model:
    """Build an untrained network.

    Args:
        name: a key of `ARCHITECTURES`.
        dropout: share of pooled features dropped in training.
        fused: use the faster batch normalisation for training. The weights are the same, in the same order, so
            `build(name).set_weights(trained.get_weights())` gives a model of plain Keras layers to save.
    """
    normalise = FusedBatchNormalization if fused else layers.BatchNormalization
    return ARCHITECTURES[name](dropout, lambda: normalise(momentum=0.9))


def _architecture(build_network: Callable[..., keras.Model]) -> Callable[..., keras.Model]:
    ARCHITECTURES[build_network.__name__] = build_network
    return build_network


@_architecture
def custom_cnn(dropout: float, normalise: Callable[[], keras.Layer]) -> keras.Model:
    """A small residual network with squeeze-and-excitation, made for two CPU cores (1.3 million parameters).

    Blocks after He et al. (2016), https://arxiv.org/abs/1512.03385, recalibrated per channel after Hu et al. (2018),
    https://arxiv.org/abs/1709.01507. The stem halves the picture at once: at full size it would cost as much time as
    all that follows. A face of 48 pixels leaves a map of 6 by 6.
    """

    def conv(x: keras.KerasTensor, width: int, size: int, stride: int = 1) -> keras.KerasTensor:
        x = layers.Conv2D(width, size, strides=stride, padding="same", use_bias=False, kernel_initializer="he_normal")(
            x
        )
        return normalise()(x)

    def block(x: keras.KerasTensor, width: int) -> keras.KerasTensor:
        shortcut = x if x.shape[-1] == width else conv(x, width, 1)
        x = layers.ReLU()(conv(x, width, 3))
        x = conv(x, width, 3)
        weight = layers.GlobalAveragePooling2D(keepdims=True)(x)
        weight = layers.Conv2D(width // 8, 1, activation="relu")(weight)
        weight = layers.Conv2D(width, 1, activation="sigmoid")(weight)
        return layers.ReLU()(layers.Add()([shortcut, layers.Multiply()([x, weight])]))

    faces = keras.Input((None, None, 1), name="faces")
    x = layers.Rescaling(1 / GREY_STD, -GREY_MEAN / GREY_STD)(faces)
    x = layers.ReLU()(conv(x, 32, 5, stride=2))
    for width, depth in ((32, 2), (64, 2), (128, 2), (192, 1)):
        if width in (64, 128):
            x = layers.MaxPooling2D()(x)
        for _ in range(depth):
            x = block(x, width)
    return _with_heads(faces, x, dropout, "custom_cnn")


def _with_heads(faces: keras.KerasTensor, x: keras.KerasTensor, dropout: float, name: str) -> keras.Model:
    features = layers.Activation("linear", dtype="float32", name=FEATURES)(x)
    pooled = layers.GlobalAveragePooling2D(dtype="float32")(features)
    pooled = layers.Dropout(dropout, dtype="float32")(pooled)
    heads = {
        "emotion": layers.Dense(len(EMOTIONS), dtype="float32", name="emotion")(pooled),
        "raters": layers.Dense(len(RATER_CLASSES), dtype="float32", name="raters")(pooled),
    }
    return keras.Model(faces, heads, name=name)
