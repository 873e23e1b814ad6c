"""What the processes that decode may read and use.

FFmpeg guesses the format of a file from its content. Playlists and lists of files are formats too, and name other
files; old and rare formats and codecs are where decoders break. So only the usual containers are opened, only the
usual codecs decode, and nothing but the file itself is read. The processes also have limits of memory, processor and
files, so that a file made to exhaust them ends its own process and nothing else.

Needs the standard library alone: the decoding processes load it.
"""

import contextlib
import sys
import time
from typing import Final

FORMATS: Final = "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,mpegts,mpeg"
"""Demuxers of FFmpeg: MP4 and MOV, MKV and WebM, AVI, and MPEG's transport and program streams of cameras."""

PROTOCOLS: Final = "file"

VIDEO_CODECS: Final = (
    *("h264", "hevc", "libdav1d", "vp8", "vp9", "libvpx", "libvpx-vp9"),
    *("mpeg4", "mpeg2video", "mpeg1video", "h263", "msmpeg4v2", "msmpeg4", "mjpeg"),
    *("prores", "dnxhd", "dvvideo", "rawvideo", "v210", "ffv1", "huffyuv", "ffvhuff", "utvideo", "qtrle", "png"),
)
"""Decoders of FFmpeg: what phones, cameras and browsers write, and what is edited and archived in."""

SOUND_CODECS: Final = (
    *("aac", "mp3", "mp3float", "mp2", "mp2float", "ac3", "eac3", "opus", "libopus", "vorbis", "flac", "alac"),
    *("libopencore_amrnb", "libopencore_amrwb", "amrnb", "amrwb", "adpcm_ms", "adpcm_ima_wav", "adpcm_ima_qt"),
    *("pcm_u8", "pcm_s16le", "pcm_s16be", "pcm_s24le", "pcm_s24be", "pcm_s32le", "pcm_f32le", "pcm_mulaw", "pcm_alaw"),
)

MEMORY_BYTES: Final = 6 * 1024**3
"""Address space of a process that decodes: H.264 keeps up to 16 frames, of 100 MB each at 67 megapixels."""

PROCESSOR_S: Final = 300
"""Seconds of processor that may pass between two messages: ten times what the watchdog waits for, on four cores."""

OPEN_FILES: Final = 64

MOST_TIMES_READ: Final = 16
"""An index can name the same bytes a million times. An honest one names them once."""

FREELY_READ_BYTES: Final = 64 * 1024**2
"""Up to here it does not matter how often bytes are read."""


def take_limits(file_bytes: int) -> None:
    """Limit this process; where the system knows no such limits, as on Windows, nothing happens.

    Args:
        file_bytes: largest file that it may write.
    """
    if sys.platform == "win32":
        return
    import resource

    wanted = {
        resource.RLIMIT_AS: MEMORY_BYTES,
        resource.RLIMIT_NOFILE: OPEN_FILES,
        resource.RLIMIT_FSIZE: file_bytes,
        resource.RLIMIT_CORE: 0,  # a picture of the process's memory would show faces
    }
    for kind, most in wanted.items():
        hard = resource.getrlimit(kind)[1]
        most = most if hard == resource.RLIM_INFINITY else min(most, hard)
        with contextlib.suppress(ValueError, OSError):  # macOS refuses RLIMIT_AS
            resource.setrlimit(kind, (most, most))
    renew_processor_time()


def renew_processor_time() -> None:
    """Allow `PROCESSOR_S` more from now on."""
    if sys.platform == "win32":
        return
    import resource

    hard = resource.getrlimit(resource.RLIMIT_CPU)[1]
    most = int(time.process_time()) + PROCESSOR_S
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_CPU, (most if hard == resource.RLIM_INFINITY else min(most, hard), hard))
