"""The package as a wheel lays it out: its data files within it, without those that only training needs."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import PORTRAIT, ROOT

MODELS = ("custom_cnn", "face_check", "faces")


@pytest.fixture(scope="module")
def place(tmp_path_factory) -> Path:
    """A folder with the package in it, as `site-packages` has it."""
    place = tmp_path_factory.mktemp("site")
    shutil.copytree(ROOT / "fer_core", place / "fer_core", ignore=shutil.ignore_patterns("__pycache__"))
    data = place / "fer_core" / "_data"
    for name in MODELS:
        shutil.copytree(ROOT / "models" / name, data / "models" / name, ignore=shutil.ignore_patterns("*.keras"))
    for name in ("haarcascades", "assets"):
        shutil.copytree(ROOT / name, data / name)
    return place


@pytest.fixture
def run(place, tmp_path):
    """Runs the command line of the copy from an empty folder."""

    def one(*words: str, **environment: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-P", "-m", "fer_core", *words]
        environment = {**os.environ, "PYTHONPATH": str(place), "FER_MODELS_DIR": "", **environment}
        return subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=120)

    return one


def test_files_that_a_wheel_leaves_out_are_not_damaged(run):
    done = run("models", "verify")
    assert done.returncode == 0 and done.stderr == ""
    states = dict(line.split("\t") for line in done.stdout.splitlines())
    assert {name for name, state in states.items() if state == "not installed"} == {
        "custom_cnn/model.keras",
        "face_check/face_check.keras",
    }
    assert states["custom_cnn/model.tflite"] == "ok"


def test_a_network_that_is_lost_is_an_error(run, place):
    network = place / "fer_core" / "_data" / "models" / "custom_cnn" / "model.tflite"
    aside = network.rename(network.with_suffix(".aside"))
    try:
        done = run("models", "verify")
    finally:
        aside.rename(network)
    assert done.returncode == 3 and "model.tflite is missing" in done.stderr


def test_in_another_folder_of_models_every_file_counts(run, place):
    elsewhere = place / "models"
    shutil.copytree(place / "fer_core" / "_data" / "models", elsewhere)
    done = run("models", "verify", FER_MODELS_DIR=str(elsewhere))
    assert done.returncode == 3 and "model.keras is missing" in done.stderr


def test_the_keras_engine_says_where_its_file_is(run):
    done = run("image", str(PORTRAIT), "--engine", "keras")
    assert done.returncode == 3 and "not part of an installed package" in done.stderr
