"""What a card says of another project's network, and the engine that makes it answer like one of this project's."""

from pathlib import Path
from typing import Annotated, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BeforeValidator, Field, model_validator

from fer_core.classification.engines import NetworkOutput
from fer_core.emotions import EMOTIONS, RATER_CLASSES
from fer_core.errors import ModelError
from fer_core.networks.files import Record
from fer_core.networks.foreign import open_network

SMALLEST_PROBABILITY = 1e-7
"""Below it, the logarithm of a probability is not taken any further."""
ROUNDED = 0.02
"""By which probabilities of eight-bit networks, and their sum, may be off."""


def _one_or_many(given: object) -> object:
    return (given,) if isinstance(given, int | float) else given


Numbers = Annotated[tuple[float, ...], BeforeValidator(_one_or_many)]
Positive = Annotated[float, Field(gt=0)]
Positives = Annotated[tuple[Positive, ...], BeforeValidator(_one_or_many)]


class Preprocessing(Record):
    """How a face becomes the input: `(low + (high - low) * level / 255 - mean) / deviation` for each channel.

    Attributes:
        channels: 1 for grey, 3 for colour.
        order: of three channels.
        layout: "nhwc" (height, width, channels) or "nchw".
        range: what black and white become, low and high.
        mean: subtracted after that, one number or one a channel.
        deviation: divisor after that, one number or one a channel.
    """

    channels: Literal[1, 3]
    order: Literal["rgb", "bgr"] = "rgb"
    layout: Literal["nhwc", "nchw"] = "nhwc"
    range: tuple[float, float] = (0.0, 255.0)
    mean: Numbers = (0.0,)
    deviation: Positives = (1.0,)

    @model_validator(mode="after")
    def _as_many_as_channels(self) -> "Preprocessing":
        if any(len(numbers) not in (1, self.channels) for numbers in (self.mean, self.deviation)):
            raise ValueError("mean and deviation have one number, or one for each channel")
        return self

    def shape(self, side_px: int) -> tuple[int, ...]:
        """Of the input of one face, with the batch of 1."""
        return (1, side_px, side_px, self.channels) if self.layout == "nhwc" else (1, self.channels, side_px, side_px)

    def __call__(self, faces: NDArray[np.float32]) -> NDArray[np.float32]:
        """Faces as the classifier cuts them, float32 (N, side, side, channels), 0 to 255, colour as BGR."""
        if self.channels == 3 and self.order == "rgb":
            faces = faces[..., ::-1]
        low, high = self.range
        x = (low + (high - low) / 255 * faces - np.array(self.mean)) / np.array(self.deviation)
        if self.layout == "nchw":
            x = x.transpose(0, 3, 1, 2)
        return np.ascontiguousarray(x, np.float32)


class Head(Record):
    """One output with a value for each class.

    Attributes:
        output: its name in the file; None where the network has only one.
        gives: "logits" or "probabilities".
        classes: what each of its values is for, in this project's words; None for one that is left out.
    """

    output: str | None = None
    gives: Literal["logits", "probabilities"]
    classes: tuple[str | None, ...]

    def logits(self, outputs: dict[str, NDArray[np.float32]], order: tuple[str, ...]) -> NDArray[np.float32]:
        """Its values as logits in another order: float32 (N, len(order)).

        Raises:
            ModelError: there is no such output, or it has another shape.
        """
        chosen = self._values(outputs)[:, [self.classes.index(name) for name in order]]
        return chosen if self.gives == "logits" else np.log(np.maximum(chosen, SMALLEST_PROBABILITY))

    def check(self, outputs: dict[str, NDArray[np.float32]]) -> None:
        """Make sure that its values can be what the card says of them.

        Probabilities need not sum to 1 (a network may give one for each class by itself), but lie between 0 and 1.

        Raises:
            ModelError: they are probabilities called logits, or logits called probabilities, or there is no such output
                or it has another shape.
        """
        values = self._values(outputs)
        between = bool(((values >= -ROUNDED) & (values <= 1 + ROUNDED)).all())
        if self.gives == "probabilities" and not between:
            raise ModelError(
                f"The card says that the network gives probabilities, but its values reach from {values.min():.3g} to "
                f'{values.max():.3g}; correct "gives" to "logits" if that is what they are.'
            )
        if self.gives == "logits" and between and np.allclose(values.sum(axis=1), 1, atol=ROUNDED):
            raise ModelError(
                "The card says that the network gives logits, but the values of each face lie between 0 and 1 and sum "
                'to 1; correct "gives" to "probabilities".'
            )

    def _values(self, outputs: dict[str, NDArray[np.float32]]) -> NDArray[np.float32]:
        values = _named(outputs, self.output)
        values = values.reshape(len(values), -1)
        if values.shape[1] != len(self.classes):
            raise ModelError(
                f"The network gives {values.shape[1]} values a face and its card names {len(self.classes)} classes; "
                "correct the card."
            )
        return values


class Imported(Record):
    """Another project's network.

    Attributes:
        file: in the model's folder.
        source: where it is from.
        preprocessing: of its input.
        emotion: the output that tells the emotion.
        raters: the output that tells how the raters of FER+ would split; None where it has none.
        class_maps: name of the output that holds a map for each class of `emotion`, in the input's layout; None where
            it has none.
    """

    file: Literal["model.onnx", "model.tflite"]
    source: str
    preprocessing: Preprocessing
    emotion: Head
    raters: Head | None = None
    class_maps: str | None = None

    @model_validator(mode="after")
    def _every_class_once(self) -> "Imported":
        check_classes(self.emotion, self.raters)
        return self


def check_classes(emotion: Head, raters: Head | None) -> None:
    """Make sure that both heads name every class of this project once.

    Raises:
        ValueError: one does not.
    """
    for head, classes in ((emotion, EMOTIONS), (raters, RATER_CLASSES)):
        if head and sorted(name for name in head.classes if name is not None) != sorted(classes):
            raise ValueError(f"the classes must name each of these once: {', '.join(classes)}; null leaves one out")


class ImportedEngine:
    """Another project's network; see `fer_core.classification.engines.Engine`.

    It takes faces as its card says, float32 (N, side, side, channels), 0 to 255, colour as BGR. Where it has no map,
    the whole face is the one place of it; where it tells nothing of raters, their logits have no columns.

    Args:
        path: the file.
        card: what its card says.

    Raises:
        DependencyError: what runs the file is not installed.
        ModelError: it cannot be run.
    """

    def __init__(self, path: Path, card: Imported) -> None:
        self._network, self._card = open_network(path), card
        self.file = card.file

    @property
    def name(self) -> str:
        """Of the engine that runs it."""
        return self._network.name

    @property
    def libraries(self) -> tuple[str, ...]:
        """Distributions that compute."""
        return self._network.libraries

    def __call__(self, faces: NDArray[np.float32]) -> NetworkOutput:
        """Run a batch."""
        card = self._card
        outputs = self._network(card.preprocessing(faces))
        emotion = card.emotion.logits(outputs, EMOTIONS)
        raters = card.raters.logits(outputs, RATER_CLASSES) if card.raters else np.zeros((len(faces), 0), np.float32)
        return NetworkOutput(emotion, raters, self._maps(outputs) if card.class_maps else emotion[:, None, None])

    def check(self, faces: NDArray[np.float32]) -> None:
        """Make sure that the network can tell these faces apart, and that each head gives what the card says.

        Args:
            faces: at least two, which differ; as for a call.

        Raises:
            ModelError: it cannot, or one does not.
        """
        inputs = self._card.preprocessing(faces)
        if np.array_equal(inputs[0], inputs[1]):
            raise ModelError("With this card all faces look alike to the network; correct range, mean and deviation.")
        outputs = self._network(inputs)
        for head in (self._card.emotion, self._card.raters):
            if head:
                head.check(outputs)

    def _maps(self, outputs: dict[str, NDArray[np.float32]]) -> NDArray[np.float32]:
        classes, maps = self._card.emotion.classes, _named(outputs, self._card.class_maps)
        if self._card.preprocessing.layout == "nchw" and maps.ndim == 4:
            maps = maps.transpose(0, 2, 3, 1)
        if maps.ndim != 4 or maps.shape[3] != len(classes):
            raise ModelError(f"{self._card.class_maps} is no map for each of {len(classes)} classes; correct the card.")
        return maps[..., [classes.index(name) for name in EMOTIONS]]


def _named(outputs: dict[str, NDArray[np.float32]], name: str | None) -> NDArray[np.float32]:
    if name is None and len(outputs) == 1:
        [only] = outputs.values()
        return only
    if name not in outputs:
        known = ", ".join(f"{name} {values.shape[1:]}" for name, values in outputs.items())
        raise ModelError(f"The network has these outputs, with their shapes: {known}; its card must name one of them.")
    return outputs[name]
