"""Faces in a sequence of frames: every frame is searched whole, tiles are searched now and then and for lost faces.

A sequence finds the faces that the search of a still picture finds, except that a small new face may be seen up to
twice `tiles_every_s` late, once where there are other small faces, or `empty_every_s` where no other face is in the
frame.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from pydantic import JsonValue

from fer_core.detection.blazeface import BlazeFaceDetector, crop_box, faces_of
from fer_core.detection.candidates import Candidates
from fer_core.detection.suppression import merged
from fer_core.detection.tiles import around, levels
from fer_core.detection.turning import Turn, upright_turn
from fer_core.imaging.crops import bgr
from fer_core.imaging.halvings import Halvings
from fer_core.plain import as_plain, from_plain
from fer_core.readings import Box, Face

FOUND_AGAIN: Final = 0.2
"""Overlap (intersection over union) from which a found face is a known one."""

RARELY: Final = 2
"""How many times as long the next thorough search is waited for where the last one found all without tiles."""

_TIME_SLACK_S: Final = 1e-3


@dataclass(frozen=True)
class KnownFace:
    """A face of the frames before: its box in the upright frame, and when it was last seen, in seconds."""

    box: Box
    seen_s: float


@dataclass(frozen=True)
class _State:
    """The memory of a sequence.

    Attributes:
        known: faces as (x, y, width, height, seen_s).
        thorough_s: time of the last thorough search.
        rarely: whether that found all without tiles.
        turn: of the frames.
    """

    known: tuple[tuple[int, int, int, int, float], ...]
    thorough_s: float | None
    rarely: bool
    turn: int


class BlazeFaceSequence:
    """Finds faces frame by frame. For one sequence and one thread.

    Args:
        detector: may be shared with other sequences.
        tiles_every_s: seconds between two thorough searches, with tiles and, where no sure face is upright, of
            turned frames; `RARELY` times as many while a sure face is there and tiles show no further ones.
        empty_every_s: the same while no face is found at all.
        keep_s: how long a lost face is looked for where it was.
    """

    def __init__(
        self,
        detector: BlazeFaceDetector,
        *,
        tiles_every_s: float = 2.0,
        empty_every_s: float = 0.5,
        keep_s: float = 1.5,
    ) -> None:
        self.detector = detector
        self.tiles_every_s, self.empty_every_s, self.keep_s = tiles_every_s, empty_every_s, keep_s
        self.reset()

    def reset(self) -> None:
        """Forget the frames before, as after a cut: the next search is thorough."""
        self._known: list[KnownFace] = []
        self._thorough_s, self._rarely = -np.inf, False
        self.turn = Turn.NONE

    def detect(self, image: NDArray[np.uint8], time_s: float) -> list[Face]:
        """The faces of the next frame.

        Args:
            image: uint8 (H, W, 3) BGR or (H, W) grey; of one size from frame to frame, else call `reset` between.
            time_s: later than that of the frame before.

        Returns:
            As `FaceDetector.detect`: the largest first, boxes within the picture. `turn` says whether the frame lies on
            its side.
        """
        picture = bgr(image)
        found = self._turned(picture, time_s) if self.turn else self._unturned(picture, time_s)
        return list(faces_of(found, picture))

    def state(self) -> dict[str, JsonValue]:
        """See `fer_core.detection.protocol.Resumable`."""
        known = tuple((*known.box, known.seen_s) for known in self._known)
        thorough_s = self._thorough_s if np.isfinite(self._thorough_s) else None
        plain: dict[str, JsonValue] = as_plain(_State(known, thorough_s, self._rarely, int(self.turn)))
        return plain

    def restore(self, state: Mapping[str, JsonValue]) -> None:
        """See `fer_core.detection.protocol.Resumable`."""
        saved = from_plain(_State, state)
        self._known = [KnownFace(Box(*box), seen_s) for *box, seen_s in saved.known]
        self._thorough_s = -np.inf if saved.thorough_s is None else saved.thorough_s
        self._rarely, self.turn = saved.rarely, Turn(saved.turn)

    def _unturned(self, picture: NDArray[np.uint8], time_s: float) -> Candidates:
        """The faces of a frame as it is; a thorough search finds out whether the next ones are to be turned."""
        found = self._upright(picture, time_s)
        if self._thorough_s == time_s:
            self.turn, found = self.detector.turned(picture, found)
            if self.turn:
                self._known = []  # their boxes are of the frame as it was
        return found

    def _turned(self, picture: NDArray[np.uint8], time_s: float) -> Candidates:
        """The faces of a frame that is searched turned, as the ones before; as it is, where none is upright so.

        Where it shows no face as it is either, the next frame is turned again.
        """
        height, width = picture.shape[:2]
        turn, found = self.turn, self._upright(self.turn.apply(picture), time_s)
        in_picture, known, thorough = turn.undo(found, width, height), self._known, self._thorough_s == time_s
        standing = np.array([upright_turn(keypoints) is Turn.NONE for keypoints in found.keypoints], bool)
        # Now and then, doubtful finds are weighed against those of all other turns, as in a still picture.
        if (standing & (found.scores >= (self.detector.limits.sure if thorough else 0))).any():
            return in_picture
        self.turn, self._known = Turn.NONE, []
        if thorough:
            self._thorough_s = -np.inf
        unturned = self._unturned(picture, time_s)
        if len(unturned):
            return unturned
        self.turn, self._known = turn, known
        return in_picture

    def _upright(self, picture: NDArray[np.uint8], time_s: float) -> Candidates:
        halvings = Halvings(picture)
        found = self.detector.whole(halvings)
        lost = self._lost(found)
        is_sure = bool((found.scores >= self.detector.limits.sure).any())
        every_s = self.tiles_every_s * (RARELY if self._rarely and is_sure else 1)
        if not len(found):
            every_s = min(self.empty_every_s, self.tiles_every_s)
        if time_s - self._thorough_s >= every_s - _TIME_SLACK_S:
            in_whole, found = found, self.detector.tiled(halvings, found)
            self._rarely = len(found) <= len(in_whole)
            self._thorough_s = time_s
        elif lost:
            parts = tuple({_part(known.box, picture, self.detector.smallest_face_px) for known in lost})
            found = merged(found, self.detector.parts(halvings, parts), self.detector.limits.sure)
        if not len(found):
            found = self.detector.bordered(picture)
        seen = [KnownFace(crop_box(corners), time_s) for corners in found.corners]
        kept = [known for known in self._lost(found) if time_s - known.seen_s <= self.keep_s]
        self._known = seen + kept
        return found

    def _lost(self, found: Candidates) -> list[KnownFace]:
        boxes = [crop_box(corners) for corners in found.corners]
        return [known for known in self._known if not any(known.box.overlap(box) > FOUND_AGAIN for box in boxes)]


def _part(box: Box, picture: NDArray[np.uint8], smallest_px: int) -> Box:
    """The part of a frame to search for a lost face: the smallest tile that holds it whole, else its neighbourhood."""
    height, width = picture.shape[:2]
    for level in reversed(levels(width, height, smallest_px)):
        for tile in level.tiles:
            if _holds(tile, box):
                return tile
    return around(box)


def _holds(tile: Box, box: Box) -> bool:
    return (
        tile.x <= box.x
        and tile.y <= box.y
        and box.x + box.width <= tile.x + tile.width
        and box.y + box.height <= tile.y + tile.height
    )
