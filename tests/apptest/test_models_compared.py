"""The Models page with as many models as a release has: four networks and their ensemble, with real engines."""

import subprocess
from datetime import date

import pytest
import streamlit as st

from fer_core.classification import EmotionClassifier
from fer_core.errors import ModelError
from fer_core.reports.evaluation_pdf import evaluation_report
from fer_core.ui.models import files, own_data, records
from fer_core.ui.shared import loaders, page_memory, routing
from tests.apptest.test_models_page import (
    FILES,
    OVERVIEW,
    OWN,
    PICTURE,
    SIDE,
    VIEWS,
    by_label,
    charts,
    labelled_zip,
    models_page,
    text,
)
from tests.published import ENSEMBLE, NAMES, published_models

TITLES = ["ResNet50V2", "VGG16", "Ensemble of 4 networks", "Custom CNN", "Hybrid"]


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    folder = tmp_path_factory.mktemp("models")
    return folder, published_models(folder)


@pytest.fixture
def models(installed, monkeypatch):
    """The page over these models; loads them as it always does, from another folder."""
    folder, cards = installed
    load = EmotionClassifier.load
    monkeypatch.setattr(EmotionClassifier, "load", lambda name, **more: load(name, models_dir=folder, **more))
    monkeypatch.setattr(records, "MODELS_DIR", folder)
    monkeypatch.setattr(own_data, "PATIENCE_S", 60)
    monkeypatch.setattr(loaders, "cards", lambda: list(cards.values()))
    monkeypatch.setattr(routing, "PagesManager", object)  # see test_models_page
    monkeypatch.setattr(loaders, "load_card", cards.__getitem__)
    return cards


def test_an_ensemble_shares_the_networks_of_its_members(models):
    ensemble = loaders.classifier(ENSEMBLE)
    for name, shared in zip(models[ENSEMBLE].members, ensemble.engine.members, strict=True):
        assert loaders.classifier(name).calibrated is shared


def test_a_second_look_reads_and_times_nothing_again(models, monkeypatch):
    models_page(OVERVIEW)
    monkeypatch.setattr(EmotionClassifier, "load", lambda *_, **__: pytest.fail("a network was loaded"))
    monkeypatch.setattr(records, "latency_ms", lambda *_: pytest.fail("a network was timed"))
    for reader in ("read_predictions", "read_evaluation"):
        monkeypatch.setattr(records, reader, lambda *_: pytest.fail("records were read"))
    monkeypatch.setattr(records, "compare_models", lambda *_: pytest.fail("models were compared"))
    page = models_page(OVERVIEW)
    assert charts(page) == 1 and not page.exception


def test_five_models_are_ranked_and_one_is_advised(models):
    page = models_page(OVERVIEW)
    table = page.dataframe[0].value
    assert {name.removesuffix(" ★") for name in table["Model"]} == set(TITLES)
    assert table["Accuracy"].is_monotonic_decreasing and (table["ms/face"] > 0).all()
    assert table["Model"][0].startswith("ResNet50V2") and table["#"].tolist() == [1, 2, 3, 4, 5]
    sizes = table.set_index("Model")["Size"]
    assert sizes["Ensemble of 4 networks"] == sum(sizes.drop("Ensemble of 4 networks"))
    assert page.success[0].value.startswith("**Take ResNet50V2.**") and "more than luck" in page.success[0].value
    assert "on PublicTest" in page.success[0].value, "PrivateTest is for measuring, not for choosing"
    assert not page.info and not page.error


@pytest.mark.parametrize("view", VIEWS)
def test_every_view_stands_all_five(models, view):
    page = models_page(SIDE, models=TITLES, chart=view)
    words = text(page)
    assert not page.error
    assert charts(page) == {"Is it real?": 0, "Confusion": 5, "By emotion": 1, "Robustness": 1}.get(view, 2)
    if view == "Is it real?":
        [summary] = [*page.warning, *page.success]
        assert "10 differences are more than luck" in summary.value
        assert summary.value.count(" and ") == words.count("it can be luck")  # those that are not told apart
        assert len(page.dataframe[0].value) == 10 and words.count(" points above ") == 10
        assert len(page.expander) == 1  # those that are not about the best


def test_all_five_read_a_picture(models):
    page = models_page(PICTURE)
    words = text(page).replace("\\", "")
    assert "All 5 models read happy." in words and "Ensemble of 4 networks: the mean of the maps" in words
    assert charts(page) == 2 and words.count("of ten people") == 5
    assert len([image for image in page.get("image") if "Class activation map" in image.proto.imgs[0].alt]) == 5


def test_a_model_that_cannot_be_loaded_is_named_and_the_others_read_on(models, monkeypatch):
    def changed(card, folder):
        raise ModelError(f'"{card.name}" was measured with another "vgg16"; make it again.')

    monkeypatch.setattr("fer_core.classification.classifier.check_members", changed)
    st.cache_resource.clear()  # an ensemble that is loaded stays what it was
    page = models_page(PICTURE)
    assert "Ensemble of 4 networks" in page.error[0].value and len(page.error) == 1
    assert "All 4 models read happy." in text(page).replace("\\", "") and charts(page) == 2


def test_all_five_are_measured_on_own_faces_and_reported(models):
    page = models_page(OWN)
    faces = {"happy/1.png": 200, "happy/2.png": 60, "sad/3.png": 50, "sad/4.png": 90}
    by_label(page.file_uploader, "Zip of labelled pictures").upload("mine.zip", labelled_zip(faces), "application/zip")
    page.run()
    by_label(page.button, "Measure").click().run()
    assert not page.exception and not page.error
    assert set(page.dataframe[0].value["Model"]) == set(TITLES)
    work, _ = page.session_state[page_memory.KEY]["Models"]["own evaluation"]
    found = work.result
    assert set(found.result["models"]) == set(NAMES) and len(found.result["comparisons"]) == 10
    assert evaluation_report(found, models, date(2026, 1, 2)).startswith(b"%PDF-")


@pytest.mark.parametrize("title", TITLES)
def test_each_can_be_taken_away_and_made_again(models, title):
    page = models_page(FILES, model=title)
    labels = {button.label for button in page.get("download_button")}
    commands = "\n".join(code.value for code in page.code)
    assert {"card.json", "evaluation.json", "predictions.npz"} <= labels and "models verify" in commands
    if title.startswith("Ensemble"):
        assert "ensemble custom_cnn resnet50v2 vgg16 hybrid" in commands and "model.keras" not in labels
    else:
        assert {"model.keras", "model.tflite", "history.csv"} <= labels and "--format onnx" in commands


def test_onnx_is_made_in_a_process_of_its_own(models):
    pytest.importorskip("tf2onnx", reason="tf2onnx is not installed; see requirements-optional.txt")
    page = models_page(FILES, model="Custom CNN")
    by_label(page.button, "Make model.onnx").click().run(timeout=180)
    assert not page.error
    assert "model.onnx" in {button.label for button in page.download_button}


def test_a_conversion_that_fails_says_why(models, monkeypatch):
    monkeypatch.setattr(files, "can_be_made", lambda: True)
    failed = subprocess.CompletedProcess([], 3, "", "noise\nerror: The exported model drifts from Keras.\n")
    monkeypatch.setattr(subprocess, "run", lambda *_, **__: failed)
    page = models_page(FILES, model="Hybrid")
    by_label(page.button, "Make model.onnx").click().run()
    assert "drifts from Keras" in page.error[0].value


def test_without_the_converter_the_way_to_it_is_said(models, monkeypatch):
    monkeypatch.setattr(files, "can_be_made", lambda: False)
    assert ".[onnx]" in text(models_page(FILES, model="Hybrid"))
