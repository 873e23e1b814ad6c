"""Faces that a rater labelled become a set that `evaluate` measures on and `train` reads."""

import io
import json
import zipfile
from dataclasses import replace

import cv2
import numpy as np
import pytest

from fer_core import DatasetError, Rate, Study
from fer_core.cli import main
from fer_core.evaluation.datasets import layout_of, load_faces
from fer_core.evaluation.labelled import read_labelled
from fer_core.evaluation.rated_faces import RatedFace, as_seen, faces_of_recording, labelled_zip
from fer_core.readings import Box
from fer_core.timeline.table import Recording
from tests.timelines import of_rows, reading
from tests.videos import scene, write_video

FACE = Box(130, 46, 36, 36)  # of the portrait in `scene((160, 120, 200))`


@pytest.fixture(scope="module")
def labelled(tmp_path_factory):
    """Four seconds of the portrait, with a reading each quarter of a second, and a study of them."""
    path = write_video(tmp_path_factory.mktemp("rated") / "Ana 1.mp4", [scene((160, 120, 200))] * 80, rate=20)
    rows = [reading(n / 4, 1, "happy", x=FACE.x, y=FACE.y, width=36, height=36) for n in range(16)]
    timeline = replace(of_rows(rows), recording=Recording(path.name, "ab" * 32, 4.0, 320, 240, 20.0))
    return path, Study(timeline)


def rated(study: Study, *spans: tuple) -> Study:
    for start_s, end_s, label in spans:
        study = study.edited(Rate(1, start_s, end_s, label, "EC"))
    return study


def test_a_labelled_recording_is_measured_on(tmp_path, labelled):
    path, study = labelled
    study = rated(study, (0.0, 1.0, "happy"), (1.0, 1.5, "happy"), (3.0, 3.5, "sad"))
    faces = faces_of_recording(path, study.timeline, study.notes, "EC")
    assert [face.time_s for face in faces] == [0.0, 0.25, 0.5, 0.75, 1.0, 1.25, 3.0, 3.25]
    data = tmp_path / "set.zip"
    data.write_bytes(labelled_zip(faces))
    figures = tmp_path / "figures.json"
    options = ["--model", "custom_cnn", "--split", "all", "--json", str(figures)]
    assert main(["evaluate", "--data", str(data), *options]) == 0
    found = json.loads(figures.read_text())
    assert found["n"] == 8 and found["models"]["custom_cnn"]["accuracy"] == 0.75  # the portrait smiles
    # Without --split all, the span that was held out.
    options = ["--model", "custom_cnn", "--json", str(figures)]
    assert main(["evaluate", "--data", str(data), *options]) == 0
    assert json.loads(figures.read_text())["n"] == 2


def test_what_train_reads_has_no_span_on_both_sides(tmp_path, labelled):
    path, study = labelled
    study = rated(study, *((n / 2, n / 2 + 0.5, "happy" if n % 2 else "fear") for n in range(8)))
    data = tmp_path / "set.zip"
    data.write_bytes(labelled_zip(faces_of_recording(path, study.timeline, study.notes, "EC")))
    faces = load_faces(data)
    assert len(faces.split("train")) == 12 and len(faces.split("PublicTest")) == 4
    with zipfile.ZipFile(data) as archive:
        rows = [line.split(",") for line in archive.read("faces.csv").decode("utf-8-sig").splitlines()[1:]]
        readme = archive.read("README.txt").decode()
    for option in ("--model NAME", "--start NAME", "--batch 16", "--learning-rate 0.005"):
        assert option in readme
    assert "cannot be" in readme
    sides = {(row[4], row[0].split("/")[0]) for row in rows}
    assert len(sides) == 8 and {row[5] for row in rows} == {"EC"} and {row[6] for row in rows} == {"yes"}


def test_all_faces_of_one_picture_are_on_one_side():
    faces = [a_face(label, unit) for unit in range(6) for label in ("happy", "sad" if unit % 2 else "fear")]
    with zipfile.ZipFile(io.BytesIO(labelled_zip(faces))) as archive:
        rows = [line.split(",") for line in archive.read("faces.csv").decode("utf-8-sig").splitlines()[1:]]
    sides = {unit: {row[0].split("/")[0] for row in rows if row[4] == str(unit)} for unit in range(6)}
    assert all(len(side) == 1 for side in sides.values())
    assert [unit for unit, side in sides.items() if side == {"test"}] == [1, 2]


def test_the_pictures_are_those_that_networks_see(labelled):
    path, study = labelled
    [face, *_] = faces_of_recording(path, study.timeline, rated(study, (0.0, 0.1, "happy")).notes, "EC")
    assert face.picture.shape == (48, 48) and face.picture.dtype == np.uint8
    whole = as_seen(scene((160, 120, 200)), FACE)
    assert np.abs(face.picture.astype(int) - whole).mean() < 4  # the recording was compressed


def test_too_few_spans_to_hold_one_out_are_one_set(tmp_path):
    data = tmp_path / "set.zip"
    data.write_bytes(labelled_zip([a_face("happy", 1), a_face("sad", 2)]))
    assert layout_of(data) == "plain"
    assert read_labelled(data).labels.tolist() == [3, 4]
    with zipfile.ZipFile(data) as archive:
        readme = archive.read("README.txt").decode()
    assert "agree to that" in readme and "train --data" not in readme


def test_names_of_recordings_cannot_leave_the_zip():
    data = labelled_zip([a_face("happy", 1, "../../=evil\\名.mp4")])
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        [picture] = [name for name in archive.namelist() if name.endswith(".png")]
        assert picture == "happy/000001__evil___1.png"
        assert cv2.imdecode(np.frombuffer(archive.read(picture), np.uint8), cv2.IMREAD_UNCHANGED).shape == (48, 48)


def test_nothing_labelled_is_said(labelled):
    path, study = labelled
    with pytest.raises(DatasetError, match="No sample is labelled"):
        faces_of_recording(path, study.timeline, study.notes, "EC")
    with pytest.raises(DatasetError, match="nothing to write"):
        labelled_zip([])


def test_another_recording_is_refused(tmp_path, labelled):
    _, study = labelled
    other = write_video(tmp_path / "other.mp4", [(scene((160, 120, 200)), 0.1 + n / 7) for n in range(8)], rate=7)
    with pytest.raises(DatasetError, match="attach the file"):
        faces_of_recording(other, study.timeline, rated(study, (3.0, 4.0, "happy")).notes, "EC")


def a_face(label: str, unit: int, source: str = "a.png") -> RatedFace:
    return RatedFace(np.full((48, 48), 40 * unit, np.uint8), label, source, unit, "", True, 1)
