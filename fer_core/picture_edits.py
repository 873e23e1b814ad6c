"""What a person changes in a picture: faces are drawn, boxes without a face removed, expressions labelled."""

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


@dataclass(frozen=True)
class LabelFace:
    """A rater labelled a face.

    Attributes:
        box: of the face, in pixels of the picture.
        label: one of `EMOTIONS`; None takes the label back.
        rater: name or initials; may be empty.
        blind: whether the reading of the model was hidden from the rater.
    """

    box: Box
    label: str | None
    rater: str = ""
    blind: bool = True


PictureEdit: TypeAlias = DrawFace | RemoveFace | LabelFace


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
        elif isinstance(edit, RemoveFace):
            kept, drawn = ([box for box in boxes if box != edit.box] for boxes in (kept, drawn))
    return kept, drawn


def labels_after(edits: Iterable[PictureEdit]) -> list[LabelFace]:
    """The last label of each face by each rater; labels that were taken back are left out."""
    last = {(edit.box, edit.rater): edit for edit in edits if isinstance(edit, LabelFace)}
    return [edit for edit in last.values() if edit.label is not None]


def as_records(edits: Iterable[PictureEdit]) -> list[dict[str, Any]]:
    """Edits as JSON holds them: `{"edit": "draw" | "remove" | "label", "box": [x, y, width, height]}`.

    A label has further `label` (or null), `rater` and `blind`.
    """
    return [_as_record(edit) for edit in edits]


def _as_record(edit: PictureEdit) -> dict[str, Any]:
    if isinstance(edit, LabelFace):
        more = {"label": edit.label, "rater": edit.rater, "blind": edit.blind}
        return {"edit": "label", "box": list(edit.box), **more}
    return {"edit": "draw" if isinstance(edit, DrawFace) else "remove", "box": list(edit.box)}
