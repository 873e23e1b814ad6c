"""Data that people bring: good ones in every shape, and the bad ones that turn up."""

import io
import struct
import zipfile
from pathlib import Path
from types import SimpleNamespace

import cv2
import numpy as np
import pytest
from PIL import Image

from fer_core.emotions import EMOTIONS
from fer_core.errors import DatasetError, StoppedError
from fer_core.evaluation import read_attributes, read_labelled
from fer_core.evaluation.archives import ArchiveLimits
from fer_core.evaluation.attributes import attributes_of
from fer_core.evaluation.datasets import SYNONYMS, emotion_row
from fer_core.evaluation.labelled import KEPT_PX
from fer_core.jobs import Monitor, Progress
from fer_core.readings import Box
from fer_core.testing import FakeDetector

HAPPY, SAD = EMOTIONS.index("happy"), EMOTIONS.index("sad")


def picture(value: int = 100, shape: tuple[int, ...] = (48, 48), kind: str = ".png") -> bytes:
    return cv2.imencode(kind, np.full(shape, value, np.uint8))[1].tobytes()


def folder_of(tmp_path: Path, files: dict[str, bytes]) -> Path:
    for name, data in files.items():
        path = tmp_path / "data" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return tmp_path / "data"


def zip_of(tmp_path: Path, files: dict[str, bytes]) -> Path:
    path = tmp_path / "data.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return path


def upload_of(tmp_path: Path, files: dict[str, bytes]) -> io.BytesIO:
    return io.BytesIO(zip_of(tmp_path, files).read_bytes())


@pytest.mark.parametrize("make", [folder_of, zip_of, upload_of], ids=["folder", "zip", "upload"])
def test_folder_zip_and_upload_are_read_alike(make, tmp_path):
    files = {
        "study/day/happy/b.png": picture(10),
        "study/night/Sadness/a.jpg": picture(200, (300, 200, 3), ".jpg"),
        "happy/a.png": picture(30, (20, 60)),
        "notes.txt": b"not a picture, and nowhere near one",
    }
    faces = read_labelled(make(tmp_path, files))
    assert faces.split == "all" and faces.skipped == () and faces.votes is None and faces.copies is None
    assert faces.files == ("happy/a.png", "study/day/happy/b.png", "study/night/Sadness/a.jpg")
    assert faces.labels.tolist() == [HAPPY, HAPPY, SAD]
    assert faces.folders == ("", "study/day", "study/night")
    assert [crop.shape for crop in faces.crops] == [(20, 60), (48, 48), (KEPT_PX, round(KEPT_PX * 2 / 3))]
    assert [int(crop.mean()) for crop in faces.crops] == [30, 10, 200]


@pytest.mark.parametrize(
    ("folder", "emotion"),
    [
        ("happy", "happy"), ("Happiness", "happy"), ("joy", "happy"), ("3_happy", "happy"), ("04 - Happy", "happy"),
        ("anger", "angry"), ("ANGRY", "angry"), ("surprised", "surprise"), ("Sadness", "sad"), ("fearful", "fear"),
        ("disgusted", "disgust"), ("(6) neutral", "neutral"), ("contempt", None), ("unhappy", None), ("", None),
        ("images", None), ("7", None),
    ],
)  # fmt: skip
def test_names_of_folders(folder, emotion):
    assert emotion_row(folder) == (None if emotion is None else EMOTIONS.index(emotion))


def test_no_synonym_means_two_emotions():
    names = [name for emotion in EMOTIONS for name in (emotion, *SYNONYMS[emotion])]
    assert len(set(names)) == len(names) and set(SYNONYMS) == set(EMOTIONS)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF", "AVIF"])
@pytest.mark.parametrize("mode", ["L", "RGB"])
def test_every_kind_of_picture(kind, mode, tmp_path):
    file = io.BytesIO()
    Image.new(mode, (40, 30), 90 if mode == "L" else (90, 90, 90)).save(file, kind)
    faces = read_labelled(folder_of(tmp_path, {f"happy/face.{kind.lower()}": file.getvalue()}))
    assert faces.crops[0].shape == (30, 40) and abs(int(faces.crops[0].mean()) - 90) <= 3


def test_bad_files_are_named_with_the_reason_and_the_others_read(tmp_path):
    files = {
        "happy/good.png": picture(),
        "happy/broken.png": picture()[:50],
        "happy/empty.png": b"",
        "happy/notes.txt": b"hello",
        "happy/more.zip": b"PK\x03\x04 a zip within",
        "contempt/face.png": picture(),
        "contempt/face.tiff": picture(kind=".tiff"),
        "loose.png": picture(),
    }
    faces = read_labelled(zip_of(tmp_path, files))
    assert faces.files == ("happy/good.png",)
    reasons = {entry.file: entry.reason for entry in faces.skipped}
    assert sorted(reasons) == sorted(set(files) - {"happy/good.png"})
    assert "damaged" in reasons["happy/broken.png"] and "empty" in reasons["happy/empty.png"]
    assert "not a picture" in reasons["happy/notes.txt"] and "not a picture" in reasons["happy/more.zip"]
    assert '"contempt" is not named after' in reasons["contempt/face.png"]


def test_what_systems_add_is_passed_over(tmp_path):
    files = {
        "happy/a.png": picture(),
        "__MACOSX/happy/._a.png": b"x",
        "happy/.DS_Store": b"x",
        ".git/happy/x.png": b"x",
    }
    assert read_labelled(zip_of(tmp_path, files)).skipped == ()


@pytest.mark.parametrize("name", ["../happy/a.png", "/happy/a.png", "x/../../happy/a.png", "C:\\happy\\a.png"])
def test_paths_that_lead_out_of_a_zip_are_refused(name, tmp_path):
    faces = read_labelled(zip_of(tmp_path, {name: picture(), "happy/b.png": picture()}))
    assert faces.files == ("happy/b.png",) and "leads out" in faces.skipped[0].reason


def test_a_zip_made_on_windows(tmp_path):
    faces = read_labelled(zip_of(tmp_path, {"day\\happy\\a.png": picture()}))
    assert faces.files == ("day/happy/a.png",) and faces.folders == ("day",)


def test_an_encrypted_file_is_named(tmp_path):
    path = zip_of(tmp_path, {"happy/a.png": picture(), "happy/b.png": picture()})
    data = bytearray(path.read_bytes())
    entry = data.index(b"PK\x01\x02")
    data[entry + 8] |= 1  # the flag of the first file in the directory
    data[data.index(b"PK\x03\x04") + 6] |= 1
    path.write_bytes(data)
    faces = read_labelled(path)
    assert faces.files == ("happy/b.png",) and "encrypted" in faces.skipped[0].reason


def test_a_zip_that_lies_about_its_size_costs_no_memory(tmp_path):
    path = zip_of(tmp_path, {"happy/a.png": bytes(30_000_000), "happy/b.png": picture()})
    data = bytearray(path.read_bytes())
    entry = data.index(b"PK\x01\x02")
    data[entry + 24 : entry + 28] = struct.pack("<I", 100)
    path.write_bytes(data)
    faces = read_labelled(path)
    assert faces.files == ("happy/b.png",) and faces.skipped[0].file == "happy/a.png"


def test_a_damaged_member_is_named(tmp_path):
    path = tmp_path / "data.zip"
    noise = np.random.default_rng(0).integers(0, 256, (48, 48), dtype=np.uint8)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("happy/a.png", cv2.imencode(".png", noise)[1].tobytes())
        archive.writestr("happy/b.png", picture())
    data = bytearray(path.read_bytes())
    data[600] ^= 0xFF  # in the middle of the first picture
    path.write_bytes(data)
    faces = read_labelled(path)
    assert faces.files == ("happy/b.png",) and "damaged" in faces.skipped[0].reason


@pytest.mark.parametrize("make", [folder_of, zip_of], ids=["folder", "zip"])
@pytest.mark.parametrize(
    ("limits", "words"),
    [
        (ArchiveLimits(max_files=2), "more than the 2 files"),
        (ArchiveLimits(max_total_bytes=10_000), "unpacks to|allowed"),
    ],
)
def test_limits_are_checked_before_anything_is_read(make, limits, words, tmp_path):
    files = {f"happy/{i}.png": bytes(5_000) for i in range(3)}
    with pytest.raises(DatasetError, match=words):
        read_labelled(make(tmp_path, files), limits=limits)


def test_one_file_that_is_too_large_is_skipped(tmp_path):
    files = {"happy/a.png": bytes(5_000), "happy/b.png": picture()}
    faces = read_labelled(zip_of(tmp_path, files), limits=ArchiveLimits(max_file_bytes=4_000))
    assert faces.files == ("happy/b.png",) and "4,000 bytes" in faces.skipped[0].reason


def test_a_face_is_searched_for_where_that_is_asked_for(tmp_path):
    photo = np.full((100, 100), 50, np.uint8)
    photo[10:40, 20:60] = 200
    source = folder_of(tmp_path, {"happy/a.png": cv2.imencode(".png", photo)[1].tobytes()})
    detector = FakeDetector([Box(20, 10, 40, 30), Box(0, 0, 5, 5)])
    [crop] = read_labelled(source, detector).crops
    assert crop.shape == (30, 40) and (crop == 200).all()
    assert detector.seen[0].shape == (100, 100, 3)
    with pytest.raises(DatasetError, match=r"None of the 1 pictures.*happy/a.png: No face was found"):
        read_labelled(source, FakeDetector())


def test_a_network_that_takes_colour_is_given_it_in_its_size(tmp_path):
    blue = np.zeros((300, 300, 3), np.uint8)
    blue[:, :, 0] = 255
    source = folder_of(tmp_path, {"happy/a.png": cv2.imencode(".png", blue)[1].tobytes()})
    [grey] = read_labelled(source).crops
    assert grey.shape == (KEPT_PX, KEPT_PX)
    given = [
        SimpleNamespace(takes_colour=colour, card=SimpleNamespace(side_px=px)) for colour, px in ((0, 48), (1, 224))
    ]
    [crop] = read_labelled(source, classifiers=given).crops
    assert crop.shape == (224, 224, 3) and (crop == (255, 0, 0)).all()


def network(side_px: int, title: str, takes_colour: bool = False) -> SimpleNamespace:
    return SimpleNamespace(takes_colour=takes_colour, card=SimpleNamespace(side_px=side_px, title=title))


def colour_network(side_px: int) -> SimpleNamespace:
    return network(side_px, "Theirs", takes_colour=True)


def test_faces_that_would_fill_the_memory_are_refused_with_the_model_that_wants_them_so(tmp_path):
    source = folder_of(tmp_path, {f"happy/{i}.png": picture(shape=(300, 300, 3)) for i in range(3)})
    limits = ArchiveLimits(max_kept_bytes=2 * 224 * 224 * 3)
    with pytest.raises(
        DatasetError, match=r"At 224 pixels in colour, as Theirs looks at them, .* leave that model out"
    ):
        read_labelled(source, limits=limits, classifiers=[colour_network(224)])
    assert len(read_labelled(source, limits=limits)) == 3


@pytest.mark.parametrize(
    ("networks", "words"),
    [
        (
            [colour_network(96), network(224, "Large")],
            "At 224 pixels in colour, as Large and Theirs look at them, these",
        ),
        ([network(224, "Large"), network(48, "Small")], "At 224 pixels, as Large looks at them, these"),
        ([colour_network(48), network(96, "Grey")], "At 128 pixels in colour, as Theirs looks at them, these"),
        ([network(224, "Grey"), colour_network(224)], "At 224 pixels in colour, as Theirs looks at them, these"),
        ([network(48, "Small")], "At 128 pixels these"),
    ],
)
def test_each_model_is_named_for_what_it_asks_for(networks, words, tmp_path):
    source = folder_of(tmp_path, {"happy/a.png": picture(shape=(300, 300, 3))})
    with pytest.raises(DatasetError, match=words):
        read_labelled(source, limits=ArchiveLimits(max_kept_bytes=1_000), classifiers=networks)


def test_a_face_that_was_found_does_not_keep_its_photograph(tmp_path):
    source = folder_of(tmp_path, {"happy/a.png": picture(shape=(500, 500, 3))})
    [crop] = read_labelled(source, FakeDetector([Box(20, 10, 100, 100)]), classifiers=[colour_network(224)]).crops
    assert crop.shape == (100, 100, 3) and crop.base is None


@pytest.mark.parametrize("make", [folder_of, zip_of], ids=["folder", "zip"])
def test_one_split_is_read_as_if_the_others_were_not_there(make, tmp_path):
    training = {f"train/happy/{i}.png": picture() for i in range(5)}
    source = make(
        tmp_path, {**training, "val/sad/v.png": picture(), "test/happy/a.png": picture(), "train/odd/x.png": b""}
    )
    faces = read_labelled(source, limits=ArchiveLimits(max_files=1), split="test")
    assert (faces.split, faces.files, faces.skipped) == ("test", ("test/happy/a.png",), ())
    assert read_labelled(source, split="validation").files == ("val/sad/v.png",)
    with pytest.raises(DatasetError, match=r'no pictures of the split "PublicTest".*choose another split'):
        read_labelled(source, split="PublicTest")


@pytest.mark.parametrize("make", [folder_of, zip_of], ids=["folder", "zip"])
def test_faces_of_a_split_that_are_among_the_training_faces_are_told(make, tmp_path):
    files = {
        "train/happy/1.png": picture(10, (96, 96, 3)),
        "train/happy/broken.png": b"",
        "train/odd/2.png": picture(30),
        "val/sad/3.png": picture(10, (96, 96, 3)),
        "test/happy/a.png": picture(10, (96, 96, 3)),
        "test/happy/b.png": picture(20),
        "test/happy/c.png": picture(30),
    }
    told: list[Progress] = []
    source = make(tmp_path, files)
    faces = read_labelled(source, monitor=Monitor(told.append, every_s=0), split="test")
    assert faces.copies is not None and faces.copies.tolist() == [True, False, False]
    [skipped] = faces.skipped
    assert skipped.file == "train/happy/broken.png" and skipped.reason.startswith("No face was compared with")
    assert [(progress.done, progress.total) for progress in told] == [(n, 5) for n in range(1, 6)]
    assert read_labelled(source, split="validation").copies.tolist() == [True]
    assert read_labelled(source, split="train").copies is None and read_labelled(source).copies is None
    found = read_labelled(source, FakeDetector([Box(5, 5, 20, 20)]), classifiers=[colour_network(224)], split="test")
    assert found.copies.tolist() == [True, False, False]  # whatever is cut out of the picture


@pytest.mark.parametrize("make", [folder_of, zip_of], ids=["folder", "zip"])
def test_only_the_faces_of_a_split_count_for_the_limits(make, tmp_path):
    beside = {f"originals/{i}.bin": bytes(9_000) for i in range(5)} | {"originals/x.png": picture()}
    source = make(tmp_path, {**beside, "test/happy/a.png": picture(), "train/happy/b.png": picture(7)})
    limits = ArchiveLimits(max_files=1, max_total_bytes=5_000)
    faces = read_labelled(source, limits=limits, split="test")
    assert faces.files == ("test/happy/a.png",) and [entry.file for entry in faces.skipped] == ["originals/x.png"]
    with pytest.raises(DatasetError, match="more than the 1 files"):
        read_labelled(source, limits=limits)


def test_progress_is_told(tmp_path):
    told: list[Progress] = []
    files = zip_of(tmp_path, {f"sad/{i}.png": picture() for i in range(3)})
    read_labelled(files, monitor=Monitor(told.append, every_s=0))
    assert [(progress.done, progress.total) for progress in told] == [(1, 3), (2, 3), (3, 3)]
    stopped = Monitor(lambda progress: stopped.stop())
    with pytest.raises(StoppedError):
        read_labelled(files, monitor=stopped)
    assert stopped.progress.done == 1


def not_a_zip(tmp_path):
    path = tmp_path / "data.zip"
    path.write_bytes(b"no zip at all")
    return path


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda tmp: tmp / "missing", "missing does not exist; give a folder or a zip"),
        (lambda tmp: tmp / ("x" * 300), "does not exist or may not be read"),
        (lambda tmp: tmp, "no pictures in folders named after the emotions"),
        (not_a_zip, "neither a folder nor a readable zip"),
        (lambda tmp: io.BytesIO(b"PK nothing"), "The upload is neither"),
        (lambda tmp: zip_of(tmp, {}), "no pictures in folders"),
        (lambda tmp: zip_of(tmp, {"a/1.png": picture(), "b/2.png": picture()}), "angry, disgust, fear"),
        (lambda tmp: zip_of(tmp, {"happy/1.png": b"x", "sad/2.png": b""}), "None of the 2 pictures.*happy/1.png: The"),
    ],
)
def test_sources_that_are_of_no_use_are_refused_in_one_sentence(make, words, tmp_path):
    with pytest.raises(DatasetError, match=words) as refused:
        read_labelled(make(tmp_path))
    assert "\n" not in str(refused.value)


FILES = ("day/happy/a.png", "day/sad/b.png", "night/happy/a.png")


def table(tmp_path: Path, text: str, encoding: str = "utf-8") -> Path:
    path = tmp_path / "table.csv"
    path.write_bytes(text.encode(encoding))
    return path


def test_attributes_are_found_by_path_or_by_a_name_that_is_the_only_one(tmp_path):
    text = "file,light,age\nday/happy/a.png,lamp,30\nb.png, sun ,\n./night\\happy\\a.png,moon,40\nother.png,x,1\n"
    assert read_attributes(table(tmp_path, text), FILES) == {"light": ["lamp", "sun", "moon"], "age": ["30", "", "40"]}


def test_a_column_named_as_the_folders_are_is_not_replaced(tmp_path):
    path = table(tmp_path, "file,folder\nb.png,x\n")
    folders = ["day", "", "night"]
    assert attributes_of(FILES, folders, None, by_folder=True) == {"folder": ["day", ".", "night"]}
    assert attributes_of(FILES, folders, path, by_folder=False) == {"folder": ["", "x", ""]}
    with pytest.raises(DatasetError, match="rename it"):
        attributes_of(FILES, folders, path, by_folder=True)


def test_a_name_that_two_faces_share_fits_neither(tmp_path):
    assert read_attributes(table(tmp_path, "file,x\na.png,1\nb.png,2\n"), FILES) == {"x": ["", "2", ""]}


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("file;light\nb.png;söft", "utf-8-sig"),
        ("file\tlight\r\nb.png\tsöft\r\n", "utf-8"),
        ('file,light\n"b.png","söft"', "utf-8"),
    ],
)
def test_tables_as_spreadsheets_write_them(text, encoding, tmp_path):
    assert read_attributes(table(tmp_path, text, encoding), FILES) == {"light": ["", "söft", ""]}
    assert read_attributes(io.BytesIO(text.encode(encoding)), FILES) == {"light": ["", "söft", ""]}


@pytest.mark.parametrize("heading", ["file,light", "file,light,"])
def test_a_separator_at_the_end_of_a_row_is_no_column(heading, tmp_path):
    text = f"{heading}\nday/happy/a.png,lamp,\nb.png,sun\n"
    assert read_attributes(table(tmp_path, text), FILES) == {"light": ["lamp", "sun", ""]}


def test_many_numbers_become_four_groups(tmp_path):
    files = [f"happy/{age}.png" for age in range(20, 60)]
    text = "file,age\n" + "".join(f"{age}.png,{age}\n" for age in range(20, 60))
    ages = read_attributes(table(tmp_path, text), files)["age"]
    assert sorted(set(ages)) == ["20 to under 29.75", "29.75 to under 39.5", "39.5 to under 49.25", "49.25 to 59"]
    assert [ages.count(group) for group in sorted(set(ages))] == [10, 10, 10, 10]
    assert ages[0] == "20 to under 29.75" and ages[-1] == "49.25 to 59"


def test_large_numbers_that_differ_little_stay_four_groups(tmp_path):
    first = 1_700_000_000
    files = [f"happy/{number}.png" for number in range(first, first + 12)]
    text = "file,taken\n" + "".join(f"{number}.png,{number}\n" for number in range(first, first + 12))
    groups = read_attributes(table(tmp_path, text), files)["taken"]
    assert [groups.count(group) for group in dict.fromkeys(groups)] == [3, 3, 3, 3]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", 'needs a column "file"'),
        ("name,light\nb.png,1\n", 'needs a column "file"'),
        ("file\nb.png\n", "at least one more"),
        ("file,light\n", "has no rows"),
        ("file,light\nb.png,1\nb.png,2\n", '"b.png" 2 times'),
        ("file,light\nelsewhere.png,1\n", "tells of none of the 3 faces"),
        ("file,\nb.png,1\n", "at least one more"),
        ("file,light\nb.png,lamp, dim\n", "Line 2 of .* more cells than its heading"),
    ],
)
def test_tables_that_are_of_no_use(text, words, tmp_path):
    with pytest.raises(DatasetError, match=words):
        read_attributes(table(tmp_path, text), FILES)


def test_a_table_that_is_none(tmp_path):
    with pytest.raises(DatasetError, match="not a readable CSV in UTF-8"):
        read_attributes(table(tmp_path, "file,light\nb.png,ö\n", "latin-1"), FILES)
    with pytest.raises(DatasetError, match="not a readable CSV"):
        read_attributes(tmp_path / "missing.csv", FILES)
    text = "file,who\n" + "".join(f"{i}.png,person {i}\n" for i in range(60))
    with pytest.raises(DatasetError, match=r'"who" of .* has 60 different values'):
        read_attributes(table(tmp_path, text), [f"sad/{i}.png" for i in range(60)])
