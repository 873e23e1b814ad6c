"""Cost of a model: weights, multiply-adds, bytes on disk."""

import math
from pathlib import Path
from typing import Final

from fer_core.classification import ModelCard
from fer_core.classification.cards import load_card
from fer_core.errors import ModelError
from fer_core.evaluation.figures import Costs
from fer_core.networks.files import verified

NETWORK_FILE: Final = "model.tflite"
MULTIPLY_ADDS_PROTOCOL: Final = (
    f"Multiply-adds of reading one face, counted in {NETWORK_FILE} from the shapes of its convolutions, fully "
    "connected layers and matrix products; activations, poolings and other work by element are not counted. Where the "
    "mirror image is read too, both count; an ensemble costs the sum of its members."
)

Shape = tuple[int, ...]


def costs(card: ModelCard, folder: Path) -> Costs:
    """The cost of a model, read from its card and files; ready for JSON.

    Args:
        card: of the model.
        folder: where its files are; the members of an ensemble lie beside it.

    Returns:
        `multiply_adds` is None where the model has no `model.tflite`, or one of another project that cannot be counted;
        see `MULTIPLY_ADDS_PROTOCOL`.

    Raises:
        ModelError: a file is missing or not the card's.
    """
    return {
        "parameters": card.parameters,
        "multiply_adds": _per_face(card, folder),
        "file_bytes": {name: record.bytes for name, record in card.files.items()},
    }


def multiply_adds(path: Path, shape: Shape | None = None) -> int:
    """Multiply-adds of one run of a `.tflite` network on one input; see `MULTIPLY_ADDS_PROTOCOL`.

    Args:
        path: the file.
        shape: of the input, with the batch, of a file that does not fix it; None for what the file says.

    Raises:
        ModelError: the file is not a LiteRT model.
    """
    return sum(operation_multiply_adds(*operation) for operation in operations(path, shape))


def _per_face(card: ModelCard, folder: Path) -> int | None:
    if card.members:
        homes = {name: folder.parent / name for name in card.members}
        parts = [_per_face(load_card(name, home.parent), home) for name, home in homes.items()]
        known = [part for part in parts if part is not None]
        return sum(known) if len(known) == len(parts) else None
    if NETWORK_FILE not in card.files:
        return None
    runs, file = 2 if card.flip_average else 1, verified(folder, NETWORK_FILE, card.files)
    if card.imported is None:
        return runs * multiply_adds(file)
    try:
        return runs * multiply_adds(file, card.imported.preprocessing.shape(card.side_px))
    except ModelError:  # it runs, as its import showed, but not without delegates
        return None


def operations(path: Path, shape: Shape | None = None) -> list[tuple[str, list[Shape], Shape]]:
    """Name, input shapes and shape of the first output of every operation of a `.tflite` network, for one input.

    Args:
        path: the file.
        shape: of the input, as `multiply_adds` takes it.

    Raises:
        ModelError: the file is not a LiteRT model.
    """
    import numpy as np
    from ai_edge_litert.interpreter import Interpreter, OpResolverType

    try:
        # Without delegates, which would hide operations behind one of their own.
        plain = OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES
        interpreter = Interpreter(model_path=str(path), experimental_op_resolver_type=plain)
        if shape is not None:
            interpreter.resize_tensor_input(interpreter.get_input_details()[0]["index"], shape)
        interpreter.allocate_tensors()
        [given] = interpreter.get_input_details()
        interpreter.set_tensor(given["index"], np.zeros(given["shape"], given["dtype"]))
        interpreter.invoke()  # some shapes are known only afterwards
    except (ValueError, RuntimeError) as error:
        raise ModelError(f"{path} is not a readable LiteRT model; restore the file or export it again.") from error
    shapes = {tensor["index"]: tuple(int(n) for n in tensor["shape"]) for tensor in interpreter.get_tensor_details()}
    return [
        (
            operation["op_name"],
            [shapes.get(index, ()) for index in operation["inputs"]],
            shapes[operation["outputs"][0]],
        )
        for operation in interpreter._get_ops_details()
    ]


def operation_multiply_adds(name: str, inputs: list[Shape], output: Shape) -> int:
    """Multiply-adds of one operation: those of one output number times the numbers put out; 0 for work by element.

    Args:
        name: of the operation, as LiteRT writes it, such as "CONV_2D".
        inputs: shapes of its inputs.
        output: shape of its first output.
    """
    match name:
        case "CONV_2D":  # kernels (channels out, height, width, channels in)
            return math.prod(output) * math.prod(inputs[1][1:])
        case "DEPTHWISE_CONV_2D":  # kernels (1, height, width, channels)
            return math.prod(output) * math.prod(inputs[1][1:3])
        case "TRANSPOSE_CONV":  # inputs: shape out, kernels (channels out, height, width, channels in), picture
            return math.prod(inputs[2]) * math.prod(inputs[1][:3])
        case "FULLY_CONNECTED":  # weights (out, in)
            return math.prod(output) * inputs[1][-1]
        case "BATCH_MATMUL":  # (..., rows, inner) times (..., inner, columns), each perhaps transposed
            return math.prod(output) * (math.prod(inputs[0][-2:]) // output[-2])
        case _:
            return 0
