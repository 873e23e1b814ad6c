"""Events as a table, there and back."""

import csv
import io

import pytest

from fer_core.errors import TimelineError
from fer_core.timeline.events.notes import MOST, events_from, events_text
from fer_core.timeline.events.tables import COLUMNS
from fer_core.timeline.notes import Marker, Notes, Span

NOTES = Notes(
    markers=(Marker(20.5, 'says "no", and\nleaves'), Marker(5.0, "田中さん laughs")),
    excluded=(Span(8.0, 9.25, "phone"),),
)
WITHIN = (0.0, 30.0)


def test_there_and_back():
    text = events_text(NOTES)
    rows = list(csv.DictReader(io.StringIO(text)))
    assert tuple(rows[0]) == COLUMNS
    assert [(row["kind"], row["start_s"], row["end_s"]) for row in rows] == [
        ("marker", "5.0", ""),
        ("excluded", "8.0", "9.25"),
        ("marker", "20.5", ""),
    ]
    markers, spans = events_from(text.encode(), WITHIN)
    assert set(markers) == set(NOTES.markers) and spans == NOTES.excluded


def test_what_ends_with_the_recording_is_read_again():
    within = (0.0, 10 + 2 / 3)  # a table rounds it up
    notes = Notes(markers=(Marker(within[1], "end"),), excluded=(Span(2.0, within[1], "phone"),))
    assert events_from(events_text(notes).encode(), within) == (notes.markers, notes.excluded)
    with pytest.raises(TimelineError, match="outside the recording"):
        events_from(b"start_s\n10.67\n", within)


@pytest.mark.parametrize(
    "table",
    [
        "onset\tduration\ttrial_type\n1.5\t2\tface\n",  # BIDS
        "\ufeffTime;Event\r\n1,5;face\r\n\r\n",  # a spreadsheet of a country with decimal commas
        "text,time_s\nface, 1.5 \n",
        "kind,start_s,end_s,text\nmarker,1.5,,face\n",
        "Observation id\tSubject\tBehavior\tBehavior type\tTime\nobs\tA\tface\tPOINT\t1.5\n",  # BORIS
    ],
)
def test_tables_of_others(table):
    assert events_from(table.encode(), WITHIN) == ((Marker(1.5, "face"),), ())


def test_events_without_words_or_end():
    markers, spans = events_from(b"kind,start_s,end_s\nExcluded,2,5\nmarker,1,\n", WITHIN)
    assert (markers, spans) == ((Marker(1.0, "Event"),), (Span(2.0, 5.0, ""),))


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "no event"),
        (b"start_s,text\n", "no event"),
        (b"start_s,text\nsoon,x\n", 'Line 2 .*"soon"'),
        (b"text\nx\n", "name the column start_s"),
        (b"start_s\n1\n31\n", "Line 3 .*outside the recording"),
        (b"start_s\nnan\n", "no time in seconds"),
        (b"kind,start_s,end_s\nexcluded,1,\n", "name the column end_s"),
        (b"kind,start_s,end_s\nexcluded,5,2\n", "Line 2 .*before it starts"),
        ("start_s,text\n1,größer\n".encode("latin-1"), "UTF-8"),
        (b"start_s\n" + b"1\n" * (MOST + 1), "1001 events"),
    ],
)
def test_what_is_no_such_table_is_refused_in_one_sentence(data, words):
    with pytest.raises(TimelineError, match=words):
        events_from(data, WITHIN)
