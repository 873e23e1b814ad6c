"""`bench --growth`: costs over what they grow with, as table and as drawing."""

import xml.etree.ElementTree as ElementTree
from pathlib import Path

import numpy as np
import pytest

from fer_core.diagnostics.benchmarks import growth, pictures, report, spread, table, video
from fer_core.diagnostics.benchmarks.bench_figures import BenchFigures
from fer_core.diagnostics.benchmarks.growth_chart import growth_svg
from fer_core.readings import Box
from fer_core.testing import fake_pipeline

FACES = growth.Curve(
    "faces",
    "a picture",
    "faces",
    (1, 2, 4),
    tuple(
        spread.Figure.of(f"growth.faces.{n}", f"{n} faces", "ms", [10 * n + 4, 10 * n + 5, 10 * n + 6])
        for n in (1, 2, 4)
    ),
    1,
    "face",
)


@pytest.fixture
def pipeline():
    return fake_pipeline([Box(9, 9, 60, 60)])


def test_what_a_further_one_costs_is_the_slope():
    assert FACES.slope == pytest.approx(10) and FACES.unit == "ms"
    assert "| a picture | faces | 1: 15 ms; 2: 25 ms; 4: 45 ms | 10 ms a face |" in table.growth_markdown([FACES])
    assert list(table.growth_lines([FACES])) == ["a picture: 10 ms a face", "  1: 15 ms, 2: 25 ms, 4: 45 ms"]


def test_a_flat_line_costs_nothing_further():
    places = (10.0, 30.0, 60.0, 120.0)
    flat = tuple(spread.Figure.of(f"growth.memory.{place:g}", f"{place:g} s", "MiB", [765.0]) for place in places)
    assert growth.Curve("memory", "memory", "seconds", places, flat, 60, "minute").slope == 0


def test_every_kind_of_growth_is_measured(pipeline, monkeypatch):
    monkeypatch.setattr(growth, "SIDES_PX", (64, 128))
    monkeypatch.setattr(growth, "FACES", (1, 2))
    monkeypatch.setattr(growth, "made", lambda folder, seconds, size: Path(str(seconds)))
    monkeypatch.setattr(
        growth,
        "video",
        lambda path, model: video.VideoFigures(int(path.name), 1, 1, int(path.name) / 20, 20.0, 1.0, 300),
    )
    curves = {curve.key: curve for curve in growth.growth(pipeline)}
    assert list(curves) == ["faces", "pixels", "length", "memory", "visitors"]
    assert curves["pixels"].places == pytest.approx((0.0041, 0.0164), rel=0.01)
    assert curves["length"].slope == pytest.approx(3) and curves["memory"].slope == pytest.approx(0)
    assert [figure.n for figure in curves["visitors"].figures] == [6, 12, 24, 48]


def test_visitors_read_at_the_same_time(pipeline, monkeypatch):
    """Each picture waits for another thread's, so that nothing ends where they take turns."""
    import threading

    together = threading.Barrier(3, timeout=30)
    monkeypatch.setattr(pipeline, "analyze_image", lambda picture: together.wait())
    assert len(growth.waiting_ms(pipeline, 3, np.zeros((8, 8, 3), np.uint8))) == 3 * growth.PICTURES_EACH


def test_the_drawing_is_the_same_each_time_and_lies_beside_the_file(tmp_path):
    drawn = growth_svg([FACES, FACES])
    assert drawn == growth_svg([FACES, FACES]) and drawn.count("a picture") >= 2
    assert ElementTree.fromstring(drawn).tag.endswith("svg")
    measured = BenchFigures(pictures.machine(), "fake", None, None, None, None, growth=(FACES,))
    path = report.write(report.report(measured, {}), tmp_path)
    assert path.with_suffix(".svg").read_text(encoding="utf-8") == growth_svg([FACES])
    assert list(report.read(path).figures.growth) == [FACES]
