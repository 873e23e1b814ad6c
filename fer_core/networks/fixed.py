"""Running a LiteRT network whose input has one fixed shape. TensorFlow is not needed.

`fer_core.networks.litert.LiteRtModel` runs networks with a free first dimension and named outputs; the face networks of
MediaPipe have neither.
"""

import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np
from ai_edge_litert.interpreter import Interpreter
from numpy.typing import NDArray

from fer_core.errors import ModelError
from fer_core.networks.cores import computing_threads

MAX_THREADS: Final = 4
"""More do not make networks of a few milliseconds faster."""


class FixedNetwork:
    """A network with one input of fixed shape (1, height, width, channels). Safe to share: calls wait for each other.

    Args:
        path: the `.tflite` file.
        threads: CPU threads that compute one input; None for `computing_threads`, at most `MAX_THREADS`.

    Raises:
        ModelError: the file is not a LiteRT network.
    """

    def __init__(self, path: Path, threads: int | None = None) -> None:
        try:
            self._interpreter = Interpreter(
                model_path=str(path), num_threads=threads or min(MAX_THREADS, computing_threads())
            )
            self._interpreter.allocate_tensors()
        except (ValueError, RuntimeError) as error:
            raise ModelError(f"{path} is not a readable LiteRT model; restore the file from the release.") from error
        (given,) = self._interpreter.get_input_details()
        self._input: int = given["index"]
        self._outputs: list[int] = [output["index"] for output in self._interpreter.get_output_details()]
        self.shape: tuple[int, ...] = tuple(int(size) for size in given["shape"])
        self._lock = threading.Lock()

    def __call__(self, x: NDArray[np.float32]) -> tuple[NDArray[np.float32], ...]:
        """Run one input: float32 (height, width, channels) in; the outputs without their first dimension."""
        with self._lock:
            self._interpreter.set_tensor(self._input, np.ascontiguousarray(x[None], np.float32))
            self._interpreter.invoke()
            return tuple(self._interpreter.get_tensor(output)[0] for output in self._outputs)

    def each(self, inputs: Sequence[NDArray[np.float32]]) -> list[tuple[NDArray[np.float32], ...]]:
        """Run several inputs; results in the order of the inputs."""
        return [self(x) for x in inputs]
