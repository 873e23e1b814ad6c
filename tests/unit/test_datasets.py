import csv
import re
import struct
import zipfile
import zlib
from pathlib import Path

import cv2
import numpy as np
import pytest

from fer_core.emotions import EMOTIONS, RATER_CLASSES
from fer_core.errors import DatasetError, DependencyError, with_extra
from fer_core.evaluation import datasets
from fer_core.evaluation.copies import copies_of, duplicates_report, first_of_each
from fer_core.evaluation.datasets import VOTE_COLUMNS, load_faces, located


def face(number: int) -> np.ndarray:
    """A picture of its own for every number."""
    return np.random.default_rng(number).integers(0, 256, (48, 48), dtype=np.uint8)


def png(image: np.ndarray) -> bytes:
    return cv2.imencode(".png", image)[1].tobytes()


FILES = {
    "train/happy/Training_1.png": face(1),
    "train/sad/Training_2.png": face(2),
    "train/sad/Training_3.png": face(1),  # a copy of the first, labelled otherwise
    "test/happy/PublicTest_4.png": face(4),
    "test/neutral/PrivateTest_5.png": face(2),  # a copy of a training picture
    "test/angry/PrivateTest_6.png": face(6),
}


@pytest.fixture
def folder(tmp_path):
    for name, image in FILES.items():
        path = tmp_path / "data" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(png(image))
    return tmp_path / "data"


@pytest.fixture
def archive(tmp_path):
    path = tmp_path / "data.zip"
    with zipfile.ZipFile(path, "w") as file:
        for name, image in FILES.items():
            file.writestr(f"fer2013/{name}", png(image))
        file.writestr("fer2013/readme.txt", "not a picture")
    return path


@pytest.fixture
def original_csv(tmp_path):
    path = tmp_path / "fer2013.csv"
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["emotion", "pixels", "Usage"])
        for name, image in FILES.items():
            _, emotion, file_name = name.split("/")
            writer.writerow([EMOTIONS.index(emotion), " ".join(map(str, image.ravel())), file_name.split("_")[0]])
    return path


@pytest.mark.parametrize("layout", ["folder", "archive", "original_csv"])
def test_all_layouts_give_the_same_faces(layout, request):
    faces = load_faces(request.getfixturevalue(layout))
    found = {
        (split, EMOTIONS[label], image.tobytes())
        for split, label, image in zip(faces.splits.tolist(), faces.labels, faces.images, strict=True)
    }
    splits = {"Training": "train", "PublicTest": "PublicTest", "PrivateTest": "PrivateTest"}
    assert found == {
        (splits[name.split("/")[2].split("_")[0]], name.split("/")[1], image.tobytes()) for name, image in FILES.items()
    }


@pytest.mark.parametrize("layout", ["folder", "archive", "original_csv"])
def test_training_faces_are_not_even_opened_where_they_are_not_wanted(layout, request, monkeypatch):
    everything = load_faces(request.getfixturevalue(layout))
    wanted = everything.split("test")
    opened = []
    decode = cv2.imdecode
    monkeypatch.setattr(cv2, "imdecode", lambda *given: opened.append(1) or decode(*given))
    faces = load_faces(request.getfixturevalue(layout), training=False)
    assert np.array_equal(faces.images, wanted.images) and faces.splits.tolist() == wanted.splits.tolist()
    assert faces.names.tolist() == wanted.names.tolist() and len(opened) == (0 if layout == "original_csv" else 3)


def test_validation_is_a_split_of_its_own_and_what_is_left_out_is_told(tmp_path):
    names = ["train/happy/a.png", "test/happy/b.png", "val/happy/c.png", "test\\sad\\d.png", "test/contempt/e.png"]
    path = tmp_path / "data.zip"
    with zipfile.ZipFile(path, "w") as file:
        for number, name in enumerate([*names, "test/happy/f.heic"]):
            file.writestr(name, b"no picture" if name.endswith("heic") else png(face(number)))
    told: dict[str, str] = {}
    faces = load_faces(path, on_damaged=told.__setitem__)
    found = dict(zip(faces.names.tolist(), faces.splits.tolist(), strict=True))
    assert found == {"a.png": "train", "b.png": "test", "c.png": "validation", "d.png": "test"}
    assert set(faces.split("test").names.tolist()) == {"b.png", "d.png"} and len(faces.split("validation")) == 1
    assert sorted(told) == ["test/contempt/e.png", "test/happy/f.heic"] and "contempt" in told["test/contempt/e.png"]


def test_copies_are_found(folder):
    faces = load_faces(folder)
    assert duplicates_report(faces) == {
        "within train": 1,
        "PrivateTest also in train": 1,
        "PublicTest also in train": 0,
        "PrivateTest also in PublicTest": 0,
    }
    assert copies_of(faces.split("PrivateTest"), faces.split("train")).tolist().count(True) == 1
    assert first_of_each(faces.split("train")).sum() == 2


def test_split_test_is_everything_but_training(folder):
    assert len(load_faces(folder).split("test")) == 3


def test_votes_are_joined_by_name(folder):
    with (folder / "ferplus.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["image", *VOTE_COLUMNS])
        writer.writerow(["Training_2.png", *[0, 0, 0, 6, 2, 0, 0, 0, 1, 1]])
    faces = load_faces(folder)
    row = faces.names.tolist().index("Training_2.png")
    assert faces.votes[row].tolist() == [0, 0, 0, 6, 2, 0, 0, 0, 1, 1]
    assert faces.rater_shares[row][RATER_CLASSES.index("sadness")] == pytest.approx(6 / 8)
    assert np.delete(faces.rater_shares, row, axis=0).sum() == 0


def test_other_sizes_are_brought_to_48_pixels(tmp_path):
    path = tmp_path / "train" / "happy" / "big.png"
    path.parent.mkdir(parents=True)
    path.write_bytes(png(np.full((200, 100), 77, np.uint8)))
    assert (load_faces(tmp_path).images == 77).all()


def broken_picture(tmp_path):
    path = tmp_path / "train" / "happy" / "broken.png"
    path.parent.mkdir(parents=True)
    path.write_bytes(b"not a picture")
    return tmp_path


def empty_picture(tmp_path):
    path = tmp_path / "train" / "happy" / "empty.png"
    path.parent.mkdir(parents=True)
    path.touch()
    return tmp_path


def picture_of_a_size_that_no_picture_has(tmp_path):
    path = tmp_path / "train" / "happy" / "vast.png"
    path.parent.mkdir(parents=True)
    data = bytearray(png(face(1)))
    data[16:24] = struct.pack(">II", 100_000, 100_000)
    data[29:33] = struct.pack(">I", zlib.crc32(data[12:29]))
    path.write_bytes(data)
    return tmp_path


def broken_csv(tmp_path):
    path = tmp_path / "fer2013.csv"
    path.write_text("emotion,pixels,Usage\n3,1 2 3,Training\n")
    return path


def text_file(tmp_path):
    path = tmp_path / "data.zip"
    path.write_text("not a zip")
    return path


def other_csv(tmp_path):
    path = tmp_path / "other.csv"
    path.write_text("a,b\n1,2\n")
    return path


def csv_of_bytes(data):
    def make(tmp_path):
        path = tmp_path / "fer2013.csv"
        path.write_bytes(data)
        return path

    return make


def folder_called_csv(tmp_path):
    path = tmp_path / "fer2013.csv"
    path.mkdir()
    return path


def damaged_votes(tmp_path):
    path = tmp_path / "train" / "happy" / "one.png"
    path.parent.mkdir(parents=True)
    path.write_bytes(png(face(1)))
    (tmp_path / "ferplus.csv").write_bytes(b"im\xffage\n")
    return tmp_path


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda tmp: tmp / "missing", "does not exist"),
        (lambda tmp: tmp / ("x" * 300), "does not exist or may not be read"),
        (csv_of_bytes(b"emo\xfftion,pixels,Usage\n"), "not a readable CSV in UTF-8"),
        (csv_of_bytes(b"emotion,pixels,Usage\n3,\xff 1,Training\n"), "not a readable CSV in UTF-8"),
        (csv_of_bytes(b"emotion,pixels,Usage\n3," + b"1 " * 70_000 + b",Training\n"), "not a readable CSV"),
        (folder_called_csv, "not a readable CSV"),
        (damaged_votes, "ferplus.csv is not a readable CSV"),
        (lambda tmp: tmp, "folders named after the emotions"),  # an empty folder
        (broken_picture, "broken.png"),
        (empty_picture, "empty.png"),
        (picture_of_a_size_that_no_picture_has, "vast.png"),
        (broken_csv, "Line 2"),
        (text_file, "neither a folder, a zip nor a CSV"),
        (other_csv, "not the original fer2013.csv"),
    ],
)
def test_what_cannot_be_read_is_said(make, words, tmp_path):
    with pytest.raises(DatasetError, match=words):
        load_faces(make(tmp_path))


def refuse(*_, **__):
    raise PermissionError(13, "Permission denied")


@pytest.mark.parametrize(
    ("layout", "where", "what", "words"),
    [
        ("folder", Path, "read_bytes", "is not a readable picture"),
        ("folder", Path, "is_file", "data may not be read"),
        ("archive", zipfile, "ZipFile", r"data\.zip may not be read"),
        ("original_csv", Path, "open", "not a readable CSV"),
    ],
)
def test_data_that_may_not_be_read(layout, where, what, words, request, monkeypatch):
    path = request.getfixturevalue(layout)
    monkeypatch.setattr(where, what, refuse)
    with pytest.raises(DatasetError, match=words):
        load_faces(path)


def test_a_path_as_people_type_it(folder, monkeypatch):
    monkeypatch.setenv("HOME", str(folder.parent))
    assert located("~/data") == folder == located(f" {folder} ")
    for typed, words in (("~nobody-at-all/x", "no home"), ("~/nowhere", "not exist"), ("x" * 300, "not exist or may")):
        with pytest.raises(DatasetError, match=words):
            located(typed)


def test_a_missing_split_names_those_that_are_there(tmp_path):
    path = tmp_path / "train" / "happy" / "one.png"
    path.parent.mkdir(parents=True)
    path.write_bytes(png(face(1)))
    with pytest.raises(DatasetError, match="it has: train"):
        load_faces(tmp_path).split("PrivateTest")


def test_download_without_kagglehub(monkeypatch):
    def missing(name):
        raise ImportError(name)

    monkeypatch.setattr(datasets.importlib, "import_module", missing)
    with pytest.raises(DependencyError, match=re.escape(with_extra("data"))):
        datasets.download()


def test_download_while_offline(monkeypatch):
    class Kagglehub:
        @staticmethod
        def dataset_download(name):
            raise ConnectionError("no route")

    monkeypatch.setattr(datasets.importlib, "import_module", lambda name: Kagglehub)
    with pytest.raises(DatasetError, match="check the connection"):
        datasets.download()


def test_the_real_data_set(fer2013):
    report = duplicates_report(load_faces(fer2013))
    assert report["PrivateTest also in train"] == 285
