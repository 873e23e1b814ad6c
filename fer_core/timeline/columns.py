"""What the columns of a timeline hold. The data dictionary and README.md are written from these rows."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from fer_core.emotions import EMOTIONS

RAW_COLUMNS: Final = tuple(f"raw_{emotion}" for emotion in EMOTIONS)

DTYPES: Final = {"decimal": "float64", "whole": "Int64", "text": "string", "truth": "boolean"}
"""Column dtypes by kind; nullable dtypes where a value may be missing."""


@dataclass(frozen=True)
class Column:
    """A column of the timeline.

    Attributes:
        meaning: in a sentence.
        unit: of its values, or their range.
        kind: key of `DTYPES`.
    """

    meaning: str
    unit: str
    kind: str


BASE: Final[Mapping[str, Column]] = {
    "time_s": Column("presentation time of the sampled frame, from the start of the recording", "seconds", "decimal"),
    "frame": Column("number of the frame in the recording, from 0", "count", "whole"),
    "person": Column("number of the person, from 1; empty where the sampled frame shows no face", "count", "whole"),
    "x": Column("left border of the face box, from the left of the upright frame", "pixels", "whole"),
    "y": Column("upper border of the face box, from the top of the upright frame", "pixels", "whole"),
    "width": Column("width of the face box", "pixels", "whole"),
    "height": Column("height of the face box", "pixels", "whole"),
    **{
        name: Column(f"smoothed, calibrated probability of {name}; the seven sum to 1", "0 to 1", "decimal")
        for name in EMOTIONS
    },
    **{
        name: Column(f"probability of {name.removeprefix('raw_')} before smoothing", "0 to 1", "decimal")
        for name in RAW_COLUMNS
    },
    "label": Column("the most probable emotion by the smoothed probabilities", "one of the seven", "text"),
    "confidence": Column("smoothed probability of the label", "0 to 1", "decimal"),
    "uncertain": Column(
        "whether the confidence is below the threshold in the request, so that the label is not to be relied on",
        "true or false",
        "truth",
    ),
    "quality": Column(
        'what makes the crop unlike the faces that the model learnt from, separated by commas; "good" if nothing does',
        "words",
        "text",
    ),
}
"""The columns of every timeline, in the order of `timeline.csv`; all but `time_s` and `frame` can be empty."""

COLUMNS: Final = tuple(BASE)

GROUPS: Final[Mapping[str, Mapping[str, Column]]] = {}
"""Further columns by group, such as head pose; a timeline has all columns of a group or none."""


def described(names: Iterable[str]) -> dict[str, Column]:
    """What is known of columns, in their order; columns that a later version added are left out."""
    known = {**BASE, **{name: column for group in GROUPS.values() for name, column in group.items()}}
    return {name: known[name] for name in names if name in known}
