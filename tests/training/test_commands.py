"""What `train` and `distil` make of options and files of settings, before the first step."""

import json
from dataclasses import replace

import numpy as np
import pytest

from fer_core.cli import main
from fer_core.evaluation import datasets
from fer_core.testing import fake_card
from fer_core.training import fitting
from tests.training.faces import TRAIN, VALIDATION, whole

RECIPE = {"model": "hybrid", "teachers": ["custom_cnn"], "start": "custom_cnn", "epochs": 3}


@pytest.fixture
def asked(monkeypatch, tmp_path):
    """Run a command on made faces; gives the settings that the training was asked for."""
    faces, seen = whole(TRAIN, VALIDATION), []
    monkeypatch.setattr(fitting, "fit", lambda settings, *_, **__: seen.append(settings))
    members = fake_card(name="ensemble", members={"custom_cnn": "0" * 64, "vgg16": "0" * 64})
    monkeypatch.setattr("fer_core.classification.cards.load_card", lambda name: members)
    (tmp_path / "recipe.json").write_text(json.dumps(RECIPE))

    def run(*options, faces=faces):
        monkeypatch.setattr(datasets, "load_faces", lambda _: faces)
        status = main([*(str(option) for option in options), "--data", "faces.zip"])
        return seen[-1] if status == 0 else status

    return run


def test_without_more_the_ensemble_teaches_a_resnet50v2(asked):
    settings = asked("distil", "--teacher-share", 0.8)
    assert (settings.model, settings.teachers, settings.teacher_share) == (
        "resnet50v2",
        ("custom_cnn", "vgg16"),
        0.8,
    )


def test_a_file_of_settings_names_model_and_teachers(asked, tmp_path):
    for command in ("distil", "train"):
        settings = asked(command, "--settings", tmp_path / "recipe.json")
        assert (settings.model, settings.teachers, settings.epochs) == ("hybrid", ("custom_cnn",), 3)


def test_options_win_over_the_file(asked, tmp_path):
    settings = asked("distil", "--settings", tmp_path / "recipe.json", "--model", "vgg16", "--teacher", "hybrid")
    assert (settings.model, settings.teachers, settings.start) == ("vgg16", ("hybrid",), "custom_cnn")


def test_faces_without_votes_are_not_learnt_from_unnoticed(asked, capsys):
    bare = whole(replace(TRAIN, votes=np.zeros_like(TRAIN.votes)), VALIDATION)
    assert asked("train", faces=bare) == 3
    assert "ferplus.csv" in capsys.readouterr().err
    assert asked("train", "--rater-weight", 0, faces=bare).rater_weight == 0


def test_data_that_cannot_be_published_are_refused_before_hours_of_training(asked, capsys):
    nameless = whole(TRAIN, replace(VALIDATION, splits=np.full(len(VALIDATION), "test")))
    assert asked("train", faces=nameless) == 3
    assert 'no split "PublicTest"' in capsys.readouterr().err


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"epochs": "20"}, "A setting cannot be used: epochs must be a whole number"),
        ({"epoch": 20}, '"epoch"; there are: model, epochs'),
        ({"augmentation": {"rotate": 10}}, '"rotate"; there are: rotation_deg, scale'),
    ],
)
def test_what_is_wrong_in_a_file_of_settings_is_named(settings, words, asked, tmp_path, capsys):
    (tmp_path / "wrong.json").write_text(json.dumps(settings))
    assert asked("train", "--settings", tmp_path / "wrong.json") == 3
    assert words in capsys.readouterr().err


def test_an_architecture_that_there_is_not_is_refused_with_those_that_there_are(asked, capsys):
    assert asked("train", "--model", "nothing") == 3
    said = capsys.readouterr().err
    assert 'no architecture "nothing"' in said and "custom_cnn" in said
