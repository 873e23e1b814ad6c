"""From a recording to its timeline: people, gaps, cuts, progress, stopping and going on."""

import base64
import errno
import hashlib
import json
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import av
import cv2
import numpy as np
import pandas as pd
import pytest

from fer_core import EMOTIONS, EmotionPipeline, MediaError
from fer_core.analysis.checkpoint import Checkpoint
from fer_core.analysis.portraits import portrait_from
from fer_core.classification import EmotionClassifier
from fer_core.detection import HaarDetector, load_detector
from fer_core.errors import RequestError
from fer_core.face.measuring import FaceMeasurer
from fer_core.jobs import Monitor
from fer_core.networks import cores
from fer_core.networks.files import sha256
from fer_core.readings import Box, Face
from fer_core.testing import FakeDetector, FakeEngine, fake_card, fake_pipeline
from fer_core.timeline.columns import COLUMNS, GROUP_COLUMNS, RAW_COLUMNS
from fer_core.timeline.editing.corrections import split
from tests.checkpoints import parts_of
from tests.conftest import ROOT
from tests.videos import FACE_SHARE, other_person, scene, write_video

SIZE = {"width": 640, "height": 360}
FACE = Box(40, 30, 100, 100)


class PatientHaar(HaarDetector):
    """Searches each picture once, however many tests analyse it."""

    def __init__(self) -> None:
        super().__init__()
        self.found: dict[bytes, list[Face]] = {}

    def detect(self, image):
        key = hashlib.sha256(image).digest() + bytes(str(image.shape), "ascii")
        if key not in self.found:
            self.found[key] = super().detect(image)
        return list(self.found[key])


@pytest.fixture(scope="module")
def pipeline() -> EmotionPipeline:
    return EmotionPipeline(PatientHaar(), EmotionClassifier(FakeEngine("sad"), fake_card()))


def story(number: int) -> np.ndarray:
    """25 frames a second: one person who moves and comes nearer, then two, then nobody, then one again."""
    time_s = number / 25
    if time_s < 2:
        return scene((160 + number, 180, 200 + number / 2), **SIZE)
    if time_s < 4:
        return scene((210, 180, 225), (500, 180, 200), **SIZE)
    if time_s < 5:
        return scene(**SIZE)
    return scene((210, 180, 225), **SIZE)


@pytest.fixture(scope="module")
def film(tmp_path_factory) -> Path:
    return write_video(tmp_path_factory.mktemp("film") / "Gespräch.mp4", map(story, range(150)), sound_s=6)


@pytest.fixture(scope="module")
def timeline(pipeline, film):
    return pipeline.analyze_video(film)


def persons_at(timeline, time_s: float) -> set[int]:
    rows = timeline.frame[np.isclose(timeline.frame["time_s"], time_s, atol=0.02)]
    assert len(rows)
    return set(rows["person"].dropna().astype(int))


def test_recording_request_and_provenance_are_kept(timeline, film):
    recording, request = timeline.recording, timeline.request
    assert (recording.name, recording.sha256) == ("Gespräch.mp4", sha256(film))
    assert (recording.width, recording.height, recording.has_audio) == (640, 360, True)
    assert recording.duration_s == pytest.approx(6, abs=0.1) and recording.frame_rate == pytest.approx(25, abs=0.5)
    assert (request.model, request.detector.name, request.engine) == ("fake", "haar", "fake engine")
    assert (request.fps, request.smoothing, request.time_constant_s) == (4.0, "exponential", 0.4)
    assert {"fer_core", "av", "numpy"} <= set(timeline.provenance.versions)
    assert timeline.problems == () and timeline.cuts == ()


def test_rows_are_the_contract(timeline):
    frame = timeline.frame
    assert tuple(frame.columns) == (*COLUMNS, *GROUP_COLUMNS)
    assert frame["time_s"].is_monotonic_increasing and frame["frame"].is_monotonic_increasing
    assert frame["time_s"].nunique() == 24
    seen = frame[frame["person"].notna()]
    assert seen[list(EMOTIONS)].sum(axis=1).to_numpy(float) == pytest.approx(1, abs=1e-5)
    assert seen[list(RAW_COLUMNS)].sum(axis=1).to_numpy(float) == pytest.approx(1, abs=1e-5)
    assert (seen["label"] == "sad").all()
    assert (timeline.measures.loc[seen.index, "face_confidence"] >= 0.96).all()


def test_people_are_followed_through_movement_company_and_absence(timeline):
    assert persons_at(timeline, 0.0) == persons_at(timeline, 1.76) == {1}
    assert persons_at(timeline, 3.76) == {1, 2}
    assert persons_at(timeline, 4.52) == set()
    assert persons_at(timeline, 5.76) == {1}
    boxes = timeline.frame[timeline.frame["time_s"] < 2]
    assert boxes["x"].is_monotonic_increasing and boxes["x"].iloc[-1] > boxes["x"].iloc[0] + 25
    assert boxes["width"].to_numpy(float) == pytest.approx(FACE_SHARE * 212, rel=0.35)


def test_portraits_are_pictures_of_the_people(timeline):
    assert set(timeline.portraits) == {1, 2}
    for data in timeline.portraits.values():
        picture = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
        assert 30 < picture.shape[0] <= 160 and 100 < picture.mean() < 200


def test_a_portrait_can_be_taken_from_the_recording(timeline, film):
    parted, number = split(timeline, 1, 5.0)
    picture = cv2.imdecode(np.frombuffer(portrait_from(film, parted, number), np.uint8), cv2.IMREAD_COLOR)
    known = cv2.imdecode(np.frombuffer(timeline.portraits[1], np.uint8), cv2.IMREAD_COLOR)
    assert picture.mean() == pytest.approx(known.mean(), abs=12)


def test_boxes_are_in_pixels_of_the_recording(pipeline, tmp_path):
    large = write_video(tmp_path / "large.mp4", [scene((960, 540, 900), width=1920, height=1080)] * 5)
    [row] = pipeline.analyze_video(large).frame.itertuples()
    assert row.x + row.width / 2 == pytest.approx(960 - 0.06 * 900, abs=45)
    assert 0.6 < row.width / (FACE_SHARE * 900) < 1.6


def test_every_frame_and_no_smoothing(pipeline, tmp_path):
    clip = write_video(tmp_path / "clip.mp4", [story(number) for number in range(12)])
    timeline = pipeline.analyze_video(clip, fps=0, smoothing="none")
    assert timeline.frame["frame"].tolist() == list(range(12))
    smoothed, raw = (timeline.frame[list(names)].to_numpy(float) for names in (EMOTIONS, RAW_COLUMNS))
    assert smoothed == pytest.approx(raw, abs=1e-6)


def test_faces_are_classified_in_batches_across_frames(film):
    engine = FakeEngine()
    pipeline = EmotionPipeline(FakeDetector([FACE]), EmotionClassifier(engine, fake_card()))
    assert len(pipeline.analyze_video(film).frame) == 24
    assert [len(batch) for batch in engine.seen] == [16, 8]


def test_a_cut_ends_the_smoothing_and_the_persons(tmp_path):
    engine, pipeline = FakeEngine(), None
    one, two = scene((200, 180, 320), **SIZE), other_person(scene((420, 180, 340), wall=220, **SIZE))
    clip = write_video(tmp_path / "cut.mp4", [one] * 50 + [two] * 50)
    pipeline = EmotionPipeline(FakeDetector([Box(150, 100, 80, 80)]), EmotionClassifier(engine, fake_card()))
    timeline = pipeline.analyze_video(clip)
    assert timeline.cuts == pytest.approx([2.0], abs=0.01)
    assert timeline.frame["person"].tolist() == [1] * 8 + [2] * 8


def test_a_jump_cut_keeps_who_looks_the_same(pipeline, tmp_path):
    near, far = scene((200, 180, 330), **SIZE), scene((480, 200, 260), wall=210, **SIZE)
    timeline = pipeline.analyze_video(write_video(tmp_path / "jump.mp4", [near] * 40 + [far] * 40))
    assert len(timeline.cuts) == 1 and set(timeline.frame["person"]) == {1}


def test_no_face_is_a_timeline_that_says_so(pipeline, tmp_path):
    timeline = pipeline.analyze_video(write_video(tmp_path / "wall.mp4", [scene()] * 25))
    assert len(timeline.frame) == 4 and timeline.frame["person"].isna().all()
    assert "No face was found" in timeline.problems[0] and timeline.portraits == {}


@pytest.mark.parametrize("turns", [0, 2])
def test_a_recording_that_stands_on_its_head_is_told(tmp_path, turns):
    portrait = np.rot90(cv2.imread(str(ROOT / "tests/data/astronaut.png")), turns)
    path = write_video(tmp_path / "clip.mp4", [np.ascontiguousarray(portrait)] * 10)
    classifier = EmotionClassifier(FakeEngine("sad"), fake_card())
    timeline = EmotionPipeline(load_detector("blazeface"), classifier, FaceMeasurer()).analyze_video(path, fps=5)
    lies = any("stand on their head" in problem for problem in timeline.problems)
    turned = timeline.frame["quality"].str.contains("turned")
    assert timeline.frame["person"].notna().all() and (lies, turned.any(), turned.all()) == (turns == 2,) * 3


@pytest.mark.parametrize(
    ("size", "frames"),
    [((1, 1), 10), ((2, 2), 10), ((3, 400), 10), ((7680, 4320), 1)],
    ids=["one pixel", "four pixels", "a strip", "8K"],
)
def test_frames_of_any_size_are_searched(pipeline, tmp_path, size, frames):
    grey = np.full((size[1], size[0], 3), 90, np.uint8)
    timeline = pipeline.analyze_video(write_video(tmp_path / "odd.avi", [grey] * frames, codec="mjpeg"))
    assert (timeline.recording.width, timeline.recording.height) == size
    assert len(timeline.frame) >= 1 and timeline.frame["person"].isna().all()


def test_a_frame_size_that_changes_keeps_the_boxes_in_pixels_of_the_first(pipeline, tmp_path):
    parts = [
        write_video(tmp_path / f"{factor}.ts", [cv2.resize(story(0), None, fx=factor, fy=factor)] * 25)
        for factor in (1, 2)
    ]
    both = tmp_path / "both.ts"
    both.write_bytes(b"".join(part.read_bytes() for part in parts))
    timeline = pipeline.analyze_video(both)
    assert (timeline.recording.width, timeline.recording.height) == (640, 360)
    boxes = timeline.frame[["x", "y", "width", "height"]].dropna().to_numpy(float)
    assert len(boxes) >= 7 and np.ptp(boxes, axis=0).max() < 12
    assert any("frame size changes" in problem for problem in timeline.problems)


def test_progress_rises_to_one_and_knows_the_time_left(pipeline, film):
    told = []
    pipeline.analyze_video(film, progress=Monitor(told.append, every_s=0))
    shares = [progress.share for progress in told]
    assert shares == sorted(shares) and shares[-1] == 1 and told[-1].remaining_s == 0
    assert (told[-1].samples, told[-1].faces) == (24, 28)
    assert all(progress.remaining_s is None or progress.remaining_s >= 0 for progress in told)


def test_all_is_done_only_once_every_sample_is_counted(film):
    told = []
    timeline = fake_pipeline([FACE]).analyze_video(film, progress=Monitor(told.append, every_s=0))
    assert {one.samples for one in told if one.share == 1} == {timeline.frame["frame"].nunique()}


@pytest.mark.parametrize("checkpoint", [None, "state.jsonl"])
def test_an_error_of_the_detector_reaches_who_asked_and_leaves_no_thread(film, tmp_path, checkpoint):
    class Broken(FakeDetector):
        def detect(self, image):
            if len(self.seen) == 9:
                raise RuntimeError("out of memory")
            return super().detect(image)

    broken = EmotionPipeline(Broken([FACE]), EmotionClassifier(FakeEngine("sad"), fake_card()))
    threads = threading.active_count()
    with pytest.raises(RuntimeError, match="out of memory"):
        broken.analyze_video(film, checkpoint=checkpoint and tmp_path / checkpoint)
    assert threading.active_count() == threads


def test_one_of_several_processes_searches_in_turn(film, monkeypatch):
    monkeypatch.setattr(cores, "_share", 1)
    used = set()

    class Watched(FakeDetector):
        def detect(self, image):
            used.add(threading.current_thread())
            return super().detect(image)

    alone = EmotionPipeline(Watched([FACE]), EmotionClassifier(FakeEngine("sad"), fake_card()))
    alone.analyze_video(film)
    assert used == {threading.current_thread()}


def test_a_stop_keeps_what_was_read_and_says_so(pipeline, film):
    monitor = Monitor(lambda progress: monitor.stop())
    timeline = pipeline.analyze_video(film, fps=0, progress=monitor)
    assert 1 <= timeline.frame["frame"].nunique() < 150
    assert any("was stopped at" in problem and "of 6.0 s" in problem for problem in timeline.problems)


def test_a_progress_that_raises_ends_it_and_leaves_no_decoder(pipeline, film):
    def fail(_):
        raise RuntimeError("enough")

    with pytest.raises(RuntimeError, match="enough"):
        pipeline.analyze_video(film, progress=fail)
    names = [thread.name for thread in threading.enumerate()]
    assert "video decoder" not in names


def test_going_on_changes_nothing(pipeline, film, timeline, tmp_path, monkeypatch):
    for name, value in (("SAVE_EVERY_S", 0.0), ("BATCH", 4)):
        monkeypatch.setattr(f"fer_core.analysis.run.{name}", value)
    checkpoint = tmp_path / "state" / "unfinished.jsonl"

    class KilledError(Exception):
        pass

    def kill(progress):
        if progress.time_s > 2.5:
            raise KilledError

    with pytest.raises(KilledError):
        pipeline.analyze_video(film, progress=Monitor(kill, every_s=0), checkpoint=checkpoint)
    saved = checkpoint.read_text().splitlines()
    assert len(saved) >= 2
    with checkpoint.open("a") as file:
        file.write('{"rows": [[1.0, 2')  # torn in the middle, as a kill leaves it
    engine = FakeEngine("sad")
    again = EmotionPipeline(HaarDetector(), EmotionClassifier(engine, fake_card()))
    told = []
    resumed = again.analyze_video(film, progress=Monitor(told.append, every_s=0), checkpoint=checkpoint)
    assert sum(len(batch) for batch in engine.seen) < 28  # what was read is not read again
    shares = [progress.share for progress in told]
    assert told[0].samples > 0 and shares[0] > 0.2 and shares == sorted(shares)  # nor counts as progress of now
    pd.testing.assert_frame_equal(resumed.frame, timeline.frame)
    pd.testing.assert_frame_equal(resumed.measures, timeline.measures)
    assert resumed.portraits == timeline.portraits and resumed.recording == timeline.recording


def test_going_on_tells_what_was_noticed_before(tmp_path, monkeypatch):
    monkeypatch.setattr("fer_core.analysis.run.SAVE_EVERY_S", 0.0)
    options = {"x264-params": "interlaced=1"}
    parts = [
        write_video(tmp_path / "a.ts", [scene(width=320)] * 50, options=options),
        *(write_video(tmp_path / f"{width}.ts", [scene(width=width)] * 50) for width in (480, 320)),
    ]
    path, checkpoint = tmp_path / "all.ts", tmp_path / "state.jsonl"
    path.write_bytes(b"".join(part.read_bytes() for part in parts))
    whole = fake_pipeline([FACE]).analyze_video(path)
    monitor = Monitor(lambda progress: monitor.stop() if progress.time_s > 4.5 else None, every_s=0)
    fake_pipeline([FACE]).analyze_video(path, progress=monitor, checkpoint=checkpoint)
    resumed = fake_pipeline([FACE]).analyze_video(path, checkpoint=checkpoint)
    assert len(whole.problems) >= 3 and resumed.problems == whole.problems


def test_a_stopped_reading_tells_nothing_of_what_comes_later(tmp_path):
    parts = [write_video(tmp_path / f"{width}.ts", [scene(width=width)] * 50) for width in (320, 480)]
    path = tmp_path / "all.ts"
    path.write_bytes(b"".join(part.read_bytes() for part in parts))
    monitor = Monitor(lambda progress: monitor.stop() if progress.time_s > 1.2 else None, every_s=0)
    [problem] = fake_pipeline([FACE]).analyze_video(path, progress=monitor).problems
    assert problem.startswith("The analysis was stopped at 1.")


def test_going_on_tells_of_damage_that_came_before_and_once(tmp_path, monkeypatch):
    monkeypatch.setattr("fer_core.analysis.run.SAVE_EVERY_S", 0.0)
    clean = write_video(
        tmp_path / "a.mp4", [scene((100 + n, 120, 150)) for n in range(150)], options={"g": "10", "bf": "0"}
    )
    path, checkpoint = tmp_path / "b.mp4", tmp_path / "state.jsonl"
    content = bytearray(clean.read_bytes())
    with av.open(str(clean)) as container:
        packets = [packet for packet in container.demux(video=0) if packet.size]
    for number in (26, 101):  # one before the stop, one after it
        start, end = packets[number].pos, packets[number].pos + packets[number].size
        content[start + 4 : end] = b"\xff" * (end - start - 4)
    path.write_bytes(content)
    [problem] = fake_pipeline([FACE]).analyze_video(path).problems
    monitor = Monitor(lambda progress: monitor.stop() if progress.time_s > 2.5 else None, every_s=0)
    stopped = fake_pipeline([FACE]).analyze_video(path, progress=monitor, checkpoint=checkpoint)
    assert problem.startswith("2 damaged pieces") and stopped.problems[0].startswith("1 damaged piece ")
    assert fake_pipeline([FACE]).analyze_video(path, checkpoint=checkpoint).problems == (problem,)


def test_what_was_noticed_is_told_of_a_stopped_reading_too(tmp_path):
    parts = [
        write_video(tmp_path / "a.ts", [scene(width=320)] * 50, options={"x264-params": "interlaced=1"}),
        write_video(tmp_path / "b.ts", [scene(width=480)] * 50),
    ]
    path = tmp_path / "all.ts"
    path.write_bytes(b"".join(part.read_bytes() for part in parts))
    monitor = Monitor(lambda progress: monitor.stop() if progress.time_s > 3 else None, every_s=0)
    stopped = fake_pipeline([FACE]).analyze_video(path, progress=monitor)
    words = " ".join(stopped.problems)
    assert "was stopped at" in words and "interlaced" in words and "changes from 320x" in words
    assert "no usable time stamp" in words


class CountingSequence:
    """A sequence detector whose box tells how many frames it has seen; `searched` are those of this run."""

    def __init__(self) -> None:
        self.seen, self.searched = 0, threading.Semaphore(0)

    def detect(self, image, time_s):
        self.seen += 1
        self.searched.release()
        return [Face(Box(40 + self.seen, 30, 100, 100), 0.99)]

    def reset(self):
        pass

    def state(self):
        return {"seen": self.seen}

    def restore(self, state):
        self.seen = state["seen"]


def test_a_checkpoint_holds_the_memory_of_what_was_taken_not_of_what_was_searched_ahead(tmp_path, monkeypatch):
    sequences = []

    def counting(detector):
        sequences.append(CountingSequence())
        return sequences[-1]

    monkeypatch.setattr("fer_core.analysis.run.in_sequence", counting)
    monkeypatch.setattr(cores, "available_cores", lambda: 4)
    for name, value in (("SAVE_EVERY_S", 0.0), ("BATCH", 2)):
        monkeypatch.setattr(f"fer_core.analysis.run.{name}", value)
    one, two = scene((200, 180, 320), **SIZE), other_person(scene((420, 180, 340), wall=220, **SIZE))
    clip, checkpoint = write_video(tmp_path / "a.mp4", [one] * 8 + [two] * 12), tmp_path / "state.jsonl"
    whole = fake_pipeline().analyze_video(clip, 0)
    assert len(whole.cuts) == 1

    class KilledError(Exception):
        pass

    def kill(progress):
        if progress.samples == 8:
            raise KilledError

    killed = fake_pipeline()
    read, more = killed.read_faces, iter([4, 2, 2, 2])

    def read_late(found):  # once the search is two samples further
        assert all(sequences[-1].searched.acquire(timeout=30) for _ in range(next(more)))
        return read(found)

    monkeypatch.setattr(killed, "read_faces", read_late)
    with pytest.raises(KilledError):
        killed.analyze_video(clip, 0, progress=Monitor(kill, every_s=0), checkpoint=checkpoint)
    resumed = fake_pipeline().analyze_video(clip, 0, checkpoint=checkpoint)
    pd.testing.assert_frame_equal(resumed.frame, whole.frame)
    assert resumed.cuts == whole.cuts


def test_a_part_that_is_torn_just_before_its_end_costs_no_other(pipeline, film, tmp_path, monkeypatch):
    for name, value in (("SAVE_EVERY_S", 0.0), ("BATCH", 4)):
        monkeypatch.setattr(f"fer_core.analysis.run.{name}", value)
    path = tmp_path / "state.jsonl"
    read = pipeline.analyze_video(film, checkpoint=path)

    def resumed():
        checkpoint = Checkpoint(path, read.recording.sha256, read.request, read.provenance)
        return checkpoint, list(checkpoint.take_up())

    _, parts = resumed()
    path.write_bytes(path.read_bytes()[:-1])
    assert Checkpoint.glance(path)[1] == parts[-2].state.after_s
    checkpoint, left = resumed()
    assert left == parts[:-1]
    checkpoint.add(parts[-1])
    assert resumed()[1] == parts


def test_a_part_of_a_checkpoint_is_the_json_that_it_was_before(pipeline, film, tmp_path):
    pipeline.analyze_video(film, checkpoint=tmp_path / "state.jsonl")
    part = json.loads((tmp_path / "state.jsonl").read_text().splitlines()[1])
    assert list(part) == ["rows", "cuts", "portraits", "state", "memories"]
    assert list(part["state"]) == ["samples", "faces", "after_s", "size", "noticed"]
    search, tracker = part["memories"]["search"], part["memories"]["tracker"]
    assert list(search) == ["detector", "shape", "cut_finder"] and len(search["shape"]) == 2
    [person, *_] = tracker["persons"]
    assert tracker["next"] >= 2 and list(person) == ["number", "box", "seen_s", "last", "looks"]
    assert len(person["box"]) == 4 and len(person["last"]) == len(person["looks"][0]) == 144
    thumbnail, levels = search["cut_finder"]
    assert np.shape(thumbnail) == (18, 32) and np.shape(levels) == (9, 16)
    [worth, data] = part["portraits"]["1"]
    assert worth > 0 and base64.b64decode(data).startswith(b"\xff\xd8")
    assert all(isinstance(row, list) for row in part["rows"])


def test_a_finished_checkpoint_is_the_whole_result(pipeline, film, timeline, tmp_path):
    checkpoint = tmp_path / "done.jsonl"
    pipeline.analyze_video(film, checkpoint=checkpoint)
    engine = FakeEngine("sad")
    again = EmotionPipeline(HaarDetector(), EmotionClassifier(engine, fake_card())).analyze_video(
        film, checkpoint=checkpoint
    )
    assert engine.seen == []
    pd.testing.assert_frame_equal(again.frame, timeline.frame)


@pytest.mark.parametrize("fps", [4.0, 2.0])
def test_a_checkpoint_of_another_analysis_is_begun_anew(pipeline, film, tmp_path, fps):
    checkpoint = tmp_path / "state.jsonl"
    pipeline.analyze_video(film, fps=1.0, checkpoint=checkpoint)
    timeline = pipeline.analyze_video(film, fps=fps, checkpoint=checkpoint)
    assert timeline.frame["frame"].nunique() == 6 * fps
    assert json.loads(checkpoint.read_text().splitlines()[0])["request"]["fps"] == fps


def test_smoothing_may_differ_when_going_on(pipeline, film, tmp_path):
    checkpoint = tmp_path / "state.jsonl"
    pipeline.analyze_video(film, checkpoint=checkpoint)
    engine = FakeEngine("sad")
    again = EmotionPipeline(HaarDetector(), EmotionClassifier(engine, fake_card()))
    assert again.analyze_video(film, smoothing="median", checkpoint=checkpoint).request.smoothing == "median"
    assert engine.seen == []


def test_a_checkpoint_that_cannot_be_written_is_said(film, tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(MediaError, match="cannot be"):
        fake_pipeline([FACE]).analyze_video(film, checkpoint=tmp_path / "file" / "state.jsonl")


def test_a_disk_that_fills_up_costs_only_the_going_on(film, tmp_path, monkeypatch):
    monkeypatch.setattr("fer_core.analysis.run.SAVE_EVERY_S", 0.0)
    checkpoint, parts = tmp_path / "state.jsonl", []
    add = Checkpoint.add

    def fill_up(self, part):
        parts.append(part)
        if len(parts) >= 2:
            monkeypatch.setattr(Path, "open", full)
        add(self, part)

    def full(*_, **__):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Checkpoint, "add", fill_up)
    timeline = fake_pipeline([FACE]).analyze_video(film, 0, checkpoint=checkpoint)
    monkeypatch.undo()
    assert timeline.frame["frame"].nunique() == 150 and len(parts) == 2
    [problem] = timeline.problems
    assert "could not be saved" in problem and "No space left" in problem and str(tmp_path) not in problem
    again = fake_pipeline([FACE])
    assert again.analyze_video(film, 0, checkpoint=checkpoint).frame["frame"].tolist() == list(range(150))
    assert 0 < len(again.detector.seen) < 150  # from the last part that was saved


@pytest.mark.parametrize("fps", [1.0, 0.5, 0.2])
def test_where_samples_are_few_a_person_who_is_missed_once_keeps_the_number(tmp_path, monkeypatch, fps):
    clip = write_video(tmp_path / "clip.mkv", [scene(width=160, height=120)] * int(8 / fps), rate=1)
    pipeline, rng, seen = fake_pipeline([Box(20, 20, 60, 60)]), np.random.default_rng(0), []

    def look(_):
        """Alike, but not so much that the look alone would do."""
        vector = np.full(144, 1.0) + rng.normal(0, 1, 144)
        return (vector / np.linalg.norm(vector)).astype(np.float32)

    def blink(image):
        seen.append(image)
        return [] if len(seen) == 3 else [Face(Box(20, 20, 60, 60), 1.0)]

    monkeypatch.setattr("fer_core.analysis.tracking.look_of", look)
    pipeline.detector.detect = blink
    frame = pipeline.analyze_video(clip, fps).frame
    assert len(frame) == 8 and frame["person"].isna().sum() == 1
    assert set(frame["person"].dropna()) == {1}


@pytest.mark.parametrize(
    ("wishes", "words"),
    [
        ({"smoothing": "soothing"}, "median"),
        ({"fps": -1}, "Samples a second"),
        ({"time_constant_s": -0.1}, "time constant"),
        ({"time_constant_s": float("nan")}, "time constant"),
        ({"time_constant_s": float("inf")}, "time constant"),
    ],
)
def test_wishes_that_make_no_sense(film, wishes, words):
    with pytest.raises(RequestError, match=words):
        fake_pipeline([FACE]).analyze_video(film, **wishes)


@pytest.mark.skipif(sys.platform == "win32", reason="no signals")
def test_a_killed_process_can_be_gone_on_with(film, tmp_path):
    code = (
        "import sys, fer_core.analysis.run as v; v.SAVE_EVERY_S = 0\n"
        "from pathlib import Path\n"
        "from fer_core.testing import fake_pipeline\n"
        "from fer_core.readings import Box\n"
        "v.BATCH = 4\n"
        "import time\n"
        "fake_pipeline([Box(40, 30, 100, 100)]).analyze_video(\n"
        "    sys.argv[1], 0, progress=lambda p: time.sleep(60 * (p.samples == 60)), checkpoint=Path(sys.argv[2]))\n"
    )
    checkpoint = tmp_path / "state.jsonl"
    process = subprocess.Popen([sys.executable, "-c", code, str(film), str(checkpoint)], cwd=ROOT)
    saved = parts_of(checkpoint, 2, 60)
    os.kill(process.pid, signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL and saved
    again = fake_pipeline([FACE])
    assert again.analyze_video(film, 0, checkpoint=checkpoint).frame["frame"].tolist() == list(range(150))
    assert 0 < len(again.detector.seen) < 150
