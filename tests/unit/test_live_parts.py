"""Baseline, history and recording of a live stream."""

import io
import threading
from dataclasses import replace
from datetime import datetime
from itertools import pairwise

import av
import numpy as np
import pandas as pd
import pytest

from fer_core.emotions import EMOTIONS
from fer_core.live import LiveFace, LiveReading, recording
from fer_core.live.baseline import DURATION_S, FEWEST, STRONGEST, Calibration, corrected, weights
from fer_core.live.history import MINUTE_S, STEP_S, Ages, LastMinute, Rate
from fer_core.live.recording import LONGEST_S, SessionRecorder
from fer_core.media.video import Video
from fer_core.provenance import Provenance
from fer_core.readings import Box, FaceReading, Quality
from fer_core.request import AnalysisRequest
from fer_core.timeline.columns import COLUMNS, GROUP_COLUMNS, RAW_COLUMNS
from fer_core.timeline.outline import packed
from tests.timelines import face as measured_face

SAD_AT_REST = np.float32([0.04, 0.01, 0.03, 0.02, 0.5, 0.02, 0.38])
REALLY_SAD = np.float32([0.01, 0.01, 0.02, 0.005, 0.93, 0.005, 0.02])
HAPPY = np.float32([0.01, 0.01, 0.01, 0.9, 0.01, 0.03, 0.03])
HOW = AnalysisRequest(model="fake", fps=0.0, uncertain_below=0.5)
FILES = Provenance({"face_check.tflite": "ab" * 32}, {"fer_core": "0.1.0"})


def label(probabilities) -> str:
    return EMOTIONS[int(probabilities.argmax())]


def calibrated(*readings) -> tuple[dict, list[str]]:
    calibration = Calibration(5.0)
    for person, probabilities, times in readings:
        for _ in range(times):
            calibration.add(person, probabilities)
    return calibration.baselines()


def test_a_face_that_looks_sad_at_rest_is_neutral_against_its_baseline():
    found, problems = calibrated((1, SAD_AT_REST, 50))
    assert problems == []
    assert label(SAD_AT_REST) == "sad" and label(corrected(SAD_AT_REST, found[1])) == "neutral"


@pytest.mark.parametrize(("probabilities", "expected"), [(REALLY_SAD, "sad"), (HAPPY, "happy")])
def test_a_clear_expression_survives_the_baseline(probabilities, expected):
    found, _ = calibrated((1, SAD_AT_REST, 50))
    after = corrected(probabilities, found[1])
    assert label(after) == expected and after.sum() == pytest.approx(1, abs=1e-6)


def test_nothing_is_made_more_likely_and_nothing_is_lost():
    rng = np.random.default_rng(1)
    for _ in range(50):
        result = weights(rng.dirichlet(np.ones(7), size=30).astype(np.float32))
        assert result.dtype == np.float32 and result[EMOTIONS.index("neutral")] == 1
        assert (result <= 1).all() and (result >= np.float32(STRONGEST)).all()


def test_a_resting_face_that_the_model_reads_as_neutral_changes_nothing():
    neutral = np.float32([0.01, 0.01, 0.01, 0.01, 0.02, 0.01, 0.93])
    assert (weights(np.tile(neutral, (30, 1))) == 1).all()


@pytest.mark.parametrize(
    ("readings", "words"),
    [
        ((), "No face was seen"),
        (((2, SAD_AT_REST, FEWEST - 1),), "Person 2 was seen too briefly"),
        (((1, np.float32([0, 0, 0, 0.97, 0.01, 0.01, 0.01]), 50),), "Person 1 looked happy rather than at rest"),
    ],
)
def test_a_calibration_that_came_to_nothing_says_why(readings, words):
    found, problems = calibrated(*readings)
    assert found == {} and words in problems[0]


def test_each_person_has_a_baseline_of_their_own():
    found, problems = calibrated((1, SAD_AT_REST, 50), (2, np.float32([0.5, 0, 0, 0, 0, 0, 0.5]), 50), (3, HAPPY, 3))
    assert set(found) == {1, 2} and found[1].argmin() == EMOTIONS.index("sad")
    assert found[2].argmin() == EMOTIONS.index("angry") and len(problems) == 1


def test_calibration_counts_its_time():
    calibration = Calibration(5.0)
    assert [calibration.share_done(t) for t in (4.0, 5.0, 5.0 + DURATION_S / 2, 99.0)] == [0, 0, 0.5, 1]


def test_the_last_minute_keeps_one_reading_a_step_and_no_more_than_a_minute():
    minute = LastMinute()
    for frame in range(30 * 100):
        minute.add(frame / 30, {1: np.full(7, frame, np.float32)})
    now = 30 * 100 / 30
    moments = minute.moments(now)
    assert len(moments) == pytest.approx(MINUTE_S / STEP_S, abs=1)
    assert moments[-1].probabilities[1][0] == 2999 and now - moments[0].time_s <= MINUTE_S
    assert all(b.time_s - a.time_s == pytest.approx(STEP_S) for a, b in pairwise(moments))
    minute.add(now + 2 * MINUTE_S, {})
    assert len(minute._moments) == 1
    assert minute.moments(now + 4 * MINUTE_S) == () and not minute._moments


def test_rates_and_ages():
    rate, ages = Rate(), Ages()
    assert rate.per_second(0.0) == 0 and ages.percentile(50) is None
    for step in range(100):
        rate.tick(step * 0.04)
        ages.add(0.01 * (step % 10))
    assert rate.per_second(99 * 0.04) == pytest.approx(25)
    assert rate.per_second(60.0) == 0
    assert ages.percentile(0) == 0 and ages.percentile(100) == pytest.approx(0.09)


# --- recording -------------------------------------------------------------------------------------------------------


def reading(time_s: float, *faces: tuple[int, Box, np.ndarray], size=(64, 48)) -> LiveReading:
    return LiveReading(time_s, *size, tuple(face(*values) for values in faces))


def face(person: int, box: Box, probabilities: np.ndarray) -> LiveFace:
    activation, quality = np.zeros((6, 6), np.float32), Quality(20, 500.0, 120.0)
    return LiveFace(FaceReading(box, 0.9, probabilities, False, activation, quality, person), probabilities)


def recorder(*, with_video: bool = False) -> SessionRecorder:
    return SessionRecorder(100.0, HOW, FILES, datetime(2026, 5, 4, 3, 2, 1), with_video=with_video)


def picture(level: int, size=(64, 48)) -> np.ndarray:
    return np.full((size[1], size[0], 3), level, np.uint8)


@pytest.mark.parametrize("with_video", [True, False])
def test_the_rate_of_frames_is_that_between_the_first_and_the_last(with_video):
    session = recorder(with_video=with_video)
    for number in range(4):
        session.add(picture(0), reading(102.0 + number / 10))
    assert session.finish().timeline.recording.frame_rate == pytest.approx(10)
    session = recorder(with_video=with_video)
    session.add(picture(0), reading(102.0))
    assert session.finish().timeline.recording.frame_rate == 0


def test_a_recorded_session_is_a_timeline():
    session = recorder()
    session.add(picture(0), reading(99.9, (1, Box(1, 2, 3, 4), HAPPY)))  # from before the start
    session.add(picture(0), reading(100.0, (1, Box(1, 2, 30, 40), HAPPY), (2, Box(5, 6, 7, 8), SAD_AT_REST)))
    session.add(picture(0), reading(100.5))
    session.add(picture(0), reading(101.0, (1, Box(1, 2, 30, 40), SAD_AT_REST)))
    done = session.finish()
    frame = done.timeline.frame
    assert tuple(frame.columns) == (*COLUMNS, *GROUP_COLUMNS) and len(frame) == 4 and done.video == b""
    assert frame["time_s"].tolist() == [0.0, 0.0, 0.5, 1.0] and frame["frame"].tolist() == [0, 0, 1, 2]
    assert frame["person"].tolist() == [1, 2, pd.NA, 1] and frame["label"].tolist()[:2] == ["happy", "sad"]
    assert frame.loc[0, list(RAW_COLUMNS)].to_numpy(float) == pytest.approx(HAPPY)
    assert frame.loc[2, "quality"] == "" and frame.loc[0, "quality"] == "good"
    assert frame["x"].dtype == "Int64" and frame["uncertain"].dtype == "boolean"
    recording = done.timeline.recording
    assert recording.name == "Live 2026-05-04 03.02.01" and recording.sha256 == ""
    assert (recording.width, recording.height, recording.duration_s) == (640, 480, 1.0)
    assert done.timeline.portraits == {} and (done.timeline.request, done.timeline.provenance) == (HOW, FILES)


def test_the_outline_of_a_hidden_face_is_not_kept():
    session = recorder()
    found = measured_face(1)
    live = LiveReading(100.0, 320, 240, (LiveFace(found, found.probabilities),))
    session.add(picture(0, (320, 240)), live)
    session.add(picture(0, (320, 240)), replace(live, time_s=100.5), hidden=[found.box])
    timeline = session.finish().timeline
    assert timeline.measures["outline"].notna().tolist() == [True, False]
    assert timeline.measures["outline"][0] == packed(found.mesh, found.box)  # whatever the size of the recording
    assert timeline.frame["yaw_deg"].tolist() == [10.0, 10.0]


def test_nothing_is_added_after_the_end():
    session = recorder()
    session.add(picture(0), reading(100.0))
    session.finish()
    session.add(picture(0), reading(100.5))
    assert len(session) == 1


def test_an_empty_recording_says_so():
    done = recorder().finish()
    assert len(done.timeline.frame) == 0 and "No frame was read" in done.timeline.problems[0]


def test_a_recording_ends_by_itself():
    session = recorder()
    for time_s in (100.0, 100.0 + LONGEST_S + 1, 100.0 + LONGEST_S + 2):
        session.add(picture(0), reading(time_s))
    done = session.finish()
    assert len(done.timeline.frame) == 1 and "ended by itself" in done.timeline.problems[0]


@pytest.mark.parametrize(
    ("size", "box", "expected"),
    [
        ((640, 480), Box(100, 80, 60, 60), Box(100, 80, 60, 60)),
        ((320, 240), Box(50, 40, 30, 30), Box(100, 80, 60, 60)),  # the network got slower
        ((1280, 960), Box(200, 160, 120, 120), Box(100, 80, 60, 60)),  # and faster
        ((480, 640), Box(0, 0, 480, 640), Box(140, 0, 360, 480)),  # the phone was turned
    ],
)
def test_all_frames_of_a_recording_have_one_size(size, box, expected):
    session = recorder(with_video=True)
    session.add(picture(200, (640, 480)), reading(100.0, size=(640, 480)))
    session.add(picture(200, size), reading(100.1, (1, box, HAPPY), size=size))
    done = session.finish()
    row = done.timeline.frame.iloc[-1]
    assert Box(*(int(row[name]) for name in ("x", "y", "width", "height"))) == expected
    with av.open(io.BytesIO(done.video)) as container:
        frames = [frame.to_ndarray(format="gray") for frame in container.decode(video=0)]
    assert [frame.shape for frame in frames] == [(480, 640)] * 2
    x, y, width, height = expected
    assert frames[1][y + 2 : y + height - 2, x + 2 : x + width - 2].min() > 150
    assert (frames[1][:, 5].max() < 60) == (size == (480, 640))


def test_small_first_frames_do_not_make_a_small_recording():
    session = recorder()
    session.add(picture(0, (160, 120)), reading(100.0, (1, Box(10, 20, 30, 40), HAPPY), size=(160, 120)))
    timeline = session.finish().timeline
    assert (timeline.recording.width, timeline.recording.height) == (640, 480)
    assert timeline.frame.loc[0, ["x", "y", "width", "height"]].tolist() == [40, 80, 120, 160]


@pytest.mark.parametrize("size", [(64, 48), (65, 49)], ids=["even", "odd"])
def test_the_video_has_the_frames_and_times_of_the_timeline(size):
    session = recorder(with_video=True)
    times = [0.0, 0.033, 0.1, 0.5, 0.52]
    for number, time_s in enumerate(times):
        session.add(picture(40 * number, size), reading(100 + time_s, size=size))
    done = session.finish()
    assert done.timeline.recording.name.endswith(".mp4") and len(done.timeline.recording.sha256) == 64
    with av.open(io.BytesIO(done.video)) as container:
        assert container.streams.video[0].codec_context.name == "h264"
        frames = list(container.decode(video=0))
    assert [float(frame.time) for frame in frames] == pytest.approx(times, abs=0.002)
    levels = [frame.to_ndarray(format="gray").mean() for frame in frames]
    assert levels == pytest.approx([40 * number for number in range(5)], abs=6)


def test_a_video_has_the_clock_of_its_timeline(tmp_path):
    session = recorder(with_video=True)
    session.mark("before the first frame", 100.01)
    for number, time_s in enumerate((0.0400, 0.1067, 0.1733, 0.1734)):
        session.add(picture(40 * number), reading(100 + time_s))
    session.mark("set before it and told later", 100.02)
    session.mark("laughs", 100.14)
    done = session.finish()
    (tmp_path / "live.mp4").write_bytes(done.video)
    with Video(tmp_path / "live.mp4", 0) as video:
        shown = [sample.time_s for sample in video]
    assert done.timeline.frame["time_s"].tolist() == shown == [0.0, 0.067, 0.133, 0.134]
    assert [marker.time_s for marker in done.markers] == [0.0, 0.0, pytest.approx(0.1)]


def test_a_video_that_cannot_be_finished_is_noted_and_the_timeline_is_kept(monkeypatch):
    session = recorder(with_video=True)
    session.add(picture(0), reading(100.0, (1, Box(1, 2, 30, 40), HAPPY)))
    monkeypatch.setattr(recording.SessionVideo, "finish", fail)
    done = session.finish()
    assert len(done.timeline.frame) == 1 and done.video == b""
    assert not done.timeline.recording.name.endswith(".mp4") and done.timeline.recording.sha256 == ""
    assert any("video could not be written" in note for note in done.timeline.problems)


def test_a_video_that_cannot_be_written_further_ends_and_the_readings_go_on(monkeypatch):
    session = recorder(with_video=True)
    for number in range(3):
        session.add(picture(0), reading(100.0 + number, (1, Box(1, 2, 30, 40), HAPPY)))
        monkeypatch.setattr(recording.SessionVideo, "add", fail)
    done = session.finish()
    assert done.timeline.frame["time_s"].tolist() == [0.0, 1.0, 2.0]
    with av.open(io.BytesIO(done.video)) as container:
        assert sum(1 for _ in container.decode(video=0)) == 1
    assert [note for note in done.timeline.problems if "video ends after 1 s" in note]


def fail(*_):
    raise OSError("no room")


def test_frames_are_refused_at_once_while_the_table_is_built(monkeypatch):
    """The thread that reads adds them, and must not stand still for so long."""
    session = recorder()
    session.add(picture(0), reading(100.0))
    built = recording.build

    def build(rows, *arguments, **options):
        late = threading.Thread(target=session.add, args=(picture(0), reading(100.5)), daemon=True)
        late.start()
        late.join(30)
        assert not late.is_alive()
        return built(rows, *arguments, **options)

    monkeypatch.setattr(recording, "build", build)
    assert len(session.finish().timeline.frame) == 1


def test_hidden_faces_are_hidden_in_the_video_too():
    noise = np.random.default_rng(0).integers(0, 256, (480, 640, 3), dtype=np.uint8)
    box = Box(100, 60, 80, 80)

    def spread(*hidden: Box) -> float:
        session = recorder(with_video=True)
        session.add(noise, reading(100.0, (1, box, HAPPY), size=(640, 480)), hidden)
        with av.open(io.BytesIO(session.finish().video)) as container:
            [frame] = container.decode(video=0)
        return frame.to_ndarray(format="gray")[70:130, 110:170].std()

    assert spread(box) < 0.3 * spread()
