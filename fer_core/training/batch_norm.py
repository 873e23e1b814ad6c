"""Batch normalisation in one fused kernel, for training with the torch backend.

Keras computes mean, variance and scaling as separate operations; on two CPU cores that makes a step of the custom CNN
about a fifth slower. Where torch is the backend this layer calls torch's fused kernel; elsewhere it is Keras's own.
"""

from typing import Any

import keras
from keras import layers


@keras.saving.register_keras_serializable(package="fer_core")
class FusedBatchNormalization(layers.BatchNormalization):
    """`keras.layers.BatchNormalization` over the last axis, with the same weights and results."""

    def call(self, inputs: Any, training: bool | None = None, mask: Any = None) -> Any:
        """Normalise `inputs`, shape (N, height, width, channels)."""
        if keras.backend.backend() != "torch":
            return super().call(inputs, training=training, mask=mask)
        import torch

        if inputs.device.type == "meta":  # Keras infers output shapes with tensors that hold nothing
            return super().call(inputs, training=training, mask=mask)
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
