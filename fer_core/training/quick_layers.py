"""Layers with the weights and results of Keras's own, quicker to train with torch on a CPU.

Where another backend trains, they are Keras's own. Keras lets channels come last and torch wants them first: its layers
turn every map round in memory for that, though torch's own can take it as it lies.
"""

from typing import Any

import keras
from keras import layers


@keras.saving.register_keras_serializable(package="fer_core")
class FusedBatchNormalization(layers.BatchNormalization):
    """`keras.layers.BatchNormalization` over the last axis in torch's one kernel.

    Keras computes mean, variance and scaling as separate operations.
    """

    def call(self, inputs: Any, training: bool | None = None, mask: Any = None) -> Any:
        """Normalise `inputs`, shape (N, height, width, channels)."""
        if not _in_torch(inputs):
            return super().call(inputs, training=training, mask=mask)
        import torch

        normalised = torch.nn.functional.batch_norm(
            inputs.permute(0, 3, 1, 2),
            self.moving_mean.value,
            self.moving_variance.value,
            self.gamma.value,
            self.beta.value,
            bool(training) and self.trainable,
            1 - self.momentum,
            self.epsilon,
        )
        return normalised.permute(0, 2, 3, 1)


@keras.saving.register_keras_serializable(package="fer_core")
class MatrixConv2D(layers.Conv2D):
    """`keras.layers.Conv2D` that multiplies matrices where that is quicker.

    It is in deep layers, where a few places of a small map meet many channels: oneDNN takes several times as long there
    for the gradient of the kernel as for the convolution. A kernel of one place is a matrix by itself.
    """

    def convolution_op(self, inputs: Any, kernel: Any) -> Any:
        """Convolve `inputs`, shape (N, height, width, channels), with `kernel`, (height, width, in, out)."""
        stride, size = self.strides[0], self.kernel_size[0]
        padded = self.padding == "same"
        if not _in_torch(inputs) or (padded and (stride > 1 or size % 2 == 0)):  # those Keras pads unevenly
            return super().convolution_op(inputs, kernel)
        from fer_core.training.torch_convolution import convolve

        kernel = keras.ops.convert_to_tensor(kernel)
        if size == 1:
            return inputs[:, ::stride, ::stride] @ kernel[0, 0]
        return convolve(inputs, kernel, stride, size // 2 if padded else 0)


@keras.saving.register_keras_serializable(package="fer_core")
class QuickMaxPooling2D(layers.MaxPooling2D):
    """`keras.layers.MaxPooling2D` of maps as they lie in memory."""

    def call(self, inputs: Any) -> Any:
        """Pool `inputs`, shape (N, height, width, channels)."""
        if not _in_torch(inputs) or self.padding == "same":
            return super().call(inputs)
        import torch

        pooled = torch.nn.functional.max_pool2d(inputs.permute(0, 3, 1, 2), self.pool_size, self.strides)
        return pooled.permute(0, 2, 3, 1)


@keras.saving.register_keras_serializable(package="fer_core")
class QuickAveragePooling2D(layers.AveragePooling2D):
    """`keras.layers.AveragePooling2D` of maps as they lie in memory."""

    def call(self, inputs: Any) -> Any:
        """Pool `inputs`, shape (N, height, width, channels)."""
        in_twos = self.pool_size == self.strides == (2, 2)
        if not _in_torch(inputs) or (self.padding == "same" and not in_twos):  # Keras pads unevenly
            return super().call(inputs)
        import torch

        pooled = torch.nn.functional.avg_pool2d(
            inputs.permute(0, 3, 1, 2),
            self.pool_size,
            self.strides,
            ceil_mode=self.padding == "same",
            count_include_pad=False,
        )
        return pooled.permute(0, 2, 3, 1)


def _in_torch(inputs: Any) -> bool:
    """Whether torch computes. Keras infers output shapes with tensors that hold nothing, on a device "meta"."""
    return keras.backend.backend() == "torch" and bool(inputs.device.type != "meta")
