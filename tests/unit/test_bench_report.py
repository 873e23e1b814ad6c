"""The dated file of `bench`: everything that was measured comes back, and aims are judged by it."""

import json
import sys
from dataclasses import replace
from types import SimpleNamespace

import pytest

from fer_core.classification import EmotionClassifier
from fer_core.cli import main
from fer_core.detection import load_detector
from fer_core.diagnostics.benchmarks import (
    bench_figures,
    detection,
    live,
    parts,
    peers,
    pictures,
    report,
    spread,
    video,
)
from fer_core.errors import DependencyError, MediaError, ModelError, WorkerError
from fer_core.pipeline import EmotionPipeline
from fer_core.plain import as_plain
from fer_core.testing import fake_pipeline

IDLE = pictures.Machine("Linux", "a processor", 2, "3.11.7", 0.1)
LIVE = live.LiveFigures(1.0, 2.0, 0.5, 30.0, 33.0, 34.0, 0, 0, 1.0, 0.5, None, 0, None)


def measured(machine=IDLE, **medians):
    table = [spread.Figure.of(key.replace("__", "."), key, "s", [value], [1.0]) for key, value in medians.items()]
    return bench_figures.BenchFigures.of_table(machine, "custom_cnn", table)


def by_name(of):
    return {bar.name: bar for bar in of}


def test_everything_comes_back(tmp_path):
    compared = peers.Comparison.of("cold", "cold", "s", [1.0], [6.0], (1, None))
    whole = replace(
        measured(start__image=0.7, classifier__litert__1=1.2),
        live=bench_figures.LiveFiguresOfTwo(**vars(LIVE), four_faces=LIVE),
        against=peers.PeerFigures("fer", {"fer": "25.10.3"}, (compared,)),
    )
    made = report.report(whole, {"only": ["start"], "batch": None})
    again = report.read(report.write(made, tmp_path / "new"))
    assert as_plain(again) == as_plain(made) and isinstance(again.figures.live, bench_figures.LiveFiguresOfTwo)
    assert again.versions["fer_core"] and again.settings["only"] == ["start"]


def test_what_cannot_be_measured_loses_nothing_of_the_rest(tmp_path, monkeypatch, capsys):
    def fails(*_):
        raise DependencyError("Timing the pages needs playwright.")

    subject = SimpleNamespace(model="fake", pipeline=None)
    monkeypatch.setattr("fer_core.commands.bench._subject", lambda *_: subject)
    monkeypatch.setattr("fer_core.diagnostics.benchmarks.pages.pages", fails)
    monkeypatch.setattr("fer_core.diagnostics.benchmarks.growth.growth", lambda _: [])
    for name in ("make_clip", "repeat"):
        monkeypatch.setattr(video, name, lambda *_: None)
    read = video.VideoFigures(60.0, 1, 1, 1.0, 60.0, 1.0, 100)
    monkeypatch.setattr(video, "video", lambda *_: read)
    wanted = ["--growth", "--video", "--pages", "--json", str(tmp_path / "all.json"), "--out", str(tmp_path / "kept")]
    assert main(["bench", "--only", *wanted]) == 3
    said = json.loads((tmp_path / "all.json").read_text())
    assert said["video"] == as_plain(read) and said["pages"] is None
    assert report.read(report.newest(tmp_path / "kept")).figures.video == read
    assert "pages is left out: Timing the pages needs playwright." in capsys.readouterr().err


def test_one_part_engine_or_detector_that_fails_loses_none_of_the_others(monkeypatch, capsys, tmp_path):
    def load(model, engine):
        if engine == "keras":
            raise ModelError("Keras does not run it.")
        return fake.classifier

    def found(detector):
        if detector.name == "haar":
            raise WorkerError("No faces here.")
        return {}

    def unreadable(_):
        yield spread.Figure.of("recording.first", "", "s", [0.7])
        raise MediaError("The recording cannot be read.")

    def load_one(name):
        if name == "mtcnn":
            raise DependencyError("It is not installed.")
        return load_detector(name)

    fake = fake_pipeline([])
    monkeypatch.setattr(EmotionPipeline, "load", lambda model=None: fake)
    monkeypatch.setattr(EmotionClassifier, "load", load)
    monkeypatch.setattr("fer_core.detection.load_detector", load_one)
    monkeypatch.setattr(detection, "found", found)
    monkeypatch.setattr(detection, "searches", lambda detector: [])
    line = spread.Figure.of("start.image", "", "s", [0.7])
    monkeypatch.setattr(parts, "PARTS", {name: (name, lambda _: [line]) for name in parts.PARTS})
    monkeypatch.setitem(parts.PARTS, "recording", ("recording", unreadable))
    assert main(["bench", "--json", "-"]) == 0  # nothing that is missing was asked for by its name
    assert "recording is left out: The recording" in capsys.readouterr().err
    assert main(["bench", "--only", "start", "recording", "--json", "-"]) == 3
    assert [line["key"] for line in json.loads(capsys.readouterr().out)["table"]] == ["start.image"]
    assert main(["bench", "--only", "classifier", "--engines", "litert", "keras", "--json", "-"]) == 3
    assert "keras is left out: Keras does not run it." in capsys.readouterr().err
    assert main(["bench", "--only", "--detectors", fake.detector.name, "haar", "mtcnn", "--json", "-"]) == 3
    said = capsys.readouterr()
    assert list(json.loads(said.out)["detection"]) == [fake.detector.name]
    assert "the detector haar is left out: No faces here." in said.err
    assert "the detector mtcnn is left out: It is not installed." in said.err
    assert main(["bench", "--out", str(tmp_path)]) == 0
    assert report.read(report.newest(tmp_path)).settings["left_out"] == ["recording"]


@pytest.mark.skipif(sys.platform == "win32", reason="memory of ended processes is not told there")
def test_why_a_recording_could_not_be_read_is_told(tmp_path):
    with pytest.raises(WorkerError, match=r"Reading the recording fails: .*missing\.mp4"):
        video.video(tmp_path / "missing.mp4")


def test_a_second_file_of_a_day_keeps_the_first_and_is_the_newest(tmp_path):
    made = report.report(measured(), {})
    paths = [report.write(made, tmp_path) for _ in range(11)]
    (tmp_path / "other.json").write_text("{}")
    assert len(set(paths)) == 11 and report.newest(tmp_path) == paths[-1]
    report.write(replace(made, date="2020-01-01"), tmp_path)
    assert report.newest(tmp_path) == paths[-1] and report.newest(tmp_path / "empty") is None


@pytest.mark.parametrize(
    ("value", "met"),
    [(0.79, True), (0.8, True), (0.81, False)],
)
def test_an_aim_is_met_up_to_its_figure(value, met):
    bar = by_name(report.bars(measured(start__image=value)))["first answer to a picture"]
    assert bar.met is met and (bar.aim, bar.measured) == (0.8, value)


def test_what_was_not_measured_is_neither_met_nor_missed():
    assert {bar.met for bar in report.bars(measured())} == {None}


def test_the_worst_batch_judges_the_classifier_and_an_hour_its_memory():
    hour = video.VideoFigures(3600.0, 14400, 14400, 300.0, 12.0, 500.0, 330)
    whole = measured(classifier__litert__1=1.1, classifier__litert__16=1.4, recording__h264__1080p30__memory=300)
    bars = by_name(report.bars(replace(whole, video=hour)))
    assert bars["classifier, against the bare LiteRT call, worst batch"].measured == 1.4
    assert bars["memory of an hour, against a minute"].measured == pytest.approx(1.1)
    short = by_name(report.bars(replace(whole, video=replace(hour, duration_s=60.0))))
    assert short["memory of an hour, against a minute"].measured is None
    too_short = report.report(replace(whole, video=hour), {"length": 40})
    assert by_name(too_short.bars)["memory of an hour, against a minute"].measured is None


def test_figures_beside_other_work_judge_no_aim():
    medians = {"start__image": 7.0, "classifier__litert__1": 1.1}
    idle = report.report(measured(**medians), {})
    busy = report.report(measured(replace(IDLE, load=9.0), **medians), {})
    assert "**not met**" in report.bars_markdown(idle) and "Nothing else ran" in report.conditions(idle)
    assert "**not met**" not in report.bars_markdown(busy) and "Other work ran" in report.conditions(busy)
    assert "| met |" in report.bars_markdown(idle) and "| met |" not in report.bars_markdown(busy)


def test_the_command_writes_it(tmp_path, capsys):
    assert main(["bench", "--only", "--out", str(tmp_path), "--json", "-"]) == 0
    printed, written = json.loads(capsys.readouterr().out), report.read(report.newest(tmp_path))
    assert as_plain(written.figures) == printed and written.settings["only"] == []


def test_a_file_in_the_place_of_the_folder_is_told_before_anything_is_measured(tmp_path, capsys):
    (tmp_path / "file").write_text("")
    assert main(["bench", "--out", str(tmp_path / "file")]) == 3 and "--out" in capsys.readouterr().err
