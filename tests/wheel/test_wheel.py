"""What a person has after `pip install .`: the command line and the Python API, from any folder."""

import json
import re
import shutil
from pathlib import Path

import pytest

from tests.conftest import PORTRAIT, ROOT

HEAVY = {"tensorflow", "keras", "torch", "jax", "streamlit", "streamlit-webrtc", "plotly", "mtcnn", "onnx", "kagglehub"}
SAMPLE = ROOT / "assets" / "sample.mp4"


@pytest.fixture
def picture(tmp_path) -> Path:
    """A picture far away from the project."""
    return Path(shutil.copy(ROOT / "assets" / "astronaut.jpg", tmp_path / "picture.jpg"))


def test_it_brings_neither_what_trains_nor_what_shows(installed, run):
    done = run(installed.python, "-m", "pip", "list", "--format=json")
    names = {package["name"].lower() for package in json.loads(done.stdout)}
    assert "face-value" in names and not names & HEAVY


def test_the_wheel_is_small_enough_for_a_package_index(installed):
    assert installed.wheel.stat().st_size < 100e6


def test_an_image_is_read_with_the_default_model(installed, run, picture):
    done = run(installed.face_value, "image", picture)
    assert done.returncode == 0, done.stderr
    assert "1 face" in done.stdout and "happy" in done.stdout


def test_the_module_answers_as_the_command_does(installed, run, picture):
    done = [
        run(*program, "image", picture, "--json", "-")
        for program in ([installed.face_value], [installed.python, "-m", "fer_core"])
    ]
    assert [one.returncode for one in done] == [0, 0], done[0].stderr + done[1].stderr
    assert json.loads(done[0].stdout) == json.loads(done[1].stdout)


def test_help_names_the_program_that_was_called(installed, run):
    assert run(installed.face_value, "--help").stdout.startswith("usage: face-value ")
    assert run(installed.python, "-m", "fer_core", "image", "-h").stdout.startswith("usage: python -m fer_core image ")


def test_a_recording_is_read(installed, run, tmp_path):
    done = run(installed.face_value, "video", SAMPLE, "--out", tmp_path / "out", "--fps", "1", "--annotate")
    assert done.returncode == 0, done.stderr
    assert {"timeline.csv", "timeline_columns.csv", "summary.json", "report.pdf", "annotated.mp4"} <= {
        path.name for path in (tmp_path / "out").iterdir()
    }


def test_the_python_api_reads_a_picture(installed, run, picture):
    code = f"""
from fer_core import EmotionPipeline
from fer_core.media.images import read_image
from pathlib import Path
[reading] = EmotionPipeline.load().analyze_image(read_image(Path({str(picture)!r})))
print(reading.label)
"""
    done = run(installed.python, "-c", code)
    assert done.stdout.strip() == "happy", done.stderr


def test_everything_but_what_needs_an_extra_can_be_imported(installed, run):
    code = """
import importlib, pkgutil, fer_core
parts = ("ui", "batch.keeping", "charts", "library", "service", "training", "__main__")
outputs = ("lsl", "osc", "websocket")
others = (*(f"fer_core.{part}" for part in parts), *(f"fer_core.live.outputs.{output}" for output in outputs))
for module in pkgutil.walk_packages(fer_core.__path__, "fer_core.", onerror=lambda name: None):
    if not module.name.startswith(others):
        importlib.import_module(module.name)
        print(module.name)
"""
    done = run(installed.python, "-c", code)
    assert done.returncode == 0, done.stderr
    assert {"fer_core.cli", "fer_core.evaluation.metrics", "fer_core.live.stream"} <= set(done.stdout.split())


def test_types_are_known_to_type_checkers(installed):
    assert (installed.data.parent / "py.typed").is_file()


def test_files_that_only_training_needs_are_not_damaged_but_not_installed(installed, run):
    done = run(installed.face_value, "models", "verify")
    assert done.returncode == 0 and done.stderr == ""
    states = dict(line.split("\t") for line in done.stdout.splitlines())
    assert {state for name, state in states.items() if name.endswith(".keras")} == {"not installed"}
    assert {state for name, state in states.items() if not name.endswith(".keras")} == {"ok"}


@pytest.mark.parametrize("damage", ["changed", "gone"])
def test_a_damaged_network_is_still_found(installed, run, damage):
    network = installed.data / "models" / "custom_cnn" / "model.tflite"
    sound = network.read_bytes()
    try:
        network.unlink()
        if damage == "changed":
            network.write_bytes(sound[:-1] + b"?")
        done = run(installed.face_value, "models", "verify")
    finally:
        network.write_bytes(sound)
    assert done.returncode == 3 and "custom_cnn" in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_the_self_test_passes(installed, run):
    done = run(installed.face_value, "self-test")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "not installed" in done.stdout


@pytest.mark.parametrize(
    ("words", "way_out"),
    [
        (["image", PORTRAIT, "--engine", "keras"], "not part of an installed package"),
        (["image", PORTRAIT, "--detector", "mtcnn"], "pip install '.[mtcnn]'"),
        (["train", "--model", "custom_cnn", "--data", PORTRAIT], "pip install '.[train]'"),
        (["export", "--model", "custom_cnn", "--format", "onnx"], "pip install"),
        (["dashboard"], "[dashboard]"),
    ],
    ids=["keras engine", "mtcnn", "train", "export", "dashboard"],
)
def test_what_is_not_installed_is_one_line_with_the_way_out(installed, run, words, way_out):
    done = run(installed.face_value, *words)
    assert done.returncode == 3, done.stderr
    assert re.match("error: ", done.stderr) and way_out in done.stderr and len(done.stderr.splitlines()) == 1


def test_the_dashboard_opens_with_its_extra(installed, run, tmp_path):
    """The last test: it puts more packages into the environment."""
    installed.install(f"{installed.wheel}[dashboard]")
    code = f"""
import os
import sys
os.environ["FACE_VALUE_LIBRARY"] = {str(tmp_path / "library")!r}
from streamlit.testing.v1 import AppTest
from fer_core.resources import resource
page = AppTest.from_file(str(resource("Home.py")), default_timeout=120).run()
for name in ("0_Start", "1_Image", "2_Live", "3_Video", "4_Study", "5_Models"):
    page.switch_page(f"pages/{{name}}.py").run()
    assert not page.exception, (name, page.exception)
    assert not page.error, (name, [error.value for error in page.error])
assert not {{"tensorflow", "keras"}} & set(sys.modules)
"""
    done = run(installed.python, "-c", code)
    assert done.returncode == 0, done.stderr
    assert run(installed.face_value, "dashboard", "--help").returncode == 0
