"""The columns that the face measurements give to tables, in groups."""

from dataclasses import dataclass
from typing import Final

from fer_core.face.movements import MOVEMENTS


@dataclass(frozen=True)
class Column:
    """One column.

    Attributes:
        group: "pose", "gaze", "eyes", "mouth", "visibility" or "movements".
        name: in the table.
        meaning: for the dictionary of columns.
        unit: "" for none.
        dtype: of pandas; can be empty where no face was found.
        needs: "picture", or "recording" for values that are only known from several samples.
    """

    group: str
    name: str
    meaning: str
    unit: str
    dtype: str
    needs: str = "picture"


_POSE: Final = (
    Column(
        "pose",
        "yaw_deg",
        "Turn of the head; above 0 towards the right side of the picture (the person's left).",
        "degrees",
        "float64",
    ),
    Column("pose", "pitch_deg", "Nod of the head; above 0 upwards.", "degrees", "float64"),
    Column("pose", "roll_deg", "Tilt of the head; above 0 clockwise in the picture.", "degrees", "float64"),
)
_GAZE: Final = (
    Column(
        "gaze",
        "gaze_x_deg",
        "Direction of the eyes relative to the head, coarse; above 0 towards the right side of the picture. "
        "Not a point of regard and no measure of attention.",
        "degrees",
        "float64",
    ),
    Column("gaze", "gaze_y_deg", "The same up and down; above 0 upwards.", "degrees", "float64"),
)
_EYES: Final = (
    Column("eyes", "eye_open_right", "Distance of the lids over the width of the person's right eye.", "", "float64"),
    Column("eyes", "eye_open_left", "The same of the left eye.", "", "float64"),
    Column(
        "eyes",
        "blink",
        "Whether the sample lies in a blink; empty below 12 samples per second, where blinks cannot be counted.",
        "",
        "boolean",
        "recording",
    ),
)
_MOUTH: Final = (
    Column(
        "mouth",
        "mouth_open",
        "Distance of the inner edges of the lips over that of the outer corners of the eyes.",
        "",
        "float64",
    ),
    Column(
        "mouth",
        "talking",
        "Whether the mouth opens and closes as in talking; expressions of a talking mouth are read less reliably.",
        "",
        "boolean",
        "recording",
    ),
)
_VISIBILITY: Final = (
    Column("visibility", "face_presence", "How sure the mesh network is that it sees a face, 0 to 1.", "", "float64"),
    Column(
        "visibility",
        "face_asymmetry",
        "Difference between the halves of the face over the distance of the outer corners of the eyes.",
        "",
        "float64",
    ),
)
_MOVEMENTS: Final = tuple(
    Column(
        "movements",
        movement.name,
        f"{movement.title} against the person's resting face; geometry of the mesh, not a trained action unit. "
        f"Nearest unit of FACS: {movement.unit}.",
        "percent",
        "float64",
        "recording",
    )
    for movement in MOVEMENTS
)

COLUMNS: Final = (*_POSE, *_GAZE, *_EYES, *_MOUTH, *_VISIBILITY, *_MOVEMENTS)
"""All columns, group by group, in the order in which tables have them."""

GROUPS: Final = tuple(dict.fromkeys(column.group for column in COLUMNS))


def group(name: str) -> tuple[Column, ...]:
    """The columns of one group.

    >>> [column.name for column in group("pose")]
    ['yaw_deg', 'pitch_deg', 'roll_deg']
    """
    return tuple(column for column in COLUMNS if column.group == name)
