"""Timelines in files: nothing is lost on the way, and nothing else is taken for one."""

import base64
import dataclasses
import io
import json
import os

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from fer_core import EMOTIONS, MediaError
from fer_core.plain import as_plain
from fer_core.provenance import Provenance
from fer_core.request import AnalysisRequest, DetectorChoice, Region
from fer_core.timeline import files
from fer_core.timeline.columns import BASE, COLUMNS
from fer_core.timeline.editing.corrections import resmoothed, within
from fer_core.timeline.editing.study import Study
from fer_core.timeline.files import (
    from_json,
    from_parquet,
    json_bytes,
    listed,
    parquet_bytes,
    read_document,
    typed_rows,
    write_document,
)
from fer_core.timeline.table import MEASURES, TYPES, Timeline
from tests.timelines import measures_of, nobody, of_rows, reading, synthetic

REQUEST = AnalysisRequest(
    "hybrid", DetectorChoice("haar", {"search_px": 320, "scale_step": 1.2}), "litert", 8.0, "hmm", 0.7, 0.55,
    Region(0.25, 0, 0.5, 1),
)  # fmt: skip
PROVENANCE = Provenance({"hybrid/model.tflite": "cd" * 32, "Käskade.xml": "ef" * 32}, {"fer_core": "0.1.0"})


def full() -> Timeline:
    """With everything that a timeline can have."""
    made = synthetic(10)
    return dataclasses.replace(
        made,
        request=REQUEST,
        provenance=PROVENANCE,
        problems=("Abgebrochen bei 9 s – 面接.", "Another."),
        cuts=(1.5, 1 / 3),
        measures=measures_of(made.frame),
        stopped_s=9.0,
    )


TIMELINES = {
    "everything": full(),
    "two people": synthetic(5),
    "nobody": synthetic(2, people=0),
    "no rows": of_rows([]),
    "one sample": of_rows([reading(1 / 3, 1, "happy", 0.1 + 0.2)]),
    "a part": within(full(), 2, 5),  # whose index does not begin at 0
}
FORMS = {".parquet": (parquet_bytes, from_parquet), ".json": (json_bytes, from_json)}
all_timelines = pytest.mark.parametrize("timeline", TIMELINES.values(), ids=TIMELINES)
both_forms = pytest.mark.parametrize(("write", "read"), FORMS.values(), ids=FORMS)


def assert_same(again: Timeline, timeline: Timeline) -> None:
    pd.testing.assert_frame_equal(again.frame, timeline.frame.reset_index(drop=True), check_exact=True)
    pd.testing.assert_frame_equal(again.measures, timeline.measures.reset_index(drop=True), check_exact=True)
    for name in ("recording", "request", "provenance", "problems", "cuts", "stopped_s"):
        assert getattr(again, name) == getattr(timeline, name), name
    assert dict(again.portraits) == dict(timeline.portraits)


@all_timelines
@both_forms
def test_nothing_is_lost(timeline, write, read):
    again, more = read(write(timeline))
    assert_same(again, timeline)
    assert more == {}
    assert_same(read(write(again))[0], again)  # as often as one likes


@pytest.mark.parametrize("name", ["a.parquet", "b.json", "C.JSON"])
def test_nothing_is_lost_through_a_file_either(tmp_path, name):
    path = tmp_path / "new" / "folder" / name
    full().write(path)
    assert_same(Timeline.read(str(path)), full())
    assert [found.name for found in path.parent.iterdir()] == [name]
    assert {name: str(dtype) for name, dtype in Timeline.read(path).frame.dtypes.items()} == TYPES


@both_forms
def test_what_is_read_back_can_be_worked_with(write, read):
    again, _ = read(write(full()))
    pd.testing.assert_frame_equal(
        resmoothed(again, "median", 0.5).frame, resmoothed(full(), "median", 0.5).frame, check_exact=True
    )


@both_forms
def test_further_values_are_kept_beside_the_timeline(write, read):
    assert read(write(full(), {"notes": {"names": {"1": "Zoë"}}}))[1] == {"notes": {"names": {"1": "Zoë"}}}


def test_json_is_what_it_says():
    record = json.loads(json_bytes(full()))
    assert record["format"] == 2 and record["recording"]["name"] == "Gespräch – Übung.mp4"
    assert record["columns"] == [*COLUMNS, *MEASURES] and record["measures"] == list(MEASURES)
    assert record["request"] == REQUEST.to_json() and record["provenance"] == as_plain(PROVENANCE)
    assert base64.b64decode(record["portraits"]["2"]) == full().portraits[2]
    assert "portraits" not in json.loads(json_bytes(of_rows([])))


def test_only_where_it_says_something_new_a_file_tells_parts_from_removals():
    """A library names an analysis by the bytes of its file, which are to stay."""
    made = full()
    for excerpt, part, said in ((False, False, False), (True, True, False), (True, False, True)):
        data = json_bytes(dataclasses.replace(made, excerpt=excerpt, part=part))
        again, _ = from_json(data)
        assert (again.excerpt, again.part, "part" in json.loads(data)) == (excerpt, part, said)


def test_json_has_null_for_what_is_empty():
    assert listed(typed_rows(of_rows([nobody(0.25)]))) == [[0.25, 6, *[None] * (len(COLUMNS) - 2)]]


def test_parquet_has_types_and_a_dictionary():
    schema = pq.read_schema(io.BytesIO(parquet_bytes(full())))
    types = {name: schema.field(name).type for name in COLUMNS}
    assert types["person"] == types["x"] == types["frame"] == pa.int64()
    assert types["happy"] == types["raw_happy"] == types["time_s"] == pa.float64()
    assert types["uncertain"] == pa.bool_() and types["label"] in (pa.string(), pa.large_string())
    assert json.loads(schema.metadata[b"recording"])["name"] == "Gespräch – Übung.mp4"
    assert json.loads(schema.metadata[b"columns"])["happy"]["unit"] == "0 to 1"


@both_forms
def test_columns_of_a_later_version_are_kept(write, read):
    timeline = full()
    frame = timeline.frame.assign(yaw_deg=timeline.frame["time_s"] * 2, gaze="left")
    later = dataclasses.replace(timeline, frame=frame)
    again, _ = read(write(later))
    assert list(again.frame.columns) == [*COLUMNS, "yaw_deg", "gaze"]
    assert again.frame["yaw_deg"].tolist() == frame["yaw_deg"].tolist() and set(again.frame["gaze"]) == {"left"}
    assert list(again.measures.columns) == list(MEASURES)
    assert_same(again, later)
    study = Study.of_document(*read(Study(again).to_json() if read is from_json else Study(again).to_parquet()))
    assert list(study.timeline.frame.columns) == list(again.frame.columns)


# --- format 1 --------------------------------------------------------------------------------------------------------

SETTINGS_1 = {
    "model": "resnet50v2", "detector": "haar", "engine": "litert", "fps": 4.0, "smoothing": "exponential",
    "time_constant_s": 0.4, "uncertain_below": 0.5, "hashes": {"model.tflite": "cd" * 32},
    "versions": {"fer_core": "0.1.0", "numpy": "2.4.6"},
}  # fmt: skip


def parquet_1(timeline: Timeline) -> bytes:
    """As version 0.1 wrote it."""
    about = {"recording": dataclasses.asdict(timeline.recording), "settings": SETTINGS_1, "columns": as_plain(BASE)}
    rows = pa.Table.from_pandas(typed_rows(timeline), preserve_index=False)
    rows = rows.replace_schema_metadata({name: json.dumps(value, ensure_ascii=False) for name, value in about.items()})
    buffer = io.BytesIO()
    pq.write_table(rows, buffer, compression="zstd")
    return buffer.getvalue()


def json_1(timeline: Timeline) -> bytes:
    """As version 0.1 wrote it: rounded, with notes, without a format."""
    record = {
        "recording": dataclasses.asdict(timeline.recording),
        "settings": SETTINGS_1,
        "problems": ["Stopped."],
        "cuts": [1.5],
        "notes": {"names": {"1": "Zoë"}, "markers": [], "excluded": []},
        "columns": list(COLUMNS),
        "rows": listed(typed_rows(timeline).round(6)),
    }
    return json.dumps(record).encode()


def test_parquet_of_format_1_is_read():
    again, more = from_parquet(parquet_1(synthetic(5)))
    assert more == {}
    request = AnalysisRequest("resnet50v2", DetectorChoice("haar"), fps=4.0, uncertain_below=0.5)
    assert_same(again, dataclasses.replace(synthetic(5), portraits={}, request=request))
    assert again.provenance == Provenance({"model.tflite": "cd" * 32}, {"fer_core": "0.1.0", "numpy": "2.4.6"})


def test_json_of_format_1_is_read():
    again, more = from_json(json_1(synthetic(5)))
    assert (again.problems, again.cuts, again.portraits) == (("Stopped.",), (1.5,), {})
    assert again.request.detector == DetectorChoice("haar") and again.provenance.files == SETTINGS_1["hashes"]
    assert more["notes"]["names"] == {"1": "Zoë"}
    assert again.frame[list(EMOTIONS)].sub(synthetic(5).frame[list(EMOTIONS)]).abs().max().max() < 1e-6
    assert again.frame["label"].equals(synthetic(5).frame["label"])


@pytest.mark.parametrize("changes", [{"fps": "fast"}, {"detector": None}, {"more": 1}, {"uncertain_below": None}])
def test_damaged_settings_of_format_1_are_refused(changes):
    record = json.loads(json_1(synthetic(2)))
    record["settings"].update(changes)
    with pytest.raises(MediaError, match="does not hold a timeline"):
        from_json(json.dumps(record).encode())


# --- what is no timeline ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "data",
    [b"", b"PAR1 no such thing PAR1", os.urandom(1000), parquet_bytes(synthetic(5))[:-20], json_bytes(synthetic(2))],
    ids=["empty", "magic alone", "noise", "cut off", "the other form"],
)
def test_what_is_no_parquet_file_is_refused(data):
    with pytest.raises(MediaError, match="not a Parquet file"):
        from_parquet(data)


@pytest.mark.parametrize(
    "data",
    [b"", b"{", b"null", b"[]", b"{}", b'"rows"', b"\xff\xfe\x00", b"[" * 100_000, parquet_bytes(synthetic(2))],
    ids=["empty", "cut off", "null", "a list", "an object", "text", "no text", "a deep list", "the other form"],
)
def test_what_is_no_json_file_of_a_timeline_is_refused(data):
    with pytest.raises(MediaError, match="not a JSON file of a timeline"):
        from_json(data)


def changed(**changes) -> dict:
    return {**json.loads(json_bytes(synthetic(2))), **changes}


def with_cell(column: str, value) -> dict:
    record = json.loads(json_bytes(full()))
    record["rows"][0][record["columns"].index(column)] = value
    return record


FOREIGN = {
    "a newer format": (changed(format=3), "format that is not known"),
    "rows that are too short": (changed(rows=[[1, 2]]), "JSON file of a timeline"),
    "other columns": (changed(rows=[[1]], columns=["a"]), "does not hold a timeline"),
    "a column twice": (
        changed(rows=[[*row, 1] for row in changed()["rows"]], columns=[*COLUMNS, "x"]),
        "does not hold a timeline",
    ),
    "no recording": (changed(recording=None), "does not hold a timeline"),
    "a recording of another kind": (changed(recording={"name": "x"}), "does not hold a timeline"),
    "no request": (changed(request=None), "does not hold a timeline"),
    "a request of another kind": (changed(request={"more": 1}), "does not hold a timeline"),
    "a request without a threshold": (
        changed(request={**REQUEST.to_json(), "uncertain_below": None}),
        "does not hold a timeline",
    ),
    "no provenance": (changed(provenance=[]), "does not hold a timeline"),
    "portraits that are none": (changed(portraits={"1": "%"}), "does not hold a timeline"),
    "portraits of nobody": (changed(portraits={"Zoë": ""}), "does not hold a timeline"),
    "a list of portraits": (changed(portraits=[1]), "does not hold a timeline"),
    "cuts that are no times": (changed(cuts=["then"]), "does not hold a timeline"),
    "measures that are not there": (changed(measures=["sharpness"]), "does not hold a timeline"),
    "an outline that is none": (with_cell("outline", "AAAA"), "does not hold a timeline"),
    "an outline of other letters": (with_cell("outline", "é"), "does not hold a timeline"),
    "a time that is none": (with_cell("time_s", "then"), "does not hold a timeline"),
    "half a person": (with_cell("person", 1.5), "does not hold a timeline"),
    "a huge person": (with_cell("person", 10**30), "does not hold a timeline"),
    "no frame": (with_cell("frame", None), "does not hold a timeline"),
    "an uncertain doubt": (with_cell("uncertain", "perhaps"), "does not hold a timeline"),
    "a box in a box": (with_cell("x", [1]), "does not hold a timeline"),
    "no doubt": (with_cell("uncertain", None), "does not hold a timeline"),
    "an emotion that is none": (with_cell("label", "joy"), "does not hold a timeline"),
    "another label than that of the highest probability": (with_cell("happy", 1.0), "does not hold a timeline"),
    "a probability above 1": (with_cell("neutral", 1.2), "does not hold a timeline"),
}


@pytest.mark.parametrize(("record", "words"), FOREIGN.values(), ids=FOREIGN)
def test_a_foreign_or_damaged_file_is_one_sentence(record, words):
    with pytest.raises(MediaError, match=words) as refused:
        from_json(json.dumps(record).encode())
    assert "\n" not in str(refused.value)


def test_another_parquet_table_is_refused():
    buffer = io.BytesIO()
    pd.DataFrame({"a": [1]}).to_parquet(buffer)
    with pytest.raises(MediaError, match="does not hold a timeline"):
        from_parquet(buffer.getvalue())


def test_a_file_that_is_too_large_is_not_read(tmp_path, monkeypatch):
    path = tmp_path / "a.json"
    full().write(path)
    monkeypatch.setattr(files, "MAX_BYTES", 1000)
    with pytest.raises(MediaError, match=r"a\.json is larger than a timeline can be"):
        Timeline.read(path)


@pytest.mark.parametrize("name", ["timeline.csv", "timeline", "timeline.parquet.zip"])
def test_another_ending_is_refused_both_ways(tmp_path, name):
    for act in (full().write, Timeline.read):
        with pytest.raises(MediaError, match=r"\.parquet or \.json"):
            act(tmp_path / name)
    assert not list(tmp_path.iterdir())


def test_a_file_that_is_not_there_and_a_place_that_cannot_be_written(tmp_path):
    with pytest.raises(MediaError, match="does not exist"):
        Timeline.read(tmp_path / "none.json")
    (tmp_path / "folder.json").mkdir()
    with pytest.raises(MediaError, match="cannot be read"):
        Timeline.read(tmp_path / "folder.json")
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(MediaError, match=r"cannot be written .* choose another place"):
        full().write(tmp_path / "file" / "a.parquet")


def test_a_write_that_fails_leaves_the_file_that_was_there(tmp_path):
    path = tmp_path / "a.json"
    full().write(path)
    before = path.read_bytes()
    with pytest.raises(ValueError, match="not JSON compliant"):
        write_document(full(), {"more": float("nan")}, path)
    assert path.read_bytes() == before and len(list(tmp_path.iterdir())) == 1
    assert read_document(path)[1] == {}
