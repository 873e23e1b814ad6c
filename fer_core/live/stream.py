"""One camera's stream: the newest frame is read by one worker, the last finished reading is drawn at once.

    camera thread   on_frame -> hand the frame over, draw the last reading, return       (never waits for the worker)
    worker thread   take the newest frame -> analyse -> publish the reading              (frames in between are dropped)
    script thread   state(), configure(), record, calibrate                              (short locks only)

The worker starts with the first frame. It ends when none came for a while, and forgets everybody, as after a stop: a
phone that is locked sends no stop. So nothing is left behind after a visit.
Workers of several streams take turns: fewer are at work at once than there are cores.
"""

import threading
import time
from collections.abc import Callable
from typing import Final

import av
import numpy as np
from numpy.typing import NDArray

from fer_core.imaging.placement import Placement
from fer_core.live.analyser import RECALL_S, LiveAnalyser, LiveReading
from fer_core.live.baseline import Calibration
from fer_core.live.history import Ages, LastMinute, Rate
from fer_core.live.links import Links
from fer_core.live.lost import LostFaces
from fer_core.live.problems import DRAWING, READING, RECORDING, SENDING, Problems
from fer_core.live.recording import RecordedSession, SessionRecorder
from fer_core.live.settings import LiveSettings
from fer_core.live.state import STALLED_S, LiveState, Situation
from fer_core.live.turns import Turns
from fer_core.live.view import black, drawn
from fer_core.networks.cores import available_cores
from fer_core.pipeline import EmotionPipeline
from fer_core.readings import Box

IDLE_S: Final = RECALL_S
"""Seconds without a frame after which the worker ends and everybody is forgotten; the next frame starts another."""

LOOK_S: Final = 1.0
"""Seconds between two looks, while no frame comes, for whoever was seen too long ago to be remembered still."""

STALE_S: Final = 1.5
"""Age in seconds from which a reading is not drawn: better no box than one where nobody is any more."""

REST_S: Final = 0.5
"""Pause in seconds after a failed analysis, so that a lasting fault does not use up the machine."""

NOTE_S: Final = 30.0
"""Seconds for which the outcome of a calibration is shown."""

TURNS: Final = Turns(max(1, available_cores() - 1))
"""How many streams are read at the same moment: connections that get no time of the processor break off."""


class LiveStream:
    """Everything behind one camera.

    Args:
        pipeline: detector and classifier; they may be shared with others.
        settings: to begin with.
        clock: seconds; only differences count.
        analyser: reads the frames; made from `pipeline` unless given.
    """

    def __init__(
        self,
        pipeline: EmotionPipeline,
        settings: LiveSettings | None = None,
        *,
        clock: Callable[[], float] = time.monotonic,
        analyser: LiveAnalyser | None = None,
        idle_s: float = IDLE_S,
    ) -> None:
        self._analyser = analyser or LiveAnalyser(pipeline)
        self._settings = settings or LiveSettings()
        self._clock = clock
        self._idle_s = idle_s
        # Guards the two threads' handover: what waits, and whether someone is there to take it.
        self._handover = threading.Condition()
        self._waiting: tuple[NDArray[np.uint8], float] | None = None
        self._worker: threading.Thread | None = None
        self._leave = self._forget = self._reading_one = False
        # Guards everything below.
        self._lock = threading.Lock()
        self._parts = (pipeline.detector, pipeline.classifier)
        self._pipeline: EmotionPipeline | None = None  # to be used from the next frame on
        self._newest: NDArray[np.uint8] | None = None
        self._newest_s: float | None = None
        self._reading: LiveReading | None = None
        self._lost = LostFaces()
        self._last_age_s: float | None = None
        self._minute, self._ages = LastMinute(), Ages()
        self._arrivals, self._finished = Rate(), Rate()
        self._frames = self._dropped = 0
        self._problems = Problems()
        self._calibration: Calibration | None = None
        self._baselines: dict[int, NDArray[np.float32]] = {}
        self._notes: tuple[str, ...] = ()
        self._noted_s = 0.0
        self._recorder: SessionRecorder | None = None
        self._links: Links | None = None

    # --- the camera's thread -----------------------------------------------------------------------------------------

    async def on_frames(self, frames: list[av.VideoFrame]) -> list[av.VideoFrame]:
        """The callback for all frames since the last call: takes the newest, drops the others."""
        with self._lock:
            now, skipped = self._clock(), len(frames) - 1
            self._frames += skipped
            self._dropped += skipped
            for _ in range(skipped):
                self._arrivals.tick(now)
        return [self.on_frame(frames[-1])]

    def on_frame(self, frame: av.VideoFrame) -> av.VideoFrame:
        """The frame callback: hands the frame over and gives it back with the last reading drawn in. Never raises.

        An exception here would freeze the picture for good.
        """
        try:
            bgr = np.asarray(frame.to_ndarray(format="bgr24"), np.uint8)
            shown = av.VideoFrame.from_ndarray(self.show(bgr), format="bgr24")
        except Exception as error:
            self._problems.report(DRAWING, error)
            return black(frame) if self._settings.view.hidden else frame
        self._problems.over(DRAWING)
        return shown

    def show(self, bgr: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """The same for an array: uint8 (H, W, 3), not to be written to afterwards."""
        now = self._clock()
        with self._lock:
            self._newest, self._newest_s = bgr, now
            self._frames += 1
            self._arrivals.tick(now)
            reading, lost, view = self._reading, self._lost.boxes, self._settings.view
            if reading is not None and (now - reading.time_s > STALE_S or not reading.fits(bgr)):
                reading = None
            if reading is not None and reading.black and view.hidden:
                reading = None  # the lens was covered: whoever is there when it is opened was not found yet
            self._last_age_s = None if reading is None else now - reading.time_s
            if self._last_age_s is not None:
                self._ages.add(self._last_age_s)
        self._hand_over(bgr, now)
        if reading is None:  # nobody knows where the faces are
            return drawn(bgr, [], view, [Box(0, 0, bgr.shape[1], bgr.shape[0])])
        height, width = bgr.shape[:2]
        placement = Placement.stretched((reading.width, reading.height), (width, height))
        hidden = [placement.box(box) for box in (*reading.unread, *lost)]
        return drawn(bgr, reading.placed(placement).readings, view, hidden)

    def _hand_over(self, bgr: NDArray[np.uint8], now: float) -> None:
        with self._handover:
            if self._waiting is not None:
                self._dropped += 1
            self._waiting = bgr, now
            self._leave = False
            if self._worker is None:
                self._worker = threading.Thread(target=self._work, name="live-analysis", daemon=True)
                self._worker.start()
            self._handover.notify()

    # --- the worker's thread -----------------------------------------------------------------------------------------

    def _work(self) -> None:
        while self._awaited():
            with TURNS:
                frame = self._take()
                done = frame is None or self._tried(*frame)
            self._rested()
            if not done:
                time.sleep(REST_S)

    def _awaited(self) -> bool:
        """Wait for a frame; False, with the worker given up and everybody forgotten, where none comes."""
        with self._handover:
            left_s = self._idle_s
            while left_s > 0 and not self._handover.wait_for(self._wanted, timeout=min(left_s, LOOK_S)):
                left_s -= LOOK_S
                self._analyser.forget_old(self._clock())
            if self._waiting is None or self._leave:
                if not self._leave:  # else `rest` does
                    self._analyser.forget()
                    self._forget_pictures()
                    with self._lock:
                        self._minute.clear()  # all of it is older than that
                # Given up under the lock: a frame that comes from now on finds no worker and starts one.
                self._worker = None
                return False
            return True

    def _wanted(self) -> bool:
        return self._waiting is not None or self._leave

    def _tried(self, bgr: NDArray[np.uint8], time_s: float) -> bool:
        try:
            self._analyse(bgr, time_s)
        except Exception as error:
            self._problems.report(READING, error)
            self._analyser.reset()
            return False
        return True

    def _take(self) -> tuple[NDArray[np.uint8], float] | None:
        """The newest frame; None where the camera was stopped meanwhile."""
        with self._handover:
            frame, self._waiting = self._waiting, None
            self._reading_one = frame is not None
            return frame

    def _rested(self) -> None:
        """Note that no frame is being read; forget what was to be forgotten during it."""
        with self._handover:
            self._reading_one = False
            if self._forget:
                self._analyser.forget()
                self._forget = False

    def _analyse(self, bgr: NDArray[np.uint8], time_s: float) -> None:
        with self._lock:
            settings, baselines, recorder, links = self._settings, dict(self._baselines), self._recorder, self._links
            pipeline, self._pipeline = self._pipeline, None
        if pipeline is not None:
            self._analyser.use(pipeline)
        reading = self._analyser.read(bgr, time_s, settings, baselines)
        with self._lock:
            self._publish(reading)
            whole = [Box(0, 0, reading.width, reading.height)]  # in the dark nobody was looked for
            hidden = [] if not settings.view.hidden else whole if reading.black else [*reading.boxes, *self._lost.boxes]
        if links is not None:
            self._problems.attempt(SENDING, lambda: links.send(reading))
        if recorder is not None and not self._problems.attempt(RECORDING, lambda: recorder.add(bgr, reading, hidden)):
            recorder.note("Some frames could not be recorded.")

    def _publish(self, reading: LiveReading) -> None:
        if self._newest is None:  # the camera was stopped meanwhile
            return
        self._lost.update(self._reading, reading)
        self._reading = reading
        self._problems.over(READING)
        self._finished.tick(self._clock())
        self._minute.add(
            reading.time_s,
            {face.person: face.reading.probabilities for face in reading.faces},
            frozenset(face.person for face in reading.faces if face.reading.uncertain),
        )
        if self._calibration is not None:
            for face in reading.faces:
                self._calibration.add(face.person, face.raw)
            if self._calibration.share_done(reading.time_s) >= 1:
                self._baselines, problems = self._calibration.baselines()
                self._notes, self._noted_s = tuple(problems), reading.time_s
                self._calibration = None

    # --- the script's thread -----------------------------------------------------------------------------------------

    def configure(self, settings: LiveSettings) -> None:
        """Change settings; they hold from the next frame on."""
        with self._lock:
            self._settings = settings

    @property
    def settings(self) -> LiveSettings:
        """The settings for the next frame."""
        with self._lock:
            return self._settings

    def use(self, pipeline: EmotionPipeline) -> None:
        """Read with other parts from the next frame on. Baselines belong to a model and are dropped with it."""
        with self._lock:
            if (pipeline.detector, pipeline.classifier) == self._parts:
                return
            self._pipeline, self._parts = pipeline, (pipeline.detector, pipeline.classifier)
            self._baselines, self._calibration, self._notes = {}, None, ()

    def expect(self) -> None:
        """Note that the camera is being started: the stream waits for its first frame."""
        with self._lock:
            self._newest_s = None

    def rest(self) -> None:
        """The camera was stopped: let the worker go, and forget the last picture, everybody's looks and resting faces.

        The next frame wakes all of it; whoever is in it gets a new number.
        """
        with self._handover:
            self._waiting, self._leave = None, True
            if self._reading_one:
                self._forget = True
            else:
                self._analyser.forget()
            self._handover.notify()
        self._forget_pictures()
        with self._lock:
            links, self._links = self._links, None
        if links is not None:  # takes a moment, in which the connection's thread must not wait
            threading.Thread(target=links.close, name="live-links", daemon=True).start()

    def _forget_pictures(self) -> None:
        """Drop the last picture, what was read in it, and everybody's resting face."""
        with self._lock:
            self._newest = self._reading = self._calibration = self._last_age_s = None
            self._baselines = {}
            self._ages.clear()

    def connect(self, links: Links | None) -> None:
        """Send readings there from the next one on, until the camera stops; what was connected before is closed."""
        with self._lock:
            before, self._links = self._links, links
            self._problems.over(SENDING)
        if before is not None:
            before.close()

    @property
    def links(self) -> Links | None:
        """Connections with other programs; None where there are none."""
        return self._links

    def mark(self, text: str, time_s: float) -> None:
        """Take a marker that was set at this time of the stream's clock into the recording, if there is one."""
        with self._lock:
            recorder = self._recorder
        if recorder is not None:
            recorder.mark(text, time_s)

    def calibrate(self) -> None:
        """Take the next ten seconds as everybody's resting face."""
        with self._lock:
            self._calibration, self._baselines, self._notes = Calibration(self._clock()), {}, ()

    def forget_baseline(self) -> None:
        """Show readings as the model gives them."""
        with self._lock:
            self._calibration, self._baselines, self._notes = None, {}, ()

    def record(self, recorder: SessionRecorder) -> None:
        """Keep every reading from now on."""
        with self._lock:
            self._recorder = recorder

    def stop_recording(self) -> RecordedSession | None:
        """End the recording, with the markers that have come until now; None where none was running."""
        links = self._links
        if links is not None:
            links.fetch_markers()
        with self._lock:
            recorder, self._recorder = self._recorder, None
            self._problems.over(RECORDING)
        return recorder.finish() if recorder is not None else None

    def snapshot(self) -> NDArray[np.uint8] | None:
        """The newest frame as the camera gave it: uint8 (H, W, 3), BGR. None where there is none."""
        with self._lock:
            return None if self._newest is None else self._newest.copy()

    def state(self) -> LiveState:
        """The present state."""
        with self._lock:
            now = self._clock()
            since = None if self._newest_s is None else now - self._newest_s
            situation = Situation.WAITING if since is None else Situation.RUNNING
            if since is not None and (since > STALLED_S or self._newest is None):
                situation = Situation.STALLED
            reading = self._reading
            recording_s = None if self._recorder is None else self._recorder.duration_s(now)
            age = self._ages.percentile(50)
            return LiveState(
                situation=situation,
                reading=reading if reading is not None and now - reading.time_s <= STALLED_S else None,
                last_minute=self._minute.moments(now),
                now_s=now,
                quiet_s=since,
                camera_fps=self._arrivals.per_second(now),
                analysed_fps=self._finished.per_second(now),
                age_ms=None if age is None else age * 1e3,
                last_age_s=self._last_age_s,
                frames=self._frames,
                dropped=self._dropped,
                problem=self._problems.words,
                calibrating=None if self._calibration is None else self._calibration.share_done(now),
                baselines=frozenset(self._baselines),
                notes=self._notes if now - self._noted_s <= NOTE_S else (),
                recording_s=recording_s,
                recording_over=self._recorder is not None and recording_s == self._recorder.longest_s,
                recorded=0 if self._recorder is None else len(self._recorder),
                markers=0 if self._recorder is None else self._recorder.markers,
            )
