"""From a recording to its timeline: frames are decoded, faces found, followed, and read in batches across frames.

A process decodes, a thread finds faces a few frames behind it, and the caller's thread does the rest behind that; where
one thread alone is to compute, the caller's finds the faces, too.
Memory holds a few frames at a time, whatever the length; what stays of a frame is a row of numbers a face.
"""

import math
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

from fer_core.analysis.checkpoint import Checkpoint, Memories, Part, Position, packed, unpacked
from fer_core.analysis.follow import Follower, Found
from fer_core.analysis.overlap import overlapped
from fer_core.analysis.portraits import Portraits
from fer_core.analysis.search import RecordingSearch, Searched
from fer_core.analysis.tracking import Tracker
from fer_core.classification import EmotionClassifier
from fer_core.detection import FaceDetector, in_sequence
from fer_core.errors import MediaError
from fer_core.face.measuring import FaceMeasurer
from fer_core.imaging.placement import Placement, Size
from fer_core.jobs import Monitor, Progress
from fer_core.media.files import harmless, sha256_of
from fer_core.media.messages import NOTHING, Noticed
from fer_core.media.video import Sample, Video, checked_file
from fer_core.networks.cores import computing_beside, most_threads
from fer_core.provenance import Provenance
from fer_core.readings import Face, FaceReading, FrameReading
from fer_core.request import AnalysisRequest, DetectorChoice
from fer_core.timeline.clock_text import as_clock
from fer_core.timeline.smoothing import gap_s
from fer_core.timeline.table import Recording, Row, Rows, Timeline, build, rows_of_frame

BATCH: Final = 16
"""Faces read at once."""

MAX_WAITING: Final = 32
"""Frames that are kept at most until there are `BATCH` faces."""

AHEAD: Final = 4
"""Frames that are decoded or searched ahead of the one whose people are followed."""

SAVE_EVERY_S: Final = 5.0
LYING_DEG: Final = 60.0
"""Tilt of a head, in degrees, that nobody keeps while they sit or stand."""


class Reader(Protocol):
    """What an analysis needs of `fer_core.pipeline.EmotionPipeline`, which in turn offers the analysis."""

    detector: FaceDetector
    classifier: EmotionClassifier
    measurer: FaceMeasurer | None

    def measure(self, bgr: NDArray[np.uint8], faces: Sequence[Face]) -> list[Face]:
        """Measure faces of a picture."""
        ...

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
        size: of the last of these frames, width and height in pixels, which may change within a recording; 0 before.
    """

    time_s: float = 0.0
    samples: int = 0
    faces: int = 0
    size: Size = (0, 0)


def completed(pipeline: Reader, request: AnalysisRequest) -> AnalysisRequest:
    """The request as this pipeline carries it out: with its model, detector, engine and threshold."""
    card, detector = pipeline.classifier.card, pipeline.detector
    return replace(
        request,
        model=card.name,
        detector=DetectorChoice(detector.name, dict(detector.parameters)),
        engine=pipeline.classifier.engine.name,
        uncertain_below=card.uncertain_below if request.uncertain_below is None else request.uncertain_below,
    )


def provenance_of(pipeline: Reader) -> Provenance:
    """What the numbers of this pipeline depend on besides the request."""
    detector, classifier, measurer = pipeline.detector, pipeline.classifier, pipeline.measurer
    measured = {} if measurer is None else measurer.files
    measuring = () if measurer is None else measurer.libraries
    return Provenance.of(
        {**detector.files, **measured, **classifier.files},
        (*detector.libraries, *measuring, *classifier.engine.libraries),
    )


def analyse(
    pipeline: Reader,
    path: Path,
    request: AnalysisRequest,
    progress: Monitor | Callable[[AnalysisProgress], None] | None = None,
    *,
    checkpoint: Path | None = None,
) -> Timeline:
    """See `fer_core.pipeline.EmotionPipeline.analyse`."""
    checked_file(path)
    analysis = _Analysis(pipeline, path, completed(pipeline, request), checkpoint)
    return analysis.run(Monitor.of(progress))


def iterate(pipeline: Reader, path: Path, request: AnalysisRequest) -> Iterator[FrameReading]:
    """See `fer_core.pipeline.EmotionPipeline.iter_video`."""
    checked_file(path)
    with Video(path, request.fps) as video:
        frames = _Frames(pipeline, request)
        frames.expect(video.frame_rate)
        for _, searched in overlapped(video, frames.search, _ahead()):
            yield from frames.take(searched, _size_of(video))
        yield from frames.read()
    for problem in video.problems:
        # Where the loop over the frames is. Python shows a text once a place: the name makes it another file's.
        warnings.warn(f"{harmless(path.name)}: {problem}", stacklevel=2)


class _Frames:
    """Samples in, readings out, a batch of faces at a time."""

    def __init__(self, pipeline: Reader, request: AnalysisRequest, *, keeps_memories: bool = False) -> None:
        self.pipeline, self.fps = pipeline, request.fps
        detector = in_sequence(pipeline.detector)
        self.finder = RecordingSearch(detector, request.region, keeps_memories=keeps_memories)
        self.follow = Follower(Tracker(recall_s=math.inf), measure=pipeline.measure)
        self.portraits = Portraits()
        self.cuts: list[float] = []
        self.waiting: list[Found] = []

    def expect(self, frame_rate: float) -> None:
        """Set for how long a person may be missed: samples are as far apart as asked for, or as the frames are."""
        interval_s = max(1 / rate if rate else 0.0 for rate in (self.fps, frame_rate))
        self.follow.tracker.forget_s = gap_s(interval_s)

    def search(self, sample: Sample) -> Searched:
        """Search the next sample. May run in a thread of its own, ahead of `take`: they share nothing."""
        with computing_beside():
            return self.finder(sample)

    def take(self, searched: Searched, size: Size) -> list[FrameReading]:
        """Take in the next sample; gives the readings that became ready, of this frame and of frames before.

        Args:
            searched: the next one.
            size: of the recording, whose pixels boxes are given in.
        """
        sample = searched.sample
        if searched.is_cut:
            self.cuts.append(sample.time_s)
            self.follow.tracker.cut()
        height, width = sample.image.shape[:2]
        placement = Placement.stretched((width, height), size)
        self.waiting.append(self.follow(sample.image, searched.faces, sample.time_s, sample.frame, placement))
        if len(self.waiting) >= MAX_WAITING or sum(len(found.faces) for found in self.waiting) >= BATCH:
            return self.read()
        return []

    def read(self) -> list[FrameReading]:
        """Classify what waits, in one batch."""
        readings = iter(self.pipeline.read_faces([pair for found in self.waiting for pair in found.pairs]))
        done = []
        for found in self.waiting:
            faces = tuple(replace(next(readings), person=person) for person in found.persons)
            for face, crop in zip(faces, found.crops, strict=True):
                self.portraits.offer(face, crop)
            done.append(FrameReading(found.time_s, found.frame, faces))
        self.waiting = []
        return done


class _Analysis:
    """One run over one recording."""

    def __init__(self, pipeline: Reader, path: Path, request: AnalysisRequest, checkpoint: Path | None) -> None:
        self.path, self.request, self.provenance = path, request, provenance_of(pipeline)
        self.sha256 = sha256_of(path)
        self.frames = _Frames(pipeline, request, keeps_memories=checkpoint is not None)
        self.rows = Rows()
        self.unsaved: list[Row] = []
        self.samples = self.faces = 0
        self.share = 0.0  # of the recording that was taken; what is decoded is some samples ahead of it
        self.after_s: float | None = None
        self.size = self.last_size = (0, 0)
        self.noticed, self.searched = NOTHING, self.frames.finder.state()
        self.saved_s, self.saved_cuts = time.monotonic(), 0
        self.problems: list[str] = []
        self.checkpoint = None if checkpoint is None else Checkpoint(checkpoint, self.sha256, request, self.provenance)

    def run(self, monitor: Monitor) -> Timeline:
        """From where it was left to the end, or until it is stopped."""
        self._resume()
        with Video(self.path, self.request.fps, after_s=self.after_s, before=self.noticed) as video:
            self.size = _size_of(video) if self.size == (0, 0) else self.size
            self.frames.expect(video.frame_rate)
            if self.after_s is not None and video.duration_s:
                self.share = min(1.0, self.after_s / video.duration_s)

            def is_over() -> bool:
                monitor.report(self._progress(self.share, self.after_s or 0.0))
                return monitor.should_stop

            video.while_waiting = is_over
            samples = ((sample, video.noticed, video.share) for sample in video)
            for (sample, noticed, share), searched in overlapped(samples, self._search, _ahead()):
                self._take(searched, noticed)
                self.share = max(self.share, share)  # a decoder that goes on may not know yet where it is
                monitor.report(self._progress(self.share, sample.time_s))
                if monitor.should_stop:
                    break
            self._keep(self.frames.read())
            self._save(0)
            if not monitor.should_stop:
                monitor.report(self._progress(1.0, video.duration_s or 0.0))
        return self._timeline(video, stopped=monitor.should_stop)

    def _search(self, known: tuple[Sample, Noticed, float]) -> Searched:
        return self.frames.search(known[0])

    def _progress(self, share: float, time_s: float) -> AnalysisProgress:
        faces = "1 face" if self.faces == 1 else f"{self.faces} faces"
        words = f"at {as_clock(time_s)} · {self.samples} frames · {faces}"
        return AnalysisProgress(
            share, words, time_s=time_s, samples=self.samples, faces=self.faces, size=self.last_size
        )

    def _take(self, searched: Searched, noticed: Noticed) -> None:
        sample, self.noticed, self.searched = searched.sample, noticed, searched.memory or self.searched
        self.last_size = sample.width, sample.height
        done = self.frames.take(searched, self.size)
        self.samples += 1
        self.faces += len(self.frames.waiting[-1].faces) if self.frames.waiting else len(done[-1].faces)
        self.after_s = sample.time_s
        if done:
            self._keep(done)
            self._save(SAVE_EVERY_S)

    def _keep(self, readings: Sequence[FrameReading]) -> None:
        for reading in readings:
            rows = rows_of_frame(reading)
            self.rows.extend(rows)
            if self.checkpoint is not None:
                self.unsaved.extend(rows)

    def _save(self, every_s: float) -> None:
        """Add what is new to the checkpoint, when it is time; nothing may be waiting to be read."""
        now_s = time.monotonic()
        if self.checkpoint is None or now_s - self.saved_s < every_s:
            return
        frames = self.frames
        part = Part(
            rows=self.unsaved,
            cuts=frames.cuts[self.saved_cuts :],
            portraits=packed(frames.portraits.changes()),
            state=Position(self.samples, self.faces, self.after_s, self.size, self.noticed),
            memories=Memories(self.searched, frames.follow.tracker.state()),
        )
        try:
            self.checkpoint.add(part)
        except MediaError as error:  # the disk is full: that shall not cost what was read
            reason = error.__cause__.strerror if isinstance(error.__cause__, OSError) else "an error"
            self.problems.append(
                f"From about {self.after_s or 0:.1f} s on, what was read could not be saved meanwhile ({reason}); an "
                "analysis that is cut off does not go on from there."
            )
            self.checkpoint, self.unsaved = None, []
            return
        self.saved_s, self.unsaved, self.saved_cuts = now_s, [], len(frames.cuts)

    def _resume(self) -> None:
        if self.checkpoint is None:
            return
        frames, last = self.frames, None
        for last in self.checkpoint.take_up():
            self.rows.extend(last.rows)
            frames.cuts.extend(last.cuts)
            frames.portraits.restore(unpacked(last.portraits))
        if self.checkpoint.refused:
            self.problems.append(self.checkpoint.refused)
        if last is not None:
            self.samples, self.faces, self.after_s = last.state.samples, last.state.faces, last.state.after_s
            self.size, self.noticed = last.state.size, last.state.noticed
            self.searched = last.memories.search
            frames.finder.restore(self.searched)
            frames.follow.tracker.restore(last.memories.tracker)
        self.saved_cuts = len(frames.cuts)

    def _timeline(self, video: Video, stopped: bool) -> Timeline:
        recording = Recording(
            name=video.name,
            sha256=self.sha256,
            duration_s=video.duration_s or self.after_s or 0.0,
            width=self.size[0],
            height=self.size[1],
            frame_rate=video.frame_rate,
            has_audio=video.has_audio,
        )
        timeline = build(
            self.rows,
            recording,
            self.request,
            self.provenance,
            cuts=self.frames.cuts,
            portraits=self.frames.portraits.jpegs(),
        )
        problems = [*(video.problems_by(self.noticed) if stopped else video.problems), *self.problems]
        if _lies(timeline):
            problems.append(
                "Most faces lie on their side or stand on their head, which the networks read badly; turn the "
                "recording upright and analyse it again."
            )
        if stopped:
            whole = "" if video.duration_s is None else f" of {video.duration_s:.1f} s"
            problems.append(f"The analysis was stopped at {self.after_s or 0:.1f} s{whole}; what follows is missing.")
        if not self.faces:
            problems.append("No face was found in any of the frames that were looked at.")
        stopped_s = (self.after_s or 0.0) if stopped else None
        return replace(timeline, problems=tuple(problems), stopped_s=stopped_s)


def _lies(timeline: Timeline) -> bool:
    """Whether most faces are nearer to lying than to standing; of faces without landmarks nobody knows."""
    tilts = timeline.frame["roll_deg"].dropna().abs()
    return bool((tilts > LYING_DEG).sum() > len(tilts) / 2)


def _ahead() -> int:
    """Frames to search ahead; none where one of several processes is to compute with one thread alone."""
    return AHEAD if most_threads() > 1 else 0


def _size_of(video: Video) -> Size:
    return video.width, video.height
