"""Which recordings browsers play; and of the others a small copy that they do, for looking at alone."""

import time
from contextlib import ExitStack
from pathlib import Path
from typing import Final

from fer_core.errors import MediaError
from fer_core.jobs import Monitor, Progress
from fer_core.media.encoding import Mp4Writer, until_complete
from fer_core.media.sound import take_sound
from fer_core.media.video import Video
from fer_core.temporary import temporary_folder

COPY_PX: Final = 640
"""Longer side of a copy."""

COPY_FPS: Final = 30.0
LONGEST_S: Final = 600.0
MOST_BYTES: Final = 200_000_000

_IN_MP4: Final[tuple[str, ...]] = ("h264", "vp9", "av1")
_IN_WEBM: Final[tuple[str, ...]] = ("vp8", "vp9", "av1")
_PIXELS: Final = ("yuv420p", "yuvj420p")


def browsers_play(recording: Path) -> bool:
    """Whether all usual browsers show its picture: MP4 or MOV with H.264, VP9 or AV1, and WebM.

    HEVC is not among these: whether a browser plays it depends on the machine.
    """
    try:
        with Video(recording) as video:
            container, codec, pixels = video.stored_as
    except MediaError:
        return False
    if "mp4" in container.split(","):
        played = _IN_MP4
    else:  # to FFmpeg, WebM is a kind of Matroska; browsers tell them apart
        played = _IN_WEBM if "webm" in container and recording.suffix.lower() == ".webm" else ()
    return codec in played and pixels in _PIXELS


def write_copy(
    recording: Path,
    target: Path,
    monitor: Monitor | None = None,
    *,
    longest_s: float = LONGEST_S,
    most_bytes: int = MOST_BYTES,
) -> float | None:
    """Write a small MP4 (H.264) of a recording, with its sound where that can be read.

    Args:
        recording: that browsers do not play.
        target: the file to be written; it appears when it is complete.
        monitor: takes in how far the copy is; stopped, no file is left.
        longest_s: limit of the work in seconds; the copy ends there.
        most_bytes: limit of the copy in bytes; the copy ends there.

    Returns:
        Up to which second of the recording it goes, where a limit was reached; else None.

    Raises:
        MediaError: it cannot be decoded, or the file cannot be written.
        StoppedError: the monitor was asked to stop.
    """
    monitor = monitor or Monitor()
    began_s = time.monotonic()
    with ExitStack() as stack:
        folder = stack.enter_context(temporary_folder())
        source = stack.enter_context(Video(recording, COPY_FPS, longer_px=COPY_PX))
        sound = folder / "sound.mp4"
        has_sound = source.has_audio and take_sound(recording, sound, source.duration_s or 0.0, monitor, longest_s)
        part = stack.enter_context(until_complete(target))
        with Mp4Writer(part, min(source.frame_rate, COPY_FPS), sound if has_sound else None) as writer:
            for sample in source:
                writer.add(sample.image, sample.time_s)
                monitor.report(Progress(source.share))
                monitor.check()
                is_large = part.exists() and part.stat().st_size > most_bytes  # the encoder begins after some frames
                if is_large or time.monotonic() - began_s > longest_s:
                    writer.end_at(sample.time_s)
                    return sample.time_s
    monitor.report(Progress(1.0))
    return None
