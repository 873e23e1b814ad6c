"""Networks of other people, in ONNX or LiteRT, as they are: one input, any outputs, by name. Never `.keras` files.

Both formats hold numbers and operations; a `.keras` file can hold code, so none is opened that is not the project's.
"""

import threading
from pathlib import Path
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

from fer_core.errors import DependencyError, ModelError, with_extra
from fer_core.native_stderr import stderr_without

Outputs = dict[str, NDArray[np.float32]]


class ForeignNetwork(Protocol):
    """One network. Safe to share between threads.

    Attributes:
        name: of the engine that runs it.
        libraries: distributions that compute.
        outputs: names of the outputs, in the file's order.
    """

    @property
    def name(self) -> str:
        """See above."""
        ...

    @property
    def libraries(self) -> tuple[str, ...]:
        """See above."""
        ...

    @property
    def outputs(self) -> tuple[str, ...]:
        """See above."""
        ...

    def __call__(self, x: NDArray[np.float32]) -> Outputs:
        """Run a batch, float32 (N, ...) as the network wants it; float32 (N, ...) by output name."""
        ...


class OnnxNetwork:
    """An `.onnx` file, by ONNX Runtime, on the CPU.

    Args:
        path: the file.

    Raises:
        DependencyError: onnxruntime is not installed.
        ModelError: the file is no such network, or takes anything but one batch of float32.
    """

    def __init__(self, path: Path) -> None:
        try:
            import onnxruntime
        except ImportError as error:
            raise DependencyError(f"ONNX models are run by onnxruntime; {with_extra('onnx')}.") from error
        self.name, self.libraries = "onnx", ("onnxruntime",)
        try:
            self._session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
        except Exception as error:  # the runtime has a class of its own for every kind of damage
            raise ModelError(f"{path} is not an ONNX network that ONNX Runtime can run; export it again.") from error
        inputs = self._session.get_inputs()
        if len(inputs) != 1 or inputs[0].type != "tensor(float)" or not inputs[0].shape:
            raise ModelError(f"{path} must take exactly one input, of float32; export it so.")
        self._input, self._fixed = inputs[0].name, isinstance(inputs[0].shape[0], int)
        # What is no number for each face, such as a name of the best class beside the scores, cannot be an answer.
        self.outputs = tuple(o.name for o in self._session.get_outputs() if o.type in _NUMBERS and o.shape)

    def __call__(self, x: NDArray[np.float32]) -> Outputs:
        """Run a batch; see `ForeignNetwork`. One by one, where the file allows only one."""
        batches = [x[i : i + 1] for i in range(len(x))] if self._fixed else [x]
        try:
            answers = [self._session.run(self.outputs, {self._input: batch}) for batch in batches]
        except Exception as error:
            raise ModelError(f"The network does not take an input of shape {x.shape[1:]}; correct its card.") from error
        return _joined(self.outputs, answers)


class LiteRtNetwork:
    """A `.tflite` file, by ai-edge-litert, with or without signatures.

    Args:
        path: the file.

    Raises:
        ModelError: the file is no such network, or takes anything but one batch of float32.

    What the file says of its input's shape is held to: LiteRT would resize any input, and a network that ends in a mean
    over space would answer, with other numbers than its own.
    """

    def __init__(self, path: Path) -> None:
        from ai_edge_litert.interpreter import Interpreter

        self.name, self.libraries = "litert", ("ai-edge-litert",)
        try:
            with stderr_without("INFO: "):  # such as that it created a delegate
                self._interpreter = Interpreter(model_path=str(path))
        except (ValueError, RuntimeError) as error:
            raise ModelError(f"{path} is not a readable LiteRT model; export it again.") from error
        inputs = self._interpreter.get_input_details()
        if len(inputs) != 1 or inputs[0]["dtype"] != np.float32:
            raise ModelError(f"{path} must take exactly one input, of float32; export it so.")
        self._input = inputs[0]["index"]
        self._wanted = tuple(int(size) for size in inputs[0]["shape_signature"])[1:]
        self._details = self._interpreter.get_output_details()
        self.outputs = tuple(output["name"] for output in self._details)
        self._lock = threading.Lock()
        self._shape: tuple[int, ...] | None = None

    def __call__(self, x: NDArray[np.float32]) -> Outputs:
        """Run a batch; see `ForeignNetwork`. One by one, so that a file with a fixed batch does too."""
        if not _fits(x.shape[1:], self._wanted):
            wanted = ", ".join("any" if size == _ANY else str(size) for size in self._wanted)
            raise ModelError(
                f"The network does not take an input of shape {x.shape[1:]} but of ({wanted}); correct its card."
            )
        with self._lock:
            try:
                answers = [self._run(x[i : i + 1]) for i in range(len(x))]
            except (ValueError, RuntimeError) as error:
                raise ModelError(
                    f"The network does not take an input of shape {x.shape[1:]}; correct its card."
                ) from error
        return _joined(self.outputs, answers)

    def _run(self, one: NDArray[np.float32]) -> list[NDArray[np.generic]]:
        if self._shape != one.shape:
            self._interpreter.resize_tensor_input(self._input, one.shape)
            self._interpreter.allocate_tensors()
            self._shape = one.shape
        self._interpreter.set_tensor(self._input, np.ascontiguousarray(one))
        self._interpreter.invoke()
        return [self._interpreter.get_tensor(output["index"]) for output in self._details]


FORMATS: Final[dict[str, type[OnnxNetwork] | type[LiteRtNetwork]]] = {".onnx": OnnxNetwork, ".tflite": LiteRtNetwork}
"""Runtime of a network by the ending of its file."""


def open_network(path: Path) -> ForeignNetwork:
    """Open a file by its ending.

    Raises:
        DependencyError: what runs it is not installed.
        ModelError: another format, or a file that cannot be run.
    """
    if path.suffix.lower() not in FORMATS:
        raise ModelError(f"{path.name} is neither .onnx nor .tflite, and no other format is opened; export it as one.")
    return FORMATS[path.suffix.lower()](path)


_ANY: Final = -1
"""In the shape of an input of LiteRT, a dimension of any size."""


def _fits(shape: tuple[int, ...], wanted: tuple[int, ...]) -> bool:
    return len(shape) == len(wanted) and all(want in (_ANY, size) for size, want in zip(shape, wanted, strict=True))


_NUMBERS: Final = ("tensor(float)", "tensor(float16)", "tensor(double)", "tensor(int64)", "tensor(int32)")
"""Kinds of outputs of ONNX Runtime that are taken for float32."""


def _joined(names: tuple[str, ...], answers: list[list[NDArray[np.generic]]]) -> Outputs:
    return {
        name: np.concatenate([np.asarray(answer[place], np.float32) for answer in answers])
        for place, name in enumerate(names)
    }
