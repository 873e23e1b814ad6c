import io
import json

import numpy as np
import pandas as pd
import pytest

from fer_core.emotions import EMOTIONS
from fer_core.readings import Box
from fer_core.reports.pictures import COLUMNS, as_record, as_table
from fer_core.testing import fake_pipeline
from tests.conftest import ROOT

PICTURE = np.random.default_rng(0).integers(0, 256, (90, 120, 3), dtype=np.uint8)


def readings(*boxes):
    return fake_pipeline(boxes, "surprise").analyze_image(PICTURE)


def test_record_is_plain_json():
    record = json.loads(json.dumps(as_record("a.png", 120, 90, readings(Box(1, 2, 30, 40)))))
    [face] = record["faces"]
    assert (record["width"], record["height"], face["box"], face["label"]) == (120, 90, [1, 2, 30, 40], "surprise")
    assert list(face["probabilities"]) == list(EMOTIONS)


def test_table_has_a_row_a_face_and_one_for_a_picture_without():
    table = as_table([("two.png", readings(Box(60, 2, 30, 30), Box(1, 2, 30, 30))), ("none.png", [])])
    assert list(table.columns) == list(COLUMNS)
    assert table["picture"].tolist() == ["two.png", "two.png", "none.png"]
    assert table["face"].tolist()[:2] == [1, 2] and pd.isna(table["face"].iloc[2])
    assert ",1,2,30,30,surprise," in table.to_csv(index=False)  # whole pixels, also beside an empty row
    assert table.loc[:1, list(EMOTIONS)].sum(axis=1).tolist() == pytest.approx([1, 1], abs=1e-5)


def test_table_survives_csv():
    table = as_table([("ü, “x”.png", readings(Box(1, 2, 30, 30)))])
    again = pd.read_csv(io.BytesIO(table.to_csv(index=False).encode("utf-8-sig")))
    assert again["picture"].tolist() == ["ü, “x”.png"] and again["label"].tolist() == ["surprise"]


def test_an_empty_table_keeps_its_columns():
    assert list(as_table([]).columns) == list(COLUMNS)


@pytest.mark.parametrize("column", COLUMNS)
def test_every_column_is_explained_in_the_readme(column):
    assert f"`{column}`" in (ROOT / "README.md").read_text()
