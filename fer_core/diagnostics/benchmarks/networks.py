"""What the networks of a piece of work take alone: the limit of everything that is built around them."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, Final

import numpy as np
from ai_edge_litert.interpreter import Interpreter
from numpy.typing import NDArray

from fer_core.networks.cores import most_threads
from fer_core.networks.fixed import FixedNetwork
from fer_core.networks.litert import LiteRtModel

ALONE: Final = "the same networks alone"
BARE: Final = "the bare LiteRT call"


def networks_of(work: Callable[[], object]) -> Callable[[], object]:
    """Runs the networks that `work` runs, on the same inputs, one after the other, and nothing else."""
    calls: list[Callable[[], object]] = []
    with _watched(FixedNetwork, calls), _watched(LiteRtModel, calls):
        work()
    return lambda: [call() for call in calls]


@contextmanager
def _watched(kind: type, calls: list[Callable[[], object]]) -> Iterator[None]:
    """Keep every call of the networks of this kind."""
    run: Any = kind.__call__

    def watched(network: object, x: NDArray[np.float32]) -> object:
        calls.append(partial(run, network, x.copy()))
        return run(network, x)

    kind.__call__ = watched  # type: ignore[method-assign]
    try:
        yield
    finally:
        kind.__call__ = run  # type: ignore[method-assign]


def bare_call(file: Path, x: NDArray[np.float32], threads: int | None = None) -> Callable[[], object]:
    """LiteRT's own call of a network: the input is set, the network runs, all outputs are taken.

    Args:
        file: `.tflite`, with one input whose first dimension is free.
        x: float32 (N, height, width, channels).
        threads: of the network; None for as many as the project's own have.
    """
    interpreter = Interpreter(model_path=str(file), num_threads=threads or most_threads())
    (given,) = interpreter.get_input_details()
    interpreter.resize_tensor_input(given["index"], x.shape)
    interpreter.allocate_tensors()
    outputs = [output["index"] for output in interpreter.get_output_details()]

    def call() -> object:
        interpreter.set_tensor(given["index"], x)
        interpreter.invoke()
        return [interpreter.get_tensor(output) for output in outputs]

    return call


def precision(file: Path) -> str:
    """The smallest type of numbers among a network's weights: "int8", "float16" or "float32"."""
    interpreter = Interpreter(model_path=str(file))
    types = {np.dtype(tensor["dtype"]).name for tensor in interpreter.get_tensor_details()}
    return next(name for name in ("int8", "float16", "float32") if name in types)
