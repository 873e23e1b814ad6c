"""Recordings, frame by frame, in constant memory and whatever state the file is in.

Decoding happens in a process of its own, under a watchdog: FFmpeg may crash or hang on a damaged file, and a thread
that hangs in it can be neither ended nor abandoned without its memory. A process can. It also decodes on one core while
faces are searched on another.
"""

import contextlib
import io
import json
import os
import queue
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from types import TracebackType
from typing import Final, Self

import numpy as np
from numpy.typing import NDArray

from fer_core.errors import MediaError
from fer_core.media.files import harmless, is_folder, opened
from fer_core.media.kinds import (
    HEAD_BYTES,
    ONE_OF_MANY,
    PICTURE,
    holds_pictures,
    is_picture,
    names_a_series,
    reason_to_refuse,
)
from fer_core.media.messages import NOTHING, Alive, End, Message, Noticed, Picture, Start, Unusable, Wanted, from_line
from fer_core.media.processes import prepare, started
from fer_core.number_text import quantity
from fer_core.plain import as_plain

ANALYSIS_PX: Final = 960
"""Longer side at which recordings are searched and read: enough for faces of a twentieth of the picture's width."""

STALL_S: Final = 30.0
"""A decoder that says nothing for so long has hung: it reports twice a second."""

VIDEO_TYPES: Final = ("mp4", "mov", "mkv", "webm", "avi", "m4v", "3gp", "mpg", "ts", "mts")
"""Endings by which recordings are usually named; what a file is, its content decides."""

_DECODING: Final = "fer_core.media.decoding"
_READ_AHEAD: Final = 4
MOST_CHANGES_TOLD: Final = 5
"""Changes of the frame size that are told one by one; a file may have one at every frame."""

_REASONS: Final = {
    "not a recording": "is not a recording that can be read, or lost its index when it was cut off; "
    "save it again as MP4 (H.264), MOV, MKV, WebM or AVI",
    "only sound": "holds sound but no picture; choose a recording with a picture",
    "no picture": "holds no picture; choose a recording with a picture",
    "unknown codec": "uses a codec that is not known here; save it as MP4 (H.264)",
    "too large": "has frames of more than 67 megapixels; scale it down",
    "no frames": "holds no frame that can be decoded; record or export it again",
    "refused codec": "uses the codec {detail}, which is not read here; save it as MP4 (H.264)",
    "too much memory": "needs more memory than decoding may take; scale it down or save it as MP4 (H.264)",
}
_NOTES: Final = {
    "several tracks": "The file holds several tracks with pictures; the default one was read and the others were not.",
    "interlaced": "The recording is interlaced: of each such frame one field was read, half of its rows.",
    "transfer": "The recording's transfer function is not known here; bright and dark may be off.",
    "matrix": "The recording's colour matrix is not known here; colours may be off.",
    "dolby": "The recording is Dolby Vision without an ordinary picture in it; colours are wrong. Export it as SDR.",
    "two views": "The recording holds two views for 3D in each frame; everybody in it may be counted twice.",
    "spherical": "The recording is a 360-degree one, and was read as it is stored: faces are bent.",
    "tilted": "The recording is to be turned by an angle that is no quarter turn; it was turned by the nearest.",
    "pixel shape": "The file says that its pixels are more than ten times as long as wide; they were taken for square.",
    "endless": "The file names the same data again and again, as honest ones do not; what follows was not read.",
}


@dataclass(frozen=True, eq=False)
class Sample:
    """One frame.

    Attributes:
        time_s: presentation time in seconds from the start.
        frame: number of the frame in the recording, from 0.
        image: uint8 (H, W, 3) BGR, upright, shrunk to the longer side asked for.
        width: of the upright frame before it was shrunk, in pixels.
        height: of the same, in pixels.
        notes: what was noticed about the recording so far, by the names that have sentences here.
        spoilt: damaged pieces so far.
        repaired: frames without a usable time stamp so far.
    """

    time_s: float
    frame: int
    image: NDArray[np.uint8]
    width: int
    height: int
    notes: tuple[str, ...] = ()
    spoilt: int = 0
    repaired: int = 0


_Said = Message | Sample
"""A message, or a sample with its picture."""


class Video:
    """A recording that is being decoded: iterate over its samples, once, and close it.

    Args:
        path: a regular file.
        fps: samples a second: the first frame at or after each point of that grid, by presentation time; 0 for every
            frame.
        longer_px: longer side to which larger frames are shrunk; 0 for none.
        after_s: only frames later than this many seconds.
        numbered: whether `Sample.frame` counts from the start of the file even so, which has to be read for that.
        before: what was `noticed` up to `after_s` when that was read, so that `problems` tells of it, too.
        stall_s: seconds of silence after which the decoder is given up.

    Attributes:
        width: of the first upright frame with square pixels, in pixels, before it is shrunk.
        height: of the same, in pixels.
        frame_rate: frames a second; as the file says, and after the last sample as it was.
        duration_s: seconds; as the file says (None where it does not), and after the last sample as it was.
        has_audio: whether there is sound.
        stored_as: names of container, codec and pixel format, as FFmpeg has them.
        share: how much has been decoded, 0 to 1.
        while_waiting: called a few times a second, also where no sample is wanted for long; where it says so, there are
            no more samples.
        noticed: what was noticed about the recording up to the last sample, `before` included.
        process: number of the process that decodes.

    Raises:
        MediaError: the file cannot be used; the message says why and what to do.

    Example:
        >>> with Video(Path("interview.mp4"), fps=4) as video:  # doctest: +SKIP
        ...     for sample in video:
        ...         print(sample.time_s, sample.image.shape)
    """

    def __init__(
        self,
        path: Path,
        fps: float = 4.0,
        *,
        longer_px: int = ANALYSIS_PX,
        after_s: float | None = None,
        numbered: bool = True,
        before: Noticed = NOTHING,
        stall_s: float = STALL_S,
    ) -> None:
        self.name = harmless(path.name)
        self._path, self._label = path, checked_file(path)
        self._stall_s = stall_s
        self.width, self.height, self.frame_rate, self.has_audio = 0, 0, 0.0, False
        self.duration_s: float | None = None
        self.stored_as = ("", "", "")
        self.share = 0.0
        self.while_waiting: Callable[[], bool] | None = None
        self._stated_s: float | None = None
        self._last_s = after_s or 0.0
        self._before = self.noticed = before
        self._problems: list[str] = []
        self._decoder = _Decoder(Wanted(str(path.absolute()), fps, longer_px, after_s, numbered))
        self.process = self._decoder.process
        try:
            self._begin(self._next())
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __iter__(self) -> Iterator[Sample]:
        while (message := self._next_or_none()) is not None:
            if isinstance(message, Alive):
                self.share = max(self.share, message.share)
                if self.while_waiting is not None and self.while_waiting():
                    return
            elif isinstance(message, Sample):
                self._last_s = message.time_s
                self._notice(message)
                yield message
            elif isinstance(message, End):
                self._finish(message)
                return
        self.duration_s = self._last_s + 1 / self.frame_rate

    def close(self) -> None:
        """End the decoder, wherever it is."""
        self._decoder.kill()

    @property
    def problems(self) -> tuple[str, ...]:
        """What is missing, was repaired or was noticed up to the last sample, one sentence each."""
        return self.problems_by(self.noticed)

    def problems_by(self, noticed: Noticed) -> tuple[str, ...]:
        """`problems` for whoever used the samples no further than up to that one at which `noticed` was so."""
        return (*self._problems, *self._in_words(noticed))

    def _begin(self, message: _Said | None) -> None:
        while isinstance(message, Alive):
            message = self._next()
        if message is None:
            raise MediaError(
                f"{self._label} made the decoder crash, so it is badly damaged; record or export it again."
            )
        if isinstance(message, Unusable):
            reason = _REASONS[message.reason].format(detail=message.detail)
            if message.reason == "not a recording":
                reason = reason_to_refuse(self._path) or reason
            raise MediaError(f"{self._label} {reason}.")
        if isinstance(message, Start):
            self.width, self.height = message.width, message.height
            self.frame_rate, self.has_audio = message.frame_rate, message.has_audio
            self.stored_as = message.stored_as
            self.duration_s = self._stated_s = message.stated_s
        else:  # there is nothing after `after_s`
            self._decoder.put_back(message)

    def _next(self) -> _Said | None:
        try:
            return self._decoder.next(self._stall_s)
        except TimeoutError as error:
            raise MediaError(
                f"{self._label} made the decoder hang, so it is badly damaged; record or export it again."
            ) from error

    def _next_or_none(self) -> _Said | None:
        try:
            message = self._decoder.next(self._stall_s)
        except TimeoutError:
            self._problems.append(
                f"The decoder hung at {self._last_s:.1f} s and was stopped; what follows could not be read."
            )
            return None
        if message is None:
            self._problems.append(f"The decoder crashed at {self._last_s:.1f} s; what follows could not be read.")
        return message

    def _finish(self, end: End) -> None:
        self.share, self.duration_s = 1.0, end.duration_s
        if end.duration_s > 0:
            self.frame_rate = end.frames / end.duration_s
        missing_s = (self._stated_s or 0) - end.duration_s
        if missing_s > max(1.0, 0.02 * end.duration_s):
            self._problems.append(
                f"The file claims {self._stated_s:.1f} s, but its picture ends at {end.duration_s:.1f} s; it may "
                "have been cut off."
            )
        elif end.broken_off:
            self._problems.append(f"Reading broke off at {end.duration_s:.1f} s; what follows is damaged.")
        self.noticed = self._before.then(Noticed(end.notes, end.sizes, end.spoilt, end.repaired))

    def _notice(self, sample: Sample) -> None:
        """Take over what was noticed up to a sample; where nothing is new, nothing is made."""
        known, size = self.noticed, (sample.width, sample.height)
        if known.notes != sample.notes or not known.sizes or known.sizes[-1][1:] != size:
            known = known.then(Noticed(sample.notes, ((sample.time_s, *size),)))
        faults = self._before.spoilt + sample.spoilt, self._before.repaired + sample.repaired
        if (known.spoilt, known.repaired) != faults:
            known = replace(known, spoilt=faults[0], repaired=faults[1])
        self.noticed = known

    def _in_words(self, noticed: Noticed) -> Iterator[str]:
        if noticed.spoilt:
            yield f"{quantity(noticed.spoilt, 'damaged piece', form='d')} could not be decoded and left a hole."
        if noticed.repaired:
            what = quantity(noticed.repaired, "frame", form="d")
            yield f"{what} had no usable time stamp; the times there follow from the frame rate."
        yield from (_NOTES[note] for note in noticed.notes if note in _NOTES)
        first = noticed.sizes[0][1:] if self._before.sizes else (self.width, self.height)
        changes = list(pairwise(noticed.sizes))
        for (_, *old), (time_s, *new) in changes[:MOST_CHANGES_TOLD]:
            yield (
                f"At {time_s:.1f} s the frame size changes from {old[0]}x{old[1]} to {new[0]}x{new[1]}; boxes are in "
                f"pixels of {first[0]}x{first[1]}."
            )
        if (more := len(changes) - MOST_CHANGES_TOLD) > 0:
            yield f"The frame size changes {quantity(more, 'further time', form='d')}."


def prepare_to_decode() -> None:
    """Begin with what has to be loaded for the first recording, and do not wait for it."""
    prepare(_DECODING)


def frame_at(path: Path, time_s: float, longer_px: int = 0) -> Sample:
    """The first frame that is shown at a moment or after it.

    Args:
        path: the recording.
        time_s: seconds from the start, such as the `time_s` of a timeline.
        longer_px: as in `Video`. `Sample.frame` is not the number in the recording.

    Raises:
        MediaError: the file cannot be used, or ends before that moment.
    """
    margin_s = 0.002  # the same moment, written down in milliseconds
    with Video(path, 0, longer_px=longer_px, after_s=time_s - margin_s, numbered=False) as video:
        for sample in video:
            if sample.time_s > time_s - min(margin_s, 0.4 / max(video.frame_rate, 1.0)):
                return sample
    raise MediaError(f"{harmless(str(path))} shows nothing any more at {time_s:.1f} s; choose an earlier moment.")


def checked_file(path: Path) -> str:
    """Make sure that this is a file with something in it; returns its name for messages.

    Raises:
        MediaError: it is not.
    """
    label = harmless(str(path))
    if is_folder(path) and holds_pictures(path):
        raise MediaError(f"{label} is a folder of pictures; {ONE_OF_MANY}.")
    if names_a_series(path):
        raise MediaError(f"{label} names a series of pictures; {ONE_OF_MANY}.")
    with opened(path, "recording") as file:
        if not os.fstat(file.fileno()).st_size:
            raise MediaError(f"{label} is empty; copy it again from where it came.")
        if is_picture(file.read(HEAD_BYTES)):  # FFmpeg would take a tile of it for a recording
            raise MediaError(f"{label} {PICTURE}.")
    return label


class _Decoder:
    """The process, and the thread that takes in what it writes."""

    def __init__(self, wanted: Wanted) -> None:
        self._process = started(_DECODING, json.dumps(as_plain(wanted)))
        self.process = self._process.pid
        self._messages: queue.Queue[_Said | None] = queue.Queue(_READ_AHEAD)
        self._waiting: list[_Said] = []
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._listen, name="video decoder", daemon=True)
        self._thread.start()

    def next(self, patience_s: float) -> _Said | None:
        """The next message; None after the last.

        Raises:
            TimeoutError: none came in time.
        """
        if self._waiting:
            return self._waiting.pop()
        try:
            return self._messages.get(timeout=patience_s)
        except queue.Empty:
            self.kill()
            raise TimeoutError from None

    def put_back(self, message: _Said) -> None:
        self._waiting.append(message)

    def kill(self) -> None:
        self._ended.set()
        self._process.kill()
        self._process.wait()
        if not sys.is_finalizing():  # then no other thread runs any more, and waiting for it would never end
            self._thread.join()

    def _listen(self) -> None:
        pipe = self._process.stdout
        assert isinstance(pipe, io.BufferedReader)
        with pipe, contextlib.suppress(ValueError, OSError):
            while line := pipe.readline():
                message: _Said = from_line(line)
                if isinstance(message, Picture):
                    image = np.empty((message.rows, message.columns, 3), np.uint8)
                    if pipe.readinto(image.data.cast("B")) != image.size:  # the process was killed in the middle
                        break
                    size, faults = (message.width, message.height), (message.spoilt, message.repaired)
                    message = Sample(message.time_s, message.frame, image, *size, message.notes, *faults)
                if not self._put(message):
                    return
        self._put(None)

    def _put(self, message: _Said | None) -> bool:
        while not self._ended.is_set():
            with contextlib.suppress(queue.Full):
                self._messages.put(message, timeout=0.2)
                return True
        return False
