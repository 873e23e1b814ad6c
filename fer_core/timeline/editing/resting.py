"""Whether a face is at rest in a span, so that everything else can be compared with it."""

from collections.abc import Sequence
from typing import Final

import pandas as pd

from fer_core.emotions import EMOTIONS
from fer_core.errors import TimelineError
from fer_core.timeline.notes import Span
from fer_core.timeline.rows import inside, outside, rows_of_person
from fer_core.timeline.table import Timeline

POSED: Final = 0.9
"""Mean probability of an expression other than neutral from which a face is not taken for one at rest."""

OTHER: Final = 0.2
"""Share of samples with another expression, or with a talking mouth, from which a face is not taken for one at rest."""


def check_rest(timeline: Timeline, person: int, span: Span, excluded: Sequence[Span] = ()) -> None:
    """Make sure that a face in a span can be taken for the person's face at rest.

    An expression that the model sees in it throughout, as some faces look a little sad, is no hindrance.

    Args:
        timeline: with the readings.
        person: number.
        span: in which the face is at rest.
        excluded: spans whose samples count for no resting face.

    Raises:
        TimelineError: the face shows a strong expression, several, or talks, another shot begins, or all samples are
            excluded; the sentence says which, and what to do.
    """
    rows = rows_of_person(timeline, person)
    rows = rows[inside(rows, span.start_s, span.end_s)]
    if rows.empty:
        return  # that nobody is seen is said where the span is used
    rows = outside(rows, excluded)
    if rows.empty:
        raise TimelineError(
            f"All samples of person {person} from {span.start_s:.2f} to {span.end_s:.2f} s are excluded; choose a "
            "range in which some count."
        )
    words = _reason(rows, timeline, span)
    if words:
        raise TimelineError(
            f"Person {person} cannot be taken as at rest from {span.start_s:.2f} to {span.end_s:.2f} s: {words}. "
            "Choose a range in which the face is calm."
        )


def _reason(rows: pd.DataFrame, timeline: Timeline, span: Span) -> str:
    """Why the face is not at rest; empty where it is."""
    cut_s = next((cut_s for cut_s in timeline.cuts if span.start_s < cut_s < span.end_s), None)
    if cut_s is not None:
        return f"another shot begins at {cut_s:.2f} s, and it may show somebody else"
    means = rows[list(EMOTIONS)].astype(float).mean()
    strongest = str(means.idxmax())
    if strongest != "neutral" and means[strongest] >= POSED:
        return f"the face looks {strongest} ({means[strongest]:.0%} on average)"
    certain = rows.loc[~rows["uncertain"].astype(bool), "label"].value_counts() / len(rows)
    shown = [str(label) for label, share in certain.items() if share >= OTHER]
    if len(shown) > 1:
        return f"the face changes between {' and '.join(shown[:2])}"
    if "talking" in rows and float(rows["talking"].fillna(False).astype(bool).mean()) >= OTHER:
        return "the mouth is talking"
    return ""
