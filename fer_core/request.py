"""An analysis as a person asks for it: every choice that its numbers depend on."""

import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from fer_core.errors import RequestError
from fer_core.plain import as_plain, from_plain
from fer_core.readings import Box

SMOOTHINGS: Final = ("exponential", "median", "hmm", "none")
"""Names of the smoothing methods; see `fer_core.timeline.smoothing`."""

DEFAULT_MODEL: Final = "custom_cnn"
"""The classifier that is used where nobody names one: no single one is shown to be better on PublicTest
without copies, and it is the smallest."""

DETECTOR_NAMES: Final = ("blazeface", "haar", "mtcnn")
"""The face detectors that come with the project; see `fer_core.detection.DETECTORS`."""

DEFAULT_DETECTOR: Final = "blazeface"
"""The face detector that is used where nobody names one."""

TIME_CONSTANT_S: Final = 0.4
FASTEST: Final = 1000.0

Parameter = float | int | str | bool


@dataclass(frozen=True)
class DetectorChoice:
    """A face detector with its parameters.

    Attributes:
        name: key of `fer_core.detection.DETECTORS`.
        parameters: by name; those that are not named have the detector's defaults.
    """

    name: str = DEFAULT_DETECTOR
    parameters: Mapping[str, Parameter] = field(default_factory=dict, hash=False)


@dataclass(frozen=True)
class Region:
    """The part of every picture in which faces are looked for, in shares of its width and height, 0 to 1."""

    x: float
    y: float
    width: float
    height: float

    def __post_init__(self) -> None:
        for name in ("x", "y", "width", "height"):
            object.__setattr__(self, name, float(getattr(self, name)))
        inside = min(self.x, self.y) >= 0 and self.x + self.width <= 1 + 1e-9 and self.y + self.height <= 1 + 1e-9
        if not (inside and self.width > 0 and self.height > 0):
            raise RequestError(
                "A region lies within the picture: x, y, width and height are shares of it, from 0 to 1, such as "
                "0.5,0,0.5,1 for its right half."
            )

    @classmethod
    def parse(cls, text: str) -> "Region":
        """The region that `X,Y,WIDTH,HEIGHT` says, such as "0.5,0,0.5,1" for the right half.

        Raises:
            RequestError: it says none.
        """
        try:
            return cls(*map(float, text.split(",")))
        except (TypeError, ValueError) as error:
            raise RequestError(
                "A region is four shares of the picture, from 0 to 1, such as 0.5,0,0.5,1 for its right half."
            ) from error

    def box(self, width: int, height: int) -> Box:
        """The region in a picture of that size, in pixels; at least one pixel."""
        left, top = round(self.x * width), round(self.y * height)
        right, bottom = round((self.x + self.width) * width), round((self.y + self.height) * height)
        return Box(left, top, right - left, bottom - top).clipped(width, height)


@dataclass(frozen=True)
class AnalysisRequest:
    """How recordings are read. The same request and `Provenance` give the same numbers.

    Attributes:
        model: name of the classifier; None for the default one.
        detector: the face detector; its bare name stands for it with its default parameters.
        engine: "litert" or "keras".
        fps: samples a second, by presentation time; 0 for every frame.
        smoothing: one of `SMOOTHINGS`.
        time_constant_s: of the smoothing, in seconds.
        uncertain_below: smoothed probability of the label under which a reading counts as uncertain; None for the
            model's own threshold.
        region: where faces are looked for; None for the whole picture.

    Raises:
        RequestError: a value makes no sense.

    Example:
        >>> AnalysisRequest(model="custom_cnn", fps=2).detector.name
        'blazeface'
    """

    model: str | None = None
    detector: DetectorChoice = field(default_factory=DetectorChoice)
    engine: str = "litert"
    fps: float = 4.0
    smoothing: str = "exponential"
    time_constant_s: float = TIME_CONSTANT_S
    uncertain_below: float | None = None
    region: Region | None = None

    def __post_init__(self) -> None:
        if isinstance(self.detector, str):
            object.__setattr__(self, "detector", DetectorChoice(self.detector))
        for name in ("fps", "time_constant_s"):
            object.__setattr__(self, name, float(getattr(self, name)))
        if self.smoothing not in SMOOTHINGS:
            raise RequestError(f'There is no smoothing "{self.smoothing}"; choose one of: {", ".join(SMOOTHINGS)}.')
        if not 0 <= self.fps <= FASTEST:
            raise RequestError("Samples a second lie between 0 (every frame) and 1000.")
        if not 0 <= self.time_constant_s < math.inf:
            raise RequestError("A time constant is 0 or more seconds, and finite.")
        if self.uncertain_below is not None and not 0 <= self.uncertain_below <= 1:
            raise RequestError("The threshold of uncertain readings is a probability, from 0 to 1.")

    @property
    def threshold(self) -> float:
        """`uncertain_below` of a request that is complete."""
        if self.uncertain_below is None:
            raise ValueError("the request does not name a threshold; complete it with the pipeline's")
        return self.uncertain_below

    @property
    def reading(self) -> "AnalysisRequest":
        """The part that decides what is read of each face: without smoothing and threshold, which follow later."""
        return replace(self, smoothing="none", time_constant_s=0.0, uncertain_below=None)

    @property
    def digest(self) -> str:
        """SHA-256 of the request, for the names of files."""
        return hashlib.sha256(json.dumps(self.to_json(), sort_keys=True).encode()).hexdigest()

    def to_json(self) -> dict[str, Any]:
        """The request as JSON holds it."""
        plain: dict[str, Any] = as_plain(self)
        return plain

    @classmethod
    def from_json(cls, plain: object) -> "AnalysisRequest":
        """The request that `to_json` was called on.

        Raises:
            RequestError: `plain` is not a request.
        """
        try:
            return from_plain(cls, plain)
        except ValueError as error:
            raise RequestError(f"This is not a request of an analysis: {str(error).splitlines()[0]}.") from error


def percent(threshold: float) -> str:
    """A threshold, 0 to 1, in percent and not rounded to whole ones.

    Example:
        >>> percent(0.355)
        '35.5%'
    """
    return f"{100 * threshold:g}%"
