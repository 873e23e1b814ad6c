"""Engines made of engines: one that is calibrated, and the mean of several that are."""

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from fer_core.classification.engines import Engine, NetworkOutput
from fer_core.logits import log_mean, log_softmax


class Calibrated:
    """An engine whose logits are ready for the softmax.

    Args:
        engine: the network.
        temperature: by which its emotion logits are divided (Guo et al., 2017, https://arxiv.org/abs/1706.04599).
        flip_average: take the mean of the logits of each face and of its mirror image.
    """

    def __init__(self, engine: Engine, temperature: float, flip_average: bool) -> None:
        self.engine, self.temperature, self.flip_average = engine, np.float32(temperature), flip_average

    def __call__(self, faces: NDArray[np.float32]) -> NetworkOutput:
        """Run a batch; see `Engine`."""
        output = self._both_sides(faces) if self.flip_average else self.engine(faces)
        return NetworkOutput(output.emotion / self.temperature, output.raters, output.class_maps / self.temperature)

    def _both_sides(self, faces: NDArray[np.float32]) -> NetworkOutput:
        both = self.engine(np.concatenate([faces, faces[:, :, ::-1]]))
        n, half = len(faces), np.float32(0.5)
        return NetworkOutput(
            half * (both.emotion[:n] + both.emotion[n:]),
            half * (both.raters[:n] + both.raters[n:]),
            half * (both.class_maps[:n] + both.class_maps[n:, :, ::-1]),
        )


class Ensemble:
    """The mean of the probabilities of calibrated engines, given as logits like any engine's.

    Its class maps are the mean of the members' maps, brought to the size of the largest; unlike a single network's they
    show where the members looked, but do not add up to the ensemble's logits.
    """

    def __init__(self, members: Sequence[Calibrated]) -> None:
        self.members = tuple(members)
        self.name, self.libraries = self.members[0].engine.name, self.members[0].engine.libraries

    def __call__(self, faces: NDArray[np.float32]) -> NetworkOutput:
        """Run a batch through every member; see `Engine`."""
        outputs = [member(faces) for member in self.members]
        side = max(output.class_maps.shape[1] for output in outputs)
        return NetworkOutput(
            _log_mean([output.emotion for output in outputs]),
            _log_mean([output.raters for output in outputs]),
            np.mean([_enlarged(output.class_maps, side) for output in outputs], axis=0),
        )


def _log_mean(logits: Sequence[NDArray[np.float32]]) -> NDArray[np.float32]:
    """Logarithm of the mean probability."""
    return np.asarray(log_mean(np.stack([log_softmax(values, axis=1) for values in logits])), np.float32)


def _enlarged(maps: NDArray[np.float32], side: int) -> NDArray[np.float32]:
    if maps.shape[1] == side:
        return maps
    return np.stack([cv2.resize(face, (side, side), interpolation=cv2.INTER_LINEAR) for face in maps])
