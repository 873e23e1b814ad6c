"""The process that decodes: whatever becomes of it, whoever reads goes on."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from fer_core import MediaError
from fer_core.media import video as video_module
from fer_core.media.video import Video
from tests.videos import scene, write_video


@pytest.fixture(scope="module")
def clip(tmp_path_factory) -> Path:
    """Two seconds with reordered frames, of which half are needed by no other."""
    people = [scene((100 + 2 * number, 120, 150)) for number in range(50)]
    return write_video(tmp_path_factory.mktemp("clip") / "clip.mp4", people, options={"bf": "3", "g": "20"})


def test_a_recording_is_decoded_by_another_process(clip):
    with Video(clip) as video:
        assert len(list(video)) == 8 and video.problems == ()
        assert video.process != os.getpid()


@pytest.mark.parametrize("seed", range(6))
def test_flipped_bits_give_a_part_or_a_sentence_and_never_an_end_of_all(tmp_path, clip, seed):
    rng, data = np.random.default_rng(seed), bytearray(clip.read_bytes())
    for place in rng.integers(200, len(data), 40):
        data[place] ^= 1 << int(rng.integers(8))
    path = tmp_path / "damaged.mp4"
    path.write_bytes(data)
    began_s, times_s = time.monotonic(), []
    with suppress(MediaError), Video(path, stall_s=5) as video:
        times_s = [sample.time_s for sample in video]
    assert all(after > before for before, after in pairwise(times_s))
    assert time.monotonic() - began_s < 20


def test_frames_of_8k(tmp_path):
    large = np.full((4320, 7680, 3), 90, np.uint8)
    large[:2160, :3840] = (0, 0, 200)
    with Video(write_video(tmp_path / "8k.mkv", [large] * 2, codec="mjpeg"), 0) as video:
        samples = list(video)
    assert [sample.image.shape for sample in samples] == [(540, 960, 3)] * 2
    assert (samples[0].width, samples[0].height) == (7680, 4320)
    assert samples[0].image[100, 100].tolist() == pytest.approx([0, 0, 200], abs=8)


def _python(code: str) -> Callable[..., subprocess.Popen[bytes]]:
    return lambda *_: subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE)


def test_a_hanging_decoder_is_given_up(monkeypatch, clip):
    monkeypatch.setattr(video_module, "started", _python("import time; time.sleep(60)"))
    began_s = time.monotonic()
    with pytest.raises(MediaError, match="hang"):
        Video(clip, stall_s=0.3)
    assert time.monotonic() - began_s < 10


SPEAK = """
import json, sys, time
def say(**m):
    sys.stdout.buffer.write(json.dumps(m).encode() + b"\\n" + bytes(m.get("bytes", 0)))
    sys.stdout.flush()
say(kind="start", width=4, height=2, frame_rate=25.0, stated_s=9.0, has_audio=False)
say(kind="sample", time_s=0.0, frame=0, width=4, height=2, rows=2, columns=4, bytes=24)
"""


@pytest.mark.parametrize(
    ("end", "words"),
    [
        ("time.sleep(60)", "hung at 0.0 s"),
        ("import os; os.abort()", "crashed at 0.0 s"),
        ("say(kind='end', frames='many')", "crashed at 0.0 s"),
    ],
    ids=["hangs", "crashes", "writes nonsense"],
)
def test_what_came_before_the_decoder_failed_is_kept(monkeypatch, clip, end, words):
    monkeypatch.setattr(video_module, "started", _python(SPEAK + end))
    with Video(clip, stall_s=0.5) as video:
        assert len(list(video)) == 1
    assert len(video.problems) == 1 and words in video.problems[0]


def test_a_video_that_is_not_read_to_its_end_leaves_no_process(clip):
    with Video(clip, 0) as video:
        next(iter(video))
        os.kill(video.process, 0)
    with pytest.raises(ProcessLookupError):
        os.kill(video.process, 0)


@pytest.mark.skipif(sys.platform == "win32", reason="no signals")
def test_a_signal_to_the_whole_group_does_not_look_like_a_damaged_recording(clip):
    with Video(clip, 0) as video:
        samples = iter(video)
        next(samples)
        for number in (signal.SIGINT, signal.SIGTERM):
            os.kill(video.process, number)
        assert len(list(samples)) == 49 and video.problems == ()
