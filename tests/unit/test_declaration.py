"""Purpose and agreement are sealed into everything that is written, and some purposes are refused."""

import hashlib
import json
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from fer_core import AnalysisRequest, notice
from fer_core.batch.run import read_all
from fer_core.cli import main
from fer_core.declaration import Declaration, declared
from fer_core.errors import RequestError
from fer_core.evidence.bundle import open_bundle, read_bundle, write_bundle
from fer_core.jobs import Monitor
from fer_core.library.library import Library
from fer_core.library.queue import Queue
from fer_core.readings import Box
from fer_core.reports.picture_records import PictureSettings, ReadPicture, as_record
from fer_core.reports.summary import summary_of
from fer_core.service.choices import RecordingChoices
from fer_core.testing import fake_pipeline
from fer_core.timeline.editing.edits import Name
from fer_core.timeline.editing.study import Study
from fer_core.timeline.files import from_json, json_bytes
from fer_core.ui.shared.purpose import PURPOSES
from fer_core.ui.video.reading import analysis
from tests.timelines import synthetic
from tests.unit.batch.engines import HereEngine
from tests.videos import scene, write_video

SAID = declared("usability study of our form", datetime(2026, 11, 29, 12, tzinfo=UTC))


@pytest.fixture(scope="module")
def study():
    return Study(replace(synthetic(4.0), declaration=SAID), (Name(1, "Ada"),))


def test_the_version_of_the_notice_changes_with_its_texts():
    texts = "\n".join((notice.NOT_FEELINGS, notice.PURPOSE, notice.PRIVACY))
    held = (notice.NOTICE_VERSION, hashlib.sha256(texts.encode()).hexdigest()[:12])
    assert held == ("2026-11", "7ca5d4deac1a"), "give the notice another NOTICE_VERSION, then put both here"


@pytest.mark.parametrize("form", ["parquet", "json"])
def test_a_timeline_keeps_it_and_one_of_before_has_none(study, form, tmp_path):
    study.write(tmp_path / f"a.{form}")
    assert Study.open(tmp_path / f"a.{form}").timeline.declaration == SAID
    before = json.loads(json_bytes(replace(study.read, declaration=None)))
    assert "declaration" not in before and from_json(json.dumps(before).encode())[0].declaration is None


def test_a_bundle_a_library_and_a_summary_keep_it(study, a_word_for_the_report, tmp_path):
    write_bundle(study, tmp_path / "e.zip", date(2026, 11, 29))
    assert read_bundle(tmp_path / "e.zip").declaration == SAID == open_bundle(tmp_path / "e.zip").timeline.declaration
    with Library.open(tmp_path / "library") as library:
        assert library.open_study(library.keep(study)).timeline.declaration == SAID
    assert summary_of(study.timeline).to_json()["declaration"]["purpose"] == "usability study of our form"


@pytest.mark.parametrize(
    ("purpose", "area"),
    [
        ("rating our staff", "work"),
        ("Job interviews", "hiring"),
        ("attention in the CLASSROOM", "education"),
        ("How our call-centre agents sound and look", "work"),
        ("performance review of the team", "work"),
        ("the mood of our workforce", "work"),
        ("screening candidates", "hiring"),
        ("HR", "hiring"),
        ("ｈｉｒｉｎｇ", "hiring"),
        ("students’ engagement", "education"),
        ("engagement of the students during lectures", "education"),
    ],
)
def test_work_hiring_and_education_are_refused_with_the_reason(purpose, area, tmp_path, capsys):
    with pytest.raises(RequestError, match=f"For {area} this is refused: .*Article 5"):
        declared(purpose)
    assert main(["video", "missing.mp4", "--out", str(tmp_path / "out"), "--purpose", purpose]) == 3
    assert capsys.readouterr().err.startswith(f"error: For {area} this is refused")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("purpose", ["", "  ", "x" * 201, "a\x1b[31m"])
def test_a_purpose_is_a_line(purpose):
    with pytest.raises(RequestError, match="line of 1 to 200"):
        declared(purpose)


def test_words_that_only_sound_alike_are_taken():
    assert declared("how networks work").purpose == "how networks work"
    for purpose in (*PURPOSES, "study of students who agreed", "seven classes of expressions", "three hundred faces"):
        assert declared(purpose).purpose == purpose
    assert declared("artwork for an exhibition").sentence().startswith("Purpose: artwork for an exhibition. Notice 20")


def test_every_way_to_a_timeline_seals_it(tmp_path):
    film, request = write_video(tmp_path / "film.mp4", [scene(width=160, height=120)] * 10), AnalysisRequest()
    pipelines = {"a": fake_pipeline([Box(40, 30, 60, 60)])}
    [timeline] = analysis(film, {"a": request}, pipelines, SAID)(Monitor()).values()
    assert timeline.declaration == SAID
    engine = HereEngine()
    read_all([film], tmp_path / "dataset", engine, declaration=SAID)
    [part] = (tmp_path / "dataset").rglob("part.parquet")
    assert Study.open(part).read.declaration == SAID
    with Library.open(tmp_path / "library") as library:
        queue = Queue(tmp_path / "queue")
        queue.add("a.mp4", film.read_bytes(), request, SAID)
        queue.start(library, lambda _: pipelines["a"])
        assert queue._work is not None
        queue._work.wait(60)
        [entry] = library.entries()
        assert library.open_study(entry.analysis).read.declaration == SAID


def test_pictures_bear_it_and_the_service_takes_it():
    choices = RecordingChoices(purpose="usability study of our form")
    assert choices.declaration is not None and RecordingChoices().declaration is None
    with pytest.raises(RequestError, match="hiring"):
        _ = RecordingChoices(purpose="hiring").declaration
    read = ReadPicture("a.png", 9, 9, [], PictureSettings.of(fake_pipeline()), declaration=SAID)
    assert as_record(read)["declaration"] == {
        "purpose": "usability study of our form",
        "notice": notice.NOTICE_VERSION,
        "agreed_at": "2026-11-29T12:00:00+00:00",
    }
    assert "declaration" not in as_record(replace(read, declaration=None))


def test_a_file_cannot_hold_what_is_no_declaration():
    with pytest.raises(ValueError, match="time in UTC"):
        Declaration("research", "1", "yesterday")
