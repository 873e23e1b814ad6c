"""Cameras without a browser: a device of this machine, a file that is played as a camera, or a stream by RTSP.

Frames come in a thread of their own, and the newest wins: whoever reads them is never behind.
"""

import contextlib
import logging
import threading
import time
from collections.abc import Generator
from pathlib import Path
from typing import Any, Final, Protocol
from urllib.parse import urlsplit

import av
import cv2
import numpy as np
from numpy.typing import NDArray

from fer_core.errors import FerError, MediaError
from fer_core.media.files import harmless
from fer_core.media.frames import FrameReader
from fer_core.media.limits import VIDEO_CODECS
from fer_core.media.video import Video, checked_file
from fer_core.native_stderr import stderr_without

_log = logging.getLogger(__name__)

RTSP: Final = ("rtsp", "rtsps")
_PROTOCOLS: Final = "rtsp,rtsps,rtp,srtp,udp,tcp,tls,crypto"
_PATIENCE_S: Final = 10.0
"""Seconds that a stream may be silent."""

_UNDECODED_S: Final = 60.0
"""Seconds for which it may send what cannot be decoded: cameras may wait half a minute between whole pictures."""

_MAX_PIXELS: Final = 67_000_000
_NO_CAMERA: Final = 9999  # OpenCV takes no larger numbers than fit its own type
_OPENCV_WORDS: Final = r"\[ *(?:WARN|ERROR|INFO)|ioctl |.*VIDIOC"


class Source(Protocol):
    """A camera.

    Attributes:
        name: for people, without passwords.
    """

    @property
    def name(self) -> str:
        """See above."""
        ...

    def frames(self) -> Generator[NDArray[np.uint8], None, None]:
        """Frames as they come, uint8 (H, W, 3) BGR, each not to be written to.

        Raises:
            MediaError: it cannot be read, or breaks off.
        """
        ...


def source_of(text: str) -> Source:
    """The source that somebody named: a number, a path or an address.

    Raises:
        MediaError: there is no such file, or it is no address.
    """
    if text.isdecimal():
        return Device(int(text))
    scheme, is_address, _ = text.partition("://")
    if is_address and scheme.lower() not in RTSP:
        raise MediaError(
            f"{harmless(text.rpartition('@')[2])} is no address of a camera that can be read here; give one that "
            "begins with rtsp:// or rtsps://, the number of a camera, or a file."
        )
    if is_address:
        try:
            return Stream(text)
        except ValueError as error:
            raise MediaError(f"{harmless(text.rpartition('@')[2])} is no address of a camera; check it.") from error
    return Played(Path(text))


class Device:
    """A camera of this machine, by its number from 0."""

    def __init__(self, number: int) -> None:
        self.number, self.name = number, f"camera {number}"

    def frames(self) -> Generator[NDArray[np.uint8], None, None]:
        """See `Source`."""
        with stderr_without(_OPENCV_WORDS):
            camera = cv2.VideoCapture(min(self.number, _NO_CAMERA))
        try:
            if not camera.isOpened():
                raise MediaError(f"There is no {self.name}, or another program uses it; choose another number.")
            while True:
                there, bgr = camera.read()
                if not there:
                    raise MediaError(f"{self.name} gives no pictures any more; see whether it is still connected.")
                yield np.asarray(bgr, np.uint8)
        finally:
            camera.release()


class Played:
    """A recording, played once at its own speed, as if it happened now.

    Attributes:
        problems: what is missing or was repaired, a sentence each; known after the last frame.
    """

    def __init__(self, path: Path) -> None:
        checked_file(path)
        self.path, self.name = path, harmless(path.name)
        self.problems: tuple[str, ...] = ()

    def frames(self) -> Generator[NDArray[np.uint8], None, None]:
        """See `Source`."""
        with Video(self.path, 0.0) as video:
            began_s = time.monotonic()
            for sample in video:
                time.sleep(max(0.0, began_s + sample.time_s - time.monotonic()))
                yield sample.image
            self.problems = video.problems


class Stream:
    """A camera in the network, by its RTSP address, over TCP.

    Args:
        address: may hold user and password.
    """

    def __init__(self, address: str) -> None:
        parts = urlsplit(address)
        self.name = harmless(f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}")
        self._address = address
        self._options = {
            "rtsp_transport": "tcp",
            "protocol_whitelist": _PROTOCOLS,
            "codec_whitelist": ",".join(VIDEO_CODECS),
            "max_pixels": str(_MAX_PIXELS),
        }

    def frames(self) -> Generator[NDArray[np.uint8], None, None]:
        """See `Source`."""
        try:
            with av.open(self._address, format="rtsp", options=self._options, timeout=_PATIENCE_S) as container:
                stream = container.streams.video[0]
                codec = None if stream.codec_context is None else stream.codec_context.codec.name
                if codec not in VIDEO_CODECS:
                    raise MediaError(
                        f"{self.name} sends {harmless(codec or 'a codec that is not known')}, which is not read here; "
                        "set the camera to H.264."
                    )
                # On the container alone, the list does not stop decoding.
                stream.codec_context.options = {name: self._options[name] for name in ("codec_whitelist", "max_pixels")}
                reader, came_s = FrameReader(), time.monotonic()
                for packet in container.demux(stream):
                    frames = _decoded(stream, packet)
                    if frames:
                        came_s = time.monotonic()
                    elif time.monotonic() - came_s > _UNDECODED_S:
                        raise MediaError(f"{self.name} sends nothing that can be decoded; see how the camera is set.")
                    for frame in frames:
                        yield reader.picture(frame, reader.look(frame, 1.0), 0)
                # FFmpeg takes a connection that was closed for the end of a file, but a camera has no end.
                raise MediaError(f"{self.name} ended the stream; see whether it is on and connected.")
        except (av.FFmpegError, IndexError, ValueError) as error:  # IndexError: no picture in it
            reason = getattr(error, "strerror", None) or type(error).__name__
            raise MediaError(
                f"{self.name} cannot be read ({reason}); see whether it is on and the address right."
            ) from error


def _decoded(stream: Any, packet: Any) -> list[Any]:
    """Frames of a packet; none of one that was damaged on its way."""
    try:
        return list(stream.codec_context.decode(packet))
    except av.error.InvalidDataError:
        return []


class Camera:
    """A source whose newest frame can be taken at any time.

    Args:
        source: read in a thread, from now on until `close`.

    Attributes:
        came: frames that came.
        problem: why no more come; None where the source has ended by itself, or goes on.
    """

    def __init__(self, source: Source) -> None:
        self.came = 0
        self.problem: FerError | None = None
        self._source = source
        self._changed = threading.Condition()
        self._newest: tuple[NDArray[np.uint8], float] | None = None
        self._over = False
        self._thread = threading.Thread(target=self._run, name="camera", daemon=True)
        self._thread.start()

    def take(self) -> tuple[NDArray[np.uint8], float] | None:
        """The newest frame that was not taken yet, and when it came (`time.monotonic`); None when no more come."""
        with self._changed:
            self._changed.wait_for(lambda: self._newest is not None or self._over)
            taken, self._newest = self._newest, None
            return taken

    def close(self) -> None:
        """Take no more."""
        with self._changed:
            self._over = True
            self._newest = None
            self._changed.notify_all()
        self._thread.join(_PATIENCE_S)

    def _run(self) -> None:
        try:
            with contextlib.closing(self._source.frames()) as frames:
                for bgr in frames:
                    with self._changed:
                        if self._over:
                            return
                        self.came += 1
                        self._newest = bgr, time.monotonic()
                        self._changed.notify_all()
        except FerError as error:
            self.problem = error
        except Exception:  # whatever it is, it is no orderly end
            _log.exception("a camera could not be read")
            self.problem = MediaError(f"{self._source.name} cannot be read any more; the lines above say why.")
        finally:
            with self._changed:
                self._over = True
                self._changed.notify_all()
