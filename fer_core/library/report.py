"""The PDF of a study: what was recorded, what was compared, and what every figure rests on."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from typing import Final

import numpy as np

from fer_core.classification.cards import ModelCard
from fer_core.jobs import Monitor
from fer_core.library.alike import NOT_ALIKE, differences, together, used
from fer_core.library.curves import ConditionCurves
from fer_core.library.observations import Observations, outcome_of
from fer_core.library.report_curves import add_curves
from fer_core.library.sample_marks import MADE_UP, is_sample
from fer_core.library.values import Entry
from fer_core.notice import PURPOSE
from fer_core.number_text import quantity
from fer_core.provenance import Provenance
from fer_core.reports.pdf_page import MARGIN_MM, QUIET, WIDTH_MM, Document
from fer_core.reports.study_charts import LEFT_MM, RIGHT_MM, people_chart
from fer_core.reports.wording import MUST_NOT, limits, reading_facts, reading_methods, validity_line
from fer_core.request import AnalysisRequest
from fer_core.timeline.clock_text import as_clock
from fer_core.timeline.groups.clusters import ClusterTest
from fer_core.timeline.groups.conditions import Comparison, Share
from fer_core.timeline.groups.curves import MeanCurve
from fer_core.timeline.groups.methods import methods_paragraph
from fer_core.timeline.groups.outcome import Outcome, one_family

MOST_ROWS: Final = 500
"""Recordings in the table of the report, and sentences about what is left out; the CSV has all."""

_NOTHING: Final = "–"


@dataclass(frozen=True, eq=False)
class StudyReport:
    """What the report is made from.

    Attributes:
        name: of the study.
        entries: what is kept, the newest first; the figures may be of some of it alone.
        observations: the table that is compared.
        row: what one row of that table is, such as "a recording".
        figures: columns of the table, a figure each.
        cards: of the installed models, by name.
        curves: by expression, its curves over time; none where they are not wanted.
        rows: what is averaged within people, in table and curves: "recordings" or "events".
    """

    name: str
    entries: Sequence[Entry]
    observations: Observations
    row: str
    figures: Sequence[str]
    cards: Mapping[str, ModelCard]
    curves: Mapping[str, ConditionCurves] = field(default_factory=dict)
    rows: str = "recordings"

    @cached_property
    def behind(self) -> dict[str, set[str]]:
        """By condition, the analyses in the figures and curves."""
        return together(self.observations.behind(self.figures), *(each.analyses for each in self.curves.values()))

    @cached_property
    def used(self) -> list[Entry]:
        """The entries in the figures and curves, one a recording: all that tiles, methods and limits are about."""
        return used(self.entries, self.behind)


def study_pdf(study: StudyReport, made_on: date, monitor: Monitor | None = None) -> bytes:
    """The report as a PDF file; comparisons of all its figures are corrected as one family.

    Args:
        study: what it is about.
        made_on: the date that the report bears.
        monitor: of the work.

    Raises:
        TimelineError: nobody has a value of a figure.
        StoppedError: the monitor was stopped.
    """
    monitor = monitor or Monitor()
    steps = len(study.figures) + 1
    found = []
    for number, value in enumerate(study.figures, 1):
        found.append(outcome_of(study.observations.table, value))
        monitor.step(number, steps, "comparing people")
    outcomes = one_family(found)
    page = _document(study, made_on)
    free_mm = _add_cover(page, study, made_on)
    _add_recordings(page, study)
    for each, value in zip(outcomes, study.figures, strict=True):
        _add_outcome(page, study, each, value)
    shown = [each for emotion, found in study.curves.items() for each in add_curves(page, emotion, found)]
    _add_methods(page, study, outcomes, shown)
    page.contents(free_mm)
    data = bytes(page.output())
    monitor.step(steps, steps, "writing")
    return data


def _document(study: StudyReport, made_on: date) -> Document:
    written = [study.name, *study.observations.missing]
    for entry in study.entries:
        written += [entry.title, entry.place.subject, entry.place.condition]
    if "condition" in study.observations.table:
        written += [str(name) for name in study.observations.table["condition"].unique()]
    page = Document(f"Study report: {study.name}", study.name, made_on, written)
    page.set_subject("Facial expressions of many people, compared with the person as the unit")
    page.set_keywords("facial expression recognition, study, conditions, statistics")
    return page


def _add_cover(page: Document, study: StudyReport, made_on: date) -> float:
    """Returns where the free space of the page begins, in millimetres from its top."""
    page.add_page()
    page.start_section("Cover")
    page.masthead("Study report", study.name, made_on)
    page.tiles(_key_figures(study))
    page.panel("What this report is not", PURPOSE)
    for request, count in _requests(study.used):
        card = study.cards.get(request.model or "")
        page.heading(f"How {quantity(count, 'analysis', 'analyses')} {'was' if count == 1 else 'were'} read", 40)
        page.facts(reading_facts(request, card), MARGIN_MM, WIDTH_MM)
    if any(map(is_sample, study.used)):
        page.panel("Generated", MADE_UP)
    if unlike := differences(study.entries, study.behind):
        page.heading("Not read alike", 30)
        page.paragraph(NOT_ALIKE)
        page.bullets(unlike, 7.5)
    page.heading("What it can be checked by")
    files, versions = _files([entry.provenance for entry in study.used])
    page.codes(files)
    page.paragraph(" · ".join(versions), QUIET, 7)
    return page.get_y() + 4 if page.page_no() == 1 else page.h


def _key_figures(study: StudyReport) -> list[tuple[str, str]]:
    entries = study.used
    # Of whom the figures are about; an experimenter in the picture, for example, is in none.
    persons = [entry.figures.longest for entry in entries if entry.figures.longest is not None]
    seen_s = sum(person.seconds for person in persons)
    certain_s = seen_s - sum(person.uncertain_s for person in persons)
    recordings = {entry.recording_id: entry.recording.duration_s for entry in entries}
    subjects = {entry.place.subject for entry in entries}
    return [
        (f"{len(recordings):,}", "recording" if len(recordings) == 1 else "recordings"),
        (f"{len(subjects):,}", "subject" if len(subjects) == 1 else "subjects"),
        (f"{len(study.behind):,}", "condition" if len(study.behind) == 1 else "conditions"),
        (as_clock(sum(recordings.values())), "recorded"),
        (f"{certain_s / seen_s:.0%}" if seen_s else _NOTHING, "of the time seen: certain"),
    ]


def _requests(entries: Sequence[Entry]) -> list[tuple[AnalysisRequest, int]]:
    """Each way of reading with the number of analyses, the most frequent first."""
    found: list[tuple[AnalysisRequest, int]] = []
    for entry in entries:
        for place, (request, count) in enumerate(found):
            if request == entry.effective:
                found[place] = request, count + 1
                break
        else:
            found.append((entry.effective, 1))
    return sorted(found, key=lambda each: -each[1])


def _files(provenances: Sequence[Provenance]) -> tuple[list[tuple[str, str]], list[str]]:
    """Files with their SHA-256 and libraries with their versions, everything that read what is in a figure."""
    files = sorted({item for each in provenances for item in each.files.items()})
    versions = sorted({f"{name} {version}" for each in provenances for name, version in each.versions.items()})
    return files, versions


def _add_recordings(page: Document, study: StudyReport) -> None:
    page.chapter("Recordings")
    entries, counting = study.entries[:MOST_ROWS], {entry.analysis for entry in study.used}
    if len(entries) < len(study.entries):
        page.paragraph(f"The newest {MOST_ROWS} of {len(study.entries):,}; the table (CSV) has all.", QUIET, 7.5)
    page.rows(
        ["Recording", "Subject", "Condition", "Model", "Length", "People", "Good", "Uncertain", "Excluded", "No face"],
        [_recording_row(entry, counts=entry.analysis in counting) for entry in entries],
        [34, 16, 19, 24, 14, 13, 12, 18, 17, 14],
        numbers_from=4,
    )
    page.ln(1)
    page.paragraph(
        "Good and uncertain: shares of the seconds that count, of all people in the recording, also where the figures "
        "are of one; excluded: share of the seconds in which people are seen; no face: share of the recording. "
        "Analyses that are left out are in no figure of this report.",
        QUIET,
        7,
    )
    if study.observations.missing:
        page.heading("Left out of the comparisons")
        page.bullets(study.observations.missing[:MOST_ROWS], 7.5)


def _recording_row(entry: Entry, *, counts: bool) -> list[str]:
    figures = entry.figures
    shares = (figures.share_good, figures.share_uncertain, figures.share_excluded, figures.share_without_face)
    return [
        entry.title,
        entry.place.subject or _NOTHING,
        entry.place.condition or _NOTHING,
        f"{entry.request.model or _NOTHING}{'' if counts else ' (left out)'}",
        as_clock(entry.recording.duration_s),
        str(figures.people),
        *(_NOTHING if share is None else f"{share:.0%}" for share in shares),
    ]


def _add_outcome(page: Document, study: StudyReport, found: Outcome, value: str) -> None:
    title = found.values.name
    page.chapter(title[:1].upper() + title[1:], 190)
    chart = people_chart(found, title, WIDTH_MM, 78)
    page.chart(chart, "; ".join(f"{mean.condition}: mean {mean.share:.3f}, n = {mean.cell.n}" for mean in found.means))
    _name_conditions(page, found.values.conditions)
    page.paragraph(
        "A point is a person, not a sample; lines join the same person; the bar is the mean over people with its 95 % "
        "interval.",
        QUIET,
        7.5,
    )
    page.rows(
        ["Condition", "n", "Mean", "95 % interval", "Seconds", "Uncertain", "Excluded"],
        [_mean_row(mean) for mean in found.means],
        [52, 12, 18, 36, 18, 19, 19],
    )
    page.ln(3)
    if found.not_compared:
        page.paragraph(found.not_compared)
    for each in found.comparisons:
        page.panel(f"{each.first} and {each.second}", _comparison_words(each))
    emotion = value.rpartition("_")[2]
    for model in sorted({entry.request.model or "" for entry in study.used}):
        page.paragraph(validity_line(model, study.cards.get(model), emotion))


def _name_conditions(page: Document, conditions: Sequence[str]) -> None:
    """Write the names of conditions under their parts of the chart."""
    width_mm = (WIDTH_MM - LEFT_MM - RIGHT_MM) / len(conditions)
    page.style(7.5)
    page.set_x(MARGIN_MM + LEFT_MM)
    for condition in conditions:
        page.cell(width_mm, 4, page.shortened(condition, width_mm - 2), align="C")
    page.ln(6)


def _mean_row(mean: Share) -> list[str]:
    low, high = mean.interval
    cell = mean.cell
    return [
        mean.condition,
        str(cell.n),
        f"{mean.share:.3f}",
        f"{low:.3f} to {high:.3f}" if np.isfinite(low) else mean.note or _NOTHING,
        f"{cell.seconds:.0f}",
        *(_NOTHING if np.isnan(share) else f"{share:.0%}" for share in (cell.share_uncertain, cell.share_excluded)),
    ]


def _comparison_words(each: Comparison) -> str:
    left_out = f" Left out, because one condition is missing: {', '.join(each.left_out)}." if each.left_out else ""
    return (
        f"{each.sentence()} {each.first}: {each.cell_first.sentence()}. {each.second}: {each.cell_second.sentence()}."
        f"{left_out} {each.power_line()}"
    )


def _add_methods(
    page: Document, study: StudyReport, outcomes: Sequence[Outcome], curves: Sequence[MeanCurve | ClusterTest]
) -> None:
    page.chapter("Methods and limits")
    page.heading("Statistics")
    means = [mean for one in outcomes for mean in one.means]
    comparisons = [each for one in outcomes for each in one.comparisons]
    page.paragraph(methods_paragraph([*means, *comparisons, *curves], study.rows))
    page.paragraph(f"A row of the table behind the figures is {study.row}.")
    for request, count in _requests(study.used):
        page.heading(f"How {'a recording was' if count == 1 else f'each of {count} recordings was'} read", 50)
        for words in reading_methods(request, study.cards.get(request.model or "")):
            page.paragraph(words)
    page.heading("Limits")
    page.bullets(limits(study.cards.get(request.model or "") for request, _ in _requests(study.used)))
    page.heading("What this must not be used for")
    page.bullets(MUST_NOT)
