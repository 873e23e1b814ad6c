"""The tables that people take away, and the dictionary that explains them."""

import io

import pandas as pd
import pytest

from fer_core.emotions import EMOTIONS
from fer_core.errors import MediaError
from fer_core.reports import tables
from fer_core.reports.tables import (
    csv_text,
    dictionary_markdown,
    dictionary_text,
    write_csv,
)
from fer_core.timeline.columns import BASE, COLUMNS
from fer_core.timeline.files import typed_rows
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
    assert tuple(BASE) == COLUMNS
    dictionary = pd.read_csv(io.StringIO(dictionary_text()))
    assert tuple(dictionary["column"]) == COLUMNS and dictionary.notna().all(axis=None)


def test_the_readme_shows_the_dictionary():
    assert dictionary_markdown() in (ROOT / "docs" / "reference.md").read_text(encoding="utf-8")
    assert all(f"`{name}`" in dictionary_markdown() for name in COLUMNS)


@all_timelines
def test_csv_survives_a_round_trip(timeline):
    again = pd.read_csv(io.StringIO(csv_text(timeline)), keep_default_na=False, na_values=[""])
    assert tuple(again.columns) == COLUMNS and len(again) == len(timeline.frame)
    rows = typed_rows(timeline)
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


def test_a_long_table_is_made_in_parts(monkeypatch):
    timeline = synthetic(5)
    whole = csv_text(timeline)
    monkeypatch.setattr(tables, "ROWS", 2)
    parts = list(tables.csv_parts(timeline))
    assert "".join(parts) == whole and len(parts) == (len(timeline.frame) + 1) // 2 > 2


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
