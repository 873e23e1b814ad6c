"""The values that flow from stage to stage. All are frozen; arrays in them are not to be written to."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import ClassVar, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from fer_core.emotions import EMOTIONS


class Box(NamedTuple):
    """A rectangle (x, y, width, height) in pixels of the whole picture; `x`, `y` is its top left corner.

    A box can reach past the border of the picture; `fer_core.imaging.crops.cut` fills in what is not there.
    """

    x: int
    y: int
    width: int
    height: int

    @property
    def area(self) -> int:
        """In square pixels."""
        return self.width * self.height

    def moved(self, right: int, down: int) -> "Box":
        """The box, shifted by whole pixels."""
        return Box(self.x + right, self.y + down, self.width, self.height)

    def clipped(self, width: int, height: int) -> "Box":
        """The part that lies within a picture of that size; at least one pixel."""
        left, top = min(max(self.x, 0), width - 1), min(max(self.y, 0), height - 1)
        right, bottom = min(self.x + self.width, width), min(self.y + self.height, height)
        return Box(left, top, max(1, right - left), max(1, bottom - top))

    def squared(self, width: int, height: int) -> "Box":
        """The square of which `clipped` left this box, in a picture of that size; one away from borders as it is.

        Where both ends of a side were cut off, or both sides of a corner, the longer side that is left counts.
        """
        side = max(self.width, self.height)
        x, across = _uncut(self.x, self.width, side, width)
        y, down = _uncut(self.y, self.height, side, height)
        return Box(x, y, across, down)

    def shared_area(self, other: "Box") -> int:
        """The area that both boxes have in common, in square pixels."""
        width = min(self.x + self.width, other.x + other.width) - max(self.x, other.x)
        height = min(self.y + self.height, other.y + other.height) - max(self.y, other.y)
        return max(0, width) * max(0, height)

    def overlap(self, other: "Box") -> float:
        """Intersection over union, 0 to 1."""
        shared = self.shared_area(other)
        return shared / (self.area + other.area - shared) if shared else 0.0


def _uncut(start: int, length: int, side: int, end: int) -> tuple[int, int]:
    """Start and length of a side, of which what lay before 0 and from `end` on was cut off."""
    before, after = start <= 1, start + length >= end - 1  # a picture that was scaled may have rounded by one
    if not before and not after:
        return start, length
    missing = side - length
    return start - (missing // 2 if after else missing) * before, side


def judge(probabilities: NDArray[np.floating], uncertain_below: float) -> NDArray[np.bool_]:
    """Whether readings are uncertain. The only place that decides this.

    Args:
        probabilities: (..., 7), each row summing to 1.
        uncertain_below: the threshold, 0 to 1.

    Returns:
        bool (...): true where the highest probability is below the threshold.
    """
    return is_uncertain(np.asarray(probabilities).max(axis=-1), uncertain_below)


def is_uncertain(confidence: NDArray[np.floating], uncertain_below: float) -> NDArray[np.bool_]:
    """`judge` for confidences, (...), that are at hand already; never true where one is missing (NaN)."""
    return np.asarray(confidence) < uncertain_below


CLOSE: Final = 0.75
"""Share of the highest probability from which the second one is named beside it in an uncertain reading."""


def runner_up(probabilities: NDArray[np.floating]) -> NDArray[np.intp]:
    """The second most probable emotion of each reading where it comes close to the first, else -1; see `CLOSE`.

    Args:
        probabilities: (..., 7).

    Returns:
        int (...): index into `EMOTIONS`, or -1.
    """
    values = np.asarray(probabilities)
    order = np.argsort(-values, axis=-1, kind="stable")
    highest = np.take_along_axis(values, order[..., :2], axis=-1)
    close = highest[..., 1] >= CLOSE * highest[..., 0]
    return np.where(close, order[..., 1], -1)


def named(probabilities: NDArray[np.floating], uncertain: bool) -> str:
    """What a reading is called: "happy", or where it is uncertain "uncertain: sad or neutral", "uncertain: sad?".

    Args:
        probabilities: (7,).
        uncertain: whether the most probable emotion is not to be relied on.

    Example:
        >>> named(np.array([0.34, 0, 0, 0.1, 0.12, 0.1, 0.34]), True)
        'uncertain: angry or neutral'
    """
    label = EMOTIONS[int(np.argmax(probabilities))]
    if not uncertain:
        return label
    second = int(runner_up(probabilities))
    return f"uncertain: {label} or {EMOTIONS[second]}" if second >= 0 else f"uncertain: {label}?"


class Keypoints(NamedTuple):
    """Six points of a face, each (x, y) in pixels of the whole picture; right and left as the person has them."""

    right_eye: tuple[float, float]
    left_eye: tuple[float, float]
    nose: tuple[float, float]
    mouth: tuple[float, float]
    right_ear: tuple[float, float]
    left_ear: tuple[float, float]


@dataclass(frozen=True)
class Pose:
    """Where a head points, in degrees; all 0 for a face that looks straight into the camera.

    Attributes:
        yaw_deg: above 0 where the face is turned to the right side of the picture, that is to the person's left.
        pitch_deg: above 0 where it is raised.
        roll_deg: above 0 where it is tilted clockwise in the picture, that is towards the person's left shoulder.
    """

    yaw_deg: float
    pitch_deg: float
    roll_deg: float

    @property
    def frontality(self) -> float:
        """1 for a face seen from the front, 0 for one in profile: the cosine between face and camera."""
        return max(0.0, math.cos(math.radians(self.yaw_deg)) * math.cos(math.radians(self.pitch_deg)))


class _WithArrays:
    """A value whose arrays are read-only, also after it was pickled."""

    _ARRAYS: ClassVar[tuple[str, ...]]
    """Names of the attributes that hold arrays."""

    def __post_init__(self) -> None:
        for name in self._ARRAYS:
            view = np.asarray(getattr(self, name)).view()
            view.flags.writeable = False
            object.__setattr__(self, name, view)

    def __setstate__(self, state: Mapping[str, object]) -> None:
        self.__dict__.update(state)
        self.__post_init__()  # a pickle does not say that an array is read-only


@dataclass(frozen=True, eq=False)
class FaceMesh(_WithArrays):
    """What the landmarks of a face tell.

    Attributes:
        landmarks: float32 (468, 3), read-only; x and y in pixels of the picture, z the learnt depth in the same unit;
            (0, 3) where they are not kept because the face is hidden.
        irises: float32 (2, 5, 2), read-only; of the right and of the left eye of the person, the middle first.
        pose: of the head.
        columns: further measurements by the name of their column; see `fer_core.timeline.columns.GROUPS`.
        geometry: distances without the pose; see `fer_core.timeline.face.movements.Geometry`.
        covered: the face seems to be partly covered.
    """

    _ARRAYS = ("landmarks", "irises")

    landmarks: NDArray[np.float32]
    irises: NDArray[np.float32]
    pose: Pose
    columns: Mapping[str, float]
    geometry: Mapping[str, float]
    covered: bool = False


@dataclass(frozen=True)
class Face:
    """One found face.

    Attributes:
        box: pixels of the picture.
        confidence: how sure the detector is, 0 to 1.
        keypoints: None where the detector gives none.
        mesh: None where it was not measured.
    """

    box: Box
    confidence: float
    keypoints: Keypoints | None = field(default=None, repr=False)
    mesh: FaceMesh | None = field(default=None, repr=False, compare=False)


@dataclass(frozen=True)
class Quality:
    """What the crop lets one expect of its reading.

    Attributes:
        size_px: shorter side of the face box.
        sharpness: variance of the Laplacian of the 48-pixel face, in squared grey levels (Pech-Pacheco et al., 2000).
        brightness: mean grey level, 0 to 255.
        problems: short words for what is out of bounds, such as "small" or "dark"; empty where nothing is.
        frontality: 1 for a face seen from the front, 0 for one in profile; an estimate, see `fer_core.face.quality`.
    """

    size_px: int
    sharpness: float
    brightness: float
    problems: tuple[str, ...] = ()
    frontality: float = 1.0


@dataclass(frozen=True, eq=False)
class FaceReading(_WithArrays):
    """What one face was read as.

    Attributes:
        box: pixels of the picture.
        face_confidence: how sure the detector is that this is a face, 0 to 1.
        probabilities: float32 (7,) in `EMOTIONS` order, calibrated, summing to 1.
        uncertain: the highest probability is below the model's threshold; the label is not to be relied on.
        activation: float32 (h, w), the class activation map of `label` over the crop, 0 to 1.
        quality: what the crop allows.
        person: number of the person, from 1, where frames are followed over time; else None.
        mesh: what the landmarks tell; None where they were not measured.
        drawn: a person drew the box; `face_confidence` is 1 then.
    """

    _ARRAYS = ("probabilities", "activation")

    box: Box
    face_confidence: float
    probabilities: NDArray[np.float32]
    uncertain: bool
    activation: NDArray[np.float32]
    quality: Quality
    person: int | None = None
    mesh: FaceMesh | None = None
    drawn: bool = False

    @cached_property
    def label(self) -> str:
        """The most probable emotion."""
        return EMOTIONS[int(self.probabilities.argmax())]

    @property
    def confidence(self) -> float:
        """The probability of `label`."""
        return float(self.probabilities.max())

    @property
    def words(self) -> str:
        """What the reading is called; see `named`."""
        return named(self.probabilities, self.uncertain)

    @property
    def landmarks(self) -> NDArray[np.float32] | None:
        """float32 (468, 3) in pixels of the picture, read-only; None where they were not measured."""
        return None if self.mesh is None else self.mesh.landmarks

    @property
    def pose(self) -> Pose | None:
        """Of the head; None where it was not measured."""
        return None if self.mesh is None else self.mesh.pose

    @property
    def by_emotion(self) -> dict[str, float]:
        """Probabilities by name, in `EMOTIONS` order."""
        return dict(zip(EMOTIONS, map(float, self.probabilities), strict=True))


@dataclass(frozen=True, eq=False)
class FrameReading:
    """What one frame of a recording or a live stream was read as.

    Attributes:
        time_s: presentation time in seconds from the start.
        frame: number of the frame, from 0.
        faces: its faces, from left to right; empty where none was found.
    """

    time_s: float
    frame: int
    faces: tuple[FaceReading, ...]
