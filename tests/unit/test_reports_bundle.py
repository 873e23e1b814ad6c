"""Evidence bundles: what is in them, and that no kind of change goes unnoticed."""

import dataclasses
import hashlib
import io
import json
import re
import zipfile
from datetime import date

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pypdf
import pytest

from fer_core.cli import main
from fer_core.declaration import Declaration
from fer_core.emotions import EMOTIONS
from fer_core.errors import MediaError
from fer_core.evidence.bundle import NAMES, bundle_bytes, fingerprint_of, open_bundle, read_bundle, write_bundle
from fer_core.evidence.verification import compare, verify
from fer_core.networks.files import sha256
from fer_core.reports import pdf
from fer_core.reports.pdf import pdf_report
from fer_core.reports.tables import csv_text
from fer_core.timeline.columns import GROUP_COLUMNS, GROUPS, RAW_COLUMNS
from fer_core.timeline.editing.corrections import merged, resmoothed, split, within, without
from fer_core.timeline.editing.edits import Mark, Name, Remove
from fer_core.timeline.editing.study import AS_READ, Study
from fer_core.timeline.files import from_json, from_parquet, listed, parquet_bytes, typed_rows
from fer_core.timeline.notes import Marker
from fer_core.timeline.table import MEASURES, Timeline, smoothed
from tests.timelines import measured, measures_of, nobody, of_rows, reading, synthetic
from tests.unit.test_timeline_files import SETTINGS_1, parquet_1
from tests.videos import scene, write_video

pytestmark = pytest.mark.usefixtures("a_word_for_the_report")

DAY = date(2026, 11, 1)
NOTES = (Name(1, "Zoë"), Mark((Marker(3, "laughs"),)))


@pytest.fixture
def real_report(monkeypatch):
    monkeypatch.setattr(pdf, "pdf_report", pdf_report)


@pytest.fixture(scope="module")
def video(tmp_path_factory):
    path = tmp_path_factory.mktemp("recording") / "talk.mp4"
    path.write_bytes(b"stands for a recording")
    return path


@pytest.fixture(scope="module")
def timeline(video):
    """As an analysis gives it: everything follows from the raw probabilities."""
    made = synthetic(20)
    recording = dataclasses.replace(made.recording, sha256=sha256(video))
    return resmoothed(dataclasses.replace(made, recording=recording))


@pytest.fixture
def data(a_word_for_the_report, timeline):
    return bundle_bytes(Study(timeline, NOTES), DAY)


def files_in(data: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def rezipped(path, files: dict[str, bytes], *, cover_up: bool = False):
    """The bundle with other files; `cover_up` writes their hashes into the manifest, as a forger would."""
    files = dict(files)
    if cover_up:
        manifest = json.loads(files["manifest.json"])
        manifest["sha256"] = {n: hashlib.sha256(d).hexdigest() for n, d in files.items() if n != "manifest.json"}
        files["manifest.json"] = json.dumps(manifest).encode()
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return path


def forged(files: dict[str, bytes], rows: pd.DataFrame, timeline: Timeline) -> dict[str, bytes]:
    """All tables changed in step."""
    changed = dataclasses.replace(timeline, frame=rows)
    logged = dataclasses.replace(timeline, frame=rows.assign(**{AS_READ: rows["person"]}), portraits={})
    record = json.loads(files["timeline.json"])
    record["rows"] = listed(typed_rows(logged))
    return {
        **files,
        "timeline.csv": csv_text(changed).encode(),
        "timeline.parquet": parquet_bytes(logged, from_json(files["timeline.json"])[1]),
        "timeline.json": json.dumps(record).encode(),
    }


def never(*_):
    raise AssertionError("there was no need to run the analysis")


def test_it_holds_report_tables_settings_and_hashes(real_report, timeline):
    files = files_in(bundle_bytes(Study(timeline, NOTES), DAY))
    assert set(files) == NAMES
    assert sorted(files) == [
        "README.txt", "manifest.json", "report.pdf", "settings.json",
        "timeline.csv", "timeline.json", "timeline.parquet", "timeline_columns.csv",
    ]  # fmt: skip
    hashes = json.loads(files["manifest.json"])["sha256"]
    assert hashes == {n: hashlib.sha256(d).hexdigest() for n, d in files.items() if n != "manifest.json"}
    described = json.loads(files["settings.json"])
    assert described["request"] == timeline.request.to_json() and described["made_on"] == "2026-11-01"
    assert described["provenance"]["files"] == {"model.tflite": "cd" * 32}
    assert described["provenance"]["versions"]["numpy"] == "2.4.6"
    assert described["recording"]["sha256"] == timeline.recording.sha256
    assert [edit["kind"] for edit in described["edits"]] == ["name", "mark"]
    assert "Zoë" in pypdf.PdfReader(io.BytesIO(files["report.pdf"])).pages[1].extract_text()
    assert b"verify" in files["README.txt"] and "Übung".encode() in files["README.txt"]


def test_the_same_input_gives_the_same_bundle_whose_fingerprint_is_that_of_the_manifest(tmp_path, timeline, data):
    path = tmp_path / "new" / "evidence.zip"
    fingerprint = write_bundle(Study(timeline, NOTES), path, DAY)
    assert path.read_bytes() == data
    assert fingerprint == fingerprint_of(data) == read_bundle(path).fingerprint
    assert fingerprint == hashlib.sha256(files_in(data)["manifest.json"]).hexdigest()


def test_an_untouched_bundle_is_identical(tmp_path, data, video, timeline):
    path = tmp_path / "evidence.zip"
    path.write_bytes(data)
    asked = []
    result = verify(path, video, lambda *given: asked.append(given) or timeline)
    assert (result.verdict, result.confirmed) == ("identical", True)
    assert asked == [(video, timeline.request)]  # with the bundle's own request
    assert result.findings[0] == f"All {len(timeline.frame):,} rows are the same to the last digit."
    one = dataclasses.replace(timeline, frame=timeline.frame[:1])
    assert compare(typed_rows(one), one) == ("identical", ("The only row is the same to the last digit.",))


def test_a_folder_is_no_bundle(tmp_path):
    with pytest.raises(MediaError, match="is a folder; name the bundle in it"):
        read_bundle(tmp_path)


def test_the_readme_says_where_there_are_pictures_of_faces(real_report, tmp_path):
    path, timeline = tmp_path / "evidence.zip", synthetic(4, people=1)
    write_bundle(Study(timeline, NOTES), path, DAY)
    with_portraits, again = files_in(path.read_bytes()), files_in(bundle_bytes(open_bundle(path), DAY))
    bare = bundle_bytes(Study(dataclasses.replace(timeline, portraits={}), NOTES), DAY)
    for files, pictures in ((with_portraits, True), (again, False), (files_in(bare), False)):
        shown = any(len(page.images) for page in pypdf.PdfReader(io.BytesIO(files["report.pdf"])).pages)
        assert shown == pictures == (b"the only file with pictures" in files["README.txt"])
        assert pictures != (b"for people; no pictures" in files["README.txt"])
    assert again["README.txt"] == files_in(bare)["README.txt"]


CHANGES = {
    "a figure in the table": ("timeline.csv", lambda d: d.replace(b"0.", b"1.", 1), "timeline.csv was changed"),
    "the report": ("report.pdf", lambda d: d + b" ", "report.pdf was changed"),
    "the request": ("settings.json", lambda d: d.replace(b'"fps": 4.0', b'"fps": 2.0'), "settings.json was changed"),
    "the dictionary": ("timeline_columns.csv", lambda d: d.upper(), "timeline_columns.csv was changed"),
    "a hash in the manifest": (
        "manifest.json",
        lambda d: d.replace(b'report.pdf": "', b'report.pdf": "0'),
        "report.pdf was changed",
    ),
    "a file taken out": ("README.txt", None, "README.txt is missing"),
    "a file put in": ("more.txt", lambda d: b"x", "more.txt was added later"),
}


@pytest.mark.parametrize(("name", "change", "finding"), CHANGES.values(), ids=CHANGES)
def test_a_change_shows_before_anything_is_run(tmp_path, data, video, name, change, finding):
    files = files_in(data)
    if change is None:
        del files[name]
    else:
        files[name] = change(files.get(name, b""))
        assert files != files_in(data)
    result = verify(rezipped(tmp_path / "x.zip", files), video, never)
    assert (result.verdict, result.confirmed) == ("changed", False)
    assert any(words.startswith(finding) for words in result.findings)


COVERED_UP = {
    "the table alone": ("timeline.csv", lambda d: d.replace(b",happy,", b",sad,"), "timeline.csv and timeline.parquet"),
    "the JSON alone": (
        "timeline.json",
        lambda d: d.replace(b'"good"', b'"dark"'),
        "timeline.json and timeline.parquet",
    ),
    "the request alone": (
        "settings.json",
        lambda d: d.replace(b'"fps": 4.0', b'"fps": 2.0'),
        "timeline.json and settings.json",
    ),
    "a line in the settings": (
        "settings.json",
        lambda d: d.replace(b'"machine"', b'"approved_by": "the institute", "machine"'),
        "settings.json says what no bundle does: approved_by.",
    ),
    "a file put in": ("expert_opinion.pdf", lambda d: b"%PDF-", "expert_opinion.pdf is no file of a bundle"),
    "a file taken out": ("README.txt", None, "README.txt is missing, which every bundle holds"),
    "the stop alone": (
        "timeline.json",
        lambda d: d.replace(b'"stopped_s": null', b'"stopped_s": 3.0'),
        "Where the reading was stopped in timeline.json and timeline.parquet",
    ),
    "a portrait in a table": (
        "timeline.json",
        lambda d: d.replace(b'"excerpt"', b'"portraits": {"1": "/9j/"}, "excerpt"'),
        "The tables of the bundle hold portraits",
    ),
    "the Parquet file destroyed": ("timeline.parquet", lambda d: d[:-9], "The tables of the bundle cannot be read"),
}


@pytest.mark.parametrize(("name", "change", "finding"), COVERED_UP.values(), ids=COVERED_UP)
def test_a_change_with_a_new_manifest_contradicts_other_files(tmp_path, data, video, name, change, finding):
    files = files_in(data)
    changed = {**files, name: b"" if change is None else change(files.get(name, b""))}
    if change is None:
        del changed[name]
    assert changed != files
    result = verify(rezipped(tmp_path / "x.zip", changed, cover_up=True), video, never)
    assert result.verdict == "changed" and any(words.startswith(finding) for words in result.findings)


def test_a_forgery_in_step_is_found_by_the_run(tmp_path, data, video, timeline):
    rows = typed_rows(timeline)
    rows.loc[40, ["sad", "happy"]] = rows.loc[40, ["happy", "sad"]].to_numpy()
    rows.loc[40, "label"] = rows.loc[40, list(EMOTIONS)].astype(float).idxmax()
    path = rezipped(tmp_path / "x.zip", forged(files_in(data), rows, timeline), cover_up=True)
    result = verify(path, video, lambda *_: timeline)
    assert (result.verdict, result.confirmed) == ("differs", False)
    assert result.findings[0] == "The raw readings agree, but not what was made of them."
    time_s = rows["time_s"][40]
    assert any(words.startswith("happy differs in 1 of") and f"at {time_s:.2f} s" in words for words in result.findings)
    assert result.fingerprint != fingerprint_of(data)


def described(files: dict[str, bytes], change) -> dict[str, bytes]:
    """The description in the Parquet file changed, which is all that the dashboard opens."""
    table = pq.read_table(io.BytesIO(files["timeline.parquet"]))
    metadata = {key: change(value) for key, value in table.schema.metadata.items()}
    assert metadata != table.schema.metadata
    target = io.BytesIO()
    pq.write_table(table.replace_schema_metadata(metadata), target)
    return {**files, "timeline.parquet": target.getvalue()}


@pytest.mark.parametrize("edits", [(), NOTES], ids=["no corrections", "corrections"])
def test_people_who_are_swapped_in_every_table_are_found(tmp_path, video, timeline, edits):
    files = files_in(bundle_bytes(Study(timeline, edits), DAY))
    people = timeline.frame["person"]
    swapped = resmoothed(dataclasses.replace(timeline, frame=timeline.frame.assign(person=3 - people))).frame
    bundle = rezipped(tmp_path / "b.zip", forged(files, swapped, timeline), cover_up=True)
    result = verify(bundle, video, lambda *_: timeline)
    assert set(people.dropna()) == {1, 2} and not result.confirmed


def test_what_is_left_out_of_problems_or_changed_in_measures_is_found(tmp_path, video, timeline):
    measures = measures_of(timeline.frame)
    read = dataclasses.replace(timeline, problems=("12 s of the recording are missing.",), measures=measures)
    forgery = dataclasses.replace(timeline, measures=measures.assign(sharpness=7 * measures["sharpness"]))
    bundle = tmp_path / "b.zip"
    bundle.write_bytes(bundle_bytes(Study(forgery, ()), DAY))
    result = verify(bundle, video, lambda *_: read)
    assert result.verdict == "differs" and any(words.startswith("sharpness differs") for words in result.findings)
    bundle.write_bytes(bundle_bytes(Study(dataclasses.replace(timeline, measures=measures), ()), DAY))
    result = verify(bundle, video, lambda *_: read)
    assert result.confirmed and "12 s of the recording are missing" in " ".join(result.findings)  # told, at least
    known = dataclasses.replace(timeline, measures=measures, problems=("11 s of the recording are missing.",))
    bundle.write_bytes(bundle_bytes(Study(known, ()), DAY))
    assert "are missing" not in " ".join(verify(bundle, video, lambda *_: read).findings)
    invented = dataclasses.replace(known, problems=(*known.problems, "From 40 s on it was cut afterwards."))
    bundle.write_bytes(bundle_bytes(Study(invented, ()), DAY))
    result = verify(bundle, video, lambda *_: read)
    assert result.confirmed and "does not say: From 40 s on it was cut afterwards." in " ".join(result.findings)


def lost(timeline: Timeline, *names: str) -> Timeline:
    """The timeline without columns or measures."""
    measures = timeline.measures.drop(columns=[name for name in names if name in timeline.measures])
    frame = timeline.frame.drop(columns=[name for name in names if name in timeline.frame])
    return dataclasses.replace(timeline, frame=frame, measures=measures)


@pytest.fixture(scope="module")
def read(video):
    """As an analysis with landmarks gives it."""
    made = measured(9.0, 12.5)
    return dataclasses.replace(
        made,
        recording=dataclasses.replace(made.recording, sha256=sha256(video)),
        measures=measures_of(made.frame),
    )


@pytest.mark.parametrize(
    ("names", "verdict", "words"),
    [
        (("blink",), "differs", "come with others that it has: blink."),
        (tuple(GROUPS["pose"]), "equal within rounding", "lacks these columns, .*: yaw_deg, pitch_deg, roll_deg"),
        (GROUP_COLUMNS, "equal within rounding", "lacks these columns, .*yaw_deg, .*jaw_drop"),
        (("sharpness",), "differs", "come with others that it has: sharpness"),
        (("outline",), "equal within rounding", "lacks these columns, .*: outline"),
        (MEASURES, "equal within rounding", "lacks these columns, .*: sharpness, .*outline"),
    ],
    ids=["a column", "a group", "all groups", "a measure", "outlines, as before they were kept", "all measures"],
)
def test_columns_that_were_taken_out_are_told(tmp_path, video, read, names, verdict, words):
    path = tmp_path / "b.zip"
    path.write_bytes(bundle_bytes(Study(read), DAY))
    assert verify(path, video, lambda *_: read).verdict == "identical"
    path.write_bytes(bundle_bytes(Study(lost(read, *names)), DAY))
    result = verify(path, video, lambda *_: read)
    assert result.verdict == verdict and result.confirmed == (verdict != "differs")
    assert re.search(words, " ".join(result.findings))


def test_outlines_and_measures_that_no_analysis_gives_are_found(tmp_path, video, read):
    path = tmp_path / "b.zip"
    outlines = read.measures["outline"]
    for words, changed in {
        "outline differs in": read.measures.assign(outline=outlines.where(outlines.isna(), outlines.iat[50])),
        "No analysis gives these measures of the bundle: deception.": read.measures.assign(deception=0.9),
    }.items():
        path.write_bytes(bundle_bytes(Study(dataclasses.replace(read, measures=changed)), DAY))
        result = verify(path, video, lambda *_: read)
        assert result.verdict == "differs" and words in " ".join(result.findings)
    path.write_bytes(bundle_bytes(Study(read), DAY))
    assert "the outlines of faces, too" in verify(path, video, lambda *_: lost(read, "outline")).findings[-1]


def test_measures_of_boxes_that_are_moved_by_a_pixel_are_told_to_be_compared_with_nothing(tmp_path, video, read):
    path = tmp_path / "b.zip"
    path.write_bytes(bundle_bytes(Study(read), DAY))
    assert "pixel" not in verify(path, video, lambda *_: read).findings[-1]
    moved = read.frame.assign(x=read.frame["x"] + 1)
    measures = read.measures.assign(sharpness=7.0, outline=read.measures["outline"].iat[50])
    path.write_bytes(bundle_bytes(Study(dataclasses.replace(read, frame=moved, measures=measures)), DAY))
    result = verify(path, video, lambda *_: read)
    faces = int(read.frame["x"].notna().sum())
    assert result.verdict == "equal within rounding"
    assert f"measures and outlines of {faces} of {len(moved)} rows, too" in result.findings[-1]


def test_one_row_of_many_whose_box_is_moved_is_told_to_be_compared_with_nothing(tmp_path, video, read):
    path, first = tmp_path / "b.zip", read.frame.index == read.frame["x"].first_valid_index()
    moved = read.frame.assign(x=read.frame["x"].where(~first, read.frame["x"] + 1))
    measures = read.measures.assign(sharpness=read.measures["sharpness"].where(~first, 7.0))
    path.write_bytes(bundle_bytes(Study(dataclasses.replace(read, frame=moved, measures=measures)), DAY))
    result = verify(path, video, lambda *_: read)
    assert result.verdict == "equal within rounding"
    assert f"measures and outlines of 1 of {len(moved)} rows, too" in result.findings[-1]


def test_what_reading_again_cannot_confirm_is_told(tmp_path, video, timeline):
    path = tmp_path / "b.zip"
    declaration = Declaration("usability study", "1", "2026-11-01T10:00:00Z")
    path.write_bytes(bundle_bytes(Study(dataclasses.replace(timeline, declaration=declaration)), DAY))
    *_, told, uncompared = verify(path, video, lambda *_: timeline).findings
    assert told.startswith("This was declared, which reading the recording again cannot confirm.")
    assert "usability study" in told
    assert (
        "the report, the README, the dictionaries of columns, the date" in uncompared and "outlines" not in uncompared
    )


def test_a_recording_that_is_not_there_is_a_sentence(tmp_path, data):
    bundle = tmp_path / "b.zip"
    bundle.write_bytes(data)
    for place in (tmp_path / "typo.mp4", tmp_path):
        with pytest.raises(MediaError):
            verify(bundle, place, never)


@pytest.mark.parametrize(
    ("old", "new"),
    [("Zoë", "Bob"), ("laughs", "cries"), ('"exponential"', '"median"'), ('"frame_rate"', '"frame_rate" ')],
    ids=["a name", "a marker", "the smoothing", "nothing but a blank"],
)
def test_what_the_dashboard_opens_is_what_was_checked(tmp_path, data, video, timeline, old, new):
    files = described(files_in(data), lambda value: value.replace(old.encode(), new.encode()))
    path = rezipped(tmp_path / "x.zip", files, cover_up=True)
    result = verify(path, video, lambda *_: timeline)
    assert result.confirmed == (new.strip() == old), result.findings


def bundle_of(study: Study) -> dict[str, bytes]:
    """A bundle as no program here makes it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Study, "whole", True)
        return files_in(bundle_bytes(study, DAY))


def test_what_a_bundle_cannot_hold_is_not_confirmed(tmp_path, video, timeline):
    removed = rezipped(tmp_path / "r.zip", bundle_of(Study(timeline, (Remove(2),))))
    result = verify(removed, video, lambda *_: timeline)
    assert result.verdict == "changed" and "remove somebody" in result.findings[0]
    wider = dataclasses.replace(timeline, recording=dataclasses.replace(timeline.recording, width=9999))
    result = verify(rezipped(tmp_path / "w.zip", bundle_of(Study(wider))), video, lambda *_: timeline)
    assert result.verdict == "differs" and "width is 9999 in the bundle" in result.findings[0]
    cut = dataclasses.replace(timeline, cuts=(3.0,))
    result = verify(rezipped(tmp_path / "c.zip", bundle_of(Study(cut))), video, lambda *_: timeline)
    assert result.verdict == "differs" and "1 cuts" in result.findings[0]


def test_an_invented_column_is_no_part_of_an_analysis(timeline):
    verdict, [finding] = compare(typed_rows(timeline).assign(deception=0.9), timeline)
    assert verdict == "differs" and finding.endswith("deception.")


def test_corrections_are_told_one_by_one(tmp_path, data, video, timeline):
    path = rezipped(tmp_path / "x.zip", files_in(data))
    told = " ".join(verify(path, video, lambda *_: timeline).findings)
    assert "2 corrections were made again to what was read: " in told and "Zoë" in told


@pytest.mark.parametrize(
    ("column", "value", "finding"),
    [
        ("raw_fear", 0.9, "raw_fear differs"),
        ("x", 300, "x differs"),
        ("label", "disgust", "label differs"),
        ("uncertain", True, "uncertain differs"),
        ("frame", 9999, "frame differs"),
        ("person", 7, "person differs"),
    ],
)
def test_every_kind_of_value_is_compared(timeline, column, value, finding):
    rows = typed_rows(timeline)
    place = int(np.flatnonzero(rows["person"].eq(1).fillna(False) & (rows["confidence"] > 0.8))[0])
    rows.loc[place, column] = value
    verdict, findings = compare(rows, timeline)
    assert verdict == "differs" and any(words.startswith(finding) for words in findings)


def test_quality_words_may_tip_in_one_row_of_a_hundred(timeline):
    rows = typed_rows(timeline)
    rows.loc[0, "quality"] = "small"
    assert len(rows) > 100 and compare(rows, timeline)[0] == "equal within rounding"
    rows["quality"] = rows["quality"].mask(rows["person"].notna(), "good")
    verdict, findings = compare(rows, timeline)
    assert verdict == "differs" and findings[-1].startswith("quality differs")


def noisy(timeline: Timeline, noise: float, pixels: int) -> Timeline:
    """The same analysis on another machine, as it were."""
    rng = np.random.default_rng(1)
    frame = timeline.frame.copy()
    seen = frame["person"].notna()
    raw = frame.loc[seen, list(RAW_COLUMNS)].to_numpy() + rng.uniform(0, noise, (int(seen.sum()), len(EMOTIONS)))
    frame.loc[seen, list(RAW_COLUMNS)] = raw / raw.sum(axis=1, keepdims=True)
    frame.loc[seen, "x"] = frame.loc[seen, "x"] + rng.integers(-pixels, pixels + 1, int(seen.sum()))
    return dataclasses.replace(timeline, frame=smoothed(frame, timeline.request))


def test_rounding_is_told_from_difference(timeline):
    verdict, findings = compare(typed_rows(timeline), noisy(timeline, 1e-4, 1))
    assert verdict == "equal within rounding" and "largest difference" in findings[0]
    verdict, findings = compare(typed_rows(timeline), noisy(timeline, 0.2, 1))
    assert verdict == "differs" and any(words.startswith("raw_") and " most at " in words for words in findings)
    assert compare(typed_rows(timeline), noisy(timeline, 1e-4, 5))[0] == "differs"


def test_a_label_may_tip_only_where_a_hair_decides():
    even = {**dict.fromkeys(EMOTIONS, 0.0), "happy": 0.502, "sad": 0.498}
    raw = {f"raw_{name}": p for name, p in even.items()}
    kept = of_rows([reading(t, 1, "sad", 0.502, **{**even, "happy": 0.498, "sad": 0.502}, **raw) for t in range(3)])
    again = of_rows([reading(t, 1, "happy", 0.502, **even, **raw) for t in range(3)])
    assert compare(typed_rows(kept), again)[0] == "equal within rounding"
    for other in ("angry", "delighted"):  # which no rounding makes of it
        verdict, findings = compare(typed_rows(kept).assign(label=other), again)
        assert verdict == "differs" and findings[-1].startswith("label differs in 3 of 3 rows")


def test_merged_and_split_people_are_recognised(timeline):
    later, number = split(timeline, 1, 12.0)
    verdict, findings = compare(typed_rows(later), timeline)
    assert verdict == "equal but for edited people" and "merged or split" in findings[0]
    assert compare(typed_rows(merged(later, 1, number)), timeline)[0] == "identical"


def test_what_was_left_out_is_said(timeline):
    for part in (without(timeline, 2), within(timeline, 2, 8)):
        verdict, findings = compare(typed_rows(part), timeline)
        assert verdict == "differs" and "moments, first at" in findings[0]
    assert findings[1] == "What the bundle holds is found again: a person or a stretch of time was left out of it."
    verdict, findings = compare(typed_rows(timeline), within(timeline, 2, 8))
    assert verdict == "differs" and len(findings) == 1


def test_frames_without_faces_count_too():
    timeline = of_rows([nobody(0), nobody(1)])
    assert compare(typed_rows(timeline), timeline)[0] == "identical"
    assert compare(typed_rows(timeline), of_rows([nobody(0), reading(1, 1, "sad")]))[0] == "differs"
    assert compare(typed_rows(of_rows([])), timeline)[0] == "differs"


def test_other_weights_and_requests_are_a_difference_and_versions_a_remark(tmp_path, data, video, timeline):
    path = tmp_path / "evidence.zip"
    path.write_bytes(data)

    def run_with(**changes):
        return verify(path, video, lambda *_: dataclasses.replace(timeline, **changes))

    def made_with(**changes):
        return run_with(provenance=dataclasses.replace(timeline.provenance, **changes))

    other = made_with(files={"model.tflite": "ef" * 32})
    assert other.verdict == "differs" and "model.tflite is not the one" in other.findings[0]
    lower = run_with(request=dataclasses.replace(timeline.request, uncertain_below=0.4))
    assert lower.verdict == "differs" and "uncertain below is 0.5 in the bundle, 0.4 now" in lower.findings[0]
    newer = made_with(versions={"fer_core": "0.1.0", "numpy": "3.0"})
    assert newer.confirmed and newer.findings[-1] == "numpy was 2.4.6 then and is 3.0 now."


def test_files_that_the_bundle_does_not_name_are_told(tmp_path, video, timeline):
    model = {"resnet50v2/model.tflite": "cd" * 32, "resnet50v2": "ab" * 32}
    now = dataclasses.replace(timeline.provenance, files={**model, "detector.tflite": "ef" * 32})
    path = tmp_path / "evidence.zip"

    def verified(files):
        kept = dataclasses.replace(timeline, provenance=dataclasses.replace(now, files=files))
        path.write_bytes(bundle_bytes(Study(kept), DAY))
        return verify(path, video, lambda *_: dataclasses.replace(timeline, provenance=now))

    assert verified(now.files).verdict == "identical"
    assert "SHA-256" not in " ".join(verified(now.files).findings)
    older = verified({**model, "cascade.xml": "12" * 32})  # as versions that used other files, or did not name all
    assert older.verdict == "identical" and older.findings[-2:] == (
        "The bundle names no SHA-256 of detector.tflite, with which the recording is read now.",
        "The bundle names the file cascade.xml, with which the recording is not read now.",
    )
    for files in ({}, {"model_v2.tflite": "cd" * 32, "resnet50v2": "ab" * 32}):
        result = verified(files)
        assert (result.verdict, result.confirmed) == ("differs", False)
        assert any(words.startswith("The bundle names no SHA-256 of resnet50v2/") for words in result.findings)


def test_a_stop_that_nothing_shows_is_told(tmp_path, video, timeline):
    path = tmp_path / "evidence.zip"
    path.write_bytes(bundle_bytes(Study(dataclasses.replace(timeline, stopped_s=3.0)), DAY))
    findings = verify(path, video, lambda *_: timeline).findings
    assert any(words.startswith("The bundle says that its reading was stopped at 3.00 s") for words in findings)


def test_another_recording_is_not_run(tmp_path, data):
    path, other = tmp_path / "evidence.zip", tmp_path / "other.mp4"
    path.write_bytes(data)
    other.write_bytes(b"something else")
    result = verify(path, other, never)
    assert (result.verdict, result.confirmed) == ("another recording", False) and "Übung.mp4" in result.findings[0]


def test_a_live_session_that_was_not_stored_cannot_be_run_again(tmp_path, video, timeline):
    live = dataclasses.replace(timeline, recording=dataclasses.replace(timeline.recording, sha256=""))
    write_bundle(Study(live), tmp_path / "evidence.zip", DAY)
    assert "not stored" in verify(tmp_path / "evidence.zip", video, never).findings[0]


def broken_zip(data: bytes) -> bytes:
    return data[: len(data) // 2]


def with_settings(data: bytes, change) -> bytes:
    files = files_in(data)
    described = json.loads(files["settings.json"])
    change(described)
    buffer = io.BytesIO()
    rezipped(buffer, {**files, "settings.json": json.dumps(described).encode()})
    return buffer.getvalue()


def test_a_bundle_of_format_1_is_opened(tmp_path):
    made = synthetic(5)
    files = files_in(bundle_bytes(Study(made), DAY))
    described = {"format": 1, "recording": dataclasses.asdict(made.recording), "settings": SETTINGS_1}
    manifest = {**json.loads(files["manifest.json"]), "format": 1}
    old = {"settings.json": json.dumps(described).encode(), "timeline.parquet": parquet_1(made)}
    path = rezipped(
        tmp_path / "old.zip", {**files, **old, "manifest.json": json.dumps(manifest).encode()}, cover_up=True
    )
    study = open_bundle(path)
    assert study.edits == () and len(study.timeline.frame) == len(made.frame)
    assert (
        study.timeline.request.model == SETTINGS_1["model"] and study.timeline.provenance.files == SETTINGS_1["hashes"]
    )
    assert read_bundle(path).edits is None


UNREADABLE = {
    "cut off": (lambda data: broken_zip(data), "not a zip file"),
    "no zip": (lambda data: b"PK no", "not a zip file"),
    "empty": (lambda data: b"", "not a zip file"),
    "another zip": (lambda data: rezipped_bytes({"a.txt": b"a"}), "not an evidence bundle"),
    "a newer format": (lambda data: with_settings(data, lambda d: d.update(format=3)), "update this software"),
    "a request of another kind": (
        lambda data: with_settings(data, lambda d: d["request"].update(more=1)),
        "not an evidence bundle",
    ),
    "a request with a wrong type": (
        lambda data: with_settings(data, lambda d: d["request"].update(fps="fast")),
        "not an evidence",
    ),
    "a model somewhere else": (
        lambda data: with_settings(data, lambda d: d["request"].update(model="../x")),
        "not an evidence",
    ),
    "a request without a threshold": (
        lambda data: with_settings(data, lambda d: d["request"].update(uncertain_below=None)),
        "not an evidence",
    ),
    "edits of another kind": (
        lambda data: with_settings(data, lambda d: d.update(edits=[{"kind": "dye", "person": 1}])),
        "not an evidence",
    ),
    "manifest that is no JSON": (
        lambda data: rezipped_bytes({**files_in(data), "manifest.json": b"{"}),
        "not an evidence",
    ),
}


def rezipped_bytes(files: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    rezipped(buffer, files)
    return buffer.getvalue()


@pytest.mark.parametrize(("make", "words"), UNREADABLE.values(), ids=UNREADABLE)
def test_what_is_no_bundle_is_refused(tmp_path, data, video, make, words):
    path = tmp_path / "evidence.zip"
    path.write_bytes(make(data))
    with pytest.raises(MediaError, match=words):
        verify(path, video, never)


def test_two_files_of_one_name_are_refused(tmp_path, data, video):
    path = tmp_path / "evidence.zip"
    path.write_bytes(data)
    with zipfile.ZipFile(path, "a") as archive, pytest.warns(UserWarning, match="Duplicate"):
        archive.writestr("report.pdf", b"another")
    with pytest.raises(MediaError, match="two files of one name"):
        verify(path, video, never)


def test_a_bundle_that_would_fill_the_memory_is_refused(tmp_path, data, video, monkeypatch):
    monkeypatch.setattr("fer_core.evidence.bundle.MAX_BYTES", 1000)
    path = tmp_path / "evidence.zip"
    path.write_bytes(data)
    with pytest.raises(MediaError, match="larger than an evidence bundle can be"):
        verify(path, video, never)


def test_a_bundle_that_is_not_there(tmp_path, video):
    with pytest.raises(MediaError, match="does not exist"):
        verify(tmp_path / "none.zip", video, never)


def test_read_values_are_those_that_were_written(tmp_path, data, timeline):
    path = tmp_path / "evidence.zip"
    path.write_bytes(data)
    contents = read_bundle(path)
    assert (contents.request, contents.provenance) == (timeline.request, timeline.provenance)
    assert contents.recording == timeline.recording and contents.edits == NOTES
    kept, _ = from_parquet(contents.files["timeline.parquet"])
    pd.testing.assert_frame_equal(kept.frame.drop(columns=AS_READ), timeline.frame)


def test_from_a_recording_to_a_verified_bundle_on_the_command_line(tmp_path, capsys, monkeypatch):
    made, report = [], pdf.pdf_report
    monkeypatch.setattr(pdf, "pdf_report", lambda *given: made.append(given) or report(*given))
    film = write_video(tmp_path / "film.mp4", [scene((100 + 2 * n, 120, 200)) for n in range(25)])
    assert main(["video", str(film), "--out", str(tmp_path / "out"), "--bundle"]) == 0
    bundle = tmp_path / "out" / "evidence.zip"
    assert files_in(bundle.read_bytes())["report.pdf"] == (tmp_path / "out" / "report.pdf").read_bytes()
    assert len(made) == 1  # it takes longest of all files
    assert fingerprint_of(bundle.read_bytes()) in capsys.readouterr().err
    assert main(["verify", str(bundle), "--video", str(film)]) == 0
    shown = capsys.readouterr().out
    assert f"{bundle}: identical" in shown and fingerprint_of(bundle.read_bytes()) in shown

    files = files_in(bundle.read_bytes())
    rezipped(bundle, {**files, "timeline.csv": files["timeline.csv"] + b"\n"})
    assert main(["verify", str(bundle), "--video", str(film)]) == 3
    captured = capsys.readouterr()
    assert "timeline.csv was changed" in captured.out and captured.err.count("\n") == 1
    assert main(["verify", str(tmp_path / "none.zip"), "--video", str(film)]) == 3
    assert "does not exist" in capsys.readouterr().err
