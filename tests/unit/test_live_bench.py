"""What `bench` measures of pictures and of the camera: that the figures are there and are those of what was done."""

import json

import numpy as np
import pytest

from fer_core.benchmarks import live, pictures
from fer_core.classification import EmotionClassifier
from fer_core.cli import main
from fer_core.errors import MediaError
from fer_core.pipeline import EmotionPipeline
from fer_core.readings import Box
from fer_core.testing import FakeDetector, FakeEngine, fake_card, fake_pipeline

FACE = Box(200, 150, 120, 120)


def test_the_figures_of_a_stream_are_those_of_the_contract():
    figures = live.live(fake_pipeline([FACE]), live.moving_portrait(1)[:10], 1.0)
    assert {"callback_p99_ms", "analysed_fps", "age_p95_ms", "dropped"} <= figures.keys()
    assert 0 < figures["callback_p50_ms"] <= figures["callback_p99_ms"]
    assert 0 < figures["analysed_fps"] <= 1.2 * live.CAMERA_FPS and figures["age_p50_ms"] <= figures["age_p95_ms"]
    assert figures["seconds"] == pytest.approx(1.0, abs=0.5)
    assert {"memory_growth_mb", "threads_growth", "age_growth_ms"} <= figures.keys()


def test_growth_is_that_from_the_first_tenth_to_the_last():
    assert live._growth_ms([0.01] * 10 + [0.5] * 80 + [0.03] * 10) == 20
    assert live._growth_ms([0.01] * 9) is None


def test_a_stream_that_cannot_read_is_not_measured(monkeypatch):
    pipeline = fake_pipeline([FACE])

    def fail(*_):
        raise RuntimeError("the network is on holiday")

    monkeypatch.setattr(pipeline, "read_faces", fail)
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
    assert pictures.machine()["cores"] >= 1


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
    assert {
        "machine",
        "model",
        "cold_start_s",
        "image_ms",
        "classify_ms",
        "detect_ms",
        "video",
        "live",
    } <= figures.keys()
    assert figures["live"]["four_faces"]["analysed_fps"] > 0 and figures["video"] is None


def test_a_cold_start_is_one_of_a_fresh_interpreter():
    assert pictures.cold_start_s() > 0.1


def test_a_recording_that_cannot_be_read_is_one_clear_line(tmp_path, capsys):
    broken = tmp_path / "cut.mp4"
    broken.write_bytes(b"no video")
    with pytest.raises(MediaError):
        live.recorded(broken)
