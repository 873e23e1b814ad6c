"""The tables that people take away, and the dictionary that explains them."""

import io
import json
import os

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from fer_core.emotions import EMOTIONS
from fer_core.errors import MediaError
from fer_core.reports.tables import (
    COLUMN_MEANINGS,
    as_json,
    as_rows,
    csv_text,
    dictionary_markdown,
    dictionary_text,
    parquet_bytes,
    rows_from_parquet,
    rows_of_json,
    write_csv,
)
from fer_core.timeline.notes import Marker, Notes, Span
from fer_core.timeline.table import COLUMNS
from tests.conftest import ROOT
from tests.timelines import nobody, of_rows, reading, synthetic

TIMELINES = {
    "two people": synthetic(20),
    "nobody": synthetic(2, people=0),
    "no rows": of_rows([]),
    "one sample": of_rows([reading(0, 1, "happy")]),
}
all_timelines = pytest.mark.parametrize("timeline", TIMELINES.values(), ids=TIMELINES)


def test_every_column_is_documented_in_its_order():
    assert tuple(COLUMN_MEANINGS) == COLUMNS
    dictionary = pd.read_csv(io.StringIO(dictionary_text()))
    assert tuple(dictionary["column"]) == COLUMNS and dictionary.notna().all(axis=None)


def test_the_readme_shows_the_dictionary():
    assert dictionary_markdown() in (ROOT / "README.md").read_text(encoding="utf-8")
    assert all(f"`{name}`" in dictionary_markdown() for name in COLUMNS)


@all_timelines
def test_csv_survives_a_round_trip(timeline):
    again = pd.read_csv(io.StringIO(csv_text(timeline)), keep_default_na=False, na_values=[""])
    assert tuple(again.columns) == COLUMNS and len(again) == len(timeline.frame)
    rows = as_rows(timeline)
    for name in ("time_s", "frame", "person", "x", "height", *EMOTIONS, "raw_sad", "confidence"):
        assert again[name].to_numpy(float) == pytest.approx(
            rows[name].to_numpy(float, na_value=float("nan")), abs=5e-7, nan_ok=True
        )
    seen = rows["person"].notna()
    assert again["label"][seen].tolist() == rows["label"][seen].tolist()
    assert (
        again["uncertain"][seen].astype(str).str.lower().tolist()
        == rows["uncertain"][seen].astype(str).str.lower().tolist()
    )


def test_a_frame_without_a_face_is_a_row_with_nothing_but_its_time():
    assert csv_text(of_rows([nobody(0.25)])).splitlines()[1] == "0.25,6" + "," * (len(COLUMNS) - 2)


def test_pixels_stay_whole_beside_empty_rows():
    _, first, _ = csv_text(of_rows([reading(0, 1, "sad"), nobody(1)])).splitlines()
    assert first.startswith("0.0,0,1,10,20,64,64,") and first.endswith(",sad,0.9,false,good")


def test_write_csv_puts_the_dictionary_beside_it(tmp_path):
    path = write_csv(synthetic(5), tmp_path / "new" / "folder")
    assert path.name == "timeline.csv" and path.read_text(encoding="utf-8") == csv_text(synthetic(5))
    assert (path.parent / "timeline_columns.csv").read_text(encoding="utf-8") == dictionary_text()


def test_a_folder_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(MediaError, match=r"file.* cannot be written .* choose another place"):
        write_csv(synthetic(5), tmp_path / "file")


@all_timelines
def test_json_holds_everything(timeline):
    notes = Notes({1: "Zoë"}, (Marker(1.5, "笑"),), (Span(2, 3, "phone"),))
    record = json.loads(as_json(timeline, notes))
    assert record["columns"] == list(COLUMNS) and record["rows"] == rows_of_json(timeline)
    assert len(record["rows"]) == len(timeline.frame)
    assert record["recording"]["name"] == "Gespräch – 面接.mp4" and record["settings"]["hashes"] == {
        "model.tflite": "cd" * 32
    }
    assert record["notes"] == {
        "names": {"1": "Zoë"},
        "markers": [{"time_s": 1.5, "text": "笑"}],
        "excluded": [{"start_s": 2, "end_s": 3, "reason": "phone"}],
    }


def test_json_has_null_for_what_is_empty():
    assert rows_of_json(of_rows([nobody(0.25)])) == [[0.25, 6, *[None] * (len(COLUMNS) - 2)]]


@all_timelines
def test_parquet_keeps_values_and_types(timeline):
    data = parquet_bytes(timeline)
    pd.testing.assert_frame_equal(rows_from_parquet(data), as_rows(timeline))
    schema = pq.read_schema(io.BytesIO(data))
    types = {name: schema.field(name).type for name in COLUMNS}
    assert types["person"] == types["x"] == types["frame"] == pa.int64()
    assert types["happy"] == types["raw_happy"] == types["time_s"] == pa.float64()
    assert types["uncertain"] == pa.bool_() and types["label"] in (pa.string(), pa.large_string())
    assert json.loads(schema.metadata[b"recording"])["name"] == "Gespräch – 面接.mp4"
    assert json.loads(schema.metadata[b"columns"])["happy"]["unit"] == "0 to 1"


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"PAR1 no such thing PAR1",
        os.urandom(1000),
        parquet_bytes(synthetic(5))[:-20],  # cut off
    ],
)
def test_what_is_no_parquet_file_is_refused(data):
    with pytest.raises(MediaError, match="not a Parquet file"):
        rows_from_parquet(data)


def test_another_table_is_refused():
    buffer = io.BytesIO()
    pd.DataFrame({"a": [1]}).to_parquet(buffer)
    with pytest.raises(MediaError, match="does not hold a timeline"):
        rows_from_parquet(buffer.getvalue())
