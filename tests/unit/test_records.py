"""What is kept of a measured model: complete, small, without pictures, and refused where it is damaged."""

import io
import json
import zipfile
from dataclasses import replace

import numpy as np
import pytest

from fer_core.classification import EmotionClassifier, list_cards, load_card
from fer_core.emotions import EMOTIONS, RATER_CLASSES
from fer_core.errors import DatasetError, ModelError
from fer_core.evaluation import (
    compare_models,
    describe_data,
    measure,
    predict,
    read_evaluation,
    read_predictions,
    records,
    write_records,
)
from fer_core.evaluation.copies import fingerprint, image_ids
from fer_core.evaluation.datasets import FaceSet
from fer_core.evaluation.records import EVALUATION_FILE, PREDICTIONS_FILE, record, write_predictions
from fer_core.networks.files import MODELS_DIR, FileRecord, verify_all
from fer_core.testing import fake_card
from tests.predictions import HAPPY, SAD, BrightnessEngine, brightness_classifier, guesses


def face_set(n: int = 20) -> FaceSet:
    """Bright happy and dark sad faces in three splits; the first one of each test split is a copy."""
    rng = np.random.default_rng(0)
    splits = np.repeat(["train", "PublicTest", "PrivateTest"], n)
    labels = np.tile([HAPPY, SAD], 3 * n // 2)
    bright = np.where(labels == HAPPY, 170, 60).astype(np.uint8)[:, None, None]
    images = bright + rng.integers(0, 40, (3 * n, 48, 48), dtype=np.uint8)
    images[[n, 2 * n]] = images[0]
    labels[-1] = HAPPY  # one that the classifier gets wrong
    votes = np.zeros((3 * n, 10), np.float32)
    votes[: 2 * n + 5, RATER_CLASSES.index("happiness")] = 8
    return FaceSet(images, labels, np.array([f"{i}.png" for i in range(3 * n)]), splits, votes)


FACES = face_set()


@pytest.fixture
def models(tmp_path, monkeypatch):
    """A models folder with one model that can be loaded."""
    home = tmp_path / "bright"
    home.mkdir()
    (home / "model.bin").write_bytes(b"weights")
    card = fake_card(name="bright", files={"model.bin": FileRecord.of(home / "model.bin")}, metrics={"old": {"n": 1}})
    (home / "card.json").write_text(card.model_dump_json())

    def load(model, engine="litert", models_dir=tmp_path):
        return EmotionClassifier(BrightnessEngine(), load_card(model, models_dir))

    monkeypatch.setattr(records.EmotionClassifier, "load", load)
    return tmp_path


def test_a_recorded_model_gives_everything_back(models):
    lines = []
    card = record("bright", FACES, models, lines.append)
    assert load_card("bright", models) == card and [error for _, error in verify_all(models) if error] == []
    assert set(card.files) == {"model.bin", EVALUATION_FILE, PREDICTIONS_FILE}
    kept = read_evaluation(card, models)
    assert kept.model == "bright" and list(kept.splits) == ["PublicTest", "PrivateTest"]
    private = kept.splits["PrivateTest"]
    assert private.n == 20 and private.figures["accuracy"] == 0.95
    assert private.figures["accuracy_deduplicated"] == pytest.approx(18 / 19)
    assert private.figures["ferplus"]["n"] == 5 and private.figures["rater_agreement"]["n"] == 5
    assert set(private.curves) == {"roc", "precision_recall", "reliability", "coverage_accuracy"}
    assert kept.robustness["split"] == "PrivateTest" and kept.robustness["kinds"]["blur"]["accuracy"][0] == 0.95
    assert kept.cost == {"parameters": 1, "multiply_adds": None, "file_bytes": {"model.bin": 7}}
    assert kept.data.sha256 == fingerprint(FACES) and kept.data.classes["train"]["happy"] == 10
    assert kept.versions["numpy"] == np.__version__ and kept.measured.endswith("+00:00")
    assert card.metrics["PrivateTest"].model_dump(mode="json") == {"n": 20, **private.figures}
    assert card.metrics["old"].model_dump() == {"n": 1}
    assert any("PrivateTest: accuracy 0.9500, without copies 0.9474" in line for line in lines)


def test_predictions_come_back_as_they_were(models):
    card = record("bright", FACES, models)
    kept = read_predictions(card, models)["PrivateTest"]
    part = FACES.split("PrivateTest")
    fresh = predict(brightness_classifier(), part.images, part.labels, None, part.votes)
    assert np.array_equal(kept.probabilities, fresh.probabilities)
    assert np.array_equal(kept.ids, image_ids(part.images)) and np.array_equal(kept.votes, part.votes)
    assert np.array_equal(kept.labels, part.labels) and kept.copies.tolist() == [True] + [False] * 19
    assert np.array_equal(kept.predicted, fresh.predicted)
    [comparison] = compare_models({"kept": kept, "fresh": fresh})
    assert comparison.n == 20 and comparison.p_value == 1


def test_recording_twice_gives_the_same(models):
    first = record("bright", FACES, models)
    second = record("bright", FACES, models)
    assert first.metrics == second.metrics
    assert first.files[PREDICTIONS_FILE] == second.files[PREDICTIONS_FILE]
    assert read_evaluation(second, models).cost["file_bytes"] == {"model.bin": 7}


def test_no_picture_is_kept(models):
    record("bright", FACES, models)
    for file in (EVALUATION_FILE, PREDICTIONS_FILE):
        path = models / "bright" / file
        kept = [path.read_bytes()]
        if file == PREDICTIONS_FILE:
            with zipfile.ZipFile(path) as archive:
                kept = [archive.read(name) for name in archive.namelist()]
        assert not any(image[:2].tobytes() in data for image in FACES.images for data in kept)


def test_records_of_a_real_size_are_small(tmp_path):
    both = {"PublicTest": guesses(3589, 0.7, 0), "PrivateTest": guesses(3589, 0.7, 1)}
    write_predictions(tmp_path / PREDICTIONS_FILE, both)
    assert (tmp_path / PREDICTIONS_FILE).stat().st_size < 700_000


def test_data_without_votes_replace_no_record(models):
    before = (models / "bright" / "card.json").read_bytes()
    with pytest.raises(DatasetError, match=r"ferplus\.csv"):
        record("bright", replace(FACES, votes=np.zeros_like(FACES.votes)), models)
    assert (models / "bright" / "card.json").read_bytes() == before


def test_votes_of_a_few_pictures_are_not_taken_for_those_of_all(models):
    few = FACES.votes.copy()
    few[10:] = 0
    few[np.flatnonzero(FACES.splits == "PrivateTest")[:2]] = FACES.votes[0]
    with pytest.raises(DatasetError, match="test faces, 2 have votes"):
        record("bright", replace(FACES, votes=few), models)


def test_data_without_the_splits_is_refused(tmp_path):
    with pytest.raises(DatasetError, match="PrivateTest"):
        write_records(tmp_path, brightness_classifier(), FACES[FACES.splits != "PrivateTest"])
    assert list(tmp_path.iterdir()) == []


def test_what_is_in_the_data():
    data = describe_data(FACES)
    assert data.copies["PrivateTest also in train"] == 1
    assert sum(data.classes["PublicTest"].values()) == 20
    table = np.array(data.labels_and_raters["train"])
    assert table.shape == (7, 8) and table[HAPPY, RATER_CLASSES.index("happiness")] == 10 and table.sum() == 20


def test_the_fingerprint_is_of_the_content_alone():
    rows = np.random.default_rng(1).permutation(len(FACES))
    assert fingerprint(FACES[rows]) == fingerprint(FACES)
    labels = FACES.labels.copy()
    labels[3] = SAD if labels[3] == HAPPY else HAPPY
    assert fingerprint(replace(FACES, labels=labels)) != fingerprint(FACES)
    images = FACES.images.copy()
    images[3, 0, 0] ^= 1
    assert fingerprint(replace(FACES, images=images)) != fingerprint(FACES)


def test_a_model_without_records_says_so(models):
    card = load_card("bright", models)
    with pytest.raises(ModelError, match=r"has no evaluation\.json"):
        read_evaluation(card, models)
    with pytest.raises(ModelError, match=r"has no predictions\.npz"):
        read_predictions(card, models)


@pytest.mark.parametrize("file", [EVALUATION_FILE, PREDICTIONS_FILE])
def test_a_changed_or_missing_record_is_refused(file, models):
    card = record("bright", FACES, models)
    read = read_evaluation if file == EVALUATION_FILE else read_predictions
    path = models / "bright" / file
    path.write_bytes(path.read_bytes() + b" ")
    with pytest.raises(ModelError, match="SHA-256 differs"):
        read(card, models)
    path.unlink()
    with pytest.raises(ModelError, match="is missing"):
        read(card, models)


def listed(models, file):
    """The card, once it lists the file as it is now."""
    card = load_card("bright", models)
    return card.model_copy(update={"files": {**card.files, file: FileRecord.of(models / "bright" / file)}})


@pytest.mark.parametrize(
    "damage",
    [
        lambda text: text[:-200],
        lambda text: "[]",
        lambda text: text.replace('"splits"', '"parts"'),
        lambda text: json.dumps({**json.loads(text), "extra": 1}),
        lambda text: text.replace('"n":20', '"n":0'),
    ],
)
def test_an_evaluation_that_is_none_is_refused(damage, models):
    record("bright", FACES, models)
    path = models / "bright" / EVALUATION_FILE
    path.write_text(damage(path.read_text()))
    with pytest.raises(ModelError, match="not a valid evaluation; measure the model again"):
        read_evaluation(listed(models, EVALUATION_FILE), models)


def changed(path, **arrays):
    with np.load(path) as kept:
        values = {**kept, **arrays}
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **{name: value for name, value in values.items() if value is not None})
    return buffer.getvalue()


@pytest.mark.parametrize(
    "damage",
    [
        lambda path: b"no archive",
        lambda path: path.read_bytes()[:-300],
        lambda path: path.read_bytes()[:500] + bytes(200) + path.read_bytes()[700:],
        lambda path: changed(path, PrivateTest_labels=None),
        lambda path: changed(path, PrivateTest_labels=np.zeros(19, np.uint8)),
        lambda path: changed(path, PrivateTest_labels=np.full(20, len(EMOTIONS), np.uint8)),
        lambda path: changed(path, PublicTest_probabilities=np.zeros((20, 7), np.float16)),
        lambda path: changed(path, PublicTest_probabilities=np.full((20, 7), np.nan, np.float16)),
        lambda path: changed(path, PublicTest_raters=np.full((20, 7), 1 / 7, np.float16)),
        lambda path: changed(path, PublicTest_ids=np.array([{"an": "object"}] * 20, dtype=object)),
    ],
)
def test_predictions_that_are_none_are_refused(damage, models):
    record("bright", FACES, models)
    path = models / "bright" / PREDICTIONS_FILE
    path.write_bytes(damage(path))
    with pytest.raises(ModelError, match="not a valid table of predictions; measure the model again"):
        read_predictions(listed(models, PREDICTIONS_FILE), models)


@pytest.mark.parametrize("card", [c for c in list_cards() if EVALUATION_FILE in c.files], ids=lambda card: card.name)
def test_records_of_installed_models_agree_with_their_cards(card):
    kept, predictions = read_evaluation(card), read_predictions(card)
    assert kept.model == card.name and kept.cost["parameters"] == card.parameters
    for split, said in predictions.items():
        figures = kept.splits[split].figures
        assert {"n": len(said), **figures} == card.metrics[split].model_dump(mode="json")
        again = measure(said)
        assert again["confusion"] == figures["confusion"]
        for name in ("accuracy", "accuracy_deduplicated", "macro_f1", "ece", "nll", "brier"):
            assert again[name] == pytest.approx(figures[name], abs=5e-4), name
        assert again["rater_agreement"]["kl"] == pytest.approx(figures["rater_agreement"]["kl"], abs=5e-4)
        assert sum(sum(row) for row in figures["confusion"]) == sum(kept.data.classes[split].values())
    assert sum((MODELS_DIR / card.name / file).stat().st_size for file in (EVALUATION_FILE, PREDICTIONS_FILE)) < 10**6


@pytest.mark.parametrize("card", [c for c in list_cards() if EVALUATION_FILE in c.files], ids=lambda card: card.name)
def test_a_record_that_is_read_and_written_is_the_same_file(card):
    written = json.dumps(read_evaluation(card).model_dump(), separators=(",", ":")) + "\n"
    assert written.encode() == (MODELS_DIR / card.name / EVALUATION_FILE).read_bytes()


def test_a_record_with_a_figure_that_is_not_known_is_refused(models):
    record("bright", FACES, models)
    path = models / "bright" / EVALUATION_FILE
    content = json.loads(path.read_text())
    content["splits"]["PublicTest"]["figures"]["luck"] = 0.5
    path.write_text(json.dumps(content))
    with pytest.raises(ModelError, match="not a valid evaluation; measure the model again"):
        read_evaluation(listed(models, EVALUATION_FILE), models)
