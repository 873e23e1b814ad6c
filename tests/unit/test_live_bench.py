"""What `bench` measures of pictures and of the camera: that the figures are there and are those of what was done."""

import json
import sys
import time
from types import SimpleNamespace

import numpy as np
import pytest

from fer_core.classification import EmotionClassifier
from fer_core.cli import main
from fer_core.diagnostics.benchmarks import batches, live, pages, pictures
from fer_core.errors import DependencyError, MediaError
from fer_core.live import LiveStream
from fer_core.pipeline import EmotionPipeline
from fer_core.plain import as_plain
from fer_core.readings import Box
from fer_core.request import AnalysisRequest
from fer_core.testing import FakeDetector, FakeEngine, fake_card, fake_pipeline
from tests.unit.batch.engines import HereEngine
from tests.videos import scene, write_video

FACE = Box(200, 150, 120, 120)


def test_the_figures_of_a_stream_are_those_of_the_contract():
    figures = live.live(fake_pipeline([FACE]), live.moving_portrait(1)[:10], 1.0)
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
    assert figures.seconds == pytest.approx(1.0, abs=0.5)
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


def test_the_age_is_that_of_the_reading_that_was_drawn(monkeypatch):
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
    feed = live.Feed(stream, live.moving_portrait(1)[:2])
    feed.run(1.0, keep=True)
    stream.rest()
    assert len(feed.age_s) == pytest.approx(live.CAMERA_FPS - 1, abs=1) and feed.undrawn == 1
    assert np.array(feed.age_s) == pytest.approx(1 / live.CAMERA_FPS, rel=0.01)


def test_growth_is_that_from_the_first_tenth_to_the_last():
    assert live.growth_ms([0.01] * 10 + [0.5] * 80 + [0.03] * 10) == 20
    assert live.growth_ms([0.01] * 9) is None


def test_a_stream_that_cannot_read_is_not_measured(monkeypatch):
    pipeline = fake_pipeline([FACE])

    def fail(*_):
        raise RuntimeError("the network is on holiday")

    monkeypatch.setattr(pipeline, "read_with_maps", fail)
    with pytest.raises(MediaError, match="on holiday"):
        live.live(pipeline, live.moving_portrait(1)[:5], 0.5)


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
    assert pictures.classify_ms({"litert": classifier}, (1, 3))["litert"].keys() == {"1", "3"}
    assert {len(batch) for batch in engine.seen} == {1, 3}
    assert pictures.detect_ms(FakeDetector([FACE])).keys() == {"search", "live_search", "live_follow"}
    assert pictures.portrait_frame().shape == (480, 640, 3)
    assert list(as_plain(pictures.machine())) == ["system", "processor", "cores", "python", "load"]
    assert pictures.machine().cores >= 1


def test_medians_leave_out_the_first_run():
    calls = []
    assert pictures.median_ms(lambda: calls.append(np.sum(calls)), repeats=3) >= 0 and len(calls) == 4


def test_the_command_writes_them_all(monkeypatch, capsys):
    short = fake_pipeline([FACE])
    monkeypatch.setattr(EmotionPipeline, "load", lambda model=None: short)
    monkeypatch.setattr(EmotionClassifier, "load", lambda model, engine: short.classifier)
    monkeypatch.setattr(pictures, "cold_start_s", lambda: 1.5)
    assert main(["bench", "--live", "--seconds", "0.5", "--json", "-"]) == 0
    figures = json.loads(capsys.readouterr().out)
    names = ["machine", "model", "cold_start_s", "image_ms", "classify_ms", "detect_ms", "video", "live"]
    assert list(figures) == [*names, "detection", "batch", "pages"]
    assert figures["detection"] is figures["batch"] is figures["pages"] is None
    assert list(figures["live"]) == [*figures["live"]["four_faces"], "four_faces"]
    assert figures["live"]["four_faces"]["analysed_fps"] > 0 and figures["video"] is None


def test_a_cold_start_is_one_of_a_fresh_interpreter():
    assert pictures.cold_start_s() > 0.1


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
