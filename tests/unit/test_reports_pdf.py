"""The PDF report, read back: what it says, for whom, and in which letters."""

import dataclasses
import io
import logging
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from functools import cache

import pypdf
import pytest

from fer_core.classification import default_model, load_card
from fer_core.errors import MediaError
from fer_core.notice import PURPOSE
from fer_core.reports import fonts, pdf, pdf_charts, pdf_closing
from fer_core.reports.pdf import pdf_report, write_pdf
from fer_core.reports.pdf_charts import quality_rows
from fer_core.reports.pdf_page import Document
from fer_core.reports.svg import Chart
from fer_core.reports.wording import DETECTOR_NAMES, MUST_NOT, limits, methods, reading_facts, references
from fer_core.request import DetectorChoice, Region
from fer_core.timeline.editing.corrections import without
from fer_core.timeline.notes import Marker, Notes, Span
from fer_core.timeline.rows import outside
from fer_core.timeline.statistics.summaries import summarise
from fer_core.timeline.weights import weighted
from tests.timelines import REQUEST, measured, nobody, of_rows, reading, synthetic

DAY = date(2026, 11, 1)
NOTES = Notes(
    {1: "Zoë Müller", 2: "田中さん"},
    (Marker(70, "laughs"), Marker(12.5, "sees the prototype")),
    (Span(20, 27, "phone call"),),
)


@cache
def whole() -> pypdf.PdfReader:
    timeline = dataclasses.replace(synthetic(90), problems=("Reading broke off at 89.0 s; what follows is damaged.",))
    return pypdf.PdfReader(io.BytesIO(pdf_report(timeline, DAY, NOTES, load_card(default_model()))))


def pages(reader: pypdf.PdfReader) -> list[str]:
    # Of fonts like Noto Sans CJK, pypdf reads one byte too many a letter; poppler does not.
    return [" ".join(page.extract_text().replace("\0", "").split()) for page in reader.pages]


def text_of(data: bytes) -> str:
    return " ".join(pages(pypdf.PdfReader(io.BytesIO(data))))


@pytest.fixture
def blank_charts(monkeypatch):
    """Charts of their size with nothing in them, which are most of a report's work; for tests of words alone."""

    def blank(*given) -> Chart:
        *_, width_mm, height_mm = given
        size = f'width="{width_mm}mm" height="{height_mm}mm" viewBox="0 0 {width_mm} {height_mm}"'
        return Chart(f'<svg xmlns="http://www.w3.org/2000/svg" {size}/>'.encode(), width_mm, height_mm)

    for name in ("probability_lines", "quality_lane", "ribbon", "share_bars", "share_ring", "valence_curve"):
        monkeypatch.setattr(pdf_charts, name, blank)


def test_the_cover_says_what_was_analysed_how_and_when():
    [cover, *_] = pages(whole())
    for words in (
        "Gespräch – Übung.mp4",
        "1 November 2026",
        "ab" * 32,
        "cd" * 32,
        "4 samples a second",
        "time constant 0.4 s",
        DETECTOR_NAMES[REQUEST.detector.name],
        "640 × 360 pixels, 25 frames a second, with sound",
        "Reading broke off at 89.0 s",
    ):
        assert words in cover
    assert PURPOSE in cover


def test_the_overview_holds_the_shares_of_the_summary():
    first, second = summarise(outside(weighted(synthetic(90)), NOTES.excluded))
    overview = pages(whole())[1]
    for number, summary in ((1, first), (2, second)):
        assert f"{number} · {NOTES.name(number)}" in overview
        assert f"{summary.mostly} {summary.shares[summary.mostly]:.0%}" in overview
        assert f"{summary.shares['uncertain']:.0%}" in overview
    assert "derived" in overview


def test_what_is_mostly_uncertain_or_badly_seen_is_called_so(blank_charts):
    rows = [reading(n / 4, 1, "happy", 0.9 if n < 4 else 0.3) for n in range(20)]
    rows += [reading(n / 4, 2, "sad", 0.9, quality="dark") for n in range(20)]
    text = text_of(pdf_report(of_rows(rows), DAY))
    assert "uncertain 80%" in text and "withheld" in text and "happy 20%" not in text.split("Person 2")[0]


def test_everybody_has_a_page_with_a_portrait():
    people = [page for page in whole().pages if "Longest stretches" in page.extract_text()]
    assert len(people) == 2
    for page, name in zip(people, NOTES.names.values(), strict=True):
        assert name in page.extract_text().replace("\0", "") and len(page.images) == 1


@pytest.mark.parametrize("duration_s", [2.05, 2.0, 0.0])  # live sessions last until their last frame
def test_nobody_is_seen_for_more_than_the_recording(blank_charts, duration_s):
    timeline = of_rows([reading(n / 4, 1, "happy") for n in range(9)])
    timeline = dataclasses.replace(timeline, recording=dataclasses.replace(timeline.recording, duration_s=duration_s))
    text = text_of(pdf_report(timeline, DAY))
    assert "Person 1 0:02 100% happy 100%" in text and "all but what is excluded" not in text


@pytest.mark.parametrize(
    ("excluded", "row"),
    [
        ((Span(1.0, 2.0), Span(1.5, 3.0)), "Person 1 0:02 100% happy"),
        ((Span(0.1, 0.2),), "Person 1 0:04 100% happy"),  # no sample of it
    ],
)
def test_the_share_of_the_recording_is_of_what_is_not_excluded(blank_charts, excluded, row):
    rows = [reading(n / 4, 1, "happy") for n in range(18)]
    timeline = of_rows([*rows, *(reading(n / 4, 2, "sad") for n in range(9))])
    timeline = dataclasses.replace(timeline, recording=dataclasses.replace(timeline.recording, duration_s=4.5))
    text = text_of(pdf_report(timeline, DAY, Notes(excluded=excluded)))
    assert row in text and "of recording: of all but what is excluded" in text


def test_events_are_listed_in_order_with_what_was_read():
    [page] = [page for page in pages(whole()) if "Excluded from all figures" in page]
    assert page.index("sees the prototype") < page.index("laughs") and "phone call" in page
    assert "1 0:12.5 sees the prototype Zoë Müller: happy" in page


@pytest.mark.parametrize(
    ("time_s", "read"),
    [
        (0.0, "Person 1: happy 90%"),
        (0.2, "Person 1: happy 90%"),
        (0.25, "Person 2: sad 90%; Person 3: fear?"),
        (0.49, "Person 2: sad 90%; Person 3: fear?"),
        (0.5, "nobody seen"),
        (0.99, "Person 1: angry 90%"),
        (1.2, "Person 1: angry 90%"),  # two and a half intervals are bridged
        (1.4, "nobody seen"),
        (2.0, "nobody seen"),
    ],
)
def test_what_is_read_at_a_moment_is_what_the_player_shows(time_s, read):
    rows = [reading(0.0, 1, "happy"), reading(0.25, 3, "fear", 0.4), reading(0.25, 2, "sad"), nobody(0.5)]
    timeline = of_rows([*rows, reading(0.75, 1, "angry"), reading(3.0, 1, "happy")])
    assert pdf_closing.read_at(timeline, Notes(), time_s) == read


def test_quality_methods_and_limits_are_stated():
    text = " ".join(pages(whole()))
    for words in (*methods(synthetic(90), load_card(default_model())), *MUST_NOT, *references(synthetic(90))):
        assert words in text
    assert "followed over time by where they are, how large they are and what they look like" in text
    assert "without a quality problem" in text and "For 0:09 no face was found." in text


def test_a_threshold_is_not_rounded_to_whole_percent(blank_charts):
    timeline = dataclasses.replace(synthetic(5), request=dataclasses.replace(REQUEST, uncertain_below=0.355))
    text = text_of(pdf_report(timeline, DAY))
    assert "Uncertain below 35.5%" in text and "highest probability is below 35.5% counts" in text


def test_what_is_cited_is_listed():
    card = load_card(default_model())
    for detector, smoothing in (("haar", "exponential"), ("mtcnn", "hmm"), ("blazeface", "none")):
        request = dataclasses.replace(REQUEST, detector=DetectorChoice(detector), smoothing=smoothing)
        timeline = dataclasses.replace(measured(2) if smoothing == "none" else synthetic(2), request=request)
        listed = references(timeline, card)
        written = " ".join(methods(timeline, card))
        for name, year in (("Goodfellow", 2013), ("Barsoum", 2016), ("Guo", 2017)):
            assert f"{name} et al., {year}" in written and any(line.startswith(name) for line in listed)
        assert any(line.startswith("Viola") for line in listed) == ("Viola & Jones, 2001" in written)
        assert any(line.startswith("Zhang") for line in listed) == ("Zhang et al., 2016" in written)
        assert any(line.startswith("Viterbi") for line in listed) == ("Viterbi" in written)
        for name in ("Bazarevsky et al.", "Kartynnik et al.", "Ablavatski et al.", "Soukupova & Cech"):
            cited = any(line.startswith(name.split()[0]) for line in listed)
            assert cited == (name in written) == (detector == "blazeface")


def test_of_a_network_of_others_is_said_what_it_learnt_from():
    theirs = {"imported": object(), "training_data": "AffectNet, 280,000 faces", "temperature": 1.0}
    card = load_card(default_model()).model_copy(update=theirs)
    written, listed = " ".join(methods(synthetic(2), card)), " ".join(references(synthetic(2), card))
    assert not any(name in listed for name in ("Barsoum", "Goodfellow", "Guo"))
    assert "AffectNet" in written and "not calibrated" in written
    assert "FER2013 (Goodfellow" not in written and "grey" not in written
    assert "FER2013" in " ".join(limits([load_card(default_model())])) and "FER2013" not in " ".join(limits([card]))


def test_of_a_network_whose_card_is_not_at_hand_nothing_is_made_up(blank_charts):
    written, listed = " ".join(methods(synthetic(2))), " ".join(references(synthetic(2)))
    assert '"resnet50v2", whose card is not at hand' in written and "calibrated" not in written
    text = text_of(pdf_report(synthetic(2), DAY))
    assert "FER2013" not in text and "Besides, how well the model does for people" in text
    assert not any(name in listed for name in ("Barsoum", "Goodfellow", "Guo"))
    mixed = limits([load_card(default_model()), None])
    assert "FER2013" not in " ".join(mixed)


def test_who_was_removed_is_not_said_to_have_been_missed(blank_charts):
    alone = without(synthetic(10, people=1), 1)
    text = text_of(pdf_report(alone, DAY))
    assert "Nobody is in the data of the 40 sampled frames" in text
    assert "No face was found" not in text and "more light" not in text
    one, two = quality_rows(synthetic(10))[0][0], quality_rows(without(synthetic(10), 2))[0][0]
    assert (one, two) == ("no face", "nobody")
    text = text_of(pdf_report(without(synthetic(10), 1), DAY))
    assert "nobody is in the data" in text and "no face was found" not in text


def test_a_sample_is_said_to_stand_for_as_long_as_it_does():
    rows = of_rows([reading(time_s, 1, "happy") for time_s in (*(n / 10 for n in range(30)), 5)])
    assert weighted(rows)["held_s"].max() == pytest.approx(0.25)
    assert "or a quarter of a second, whichever is longer" in " ".join(methods(rows))


def test_a_region_is_part_of_the_methods():
    request = dataclasses.replace(REQUEST, region=Region(0.5, 0, 0.5, 1))
    written = " ".join(methods(dataclasses.replace(synthetic(2), request=request)))
    assert "from 50% to 100% of its width and from 0% to 100% of its height" in written


def test_bookmarks_metadata_and_page_numbers():
    reader = whole()
    assert [mark.title for mark in reader.outline] == [
        "Cover", "Overview", "Zoë Müller", "田中さん", "Events", "Quality of the samples", "Methods and limits",
    ]  # fmt: skip
    assert reader.metadata.title == "Expression report: Gespräch – Übung.mp4"
    assert reader.metadata.creator.startswith("Face Value") and reader.metadata.creation_date.date() == DAY
    assert reader.trailer["/Root"]["/Lang"] == "en"
    assert all(f"{number} / {len(reader.pages)}" in page for number, page in enumerate(pages(reader), start=1))
    assert "Contents Overview 2 Zoë Müller 3 田中さん 4" in pages(reader)[0]


def test_charts_are_vectors():
    overview = whole().pages[1]
    assert not overview.images and len(overview.get_contents().get_data()) > 20_000


def test_words_in_charts_can_be_searched_and_are_as_large_as_planned():
    [page] = [page for page in whole().pages if "How much of the time" in page.extract_text()]
    sizes = {}
    page.extract_text(
        visitor_text=lambda text, _, place, __, size: sizes.setdefault(text.strip(), size * abs(place[0]))
    )
    assert sizes["share of the time seen · number of the person"] == pytest.approx(6.5)


def charts_are_on_the_pages_of_their_headings(told: list[str]) -> None:
    for heading, words in (
        ("What was shown when", "time ("),
        ("How much of the time", "share of the time seen"),
        ("Valence over time", "derived valence"),
    ):
        [page] = [page for page in told if heading in page]
        assert words in page[page.index(heading) :]


def test_a_chart_is_on_the_page_of_its_heading():
    charts_are_on_the_pages_of_their_headings(pages(whole()))
    five = pdf_report(synthetic(4, people=5), DAY)
    charts_are_on_the_pages_of_their_headings(pages(pypdf.PdfReader(io.BytesIO(five))))


def test_nobody_seen():
    data = pdf_report(synthetic(10, people=0), DAY)
    assert "No face was found in the 40 sampled frames of this recording" in text_of(data) and PURPOSE in text_of(data)
    assert len(pypdf.PdfReader(io.BytesIO(data)).pages) == 3
    assert "No face was found in the 0 sampled frames" in text_of(pdf_report(of_rows([]), DAY))


def test_one_sample_is_a_report_too():
    told = pages(pypdf.PdfReader(io.BytesIO(pdf_report(of_rows([reading(0, 1, "happy")]), DAY))))
    text = " ".join(told)
    assert "Person 1" in text and "in 1 reading" in text and "1 readings" not in text
    charts_are_on_the_pages_of_their_headings(told)


def test_everything_excluded_is_not_nobody_seen():
    text = text_of(pdf_report(synthetic(10), DAY, Notes(excluded=(Span(0, 10),))))
    assert "All readings lie in stretches that are excluded" in text and "No face was found" not in text


def test_what_is_excluded_is_no_longest_stretch(blank_charts):
    rows = [reading(n / 4, 1, "sad" if 8 <= n < 32 else "happy") for n in range(40)]
    text = text_of(pdf_report(of_rows(rows), DAY, Notes(excluded=(Span(2, 8, "phone"),))))
    table = text.split("Longest stretches")[1].split("Events")[0]
    assert "sad" not in table
    assert "happy 0:00.0 0:02.0 2.0 s" in table and "happy 0:08.0 0:10.0 2.0 s" in table


def test_words_of_any_length_find_room():
    long = ["word " * 4000, "W" * 20_000, "面" * 3000, "🦊" * 300]
    markers = tuple(Marker(second, words) for second, words in enumerate(long, start=1))
    excluded = tuple(Span(second, second + 0.5, words) for second, words in enumerate(long, start=6))
    text = text_of(pdf_report(synthetic(11, people=1), DAY, Notes(markers=markers, excluded=excluded)))
    for words in ("word word", "WWWW", "面面面面", "[fox face]"):
        assert sum(words in part[-200:] for part in text.split("…")[:-1]) >= 2, words


def test_what_a_crowd_showed_at_an_event_finds_room():
    rows = [reading(n / 4, person, "surprise") for n in range(3) for person in range(1, 160)]
    people = {person: f"Participant number {person}" for person in range(1, 160)}
    row = pdf_closing.read_at(of_rows(rows), Notes(people), 0.25)
    assert len(row) > 4000
    page = Document("t", "t", DAY, [row])
    page.add_page()
    page.rows(["No.", "Time", "Event", "Read"], [["1", "0:00", "all", row]], [10, 16, 78, 70])
    assert page.page_no() == 1


def test_a_name_in_letters_that_no_font_has_is_a_number(blank_charts, monkeypatch):
    monkeypatch.setattr(fonts, "machine_fonts", lambda: ())
    text = text_of(pdf_report(synthetic(5), DAY, Notes({1: "สมชาย", 2: "สม Ann"})))
    assert "Person 1 (name not printable here)" in text and "Ann" in text and "Person 2 (name" not in text


def test_names_in_any_script_are_drawn_and_none_breaks_it(caplog):
    notes = Notes(
        {1: "محمد عبد الله", 2: "🦊 Эмилия 김민수 สม", 3: "x" * 300, 4: "\ud800\x00\u202e", 5: "</b> & **__--"},
        (Marker(0.0, "笑う событие"), Marker(2.0, "笑う событие " + "long " * 38)),
    )
    timeline = synthetic(4, people=5)
    recording = dataclasses.replace(timeline.recording, name="..\\/面接 \n\u202e" + "name" * 80)
    with caplog.at_level(logging.WARNING):
        reader = pypdf.PdfReader(io.BytesIO(pdf_report(dataclasses.replace(timeline, recording=recording), DAY, notes)))
    assert not [record for record in caplog.records if "glyph" in record.getMessage()]
    titles = [mark.title for mark in reader.outline]
    assert "محمد عبد الله" in titles and any(title.startswith("🦊 Эмилия 김민수") for title in titles)
    text = " ".join(pages(reader))
    assert "[fox face] Эмилия 김민수" in text and "笑う событие" in text and "</b> & **__--" in text


def test_the_same_input_gives_the_same_file_in_threads_too():
    timeline = synthetic(4, people=1)
    alone = pdf_report(timeline, DAY, NOTES)
    with ThreadPoolExecutor(2) as pool:
        assert {alone} == set(pool.map(lambda _: pdf_report(timeline, DAY, NOTES), range(2)))


def test_two_hours_take_seconds():
    timeline = synthetic(7200)
    assert len(timeline.frame) > 28_800
    began_s = time.process_time()
    data = pdf_report(timeline, DAY, NOTES)
    assert time.process_time() - began_s < 30 and len(data) < 1_500_000  # 3 s where nothing else runs


def test_many_people_find_room(monkeypatch):
    monkeypatch.setattr(pdf, "LANES_A_PAGE", 2)
    monkeypatch.setattr(pdf, "_PEOPLE_COMPARED", 3)
    reader = pypdf.PdfReader(io.BytesIO(pdf_report(synthetic(5, people=5), DAY)))
    assert sum("Longest stretches" in page for page in pages(reader)) == 5
    assert "The 3 people seen longest" in " ".join(pages(reader))
    for page in reader.pages:  # nothing drawn over the foot of a page
        assert "what people feel" in page.extract_text()


def test_the_log_of_a_server_is_not_filled_by_a_report(caplog):
    caplog.set_level(logging.INFO)
    pdf_report(of_rows([reading(0, 1, "happy")]), DAY)
    assert caplog.messages == []


def test_it_is_written_or_the_place_is_named(tmp_path, a_word_for_the_report):
    path = tmp_path / "new" / "report.pdf"
    write_pdf(of_rows([]), path, DAY)
    assert path.read_bytes() == pdf.pdf_report(of_rows([]), DAY) != b""
    with pytest.raises(MediaError, match="choose another place"):
        write_pdf(of_rows([]), path / "report.pdf", DAY)


def test_a_model_that_is_not_named_is_a_dash_on_the_cover():
    unnamed = dict(reading_facts(dataclasses.replace(REQUEST, model=None)))
    assert unnamed["Model"] == "–" and dict(reading_facts(REQUEST))["Model"] == REQUEST.model
