"""The PDF report: a timeline as one would hand it to a colleague."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Final

from fer_core.classification.cards import ModelCard
from fer_core.errors import MediaError
from fer_core.notice import PURPOSE
from fer_core.reports import pdf_charts
from fer_core.reports.fonts import can_print, readable
from fer_core.reports.pdf_closing import add_events, add_methods, add_quality
from fer_core.reports.pdf_page import HEADING_MM, INK, MARGIN_MM, NOTE_LINE_MM, QUIET, RULE, WIDTH_MM, Document
from fer_core.reports.wording import reading_facts
from fer_core.timeline.clock_text import as_clock, as_fine_clock
from fer_core.timeline.notes import Notes
from fer_core.timeline.rows import people
from fer_core.timeline.statistics.summaries import (
    ALL_EXCLUDED,
    CATEGORIES,
    UNCERTAIN,
    VALENCE_FORMULA,
    WITHHELD,
    PersonSummary,
    percent_of_time,
    stretches,
    summarise,
)
from fer_core.timeline.table import Timeline
from fer_core.timeline.weights import counted, time_range
from fer_core.version import __version__
from fer_core.whole_file import write_whole

_LONGEST_NAME: Final = 40
LANES_A_PAGE: Final = 24
_PEOPLE_COMPARED: Final = 6
_LONGEST_SHOWN: Final = 5


def pdf_report(timeline: Timeline, made_on: date, notes: Notes | None = None, card: ModelCard | None = None) -> bytes:
    """The report as a PDF file.

    Args:
        timeline: what was read.
        made_on: the date that the report bears.
        notes: names, markers and excluded spans; what is excluded counts nowhere but is shown in the charts.
        card: of the model, for its title and its measured accuracy.
    """
    notes = _with_names_to_print(notes or Notes())
    summaries = summarise(counted(timeline, notes.excluded))
    name = timeline.recording.name
    written = [name, *notes.names.values(), *(m.text for m in notes.markers), *(s.reason for s in notes.excluded)]
    written += [*timeline.problems, *([timeline.declaration.sentence()] if timeline.declaration else [])]
    document = Document(f"Expression report: {name}", name, made_on, written)
    free_mm = _add_cover(document, timeline, made_on, summaries, card)
    _add_overview(document, timeline, notes, summaries)
    for summary in summaries:
        _add_person(document, timeline, notes, summary)
    add_events(document, timeline, notes)
    add_quality(document, timeline, notes)
    add_methods(document, timeline, card)
    document.contents(free_mm)
    return bytes(document.output())


def write_pdf(
    timeline: Timeline, path: Path, made_on: date, notes: Notes | None = None, card: ModelCard | None = None
) -> bytes:
    """Write `pdf_report` to a file.

    Returns:
        What is in the file.

    Raises:
        MediaError: it cannot be written there.
    """
    data = pdf_report(timeline, made_on, notes, card)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, data)
    except OSError as error:
        raise MediaError(f"{path} cannot be written ({error.strerror}); choose another place.") from error
    return data


def _with_names_to_print(notes: Notes) -> Notes:
    """Names that leave a page room for something else, and numbers instead of those in letters that no font has."""
    return replace(
        notes,
        names={person: _name_to_print(person, name) for person, name in notes.names.items() if readable(name)},
    )


def _name_to_print(person: int, name: str) -> str:
    if not can_print(name):
        return f"Person {person} (name not printable here)"
    return name if len(name) <= _LONGEST_NAME else f"{name[: _LONGEST_NAME - 1]}…"


def _add_cover(
    page: Document, timeline: Timeline, made_on: date, summaries: Sequence[PersonSummary], card: ModelCard | None
) -> float:
    """Returns where the free space of the page begins, in millimetres from its top."""
    recording, provenance = timeline.recording, timeline.provenance
    page.add_page()
    page.start_section("Cover")
    page.masthead("Expression report", recording.name, made_on)
    page.tiles(_key_figures(timeline, summaries))
    page.panel("What this report is not", PURPOSE)
    if timeline.declaration:
        page.paragraph(timeline.declaration.sentence(), QUIET, 8)
    sound = "with sound" if recording.has_audio else "without sound"
    size = f"{recording.width} × {recording.height} pixels, {recording.frame_rate:.4g} frames a second, {sound}"
    about = [("Name", recording.name), ("Duration", as_clock(recording.duration_s)), ("Picture", size)]
    _add_side_by_side(page, {"Recording": about, "Analysis": reading_facts(timeline.request, card)})
    page.heading("What it can be checked by")
    page.codes([("Recording, SHA-256", recording.sha256 or "not stored"), *provenance.files.items()])
    versions = {"fer_core": __version__, **provenance.versions}
    page.ln(1)
    page.paragraph(" · ".join(f"{name} {version}" for name, version in versions.items()), QUIET, 7)
    if timeline.problems:
        page.heading("What is missing or was repaired")
        page.bullets(timeline.problems)
    return page.get_y() + 4 if page.page_no() == 1 else page.h


def _add_side_by_side(page: Document, facts: Mapping[str, list[tuple[str, str]]]) -> None:
    """Two columns of facts, by title."""
    with page.beside() as start:
        for x, (title, rows) in zip((MARGIN_MM, MARGIN_MM + WIDTH_MM / 2 + 3), facts.items(), strict=True):
            start()
            page.set_x(x)
            page.style(10, INK, "B")
            page.cell(WIDTH_MM / 2, 7, title)
            page.ln(8)
            page.facts(rows, x, WIDTH_MM / 2 - 3, label_mm=20)


def _key_figures(timeline: Timeline, summaries: Sequence[PersonSummary]) -> list[tuple[str, str]]:
    return [
        (as_clock(timeline.recording.duration_s), "of recording"),
        (str(len(summaries)), "person" if len(summaries) == 1 else "people"),
        (f"{sum(summary.samples for summary in summaries):,}", "times a face was read"),
        (percent_of_time(summaries, lambda summary: 1 - summary.shares[UNCERTAIN]), "of the time seen: certain"),
        (percent_of_time(summaries, lambda summary: summary.good_share), "without quality problem"),
    ]


def _add_overview(page: Document, timeline: Timeline, notes: Notes, summaries: Sequence[PersonSummary]) -> None:
    page.chapter("Overview")
    if not summaries and people(timeline):
        page.paragraph(ALL_EXCLUDED)
        return
    if not summaries and timeline.excerpt:
        page.paragraph(
            f"Nobody is in the data of the {timeline.frame['time_s'].nunique():,} sampled frames: readings were left "
            "out on purpose, so there is nothing to show."
        )
        return
    if not summaries:
        page.paragraph(
            f"No face was found in the {timeline.frame['time_s'].nunique():,} sampled frames of this recording, so "
            "there is nothing to show. What often helps: faces that look towards the camera, are upright and at least "
            "40 pixels wide; more light; less of them covered."
        )
        return
    rows = [_summary_row(timeline, notes, summary) for summary in summaries]
    page.rows(
        ["Person", "Seen", "of recording", "Most shown", "Valence*", "Uncertain", "Good samples"],
        rows,
        [44, 16, 20, 34, 18, 20, 22],
    )
    page.ln(1)
    but = "; of recording: of all but what is excluded" if notes.excluded else ""
    page.paragraph(f"* derived: {VALENCE_FORMULA}, mean over time, −1 to +1{but}", QUIET, 7)
    numbers = [summary.person for summary in summaries]
    lanes = [numbers[first : first + LANES_A_PAGE] for first in range(0, len(numbers), LANES_A_PAGE)]
    page.heading("What was shown when", HEADING_MM + 2 * NOTE_LINE_MM + _lanes_mm(lanes[0]))
    page.paragraph(
        "Most probable expression of each person; half as high where the reading is uncertain; blank where they were "
        "not seen. Dashed lines are markers, grey bands are excluded from all figures.",
        QUIET,
        7.5,
    )
    for part in lanes:
        chart = pdf_charts.ribbon(timeline, part, notes, WIDTH_MM, _lanes_mm(part))
        page.chart(chart, f"Ribbon of the most probable expressions of persons {part[0]} to {part[-1]} over time.")
    compared = sorted(summaries, key=lambda summary: summary.seen_s, reverse=True)[:_PEOPLE_COMPARED]
    compared.sort(key=lambda summary: summary.person)
    height_mm = 14 + len(CATEGORIES) * max(6.5, 2.7 * len(compared))
    page.heading("How much of the time", HEADING_MM + NOTE_LINE_MM + height_mm)
    if len(compared) < len(summaries):
        page.paragraph(f"The {_PEOPLE_COMPARED} people seen longest.", QUIET, 7.5)
    page.chart(pdf_charts.share_bars(compared, WIDTH_MM, height_mm), _shares_in_words(notes, compared))
    page.heading("Valence over time", HEADING_MM + 52)
    page.chart(
        pdf_charts.valence_curve(timeline, [summary.person for summary in compared], notes, WIDTH_MM, 52),
        f"Derived valence over time: {VALENCE_FORMULA}.",
    )


def _lanes_mm(persons: Sequence[int]) -> float:
    return 16.0 + 8 * len(persons)


def _summary_row(timeline: Timeline, notes: Notes, summary: PersonSummary) -> list[str]:
    label = notes.name(summary.person)
    numbered = label if label == f"Person {summary.person}" else f"{summary.person} · {label}"
    return [
        numbered,
        as_clock(summary.seen_s),
        f"{_seen_share(timeline, notes, summary):.0%}",
        _mostly(summary),
        _signed(summary.valence),
        f"{summary.shares[UNCERTAIN]:.0%}",
        f"{summary.good_share:.0%}",
    ]


def _seen_share(timeline: Timeline, notes: Notes, summary: PersonSummary) -> float:
    """Share of the recording without its excluded spans, 0 to 1. Samples count as a whole, which may be a bit more."""
    start_s, end_s = time_range(timeline)
    counted_s = end_s - start_s - notes.excluded_s(start_s, end_s)
    return min(1.0, summary.seen_s / counted_s) if counted_s > 0 else 1.0


def _mostly(summary: PersonSummary) -> str:
    word = summary.mostly
    return word if word == WITHHELD else f"{word} {summary.shares[word]:.0%}"


def _shares_in_words(notes: Notes, summaries: Sequence[PersonSummary]) -> str:
    return " ".join(
        f"{notes.name(summary.person)}: "
        + ", ".join(f"{name} {summary.shares[name]:.0%}" for name in CATEGORIES if summary.shares[name])
        + "."
        for summary in summaries
    )


def _add_person(page: Document, timeline: Timeline, notes: Notes, summary: PersonSummary) -> None:
    number, name = summary.person, notes.name(summary.person)
    page.chapter(name)
    _person_head(page, timeline, summary, named=name != f"Person {number}")
    page.heading("Probabilities over time", 72)
    lines = pdf_charts.probability_lines(timeline, number, notes, WIDTH_MM, 62)
    page.chart(lines, f"Seven probabilities of {name} over time.")
    ribbon = pdf_charts.ribbon(timeline, [number], notes, WIDTH_MM, 21)
    page.chart(ribbon, f"Most probable expression of {name} over time.")
    page.heading("Shares of the time seen", 70)
    shares = _shares_in_words(notes, [summary])
    with page.beside() as start:
        y = start()
        page.chart(pdf_charts.share_ring(summary, 78, 58), shares, y)
        start()
        page.set_left_margin(MARGIN_MM + 84)
        page.rows(
            ["Expression", "Share", "Time", "Mean probability"],
            [
                [category, f"{share:.0%}", as_clock(share * summary.seen_s), _mean(summary, category)]
                for category, share in summary.shares.items()
            ],
            [30, 16, 18, 26],
            width_mm=WIDTH_MM - 84,
        )
        page.set_left_margin(MARGIN_MM)
    page.heading("Longest stretches", 45)
    runs = stretches(counted(timeline, notes.excluded), number)
    longest = sorted(runs, key=lambda run: run.length_s, reverse=True)[:_LONGEST_SHOWN]
    page.rows(
        ["Expression", "From", "To", "Lasts", "Mean probability"],
        [
            [
                f"uncertain ({run.label}?)" if run.uncertain else run.label,
                as_fine_clock(run.start_s),
                as_fine_clock(run.end_s),
                f"{run.length_s:.1f} s",
                f"{run.confidence:.0%}",
            ]
            for run in sorted(longest, key=lambda run: run.start_s)
        ],
        [54, 30, 30, 30, 30],
    )


def _person_head(page: Document, timeline: Timeline, summary: PersonSummary, *, named: bool) -> None:
    portrait = timeline.portraits.get(summary.person)
    x, top, side_mm = MARGIN_MM, page.get_y(), 30.0
    if portrait:
        page.image(portrait, x=x, y=top, w=side_mm, h=side_mm, keep_aspect_ratio=True, alt_text="Portrait")
        page.set_draw_color(*RULE)
        x += side_mm + 6
    problems = ", ".join(f"{problem} {share:.0%}" for problem, share in summary.problems.items()) or "none"
    page.set_y(top)
    page.facts(
        [
            *([("Number", str(summary.person))] if named else []),
            ("Seen for", f"{as_clock(summary.seen_s)}, in {summary.samples:,} reading{'s' * (summary.samples != 1)}"),
            ("First, last", f"{as_clock(summary.first_s)}, {as_clock(summary.last_s)}"),
            ("Most shown", _mostly(summary)),
            ("Valence", f"{_signed(summary.valence)} on average (derived, −1 to +1)"),
            ("Uncertain", f"{summary.shares[UNCERTAIN]:.0%} of the time seen"),
            ("Quality", f"{summary.good_share:.0%} of the time seen without problem; problems: {problems}"),
        ],
        x,
        MARGIN_MM + WIDTH_MM - x,
    )
    page.set_xy(MARGIN_MM, max(page.get_y(), top + side_mm if portrait else 0) + 2)


def _signed(value: float) -> str:
    return f"{value:+.2f}".replace("-", "−") if abs(value) >= 0.005 else "0.00"


def _mean(summary: PersonSummary, category: str) -> str:
    return f"{summary.means[category]:.0%}" if category in summary.means else ""
