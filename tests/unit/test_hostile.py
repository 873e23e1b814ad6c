"""Hostile files: a short campaign of `python -m tests.fuzz`, and the faults that long ones found."""

import io
import json
import random
import sys
import time
import zipfile

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from fer_core.errors import DatasetError, LibraryError, MediaError, TimelineError
from fer_core.evaluation.labelled import read_labelled
from fer_core.evidence.bundle import open_bundle
from fer_core.evidence.verification import verify
from fer_core.library.exchange import import_library
from fer_core.library.library import Library
from fer_core.plain import as_plain
from fer_core.timeline.events.formats import read_events
from fer_core.timeline.files import from_parquet
from fer_core.timeline.parquet import unpacked
from tests.fuzz.campaign import FAULTS, HANG, REFUSED, TRACEBACK, Campaign, table
from tests.fuzz.mutations import mutated
from tests.fuzz.seeds import Seed, zip_of
from tests.timelines import PROVENANCE, RECORDING, REQUEST

SETTINGS_OF_A_BUNDLE = json.dumps(
    {
        "format": 2,
        "recording": as_plain(RECORDING),
        "request": REQUEST.to_json(),
        "provenance": as_plain(PROVENANCE),
        "edits": [],
    }
).encode()


on_linux = pytest.mark.skipif(sys.platform != "linux", reason="processes have such limits on Linux alone")


@on_linux
@pytest.mark.usefixtures("a_word_for_the_report")
def test_hostile_files_are_refused_in_a_sentence():
    outcomes = Campaign(0, seed=1, only=tuple(range(1000, 1020)), bombs=False, limit_s=120).run()
    assert len(outcomes) == 20
    assert [(each.number, each.door, each.words) for each in outcomes if each.kind in FAULTS] == []
    assert sum(each.kind == REFUSED for each in outcomes) > 3
    assert "| **all** | 20 |" in table(outcomes)


@on_linux
def test_a_campaign_sees_a_traceback_and_a_hang():
    outcomes = Campaign(2, processes=1, given=(Seed("raises", "a", b""), Seed("hangs", "b", b"")), limit_s=1).run()
    assert [each.kind for each in outcomes] == [TRACEBACK, HANG]
    assert "ZeroDivisionError" in outcomes[0].words


def test_an_input_is_the_same_each_time():
    seeds = [Seed("edits", "edits.json", b'[{"kind": "name"}]')]
    assert mutated(seeds * 2, 9, 3) == mutated(seeds * 2, 9, 3)


def bloated(column: pa.Array, times: int) -> bytes:
    buffer = io.BytesIO()
    block = pa.table({"more": column})
    with pq.ParquetWriter(buffer, block.schema, compression="zstd") as writer:
        for _ in range(times):
            writer.write_table(block)
    return buffer.getvalue()


@pytest.mark.parametrize(
    "column",
    [
        pa.DictionaryArray.from_arrays(pa.array(np.zeros(100_000, np.int32)), pa.array(["x" * 2_000])),
        pa.array(np.zeros(100_000)),
        pa.array([[0] * 100_000]),
    ],
    ids=["a long text, often", "very many rows", "one row with very many values"],
)
def test_a_small_parquet_file_that_unpacks_to_very_much_is_refused(column):
    data = bloated(column, 10)
    with pytest.raises(ValueError, match="unpacks to"):
        unpacked(data, most=4_000_000)
    with pytest.raises(MediaError, match="export the timeline again"):
        from_parquet(data)


@pytest.mark.parametrize(
    "kind",
    [
        pa.list_(pa.string()),
        pa.struct({"a": pa.binary()}),
        pa.map_(pa.int64(), pa.string()),
        pa.large_binary(),
        pa.string_view(),
        pa.list_(pa.binary(2_000)),
    ],
    ids=str,
)
def test_text_of_another_kind_is_refused_before_it_is_unpacked(kind, monkeypatch):
    text = "x" * 2_000
    value = {"list": [text], "struct": {"a": text}, "map": [(1, text)]}.get(str(kind).partition("<")[0], text)
    data = bloated(pa.array([value] * 100, kind), 10)
    monkeypatch.setattr(pq.ParquetFile, "read", lambda *_, **__: pytest.fail("it was unpacked"))
    with pytest.raises(ValueError, match=r"unpacks to|text within"):
        unpacked(data, most=1_000_000)


def test_nested_text_under_the_name_of_plain_text_is_refused():
    nested, plain = pa.array([{"b": "x"}]), pa.array(["x"])
    buffer = io.BytesIO()
    pq.write_table(pa.table({"a": nested, "a.b": plain}), buffer)
    with pytest.raises(ValueError, match="text within"):
        unpacked(buffer.getvalue())


def test_text_of_every_kind_that_is_written_is_read():
    for kind in (pa.string(), pa.large_string(), pa.binary(), pa.dictionary(pa.int32(), pa.string())):
        column = pa.array(["a", None, "b"], pa.string()).cast(kind)
        assert unpacked(bloated(column, 1)).column("more").to_pylist() == column.to_pylist()


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("rows.csv", b"start_s,end_s,text\n" + b"1,2,a\n" * 2_000_000),
        ("columns.csv", b"start_s,text" + b",a" * 50_000 + b"\n1,a\n"),
        ("cues.srt", b"1\n00:00:01,000 --> 00:00:02,000\na\n\n" * 300_000),
    ],
)
def test_events_beyond_all_bounds_are_refused_at_once(name, data):
    began = time.monotonic()
    with pytest.raises(TimelineError, match="the most that are read"):
        read_events(name, data)
    assert time.monotonic() - began < 30


def test_names_in_a_bundle_reach_no_message_raw(tmp_path):
    files = {"\u202egnp.exe": b"x", "settings.json": SETTINGS_OF_A_BUNDLE, "timeline.parquet": b""}
    path = tmp_path / "e.zip"
    path.write_bytes(zip_of({**files, "manifest.json": b'{"format": 2, "sha256": {"\\u001b[31m": "00"}}'}))
    with pytest.raises(MediaError) as refusal:
        open_bundle(path)
    assert str(refusal.value).isprintable() and len(str(refusal.value)) < 300
    findings = verify(path, path, lambda *_: pytest.fail("nothing is analysed")).findings
    assert findings and all(finding.isprintable() for finding in findings)


def test_text_of_events_reaches_no_message_raw():
    with pytest.raises(TimelineError) as refusal:
        read_events("e.csv", "start_s,text\n\x97\u202e5,a\n".encode())
    assert str(refusal.value).isprintable()
    with pytest.raises(TimelineError) as refusal:
        read_events("e.\x1b[31m", b"")
    assert str(refusal.value).isprintable()


@pytest.mark.parametrize("method", [zipfile.ZIP_DEFLATED, zipfile.ZIP_LZMA, zipfile.ZIP_BZIP2])
def test_damage_within_a_zip_is_a_sentence_however_it_is_packed(method, tmp_path):
    """Every byte of the packed data is changed; the lists of the zip stay whole."""
    text = random.Random(0).randbytes(3000)
    path = tmp_path / "a.zip"
    for name in ("catalogue.json", "manifest.json", "happy/1.png"):
        packed = bytearray(zip_of({name: text}, method))
        for at in (*range(60, 200), *range(1000, 1100)):
            packed[at] ^= 0x55
        path.write_bytes(packed)
        with pytest.raises(MediaError):
            open_bundle(path)
        with Library.open(tmp_path / "library") as library, pytest.raises(LibraryError):
            import_library(library, path)
        with pytest.raises(DatasetError):
            read_labelled(path)
