"""The columns of a timeline. The data dictionary and docs/reference.md are written from these values."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final, Literal

from fer_core.emotions import EMOTIONS
from fer_core.timeline.face.movements import DISTANCES, MOVEMENTS

GOOD: Final = "good"
"""Value of `quality` without a problem; else it lists the problems, see `quality_of`."""

_SEPARATOR: Final = ", "
"""Between the problems in a value of `quality`."""

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
        needs: "picture", or "recording" for values that are only known from several samples of one person.
    """

    meaning: str
    unit: str
    kind: str
    needs: Literal["picture", "recording"] = "picture"


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

_DISTANCE: Final = "share of the distance of the outer corners of the eyes"

GROUPS: Final[Mapping[str, Mapping[str, Column]]] = {
    "pose": {
        "yaw_deg": Column(
            "turn of the head; above 0 towards the right side of the picture (the person's left)", "degrees", "decimal"
        ),
        "pitch_deg": Column("nod of the head; above 0 upwards", "degrees", "decimal"),
        "roll_deg": Column("tilt of the head; above 0 clockwise in the picture", "degrees", "decimal"),
    },
    "gaze": {
        "gaze_x_deg": Column(
            "direction of the eyes relative to the head, coarse; above 0 towards the right side of the picture; not a "
            "point of regard and no measure of attention",
            "degrees",
            "decimal",
        ),
        "gaze_y_deg": Column("the same up and down; above 0 upwards", "degrees", "decimal"),
    },
    "eyes": {
        "eye_open_right": Column(
            "distance of the lids of the person's right eye; closed below 0.1, open from about 0.2",
            "share of the width of the eye",
            "decimal",
        ),
        "eye_open_left": Column("the same of the left eye", "share of the width of the eye", "decimal"),
        "blink": Column(
            "whether the sample lies in a blink; empty below 12 samples a second, where blinks cannot be counted",
            "true or false",
            "truth",
            "recording",
        ),
    },
    "mouth": {
        "mouth_open": Column("distance of the inner edges of the lips", _DISTANCE, "decimal"),
        "talking": Column(
            "whether the mouth opens and closes as in talking, which makes readings less reliable; empty below 3 "
            "samples a second, where it cannot be told",
            "true or false",
            "truth",
            "recording",
        ),
    },
    "visibility": {
        "face_presence": Column("how sure the mesh network is that it sees a face", "0 to 1", "decimal"),
        "face_asymmetry": Column("difference between the halves of the face", _DISTANCE, "decimal"),
    },
    "movements": {
        movement.name: Column(
            f"{movement.title.lower()} against the person's resting face; geometry of the mesh, not a trained action "
            f"unit; nearest unit of FACS: {movement.unit}"
            + ("; empty while the eyes are closed" if movement.name == "lid_tightening" else ""),
            "percent of the openness at rest"
            if movement.name == "lid_tightening"
            else "percent of the distance of the outer corners of the eyes",
            "decimal",
            "recording",
        )
        for movement in MOVEMENTS
    },
}
"""Columns from the landmarks of a face, by group; a timeline has all columns of a group or none. They are empty where
no landmarks were measured, and where their meaning says so."""

GROUP_COLUMNS: Final = tuple(name for group in GROUPS.values() for name in group)
"""The columns of all groups, in the order of tables."""

PICTURE_COLUMNS: Final = tuple(
    name for group in GROUPS.values() for name, column in group.items() if column.needs == "picture"
)
"""The `GROUP_COLUMNS` that are known from one picture."""

MEASURES: Final[Mapping[str, Column]] = {
    "sharpness": Column("variance of the Laplacian of the face at 48 pixels", "squared grey levels", "decimal"),
    "brightness": Column("mean grey level of the face", "0 to 255", "decimal"),
    "frontality": Column("1 for a face seen from the front, 0 for one in profile", "0 to 1", "decimal"),
    "face_confidence": Column("how sure the detector is that this is a face", "0 to 1", "decimal"),
    **{
        name: Column(
            f"{name.replace('_', ' ')} of the face without its pose; see `fer_core.timeline.face.movements.Geometry`",
            "share of the width of the eye" if name == "eye_openness" else _DISTANCE,
            "decimal",
        )
        for name in DISTANCES
    },
    "outline": Column(
        "contours of the face, as text; see `fer_core.timeline.outline`; empty where no landmarks were measured or the "
        "face was hidden",
        "base64 of bytes, x and y within the face box",
        "text",
    ),
}
"""Further measurements of each row; only Parquet and JSON files hold them."""


def quality_of(problems: Iterable[str]) -> str:
    """The value of `quality` for a face with these problems."""
    return _SEPARATOR.join(problems) or GOOD


def problems_in(quality: str) -> tuple[str, ...]:
    """The problems that a value of `quality` lists; none for a good sample or one without a face."""
    return tuple(word for word in quality.split(_SEPARATOR) if word not in ("", GOOD))


def described(names: Iterable[str]) -> dict[str, Column]:
    """Descriptions of columns, in their order; columns of later versions are left out."""
    known = {**BASE, **{name: column for group in GROUPS.values() for name, column in group.items()}, **MEASURES}
    return {name: known[name] for name in names if name in known}
