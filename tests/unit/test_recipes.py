"""The commands that make a model again are ones that the command line understands."""

import json
import shlex

import pytest

from fer_core.cli import parser
from fer_core.evaluation.recipes import (
    FETCH_FACE,
    RECIPES,
    Earlier,
    earlier,
    export_command,
    recipe_of,
    record_command,
    requirements,
    settings_json,
    steps,
    verify_command,
)
from fer_core.testing import fake_card
from fer_core.training.settings import Settings


def trained(before=None, **settings):
    earlier_run = {} if before is None else {"before": before}
    return fake_card(name="custom_cnn", recipe={"settings": {"model": "custom_cnn", **settings}, **earlier_run})


def parsed(command: str):
    words = shlex.split(command)
    assert words[:3] == [".venv/bin/python", "-m", "fer_core"]
    return parser().parse_args(words[3:])


def write(folder, name, **recipe):
    (folder / name).write_text(json.dumps(recipe))


def test_every_command_is_understood():
    card = trained(epochs=24, minutes=3.5, learning_rate=0.05)
    for command in (
        *(step.command for step in steps(card)),
        record_command("a"),
        export_command("a", "onnx"),
        verify_command(),
    ):
        parsed(command)
    [train, publish, measure] = [parsed(step.command) for step in steps(card)]
    assert (train.model, train.epochs, train.minutes) == ("custom_cnn", None, None)  # they are in the settings file
    assert str(publish.run_dir) == "runs/custom_cnn" and measure.model == "custom_cnn"


def test_the_recipe_that_says_most_and_nothing_else_is_found(tmp_path):
    write(tmp_path, "custom_cnn.json", dropout=0.4)
    write(tmp_path, "more.json", model="custom_cnn", dropout=0.4, augmentation={"erase": 0.2}, epochs=99)
    write(tmp_path, "other.json", model="custom_cnn", dropout=0.4, augmentation={"erase": 0.2}, mixup=0.2)
    write(tmp_path, "vgg16.json", dropout=0.4)
    card = trained(dropout=0.4, augmentation={"erase": 0.2, "light": 0.1}, mixup=0.0, epochs=24)
    assert recipe_of(card, tmp_path).name == "more.json"
    assert recipe_of(trained(dropout=0.1), tmp_path) is None


def test_a_budget_that_the_recipe_lacks_is_in_the_command():
    recipe = json.loads((RECIPES / "custom_cnn.json").read_text())
    settings = {"start": "", "teachers": [], **recipe}
    found = parsed(steps(trained(**settings, epochs=200, minutes=96))[0].command)
    assert str(found.settings) == "docs/recipes/custom_cnn.json" and (found.epochs, found.minutes) == (200, 96.0)


def test_settings_without_a_recipe_come_from_the_card():
    card = trained(learning_rate=0.123)
    assert parsed(steps(card)[0].command).settings.name == "custom_cnn_settings.json"
    assert Settings(**json.loads(settings_json(card))).learning_rate == 0.123


def test_a_model_that_went_on_from_itself_is_made_in_two_runs():
    first = json.loads((RECIPES / "custom_cnn.json").read_text())
    before = {"settings": {"model": "custom_cnn", "start": "", **first, "epochs": 200, "minutes": 96}}
    card = trained(before, start="custom_cnn", teachers=["custom_cnn"], epochs=24)
    commands = [parsed(step.command) for step in steps(card)]
    assert [str(command.settings) for command in commands[:3:2]] == [
        "docs/recipes/custom_cnn.json",
        "custom_cnn_settings.json",
    ]
    assert commands[0].run_dir == commands[1].run_dir != commands[3].run_dir


def test_a_model_that_went_on_from_the_file_of_its_run_finds_it_there():
    before = {"settings": {"model": "custom_cnn", "start": ""}}
    card = trained(before, start="runs/custom_cnn/model.keras", teachers=["runs/custom_cnn/best.keras"])
    commands = [parsed(step.command) for step in steps(card)]
    assert str(commands[0].run_dir) == "runs/custom_cnn" != str(commands[2].run_dir)
    assert commands[2].run_dir == commands[3].run_dir and requirements(card) == []


def test_files_of_runs_that_no_step_makes_have_to_be_there():
    file, other = "runs/other/model.keras", "runs/hybrid/model.keras"
    assert requirements(trained(start=file, teachers=[other, "vgg16"])) == [other, file, "vgg16"]
    before = {"settings": {"model": "custom_cnn", "start": "", "teachers": [other]}}
    assert requirements(trained(before, start="runs/custom_cnn/model.keras", teachers=[file])) == [other, file]
    assert requirements(trained(before, start="models/custom_cnn/model.keras")) == [other]


def test_a_run_that_began_with_another_model_is_one_run():
    card = trained({"settings": {"model": "hybrid"}}, start="hybrid")
    assert len(steps(card)) == 3


def test_an_ensemble_is_made_of_its_members():
    card = fake_card(name="ensemble", members={"a": "0" * 64, "b": "1" * 64})
    made = parsed(steps(card)[0].command)
    assert made.members == ["a", "b"]


def test_what_a_run_needs_is_named():
    assert requirements(trained(start="custom_cnn", teachers=["vgg16", "custom_cnn"])) == ["custom_cnn", "vgg16"]
    assert requirements(trained(start="", teachers=[])) == []


def test_weights_that_are_no_model_are_fetched_first():
    card = trained(start="face", teachers=["custom_cnn"])
    assert requirements(card) == ["custom_cnn"]
    assert steps(card)[0].command == FETCH_FACE
    later = trained(card.recipe, start=card.name)
    assert [step.command for step in steps(later)].index(FETCH_FACE) == 0


def test_a_model_that_an_earlier_run_makes_need_not_be_there():
    def needed(first_start):
        before = {"settings": {"model": "custom_cnn", "start": first_start, "teachers": ["hybrid"]}}
        return requirements(trained(before, start="custom_cnn", teachers=["custom_cnn", "vgg16"]))

    assert needed("") == ["hybrid", "vgg16"]
    assert needed("custom_cnn") == ["custom_cnn", "hybrid", "vgg16"]  # no run of that start is recorded


def test_what_went_before_a_run_is_summed_up():
    def summed(first):
        second = {"settings": {"model": "custom_cnn"}, "epochs": 24, "minutes": 32.2, "before": first}
        return earlier(trained(second, start="custom_cnn"))

    first = {"settings": {"model": "custom_cnn"}, "epochs": 28, "minutes": 96.2}
    assert earlier(trained(start="custom_cnn")) == Earlier(0, 0)
    assert summed(first) == Earlier(52, pytest.approx(128.4))
    del first["minutes"]
    assert summed(first) == Earlier(52, pytest.approx(32.2))


@pytest.mark.parametrize("recipe", [{}, {"mean_of_calibrated_probabilities": ["a"]}])
def test_a_card_without_settings_can_only_be_measured_again(recipe):
    [only] = steps(fake_card(recipe=recipe))
    assert "evaluate" in only.command
