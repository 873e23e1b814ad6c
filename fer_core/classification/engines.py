"""What runs a network. Every engine gives the same answer; LiteRT is the one that is fast and needs no TensorFlow."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

from fer_core.errors import DependencyError, ModelError, with_extra
from fer_core.networks.litert import LiteRtModel
from fer_core.networks.load_order import before_tensorflow


@dataclass(frozen=True, eq=False)
class NetworkOutput:
    """What a network says of N faces, uncalibrated.

    Attributes:
        emotion: float32 (N, 7), logits in `EMOTIONS` order.
        raters: float32 (N, 8), logits in `RATER_CLASSES` order; (N, 0) of a network that tells nothing of raters.
        class_maps: float32 (N, h, w, 7), each place's share in the emotion logits; their mean is `emotion`.
    """

    emotion: NDArray[np.float32]
    raters: NDArray[np.float32]
    class_maps: NDArray[np.float32]


class Engine(Protocol):
    """Runs one network. Safe to share between threads.

    Attributes:
        name: key of `ENGINES`, or what an engine of your own is called.
        libraries: distributions that compute.
    """

    @property
    def name(self) -> str:
        """See above."""
        ...

    @property
    def libraries(self) -> Sequence[str]:
        """See above."""
        ...

    def __call__(self, faces: NDArray[np.float32]) -> NetworkOutput:
        """Run a batch of faces, float32 (N, side, side, 1), grey, 0 to 255; three channels, BGR, of colour networks."""
        ...


class LiteRtEngine:
    """`model.tflite`, by ai-edge-litert."""

    name: Final = "litert"
    file: Final = "model.tflite"
    libraries: Final = ("ai-edge-litert",)

    def __init__(self, path: Path) -> None:
        self._model = LiteRtModel(path)

    def __call__(self, faces: NDArray[np.float32]) -> NetworkOutput:
        """Run a batch; see `Engine`."""
        return NetworkOutput(**self._model(faces))


class KerasEngine:
    """`model.keras`, by Keras: the reference that the others are measured against. Starts slowly.

    Raises:
        DependencyError: Keras or its backend is not installed.
        ModelError: the file cannot be read.
    """

    name: Final = "keras"
    file: Final = "model.keras"
    libraries: Final = ("keras", "tensorflow")

    def __init__(self, path: Path) -> None:
        before_tensorflow()
        try:
            import keras
        except ImportError as error:
            raise DependencyError(
                f'The Keras engine needs TensorFlow; {with_extra("train")}, or use engine="litert".'
            ) from error
        self._to_numpy = keras.ops.convert_to_numpy
        try:
            self._model = keras.models.load_model(path, compile=False)
        except (OSError, ValueError) as error:
            raise ModelError(f"{path} is not a readable Keras model; restore the file or train it again.") from error

    def __call__(self, faces: NDArray[np.float32]) -> NetworkOutput:
        """Run a batch; see `Engine`."""
        outputs = self._model(faces, training=False)
        return NetworkOutput(**{name: self._to_numpy(value) for name, value in outputs.items()})


ENGINES: Final[dict[str, type[LiteRtEngine] | type[KerasEngine]]] = {"litert": LiteRtEngine, "keras": KerasEngine}
