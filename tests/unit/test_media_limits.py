"""What the processes that decode may not do, whatever the file."""

import subprocess
import sys
from pathlib import Path

import av
import numpy as np
import pytest

from fer_core import MediaError
from fer_core.media import decoding, limits
from fer_core.media.sound import take_sound
from fer_core.media.video import Video
from tests.videos import scene, write_sound_only, write_video

LINUX = pytest.mark.skipif(sys.platform != "linux", reason="limits of processes are read from /proc")


@LINUX
def test_the_decoding_process_is_limited(tmp_path):
    with Video(write_video(tmp_path / "a.mp4", [scene()] * 40), 0) as video:
        next(iter(video))
        lines = Path(f"/proc/{video.process}/limits").read_text().splitlines()
    soft = {line[:26].strip(): line[26:].split()[0] for line in lines}
    assert soft["Max address space"] == str(limits.MEMORY_BYTES)
    assert soft["Max file size"] == soft["Max core file size"] == "0"
    assert soft["Max open files"] == str(limits.OPEN_FILES)
    assert 0 < int(soft["Max cpu time"]) <= 3 * limits.PROCESSOR_S


@LINUX
@pytest.mark.parametrize(
    ("deed", "words"),
    [
        ("bytearray(limits.MEMORY_BYTES)", "MemoryError"),
        ("open(sys.argv[1], 'wb', 0).write(b'x')", "too large"),
        ("[open('/dev/null') for _ in range(100)]", "Too many open files"),
        ("limits.PROCESSOR_S = 0; limits.renew_processor_time()\nwhile True: pass", ""),
    ],
    ids=["memory", "file", "files", "processor"],
)
def test_what_goes_beyond_a_limit_ends_the_process_alone(tmp_path, deed, words):
    code = f"import sys\nfrom fer_core.media import limits\nlimits.take_limits(0)\n{deed}"
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "file")], capture_output=True, text=True, timeout=60
    )
    assert done.returncode != 0 and words in done.stderr


def test_an_unusual_codec_is_refused_by_name(tmp_path):
    path = write_video(tmp_path / "old.avi", [scene()] * 5, codec="wmv2")
    with pytest.raises(MediaError, match="codec wmv2"):
        Video(path)


def test_the_decoder_itself_knows_what_it_may_decode(tmp_path):
    """On the container alone, the list does not stop decoding."""
    path = write_video(tmp_path / "a.mkv", [scene()] * 5, codec="mpeg4")
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        stream.codec_context.options = {"codec_whitelist": "h264"}
        with pytest.raises(av.FFmpegError):
            next(container.decode(stream))


@pytest.mark.parametrize("fault", ["vvc", "apac"])
def test_codecs_with_open_faults_are_not_decoded(fault):
    assert fault not in limits.VIDEO_CODECS + limits.SOUND_CODECS


def test_an_index_that_names_the_same_bytes_again_and_again(tmp_path, monkeypatch, decoded_here):
    monkeypatch.setattr(decoding, "FREELY_READ_BYTES", 1_000_000)
    monkeypatch.setattr(decoding, "MOST_TIMES_READ", 4)  # of a file of two pictures
    frames = 12
    noise = np.random.default_rng(0).integers(0, 256, (600, 800, 3), dtype=np.uint8)
    whole = write_video(
        tmp_path / "whole.mp4",
        [noise] * frames,
        codec="mjpeg",
        options={"q": "1", "qmin": "1", "qmax": "1"},
        container_options={"movflags": "faststart"},
    )
    data = bytearray(whole.read_bytes())
    place = data.index(b"stco")
    count = int.from_bytes(data[place + 8 : place + 12], "big")
    offsets = [int.from_bytes(data[place + 12 + 4 * n : place + 16 + 4 * n], "big") for n in range(count)]
    for n in range(count):
        data[place + 12 + 4 * n : place + 16 + 4 * n] = offsets[0].to_bytes(4, "big")
    path = tmp_path / "endless.mp4"
    frame_bytes = (len(data) - offsets[0]) // frames
    path.write_bytes(data[: offsets[0] + 2 * frame_bytes])
    with Video(path, 0) as video:
        samples = len(list(video))
    assert 1 <= samples < frames
    assert any("again and again" in problem for problem in video.problems)


def test_sound_is_taken_within_the_limits(tmp_path):
    target = tmp_path / "sound.mp4"
    assert take_sound(write_sound_only(tmp_path / "a.m4a"), target, 1.0)
    with av.open(str(target)) as container:
        assert container.streams.audio[0].codec_context.name == "aac"
