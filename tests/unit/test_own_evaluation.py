"""An evaluation on somebody's own faces, and the forms in which it is taken away."""

import io
import json
import re
from datetime import date

import cv2
import numpy as np
import pandas as pd
import pypdf
import pytest

from fer_core.evaluation import read_labelled
from fer_core.evaluation.own_faces import evaluate_own
from fer_core.reports.evaluation_pdf import evaluation_report
from fer_core.reports.evaluations import as_csv, as_json, errors_table, skipped_table
from fer_core.testing import fake_card
from tests.predictions import brightness_classifier


def png(level: int) -> bytes:
    return cv2.imencode(".png", np.full((48, 48), level, np.uint8))[1].tobytes()


@pytest.fixture(scope="module")
def evaluation(tmp_path_factory):
    """Six faces, of which the first model gets one wrong and the second one right, and two bad files."""
    folder = tmp_path_factory.mktemp("own")
    faces = {"a/happy/1.png": 200, "a/happy/2.png": 220, "b/happy/3.png": 60, "b/sad/4.png": 50, "b/sad/Ünï.png": 40}
    faces |= {"a/sad/5.png": 30}
    for name, level in faces.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(png(level))
    (folder / "a/sad/broken.png").write_bytes(b"nothing")
    (folder / "elsewhere.png").write_bytes(png(1))
    labelled = read_labelled(folder)
    models = {"good": brightness_classifier(), "bad": brightness_classifier(sign=-1)}
    slices = {"folder": list(labelled.folders)}
    return evaluate_own("my faces", labelled, models, slices)


CARDS = {name: fake_card(name=name, title=f"The {name} one") for name in ("good", "bad")}


def test_the_result_is_that_of_the_evaluate_command(evaluation):
    assert evaluation.result["models"]["good"]["accuracy"] == pytest.approx(5 / 6)
    assert evaluation.result["models"]["bad"]["accuracy"] == pytest.approx(1 / 6)
    assert json.loads(as_json(evaluation)) == json.loads(json.dumps(evaluation.result))
    assert "Ünï" not in as_json(evaluation)  # it says nothing of single faces that were read


def test_the_table_has_every_face_and_model(evaluation):
    table = pd.read_csv(io.BytesIO(as_csv(evaluation)))
    assert len(table) == 6 and {"file", "label", "good_read_as", "good_happy", "bad_right"} <= set(table.columns)
    row = table.set_index("file").loc["b/happy/3.png"]
    assert (row["label"], row["good_read_as"], row["bad_read_as"]) == ("happy", "sad", "happy")
    assert not row["good_right"] and row["bad_right"]
    probabilities = [column for column in table.columns if column.startswith("good_") and table[column].dtype == float]
    assert len(probabilities) == 8 and table["good_confidence"].between(0, 1).all()


def test_errors_are_named_by_file_the_surest_first(evaluation):
    [only] = errors_table(evaluation, "good").to_dict("records")
    assert only["File"] == "b/happy/3.png" and only["Label"] == "happy" and only["Read as"] == "sad"
    assert only["Confidence"] > 0.9 and only["Label's"] < 0.1
    confidence = errors_table(evaluation, "bad")["Confidence"].tolist()
    assert len(confidence) == 5 and confidence == sorted(confidence, reverse=True)


def test_files_left_out_are_named_with_the_reason(evaluation):
    table = skipped_table(evaluation).set_index("File")["Reason"]
    assert set(table.index) == {"a/sad/broken.png", "elsewhere.png"} and "emotions" in table["elsewhere.png"]


@pytest.fixture(scope="module")
def report(evaluation) -> bytes:
    return evaluation_report(evaluation, CARDS, date(2026, 5, 4))


def test_the_pdf_says_what_was_measured(evaluation, report):
    text = text_of(report)
    for words in ("Evaluation report", "my faces", "4 May 2026", "83.3%", "16.7%", "b/happy/3.png", "elsewhere.png"):
        assert words in text, words
    assert "is 66.7 points above" in text and "not what a person feels" in text and "By folder" in text
    assert "The good one" in text
    for figures in evaluation.result["models"].values():
        assert f"{figures['ece']:.3f} ({figures['ece_if_calibrated']:.3f})" in text and figures["ece_if_calibrated"] > 0


def test_what_is_not_among_the_labels_is_not_found_badly(report):
    text = text_of(report)
    assert "disgust 0 – – – –" in text and re.search(r"happy 3 1\.000 0\.667 0\.800", text)
    described = [words for words in alternative_texts(report) if words.startswith("Confusion matrix of")]
    assert described and all("happy found" in words and "disgust" not in words for words in described)


def test_the_precision_of_what_is_never_read_is_not_known(tmp_path):
    for name, level in {"happy/1.png": 200, "sad/2.png": 210}.items():
        (tmp_path / name).parent.mkdir()
        (tmp_path / name).write_bytes(png(level))  # both are read as happy
    found = evaluate_own("one", read_labelled(tmp_path), {"good": brightness_classifier()})
    assert "sad 1 – 0.000 0.000" in text_of(evaluation_report(found, CARDS, date(2026, 5, 4)))


def test_a_single_model_without_errors_has_a_report_too(tmp_path):
    (tmp_path / "happy").mkdir()
    (tmp_path / "happy" / "1.png").write_bytes(png(200))
    found = evaluate_own("one", read_labelled(tmp_path), {"good": brightness_classifier()})
    text = text_of(evaluation_report(found, CARDS, date(2026, 5, 4)))
    assert "100.0%" in text and "Errors" not in text and "Files left out" not in text and "difference real" not in text


def test_the_pdf_has_groups_and_robustness_with_how_they_were_judged(tmp_path):
    names = [f"{group}/{emotion}/{n}.png" for group in "ab" for emotion in ("happy", "sad") for n in range(6)]
    for name in names:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(png(200 if "happy" in name else 50))
    faces = read_labelled(tmp_path)
    groups = {"folder": list(faces.folders), "age": ["", *["old"] * (len(faces) - 1)]}
    found = evaluate_own("mine", faces, {"good": brightness_classifier()}, groups, with_robustness=True)
    text = text_of(evaluation_report(found, CARDS, date(2026, 5, 4)))
    flat = " ".join(text.split())
    assert "are read right equally often: no difference is seen" in flat
    assert "age: fewer than two groups are large enough to compare. Faces without a value: 1." in flat
    assert "random divisions of the same faces" in flat and "are in the JSON" in flat
    robust = found.result["models"]["good"]["robustness"]
    assert "Made worse" in flat and all(kind in flat for kind in robust["kinds"])
    assert robust["protocol"][:40] in flat


def text_of(data: bytes) -> str:
    return " ".join(" ".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(data)).pages).split())


def alternative_texts(data: bytes) -> list[str]:
    """The texts that stand for the pictures of a PDF file."""
    objects = pypdf.PdfReader(io.BytesIO(data))
    found = (objects.get_object(number) for number in objects.xref[0])
    return [str(each["/Alt"]) for each in found if isinstance(each, dict) and "/Alt" in each]
