"""Running a LiteRT network whose input has one fixed shape. TensorFlow is not needed.

`fer_core.networks.litert.LiteRtModel` runs networks with a free first dimension and named outputs; the face networks of
MediaPipe have neither.
"""

import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from queue import LifoQueue
from typing import Final

import numpy as np
from ai_edge_litert.interpreter import Interpreter
from numpy.typing import NDArray

from fer_core.errors import ModelError

MAX_INTERPRETERS: Final = 4
"""Upper limit of interpreters of one network; each holds its own buffers (2 to 10 MB)."""


class FixedNetwork:
    """A network with one input of fixed shape (1, height, width, channels). Safe to share between threads.

    A call takes a free interpreter or waits for one; an interpreter uses one CPU thread. `each` spreads several inputs
    over all interpreters, which for networks of a few milliseconds is faster than several threads in one.

    Args:
        path: the `.tflite` file.
        interpreters: how many inputs can be computed at the same time; None for one per core, at most
            `MAX_INTERPRETERS`.

    Raises:
        ModelError: the file is not a LiteRT network.
    """

    def __init__(self, path: Path, interpreters: int | None = None) -> None:
        count = interpreters or min(MAX_INTERPRETERS, available_cores())
        self._free: LifoQueue[Interpreter] = LifoQueue()
        try:
            for _ in range(count):
                interpreter = Interpreter(model_path=str(path), num_threads=1)
                interpreter.allocate_tensors()
                self._free.put(interpreter)
        except (ValueError, RuntimeError) as error:
            raise ModelError(f"{path} is not a readable LiteRT model; restore the file from the release.") from error
        (given,) = interpreter.get_input_details()
        self._input: int = given["index"]
        self._outputs: list[int] = [output["index"] for output in interpreter.get_output_details()]
        self.shape: tuple[int, ...] = tuple(int(size) for size in given["shape"])
        self._workers = ThreadPoolExecutor(count, thread_name_prefix=path.stem) if count > 1 else None

    def __call__(self, x: NDArray[np.float32]) -> tuple[NDArray[np.float32], ...]:
        """Run one input: float32 (height, width, channels) in; the outputs without their first dimension."""
        with self._interpreter() as interpreter:
            interpreter.set_tensor(self._input, np.ascontiguousarray(x[None], np.float32))
            interpreter.invoke()
            return tuple(interpreter.get_tensor(output)[0] for output in self._outputs)

    def each(self, inputs: Sequence[NDArray[np.float32]]) -> list[tuple[NDArray[np.float32], ...]]:
        """Run several inputs, in parallel where there is more than one core; results in the order of the inputs."""
        if self._workers is None or len(inputs) < 2:
            return [self(x) for x in inputs]
        return list(self._workers.map(self, inputs))

    @contextmanager
    def _interpreter(self) -> Iterator[Interpreter]:
        interpreter = self._free.get()
        try:
            yield interpreter
        finally:
            self._free.put(interpreter)


def available_cores() -> int:
    """CPU cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
