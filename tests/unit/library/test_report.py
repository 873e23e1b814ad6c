"""The PDF of a study, read back."""

import io
from dataclasses import replace
from datetime import date
from functools import cache

import pypdf
import pytest

from fer_core.classification import list_cards
from fer_core.errors import StoppedError, TimelineError
from fer_core.jobs import Monitor
from fer_core.library.curves import ConditionCurves, curves_from_start, samples_of
from fer_core.library.library import Library
from fer_core.library.observations import of_recordings
from fer_core.library.report import StudyReport, study_pdf
from fer_core.library.report_curves import add_curves
from fer_core.library.sample_marks import MADE_UP, TAG
from fer_core.library.values import Place
from fer_core.reports.pdf_page import Document
from fer_core.timeline.editing.edits import Smooth
from fer_core.timeline.editing.study import Study
from fer_core.timeline.groups.outcome import one_family, outcome
from tests.libraries import files_of, laid_out
from tests.timelines import of_rows, reading
from tests.unit.library.test_library import named

DAY = date(2026, 11, 29)


def kept(library, people: int = 6, model: str = "resnet50v2", sure: float = 0.6) -> None:
    """Everybody under both conditions, happier by about 0.2 at jokes than `sure`; one recording of nobody."""
    for number in range(2 * people + 1):
        joke = number % 2
        rows = [reading(t / 2, 1, "happy", sure + 0.2 * joke + 0.007 * number * joke) for t in range(8)]
        timeline = of_rows(rows)
        timeline = replace(timeline, request=replace(timeline.request, model=model))
        recording = replace(timeline.recording, name=f"r{number} 面接.mp4", sha256=f"{number:064x}")
        library.keep(Study(replace(timeline, recording=recording)))
        if number < 2 * people:
            library.set_place(f"{number:064x}", Place(f"S{number // 2}", condition="joke" if joke else "calm"))


@cache
def _six():
    return files_of(kept)


@pytest.fixture
def six(tmp_path):
    """A library with what `kept` keeps of six people."""
    laid_out(_six(), tmp_path / "library")
    with Library.open(tmp_path / "library") as opened:
        yield opened


def study(library, *figures: str) -> StudyReport:
    entries = library.entries()
    cards = {card.name: card for card in list_cards()}
    return StudyReport("Pilot – Käthe", entries, of_recordings(entries), "a recording", figures, cards)


def text_of(data: bytes) -> str:
    pages = (page.extract_text().replace("\0", "") for page in pypdf.PdfReader(io.BytesIO(data)).pages)
    return " ".join(" ".join(pages).split())


def test_it_says_what_was_recorded_compared_and_on_what_it_rests(six):
    text = text_of(study_pdf(study(six, "mean_happy"), DAY))
    for words in (
        "Pilot – Käthe",
        "29 November 2026",
        "How 12 analyses were read",
        "4 samples a second",
        "cd" * 32,
        "numpy 2.4.6",
        "r12 面接.mp4: no subject is named",
        "Happy: mean probability",
        "calm 6 0.600",
        "n = 6 in both",
        "n = 6, 24 s, 0% uncertain, 0% excluded",
        "in four of five studies",
        "finds 89% of the 879 faces of FER2013 PrivateTest that are labelled happy",
        "The person was the unit of all statistics: values of recordings were averaged",
        "Intervals of means and of differences",
        "must not be used for",
    ):
        assert words in text, words
    assert "Not read alike" not in text and "mean probability over time" not in text


def test_it_states_the_smoothing_and_threshold_that_its_figures_have(six):
    for entry in six.entries():
        changed = six.open_study(entry.analysis).edited(Smooth("median", 0.5, 0.4))
        six.save(entry.analysis, changed)
    text = text_of(study_pdf(study(six, "mean_happy"), DAY))
    assert "Uncertain below 40%" in text and "highest probability is below 40%" in text and "running median" in text
    assert "below 50%" not in text and "exponential average" not in text


def test_what_was_not_read_alike_is_told_by_condition(six):
    for entry in six.entries():
        if entry.place.condition == "joke":
            changed = six.open_study(entry.analysis).edited(Smooth("median", 0.5, 0.35))
            six.save(entry.analysis, changed)
    text = text_of(study_pdf(study(six, "mean_happy"), DAY))
    assert text.count("How 6 analyses were read") == 2 and "Not read alike" in text
    assert "Uncertain – calm: below 50% (6); joke: below 35% (6)." in text
    assert text.index("Not read alike") < text.index("A point is a person")


def test_a_comparison_of_the_sample_study_says_that_it_is_of_one_photograph(on_sqlite):
    kept(on_sqlite)
    on_sqlite.set_tags(f"{0:064x}", [TAG])  # somebody's own recording with the same tag
    assert MADE_UP not in text_of(study_pdf(study(on_sqlite, "mean_happy"), DAY))
    on_sqlite.keep(named("sample 1 open.mp4", 99))
    on_sqlite.set_tags(f"{99:064x}", [TAG])
    on_sqlite.set_place(f"{99:064x}", Place("Sample 1", condition="calm"))
    text = text_of(study_pdf(study(on_sqlite, "mean_happy"), DAY))
    assert text.index(MADE_UP) < text.index("A point is a person")


def test_only_analyses_in_its_figures_are_in_tiles_methods_and_validity(on_sqlite):
    kept(on_sqlite, model="ensemble", sure=0.4)
    kept(on_sqlite)
    text = text_of(study_pdf(study(on_sqlite, "mean_happy"), DAY))
    assert text.count("How 12 analyses were read") == 1 and "Not read alike" not in text
    assert "12 recordings" in text and "100% of the time seen: certain" in text
    assert "each of 12 recordings was read" in text and text.count("finds 89% of the 879 faces") == 1
    assert text.count("ensemble (left out)") == text.count("r3 面接.mp4 S1 joke") * 13 / 2 == 13
    assert text.count("ensemble") == 13


def test_its_certain_time_is_of_those_whom_its_figures_are_about(on_sqlite):
    for number in range(12):  # an experimenter beside, of whom nothing is certain
        beside = [reading(t / 2, 2, "sad", 0.3) for t in range(7)]
        timeline = of_rows([*(reading(t / 2, 1, "happy", 0.8) for t in range(8)), *beside])
        recording = replace(timeline.recording, name=f"r{number}.mp4", sha256=f"{number:064x}")
        on_sqlite.keep(Study(replace(timeline, recording=recording)))
        on_sqlite.set_place(f"{number:064x}", Place(f"S{number // 2}", condition="joke" if number % 2 else "calm"))
    text = text_of(study_pdf(study(on_sqlite, "mean_happy"), DAY))
    assert "100% of the time seen: certain" in text and "of all people in the recording" in text
    assert "r3.mp4 S1 joke resnet50v2 0:30 2 100% 47%" in text


def test_all_its_comparisons_are_one_family(six):
    table = of_recordings(six.entries()).table
    values = ("mean_happy", "mean_sad", "share_happy")
    alone = [outcome(table, value) for value in values]
    together = one_family(alone)
    assert [each.comparisons[0].family for each in together] == [3, 3, 3]
    assert together[0].comparisons[0].p_holm > alone[0].comparisons[0].p_holm
    assert together[0].comparisons[0].value == "mean_happy"
    assert "for 3 comparisons" in text_of(study_pdf(study(six, *values), DAY))


def test_curves_over_time_are_in_it_where_they_are_asked_for(six):
    entries = six.entries()
    found = curves_from_start(entries, samples_of(six, entries), "happy")
    data = study_pdf(replace(study(six, "mean_happy"), curves={"happy": found}), DAY)
    text = text_of(data)
    for words in (
        "Happy: mean probability over time",
        "calm: solid line, n = 6, 24 s",
        "joke: dashed line, n = 6, 24 s",
        "cluster permutation",
        "Mean curves have pointwise 95 % percentile bands",
        "r12 面接.mp4: no subject is named",
    ):
        assert words in text, words
    page = Document("t", "t", DAY, [])
    page.add_page()
    add_curves(page, "happy", ConditionCurves({"calm": found.curves["calm"]}, ()))
    alone = text_of(bytes(page.output()))
    assert "calm: solid line, n = 6" in alone and "dashed line" not in alone


def test_few_people_are_in_it_and_not_compared(on_sqlite):
    kept(on_sqlite, people=3)
    text = text_of(study_pdf(study(on_sqlite, "mean_happy"), DAY))
    assert "under 5 people are shown and not compared" in text and "fewer than 5 people" in text


def test_without_a_comparable_recording_it_says_so(on_sqlite):
    kept(on_sqlite, people=0)
    with pytest.raises(TimelineError):
        study_pdf(study(on_sqlite, "mean_happy"), DAY)


def test_it_can_be_stopped(six):
    monitor = Monitor()
    monitor.stop()
    with pytest.raises(StoppedError):
        study_pdf(study(six, "mean_happy"), DAY, monitor)
