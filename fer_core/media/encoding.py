"""Writing recordings: MP4 (H.264, yuv420p) that browsers play while it loads, with the sound of another file.

Frames pass through one at a time, so memory does not grow with the length.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path
from typing import Any, Final

import av
import cv2
import numpy as np
from av.video.reformatter import ColorRange
from numpy.typing import NDArray

from fer_core.errors import MediaError
from fer_core.media.frames import usual_matrix
from fer_core.whole_file import whole_file

_TICK: Final = Fraction(1, 90_000)
_SLOW_TICK: Final = Fraction(1, 1_000)
"""Of recordings with a frame an hour or a day: MP4 holds no gap of more than 2³² ticks."""

_SLOW_RATE: Final = 1e-3


def state_colours(stream: Any) -> None:
    """Have a stream, whose height is set, hold and state the colours that `as_stored` gives its frames."""
    stream.pix_fmt = "yuv420p"
    stream.codec_context.colorspace = usual_matrix(stream.height)
    stream.codec_context.color_range = ColorRange.MPEG.value


def as_stored(bgr: NDArray[np.uint8]) -> av.VideoFrame:
    """A frame, uint8 (H, W, 3) BGR, both sides even, as yuv420p with the colour matrix that readers expect."""
    frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(bgr), format="bgr24")
    # Left to itself, the encoder takes BT.601 for every size and says nothing of it.
    return frame.reformat(format="yuv420p", dst_colorspace=usual_matrix(frame.height))


class Mp4Writer:
    """The file in the making. The first frame decides the size; others are brought to it.

    Args:
        path: of the file.
        frame_rate: mean frames a second, as far as it is known; frames bring their own times.
        sound: a file with nothing but the sound, to be copied; None for none.
    """

    def __init__(self, path: Path, frame_rate: float, sound: Path | None) -> None:
        self._container = av.open(str(path), "w", format="mp4", options={"movflags": "+faststart"})
        self._rate = Fraction(frame_rate or 25).limit_denominator(1001)
        self._tick = _SLOW_TICK if 0 < frame_rate < _SLOW_RATE else _TICK
        self._stream: Any = None
        self._sound = None if sound is None else _Sound(sound, self._container)
        self._last_tick = -1
        self._end_s: float | None = None

    def __enter__(self) -> "Mp4Writer":
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        try:
            if kind is None and self._stream is not None:
                self._container.mux(self._stream.encode(None))
                if self._sound is not None:
                    self._sound.copy_until(self._end_s)
        finally:
            if self._sound is not None:
                self._sound.close()
            self._container.close()

    def add(self, bgr: NDArray[np.uint8], time_s: float) -> None:
        """Append a frame, uint8 (H, W, 3) BGR, that is shown from this moment on."""
        if self._stream is None:
            self._begin(bgr)
        frame = as_stored(self._fitted(bgr))
        self._last_tick = max(self._last_tick + 1, round(time_s / self._tick))
        frame.pts, frame.time_base = self._last_tick, self._tick
        self._container.mux(self._stream.encode(frame))
        if self._sound is not None:
            self._sound.copy_until(time_s)

    def end_at(self, time_s: float) -> None:
        """Leave away the sound after this moment, where frames end before the recording does."""
        self._end_s = time_s

    def _begin(self, bgr: NDArray[np.uint8]) -> None:
        stream: Any = self._container.add_stream(
            "libx264", rate=self._rate, options={"preset": "veryfast", "crf": "21"}
        )
        # 4:2:0 needs even sides: an odd one gets another line of pixels.
        stream.width, stream.height = bgr.shape[1] + bgr.shape[1] % 2, bgr.shape[0] + bgr.shape[0] % 2
        state_colours(stream)
        stream.codec_context.time_base = self._tick
        self._stream = stream
        if self._sound is not None:
            self._sound.begin()

    def _fitted(self, bgr: NDArray[np.uint8]) -> NDArray[np.uint8]:
        width, height = self._stream.width, self._stream.height
        missing = width - bgr.shape[1], height - bgr.shape[0]
        if missing == (0, 0):
            return bgr
        if missing[0] in (0, 1) and missing[1] in (0, 1):
            return np.asarray(cv2.copyMakeBorder(bgr, 0, missing[1], 0, missing[0], cv2.BORDER_REPLICATE), np.uint8)
        return np.asarray(cv2.resize(bgr, (width, height), interpolation=cv2.INTER_AREA), np.uint8)


class _Sound:
    """Copies packets of a file that holds only sound, never further than the picture is."""

    def __init__(self, path: Path, sink: Any) -> None:
        self._source: Any = av.open(str(path))
        self._sink = sink
        self._stream = self._source.streams.audio[0]
        self._packets = (packet for packet in self._source.demux(self._stream) if packet.size)
        self._waiting: Any = None
        self._copied: Any = None

    def begin(self) -> None:
        self._copied = self._sink.add_stream_from_template(self._stream)

    def copy_until(self, time_s: float | None) -> None:
        """Copy what begins up to this moment; everything that is left for None."""
        while (packet := self._waiting or next(self._packets, None)) is not None:
            self._waiting = packet
            if time_s is not None and float((packet.pts or 0) * packet.time_base) > time_s:
                return
            self._waiting, packet.stream = None, self._copied
            self._sink.mux(packet)

    def close(self) -> None:
        self._source.close()


@contextmanager
def until_complete(out: Path) -> Iterator[Path]:
    """`whole_file`, with the folders that it is in.

    Raises:
        MediaError: it cannot be written.
    """
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        with whole_file(out) as part:
            yield part
    except (OSError, av.FFmpegError) as error:
        raise MediaError(f"{out} cannot be written ({error.strerror}); choose another place.") from error
