"""The process that takes the sound out of a recording: into an MP4 with nothing else in it.

It is started by `take_sound` and, like `fer_core.media.decoding`, a process of its own, because FFmpeg can crash or
hang on a damaged file. Sound that browsers play in an MP4 is copied as it is, other sound is encoded as AAC. Its times
start with the recording, as those of the frames do.
"""

import contextlib
import subprocess
import sys
import time
from fractions import Fraction
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import av

from fer_core.media.limits import FORMATS, PROTOCOLS, SOUND_CODECS, renew_processor_time, take_limits

if TYPE_CHECKING:
    from fer_core.jobs import Monitor

COPIED: Final = ("aac", "mp3")
LEAD_IN_S: Final = 0.2
SLOWEST: Final = 0.5
"""Seconds of patience for a second of sound, on top of `PATIENCE_S`."""
PATIENCE_S: Final = 60.0
LONGEST_S: Final = 12 * 3600.0
"""No more patience than for so much sound: a damaged file may claim any length."""

LARGEST_BYTES: Final = 4 * 1024**3


_LOOK_EVERY_S: Final = 0.1


def take_sound(
    recording: Path, target: Path, duration_s: float, monitor: "Monitor | None" = None, most_s: float = LONGEST_S
) -> bool:
    """Write the sound of a recording to `target`; whether that worked.

    Args:
        recording: a file that holds sound.
        target: an MP4 to be written.
        duration_s: of the recording; long ones are given longer.
        monitor: asked a few times a second whether to go on.
        most_s: no more seconds of patience than these.

    Raises:
        StoppedError: the monitor was asked to stop.
    """
    from fer_core.media.processes import python_with  # not known to the process, which loads this module alone

    command = python_with(__name__, str(recording), str(target))
    until_s = time.monotonic() + min(most_s, PATIENCE_S + SLOWEST * min(duration_s, LONGEST_S))
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            while process.poll() is None and time.monotonic() < until_s:
                if monitor is not None:
                    monitor.check()
                with contextlib.suppress(subprocess.TimeoutExpired):
                    process.wait(_LOOK_EVERY_S)
        finally:
            process.kill()
    return process.returncode == 0 and target.is_file()


def main(recording: str, target: str) -> None:
    """Copy the sound, or encode it where it cannot be copied."""
    codecs = ",".join(SOUND_CODECS)
    options = {"format_whitelist": FORMATS, "protocol_whitelist": PROTOCOLS, "codec_whitelist": codecs}
    with av.open(f"file:{recording}", options=options, metadata_errors="replace") as source:
        stream = source.streams.audio[0]
        if stream.codec_context is None or stream.codec_context.codec.name not in SOUND_CODECS:
            raise SystemExit(1)
        stream.codec_context.options = {"codec_whitelist": codecs}
        start_s = Fraction(source.start_time or 0, av.time_base)
        with av.open(target, "w", format="mp4") as sink:
            if stream.codec_context.codec.canonical_name in COPIED:
                _copy(source, stream, sink, start_s)
            else:
                _encode(source, stream, sink, start_s)


def _copy(source: Any, stream: Any, sink: Any, start_s: Fraction) -> None:
    copied = sink.add_stream_from_template(stream)
    late = round(start_s / stream.time_base)
    last = None
    for packet in _packets(source, stream):
        if packet.dts is None or packet.pts is None:
            continue
        packet.pts, packet.dts = packet.pts - late, packet.dts - late
        # A little before the start lies what decoders need to begin; more than that was cut away by someone.
        if packet.pts * stream.time_base < -LEAD_IN_S or (last is not None and packet.dts <= last):
            continue
        last, packet.stream = packet.dts, copied
        sink.mux(packet)


def _encode(source: Any, stream: Any, sink: Any, start_s: Fraction) -> None:
    rate = stream.codec_context.sample_rate
    rate = rate if rate in (32000, 44100, 48000) else 48000
    layout = "mono" if stream.codec_context.channels == 1 else "stereo"
    encoded = sink.add_stream("aac", rate=rate, layout=layout)
    resampler = av.AudioResampler(format="fltp", layout=layout, rate=rate)
    last = -1
    for packet in chain(_packets(source, stream), (None,)):
        frames = _decoded(stream, packet)
        for frame in [part for each in frames for part in resampler.resample(each)]:
            if frame.pts is not None:
                frame.pts = round((frame.pts * (frame.time_base or Fraction(1, rate)) - start_s) * rate)
                if frame.pts <= last:
                    continue
                last = frame.pts
            frame.time_base = Fraction(1, rate)
            sink.mux(encoded.encode(frame))
    sink.mux(encoded.encode(None))


def _packets(source: Any, stream: Any) -> Any:
    try:
        for packet in source.demux(stream):
            if packet.size:
                renew_processor_time()
                yield packet
    except av.FFmpegError:  # cut off; what came so far is kept
        return


def _decoded(stream: av.AudioStream, packet: "av.Packet[av.AudioStream]") -> list[av.AudioFrame]:
    try:
        return stream.codec_context.decode(packet)
    except av.FFmpegError:
        return []


def run() -> None:
    """Run the process."""
    take_limits(file_bytes=LARGEST_BYTES)
    main(*sys.argv[-2:])
