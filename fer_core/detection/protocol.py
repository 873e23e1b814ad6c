"""What every face detector offers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray
from pydantic import JsonValue

from fer_core.readings import Face
from fer_core.request import Parameter


@dataclass(frozen=True)
class Range:
    """What a parameter of a detector may be: a number of a type, from `low` to `high`."""

    kind: type[int] | type[float]
    low: float
    high: float

    def holds(self, value: object) -> bool:
        """Whether a value is one of them; a whole number will do for a decimal one."""
        kinds = int if self.kind is int else (int, float)
        return isinstance(value, kinds) and not isinstance(value, bool) and self.low <= value <= self.high


@runtime_checkable
class FaceDetector(Protocol):
    """Anything that finds faces in a picture, and says what its finds depend on.

    Attributes:
        name: key of `fer_core.detection.DETECTORS`, or what a detector of your own is called.
        parameters: everything that a person can choose, by the name of the constructor's argument.
        files: SHA-256 of every file that is used, by its name.
        libraries: distributions that compute besides `fer_core.provenance.COMPUTING`.
        doubtful_below: confidence below which a find is called a doubtful face.
    """

    @property
    def name(self) -> str:
        """See above."""
        ...

    @property
    def libraries(self) -> Sequence[str]:
        """See above."""
        ...

    @property
    def doubtful_below(self) -> float:
        """See above."""
        ...

    @property
    def parameters(self) -> Mapping[str, Parameter]:
        """See above."""
        ...

    @property
    def files(self) -> Mapping[str, str]:
        """See above."""
        ...

    def detect(self, image: NDArray[np.uint8]) -> list[Face]:
        """Find the faces.

        Args:
            image: uint8 (H, W, 3) BGR, or (H, W) grey; any size from 1x1 up.

        Returns:
            The faces, the largest first, with boxes in pixels of `image` that lie within it; empty where there is
            none.
        """
        ...


@runtime_checkable
class SequenceDetector(Protocol):
    """Finds faces frame by frame in one sequence, for one thread. One with a memory is `Resumable` too."""

    def detect(self, image: NDArray[np.uint8], time_s: float) -> list[Face]:
        """The faces of the next frame.

        Args:
            image: uint8 (H, W, 3) BGR or (H, W) grey; of one size from frame to frame, else call `reset` between.
            time_s: later than that of the frame before.
        """
        ...

    def reset(self) -> None:
        """Forget the frames before, as after a cut."""
        ...


@runtime_checkable
class Resumable(Protocol):
    """A sequence detector whose memory of the frames before can be saved."""

    def state(self) -> dict[str, JsonValue]:
        """The memory as plain JSON."""
        ...

    def restore(self, state: Mapping[str, JsonValue]) -> None:
        """Go on where `state` was taken.

        Raises:
            ValueError: it is no state of this detector.
        """
        ...


class EveryFrame:
    """Searches each frame of a sequence as a picture of its own, at the detector's own rate."""

    def __init__(self, detector: FaceDetector) -> None:
        self._detector = detector

    def detect(self, image: NDArray[np.uint8], time_s: float) -> list[Face]:
        """See `SequenceDetector.detect`."""
        return self._detector.detect(image)

    def reset(self) -> None:
        """Nothing is remembered."""
