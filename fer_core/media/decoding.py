"""The process that decodes: reads one recording, writes the frames that are wanted to stdout.

It is started by `fer_core.media.video` and needs nothing but PyAV and numpy, so that it starts in a moment. FFmpeg can
crash on a damaged file, or never come back from it; then only this process is lost. That is why it is one.

Every message is a line of JSON; after a "sample" follow `bytes` bytes, the picture in BGR.
"""

import contextlib
import json
import math
import os
import sys
import time
from collections import deque
from collections.abc import Iterator
from fractions import Fraction
from itertools import takewhile
from typing import Any, BinaryIO, Final

import av
import numpy as np
from av.sidedata.sidedata import Type as SideDataType
from av.stream import Discard
from numpy.typing import NDArray

from fer_core.media.stamps import LATE_S, LOOKAHEAD, Clock, Order, Stamps

# FFmpeg guesses the format from the content. Playlists and lists of files are formats too, and name other files: only
# true recordings are opened, and nothing but the file itself.
FORMATS: Final = "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,mpegts,mpeg,flv,asf,ogg"
MAX_PIXELS: Final = 8192 * 8192
SAME_TIME_S: Final = 1e-3  # time stamps of some containers are rounded to milliseconds
ALIVE_EVERY_S: Final = 0.5
_SEEK_BACK_S, _STAMPS_VARY_S = 2, 0.5
Turn = tuple[int, int, int, int]
UPRIGHT: Final[Turn] = (1, 0, 0, 1)


class UnusableError(Exception):
    """The recording cannot be used; the text is one of the reasons that `fer_core.media.video` has words for."""


class Decoder:
    """One recording and what is wanted of it.

    Args:
        path: the file.
        fps: samples a second, 0 for every frame. A sample is the first frame at or after each point of that grid.
        longer_px: frames are shrunk to this longer side; 0 for none.
        after_s: only frames later than this; None for all.
        numbered: count frames from the start of the file, which has to be read from there; else from about `after_s`.
    """

    def __init__(self, path: str, fps: float, longer_px: int, after_s: float | None, numbered: bool) -> None:
        self._path, self._fps, self._longer_px = path, fps, longer_px
        self._after_s, self._numbered = after_s, numbered
        self._open()
        self._cell = -1 if after_s is None else self._cell_of(after_s)
        self._order, self._stamps = Order(), Stamps()
        self._frame, self._packets_seen, self._spoilt, self._broken_off = -1, 0, 0, False
        self._shown_until_s, self._packets_until_s, self._place = 0.0, 0.0, 0
        self._sizes: list[tuple[float, int, int]] = []
        self._turn = (0, 0), UPRIGHT

    def messages(self) -> Iterator[tuple[dict[str, Any], NDArray[np.uint8] | None]]:
        """Everything there is to say, in order: "start", then "sample" and "alive", then "end"."""
        spoken_s, started = time.monotonic(), False
        for frame in self._frames():
            if frame is not None and not started:
                started = True
                yield self._facts(frame), None
            sample = None if frame is None else self._sample(frame)
            if sample is not None:
                yield sample
            elif time.monotonic() - spoken_s < ALIVE_EVERY_S:
                continue
            spoken_s = time.monotonic()
            yield {"kind": "alive", "share": self._share()}, None
        if not started and self._after_s is None:
            raise UnusableError("no frames")
        yield self._end(), None

    def _open(self) -> None:
        options = {"format_whitelist": FORMATS, "protocol_whitelist": "file"}
        try:
            self._container = av.open(f"file:{self._path}", options=options, metadata_errors="replace")
        except av.FFmpegError as error:
            raise UnusableError("not a recording") from error
        self._stream = stream = self._picture_stream()
        for other in self._container.streams:
            if other is not stream:
                other.discard = Discard.all
        start = self._container.start_time
        rates = (float(rate or 0) for rate in (stream.average_rate, stream.guessed_rate))
        self._rate = next((rate for rate in rates if 0.1 < rate < 500), 25.0)
        self._tick = stream.time_base or Fraction(1, 1000)
        self._clock = Clock(self._tick, None if start is None else start / av.time_base, 1 / self._rate)
        context = stream.codec_context
        context.options = {"max_pixels": str(MAX_PIXELS)}
        # Never AUTO: with it and PyAV's log silenced, as it is by default, some damaged files never end.
        context.thread_type = "FRAME"
        large = context.width * context.height > 4096 * 2304  # every thread keeps frames in memory
        context.thread_count = 1 if large else min(4, os.cpu_count() or 1)

    def _picture_stream(self) -> Any:
        # The picture on the cover of a piece of music is a video stream of one frame.
        streams = [s for s in self._container.streams.video if not s.disposition & s.disposition.attached_pic]
        if not streams:
            raise UnusableError("only sound" if self._container.streams.audio else "no picture")
        context = streams[0].codec_context
        if context is None:
            raise UnusableError("unknown codec")
        if context.width * context.height > MAX_PIXELS:
            raise UnusableError("too large")
        return streams[0]

    def _frames(self) -> Iterator[Any]:
        """Decoded frames in the order in which they are shown, and None where a packet gave none."""
        context = self._stream.codec_context
        intra_only = context.codec.intra_only
        for packet in self._packets():
            wanted = packet.size == 0 or self._wanted(packet)
            if not wanted and intra_only:
                yield None
                continue
            # Half of the frames of an ordinary H.264 stream are needed by no other: those not wanted are passed over.
            context.skip_frame = "DEFAULT" if wanted else "NONREF"
            try:
                frames = context.decode(packet)
            except av.FFmpegError:
                self._spoilt += packet.size > 0
                frames = []
            yield from frames or [None]

    def _packets(self) -> Iterator[Any]:
        """Packets in decoding order, `LOOKAHEAD` behind those that were read; an empty one at the end."""
        first = self._seek()
        waiting: deque[Any] = deque()
        for packet in self._read():
            self._count(packet)
            if first is not None and not (packet.is_keyframe and (_stamp(packet) or 0) >= first):
                continue
            first = None
            waiting.append(packet)
            if len(waiting) > LOOKAHEAD:
                yield waiting.popleft()
        yield from waiting
        yield av.Packet()

    def _seek(self) -> int | None:
        """Go to where reading has to begin; the stamp from which on the first keyframe is decoded, None for at once."""
        if self._after_s is None or self._clock.start_s is None:
            return None
        wanted = int((self._after_s + self._clock.start_s) / self._tick)
        try:
            place, first = self._keyframe_before(wanted)
            if first is not None and not self._numbered:
                self._container.seek(place, stream=self._stream, backward=True)
                return first
        except av.FFmpegError:
            first = None
        self._container.close()
        self._open()
        return first

    def _keyframe_before(self, wanted: int) -> tuple[int, int | None]:
        """Where to seek to, and a stamp shortly before the keyframe that is found there, not after `wanted`.

        In MPEG-TS a seek lands on any packet, from which the next keyframe may be one that comes too late. In MPEG-PS
        stamps are a little different after each seek.
        """
        start, back = int((self._clock.start_s or 0) / self._tick), 0
        while wanted - back > start:
            self._container.seek(wanted - back, stream=self._stream, backward=True)
            packets = takewhile(lambda packet: (packet.dts or wanted) <= wanted, self._container.demux(self._stream))
            found = next((_stamp(packet) for packet in packets if packet.size and packet.is_keyframe), None)
            if found is not None and found <= wanted:
                return wanted - back, found - round(_STAMPS_VARY_S / float(self._tick))
            back = max(2 * back, round(_SEEK_BACK_S / self._tick))
        return start, None

    def _read(self) -> Iterator[Any]:
        try:
            for packet in self._container.demux(self._stream):
                if packet.size:
                    yield packet
        except av.FFmpegError:
            self._broken_off = True

    def _count(self, packet: Any) -> None:
        self._place = packet.pos or self._place
        if packet.is_discard:  # cut away by an edit list; only others need it
            return
        self._packets_seen += 1
        if packet.pts is not None:
            self._order.add(packet.pts)
            end_s = float((packet.pts + (packet.duration or 0)) * self._tick) - (self._clock.start_s or 0)
            self._packets_until_s = max(self._packets_until_s, end_s)

    def _wanted(self, packet: Any) -> bool:
        """Whether its frame is the first in its cell of the grid, as far as the time stamps can be believed."""
        if not self._fps or packet.pts is None or self._clock.start_s is None:
            return True
        now_s = float(packet.pts * self._tick) - self._clock.start_s
        if self._after_s is not None and now_s <= self._after_s:
            return False
        previous = self._order.previous(packet.pts)
        if previous is None:
            return True
        return self._cell_of(now_s) > self._cell_of(float(previous * self._tick) - self._clock.start_s)

    def _cell_of(self, time_s: float) -> int:
        return math.floor((time_s + SAME_TIME_S) * self._fps)

    def _sample(self, frame: Any) -> tuple[dict[str, Any], NDArray[np.uint8]] | None:
        stamp = self._stamps.of(frame.pts, frame.dts)
        time_s = self._clock.seconds(stamp)
        if time_s is None:
            return None
        number = None if stamp is None else self._order.number(stamp)
        self._frame = max(self._frame + 1, -1 if number is None else number)
        lasts_s = float(frame.duration * self._tick) if frame.duration else self._clock.interval_s
        self._shown_until_s = time_s + lasts_s
        if self._after_s is not None and time_s <= self._after_s + 1e-6:
            return None
        if self._fps:
            cell = self._cell_of(time_s)
            if cell <= self._cell:
                return None
            self._cell = cell
        try:
            picture = upright(frame, self._pixel_shape(), self._turn_of(frame), self._longer_px)
        except (ValueError, MemoryError, av.FFmpegError):
            self._spoilt += 1
            return None
        width, height = size_of(frame, self._pixel_shape(), self._turn_of(frame))
        if not self._sizes or self._sizes[-1][1:] != (width, height):
            self._sizes.append((time_s, width, height))
        rows, columns, _ = picture.shape
        place = {"time_s": time_s, "frame": self._frame, "width": width, "height": height}
        return {"kind": "sample", **place, "rows": rows, "columns": columns, "bytes": picture.nbytes}, picture

    def _turn_of(self, frame: Any) -> Turn:
        """The display matrix of the stream, or a new one where the size of the frames changes.

        It is not asked of every frame: each one asked stays in memory until Python's garbage collector runs.
        """
        if self._turn[0] != (frame.width, frame.height):
            self._turn = (frame.width, frame.height), display_matrix(frame)
        return self._turn[1]

    def _pixel_shape(self) -> float:
        """Width of a pixel over its height."""
        shape = float(self._stream.sample_aspect_ratio or 1)
        return shape if 0.1 < shape < 10 else 1.0

    def _stated_s(self) -> float | None:
        """The length that the file claims; not to be relied on."""
        if self._stream.duration:
            return float(self._stream.duration * self._tick)
        return self._container.duration / av.time_base if self._container.duration else None

    def _share(self) -> float:
        """How much of the recording has been read, 0 to 1."""
        stated_s = self._stated_s()
        if stated_s:
            return min(1.0, self._shown_until_s / stated_s)
        return min(1.0, self._place / max(1, self._container.size or 1))

    def _facts(self, frame: Any) -> dict[str, Any]:
        width, height = size_of(frame, self._pixel_shape(), self._turn_of(frame))
        context = self._stream.codec_context
        return {
            "kind": "start",
            "width": width,
            "height": height,
            "frame_rate": self._rate,
            "stated_s": self._stated_s(),
            "has_audio": bool(self._container.streams.audio),
            "stored_as": (self._container.format.name, context.name, context.pix_fmt or ""),
        }

    def _end(self) -> dict[str, Any]:
        # The last frames may have been passed over, so the packets know better, unless the end could not be decoded.
        packets_s, shown_s = self._packets_until_s, self._shown_until_s
        return {
            "kind": "end",
            "duration_s": packets_s if shown_s <= packets_s <= shown_s + LATE_S else shown_s,
            "frames": max(self._packets_seen, self._frame + 1),
            "spoilt": self._spoilt,
            "repaired": self._clock.repaired,
            "broken_off": self._broken_off,
            "sizes": self._sizes,
        }


def display_matrix(frame: Any) -> Turn:
    """How the frame is to be turned: (a, b, c, d) for x' = ax + cy and y' = bx + dy, in units of 1/65536."""
    matrix = next((data for data in frame.side_data if data.type == SideDataType.DISPLAYMATRIX), None)
    if matrix is None:
        return UPRIGHT
    a, b, _, c, d, *_ = np.frombuffer(bytes(matrix), np.int32).tolist()
    return a, b, c, d


def size_of(frame: Any, pixel_shape: float, turn: Turn) -> tuple[int, int]:
    """Width and height of the frame as it is to be seen: with square pixels, and turned."""
    width, height = max(1, round(frame.width * pixel_shape)), frame.height
    return (height, width) if _is_quarter(turn) else (width, height)


def upright(frame: Any, pixel_shape: float, turn: Turn, longer_px: int) -> NDArray[np.uint8]:
    """The frame as it is to be seen, uint8 (H, W, 3) BGR, shrunk to `longer_px` where it is larger (0: never)."""
    full = max(1, round(frame.width * pixel_shape)), frame.height
    factor = min(1.0, longer_px / max(full)) if longer_px else 1.0
    width, height = (max(1, round(side * factor)) for side in full)
    # Shrinking, swscale widens the filter, so that nothing aliases; "AREA" takes a third longer for the same.
    method = "BILINEAR" if width < frame.width and height < frame.height else "BICUBIC"
    picture = frame.reformat(width=width, height=height, format="bgr24", interpolation=method, threads=1).to_ndarray()
    right, b, c, down = turn
    if _is_quarter(turn):  # rows become columns
        picture, right, down = picture.transpose(1, 0, 2), c, b
    return np.ascontiguousarray(picture[:: -1 if down < 0 else 1, :: -1 if right < 0 else 1])


def _stamp(packet: Any) -> int | None:
    return packet.dts if packet.pts is None else packet.pts


def _is_quarter(turn: Turn) -> bool:
    return abs(turn[1]) > abs(turn[0])


def main(wishes: str, target: BinaryIO) -> None:
    """Decode as `wishes` says, the arguments of `Decoder` in JSON."""

    def say(message: dict[str, Any], picture: NDArray[np.uint8] | None = None) -> None:
        target.write(json.dumps(message).encode() + b"\n")
        if picture is not None:
            target.write(picture.data)
        target.flush()

    try:
        for message, picture in Decoder(**json.loads(wishes)).messages():
            say(message, picture)
    except UnusableError as error:
        say({"kind": "unusable", "reason": str(error)})


def run() -> None:
    """What the process does."""
    with contextlib.suppress(BrokenPipeError, KeyboardInterrupt):  # whoever reads has enough
        main(sys.argv[-1], sys.stdout.buffer)
    os._exit(0)  # without FFmpeg's clean-up, which may hang after damaged input
