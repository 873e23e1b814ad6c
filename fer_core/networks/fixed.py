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

    Each call computes with as many threads as `computing_threads` tells just then, at most `MAX_THREADS`.

    Args:
        path: the `.tflite` file.

    Raises:
        ModelError: the file is not a LiteRT network.
    """

    def __init__(self, path: Path) -> None:
        # The file is read once: a later interpreter computes with what was checked, whatever has become of the file.
        self._path, self._content = path, _read(path)
        self._interpreters: dict[int, Interpreter] = {}
        self._lock = threading.Lock()
        interpreter = self._with_threads(_threads())
        (given,) = interpreter.get_input_details()
        self._input: int = given["index"]
        self._outputs: list[int] = [output["index"] for output in interpreter.get_output_details()]
        self.shape: tuple[int, ...] = tuple(int(size) for size in given["shape"])

    def __call__(self, x: NDArray[np.float32]) -> tuple[NDArray[np.float32], ...]:
        """Run one input: float32 (height, width, channels) in; the outputs without their first dimension."""
        with self._lock:
            interpreter = self._with_threads(_threads())
            interpreter.set_tensor(self._input, np.ascontiguousarray(x[None], np.float32))
            interpreter.invoke()
            return tuple(interpreter.get_tensor(output)[0] for output in self._outputs)

    def each(self, inputs: Sequence[NDArray[np.float32]]) -> list[tuple[NDArray[np.float32], ...]]:
        """Run several inputs; results in the order of the inputs."""
        return [self(x) for x in inputs]

    def _with_threads(self, threads: int) -> Interpreter:
        if threads not in self._interpreters:
            try:
                interpreter = Interpreter(model_content=self._content, num_threads=threads)
                interpreter.allocate_tensors()
            except (ValueError, RuntimeError) as error:
                raise _unreadable(self._path) from error
            self._interpreters[threads] = interpreter
        return self._interpreters[threads]


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise _unreadable(path) from error


def _unreadable(path: Path) -> ModelError:
    return ModelError(f"{path} is not a readable LiteRT model; restore the file from the release.")


def _threads() -> int:
    return min(MAX_THREADS, computing_threads())
