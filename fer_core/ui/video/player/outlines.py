"""The outlines of faces as the script of the player takes them: a JSON document, fetched when they are drawn. Pure."""

import base64
import json
from typing import Any

import numpy as np

from fer_core.timeline.outline import HIGH, LOW, POINTS, circles, joined, lines
from fer_core.timeline.rows import people, rows_of_person
from fer_core.timeline.table import Timeline


def has_outlines(timeline: Timeline) -> bool:
    """Whether the outline of any face was kept."""
    return "outline" in timeline.measures.columns and bool(timeline.measures["outline"].notna().any())


def outlines_json(timeline: Timeline) -> bytes:
    """All outlines of a timeline that `has_outlines`, as UTF-8 JSON.

    `points`, `low` and `high` say what an outline is; see `fer_core.timeline.outline`. `lines` and `circles` are places
    of points. `people` has for each person the `number`, the `samples` with an outline as places in `Track.times`, and
    these `outlines` one after the other as base64.
    """
    document = {
        "points": POINTS,
        "low": LOW,
        "high": HIGH,
        "lines": lines(),
        "circles": circles(),
        "people": [_person(timeline, number) for number in people(timeline)],
    }
    return json.dumps(document, separators=(",", ":")).encode()


def _person(timeline: Timeline, number: int) -> dict[str, Any]:
    rows = rows_of_person(timeline, number)
    texts = timeline.measures.loc[rows.index, "outline"].dropna()
    times = np.unique(timeline.frame["time_s"].to_numpy(float))
    samples = np.searchsorted(times, rows.loc[texts.index, "time_s"].to_numpy(float))
    outlines = base64.b64encode(joined(texts.tolist())).decode()
    return {"number": number, "samples": samples.tolist(), "outlines": outlines}
