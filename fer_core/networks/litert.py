"""Running a LiteRT (`.tflite`) network. TensorFlow is not needed for it."""

import threading
from pathlib import Path

import numpy as np
from ai_edge_litert.interpreter import Interpreter
from numpy.typing import NDArray

from fer_core.errors import ModelError
from fer_core.native_stderr import stderr_without
from fer_core.networks.cores import most_threads


class LiteRtModel:
    """One network with one input and named outputs. Safe to share: calls wait for each other.

    Args:
        path: the `.tflite` file; its first dimension must be free.
        threads: CPU threads; None for `most_threads`.

    Raises:
        ModelError: the file is not a LiteRT model.
    """

    def __init__(self, path: Path, threads: int | None = None) -> None:
        try:
            with stderr_without("INFO: "):  # such as that it created a delegate
                self._interpreter = Interpreter(model_path=str(path), num_threads=threads or most_threads())
                self._interpreter.allocate_tensors()
        except (ValueError, RuntimeError) as error:
            raise ModelError(f"{path} is not a readable LiteRT model; restore the file or export it again.") from error
        self._runner = self._interpreter.get_signature_runner()
        (self._input,) = self._runner.get_input_details()
        self._lock = threading.Lock()

    def __call__(self, x: NDArray[np.float32]) -> dict[str, NDArray[np.float32]]:
        """Run a batch: float32 (N, height, width, channels) in, float32 (N, ...) by output name out."""
        with self._lock:
            outputs: dict[str, NDArray[np.float32]] = self._runner(
                **{self._input: np.ascontiguousarray(x, dtype=np.float32)}
            )
        return outputs
