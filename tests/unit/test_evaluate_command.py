"""`python -m fer_core evaluate` on FER2013 and on data that people bring."""

import json
import zipfile
from pathlib import Path

import cv2
import numpy as np
import pytest

from fer_core.classification import EmotionClassifier, load_card
from fer_core.classification.engines import NetworkOutput
from fer_core.classification.imported import Head, Imported, Preprocessing
from fer_core.cli import main
from fer_core.detection import load_detector
from fer_core.emotions import EMOTIONS
from fer_core.errors import ModelError
from fer_core.evaluation import evaluate_models, read_labelled
from fer_core.imaging.crops import cut_face
from fer_core.jobs import Monitor, Progress
from fer_core.testing import fake_card
from tests.conftest import PORTRAIT
from tests.predictions import brightness_classifier

MODEL = "custom_cnn"


def png(image: np.ndarray) -> bytes:
    return cv2.imencode(".png", image)[1].tobytes()


def run(capsys, data: Path, *options: str) -> tuple[int, dict, str]:
    arguments = ["evaluate", "--data", str(data), "--model", MODEL, "--json", "-", *map(str, options)]
    status = main(arguments)
    captured = capsys.readouterr()
    return status, json.loads(captured.out) if captured.out else {}, captured.err


@pytest.fixture
def own(tmp_path) -> Path:
    """Twelve pictures of any size in two places, a broken one, and one whose folder says nothing."""
    rng = np.random.default_rng(0)
    path = tmp_path / "own.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for place in ("indoors", "outdoors"):
            for i, folder in enumerate(("happy", "Sadness", "anger") * 2):
                image = rng.integers(0, 256, (50 + i, 60, 3), dtype=np.uint8)
                archive.writestr(f"{place}/{folder}/{i}.png", png(image))
        archive.writestr("indoors/happy/broken.png", b"not a picture")
        archive.writestr("contempt/face.png", png(np.zeros((48, 48), np.uint8)))
    return path


def test_own_data_need_no_split(capsys, own):
    status, result, err = run(capsys, own, "--by-folder")
    assert status == 0 and (result["split"], result["n"]) == ("all", 12)
    assert [entry["file"] for entry in result["skipped"]] == ["contempt/face.png", "indoors/happy/broken.png"]
    assert "skipped indoors/happy/broken.png: The picture is not a picture" in err
    figures = result["models"][MODEL]
    assert figures["accuracy_deduplicated"] is None and figures["ferplus"] is None
    assert np.sum(figures["confusion"]) == 12 and figures["per_class"]["angry"]["support"] == 4
    assert set(figures["slices"]["attributes"]["folder"]["slices"]) == {"indoors", "outdoors"}
    assert figures["multiply_adds"] > 10**6 and figures["file_bytes"]["model.tflite"] > 10**6
    assert set(figures["curves"]) == {"roc", "precision_recall", "reliability", "coverage_accuracy"}
    assert result["comparisons"] == []
    assert f"{MODEL}: " in err and "right (95 % interval" in err


def test_slices_by_a_table(capsys, own, tmp_path):
    table = tmp_path / "table.csv"
    with zipfile.ZipFile(own) as archive:
        names = [name for name in archive.namelist() if name[-5].isdigit()]
    rows = [f"{name},{'dim' if int(name[-5]) % 2 else 'bright'}" for name in names if "5" not in name]
    rows += ["gone.png,dim", *(f"\u202e{number}.png,dim" for number in range(3))]
    table.write_text("file,light\n" + "\n".join(rows), encoding="utf-8")
    status, result, err = run(capsys, own, "--slices", table, "--by-folder")
    assert f"{MODEL}, light: fewer than two groups are large enough to compare. Faces without a value: 2." in err
    lost = "gone.png, \ufffd0.png, \ufffd1.png"
    assert f"note: rows of {table} that tell of none of these faces: 4, such as {lost}\n" in err
    attributes = result["models"][MODEL]["slices"]["attributes"]
    assert status == 0 and list(attributes) == ["light", "folder"]
    assert {value: entry["n"] for value, entry in attributes["light"]["slices"].items()} == {"bright": 6, "dim": 4}


def test_robustness_is_measured_where_it_is_asked_for(capsys, tmp_path):
    rng = np.random.default_rng(0)
    for folder in ("happy", "sad"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "1.png").write_bytes(png(rng.integers(0, 256, (48, 48), dtype=np.uint8)))
    _, result, _ = run(capsys, tmp_path, "--robustness")
    kinds = result["models"][MODEL]["robustness"]["kinds"]
    assert len(kinds) == 8 and all(len(kind["accuracy"]) == 6 for kind in kinds.values())
    assert kinds["blur"]["accuracy"][0] == kinds["noise"]["accuracy"][0]


def test_faces_are_found_in_whole_photographs(capsys, tmp_path):
    folder = tmp_path / "photos" / "happy"
    folder.mkdir(parents=True)
    portrait = cv2.imread(str(PORTRAIT))
    (folder / "portrait.png").write_bytes(png(portrait))
    (folder / "nobody.png").write_bytes(png(np.full((200, 200, 3), 90, np.uint8)))
    status, result, err = run(capsys, tmp_path / "photos", "--detect")
    assert status == 0 and result["n"] == 1 and result["models"][MODEL]["accuracy"] == 1
    assert "skipped happy/nobody.png: No face was found" in err


def test_whole_photographs_that_are_taken_for_faces_are_noted(capsys, tmp_path):
    folder = tmp_path / "photos" / "happy"
    folder.mkdir(parents=True)
    portrait = cv2.imread(str(PORTRAIT))
    for number in range(2):
        (folder / f"{number}.png").write_bytes(png(portrait))
    (folder / "nobody.png").write_bytes(png(np.full((200, 200, 3), 90, np.uint8)))
    status, _, err = run(capsys, tmp_path / "photos")
    assert status == 0 and err.startswith("3 faces\n") and "add --detect" in err.splitlines()[-1]
    assert "add --detect" not in run(capsys, tmp_path / "photos", "--detect")[2]
    [found] = load_detector().detect(portrait)
    for number in range(2):
        (folder / f"{number}.png").write_bytes(png(cut_face(portrait, found.box)))
    assert "add --detect" not in run(capsys, tmp_path / "photos")[2]


def test_no_detector_is_needed_for_that_note_alone(capsys, monkeypatch, own):
    def missing(*_):
        raise ModelError("models/faces/card.json is missing; restore it from the release.")

    monkeypatch.setattr("fer_core.detection.load_detector", missing)  # as in a folder with a model of others alone
    status, result, err = run(capsys, own, "--by-folder")
    assert status == 0 and result["n"] == 12 and "add --detect" not in err


@pytest.fixture
def layout(tmp_path) -> Path:
    """FER2013's layout, as small as it gets."""
    rng = np.random.default_rng(0)
    for split, prefix in (("train", "Training"), ("test", "PrivateTest")):
        for i, emotion in enumerate(EMOTIONS):
            path = tmp_path / "fer" / split / emotion / f"{prefix}_{i}.png"
            path.parent.mkdir(parents=True)
            path.write_bytes(png(rng.integers(0, 256, (48, 48), dtype=np.uint8)))
    return tmp_path / "fer"


def test_the_layout_of_fer2013_is_known(capsys, layout):
    assert run(capsys, layout)[1]["split"] == "PrivateTest"
    result = run(capsys, layout, "--split", "all")[1]
    assert (result["split"], result["n"]) == ("all", 14)


def test_other_names_in_train_and_test_folders_are_the_test_split(capsys, tmp_path):
    for split in ("train", "test"):
        path = tmp_path / split / "happy" / "face.png"
        path.parent.mkdir(parents=True)
        path.write_bytes(png(np.full((48, 48), 99, np.uint8)))
    (tmp_path / "test" / "happy" / "other.png").write_bytes(png(np.full((48, 48), 7, np.uint8)))
    result = run(capsys, tmp_path)[1]
    figures = result["models"][MODEL]
    assert (result["split"], result["n"], figures["n_deduplicated"]) == ("test", 2, 1)
    assert figures["accuracy_deduplicated"] is not None


class RedEngine:
    """Happy where a face is red, sad where it is not; keeps the shapes of what it sees."""

    def __init__(self) -> None:
        self.seen: list[tuple[int, ...]] = []

    def __call__(self, faces: np.ndarray) -> NetworkOutput:
        self.seen.append(faces.shape[1:])
        logits = np.zeros((len(faces), 7), np.float32)
        logits[:, EMOTIONS.index("happy")] = (faces[..., -1] - faces[..., 0]).mean(axis=(1, 2))
        logits[:, EMOTIONS.index("sad")] = -logits[:, EMOTIONS.index("happy")]
        return NetworkOutput(logits, np.zeros((len(faces), 8), np.float32), np.zeros((len(faces), 1, 1, 7), np.float32))


class ColourClassifier(EmotionClassifier):
    takes_colour = True


def red_and_blue(folder: Path, name: str) -> Path:
    for emotion, colour in (("happy", (0, 0, 98)), ("sad", (255, 0, 0))):  # of one brightness
        path = folder / "test" / emotion / f"{name}.png"
        path.parent.mkdir(parents=True)
        path.write_bytes(png(np.full((96, 96, 3), colour, np.uint8)))
    return folder


@pytest.mark.parametrize("place", [("", ()), ("test", ("--split", "test")), ("", ("--split", "test"))])
def test_data_in_train_and_test_folders_are_read_in_colour(place, capsys, monkeypatch, tmp_path):
    engine, (below, options) = RedEngine(), place
    monkeypatch.setattr(
        EmotionClassifier, "load", lambda *_: ColourClassifier(engine, fake_card(name=MODEL, side_px=96))
    )
    result = run(capsys, red_and_blue(tmp_path / "own", "a") / below, *options)[1]
    assert (result["split"], result["n"], result["models"][MODEL]["accuracy"]) == ("test", 2, 1)
    assert result["models"][MODEL]["accuracy_deduplicated"] is None and set(engine.seen) == {(96, 96, 3)}
    grey = run(capsys, red_and_blue(tmp_path / "fer", "PrivateTest_1"))[1]
    assert (grey["split"], grey["models"][MODEL]["accuracy"]) == ("PrivateTest", 0)  # grey


def test_damaged_pictures_of_a_split_are_named_and_skipped(capsys, layout):
    (layout / "test" / "happy" / "PrivateTest_99.png").write_bytes(b"not a picture")
    (layout / "test" / "sad").rename(layout / "test" / "sadness")
    status, result, err = run(capsys, layout)
    assert (status, result["n"]) == (0, 7) and "skipped test/happy/PrivateTest_99.png: It is not a picture" in err
    assert result["models"][MODEL]["per_class"]["sad"]["support"] == 1
    assert [entry["file"] for entry in result["skipped"]] == ["test/happy/PrivateTest_99.png"]


@pytest.mark.parametrize("option", ["--detect", "--by-folder"])
def test_options_for_own_data_say_so(option, capsys, layout):
    status, result, err = run(capsys, layout, option)
    assert (status, result) == (3, {}) and "--split all" in err and err.count("\n") == 1


def test_a_split_of_data_without_any_is_said_to_be_none(capsys, own):
    status, result, err = run(capsys, own, "--split", "train")
    assert (status, result) == (3, {}) and "no train and test folders; leave out --split" in err
    assert err.count("\n") == 1 and "it has" not in err


@pytest.mark.parametrize(
    ("files", "words"),
    [
        ({}, "no pictures in folders named after the emotions"),
        ({"a/1.png": png(np.zeros((9, 9), np.uint8))}, "no pictures in folders named after the emotions"),
        ({"happy/1.png": b"x"}, "None of the 1 pictures"),
    ],
)
def test_data_that_are_of_no_use(files, words, capsys, tmp_path):
    for name, data in files.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    status, result, err = run(capsys, tmp_path)
    assert (status, result) == (3, {}) and words in err and err.count("\n") == 1


def test_another_projects_network_is_left_out_of_all_with_keras(capsys, monkeypatch, own):
    theirs = Imported(
        file="model.onnx",
        source="elsewhere",
        preprocessing=Preprocessing(channels=3),
        emotion=Head(gives="logits", classes=EMOTIONS),
    )
    cards = [fake_card(name="ours"), fake_card(name="theirs", imported=theirs)]
    monkeypatch.setattr("fer_core.classification.list_cards", lambda: cards)
    monkeypatch.setattr(EmotionClassifier, "load", lambda *_: brightness_classifier())
    monkeypatch.setattr("fer_core.evaluation.evaluating.costs", lambda *_: {})
    assert main(["evaluate", "--data", str(own), "--engine", "keras", "--json", "-"]) == 0
    captured = capsys.readouterr()
    assert list(json.loads(captured.out)["models"]) == ["ours"] and "theirs is left out: Keras" in captured.err


def test_without_a_place_for_the_result_the_usage_is_wrong(own):
    with pytest.raises(SystemExit) as stopped:
        main(["evaluate", "--data", str(own)])
    assert stopped.value.code == 2


def test_several_models_are_compared(tmp_path):
    for i in range(30):
        for name, value in (("happy", 200), ("sad", 50)):
            path = tmp_path / name / f"{i}.png"
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(png(np.full((48, 48), value + i, np.uint8)))
    faces = read_labelled(tmp_path)
    models = {"good": brightness_classifier(), "bad": brightness_classifier(sign=-1)}
    told: list[Progress] = []
    result = evaluate_models(models, faces, {"folder": ["x"] * 60}, monitor=Monitor(told.append, every_s=0)).result
    assert result["models"]["good"]["accuracy"] == 1 and result["models"]["bad"]["accuracy"] == 0
    [comparison] = result["comparisons"]
    assert (comparison["first"], comparison["second"], comparison["only_first"]) == ("good", "bad", 60)
    assert comparison["established"] and "good is 100.0 points above bad" in comparison["sentence"]
    assert result["models"]["good"]["slices"]["attributes"]["folder"]["gap"] is None
    assert [progress.words for progress in told] == ["good", "bad", "good measured", "bad measured"]
    assert [progress.share for progress in told] == sorted(progress.share for progress in told)
    assert told[-1].share == 1.0
    json.dumps(result, allow_nan=False)


@pytest.mark.slow  # reads 3,589 faces; that records hold what models say, and cards what follows, is in test_records
def test_a_card_says_what_evaluate_computes_again(fer2013, capsys):
    _, result, _ = run(capsys, fer2013)
    figures, claimed = result["models"][MODEL], load_card(MODEL).metrics["PrivateTest"].model_dump()
    assert result["n"] == claimed["n"] == 3589
    for name in ("accuracy", "accuracy_deduplicated", "macro_f1", "balanced_accuracy", "ece", "nll", "brier"):
        assert figures[name] == pytest.approx(claimed[name], abs=5e-4), name
    assert figures["ferplus"]["accuracy"] == pytest.approx(claimed["ferplus"]["accuracy"], abs=5e-4)
    assert figures["accuracy_ci95"] == pytest.approx(claimed["accuracy_ci95"], abs=5e-4)
    for emotion in EMOTIONS:
        assert figures["per_class"][emotion] == pytest.approx(claimed["per_class"][emotion], abs=5e-4)
    assert figures["rater_agreement"]["in_top_two"] > figures["rater_agreement"]["same_for_all"]["in_top_two"]
