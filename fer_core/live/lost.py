"""Where faces were until lately: somebody whom the detector loses sits there still, and stays hidden."""

from typing import Final

from fer_core.imaging.placement import Placement
from fer_core.live.analyser import LiveReading
from fer_core.readings import Box

HIDDEN_S: Final = 10.0
"""Seconds for which a face that is no longer found stays hidden where it was."""

SAME_PLACE: Final = 0.3
"""Overlap (intersection over union) from which a face without a number is taken for the one that was there."""


class LostFaces:
    """Remembers the boxes of faces that are no longer found."""

    def __init__(self) -> None:
        # By the person's number or, where a face was not read and has none, by its box: where, and when last.
        self._lost: dict[int | Box, tuple[Box, float]] = {}

    def update(self, before: LiveReading | None, now: LiveReading) -> None:
        """Take in the next reading of a stream; boxes are in pixels of `now` from here on."""
        if before is None or not before.fits_size(now.width, now.height):
            self._lost = {}
            return
        placement = Placement.stretched((before.width, before.height), (now.width, now.height))
        known = self._lost | {face.person: (face.reading.box, before.time_s) for face in before.faces}
        known |= {box: (box, before.time_s) for box in before.unread}
        scaled = {who: (placement.box(box), seen_s) for who, (box, seen_s) in known.items()}
        self._lost = {
            who: (box, seen_s)
            for who, (box, seen_s) in scaled.items()
            if now.time_s - seen_s <= HIDDEN_S and not _is_here(who, box, now)
        }

    @property
    def boxes(self) -> list[Box]:
        """Where they were, in pixels of the last reading."""
        return [box for box, _ in self._lost.values()]


def _is_here(who: int | Box, box: Box, now: LiveReading) -> bool:
    if isinstance(who, int):
        return any(face.person == who for face in now.faces)
    return any(box.overlap(other) >= SAME_PLACE for other in now.boxes)
