"""The stream with a reader whose answers, speed and faults are known, and a clock of its own."""

import asyncio
import logging
import threading
import time
from datetime import datetime
from functools import partial

import av
import numpy as np
import pytest

from fer_core.emotions import STYLES
from fer_core.live import LiveFace, LiveReading, LiveSettings, LiveStream, Situation, View
from fer_core.live import stream as stream_module
from fer_core.live.analyser import RECALL_S
from fer_core.live.lost import HIDDEN_S
from fer_core.live.recording import LONGEST_S, SessionRecorder
from fer_core.live.state import STALLED_S
from fer_core.live.stream import IDLE_S, NOTE_S, STALE_S
from fer_core.live.turns import Turns
from fer_core.provenance import Provenance
from fer_core.readings import Box, FaceReading, Quality
from fer_core.request import AnalysisRequest
from fer_core.testing import fake_pipeline

PLAIN = View(mirrored=False)
BOX = Box(100, 80, 60, 60)
HAPPY = np.float32([0, 0, 0, 1, 0, 0, 0])
PATIENCE_S = 60
"""For what takes milliseconds: the machine may be slow, or busy with something else."""


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


class Recorder:
    """Takes note of what is to be hidden; fails while `fault` is set."""

    longest_s = 60.0
    markers = 0

    def __init__(self, fault: Exception | None = None) -> None:
        self.fault, self.frames, self.notes = fault, 0, []
        self.hidden: list[Box] = []

    def __len__(self) -> int:
        return self.frames

    def duration_s(self, now_s: float) -> float:
        return 1.0

    def note(self, sentence: str) -> None:
        self.notes.append(sentence)

    def add(self, bgr, reading, hidden) -> None:
        if self.fault:
            raise self.fault
        self.frames += 1
        self.hidden = list(hidden)

    def finish(self) -> str:
        return "what was recorded"


class Reader:
    """Reads a frame's number off its first pixel; waits for `gate` before each answer, fails while `fault` is set."""

    def __init__(self, *boxes: Box, gate: threading.Event | None = None) -> None:
        self.boxes, self.gate = boxes, gate
        self.fault: Exception | None = None
        self.unread: tuple[Box, ...] = ()
        self.black = False
        self.read_frames: list[int] = []
        self.resets = self.forgotten = 0
        self.looked_s: list[float] = []

    def read(self, bgr, time_s, settings, baselines):
        self.read_frames.append(int(bgr[0, 0, 0]))
        if self.gate:
            assert self.gate.wait(PATIENCE_S)
        if self.fault:
            raise self.fault
        faces = tuple(face(number, box) for number, box in enumerate(self.boxes, start=1))
        return LiveReading(time_s, bgr.shape[1], bgr.shape[0], faces, self.black, self.unread)

    def reset(self):
        self.resets += 1

    def forget(self):
        self.forgotten += 1

    def forget_old(self, time_s):
        self.looked_s.append(time_s)

    def use(self, pipeline):
        self.pipeline = pipeline


def face(person: int, box: Box, probabilities=HAPPY) -> LiveFace:
    activation = np.zeros((6, 6), np.float32)
    reading = FaceReading(box, 0.99, probabilities, False, activation, Quality(60, 500.0, 120.0), person)
    return LiveFace(reading, probabilities)


def frame(number: int = 0, size=(240, 320)) -> np.ndarray:
    return np.full((*size, 3), number, np.uint8)


def wait_for(condition) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < deadline, "it did not come about"
        time.sleep(0.002)


def workers() -> int:
    return sum(thread.name == "live-analysis" for thread in threading.enumerate())


@pytest.fixture
def make():
    made = []

    def stream(reader: Reader, view: View = PLAIN, clock=None, **options) -> LiveStream:
        options.setdefault("idle_s", 60)
        settings = LiveSettings(view=view)
        made.append(LiveStream(fake_pipeline(), settings, clock=clock or Clock(), analyser=reader, **options))
        return made[-1]

    yield stream
    for one in made:
        one.rest()
    wait_for(lambda: workers() == 0)


def feed(stream: LiveStream, reader: Reader, picture: np.ndarray) -> None:
    """One frame, and the wait until it was read, or could not be."""
    before, faults = stream.state().reading, reader.resets
    stream.show(picture)
    wait_for(lambda: stream.state().reading is not before or reader.resets > faults)


def calibrated(stream: LiveStream, clock: Clock, reader: Reader) -> None:
    """The only person in view was read as somewhat sad at rest, for ten seconds and a little more."""
    resting = np.float32([0.01, 0.01, 0.01, 0.01, 0.5, 0.01, 0.45])
    reader.read = lambda bgr, time_s, settings, baselines: LiveReading(time_s, 320, 240, (face(1, BOX, resting),))
    stream.calibrate()
    for number in range(45):
        stream.show(frame(number))
        wait_for(lambda: stream.state().reading and stream.state().reading.time_s == clock.now)
        assert (stream.state().calibrating is None) == (number >= 40)
        clock.now += 0.25


def test_the_newest_frame_wins_and_the_others_are_dropped(make):
    gate = threading.Event()
    reader = Reader(gate=gate)
    stream = make(reader)
    stream.show(frame(1))
    wait_for(lambda: reader.read_frames == [1])
    for number in (2, 3, 4, 5):
        stream.show(frame(number))
    gate.set()
    wait_for(lambda: reader.read_frames == [1, 5])
    state = stream.state()
    assert (state.frames, state.dropped) == (5, 3)


def test_the_callback_does_not_wait_for_a_reader_that_hangs(make):
    gate = threading.Event()
    stream = make(Reader(gate=gate))
    started = time.monotonic()
    for number in range(50):
        stream.show(frame(number))
    assert time.monotonic() - started < PATIENCE_S / 2  # the reader would have taken twice as long
    assert stream.state().reading is None
    gate.set()


def test_the_last_reading_is_drawn_at_once_and_not_when_it_is_old(make):
    clock, reader = Clock(), Reader(BOX)
    stream = make(reader, clock=clock)
    assert (stream.show(frame(90)) == 90).all()  # nothing is known yet
    wait_for(lambda: stream.state().reading is not None)
    clock.now += 0.04
    drawn = stream.show(frame(90))
    assert tuple(drawn[BOX.y + BOX.height - 1, BOX.x + 30]) == STYLES["happy"].bgr
    wait_for(lambda: stream.state().reading.time_s == clock.now)
    reader.gate = threading.Event()
    clock.now += STALE_S + 0.1
    assert (stream.show(frame(90)) == 90).all()
    reader.gate.set()


def test_age_and_rates_are_measured(make):
    clock, reader = Clock(), Reader(BOX)
    stream = make(reader, clock=clock)
    for _ in range(30):
        feed(stream, reader, frame())
        clock.now += 0.05
    state = stream.state()
    assert state.camera_fps == pytest.approx(20, rel=0.05)
    assert state.analysed_fps == pytest.approx(20, rel=0.05)
    assert state.age_ms == pytest.approx(50, abs=1)
    assert state.last_age_s == pytest.approx(0.05)
    assert state.dropped == 0 and len(state.last_minute) == pytest.approx(1.5 / 0.25, abs=1)


def test_frames_that_never_reach_the_callback_are_counted_as_dropped(make):
    reader = Reader(BOX)
    stream = make(reader)
    frames = [av.VideoFrame.from_ndarray(frame(number), format="bgr24") for number in (1, 2, 3)]
    [shown] = asyncio.run(stream.on_frames(frames))
    wait_for(lambda: reader.read_frames == [3])
    assert (shown.width, shown.height) == (320, 240)
    state = stream.state()
    assert (state.frames, state.dropped) == (3, 2)


def test_a_fault_in_the_reading_is_logged_once_shown_and_the_video_goes_on(make, caplog, monkeypatch):
    monkeypatch.setattr(stream_module, "REST_S", 0)
    reader = Reader(BOX)
    reader.fault = RuntimeError("the network is on holiday")
    stream = make(reader)
    with caplog.at_level(logging.ERROR):
        for number in range(1, 6):
            feed(stream, reader, frame(number))
            assert (stream.show(frame(200)) == 200).all()
        assert "on holiday" in stream.state().problem
    assert len([record for record in caplog.records if "on holiday" in record.message]) == 1
    wait_for(lambda: reader.resets >= 5)
    reader.fault = None
    stream.show(frame(7))
    wait_for(lambda: stream.state().problem is None and stream.state().reading is not None)


def test_a_fault_in_the_drawing_gives_the_frame_back(make, monkeypatch):
    def broken(*_):
        raise ValueError("no paint")

    monkeypatch.setattr(stream_module, "drawn", broken)
    reader = Reader(BOX)
    stream = make(reader)
    given = av.VideoFrame.from_ndarray(frame(80), format="bgr24")
    assert stream.on_frame(given) is given
    wait_for(lambda: stream.state().reading is not None)
    assert "no paint" in stream.state().problem, "a frame that was read does not mend the drawing"
    monkeypatch.undo()
    assert stream.on_frame(given) is not given
    assert stream.state().problem is None


def test_a_fault_in_the_drawing_shows_no_face_that_is_to_be_hidden(make, monkeypatch):
    def broken(*_):
        raise ValueError("no paint")

    monkeypatch.setattr(stream_module, "drawn", broken)
    stream = make(Reader(BOX), View(hidden=True))
    back = stream.on_frame(av.VideoFrame.from_ndarray(frame(80), format="bgr24"))
    assert (back.width, back.height) == (320, 240) and back.to_ndarray(format="bgr24").max() == 0
    assert "no paint" in stream.state().problem and "black" in stream.state().problem


@pytest.mark.parametrize(
    "size",
    [
        (480, 640),  # the usual
        (640, 480),  # a phone held upright
        (241, 321),  # odd sides
        (2, 2),  # hardly a picture
    ],
)
def test_frames_of_any_size_come_back_in_their_size(make, size):
    reader = Reader(Box(0, 0, 2, 2))
    stream = make(reader, View(bars=True, activation=True, hidden=True))
    feed(stream, reader, frame(80, size))
    for _ in range(2):
        given = av.VideoFrame.from_ndarray(frame(80, size), format="bgr24").reformat(format="yuv420p")
        back = stream.on_frame(given)
        assert back is not given and (back.height, back.width) == size
    assert stream.state().problem is None


def test_a_reading_is_drawn_into_a_frame_of_another_size_and_not_into_one_of_another_shape(make):
    clock, reader = Clock(), Reader(BOX)
    stream = make(reader, clock=clock)
    feed(stream, reader, frame(90))
    reader.gate = threading.Event()
    drawn = stream.show(frame(90, (480, 640)))
    assert tuple(drawn[2 * (BOX.y + BOX.height) - 1, 2 * BOX.x + 60]) == STYLES["happy"].bgr
    assert (stream.show(frame(90, (320, 240))) == 90).all()
    reader.gate.set()


def test_the_mirror_exchanges_left_and_right_of_picture_and_box(make):
    reader, clock = Reader(Box(10, 80, 60, 60)), Clock()
    stream = make(reader, View(mirrored=True), clock=clock)
    picture = frame(90)
    picture[:, :5] = 250
    feed(stream, reader, picture)
    drawn = stream.show(picture)
    assert (drawn[0, -5:] == 250).all() and (drawn[0, :5] == 90).all()
    assert tuple(drawn[139, 320 - 10 - 30]) == STYLES["happy"].bgr


def test_faces_are_hidden_also_for_a_while_after_they_were_lost(make):
    clock, reader = Clock(), Reader(BOX)
    stream = make(reader, View(mirrored=False, boxes=False, hidden=True), clock=clock)
    noise = np.random.default_rng(0).integers(0, 256, (240, 320, 3), dtype=np.uint8)
    inside = np.s_[BOX.y : BOX.y + BOX.height, BOX.x : BOX.x + BOX.width]

    def hidden(drawn) -> bool:
        return drawn[inside].std() < 0.5 * noise[inside].std()

    first = stream.show(noise)
    assert hidden(first) and (first[:40] != noise[:40]).any()  # nobody knows yet who is where
    wait_for(lambda: stream.state().reading is not None)
    drawn = stream.show(noise)
    assert hidden(drawn) and (drawn[:40] == noise[:40]).all()
    reader.boxes = ()
    clock.now += 0.1
    stream.show(noise)
    wait_for(lambda: stream.state().reading and not stream.state().reading.faces)
    assert hidden(stream.show(noise))
    for wait_s, still in ((HIDDEN_S - 0.5, True), (1.0, False)):
        clock.now += wait_s
        stream.show(noise)
        wait_for(lambda: stream.state().reading and stream.state().reading.time_s == clock.now)
        assert hidden(stream.show(noise)) == still
    assert (stream.show(noise) == noise).all()


def test_in_the_dark_where_nobody_is_looked_for_the_recorded_frame_is_hidden_whole(make):
    reader, recorder = Reader(), Recorder()
    reader.black = True
    stream = make(reader, View(hidden=True))
    stream.record(recorder)
    stream.show(frame())
    wait_for(lambda: recorder.hidden)
    assert recorder.hidden == [Box(0, 0, 320, 240)]


def test_faces_that_are_not_read_are_hidden_too_and_for_a_while_after_they_were_lost(make):
    clock, reader = Clock(), Reader(BOX)
    beside = Box(220, 80, 60, 60)
    reader.unread = (beside,)
    stream = make(reader, View(mirrored=False, boxes=False, hidden=True), clock=clock)
    recorder = Recorder()
    stream.record(recorder)
    noise = np.random.default_rng(0).integers(0, 256, (240, 320, 3), dtype=np.uint8)

    def hidden(box: Box) -> bool:
        inside = np.s_[box.y : box.y + box.height, box.x : box.x + box.width]
        return stream.show(noise)[inside].std() < 0.5 * noise[inside].std()

    feed(stream, reader, noise)
    assert hidden(beside) and not hidden(Box(2, 2, 60, 40))
    wait_for(lambda: recorder.hidden == [BOX, beside])
    for place in (beside.moved(20, 0), beside.moved(40, 0)):  # it moves, and leaves nothing behind
        reader.unread, clock.now = (place,), clock.now + 0.1
        feed(stream, reader, noise)
        wait_for(lambda place=place: recorder.hidden == [BOX, place])
    reader.unread, clock.now = (), clock.now + 0.1
    feed(stream, reader, noise)
    wait_for(lambda: recorder.hidden == [BOX, place])
    assert hidden(place)


def test_the_worker_ends_when_no_frame_comes_and_the_next_frame_wakes_it(make):
    reader = Reader(BOX)
    stream = make(reader, idle_s=0.05)
    for read in ([1], [1, 2]):
        stream.show(frame(read[-1]))
        wait_for(lambda read=read: reader.read_frames == read and workers() == 0)


def test_when_no_frame_comes_for_a_while_everybody_is_forgotten_without_a_stop(make):
    assert IDLE_S == RECALL_S  # what people are promised before the camera starts
    reader = Reader(BOX)
    stream = make(reader, idle_s=0.05)
    stream.calibrate()
    stream.show(frame(1))
    wait_for(lambda: reader.read_frames == [1] and workers() == 0)
    state = stream.state()
    assert reader.forgotten == 1 and stream.snapshot() is None
    assert state.reading is None and state.calibrating is None and state.situation is Situation.STALLED
    assert state.last_minute == ()


def test_while_no_frame_comes_whoever_was_seen_too_long_ago_is_forgotten(make, monkeypatch):
    monkeypatch.setattr(stream_module, "LOOK_S", 0.01)
    clock, reader = Clock(), Reader(BOX)
    stream = make(reader, clock=clock)
    feed(stream, reader, frame(1))
    clock.now += RECALL_S - 1
    wait_for(lambda: clock.now in reader.looked_s)
    assert workers() == 1 and reader.forgotten == 0  # whoever was seen just now is not


def test_stopping_forgets_everybody(make):
    clock, reader = Clock(), Reader(BOX)
    stream = make(reader, clock=clock)
    calibrated(stream, clock, reader)
    assert stream.state().baselines == {1} and reader.forgotten == 0
    stream.rest()
    wait_for(lambda: workers() == 0)
    assert reader.forgotten == 1 and stream.state().baselines == frozenset()


def test_a_frame_right_after_a_stop_finds_nobody_remembered(make):
    gate = threading.Event()
    reader = Reader(BOX, gate=gate)
    stream = make(reader)
    stream.show(frame(1))
    wait_for(lambda: reader.read_frames == [1])
    stream.rest()
    stream.show(frame(2))  # before the worker could leave
    gate.set()
    wait_for(lambda: reader.read_frames == [1, 2])
    assert reader.forgotten == 1


def test_stopping_leaves_no_thread_and_no_picture(make):
    reader = Reader(BOX)
    stream = make(reader)
    feed(stream, reader, frame(1))
    assert stream.snapshot() is not None
    stream.rest()
    wait_for(lambda: workers() == 0)
    state = stream.state()
    assert stream.snapshot() is None and state.reading is None and state.situation is Situation.STALLED


def test_what_was_being_read_when_the_camera_stopped_is_not_shown(make):
    gate = threading.Event()
    reader = Reader(BOX, gate=gate)
    stream = make(reader)
    stream.show(frame(1))
    wait_for(lambda: reader.read_frames == [1])
    stream.rest()
    gate.set()
    wait_for(lambda: workers() == 0)
    assert stream.state().reading is None and stream.state().last_minute == ()


def test_after_a_stop_and_a_start_the_first_frame_is_waited_for(make):
    reader = Reader(BOX)
    stream = make(reader)
    feed(stream, reader, frame(1))
    stream.rest()
    assert stream.state().situation is Situation.STALLED  # as when the connection broke
    stream.expect()
    assert stream.state().situation is Situation.WAITING
    feed(stream, reader, frame(2))
    assert stream.state().situation is Situation.RUNNING


def test_connecting_and_stopping_a_hundred_times_leaves_nothing_behind(make):
    reader = Reader(BOX)
    stream = make(reader)
    for number in range(100):
        stream.show(frame(number))
        stream.rest()
    wait_for(lambda: workers() == 0)
    assert stream.snapshot() is None and stream.state().reading is None


def test_two_streams_at_once_do_not_mix(make):
    one, other = Reader(BOX), Reader()
    first, second = make(one), make(other)
    feed(first, one, frame(1))
    feed(second, other, frame(2))
    assert len(first.state().reading.faces) == 1 and second.state().reading.faces == ()


def test_streams_are_read_in_turn_however_long_a_reading_takes(make, monkeypatch):
    monkeypatch.setattr(stream_module, "TURNS", Turns(1))
    readers = [Reader(BOX) for _ in range(3)]
    for reader in readers:
        reader.read = partial(slowly, reader)
    streams = [make(reader) for reader in readers]

    def all_were_read_thrice() -> bool:
        for number, stream in enumerate(streams):  # a newer frame always waits, as from a camera
            stream.show(frame(number))
        return all(len(reader.read_frames) >= 3 for reader in readers)

    wait_for(all_were_read_thrice)
    counts = [len(reader.read_frames) for reader in readers]
    assert max(counts) <= min(counts) + 2


def test_a_stop_forgets_at_once_while_another_stream_is_read(make, monkeypatch):
    monkeypatch.setattr(stream_module, "TURNS", Turns(1))
    gate = threading.Event()
    busy, waits = Reader(BOX, gate=gate), Reader(BOX)
    holder, stream = make(busy), make(waits)
    holder.show(frame(1))
    wait_for(lambda: busy.read_frames == [1])
    stream.show(frame(2))
    stream.rest()
    assert waits.forgotten == 1
    gate.set()
    wait_for(lambda: workers() == 1)  # the other one's goes on
    assert waits.read_frames == []


def slowly(reader: Reader, bgr, time_s, settings, baselines) -> LiveReading:
    time.sleep(0.02)
    return Reader.read(reader, bgr, time_s, settings, baselines)


def test_situations(make):
    clock, reader = Clock(), Reader()
    stream = make(reader, clock=clock)
    assert stream.state().situation is Situation.WAITING
    feed(stream, reader, frame())
    assert stream.state().situation is Situation.RUNNING
    clock.now += STALLED_S + 0.1
    assert stream.state().situation is Situation.STALLED


def test_a_new_pipeline_is_used_from_the_next_frame_on(make):
    reader = Reader()
    stream = make(reader)
    feed(stream, reader, frame())
    other = fake_pipeline()
    stream.use(other)
    feed(stream, reader, frame())
    assert reader.pipeline is other


def test_calibration_takes_ten_seconds_and_then_weighs(make):
    clock, reader = Clock(), Reader(BOX)
    stream = make(reader, clock=clock)
    calibrated(stream, clock, reader)
    assert stream.state().baselines == {1} and stream.state().notes == ()
    stream.forget_baseline()
    assert stream.state().baselines == frozenset()


def test_calibration_without_a_face_says_so(make):
    clock, reader = Clock(), Reader()
    stream = make(reader, clock=clock)
    stream.calibrate()
    feed(stream, reader, frame())
    clock.now += 11
    stream.show(frame())
    wait_for(lambda: stream.state().notes)
    assert "No face was seen" in stream.state().notes[0]
    clock.now += NOTE_S + 1
    assert stream.state().notes == ()


def test_a_stop_ends_a_calibration(make):
    reader = Reader(BOX)
    stream = make(reader)
    stream.calibrate()
    feed(stream, reader, frame())
    assert stream.state().calibrating is not None
    stream.rest()
    assert stream.state().calibrating is None


def test_a_fault_in_the_recording_is_told_as_such_and_the_reading_goes_on(make, caplog):
    reader, recorder = Reader(BOX), Recorder(OSError("the disk is full"))
    stream = make(reader)
    stream.record(recorder)
    for number in (1, 2, 3):
        feed(stream, reader, frame(number))
        wait_for(lambda: stream.state().problem)
    problem = stream.state().problem
    assert "could not be recorded" in problem and "disk is full" in problem and "could not be read" not in problem
    assert reader.resets == 0 and stream.state().reading.faces and recorder.notes
    assert len([record for record in caplog.records if "disk is full" in record.message]) == 1
    recorder.fault = None
    feed(stream, reader, frame(4))
    wait_for(lambda: stream.state().problem is None)
    recorder.fault = OSError("the disk is full again")
    feed(stream, reader, frame(5))
    wait_for(lambda: stream.state().problem)
    assert stream.stop_recording() == "what was recorded" and stream.state().problem is None


def test_a_recording_that_is_as_long_as_it_may_be_is_over(make):
    clock, reader = Clock(), Reader(BOX)
    stream = make(reader, clock=clock)
    how = AnalysisRequest(model="fake", fps=0.0, uncertain_below=0.5)
    stream.record(SessionRecorder(clock.now, how, Provenance(), datetime(2026, 5, 4), with_video=False))
    feed(stream, reader, frame())
    wait_for(lambda: stream.state().recorded == 1)
    assert not stream.state().recording_over
    clock.now += LONGEST_S + 1
    feed(stream, reader, frame())
    state = stream.state()
    assert state.recording_over and state.recording_s == LONGEST_S and state.recorded == 1
    assert len(stream.stop_recording().timeline.frame) == 1


def test_markers_that_have_come_before_a_recording_ends_are_in_it(make):
    class Links:
        def fetch_markers(self) -> None:
            stream.mark("the last one", clock.now - 0.1)

        def close(self) -> None:
            pass

    clock, reader = Clock(), Reader(BOX)
    stream = make(reader, clock=clock)
    stream.connect(Links())
    how = AnalysisRequest(model="fake", fps=0.0, uncertain_below=0.5)
    stream.record(SessionRecorder(clock.now, how, Provenance(), datetime(2026, 5, 4), with_video=False))
    clock.now += 1
    assert [marker.text for marker in stream.stop_recording().markers] == ["the last one"]


def test_readings_go_where_the_stream_is_connected_until_the_camera_stops(make):
    class Links:
        def __init__(self, fails: bool = False) -> None:
            self.sent, self.fails, self.closed = [], fails, threading.Event()

        def send(self, reading) -> None:
            if self.fails:
                raise OSError("the network is gone")
            self.sent.append(reading)

        def close(self) -> None:
            self.closed.set()

    first, second, reader = Links(), Links(fails=True), Reader(BOX)
    stream = make(reader)
    stream.connect(first)
    feed(stream, reader, frame(1))
    wait_for(lambda: len(first.sent) == 1)
    stream.connect(second)
    assert first.closed.is_set()
    feed(stream, reader, frame(2))
    wait_for(lambda: "could not be sent" in (stream.state().problem or ""))
    assert len(first.sent) == 1 and stream.links is second
    stream.rest()
    assert second.closed.wait(5) and stream.links is None
