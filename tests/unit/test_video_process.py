"""The process that decodes: whatever becomes of it, whoever reads goes on."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from itertools import islice, pairwise
from pathlib import Path

import numpy as np
import pytest

from fer_core import MediaError
from fer_core.media import processes
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
    began_s, times_s, refusal = time.monotonic(), list[float](), ""
    try:
        with Video(path, stall_s=5) as video:
            times_s.extend(sample.time_s for sample in video)
    except MediaError as error:
        refusal = str(error)
    assert times_s or (refusal.startswith(str(path)) and refusal.endswith(".") and refusal.isprintable())
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


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_frames_leave_the_memory_one_by_one(tmp_path):
    """A frame takes 1.4 MB here; those that wait in decoder and pipe are a dozen."""
    with Video(write_video(tmp_path / "large.mp4", [scene(width=1280, height=720)] * 200), 0) as video:
        peaks_mb = [_peak_mb(video.process) for _ in islice(video, 180)]  # soon after the last, the process ends
    assert max(peaks_mb) < peaks_mb[0] + 40


def _peak_mb(process: int) -> float:
    [line] = [line for line in Path(f"/proc/{process}/status").read_text().splitlines() if line.startswith("VmHWM")]
    return int(line.split()[1]) / 1000


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


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere a pipe has the room that the system gives it")
@pytest.mark.parametrize("start", [processes.started, processes._spawned])
def test_the_pipe_has_the_room_that_was_asked_for(start):
    fcntl = pytest.importorskip("fcntl")
    if int(Path("/proc/sys/fs/pipe-max-size").read_text()) < processes._PIPE_BYTES:
        pytest.skip("this system grants less")
    process = start("fer_core.media.decoding", "no request")
    room = fcntl.fcntl(process.stdout.fileno(), fcntl.F_GETPIPE_SZ)
    process.kill()
    process.wait()
    process.stdout.close()
    assert room == processes._PIPE_BYTES


def test_a_video_that_is_not_read_to_its_end_leaves_no_process(clip):
    with Video(clip, 0) as video:
        next(iter(video))
        assert _runs(video.process)
    assert _gone(video.process)


@pytest.mark.skipif(sys.platform == "win32", reason="no signals")
def test_a_signal_to_the_whole_group_does_not_look_like_a_damaged_recording(clip):
    with Video(clip, 0) as video:
        samples = iter(video)
        next(samples)
        for number in (signal.SIGINT, signal.SIGTERM):
            os.kill(video.process, number)
        assert len(list(samples)) == 49 and video.problems == ()


linux_only = pytest.mark.skipif(sys.platform != "linux", reason="elsewhere each decoder is started anew")


@linux_only
def test_decoders_of_one_process_share_what_they_have_loaded(clip):
    with Video(clip) as one, Video(clip) as two:
        assert one.process != two.process
        assert _parent(one.process) == _parent(two.process) != os.getpid()
        assert [s.time_s for s in one] == [s.time_s for s in two]


@linux_only
def test_where_the_process_that_forks_was_killed_another_takes_its_place(clip):
    with Video(clip) as video:
        first = _parent(video.process)
    os.kill(first, signal.SIGKILL)
    with Video(clip) as video:
        assert len(list(video)) == 8 and video.problems == ()
        assert _parent(video.process) not in (first, os.getpid())


@linux_only
def test_a_recording_that_is_being_read_outlives_the_process_that_forks(clip):
    with Video(clip, 0) as video:
        samples = iter(video)
        next(samples)
        os.kill(_parent(video.process), signal.SIGKILL)
        assert len(list(samples)) == 49 and video.problems == ()


@linux_only
def test_where_processes_cannot_be_handed_over_each_decoder_is_started_anew(clip):
    """As in a container whose filter of system calls is older than `pidfd_open`."""
    code = (
        "import sys, fer_core.media.processes as p; p._RUN = 'import os; del os.pidfd_open' + p._RUN\n"
        "from pathlib import Path; from fer_core.media.video import Video\n"
        "for _ in range(2):\n"
        "    with Video(Path(sys.argv[1])) as video: print(len(list(video)), video.problems)\n"
    )
    done = subprocess.run([sys.executable, "-c", code, str(clip)], capture_output=True, text=True)
    assert (done.stdout, done.stderr) == ("8 ()\n" * 2, "")


@linux_only
@pytest.mark.parametrize("end", ["pass", "os.kill(os.getpid(), 9)"], ids=["ends", "is killed"])
def test_with_the_program_ends_the_process_that_forks(clip, end):
    code = (
        "import os, sys; from pathlib import Path; from fer_core.media.video import Video\n"
        "with Video(Path(sys.argv[1])) as video: list(video)\n"
        "from fer_core.media.processes import _forkers\n"
        f"print(*(forker._process.pid for forker in _forkers.values()), flush=True); {end}\n"
    )
    done = subprocess.run([sys.executable, "-c", code, str(clip)], capture_output=True, text=True)
    assert done.stderr == "" and _gone(int(done.stdout))


@linux_only
def test_what_decoding_needs_can_be_loaded_ahead(clip):
    code = (
        "import sys; from pathlib import Path; from fer_core.media import processes, video\n"
        "video.prepare_to_decode(); [ahead] = processes._forkers.values()\n"
        "with video.Video(Path(sys.argv[1])) as read: print(len(list(read)))\n"
        "print([*processes._forkers.values()] == [ahead])\n"
    )
    done = subprocess.run([sys.executable, "-c", code, str(clip)], capture_output=True, text=True)
    assert (done.stdout, done.stderr) == ("8\nTrue\n", "")


@linux_only
def test_a_fork_of_the_program_reads_recordings_beside_it(clip):
    with Video(clip) as video:
        assert len(list(video)) == 8
    code = (
        "import os, sys; from pathlib import Path; from fer_core.media.video import Video\n"
        "def read():\n"
        "    with Video(Path(sys.argv[1])) as video: return len(list(video))\n"
        "read(); child = os.fork(); n = read()\n"
        "if child: n += os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]); print(n)\n"
        "else: os._exit(n)\n"
    )
    done = subprocess.run([sys.executable, "-W", "ignore", "-c", code, str(clip)], capture_output=True, text=True)
    assert (done.stdout, done.stderr) == ("16\n", "")


@linux_only
def test_after_a_crash_the_next_decoder_has_other_addresses(clip):
    with Video(clip, 0) as video:
        first = _parent(video.process)
        next(iter(video))
        os.kill(video.process, signal.SIGSEGV)
        assert _gone(video.process)
    with Video(clip) as video:
        assert len(list(video)) == 8 and _parent(video.process) != first


@linux_only
def test_who_was_interrupted_does_not_get_the_answer_to_another(monkeypatch, clip):
    with Video(clip):
        pass
    whole = socket.recv_fds

    def interrupted(*given):
        whole(*given)
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(socket, "recv_fds", interrupted)
        with pytest.raises(KeyboardInterrupt):
            Video(clip)
    with Video(clip, 0) as one, Video(clip, 0) as two:
        os.kill(two.process, signal.SIGKILL)
        assert len(list(one)) == 50 and len(list(two)) < 50


@linux_only
def test_where_there_is_no_room_for_a_fork_the_decoder_is_started_anew(monkeypatch, clip):
    with Video(clip) as video:
        forks = _parent(video.process)
    whole = socket.recv_fds

    def refused(*given):
        _, [handle], *_ = whole(*given)
        os.close(handle)
        return b"0", [], 0, None

    with monkeypatch.context() as patched:
        patched.setattr(socket, "recv_fds", refused)
        with Video(clip) as video:
            assert _parent(video.process) == os.getpid() and len(list(video)) == 8
    assert _runs(forks)


def test_a_path_is_one_of_the_folder_that_the_program_is_in(monkeypatch, tmp_path, clip):
    with Video(clip):
        pass
    monkeypatch.chdir(clip.parent)
    with Video(Path(clip.name)) as video:
        assert len(list(video)) == 8


def _parent(process: int) -> int:
    return int(Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[1])


def _runs(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True


def _gone(process: int) -> bool:
    """Whether it ends within a few seconds."""
    until_s = time.monotonic() + 10
    while _runs(process):
        if time.monotonic() > until_s:
            return False
        time.sleep(0.02)
    return True
