"""The process that decodes: reads one recording, writes the frames that are wanted to stdout.

It is started by `fer_core.media.video` and needs nothing but PyAV and numpy, so that it starts in a moment. FFmpeg can
crash on a damaged file, or never come back from it; then only this process is lost. That is why it is one.

What it writes are the messages of `fer_core.media.messages`.
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
from av.stream import Discard, Disposition
from numpy.typing import NDArray

from fer_core.media.frames import COLOUR_FACTS, FrameReader
from fer_core.media.limits import (
    FORMATS,
    FREELY_READ_BYTES,
    MOST_TIMES_READ,
    PROTOCOLS,
    VIDEO_CODECS,
    renew_processor_time,
    take_limits,
)
from fer_core.media.messages import Alive, End, Message, Picture, Start, Unusable, Wanted, to_line
from fer_core.media.stamps import LATE_S, LOOKAHEAD, Clock, Order, Stamps

MAX_PIXELS: Final = 8192 * 8192
SAME_TIME_S: Final = 1e-3  # time stamps of some containers are rounded to milliseconds
SLOWEST_RATE, FASTEST_RATE, FASTEST_GUESS = 1e-6, 1100, 500  # FFmpeg guesses 1,000 where it only knows milliseconds
USUAL_RATE: Final = 25.0
ALIVE_EVERY_S: Final = 0.5
_SEEK_BACK_S, _STAMPS_VARY_S = 2, 0.5
# FFmpeg's own decoders of VP8 and VP9 leave the transparency of WebM away.
_WITH_ALPHA: Final = {"vp8": "libvpx", "vp9": "libvpx-vp9"}
_NO_PICTURES: Final = Disposition.attached_pic | Disposition.timed_thumbnails


class UnusableError(Exception):
    """The recording cannot be used.

    Attributes:
        reason: one of those that `fer_core.media.video` has words for.
        detail: a name to go into them.
    """

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(reason)
        self.reason, self.detail = reason, detail


class Decoder:
    """One recording that is decoded as `wanted` says."""

    def __init__(self, wanted: Wanted) -> None:
        self._path, self._fps, self._longer_px = wanted.path, wanted.fps, wanted.longer_px
        self._after_s, self._numbered = wanted.after_s, wanted.numbered
        self._reader = FrameReader()
        self._notes: list[str] = self._reader.notes
        self._open()
        self._cell = -1 if wanted.after_s is None else self._cell_of(wanted.after_s)
        self._order, self._stamps = Order(), Stamps()
        self._frame, self._packets_seen, self._spoilt, self._broken_off = -1, 0, 0, False
        self._faults_before = (0, 0)  # up to `after_s`, which whoever read that has counted
        self._shown_until_s, self._passed_until_s = 0.0, 0.0
        self._highest: tuple[int, int] | None = None  # stamp and stated duration of the packet that is shown last
        self._latest_lasts, self._place, self._bytes_read = 0, 0, 0
        self._sizes: list[tuple[float, int, int]] = []

    def messages(self) -> Iterator[tuple[Message, NDArray[np.uint8] | None]]:
        """All messages in order: `Start`, then `Picture` (with the picture) and `Alive`, then `End`."""
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
            yield Alive(self._share()), None
        if not started and self._after_s is None:
            raise UnusableError("no frames")
        yield self._end(), None

    def _open(self) -> None:
        options = {
            "format_whitelist": FORMATS,
            "protocol_whitelist": PROTOCOLS,
            "codec_whitelist": ",".join(VIDEO_CODECS),  # while the file is probed; the decoder's own is set below
        }
        try:
            self._container = av.open(f"file:{self._path}", options=options, metadata_errors="replace")
        except MemoryError as error:
            raise UnusableError("too much memory") from error
        except (av.FFmpegError, ValueError) as error:
            raise UnusableError("not a recording") from error
        self._stream = stream = self._picture_stream()
        for other in self._container.streams:
            if other is not stream:
                other.discard = Discard.all
        self._reader.stated = tuple(getattr(stream.codec_context, fact) for fact in COLOUR_FACTS)
        start = self._container.start_time
        average, guessed = (float(rate or 0) for rate in (stream.average_rate, stream.guessed_rate))
        limits = ((average, FASTEST_RATE), (guessed, FASTEST_GUESS))
        self._rate = next((rate for rate, fastest in limits if SLOWEST_RATE < rate <= fastest), USUAL_RATE)
        self._same_time_s = min(SAME_TIME_S, 0.25 / self._rate)
        self._tick = stream.time_base or Fraction(1, 1000)
        believed = self._rate if self._rate <= FASTEST_GUESS else USUAL_RATE  # where stamps are missing
        # MPEG's streams have no header that states a length: FFmpeg makes it of the very stamps that are in doubt.
        stated_s = None if self._container.format.name in ("mpegts", "mpeg") else self._stated_s()
        self._clock = Clock(self._tick, None if start is None else start / av.time_base, 1 / believed, stated_s)
        self._context = context = self._decoder_of(stream)
        self._first_shape: Fraction | int = stream.codec_context.sample_aspect_ratio or 1
        context.options = {"max_pixels": str(MAX_PIXELS), "codec_whitelist": ",".join(VIDEO_CODECS)}
        # Never AUTO: with it and PyAV's log silenced, as it is by default, some damaged files never end.
        context.thread_type = "FRAME"
        large = context.width * context.height > 4096 * 2304  # every thread keeps frames in memory
        context.thread_count = 1 if large else min(4, os.cpu_count() or 1)

    def _picture_stream(self) -> Any:
        """The track that the file calls its default, or else its first."""
        # The picture on the cover of a piece of music is a video stream of one frame.
        streams = [s for s in self._container.streams.video if not s.disposition & _NO_PICTURES]
        if not streams:
            raise UnusableError("only sound" if self._container.streams.audio else "no picture")
        if len(streams) > 1 and "several tracks" not in self._notes:
            self._notes.append("several tracks")
        stream = next((s for s in streams if s.disposition & Disposition.default), streams[0])
        context = stream.codec_context
        if context is None:
            raise UnusableError("unknown codec")
        if context.codec.name not in VIDEO_CODECS:
            raise UnusableError("refused codec", context.codec.name)
        if context.width * context.height > MAX_PIXELS:
            raise UnusableError("too large")
        return stream

    def _decoder_of(self, stream: Any) -> Any:
        """The decoder of a track: its own, or one that knows its transparency."""
        own = stream.codec_context
        has_alpha = next((v for k, v in stream.metadata.items() if k.lower() == "alpha_mode"), "0") not in ("0", "")
        if not has_alpha or own.codec.name not in _WITH_ALPHA:
            return own
        context: Any = av.CodecContext.create(_WITH_ALPHA[own.codec.name], "r")
        context.width, context.height, context.extradata = own.width, own.height, own.extradata
        for fact in ("colorspace", "color_range", "color_trc", "color_primaries"):
            setattr(context, fact, getattr(own, fact))
        return context

    def _frames(self) -> Iterator[Any]:
        """Decoded frames in the order in which they are shown, and None where a packet gave none."""
        for packet in self._packets():
            context = self._context  # after the first packet: to seek may have opened the file anew
            if packet is None:
                yield None
                continue
            wanted = packet.size == 0 or self._wanted(packet)
            if not wanted:
                self._passed_until_s = max(self._passed_until_s, self._end_of(packet.pts, packet.duration or 0))
                if context.codec.intra_only:
                    yield None
                    continue
            # Half of the frames of an ordinary H.264 stream are needed by no other: those not wanted are passed over.
            context.skip_frame = "DEFAULT" if wanted else "NONREF"
            try:
                frames = context.decode(packet)
            except (av.FFmpegError, MemoryError):
                self._spoilt += packet.size > 0
                frames = []
            yield from frames or [None]

    def _packets(self) -> Iterator[Any]:
        """Packets in decoding order, `LOOKAHEAD` behind those that were read; an empty one at the end.

        None stands for one that is passed over: whoever waits may be told that reading goes on.
        """
        first = self._seek()
        waiting: deque[Any] = deque()
        for packet in self._read():
            self._count(packet)
            if first is not None and not (packet.is_keyframe and (_stamp(packet) or 0) >= first):
                yield None
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
                    self._bytes_read += packet.size
                    if self._bytes_read > max(FREELY_READ_BYTES, MOST_TIMES_READ * (self._container.size or 0)):
                        self._notes.append("endless")
                        return
                    yield packet
        except (av.FFmpegError, MemoryError):
            self._broken_off = True

    def _count(self, packet: Any) -> None:
        self._place = packet.pos or self._place
        if packet.is_discard:  # cut away by an edit list; only others need it
            return
        self._packets_seen += 1
        if packet.pts is not None:
            self._order.add(packet.pts)
            self._latest_lasts = packet.duration or 0
            self._highest = max(self._highest or (packet.pts, 0), (packet.pts, self._latest_lasts))

    def _lasts(self, stamp: int, stated: int) -> int:
        """For how long a frame is shown, in ticks, of which its packet states `stated`; 0 where that is not known.

        What MP4 states is the time until the next packet in the order of decoding. Where frames are shown in another
        order it may hold a pause that lies elsewhere; only the last packet of all states how long its own frame lasts.
        """
        following = self._order.following(stamp)
        other = self._latest_lasts if following is None else following - stamp
        return min(stated, other) if stated and other else stated

    def _end_of(self, stamp: int | None, stated: int) -> float:
        """When a frame is no longer shown, seconds; 0 where that is not known."""
        if stamp is None:
            return 0.0
        return float((stamp + self._lasts(stamp, stated)) * self._tick) - (self._clock.start_s or 0)

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
        return math.floor((time_s + self._same_time_s) * self._fps)

    def _sample(self, frame: Any) -> tuple[Picture, NDArray[np.uint8]] | None:
        stamp = self._stamps.of(frame.pts, frame.dts)
        time_s = self._clock.seconds(stamp)
        if time_s is None:
            return None
        number = None if stamp is None else self._order.number(stamp)
        self._frame = max(self._frame + 1, -1 if number is None else number)
        usual_s = min(self._clock.interval_s, time_s / self._frame) if self._frame > 0 and time_s > 0 else None
        stated = self._lasts(frame.pts, frame.duration) if stamp is not None and stamp == frame.pts else frame.duration
        lasts_s = float(stated * self._tick) if stated else usual_s or self._clock.interval_s
        self._shown_until_s = time_s + lasts_s
        if self._after_s is not None and time_s <= self._after_s + 1e-6:
            self._faults_before = (self._spoilt, self._clock.repaired)
            return None
        if self._fps:
            cell = self._cell_of(time_s)
            if cell <= self._cell:
                return None
            self._cell = cell
        try:
            look = self._reader.look(frame, self._pixel_shape())
            picture = self._reader.picture(frame, look, self._longer_px)
        except (ValueError, MemoryError, av.FFmpegError):
            self._spoilt += 1
            return None
        size = look.width, look.height
        if not self._sizes or self._sizes[-1][1:] != size:
            self._sizes.append((time_s, *size))
        about = (*size, *picture.shape[:2], picture.nbytes, tuple(self._notes), *self._faults())
        return Picture(time_s, self._frame, *about), picture

    def _faults(self) -> tuple[int, int]:
        """Damaged pieces and repaired time stamps after `after_s`."""
        spoilt, repaired = self._faults_before
        return self._spoilt - spoilt, self._clock.repaired - repaired

    def _pixel_shape(self) -> float:
        """Width of a pixel over its height: as the container says, until the codec says another than at first."""
        now = self._context.sample_aspect_ratio or 1
        shape = float(self._stream.sample_aspect_ratio or now) if now == self._first_shape else float(now)
        if 0.1 < shape < 10:
            return shape
        if "pixel shape" not in self._notes:
            self._notes.append("pixel shape")
        return 1.0

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

    def _facts(self, frame: Any) -> Start:
        look, context = self._reader.look(frame, self._pixel_shape()), self._stream.codec_context
        return Start(
            width=look.width,
            height=look.height,
            frame_rate=self._rate,
            stated_s=self._stated_s(),
            has_audio=bool(self._container.streams.audio),
            stored_as=(self._container.format.name, context.codec.canonical_name, context.pix_fmt or ""),
        )

    def _end(self) -> End:
        # The last frames may have been passed over, so the packets know better, unless the end could not be decoded.
        packets_s = self._end_of(*self._highest) if self._highest else 0.0
        shown_s = max(self._shown_until_s, self._passed_until_s)
        return End(
            packets_s if shown_s <= packets_s <= shown_s + LATE_S else shown_s,
            max(self._packets_seen, self._frame + 1),
            *self._faults(),
            broken_off=self._broken_off,
            sizes=tuple(self._sizes),
            notes=tuple(self._notes),
        )


def _stamp(packet: "av.Packet[av.VideoStream]") -> int | None:
    return packet.dts if packet.pts is None else packet.pts


def main(wanted: str, target: BinaryIO) -> None:
    """Decode what `wanted` says, a `Wanted` in JSON."""

    def say(message: Message, picture: NDArray[np.uint8] | None = None) -> None:
        target.write(to_line(message))
        if picture is not None:
            target.write(picture.data)
        target.flush()
        renew_processor_time()

    try:
        for message, picture in Decoder(Wanted(**json.loads(wanted))).messages():
            say(message, picture)
    except UnusableError as error:
        say(Unusable(error.reason, error.detail))


def run() -> None:
    """What the process does."""
    take_limits(file_bytes=0)
    with contextlib.suppress(BrokenPipeError, KeyboardInterrupt):  # whoever reads has enough
        main(sys.argv[-1], sys.stdout.buffer)
    os._exit(0)  # without FFmpeg's clean-up, which may hang after damaged input
