import io
import json

import numpy as np
import pandas as pd
import pytest

from fer_core.emotions import EMOTIONS
from fer_core.picture_edits import DrawFace, RemoveFace
from fer_core.readings import Box
from fer_core.reports.picture_records import PictureSettings, ReadPicture, as_record
from fer_core.reports.pictures import COLUMNS, SETTINGS_COLUMNS, as_csv, as_table
from fer_core.testing import fake_pipeline
from fer_core.version import __version__
from tests.conftest import ROOT

PICTURE = np.random.default_rng(0).integers(0, 256, (90, 120, 3), dtype=np.uint8)


def read(name, *boxes, **more):
    pipeline = fake_pipeline(boxes, "surprise")
    return ReadPicture(name, 120, 90, pipeline.analyze_image(PICTURE), PictureSettings.of(pipeline), **more)


def test_record_is_plain_json():
    record = json.loads(json.dumps(as_record(read("a.png", Box(1, 2, 30, 40)))))
    [face] = record["faces"]
    assert (record["width"], record["height"], face["box"], face["label"]) == (120, 90, [1, 2, 30, 40], "surprise")
    assert list(face["probabilities"]) == list(EMOTIONS)


def test_table_has_a_row_a_face_and_one_for_a_picture_without():
    table = as_table([read("two.png", Box(60, 2, 30, 30), Box(1, 2, 30, 30)), read("none.png")])
    assert list(table.columns) == [*COLUMNS, *SETTINGS_COLUMNS]
    assert table["picture"].tolist() == ["two.png", "two.png", "none.png"]
    assert table["face"].tolist()[:2] == [1, 2] and pd.isna(table["face"].iloc[2])
    assert ",1,2,30,30,surprise," in table.to_csv(index=False)  # whole pixels, also beside an empty row
    assert table.loc[:1, list(EMOTIONS)].sum(axis=1).tolist() == pytest.approx([1, 1], abs=1e-5)


def test_table_survives_csv():
    table = as_table([read("ü, “x”.png", Box(1, 2, 30, 30))])
    again = pd.read_csv(io.BytesIO(table.to_csv(index=False).encode("utf-8-sig")))
    assert again["picture"].tolist() == ["ü, “x”.png"] and again["label"].tolist() == ["surprise"]


def test_an_empty_table_keeps_its_columns():
    assert list(as_table([]).columns) == [*COLUMNS, *SETTINGS_COLUMNS]


def test_exports_say_how_the_picture_was_read_and_how_it_was_corrected():
    picture = read("a.png", Box(1, 2, 30, 40), edits=[RemoveFace(Box(9, 9, 9, 9)), DrawFace(Box(1, 2, 30, 40))])
    record = json.loads(json.dumps(as_record(picture)))
    assert record["edits"] == [{"edit": "remove", "box": [9, 9, 9, 9]}, {"edit": "draw", "box": [1, 2, 30, 40]}]
    settings = record["settings"]
    assert (settings["model"], settings["detector"], settings["uncertain_below"]) == ("fake", "fake detector", 0.5)
    row = as_table([picture]).iloc[0]
    assert (row["model"], row["detector"], row["uncertain_below"]) == ("fake", "fake detector", 0.5)
    assert row["version"] == settings["version"] == __version__


def test_exports_say_which_file_it_was_how_it_was_turned_and_that_faces_were_removed():
    pictures = [
        read("a.jpg", Box(1, 2, 30, 40), sha256="ab", turned_deg=90),
        read("a.jpg", Box(1, 2, 30, 40), sha256="cd"),
        read("b.jpg", sha256="ef", removed=1),
        read("c.jpg", sha256="01"),
    ]
    table = pd.read_csv(io.StringIO(as_csv(pictures)), dtype={"sha256": str})
    assert table["sha256"].tolist() == ["ab", "cd", "ef", "01"]
    assert table["turned_deg"].tolist() == [90, 0, 0, 0]
    assert table["removed_by_hand"].tolist() == [0, 0, 1, 0] and table["face"].isna().tolist() == [
        False,
        False,
        True,
        True,
    ]
    records = [as_record(picture) for picture in pictures]
    assert [(record["sha256"], record["turned_deg"]) for record in records[:2]] == [("ab", 90), ("cd", 0)]


def test_json_and_csv_hold_the_same_numbers():
    picture = read("a.png", Box(1, 2, 30, 40))
    [face] = as_record(picture)["faces"]
    row = pd.read_csv(io.StringIO(as_csv([picture]))).iloc[0]
    assert {name: row[name] for name in EMOTIONS} == face["probabilities"]
    assert (row["confidence"], row["face_confidence"]) == (face["confidence"], face["face_confidence"])
    assert face["quality"]["problems"] == row["quality"].split(", ") and face["quality"]["size_px"] == 30


@pytest.mark.parametrize("column", [*COLUMNS, *SETTINGS_COLUMNS])
def test_every_column_is_explained_in_the_reference(column):
    assert f"`{column}`" in (ROOT / "docs" / "reference.md").read_text()
