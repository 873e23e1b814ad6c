"""The end of the PDF report: events, quality, methods, limits."""

from collections.abc import Sequence
from typing import Final

import pandas as pd

from fer_core.classification.cards import ModelCard
from fer_core.reports import pdf_charts
from fer_core.reports.pdf_page import HEADING_MM, NOTE_LINE_MM, QUIET, WIDTH_MM, Document
from fer_core.reports.wording import MUST_NOT, limits, methods, references
from fer_core.timeline.clock_text import as_clock, as_fine_clock
from fer_core.timeline.notes import Notes
from fer_core.timeline.rows import good_only
from fer_core.timeline.sampling import SAME_TIME_S
from fer_core.timeline.statistics.summaries import CATEGORIES, UNCERTAIN, PersonSummary, percent_of_time, summarise
from fer_core.timeline.table import Timeline
from fer_core.timeline.weights import bridged_s, counted

_MOST_LANES: Final = 36


def add_events(page: Document, timeline: Timeline, notes: Notes) -> None:
    """Markers with what was read at their time, and excluded spans; nothing where there are none."""
    if not notes.markers and not notes.excluded:
        return
    page.chapter("Events")
    if notes.markers:
        page.paragraph("Numbers are those beside the dashed lines in the charts.", QUIET, 7.5)
        markers = sorted(notes.markers, key=lambda marker: marker.time_s)
        page.rows(
            ["No.", "Time", "Event", "Read at that moment"],
            [
                [str(number), as_fine_clock(marker.time_s), marker.text, read_at(timeline, notes, marker.time_s)]
                for number, marker in enumerate(markers, start=1)
            ],
            [10, 16, 78, 70],
            numbers_from=4,
        )
    if notes.excluded:
        page.heading("Excluded from all figures")
        page.rows(
            ["From", "To", "Reason"],
            [
                [as_fine_clock(span.start_s), as_fine_clock(span.end_s), span.reason or "not given"]
                for span in notes.excluded
            ],
            [20, 20, 134],
            numbers_from=3,
        )


def add_quality(page: Document, timeline: Timeline, notes: Notes) -> None:
    """How good the samples are, and what the figures are without the poor ones; nothing where nobody was seen."""
    rows = counted(timeline, notes.excluded)
    everything, good = summarise(rows), {summary.person: summary for summary in summarise(good_only(rows))}
    if not everything:
        return
    page.chapter("Quality of the samples", 120)
    page.paragraph(_statement(rows, everything, excerpt=timeline.excerpt))
    lanes = pdf_charts.quality_rows(timeline)
    if lanes:
        shown = lanes[:_MOST_LANES]
        height_mm = 16.0 + 5 * len(shown)
        page.heading("When", HEADING_MM + NOTE_LINE_MM + height_mm)
        more = f" The first {_MOST_LANES} of {len(lanes)} are shown." if len(lanes) > _MOST_LANES else ""
        page.paragraph(f"Numbers are those of the persons.{more}", QUIET, 7.5)
        chart = pdf_charts.quality_lane(timeline, shown, WIDTH_MM, height_mm)
        page.chart(chart, f"When samples had these problems: {', '.join(label for label, _ in shown)}.")
    page.heading("With and without poor samples", 50)
    page.paragraph(
        "Shares of the time seen, in percent: all samples, and in brackets those without a problem only.", QUIET, 7.5
    )
    body = []
    for summary in everything:
        alone = good.get(summary.person)
        cells = [
            f"{summary.shares[c]:.0%} ({f'{alone.shares[c]:.0%}' if alone else '–'})".replace("%", "")
            for c in CATEGORIES
        ]
        body.append([notes.name(summary.person), *cells])
    page.rows(["Person", *CATEGORIES], body, [38, *[17] * len(CATEGORIES)])


def add_methods(page: Document, timeline: Timeline, card: ModelCard | None) -> None:
    """Methods, limits, prohibited uses and references."""
    page.chapter("Methods and limits")
    page.heading("Methods")
    for paragraph in methods(timeline, card):
        page.paragraph(paragraph)
    page.heading("Limits")
    page.bullets(limits([card]))
    page.heading("What this must not be used for")
    page.bullets(MUST_NOT)
    page.heading("References", 30)
    page.bullets(references(timeline, card), 7.5)


def _statement(rows: pd.DataFrame, summaries: Sequence[PersonSummary], *, excerpt: bool) -> str:
    empty_s = float(rows.loc[rows["person"].isna(), "held_s"].sum())
    good = percent_of_time(summaries, lambda summary: summary.good_share)
    uncertain = percent_of_time(summaries, lambda summary: summary.shares[UNCERTAIN])
    without = "nobody is in the data" if excerpt else "no face was found"  # somebody may have been removed
    nobody = f"For {as_clock(empty_s)} {without}. " if empty_s else "Every sampled frame shows a face. "
    return (
        f"{nobody}Of the time that people were seen, {good} is without a quality problem and {uncertain} is "
        "uncertain. A sample has a problem where the face is small, blurred, dark, overexposed, low in contrast, "
        "turned, covered, talking or otherwise unlike what the model learnt from; its reading is to be trusted less, "
        "however high its probability."
    )


def read_at(timeline: Timeline, notes: Notes, time_s: float) -> str:
    """The readings of everybody seen at a time in seconds, in words, as the player shows them.

    They are those of the last sample that was not later, as long as it is shown; see `bridged_s`.
    """
    rows = timeline.frame
    before = rows[rows["time_s"] <= time_s + SAME_TIME_S]
    rows = before[before["time_s"] == before["time_s"].max()]
    rows = rows[rows["person"].notna() & (time_s - rows["time_s"] <= bridged_s(timeline) + SAME_TIME_S)]
    found = []
    for _, row in rows.sort_values("person").iterrows():
        doubt = "?" if bool(row["uncertain"]) else f" {float(row['confidence']):.0%}"
        found.append(f"{notes.name(int(row['person']))}: {row['label']}{doubt}")
    return "; ".join(found) or "nobody seen"
