"""No cell of a table that leaves is computed by a spreadsheet program."""

import ast
import csv
import io
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import fer_core
from fer_core.cells import cell_text, csv_of, csv_of_rows, for_spreadsheets, harmless_cell
from fer_core.reports.picture_records import PictureSettings, ReadPicture
from fer_core.reports.pictures import as_csv
from fer_core.reports.tables import csv_text, dictionary_text
from fer_core.testing import fake_pipeline
from fer_core.timeline.events.notes import events_from, events_text
from fer_core.timeline.notes import Marker, Notes, Span
from tests.timelines import synthetic

FORMULAS = ["=1+1", "+1+1", "-1-1", "@SUM(A1)", "\t=1", "\r=1", "  =1", "'=1", "＝1", '=cmd|"/C calc"!A0']


@pytest.mark.parametrize("text", FORMULAS)
def test_what_begins_like_a_formula_is_text(text):
    assert harmless_cell(text) == f"'{text}"


@pytest.mark.parametrize("text", ["", "Ana", "a=b", "7-1", "'quoted'", "田中", "e-mail", "-1.5", "+1", "-0:05"])
def test_other_text_stays_as_it_is(text):
    assert harmless_cell(text) == text


@given(st.text(max_size=8) | st.text("'=+-@\t 1", max_size=6))
def test_there_and_back(text):
    assert cell_text(harmless_cell(text)) == text


def test_tables_keep_their_numbers():
    frame = pd.DataFrame(
        {
            "=name": ["=1", None, "Ana"],
            "value": [-1.5, 2.0, None],
            "number": pd.array([-3, None, 4], "Int64"),
            "kind": pd.Categorical(["-a", "b", "-a"]),
        }
    )
    assert csv_of(frame) == "'=name,value,number,kind\n'=1,-1.5,-3,'-a\n,2.0,,b\nAna,,4,'-a\n"
    assert csv_of_rows(("a", "b"), [("@x", -1.0)]) == "a,b\n'@x,-1.0\n"


def test_names_of_pictures():
    rows = list(
        csv.reader(io.StringIO(as_csv([ReadPicture("=cmd()|.jpg", 9, 9, [], PictureSettings.of(fake_pipeline()))])))
    )
    assert rows[1][0] == "'=cmd()|.jpg"


def test_words_of_events_there_and_back():
    notes = Notes(markers=(Marker(1.0, "=1+1"), Marker(2.0, "'-x")), excluded=(Span(3.0, 4.0, "@home"),))
    text = events_text(notes)
    assert not any(row["text"].startswith(("=", "-", "@")) for row in csv.DictReader(io.StringIO(text)))
    assert events_from(for_spreadsheets(text), (0.0, 9.0)) == (notes.markers, notes.excluded)


def test_the_timeline_is_ascii_and_needs_no_byte_order_mark():
    assert (csv_text(synthetic(5)) + dictionary_text()).isascii()


def test_nothing_else_writes_csv():
    """A new writer has to go through `fer_core.cells`; the course of training, which is numbers alone, may not."""
    allowed, writers = {"cells.py", "fitting.py"}, ("to_csv", "to_excel", "DictWriter", "writer")
    for path in Path(fer_core.__file__).parent.rglob("*.py"):
        text = path.read_text()
        for node in ast.walk(ast.parse(text)) if any(name in text for name in writers) else ():
            if isinstance(node, ast.Attribute) and node.attr in writers:
                assert path.name in allowed or (node.attr == "writer" and not _is_csv(node)), path


def _is_csv(node):
    return isinstance(node.value, ast.Name) and node.value.id == "csv"
