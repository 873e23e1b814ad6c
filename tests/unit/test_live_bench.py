"""What `bench` measures of pictures and of the camera: that the figures are there and are those of what was done."""

import json
import sys
import time
from types import SimpleNamespace

import av
import numpy as np
import pytest

from fer_core.classification import EmotionClassifier
from fer_core.cli import main
from fer_core.commands import bench as command
from fer_core.diagnostics.benchmarks import (
    batches,
    bench_figures,
    detection,
    live,
    networks,
    pages,
    parts,
    pictures,
    recordings,
    spread,
    starts,
    table,
    video,
)
from fer_core.errors import DependencyError, MediaError, WorkerError
from fer_core.live import LiveStream
from fer_core.networks.fixed import FixedNetwork
from fer_core.pipeline import EmotionPipeline
from fer_core.plain import as_plain
from fer_core.readings import Box
from fer_core.request import AnalysisRequest
from fer_core.testing import FakeDetector, FakeEngine, fake_card, fake_pipeline
from tests.unit.batch.engines import HereEngine
from tests.videos import scene, write_video

FACE = Box(200, 150, 120, 120)


@pytest.fixture
def soon_warm(monkeypatch) -> None:
    """For what does not ask that there is a reading from the first frame on."""
    monkeypatch.setattr(live, "WARM_UP_S", 1.0)


@pytest.fixture(scope="module")
def frames() -> list[av.VideoFrame]:
    """The first ten of the loop of one face; to draw all takes a second."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(live, "LOOP_S", 0.4)
        return live.moving_portrait(1)[:10]


def test_the_figures_of_a_stream_are_those_of_the_contract(frames):
    figures = live.live(fake_pipeline([FACE]), frames, 1.0)
    assert list(as_plain(figures)) == [
        "callback_p50_ms",
        "callback_p99_ms",
        "callback_cpu_ms",
        "analysed_fps",
        "age_p50_ms",
        "age_p95_ms",
        "undrawn",
        "dropped",
        "seconds",
        "process_cpu",
        "memory_growth_mb",
        "threads_growth",
        "age_growth_ms",
    ]
    assert 0 < figures.callback_p50_ms <= figures.callback_p99_ms
    assert 0 < figures.analysed_fps <= 1.2 * live.CAMERA_FPS and figures.age_p50_ms <= figures.age_p95_ms
    assert figures.seconds >= 0.9  # either part ends with its last frame
    assert figures.undrawn == 0


class Instant(LiveStream):
    """Reads a frame before the callback is back."""

    def on_frame(self, frame):
        before, shown = self.state().reading, super().on_frame(frame)
        deadline = time.monotonic() + 60
        while self.state().reading is before:
            assert time.monotonic() < deadline
            time.sleep(0.001)
        return shown


def test_the_age_is_that_of_the_reading_that_was_drawn(monkeypatch, frames):
    """With an instant reader that is the one of the frame before."""
    clock = SimpleNamespace(now=50.0)
    monkeypatch.setattr(
        live,
        "time",
        SimpleNamespace(
            sleep=lambda seconds: setattr(clock, "now", clock.now + seconds),
            perf_counter=lambda: clock.now,
            thread_time=lambda: 0.0,
        ),
    )
    stream = Instant(fake_pipeline([FACE]), clock=lambda: clock.now)
    feed = live.Feed(stream, frames[:2])
    feed.run(1.0, keep=True)
    stream.rest()
    assert len(feed.age_s) == pytest.approx(live.CAMERA_FPS - 1, abs=1) and feed.undrawn == 1
    assert np.array(feed.age_s) == pytest.approx(1 / live.CAMERA_FPS, rel=0.01)


def test_growth_is_that_from_the_first_tenth_to_the_last():
    assert live.growth_ms([0.01] * 10 + [0.5] * 80 + [0.03] * 10) == 20
    assert live.growth_ms([0.01] * 9) is None


def test_a_stream_that_cannot_read_is_not_measured(monkeypatch, frames, soon_warm):
    pipeline = fake_pipeline([FACE])

    def fail(*_):
        raise RuntimeError("the network is on holiday")

    monkeypatch.setattr(pipeline, "read_with_maps", fail)
    with pytest.raises(MediaError, match="on holiday"):
        live.live(pipeline, frames[:5], 0.5)


@pytest.mark.parametrize("faces", [1, 4])
def test_the_moving_portrait_has_so_many_faces_and_moves(faces):
    frames = live.moving_portrait(faces)
    assert len(frames) == live.LOOP_S * live.CAMERA_FPS
    assert {(frame.width, frame.height, frame.format.name) for frame in frames} == {(640, 480, "yuv420p")}
    first, later = (frames[i].to_ndarray(format="bgr24") for i in (0, 30))
    assert (first != later).mean() > 0.05
    found = EmotionPipeline.load().find_faces(first)
    assert len(found) == faces and min(face.box.width for face in found) >= 50


def test_single_stages_are_measured():
    engine = FakeEngine()
    classifier = EmotionClassifier(engine, fake_card())
    keys = [figure.key for figure in pictures.classifiers({"litert": classifier}, (1, 3))]
    assert keys == ["classifier.litert.1", "classifier.litert.3"]
    assert {len(batch) for batch in engine.seen} == {1, 3}
    kinds = ["still", "no_face", "large", "huge"]
    assert [figure.key for figure in detection.searches(FakeDetector([FACE]))] == [
        f"detector.fake detector.{k}" for k in kinds
    ]
    assert pictures.portrait_frame().shape == (480, 640, 3)
    assert list(as_plain(pictures.machine())) == ["system", "processor", "cores", "python", "load"]
    assert pictures.machine().cores >= 1


def test_the_limit_of_a_classifier_is_the_same_network_and_the_same_faces(monkeypatch):
    given = []

    def bare_call(file, x):
        given.append((file.name, x.shape))
        return lambda: None

    monkeypatch.setattr(pictures, "bare_call", bare_call)
    classifier = EmotionClassifier.load("custom_cnn")
    monkeypatch.setattr(pictures, "timed", lambda works: {name: [1.0] for name in works})
    [figure] = pictures.classifiers({"litert": classifier}, (3,))
    faces = 6 if classifier.card.flip_average else 3
    assert given == [("model.tflite", (faces, classifier.card.side_px, classifier.card.side_px, 1))]
    assert figure.times_limit == 1 and "float16" in figure.name


def test_the_networks_of_a_piece_of_work_run_alone():
    pipeline = EmotionPipeline.load()
    run = FixedNetwork.__call__
    alone = networks.networks_of(lambda: pipeline.analyze_image(pictures.portrait_frame()))
    assert FixedNetwork.__call__ is run  # as before
    answers = alone()
    assert len(answers) >= 4  # search, landmarks, irises, expression


def test_works_take_turns_and_their_first_run_does_not_count():
    turns = []
    taken = spread.timed({"a": lambda: turns.append("a"), "b": lambda: turns.append("b")}, repeats=3)
    assert "".join(turns) == "ab" + "ababab" and [len(times) for times in taken.values()] == [3, 3]


@pytest.mark.parametrize(
    ("unit", "values", "limits", "slower"),
    [
        ("ms", [30, 10, 20], [10, 2, 5], 4),  # 3, 5 and 4 times
        ("x", [5], [20], 4),  # a rate: more is faster
        ("ms", [3], [], None),
    ],
)
def test_a_figure_is_a_median_with_least_and_most_and_its_limit(unit, values, limits, slower):
    figure = spread.Figure.of("picture.one", "one", unit, values, limits, "nothing else")
    assert (figure.median, figure.least, figure.most) == (sorted(values)[len(values) // 2], min(values), max(values))
    assert figure.n == len(values) and figure.times_limit == slower and bool(figure.limit_is) == bool(limits)


def test_the_table_names_machine_parts_and_limits():
    measured = [
        spread.Figure("start.image", "first answer", "s", 1.234, 1.1, 12.0, 5, 0.5, "libraries alone", 2.47),
        spread.Figure("recording.h264.720p30.speed", "h264", "x", 6.0, 5.0, 7.0, 3),
    ]
    lines = list(table.text_lines(measured))
    assert "Cold start, in a new process (limit: libraries alone)" in lines
    assert lines[3].split("  ")[0] == "first answer" and lines[3].split()[-2:] == ["2.47", "times"]
    assert "| first answer | 1.23 s | 1.1 to 12 | 5 | 0.5 s, libraries alone | 2.47 times |" in table.markdown(measured)
    assert len({len(line.split("|")) for line in table.markdown(measured).splitlines()}) == 1


def test_the_command_writes_them_all(monkeypatch, capsys, soon_warm):
    short = fake_pipeline([FACE])
    monkeypatch.setattr(live, "LOOP_S", 0.4)
    monkeypatch.setattr(EmotionPipeline, "load", lambda model=None: short)
    monkeypatch.setattr(EmotionClassifier, "load", lambda model, engine: short.classifier)
    parts = ["--only", "classifier"]
    assert main(["bench", "--live", "--seconds", "0.5", *parts, "--json", "-"]) == 0
    written = json.loads(capsys.readouterr().out)
    names = ["machine", "model", "cold_start_s", "image_ms", "classify_ms", "detect_ms", "video", "live"]
    assert list(written) == [*names, "detection", "batch", "pages", "table", "against", "growth"]
    assert written["detection"] is written["batch"] is written["pages"] is written["cold_start_s"] is None
    assert list(written["classify_ms"]["litert"]) == ["1", "2", "4", "8", "16"] and written["image_ms"] is None
    assert list(written["live"]) == [*written["live"]["four_faces"], "four_faces"]
    assert written["live"]["four_faces"]["analysed_fps"] > 0 and written["video"] is None
    assert {line["key"].partition(".")[0] for line in written["table"]} == {"classifier"}


def test_the_medians_of_the_json_are_those_of_the_table():
    keys = ("start.image", "picture.portrait", "classifier.litert.1", "detector.blazeface.still")
    lines = [spread.Figure.of(key, "", "ms", [value]) for value, key in enumerate(keys, start=1)]
    measured = bench_figures.BenchFigures.of_table(pictures.machine(), "fake", lines)
    assert (measured.cold_start_s, measured.image_ms, measured.classify_ms) == (1, 2, {"litert": {"1": 3}})
    assert measured.detect_ms == {"search": 4}


def test_the_table_is_shown_and_what_is_missing_is_one_sentence(monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "playwright.sync_api", None)
    short = fake_pipeline([FACE])
    monkeypatch.setattr(EmotionPipeline, "load", lambda model=None: short)
    monkeypatch.setattr(EmotionClassifier, "load", lambda model, engine: short.classifier)
    assert main(["bench", "--only", "page", "classifier"]) == 3
    printed = capsys.readouterr()
    assert "litert, 16 faces at once" in printed.out and "page is left out: " in printed.err


@pytest.mark.parametrize("parts", [[], ["detector"]], ids=["not in the table", "in the table"])
def test_detectors_are_timed_once(parts, monkeypatch, capsys):
    timed = []

    def searches(detector):
        timed.append(detector.name)
        yield spread.Figure.of(f"detector.{detector.name}.still", "", "ms", [5.0])

    fake = fake_pipeline([FACE])
    monkeypatch.setattr(detection, "searches", searches)
    monkeypatch.setattr("fer_core.diagnostics.benchmarks.parts.searches", searches)
    monkeypatch.setattr(detection, "found", lambda detector: {})
    monkeypatch.setattr(EmotionPipeline, "load", lambda model=None: fake)
    monkeypatch.setattr(EmotionClassifier, "load", lambda model, engine: fake.classifier)
    assert main(["bench", "--only", *parts, "--detectors", fake.detector.name, "--json", "-"]) == 0
    written = json.loads(capsys.readouterr().out)
    assert timed == [fake.detector.name]
    assert written["detection"][fake.detector.name]["median_ms"] == {"still": 5.0}


def test_the_choices_are_those_that_there_are():
    assert tuple(parts.PARTS) == command.PARTS and tuple(video.CODECS) == command.CODECS


def test_a_cold_start_is_one_of_a_fresh_interpreter(monkeypatch):
    def once(works, repeats):
        return {name: works[name]() or [float(turn)] for turn, name in enumerate(works, start=1)}

    monkeypatch.setattr(starts, "timed", once)
    started = list(starts.starts("custom_cnn", 1))
    assert [(figure.key, figure.median, figure.limit) for figure in started] == [
        ("start.import", 2, 1),
        ("start.image", 3, 4),
    ]


def test_a_process_that_fails_is_not_measured():
    with pytest.raises(WorkerError, match="no such thing"):
        starts.fresh("-c", "raise SystemExit('no such thing')")()


def test_recordings_are_read_beside_their_decoding(monkeypatch):
    monkeypatch.setattr(recordings, "CLIP_S", 1)
    monkeypatch.setattr(recordings, "SIZES", ["720p30"])
    read = video.VideoFigures(2.0, 8, 8, 0.5, 4.0, 0.6, 300)
    monkeypatch.setattr(recordings, "video", lambda path, model: read)
    which = recordings.Recordings(("h264",), 2, 1)
    by_key = {figure.key: figure for figure in recordings.recordings(which)}
    assert by_key["recording.h264.720p30.speed"].median == 4 and by_key["recording.h264.720p30.speed"].limit > 0
    assert by_key["recording.h264.720p30.samples"].median == 16
    assert by_key["recording.h264.720p30.cpu"].median == 18 and by_key["recording.h264.720p30.memory"].median == 300


def test_a_recording_that_cannot_be_read_is_one_clear_line(tmp_path, capsys):
    broken = tmp_path / "cut.mp4"
    broken.write_bytes(b"no video")
    with pytest.raises(MediaError):
        live.recorded(broken)


def test_a_recording_without_frames_is_one_clear_line(tmp_path, monkeypatch):
    class Empty:
        def __init__(self, *_, **__):
            pass

        def __enter__(self):
            return iter(())

        def __exit__(self, *_):
            pass

    monkeypatch.setattr(live, "Video", Empty)
    with pytest.raises(MediaError, match="no frame"):
        live.recorded(tmp_path / "empty.mp4")


def test_without_playwright_the_way_to_it_is_said(monkeypatch):
    monkeypatch.setitem(sys.modules, "playwright.sync_api", None)
    with pytest.raises(DependencyError, match="pip install playwright"):
        pages.pages(1)


def test_a_spread_is_the_median_with_least_and_most():
    assert pages.Spread.of([0.3, 0.1, 0.2004]) == pages.Spread(200, 100, 300, 3)


@pytest.mark.parametrize(
    "option", ["--rounds=0", "--seconds=0", "--seconds=-3", "--seconds=nan", "--seconds=soon", "--minutes=0"]
)
def test_a_time_that_is_none_is_wrong_usage(option, capsys):
    with pytest.raises(SystemExit) as stopped:
        main(["bench", "--live", option, "--json", "-"])
    assert stopped.value.code == 2 and option.partition("=")[0] in capsys.readouterr().err


def test_a_batch_reads_so_many_different_recordings(monkeypatch, decoded_here):
    monkeypatch.setattr(
        batches, "make_clip", lambda path, seconds, height: write_video(path, [scene((150, 120, 220))] * 25)
    )
    engines = [HereEngine(AnalysisRequest(fps=5)) for _ in range(2)]
    monkeypatch.setattr(batches, "_engines", lambda request: zip(("here", "there"), engines, strict=True))
    figures = batches.batches(3)
    assert all(len(engine.read_names) == 3 for engine in engines) and figures.recordings == 3
    assert list(figures.per_hour) == ["here", "there"] == list(figures.seconds) and min(figures.per_hour.values()) > 0
