"""The networks, in Keras 3, for any backend.

Each takes 8-bit grey faces as float32 in 0 to 255, shape (N, height, width, 1), and ends in one feature map, global
average pooling and two dense heads:

- `emotion`: logits of the seven `EMOTIONS`, learnt from the FER2013 label;
- `raters`: logits of the eight `RATER_CLASSES`, learnt from the FER+ votes.

The networks are fully convolutional up to the pooling, so they train on small faces first and on full ones later.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import keras
import numpy as np
from keras import layers, ops
from numpy.typing import NDArray

from fer_core.emotions import EMOTIONS, RATER_CLASSES
from fer_core.training.quick_layers import (
    FusedBatchNormalization,
    MatrixConv2D,
    QuickAveragePooling2D,
    QuickMaxPooling2D,
)

FEATURES = "features"
"""Name of the layer whose output is the last feature map."""

CLASS_MAPS = "class_maps"
"""Name of the output that export adds: the emotion head, applied at every place of the last feature map."""

GREY_MEAN, GREY_STD = 129.0, 65.0
"""Mean and standard deviation of FER2013's training pixels, rounded."""

FLAT_CELL = 0.2 / GREY_STD
"""Mean gradient, in `GREY_STD` a pixel, below which a cell counts as flat: a fifth of a grey level."""

KERAS_LAYERS = {
    "conv": layers.Conv2D,
    "max_pool": layers.MaxPooling2D,
    "average_pool": layers.AveragePooling2D,
    "normalise": partial(layers.BatchNormalization, momentum=0.9),
}
QUICK_LAYERS = {
    "conv": MatrixConv2D,
    "max_pool": QuickMaxPooling2D,
    "average_pool": QuickAveragePooling2D,
    "normalise": partial(FusedBatchNormalization, momentum=0.9),
}

ARCHITECTURES: dict[str, Callable[..., keras.Model]] = {}


@dataclass(frozen=True)
class Parts:
    """What an architecture is built from.

    Attributes:
        conv: makes a convolution, as `keras.layers.Conv2D`.
        max_pool: makes a `keras.layers.MaxPooling2D`.
        average_pool: makes a `keras.layers.AveragePooling2D`.
        normalise: makes a batch normalisation layer.
        dropout: share of pooled features dropped in training.
        stem_stride: 1 keeps the face's full resolution in the first stage; 2 halves it at once, which costs a little
            accuracy and saves most of the time on a CPU.
    """

    conv: Callable[..., keras.Layer]
    max_pool: Callable[..., keras.Layer]
    average_pool: Callable[..., keras.Layer]
    normalise: Callable[[], keras.Layer]
    dropout: float
    stem_stride: int


def build(name: str, *, dropout: float = 0.4, stem_stride: int = 2, quick: bool = False) -> keras.Model:
    """Build an untrained network.

    Args:
        name: a key of `ARCHITECTURES`.
        dropout: share of pooled features dropped in training.
        stem_stride: 1 for full resolution in the first stage, 2 for half.
        quick: use `fer_core.training.quick_layers`, for training. The weights are the same, in the same order, so
            `build(name).set_weights(trained.get_weights())` gives a model of plain Keras layers to save.
    """
    made = QUICK_LAYERS if quick else KERAS_LAYERS
    return ARCHITECTURES[name](Parts(**made, dropout=dropout, stem_stride=stem_stride))


def _architecture(build_network: Callable[..., keras.Model]) -> Callable[..., keras.Model]:
    ARCHITECTURES[build_network.__name__] = build_network
    return build_network


@_architecture
def custom_cnn(parts: Parts) -> keras.Model:
    """A small residual network with squeeze-and-excitation, made for two CPU cores (1.3 million parameters).

    Blocks after He et al. (2016), https://arxiv.org/abs/1512.03385, recalibrated per channel after Hu et al. (2018),
    https://arxiv.org/abs/1709.01507. A face of 48 pixels leaves a map of 6 by 6.
    """
    faces, x = _start()
    return with_heads(faces, _residual_trunk(x, parts), parts, "custom_cnn")


@_architecture
def hybrid(parts: Parts) -> keras.Model:
    """The trunk of `custom_cnn`, joined cell by cell with hand-made features, then attention between the cells.

    Each of the 6 by 6 cells of 8 pixels is described three times: by the convolutional trunk, by a histogram of
    oriented gradients (Dalal and Triggs, 2005, https://doi.org/10.1109/CVPR.2005.177) and by how often each bit of the
    local binary pattern is set (Ojala et al., 2002, https://doi.org/10.1109/TPAMI.2002.1017623). Two layers of
    self-attention (Vaswani et al., 2017, https://arxiv.org/abs/1706.03762) let far parts of the face explain each
    other; a depthwise convolution tells them where they are, whatever the size of the face (Chu et al., 2021,
    https://arxiv.org/abs/2102.10882).
    """
    faces, x = _start()
    cells = layers.Concatenate()([_residual_trunk(x, parts), _oriented_gradients(x), _binary_patterns(x)])
    cells = parts.normalise()(parts.conv(192, 1, use_bias=False, name="join")(cells))
    for _ in range(2):
        cells = layers.Add()([cells, layers.DepthwiseConv2D(3, padding="same", depthwise_initializer="zeros")(cells)])
        cells = _attend(cells, heads=6)
    return with_heads(faces, layers.LayerNormalization()(cells), parts, "hybrid")


@_architecture
def vgg16(parts: Parts) -> keras.Model:
    """VGG16 with batch normalisation (15 million parameters).

    The thirteen convolutions of Simonyan and Zisserman (2015), https://arxiv.org/abs/1409.1556, each normalised (Ioffe
    and Szegedy, 2015, https://arxiv.org/abs/1502.03167); global average pooling takes the place of the last pooling and
    of the three dense layers. A face of 48 pixels leaves a map of 3 by 3.
    """
    faces, x = _start()
    for stage, (width, depth) in enumerate(((64, 2), (128, 2), (256, 3), (512, 3), (512, 3))):
        if stage > (1 if parts.stem_stride == 2 else 0):
            x = parts.max_pool()(x)
        for place in range(depth):
            stride = parts.stem_stride if (stage, place) == (0, 0) else 1
            x = layers.ReLU()(_conv(x, width, 3, parts, stride))
    return with_heads(faces, x, parts, "vgg16")


@_architecture
def resnet50v2(parts: Parts) -> keras.Model:
    """ResNet50V2 for small faces (24 million parameters).

    The body is that of `keras.applications.ResNet50V2` (He et al., 2016, https://arxiv.org/abs/1603.05027), layer for
    layer, so that its ImageNet weights fit; two strides are left out, the stem's (unless `stem_stride` is 2) and the
    last one, because a face of 48 pixels would otherwise end as a map of 2 by 2.
    """
    faces, x = _start()
    x = layers.ZeroPadding2D(3)(x)
    x = parts.conv(64, 7, strides=parts.stem_stride, kernel_initializer="he_normal", name="stem")(x)
    x = parts.max_pool(3, strides=2)(layers.ZeroPadding2D(1)(x))
    for width, depth, stride in ((64, 3, 2), (128, 4, 2), (256, 6, 1), (512, 3, 1)):
        for place in range(depth):
            x = _bottleneck(x, width, parts, stride if place == depth - 1 else 1, widen=place == 0)
    return with_heads(faces, layers.ReLU()(parts.normalise()(x)), parts, "resnet50v2")


@_architecture
def face_resnet(parts: Parts) -> keras.Model:
    """A residual network laid out like one that tells faces apart, and can begin with its weights (4.4 million).

    Davis King's 29-layer network (2017, http://blog.dlib.net/2017/02/high-quality-face-recognition-with-deep.html),
    after He et al. (2016), https://arxiv.org/abs/1512.03385, without its last block, of which small faces leave
    nothing. It was made for faces of 150 pixels, so the face is enlarged first: twice, or four times with `stem_stride`
    1. A face of 48 pixels leaves a map of 3 by 3, or 6 by 6. `fer_core.training.face_start` fills it with the trained
    weights.
    """
    faces, x = _start()
    x = layers.UpSampling2D(4 // parts.stem_stride, interpolation="bilinear")(x)
    x = parts.conv(32, 7, strides=2, use_bias=False, kernel_initializer="he_normal", name="stem")(x)
    x = parts.max_pool(3, strides=2)(layers.ReLU()(parts.normalise()(x)))
    for width, depth in ((32, 3), (64, 4), (128, 3), (256, 3)):
        for place in range(depth):
            x = _plain_block(x, width, parts, stride=2 if width > 32 and place == 0 else 1)
    return with_heads(faces, x, parts, "face_resnet")


def _plain_block(x: keras.KerasTensor, width: int, parts: Parts, stride: int) -> keras.KerasTensor:
    """Two convolutions beside a shortcut without weights: what a wider block lacks there is zero."""
    shortcut = parts.average_pool(2, padding="same")(x) if stride == 2 else x
    if missing := width - x.shape[-1]:
        shortcut = ops.pad(shortcut, ((0, 0), (0, 0), (0, 0), (0, missing)))
    x = layers.ReLU()(_conv(x, width, 3, parts, stride))
    return layers.ReLU()(layers.Add()([shortcut, _conv(x, width, 3, parts)]))


def _bottleneck(x: keras.KerasTensor, width: int, parts: Parts, stride: int, widen: bool) -> keras.KerasTensor:
    before = layers.ReLU()(parts.normalise()(x))
    if widen:
        shortcut = parts.conv(4 * width, 1, strides=stride, kernel_initializer="he_normal")(before)
    else:
        shortcut = parts.max_pool(1, strides=stride)(x) if stride > 1 else x
    x = layers.ReLU()(_conv(before, width, 1, parts))
    x = layers.ReLU()(_conv(x, width, 3, parts, stride))
    # Zero at the start: every block begins as its shortcut, which deep networks train from more surely.
    x = parts.conv(4 * width, 1, kernel_initializer="zeros")(x)
    return layers.Add()([shortcut, x])


def _residual_trunk(x: keras.KerasTensor, parts: Parts) -> keras.KerasTensor:
    def block(x: keras.KerasTensor, width: int) -> keras.KerasTensor:
        shortcut = x if x.shape[-1] == width else _conv(x, width, 1, parts)
        x = layers.ReLU()(_conv(x, width, 3, parts))
        x = _conv(x, width, 3, parts)
        weight = layers.GlobalAveragePooling2D(keepdims=True)(x)
        weight = parts.conv(width // 8, 1, activation="relu")(weight)
        weight = parts.conv(width, 1, activation="sigmoid")(weight)
        return layers.ReLU()(layers.Add()([shortcut, layers.Multiply()([x, weight])]))

    x = layers.ReLU()(_conv(x, 32, 5, parts, parts.stem_stride))
    for width, depth in ((32, 2), (64, 2), (128, 2), (192, 1)):
        if width in (64, 128) or (width == 192 and parts.stem_stride == 1):
            x = parts.max_pool()(x)
        for _ in range(depth):
            x = block(x, width)
    return x


def _oriented_gradients(x: keras.KerasTensor) -> keras.KerasTensor:
    """Mean strength of the gradient in eight directions over each cell of 8 pixels, scaled to length 1.

    The addend under the root keeps flat cells at 0. Measured in `FLAT_CELL`, it is 1, which half precision keeps.
    """
    angles = np.arange(8) * np.pi / 4
    kernel = np.zeros((3, 3, 1, 8), np.float32)
    kernel[1, 2, 0], kernel[1, 0, 0] = np.cos(angles), -np.cos(angles)
    kernel[2, 1, 0], kernel[0, 1, 0] = np.sin(angles), -np.sin(angles)
    strength = layers.ReLU()(_fixed_filters(kernel, "gradients")(x))
    cells = layers.AveragePooling2D(8)(strength) / FLAT_CELL
    return cells / ops.sqrt(ops.sum(ops.square(cells), axis=-1, keepdims=True) + 1)


def _binary_patterns(x: keras.KerasTensor) -> keras.KerasTensor:
    """How often each of the eight neighbours is brighter than the pixel, over each cell; a soft comparison."""
    kernel = np.zeros((3, 3, 1, 8), np.float32)
    kernel[1, 1] = -1
    for bit, (row, column) in enumerate((r, c) for r in range(3) for c in range(3) if (r, c) != (1, 1)):
        kernel[row, column, 0, bit] = 1
    brighter = layers.Activation("sigmoid")(layers.Rescaling(GREY_STD / 4)(_fixed_filters(kernel, "patterns")(x)))
    return layers.AveragePooling2D(8)(brighter)


def _fixed_filters(kernel: NDArray[np.float32], name: str) -> keras.Layer:
    return layers.Conv2D(
        kernel.shape[-1],
        kernel.shape[0],
        padding="same",
        use_bias=False,
        kernel_initializer=keras.initializers.Constant(kernel.tolist()),
        trainable=False,
        name=name,
    )


def _attend(cells: keras.KerasTensor, heads: int) -> keras.KerasTensor:
    width = cells.shape[-1]
    x = layers.LayerNormalization()(cells)
    x = layers.MultiHeadAttention(heads, width // heads, attention_axes=(1, 2), flash_attention=False)(x, x)
    cells = layers.Add()([cells, x])
    x = layers.Dense(2 * width, activation="gelu")(layers.LayerNormalization()(cells))
    return layers.Add()([cells, layers.Dense(width)(x)])


def _conv(x: keras.KerasTensor, width: int, size: int, parts: Parts, stride: int = 1) -> keras.KerasTensor:
    conv = parts.conv(width, size, strides=stride, padding="same", use_bias=False, kernel_initializer="he_normal")
    return parts.normalise()(conv(x))


def _start() -> tuple[keras.KerasTensor, keras.KerasTensor]:
    """The input, and the same standardised."""
    faces = keras.Input((None, None, 1), name="faces")
    return faces, layers.Rescaling(1 / GREY_STD, -GREY_MEAN / GREY_STD)(faces)


def with_heads(faces: keras.KerasTensor, x: keras.KerasTensor, parts: Parts, name: str) -> keras.Model:
    """A network with both heads on the last feature map `x`, (N, height, width, channels).

    Each head is global average pooling and one dense layer, so that class activation maps can be taken from it.
    """
    features = layers.Activation("linear", dtype="float32", name=FEATURES)(x)
    pooled = layers.GlobalAveragePooling2D(dtype="float32")(features)
    pooled = layers.Dropout(parts.dropout, dtype="float32")(pooled)
    heads = {
        "emotion": layers.Dense(len(EMOTIONS), dtype="float32", name="emotion")(pooled),
        "raters": layers.Dense(len(RATER_CLASSES), dtype="float32", name="raters")(pooled),
    }
    return keras.Model(faces, heads, name=name)
