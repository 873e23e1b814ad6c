"""From a recording to its timeline: frames are decoded, faces found, followed, and read in batches across frames.

Memory holds a few frames at a time, whatever the length; what stays of a frame is a row of numbers a face.
"""

import contextlib
import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

from fer_core.analysis.checkpoint import Checkpoint, packed, unpacked
from fer_core.analysis.portraits import Portraits
from fer_core.analysis.tracking import Tracker
from fer_core.classification import EmotionClassifier
from fer_core.classification.engines import ENGINES
from fer_core.detection import DETECTORS, FaceCheck, FaceDetector, HaarDetector
from fer_core.detection.nearby import FollowingDetector
from fer_core.errors import MediaError
from fer_core.imaging.crops import cut
from fer_core.jobs import Monitor, Progress
from fer_core.media.cuts import CutFinder
from fer_core.media.video import Sample, Video, checked_file
from fer_core.networks.files import sha256
from fer_core.readings import Box, Face, FaceReading, FrameReading
from fer_core.timeline.smoothing import METHODS, TIME_CONSTANT_S, gap_s
from fer_core.timeline.summaries import as_clock
from fer_core.timeline.table import AnalysisSettings, Recording, Row, Timeline, build, rows_of_frame
from fer_core.version import __version__

BATCH: Final = 16
"""Faces read at once."""

MAX_WAITING: Final = 32
"""Frames that are kept at most until there are so many faces."""

SAVE_EVERY_S: Final = 5.0
_LIBRARIES: Final = ("numpy", "opencv-python-headless", "av", "ai-edge-litert")


class Reader(Protocol):
    """What an analysis needs of `fer_core.pipeline.EmotionPipeline`, which in turn offers the analysis."""

    detector: FaceDetector
    classifier: EmotionClassifier

    def read_faces(self, found: Sequence[tuple[NDArray[np.uint8], Face]]) -> list[FaceReading]:
        """Read faces, each with the picture that was cut out for it."""
        ...


@dataclass(frozen=True)
class AnalysisProgress(Progress):
    """How far an analysis has come.

    Attributes:
        time_s: up to which moment of the recording, in seconds.
        samples: frames that were looked at.
        faces: faces that were found in them.
    """

    time_s: float = 0.0
    samples: int = 0
    faces: int = 0


def analyze_video(
    pipeline: Reader,
    path: Path,
    fps: float = 4.0,
    progress: Monitor | Callable[[AnalysisProgress], None] | None = None,
    *,
    smoothing: str = "exponential",
    time_constant_s: float = TIME_CONSTANT_S,
    checkpoint: Path | None = None,
) -> Timeline:
    """See `fer_core.pipeline.EmotionPipeline.analyze_video`."""
    if smoothing not in METHODS:
        raise MediaError(f'There is no smoothing "{smoothing}"; choose one of: {", ".join(METHODS)}.')
    if not 0 <= fps <= 1000 or not 0 <= time_constant_s < math.inf:
        raise MediaError("Samples a second lie between 0 (every frame) and 1000, a time constant is 0 or more seconds.")
    path = Path(path)
    checked_file(path)
    settings = settings_of(pipeline, fps, smoothing, time_constant_s)
    analysis = _Analysis(pipeline, path, settings, checkpoint)
    return analysis.run(Monitor.of(progress))


def settings_of(
    pipeline: Reader,
    fps: float,
    smoothing: str = "exponential",
    time_constant_s: float = TIME_CONSTANT_S,
) -> AnalysisSettings:
    """Everything that the numbers of an analysis with this pipeline depend on."""
    card = pipeline.classifier.card
    members = getattr(pipeline.classifier.engine, "members", ())  # of an ensemble
    engine = _name(members[0].engine if members else pipeline.classifier.engine, ENGINES)
    return AnalysisSettings(
        model=card.name,
        detector=_name(pipeline.detector, DETECTORS),
        engine=engine,
        fps=fps,
        smoothing=smoothing,
        time_constant_s=time_constant_s,
        uncertain_below=card.uncertain_below,
        hashes=_hashes(pipeline, engine),
        versions=_versions(engine),
    )


@dataclass(frozen=True, eq=False)
class _Found:
    """A frame whose faces are found, and not read yet. Boxes in pixels of the recording."""

    time_s: float
    frame: int
    faces: tuple[Face, ...]
    crops: tuple[NDArray[np.uint8], ...]
    persons: tuple[int, ...]


class _Analysis:
    """One run over one recording."""

    def __init__(self, pipeline: Reader, path: Path, settings: AnalysisSettings, checkpoint: Path | None) -> None:
        self.pipeline, self.path, self.settings = pipeline, path, settings
        self.sha256 = sha256(path)
        self.detector = FollowingDetector(pipeline.detector)
        self.tracker, self.cut_finder, self.portraits = Tracker(), CutFinder(), Portraits()
        self.rows: list[Row] = []
        self.cuts: list[float] = []
        self.waiting: list[_Found] = []
        self.samples = self.faces = 0
        self.after_s: float | None = None
        self.size = self.image_size = (0, 0)
        self.saved_s, self.saved_rows, self.saved_cuts = time.monotonic(), 0, 0
        self.problems: list[str] = []
        self.checkpoint = None if checkpoint is None else Checkpoint(checkpoint, self.sha256, settings)

    def run(self, monitor: Monitor) -> Timeline:
        """From where it was left to the end, or until it is stopped."""
        self._resume()
        with Video(self.path, self.settings.fps, after_s=self.after_s) as video:
            self.size = (video.width, video.height) if self.size == (0, 0) else self.size
            self.tracker.forget_s = gap_s(self._interval_s(video))
            for sample in video:
                self._look_at(sample)
                if len(self.waiting) >= MAX_WAITING or sum(len(found.faces) for found in self.waiting) >= BATCH:
                    self._read()
                    self._save(SAVE_EVERY_S)
                monitor.report(self._progress(video.share, sample.time_s))
                if monitor.should_stop:
                    break
            self._read()
            self._save(0)
            if not monitor.should_stop:
                monitor.report(self._progress(1.0, video.duration_s or 0.0))
        return self._timeline(video, stopped=monitor.should_stop)

    def _progress(self, share: float, time_s: float) -> AnalysisProgress:
        faces = "1 face" if self.faces == 1 else f"{self.faces} faces"
        words = f"at {as_clock(time_s)} · {self.samples} frames · {faces}"
        return AnalysisProgress(share, words, time_s=time_s, samples=self.samples, faces=self.faces)

    def _interval_s(self, video: Video) -> float:
        """Seconds between two samples: as asked for, or of all frames where there are not so many."""
        return max(1 / rate if rate else 0.0 for rate in (self.settings.fps, video.frame_rate))

    def _look_at(self, sample: Sample) -> None:
        image, time_s = sample.image, sample.time_s
        is_cut = self.cut_finder.update(image)
        if is_cut:
            self.cuts.append(time_s)
            self.tracker.cut()
        if is_cut or image.shape[:2] != self.image_size:
            self.detector.reset()
            self.image_size = image.shape[:2]
        finds = sorted(self.detector.detect(image, time_s), key=lambda face: (face.box.x, face.box.y))
        # Copies, so that not the whole frame is kept for the sake of a face.
        crops = tuple(cut(image, face.box).copy() for face in finds)
        across, down = self.size[0] / image.shape[1], self.size[1] / image.shape[0]
        faces = tuple(Face(_stretched(face.box, across, down), face.confidence) for face in finds)
        persons = tuple(self.tracker.update(faces, time_s, crops))
        self.waiting.append(_Found(time_s, sample.frame, faces, crops, persons))
        self.samples += 1
        self.faces += len(faces)
        self.after_s = time_s

    def _read(self) -> None:
        """Classify what waits, in one batch."""
        pairs = [pair for found in self.waiting for pair in zip(found.crops, found.faces, strict=True)]
        readings = iter(self.pipeline.read_faces(pairs))
        for found in self.waiting:
            faces = tuple(replace(next(readings), person=person) for person in found.persons)
            for face, crop in zip(faces, found.crops, strict=True):
                self.portraits.offer(face, crop)
            self.rows.extend(rows_of_frame(FrameReading(found.time_s, found.frame, faces)))
        self.waiting = []

    def _save(self, every_s: float) -> None:
        """Add what is new to the checkpoint, when it is time; nothing may be waiting to be read."""
        now_s = time.monotonic()
        if self.checkpoint is None or now_s - self.saved_s < every_s:
            return
        state = {name: getattr(self, name) for name in ("samples", "faces", "after_s", "size", "image_size")}
        memories = {name: getattr(self, name).state() for name in ("detector", "tracker", "cut_finder")}
        part = {
            "rows": self.rows[self.saved_rows :],
            "cuts": self.cuts[self.saved_cuts :],
            "portraits": packed(self.portraits.changes()),
            "state": state,
            "memories": memories,
        }
        try:
            self.checkpoint.add(part)
        except MediaError as error:  # the disk is full: that shall not cost what was read
            reason = error.__cause__.strerror if isinstance(error.__cause__, OSError) else "an error"
            self.problems.append(
                f"From about {self.after_s or 0:.1f} s on, what was read could not be saved meanwhile ({reason}); an "
                "analysis that is cut off does not go on from there."
            )
            self.checkpoint = None
            return
        self.saved_s, self.saved_rows, self.saved_cuts = now_s, len(self.rows), len(self.cuts)

    def _resume(self) -> None:
        if self.checkpoint is None:
            return
        last = None
        for last in self.checkpoint.take_up():
            self.rows.extend(map(tuple, last["rows"]))
            self.cuts.extend(last["cuts"])
            self.portraits.restore(unpacked(last["portraits"]))
        if last is not None:
            for name, value in last["state"].items():
                setattr(self, name, tuple(value) if isinstance(value, list) else value)
            for name, memory in last["memories"].items():
                getattr(self, name).restore(memory)
        self.saved_rows, self.saved_cuts = len(self.rows), len(self.cuts)

    def _timeline(self, video: Video, stopped: bool) -> Timeline:
        problems = [*video.problems, *self.problems]
        if stopped:
            whole = "" if video.duration_s is None else f" of {video.duration_s:.1f} s"
            problems.append(f"The analysis was stopped at {self.after_s or 0:.1f} s{whole}; what follows is missing.")
        if not self.faces:
            problems.append("No face was found in any of the frames that were looked at.")
        recording = Recording(
            name=video.name,
            sha256=self.sha256,
            duration_s=video.duration_s or self.after_s or 0.0,
            width=self.size[0],
            height=self.size[1],
            frame_rate=video.frame_rate,
            has_audio=video.has_audio,
        )
        return build(
            self.rows,
            recording,
            self.settings,
            cuts=self.cuts,
            portraits=self.portraits.jpegs(),
            problems=problems,
        )


def _stretched(box: Box, across: float, down: float) -> Box:
    return Box(round(box.x * across), round(box.y * down), round(box.width * across), round(box.height * down))


def _name(of: object, table: Mapping[str, type]) -> str:
    return next((name for name, kind in table.items() if type(of) is kind), type(of).__name__)


def _hashes(pipeline: Reader, engine: str) -> dict[str, str]:
    """SHA-256 of the files that the numbers depend on: network, face check, and of an ensemble its members' cards."""
    card = pipeline.classifier.card
    file = getattr(ENGINES.get(engine), "file", None)
    found = {name: record.sha256 for name, record in card.files.items() if name == file}
    if isinstance(pipeline.detector, HaarDetector):
        found[FaceCheck.NETWORK] = pipeline.detector.check.card.files[FaceCheck.NETWORK].sha256
    return {**found, **card.members}


def _versions(engine: str) -> dict[str, str]:
    found = {"fer_core": __version__}
    for name in (*_LIBRARIES, *(("keras",) if engine == "keras" else ())):
        with contextlib.suppress(PackageNotFoundError):
            found[name] = version(name)
    return found
