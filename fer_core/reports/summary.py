"""What a timeline comes to, as plain data: the `summary.json` of the command line."""

import dataclasses
from typing import Any

import pandas as pd

from fer_core.plain import as_plain
from fer_core.timeline.notes import Notes
from fer_core.timeline.summaries import PersonSummary, counted, good_only, summarise
from fer_core.timeline.table import Timeline


def as_summary(timeline: Timeline, notes: Notes | None = None) -> dict[str, Any]:
    """Recording, request, provenance, problems; for each person, shares of time of all samples and of the good ones.

    Numbers of persons are keys of objects in JSON, so they are given as a field instead.
    """
    notes = notes or Notes()
    rows = counted(timeline, notes.excluded)
    return {
        "recording": dataclasses.asdict(timeline.recording),
        "request": timeline.request.to_json(),
        "provenance": as_plain(timeline.provenance),
        "problems": list(timeline.problems),
        "cuts_s": list(timeline.cuts),
        "samples": int(timeline.frame["frame"].nunique()),
        "samples_without_a_face": int(timeline.frame["person"].isna().sum()),
        "people": _people(rows, notes),
        "people_good_samples_only": _people(good_only(rows), notes),
    }


def _people(rows: pd.DataFrame, notes: Notes) -> list[dict[str, Any]]:
    return [_record(summary, notes) for summary in summarise(rows)]


def _record(summary: PersonSummary, notes: Notes) -> dict[str, Any]:
    record = {"name": notes.name(summary.person), **dataclasses.asdict(summary), "dominant": summary.dominant}
    return {name: _rounded(value) for name, value in record.items()}


def _rounded(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _rounded(part) for name, part in value.items()}
    return round(value, 6) if isinstance(value, float) else value
