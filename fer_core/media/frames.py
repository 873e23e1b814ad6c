"""A decoded frame as it is to be seen: upright, with square pixels, in ordinary colours, on white, from one field.

Every fact is asked of the frame itself, because all of them can change within a recording. Loaded by the decoding
process, so it needs nothing but PyAV and numpy.
"""

import gc
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import av
import numpy as np
from av.sidedata.sidedata import Type as SideDataType
from numpy.typing import NDArray

from fer_core.media.colour import HLG, KNOWN_TRANSFERS, PEAK_NITS, PQ, WHITE_NITS, needs_conversion, to_ordinary

COLOUR_FACTS: Final = ("color_trc", "color_primaries", "colorspace")
"""Transfer function, primaries and matrix of a frame; in all three, 2 is "not specified"."""

Turn = tuple[float, float, float, float]
UPRIGHT: Final[Turn] = (1, 0, 0, 1)

_OF_RGB, _BT709, _UNSPECIFIED, _BT601 = 0, 1, 2, 6  # colour matrices, as ITU-T H.273 numbers them
_KNOWN_MATRICES: Final = frozenset({_BT709, 4, 5, _BT601, 7, 9})
_HD_ROWS: Final = 720

_TILT: Final = 0.02
"""Sine of the angle by which a turn may miss a quarter."""


def usual_matrix(rows: int) -> int:
    """The colour matrix that players take recordings of that height for where they do not name theirs."""
    return _BT709 if rows >= _HD_ROWS else _BT601


@dataclass(frozen=True)
class Look:
    """Turn and size with which a frame is to be shown.

    Attributes:
        turn: (a, b, c, d) for x' = ax + cy and y' = bx + dy.
        width: in pixels, of the turned frame with square pixels.
        height: in pixels, of the same.
    """

    turn: Turn
    width: int
    height: int


class FrameReader:
    """Makes pictures of frames.

    Attributes:
        notes: what could not be honoured or was done to frames, by the names that `fer_core.media.video` has sentences
            for.
        peak_nits: the brightest light that the recording has announced, in cd/m².
        stated: what the container says of `COLOUR_FACTS`; it counts for frames that do not say themselves.
    """

    def __init__(self) -> None:
        self.notes: list[str] = []
        self.peak_nits = PEAK_NITS
        self.stated: tuple[int, ...] = ()
        self._fields: dict[tuple[int, int, str], Any] = {}
        gc.collect()
        gc.freeze()  # what is loaded stays, so that collecting takes microseconds

    def look(self, frame: Any, pixel_shape: float) -> Look:
        """How a frame is to be seen, whose pixels are `pixel_shape` times as wide as high."""
        for fact, said in zip(COLOUR_FACTS, self.stated, strict=False):
            if said != _UNSPECIFIED and getattr(frame, fact) == _UNSPECIFIED:
                setattr(frame, fact, said)
        facts = _side_data(frame)
        self._heed(frame, facts)
        turn = _turn(facts, frame)
        width, height = _square(frame, pixel_shape)
        return Look(turn, height, width) if _is_quarter(turn) else Look(turn, width, height)

    def picture(self, frame: Any, look: Look, longer_px: int) -> NDArray[np.uint8]:
        """The frame as it is to be seen, uint8 (H, W, 3) BGR, shrunk to `longer_px` where it is larger (0: never)."""
        full = (look.height, look.width) if _is_quarter(look.turn) else (look.width, look.height)
        factor = min(1.0, longer_px / max(full)) if longer_px else 1.0
        width, height = (max(1, round(side * factor)) for side in full)
        self._settle_matrix(frame)  # by all rows, of which a field has half
        if frame.interlaced_frame and frame.height > 1:
            self._note("interlaced")
            frame = self._upper_field(frame)
        picture = _converted(frame, width, height, self.peak_nits)
        right, b, c, down = look.turn
        if _is_quarter(look.turn):  # rows become columns
            picture, right, down = picture.transpose(1, 0, 2), c, b
        return np.ascontiguousarray(picture[:: -1 if down < 0 else 1, :: -1 if right < 0 else 1])

    def _heed(self, frame: Any, facts: Mapping[Any, bytes]) -> None:
        if frame.color_trc not in KNOWN_TRANSFERS:
            self._note("transfer")
        if SideDataType.SPHERICAL in facts:
            self._note("spherical")
        if SideDataType.STEREO3D in facts and int(np.frombuffer(facts[SideDataType.STEREO3D], np.int32)[0]):
            self._note("two views")
        dolby = SideDataType.DOVI_METADATA in facts or SideDataType.DOVI_RPU_BUFFER in facts
        if dolby and frame.color_trc not in (PQ, HLG, _BT709):
            self._note("dolby")
        turn = _turn(facts, frame)
        small, large = sorted((math.hypot(turn[0], turn[3]), math.hypot(turn[1], turn[2])))
        if small > _TILT * large:
            self._note("tilted")
        self.peak_nits = _peak_nits(facts) or self.peak_nits

    def _settle_matrix(self, frame: Any) -> None:
        if frame.format.is_rgb or frame.colorspace in _KNOWN_MATRICES:
            return
        if frame.colorspace not in (_UNSPECIFIED, _OF_RGB):
            self._note("matrix")
        frame.colorspace = usual_matrix(frame.height)

    def _upper_field(self, frame: Any) -> Any:
        """Every other row: half of the picture, but all of it at one moment."""
        key = frame.width, frame.height, frame.format.name
        if key not in self._fields:
            graph = av.filter.Graph()
            source = graph.add_buffer(
                width=frame.width, height=frame.height, format=frame.format, time_base=frame.time_base
            )
            graph.link_nodes(source, graph.add("field", "top"), graph.add("buffersink")).configure()
            self._fields = {key: graph}
        graph = self._fields[key]
        graph.push(frame)
        field = graph.pull()
        field.colorspace, field.color_range = frame.colorspace, frame.color_range
        field.color_trc, field.color_primaries = frame.color_trc, frame.color_primaries
        return field

    def _note(self, what: str) -> None:
        if what not in self.notes:
            self.notes.append(what)


def _converted(frame: Any, width: int, height: int, peak_nits: float) -> NDArray[np.uint8]:
    """BGR, in ordinary colours and on white, of the size asked for."""
    # Shrinking, swscale widens the filter, so that nothing aliases; "AREA" takes a third longer for the same.
    method = "BILINEAR" if width < frame.width and height <= frame.height else "BICUBIC"
    size = {"width": width, "height": height, "interpolation": method, "threads": 1}
    alpha = frame.format.has_palette or any(part.is_alpha for part in frame.format.components)
    if needs_conversion(frame.color_trc, frame.color_primaries):
        deep = frame.reformat(format="rgba64le" if alpha else "rgb48le", **size).to_ndarray()
        picture = to_ordinary(deep[:, :, :3], frame.color_trc, frame.color_primaries, peak_nits)
        return _on_white(picture, deep[:, :, 3] >> 8) if alpha else picture
    if alpha:
        coloured = frame.reformat(format="bgra", **size).to_ndarray()
        return _on_white(coloured[:, :, :3], coloured[:, :, 3])
    return np.asarray(frame.reformat(format="bgr24", **size).to_ndarray(), np.uint8)


def _on_white(picture: NDArray[np.uint8], alpha: NDArray[np.integer[Any]]) -> NDArray[np.uint8]:
    if alpha.size and alpha.min() == 255:
        return picture
    darkness = (255 - picture).astype(np.uint16) * alpha.astype(np.uint16)[..., None]
    return (255 - (darkness + 127) // 255).astype(np.uint8)


def _square(frame: Any, pixel_shape: float) -> tuple[int, int]:
    """Width and height with square pixels, as it is stored. No side becomes longer than the stored picture allows."""
    return max(1, round(frame.width * pixel_shape)), frame.height


def _side_data(frame: Any) -> dict[Any, bytes]:
    """What the frame carries beside its pixels; nothing where PyAV does not know one of the kinds."""
    try:
        return {data.type: bytes(data) for data in frame.side_data}
    except ValueError:
        return {}
    finally:
        # Once asked for, side data and frame refer to each other, also where there is none: megabytes in a few small
        # objects, of which hundreds would gather before Python collects by itself.
        gc.collect()


def _turn(facts: Mapping[Any, bytes], frame: Any) -> Turn:
    """How the frame is to be turned."""
    if SideDataType.DISPLAYMATRIX in facts:
        a, b, _, c, d, *_ = np.frombuffer(facts[SideDataType.DISPLAYMATRIX], np.int32).tolist()
        return a / 65536, b / 65536, c / 65536, d / 65536
    if facts or not frame.rotation:
        return UPRIGHT
    angle = math.radians(frame.rotation)
    return math.cos(angle), -math.sin(angle), math.sin(angle), math.cos(angle)


def _is_quarter(turn: Turn) -> bool:
    return abs(turn[1]) > abs(turn[0])


def _peak_nits(facts: Mapping[Any, bytes]) -> float | None:
    """The brightest light that a recording announces, cd/m², between the reference white and 10,000."""
    said = 0.0
    if SideDataType.CONTENT_LIGHT_LEVEL in facts:
        said = float(np.frombuffer(facts[SideDataType.CONTENT_LIGHT_LEVEL], np.uint32)[0])
    if not said and SideDataType.MASTERING_DISPLAY_METADATA in facts:
        # Eight fractions of primaries and white, the least and the most light, and whether either is given.
        numbers = np.frombuffer(facts[SideDataType.MASTERING_DISPLAY_METADATA], np.int32)
        if numbers.size >= 22 and numbers[21] and numbers[19]:
            said = float(numbers[18] / numbers[19])
    return float(round(min(max(said, WHITE_NITS), 10000))) if said > 0 else None
