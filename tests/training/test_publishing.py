"""From a run to an installed model, to an ensemble and to other formats."""

import json
import shutil
from contextlib import contextmanager
from dataclasses import replace

import keras
import numpy as np
import pytest

from fer_core.classification import EmotionClassifier
from fer_core.classification.cards import load_card, verify_models
from fer_core.classification.engines import ENGINES
from fer_core.classification.recipe import Drift, Recipe, RunSettings
from fer_core.cli import main
from fer_core.emotions import EMOTIONS
from fer_core.errors import DatasetError, ExportError, ModelError
from fer_core.evaluation.records import read_predictions, record, write_predictions
from fer_core.networks.files import FileRecord
from fer_core.reports.wording import reading_methods
from fer_core.request import AnalysisRequest
from fer_core.testing import FakeEngine, fake_card
from fer_core.training import publishing
from fer_core.training.export import export_model
from fer_core.training.fitting import fit
from fer_core.training.publishing import check_drift, publish, publish_ensemble, save_compact, select_members
from tests.training.faces import SETTINGS, TRAIN, VALIDATION, made_faces, whole

FACES = whole(TRAIN, VALIDATION, made_faces(70, "PrivateTest", 2))


def quiet(text):
    """Say nothing."""


@contextmanager
def tiny_architecture():
    from fer_core.training.architectures import ARCHITECTURES
    from tests.training.faces import tiny

    ARCHITECTURES["tiny"] = tiny
    yield
    del ARCHITECTURES["tiny"]


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """A finished run."""
    folder = tmp_path_factory.mktemp("run")
    with tiny_architecture():
        fit(replace(SETTINGS, epochs=6), TRAIN, VALIDATION, folder, log=quiet, verbose=0)
    return folder


@pytest.fixture(scope="module")
def models(finished, tmp_path_factory):
    """A folder with one model."""
    folder = tmp_path_factory.mktemp("models")
    publish(finished, FACES, folder, log=quiet)
    return folder


def test_publishing_makes_a_model_that_can_be_loaded(models):
    card = load_card("tiny", models)
    for engine in ("litert", "keras"):
        classifier = EmotionClassifier.load("tiny", engine, models)
        right = classifier.classify(list(VALIDATION.images)).probabilities.argmax(axis=1) == VALIDATION.labels
        assert right.mean() == pytest.approx(card.metrics["PublicTest"].accuracy, abs=0.02)
    assert card.recipe.export_drift.probability <= 0.02
    assert not list(models.glob(".*"))


def test_nothing_is_chosen_by_the_faces_that_measure(finished, models, tmp_path):
    private = FACES.splits == "PrivateTest"
    labels = FACES.labels.copy()
    labels[private] = np.random.default_rng(0).permutation(labels[private])
    told, other = load_card("tiny", models), publish(finished, replace(FACES, labels=labels), tmp_path, log=quiet)
    assert other.metrics["PrivateTest"].accuracy != told.metrics["PrivateTest"].accuracy
    for name in ("temperature", "flip_average", "uncertain_below", "coverage_accuracy"):
        assert getattr(other, name) == getattr(told, name)


def test_eight_bits_are_calibrated_on_training_faces(finished, tmp_path, monkeypatch):
    monkeypatch.setattr(publishing, "MAX_PROBABILITY_DRIFT", 1.0)
    monkeypatch.setattr(publishing, "MAX_ACCURACY_DRIFT", 0.1)
    seen = []
    kept = publishing.calibration_faces
    monkeypatch.setattr(publishing, "calibration_faces", lambda faces: seen.append(set(faces.splits)) or kept(faces))
    card = publish(finished, FACES, tmp_path, "int8", log=quiet)
    assert seen == [{"train"}] and card.recipe.export_drift.probability > 0
    assert card.metrics["PrivateTest"].accuracy > 0.5


def test_what_half_precision_would_spoil_is_not_published(finished, tmp_path, monkeypatch):
    save = publishing.save_compact

    def spoil(model, path):
        first = next(layer for layer in model.layers if layer.weights)
        first.set_weights([np.zeros_like(weight) for weight in first.get_weights()])
        save(model, path)

    monkeypatch.setattr(publishing, "save_compact", spoil)
    with pytest.raises(ExportError, match="half precision"):
        publish(finished, FACES, tmp_path, log=quiet)
    assert not list(tmp_path.iterdir())


def test_without_the_votes_that_a_run_learnt_from_it_is_not_published(finished, tmp_path):
    settings = json.loads((finished / "settings.json").read_text())
    run = tmp_path / "run"
    shutil.copytree(finished, run)
    (run / "settings.json").write_text(json.dumps({**settings, "rater_weight": 1.0}))
    with pytest.raises(DatasetError, match="votes"):
        publish(run, replace(FACES, votes=np.zeros_like(FACES.votes)), tmp_path / "models", log=quiet)


def test_votes_that_a_run_did_not_learn_from_are_neither_named_nor_measured(finished, tmp_path):
    settings = json.loads((finished / "settings.json").read_text())
    votes = np.zeros_like(FACES.votes)
    votes[:, 0] = 10
    said = {}
    for weight in (0.0, 1.0):
        run, home = tmp_path / f"run{weight}", tmp_path / f"models{weight}"
        shutil.copytree(finished, run)
        (run / "settings.json").write_text(json.dumps({**settings, "rater_weight": weight}))
        said[weight] = publish(run, replace(FACES, votes=votes), home, log=quiet)
    assert said[0.0].training_data.endswith("without FER+ votes") and "with FER+ votes for" in said[1.0].training_data
    figures = said[0.0].metrics["PrivateTest"]
    assert figures.ferplus is None and figures.rater_agreement is None
    assert said[1.0].metrics["PrivateTest"].ferplus is not None
    assert read_predictions(said[0.0], tmp_path / "models0.0")["PublicTest"].rater_probabilities.shape[1] == 0


@pytest.mark.parametrize("runs_ago", [0, 1, 2])
def test_the_card_says_where_weights_of_face_recognition_came_from(runs_ago, finished, tmp_path):
    settings = json.loads((finished / "settings.json").read_text())
    run = tmp_path / "run"
    shutil.copytree(finished, run)
    starts = ["face", "tiny", "tiny"][: runs_ago + 1]  # the first run's comes first
    recipe = None
    for start in starts[:-1]:
        recipe = Recipe(settings=RunSettings(model="tiny", start=start), before=recipe)
    if recipe is not None:
        (run / "before.json").write_text(recipe.model_dump_json())
    (run / "settings.json").write_text(json.dumps({**settings, "start": starts[-1]}))
    card = publish(run, FACES, tmp_path / "models", log=quiet)
    assert card.training_data.startswith("FER2013") and "3 million faces" in card.training_data
    assert "FaceScrub" in " ".join(reading_methods(AnalysisRequest(uncertain_below=0.5), card))


@pytest.mark.parametrize("kept", ["run", "model", "lone file"])
def test_a_run_that_went_on_from_a_file_says_what_that_learnt_from(kept, finished, models, tmp_path):
    first = tmp_path / "models" / "tiny" if kept == "model" else tmp_path / "first"
    shutil.copytree(models / "tiny" if kept == "model" else finished, first)
    if kept == "model":
        card = load_card("tiny", tmp_path / "models")
        recipe = card.recipe.model_copy(update={"settings": card.recipe.settings.model_copy(update={"start": "face"})})
        (first / "card.json").write_text(card.model_copy(update={"recipe": recipe}).model_dump_json())
    elif kept == "run":
        settings = json.loads((first / "settings.json").read_text())
        (first / "settings.json").write_text(json.dumps({**settings, "start": "face"}))
    else:
        (first / "history.csv").unlink()
    run, start = tmp_path / "second", str(first / "model.keras")
    with tiny_architecture():
        fit(replace(SETTINGS, epochs=1, start=start), TRAIN, VALIDATION, run, log=quiet, verbose=0)
    said = publish(run, FACES, tmp_path / "published", log=quiet)
    if kept == "lone file":
        assert "not stated what they learnt from" in said.training_data
    else:
        assert "3 million faces" in said.training_data and "not stated" not in said.training_data
        assert said.recipe.before.epochs == 6


def test_an_unfinished_run_is_not_published(tmp_path):
    with pytest.raises(DatasetError, match="no finished run"):
        publish(tmp_path, VALIDATION, tmp_path / "models")
    (tmp_path / "model.keras").touch()  # as in the folder of an installed model
    with pytest.raises(DatasetError, match="not the folder of a run"):
        publish(tmp_path, VALIDATION, tmp_path / "models")


@pytest.mark.parametrize(
    ("exported", "refused"),
    [
        (FakeEngine("happy", 4.0), False),
        (FakeEngine("happy", 3.0), True),  # the same labels, other probabilities
        (FakeEngine("sad", 4.0), True),  # other labels
    ],
)
def test_an_export_that_drifts_is_refused(exported, refused):
    reference = EmotionClassifier(FakeEngine("happy", 4.0), fake_card())
    other = EmotionClassifier(exported, fake_card())
    if refused:
        with pytest.raises(ExportError, match="drifts"):
            check_drift(reference, other, VALIDATION)
    else:
        assert check_drift(reference, other, VALIDATION) == Drift(probability=0.0, accuracy=0.0)


def test_the_kept_keras_file_is_smaller_and_says_the_same(finished, tmp_path):
    model = keras.models.load_model(finished / "model.keras", compile=False)
    faces = VALIDATION.images[..., None].astype(np.float32)
    before = np.array(model(faces)["emotion"])
    save_compact(model, tmp_path / "small.keras")
    model.save(tmp_path / "plain.keras")
    assert (tmp_path / "small.keras").stat().st_size < 0.8 * (tmp_path / "plain.keras").stat().st_size
    after = np.array(keras.models.load_model(tmp_path / "small.keras", compile=False)(faces)["emotion"])
    np.testing.assert_allclose(after, before, atol=0.05)


@pytest.fixture
def two(models, tmp_path):
    """A folder with two models that differ in their temperature alone."""
    for name, temperature in (("one", 0.5), ("two", 2.0)):
        folder = tmp_path / name
        folder.mkdir()
        for file in (models / "tiny").iterdir():
            (folder / file.name).write_bytes(file.read_bytes())
        card = load_card("tiny", models).model_copy(update={"name": name, "temperature": temperature})
        (folder / "card.json").write_text(card.model_dump_json())
    return tmp_path


def test_an_ensemble_is_the_calibrated_mean_of_its_members(two):
    card = publish_ensemble(["one", "two"], FACES, two, log=quiet)
    members = [
        EmotionClassifier.load(name, models_dir=two).classify(list(VALIDATION.images)) for name in ("one", "two")
    ]
    mean = np.mean([member.probabilities for member in members], axis=0)
    sharpened = mean ** (1 / card.temperature)
    ensemble = EmotionClassifier.load("ensemble", models_dir=two).classify(list(VALIDATION.images))
    np.testing.assert_allclose(ensemble.probabilities, sharpened / sharpened.sum(axis=1, keepdims=True), atol=1e-4)
    assert card.parameters == 2 * load_card("one", two).parameters


@pytest.mark.parametrize("untaught", [("one",), ("one", "two")])
def test_of_an_ensemble_nothing_is_measured_of_raters_where_a_member_learnt_nothing_of_them(untaught, two):
    for name in ("one", "two"):
        card = load_card(name, two)
        weight = {"rater_weight": 0.0 if name in untaught else 1.0}
        recipe = card.recipe.model_copy(update={"settings": card.recipe.settings.model_copy(update=weight)})
        (two / name / "card.json").write_text(card.model_copy(update={"recipe": recipe}).model_dump_json())
    votes = np.zeros_like(FACES.votes)
    votes[:, 0] = 10
    publish_ensemble(["one", "two"], replace(FACES, votes=votes), two, log=quiet)
    card = load_card("ensemble", two)
    figures = card.metrics["PrivateTest"]
    assert figures.ferplus is None and figures.rater_agreement is None
    assert read_predictions(card, two)["PublicTest"].rater_probabilities.shape[1] == 0
    record("ensemble", replace(FACES, votes=0 * votes), two)  # asks for no votes


def test_an_ensemble_of_changed_members_is_refused(two):
    publish_ensemble(["one", "two"], FACES, two, log=quiet)
    path = two / "two" / "card.json"
    path.write_text(path.read_text().replace('"temperature":2.0', '"temperature":2.5'))
    with pytest.raises(ModelError, match="measured with another"):
        EmotionClassifier.load("ensemble", models_dir=two)
    assert [name for name, error in verify_models(two) if error] == ["ensemble"]


def test_an_ensemble_outlives_that_a_member_is_measured_again(two):
    publish_ensemble(["one", "two"], FACES, two, log=quiet)
    before = load_card("one", two)
    card = before.model_copy(update={"metrics": {}, "title": "measured again"})
    (two / "one" / "card.json").write_text(card.model_dump_json())
    EmotionClassifier.load("ensemble", models_dir=two)
    assert not [error for _, error in verify_models(two) if error]


def test_who_publishes_a_member_again_is_told_of_the_ensemble(finished, models, tmp_path):
    shutil.copytree(models, tmp_path, dirs_exist_ok=True)
    other = load_card("tiny", tmp_path).model_copy(update={"name": "other", "temperature": 2.0})
    shutil.copytree(tmp_path / "tiny", tmp_path / "other")
    (tmp_path / "other" / "card.json").write_text(other.model_dump_json())
    publish_ensemble(["tiny", "other"], FACES, tmp_path, log=quiet)
    said = []
    publish(finished, FACES, tmp_path, log=said.append)
    assert "make it again" in said[-1] and "ensemble" in said[-1]
    assert f"--models {tmp_path}" in said[-1]


def test_a_run_is_published_with_the_faces_it_learnt_from(finished, tmp_path):
    others = whole(made_faces(448, "train", 8), VALIDATION, made_faces(70, "PrivateTest", 2))
    with pytest.raises(DatasetError, match="other faces"):
        publish(finished, others, tmp_path, log=quiet)


def test_another_projects_network_is_no_member(two):
    head = {"gives": "logits", "classes": EMOTIONS}
    imported = {"file": "model.tflite", "source": "theirs", "preprocessing": {"channels": 1}, "emotion": head}
    path = two / "two" / "card.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "imported": imported}))
    with pytest.raises(DatasetError, match="leave out: two"):
        publish_ensemble(["one", "two"], FACES, two, log=quiet)


def test_a_model_that_adds_nothing_is_not_selected(two, capsys):
    assert main(["ensemble", "--select", "--data", "faces.zip", "--models", str(two)]) == 3
    said = capsys.readouterr()
    assert "with one: log loss" in said.err and "use it alone" in said.err and not (two / "ensemble").exists()


def test_models_that_know_different_faces_are_selected(two):
    for half, name in enumerate(("one", "two")):
        card = load_card(name, two)
        records = read_predictions(card, two)
        probabilities = records["PublicTest"].probabilities.copy()
        probabilities[half::2] = 1 / len(EMOTIONS)  # of every second face it knows nothing
        records["PublicTest"] = replace(records["PublicTest"], probabilities=probabilities)
        write_predictions(two / name / "predictions.npz", records)
        files = {**card.files, "predictions.npz": FileRecord.of(two / name / "predictions.npz")}
        (two / name / "card.json").write_text(card.model_copy(update={"files": files}).model_dump_json())
    said = []
    assert sorted(select_members([], two, said.append)) == ["one", "two"]
    assert len(said) == 2 and all("log loss" in line for line in said)


@pytest.mark.parametrize("names", [["one"], ["one", "one"], ["one", "two", "one"], ["one", "ensemble"]])
def test_no_ensemble_of_one(two, names):
    with pytest.raises(DatasetError, match="at least two"):
        publish_ensemble(names, FACES, two, log=quiet)


@pytest.mark.parametrize(
    ("kind", "quantize", "needs"),
    [("tflite", "none", None), ("tflite", "float16", None), ("saved_model", "none", None), ("onnx", "none", "tf2onnx")],
)
def test_exports_agree_with_keras(models, tmp_path, kind, quantize, needs):
    if needs:
        pytest.importorskip(needs, reason=f"{needs} is not installed; see requirements-optional.txt")
    out = tmp_path / "made" / "model"
    exported = export_model("tiny", kind, quantize, out, VALIDATION, models)
    assert out.exists() and exported.drift.probability < 0.02 and exported.faces == len(VALIDATION)


def test_without_data_the_portrait_is_looked_at(models, tmp_path):
    assert export_model("tiny", "tflite", "none", tmp_path / "a.tflite", None, models).faces == 64


@pytest.mark.parametrize(
    ("options", "error", "words"),
    [
        (("tiny", "onnx", "float16"), ExportError, "without quantisation"),
        (("tiny", "tflite", "int8"), DatasetError, "real faces"),
        (("none", "tflite", "none"), ModelError, "no model"),
    ],
)
def test_exports_that_cannot_be(models, tmp_path, options, error, words):
    with pytest.raises(error, match=words):
        export_model(*options, tmp_path / "out", None, models)
    assert not (tmp_path / "out").exists()


def test_a_drifting_export_leaves_nothing(models, tmp_path, monkeypatch):
    monkeypatch.setitem(ENGINES, "litert", lambda path: FakeEngine("sad", 4.0))
    with pytest.raises(ExportError, match="drifts"):
        export_model("tiny", "tflite", "none", tmp_path / "out.tflite", VALIDATION, models)
    assert not list(tmp_path.iterdir())


def test_a_folder_is_never_overwritten(models, tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("keep")
    with pytest.raises(ExportError, match="there already"):
        export_model("tiny", "saved_model", "none", tmp_path / "mine", None, models)
    assert (tmp_path / "mine" / "thesis.txt").read_text() == "keep"


def test_export_by_command(tmp_path, capsys):
    out = tmp_path / "custom.tflite"
    assert main(["export", "--model", "custom_cnn", "--format", "tflite", "--out", str(out)]) == 0
    assert out.stat().st_size > 1_000_000
    assert "agrees with Keras" in capsys.readouterr().err
    assert FileRecord.of(out).bytes == out.stat().st_size
