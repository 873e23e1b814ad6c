"""Analysis of a live stream frame by frame: faces are found, followed, read in one batch and smoothed."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from fer_core.analysis.follow import Follower
from fer_core.analysis.search import FrameSearch
from fer_core.analysis.tracking import Tracker
from fer_core.classification import Classification
from fer_core.detection import FaceDetector, SequenceDetector, in_sequence
from fer_core.emotions import EMOTIONS
from fer_core.imaging.placement import Placement
from fer_core.live.baseline import corrected
from fer_core.live.settings import LiveSettings
from fer_core.pipeline import EmotionPipeline
from fer_core.readings import Box, Face, FaceReading, judge
from fer_core.timeline.smoothing import ExponentialSmoother

MOST_FACES: Final = 8
"""Most faces that are read in one frame, the largest: a crowd would stop the stream."""

RECALL_S: Final = 60.0
"""A person who was not seen for longer gets another number."""

FORGOTTEN_AFTER_S: Final = 30.0
"""Smoothing of a person starts anew after they were not seen for longer."""

GAP_S: Final = 2.0
"""After a longer pause, everything starts anew: the camera was stopped or changed."""

READ_PX: Final = 640
"""Longer side to which frames are scaled. Browsers change the size of frames with the speed of network and machine;
after scaling, all frames of one orientation have one size."""

BLACK: Final = 20
"""Highest grey level of a black frame; a covered lens gives some noise."""


@dataclass(frozen=True, eq=False)
class LiveFace:
    """One face of a frame.

    Attributes:
        reading: with `person`; its probabilities are corrected by the baseline, where there is one, and smoothed.
        raw: float32 (7,), the probabilities of the model.
    """

    reading: FaceReading
    raw: NDArray[np.float32]

    @property
    def person(self) -> int:
        """Number of the person, from 1."""
        assert self.reading.person is not None
        return self.reading.person

    def placed(self, placement: Placement) -> "LiveFace":
        """The face in another picture."""
        mesh = self.reading.mesh and placement.mesh(self.reading.mesh)
        return replace(self, reading=replace(self.reading, box=placement.box(self.reading.box), mesh=mesh))


@dataclass(frozen=True, eq=False)
class LiveReading:
    """The readings of one frame of a stream.

    Attributes:
        time_s: arrival of the frame by the stream's clock.
        width: of the frame, in pixels.
        height: of the frame, in pixels.
        faces: from left to right.
        black: the frame is black.
        unread: boxes of the faces beyond `MOST_FACES`.
    """

    time_s: float
    width: int
    height: int
    faces: tuple[LiveFace, ...] = ()
    black: bool = False
    unread: tuple[Box, ...] = ()

    @property
    def boxes(self) -> list[Box]:
        """Boxes of all faces, read or not."""
        return [*(face.reading.box for face in self.faces), *self.unread]

    @property
    def readings(self) -> list[FaceReading]:
        """The readings of the faces."""
        return [face.reading for face in self.faces]

    def fits(self, bgr: NDArray[np.uint8]) -> bool:
        """Whether a frame has the same aspect ratio."""
        return self.fits_size(bgr.shape[1], bgr.shape[0])

    def fits_size(self, width: int, height: int) -> bool:
        """Whether a size in pixels has the same aspect ratio."""
        return abs(width * self.height - height * self.width) <= 0.02 * width * self.height

    def placed(self, placement: Placement) -> "LiveReading":
        """The readings in a frame of another size."""
        width, height = placement.outer
        if (width, height) == (self.width, self.height):
            return self
        faces = tuple(face.placed(placement) for face in self.faces)
        unread = tuple(map(placement.box, self.unread))
        return replace(self, width=width, height=height, faces=faces, unread=unread)

    def in_size(self, width: int, height: int) -> "LiveReading":
        """The readings in a frame of this size in pixels."""
        return self.placed(Placement.stretched((self.width, self.height), (width, height)))


class LiveAnalyser:
    """Reads the frames of one camera. For one thread.

    Args:
        pipeline: detector and classifier; they may be shared.
        in_sequence: makes a detector of sequences from a detector of pictures.
    """

    def __init__(
        self,
        pipeline: EmotionPipeline,
        in_sequence: Callable[[FaceDetector], SequenceDetector] = in_sequence,
    ) -> None:
        self.pipeline, self._in_sequence = pipeline, in_sequence
        self._search = FrameSearch(in_sequence(pipeline.detector))
        self._follow = Follower(Tracker(recall_s=RECALL_S), MOST_FACES, self._measure)
        self._smoothers: dict[int, tuple[float, ExponentialSmoother]] = {}
        self._before: tuple[tuple[int, ...], float] | None = None

    @property
    def remembered(self) -> frozenset[int]:
        """Persons of whom something is kept: looks, a place, or readings that are smoothed."""
        return self._follow.tracker.remembered | self._smoothers.keys()

    def use(self, pipeline: EmotionPipeline) -> None:
        """Change the classifier or the detector; persons keep their numbers."""
        if pipeline.detector is not self.pipeline.detector:
            self._search.detector = self._in_sequence(pipeline.detector)
        self.pipeline = pipeline
        self._smoothers.clear()

    def reset(self) -> None:
        """Start anew, as after a cut: only persons who look the same keep their numbers; no number is used again."""
        self._search.reset()
        self._follow.tracker.cut()
        self._smoothers.clear()

    def forget(self) -> None:
        """Delete everything about persons, as after Stop; no number is used again."""
        self._search.reset()
        self._follow.tracker.reset()
        self._smoothers.clear()
        self._before = None

    def forget_old(self, time_s: float) -> None:
        """Delete everything about persons who were not seen for `RECALL_S` until now, in seconds."""
        self._follow.tracker.update([], time_s)
        gone = [person for person, (seen_s, _) in self._smoothers.items() if time_s - seen_s > FORGOTTEN_AFTER_S]
        for person in gone:
            del self._smoothers[person]

    def read(
        self,
        bgr: NDArray[np.uint8],
        time_s: float,
        settings: LiveSettings,
        baselines: Mapping[int, NDArray[np.float32]],
    ) -> LiveReading:
        """Read the next frame.

        Args:
            bgr: uint8 (H, W, 3); its size may change, for example when a phone is turned.
            time_s: arrival of the frame; not before that of the last frame.
            settings: may differ from the frame before.
            baselines: weights by person, see `fer_core.live.baseline`.
        """
        height, width = bgr.shape[:2]
        image = _of_one_size(bgr)
        before, self._before = self._before, (image.shape[:2], time_s)
        if before and (before[0] != image.shape[:2] or time_s - before[1] > GAP_S):
            self.reset()
        self.forget_old(time_s)  # before anything can fail
        if int(image[::8, ::8].max()) <= BLACK:
            return LiveReading(time_s, width, height, black=True)
        found = self._follow(image, self._search(image, time_s), time_s)
        raw, said = self.pipeline.read_with_maps(found.pairs)
        shown = [
            self._shown(reading, person, time_s, settings, baselines.get(person))
            for reading, person in zip(raw, found.persons, strict=True)
        ]
        live = tuple(
            LiveFace(_with_its_map(reading, model, said, row), model.probabilities)
            for row, (reading, model) in enumerate(zip(shown, raw, strict=True))
        )
        return LiveReading(time_s, image.shape[1], image.shape[0], live, unread=found.unread).in_size(width, height)

    def _measure(self, image: NDArray[np.uint8], faces: Sequence[Face]) -> list[Face]:
        return self.pipeline.measure(image, faces)  # of the present pipeline

    def _shown(
        self,
        reading: FaceReading,
        person: int,
        time_s: float,
        settings: LiveSettings,
        baseline: NDArray[np.float32] | None,
    ) -> FaceReading:
        probabilities = reading.probabilities if baseline is None else corrected(reading.probabilities, baseline)
        probabilities = self._smoother(person, time_s, settings.time_constant_s).update(time_s, probabilities)
        uncertain = bool(judge(probabilities, settings.uncertain_below))
        return replace(reading, probabilities=probabilities, uncertain=uncertain, person=person)

    def _smoother(self, person: int, time_s: float, time_constant_s: float) -> ExponentialSmoother:
        _, smoother = self._smoothers.get(person, (time_s, None))
        if smoother is None or smoother.time_constant_s != time_constant_s:
            smoother = ExponentialSmoother(time_constant_s)
        self._smoothers[person] = time_s, smoother
        return smoother


def _with_its_map(shown: FaceReading, model: FaceReading, said: Classification, row: int) -> FaceReading:
    """The reading with the activation map of the smoothed label, where that differs from the model's label."""
    if shown.label == model.label:
        return shown
    return replace(shown, activation=said.activation(row, EMOTIONS.index(shown.label)))


def _of_one_size(bgr: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The frame, scaled to a longer side of `READ_PX`."""
    height, width = bgr.shape[:2]
    factor = READ_PX / max(height, width)
    if factor == 1:
        return bgr
    size = max(1, round(width * factor)), max(1, round(height * factor))
    method = cv2.INTER_AREA if factor < 1 else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(bgr, size, interpolation=method), np.uint8)
