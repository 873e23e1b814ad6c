import json
import shutil
from typing import get_type_hints

import pytest

from fer_core.classification.cards import check_members, default_model, list_cards, load_card, verified_file
from fer_core.classification.metrics import CardFigures
from fer_core.emotions import EMOTIONS
from fer_core.errors import ModelError
from fer_core.evaluation.figures import SplitFigures
from fer_core.networks.files import MODELS_DIR, FileRecord, verify_all
from fer_core.request import DEFAULT_MODEL
from fer_core.testing import fake_card


def install(folder, name, accuracy=0.5, **changes):
    home = folder / name
    home.mkdir()
    (home / "model.tflite").write_bytes(b"weights of " + name.encode())
    record = FileRecord.of(home / "model.tflite")
    card = fake_card(
        name=name,
        files={"model.tflite": record},
        metrics={"PublicTest": {"accuracy_deduplicated": accuracy}},
        **changes,
    )
    (home / "card.json").write_text(card.model_dump_json())
    return card


def test_a_card_survives_writing_and_reading(tmp_path):
    card = install(tmp_path, "one")
    assert load_card("one", tmp_path) == card


def test_the_file_of_the_card_is_trusted(tmp_path):
    card = install(tmp_path, "one")
    assert verified_file(card, "model.tflite", tmp_path).read_bytes() == b"weights of one"


def test_a_changed_file_is_refused(tmp_path):
    card = install(tmp_path, "one")
    (tmp_path / "one" / "model.tflite").write_bytes(b"other weights.")
    with pytest.raises(ModelError, match="SHA-256 differs"):
        verified_file(card, "model.tflite", tmp_path)


def test_a_missing_file_is_refused(tmp_path):
    card = install(tmp_path, "one")
    (tmp_path / "one" / "model.tflite").unlink()
    with pytest.raises(ModelError, match="is missing"):
        verified_file(card, "model.tflite", tmp_path)


def test_a_file_that_the_card_does_not_list_is_refused(tmp_path):
    with pytest.raises(ModelError, match=r"has no model\.onnx"):
        verified_file(install(tmp_path, "one"), "model.onnx", tmp_path)


@pytest.mark.parametrize(
    "damage",
    [
        lambda text: text[:-20],  # cut off
        lambda text: text.replace('"temperature":1.0', '"temperature":0'),  # no such temperature
        lambda text: text.replace('"licence"', '"license"'),  # a key that is none
        lambda text: "[]",  # another shape
    ],
)
def test_a_damaged_card_is_refused(tmp_path, damage):
    install(tmp_path, "one")
    path = tmp_path / "one" / "card.json"
    path.write_text(damage(path.read_text()))
    with pytest.raises(ModelError, match="not a valid model card"):
        load_card("one", tmp_path)


def test_another_class_order_is_refused(tmp_path):
    install(tmp_path, "one", classes=EMOTIONS[::-1])
    with pytest.raises(ModelError, match="other classes"):
        load_card("one", tmp_path)


def test_verifying_names_every_file_and_what_is_wrong_with_it(tmp_path):
    for name in ("changed", "good", "nonsense"):
        install(tmp_path, name)
    (tmp_path / "changed" / "model.tflite").write_bytes(b"x")
    (tmp_path / "nonsense" / "card.json").write_text("[]")
    found = {name: error is None for name, error in verify_all(tmp_path)}
    assert found == {"changed/model.tflite": False, "good/model.tflite": True, "nonsense/card.json": False}


def test_an_unknown_model_names_those_installed(tmp_path):
    install(tmp_path, "one")
    with pytest.raises(ModelError, match="installed are: one"):
        load_card("two", tmp_path)


def test_other_kinds_of_model_are_passed_over(tmp_path):
    install(tmp_path, "one")
    (tmp_path / "check").mkdir()
    (tmp_path / "check" / "card.json").write_text(json.dumps({"kind": "face_check"}))
    assert [card.name for card in list_cards(tmp_path)] == ["one"]


def test_the_default_model_is_the_one_that_is_named_whatever_lies_about(tmp_path):
    install(tmp_path, "better", 0.99)
    with pytest.raises(ModelError, match=r"custom_cnn.*not installed.*better"):
        default_model(tmp_path)
    install(tmp_path, DEFAULT_MODEL, 0.1)
    assert default_model(tmp_path) == DEFAULT_MODEL


def test_without_models_the_way_out_is_said(tmp_path):
    with pytest.raises(ModelError, match="restore the folder"):
        default_model(tmp_path)


@pytest.mark.parametrize("card", list_cards(), ids=lambda card: card.name)
def test_installed_models_are_what_their_cards_say(card):
    for file, record in card.files.items():
        assert verified_file(card, file).stat().st_size == record.bytes
    assert card.metrics["PrivateTest"].n == 3589
    check_members(card)


@pytest.mark.parametrize("card", list_cards(), ids=lambda card: card.name)
def test_a_card_that_is_read_and_written_is_the_same_file(card):
    written = card.model_dump_json(indent=2) + "\n"
    assert written.encode() == (MODELS_DIR / card.name / "card.json").read_bytes()


def test_a_card_of_another_version_keeps_its_keys_and_their_order(tmp_path):
    install(tmp_path, "one")
    path = tmp_path / "one" / "card.json"
    old = json.loads(path.read_text())
    old["recipe"] = {"note": "of an older program", "minutes": 3, "settings": {"lr": [0.1], "start": "", "model": "a"}}
    old["metrics"] = {"PublicTest": {"later figure": {"x": None}, "accuracy": 0.5}, "mine": {"n": 1}}
    path.write_text(json.dumps(old))
    card = load_card("one", tmp_path)
    assert (card.recipe.minutes, card.recipe.settings.model, card.recipe.before) == (3, "a", None)
    assert (card.metrics["PublicTest"].accuracy, card.metrics["mine"].accuracy) == (0.5, None)
    written = json.loads(card.model_dump_json())
    for part in ("recipe", "metrics"):
        assert json.dumps(written[part]) == json.dumps(old[part])


@pytest.mark.parametrize(
    "part",
    [
        {"metrics": {"PublicTest": {"accuracy": "high"}}},
        {"metrics": {"PublicTest": {"accuracy_ci95": [0.1]}}},
        {"recipe": {"settings": {"teachers": 3}}},
        {"recipe": {"before": []}},
    ],
)
def test_a_card_with_figures_or_a_recipe_of_another_shape_is_refused(tmp_path, part):
    install(tmp_path, "one")
    path = tmp_path / "one" / "card.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **part}))
    with pytest.raises(ModelError, match="not a valid model card"):
        load_card("one", tmp_path)


def test_a_card_has_a_field_for_each_figure_that_is_measured():
    assert set(CardFigures.model_fields) == {"n", *get_type_hints(SplitFigures)}


def test_the_models_are_small_enough_to_be_kept_with_the_code():
    sizes = [path.stat().st_size for path in MODELS_DIR.rglob("*") if path.is_file()]
    assert sum(sizes) < 200 * 2**20 and max(sizes) < 60 * 2**20


def test_a_folder_with_the_card_of_another_model_is_refused(tmp_path):
    install(tmp_path, "one")
    (tmp_path / "one").rename(tmp_path / "two")
    with pytest.raises(ModelError, match='the card of "one"'):
        load_card("two", tmp_path)


def test_what_is_being_made_is_not_listed(tmp_path):
    install(tmp_path, "one")
    shutil.copytree(tmp_path / "one", tmp_path / ".one.new")
    assert [card.name for card in list_cards(tmp_path)] == ["one"]
    names = [name for name, _ in verify_all(tmp_path)]
    assert names and all(name.startswith("one/") for name in names)
