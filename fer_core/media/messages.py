"""The messages of the decoding process, one JSON object a line; after a `Picture` follow its bytes.

The decoding process loads this module, so it imports nothing but the standard library until a message is read.
"""

import json
from dataclasses import dataclass
from typing import Final

from fer_core.plain import as_plain, from_plain


@dataclass(frozen=True)
class Noticed:
    """What was noticed about a recording up to a moment.

    Attributes:
        notes: what could not be honoured or was done to frames, as `End.notes`.
        sizes: of the samples, as `End.sizes`.
        spoilt: damaged pieces, as `End.spoilt`.
        repaired: frames without a usable time stamp, as `End.repaired`.
    """

    notes: tuple[str, ...] = ()
    sizes: tuple[tuple[float, int, int], ...] = ()
    spoilt: int = 0
    repaired: int = 0

    def then(self, later: "Noticed") -> "Noticed":
        """Both, where `later` was noticed from there on."""
        notes, sizes = list(self.notes), list(self.sizes)
        notes += [note for note in later.notes if note not in notes]
        sizes += later.sizes[1:] if sizes and later.sizes and sizes[-1][1:] == later.sizes[0][1:] else later.sizes
        return Noticed(tuple(notes), tuple(sizes), self.spoilt + later.spoilt, self.repaired + later.repaired)


NOTHING: Final = Noticed()


@dataclass(frozen=True)
class Wanted:
    """What is to be decoded.

    Attributes:
        path: the file.
        fps: samples a second, 0 for every frame. A sample is the first frame at or after each point of that grid.
        longer_px: frames are shrunk to this longer side; 0 for none.
        after_s: only frames later than this; None for all.
        numbered: count frames from the start of the file, which has to be read from there; else from about `after_s`.
    """

    path: str
    fps: float
    longer_px: int
    after_s: float | None
    numbered: bool


@dataclass(frozen=True)
class Start:
    """The recording, once its first frame is decoded.

    Attributes:
        width: of the first upright frame with square pixels, in pixels, before it is shrunk.
        height: of the same, in pixels.
        frame_rate: frames a second, as the file says.
        stated_s: duration in seconds, as the file says; None where it does not.
        has_audio: whether there is sound.
        stored_as: names of container, codec (not of its decoder) and pixel format, as FFmpeg has them.
    """

    width: int
    height: int
    frame_rate: float
    stated_s: float | None
    has_audio: bool
    stored_as: tuple[str, str, str] = ("", "", "")


@dataclass(frozen=True)
class Picture:
    """A sample, whose picture follows: uint8 (rows, columns, 3) BGR.

    Attributes:
        time_s: presentation time in seconds from the start.
        frame: number of the frame in the recording, from 0.
        width: of the upright frame before it was shrunk, in pixels.
        height: of the same, in pixels.
        rows: of the picture, in pixels.
        columns: of the picture, in pixels.
        bytes: of the picture.
        notes: what was noticed so far, as `End.notes`.
        spoilt: so far, as `End.spoilt`.
        repaired: so far, as `End.repaired`.
    """

    time_s: float
    frame: int
    width: int
    height: int
    rows: int
    columns: int
    bytes: int
    notes: tuple[str, ...] = ()
    spoilt: int = 0
    repaired: int = 0


@dataclass(frozen=True)
class Alive:
    """A sign that decoding goes on; `share` of the recording is read, 0 to 1."""

    share: float


@dataclass(frozen=True)
class Unusable:
    """The recording cannot be decoded.

    Attributes:
        reason: a key of the reasons that `fer_core.media.video` has sentences for.
        detail: a name to put into the sentence.
    """

    reason: str
    detail: str = ""


@dataclass(frozen=True)
class End:
    """The recording was decoded.

    Attributes:
        duration_s: as it was found, in seconds.
        frames: number of frames.
        spoilt: number of damaged pieces after `Wanted.after_s` that could not be decoded.
        repaired: number of frames after `Wanted.after_s` without a usable time stamp.
        broken_off: whether reading stopped before the end of the file.
        sizes: time in seconds, width and height in pixels of each frame that had another size than the one before.
        notes: keys of the notes that `fer_core.media.video` has sentences for.
    """

    duration_s: float
    frames: int
    spoilt: int
    repaired: int
    broken_off: bool
    sizes: tuple[tuple[float, int, int], ...] = ()
    notes: tuple[str, ...] = ()


Message = Start | Picture | Alive | Unusable | End

_KINDS: Final[dict[str, type[Message]]] = {
    "start": Start,
    "sample": Picture,
    "alive": Alive,
    "unusable": Unusable,
    "end": End,
}
_NAMES: Final = {kind: name for name, kind in _KINDS.items()}


def to_line(message: Message) -> bytes:
    """The message as a line of JSON, with its line end."""
    return json.dumps({"kind": _NAMES[type(message)], **as_plain(message)}).encode() + b"\n"


def from_line(line: bytes) -> Message:
    """The message of a line.

    Raises:
        ValueError: it is no message.
    """
    fields = json.loads(line)
    kind = _KINDS.get(fields.pop("kind", "")) if isinstance(fields, dict) else None
    if kind is None:
        raise ValueError(f"not a message of the decoder: {line[:80]!r}")
    message: Message = from_plain(kind, fields)
    return message
