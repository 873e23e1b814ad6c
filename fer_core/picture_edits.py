"""How a person corrects what was found in a picture: faces that were missed are drawn, boxes without a face removed."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from fer_core.readings import Box


@dataclass(frozen=True)
class DrawFace:
    """Somebody drew a box around a face, in pixels of the picture."""

    box: Box


@dataclass(frozen=True)
class RemoveFace:
    """Somebody removed a face by its box, in pixels of the picture."""

    box: Box


PictureEdit: TypeAlias = DrawFace | RemoveFace


SMALLEST_DRAWN_PX: Final = 8
"""Side of the smallest face that can be drawn."""


def can_be_drawn(box: Box, width: int, height: int) -> bool:
    """Whether a box can be that of a face in a picture of that size: its middle lies there, its size is sensible."""
    x, y = box.x + box.width / 2, box.y + box.height / 2
    large_enough = min(box.width, box.height) >= SMALLEST_DRAWN_PX
    return large_enough and max(box.width, box.height) <= 2 * max(width, height) and 0 <= x < width and 0 <= y < height


def boxes_after(found: Sequence[Box], edits: Iterable[PictureEdit]) -> tuple[list[Box], list[Box]]:
    """What is left of the boxes that a detector found, and the boxes that were drawn.

    A box that is removed and is not there changes nothing: another detector may have found others.

    Args:
        found: by the detector.
        edits: in the order in which they were made.
    """
    kept, drawn = list(found), list[Box]()
    for edit in edits:
        if isinstance(edit, DrawFace):
            drawn = [*(box for box in drawn if box != edit.box), edit.box]
        else:
            kept, drawn = ([box for box in boxes if box != edit.box] for boxes in (kept, drawn))
    return kept, drawn


def as_records(edits: Iterable[PictureEdit]) -> list[dict[str, Any]]:
    """Edits as JSON holds them: `{"edit": "draw" | "remove", "box": [x, y, width, height]}`."""
    return [{"edit": "draw" if isinstance(edit, DrawFace) else "remove", "box": list(edit.box)} for edit in edits]
