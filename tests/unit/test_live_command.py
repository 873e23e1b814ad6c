"""`live`: cameras without a browser, and the session that is read of them."""

import json
import os
import signal
import sys
import threading
import time
import uuid

import numpy as np
import pytest

from fer_core import AnalysisRequest, EmotionPipeline, Timeline
from fer_core.cli import main
from fer_core.commands import live
from fer_core.declaration import agreed
from fer_core.errors import MediaError
from fer_core.file_lock import LockedError, locked
from fer_core.live import headless, recording
from fer_core.live.headless import Session
from fer_core.live.sources import Camera, Device, Played, Stream, source_of
from fer_core.readings import Box
from fer_core.testing import fake_pipeline
from fer_core.timeline.editing.study import Study
from tests.rtsp import RtspCamera
from tests.unit.test_live_outputs import network, until
from tests.videos import scene, write_video

__all__ = ["network"]


class Given:
    """A source of these frames: at once, or, with what is `heard` of readings, each when the one before was read."""

    name = "given"

    def __init__(self, frames, heard: threading.Semaphore | None = None, then=None) -> None:
        self.given, self.heard, self.then = frames, heard, then
        self.over = threading.Event()

    def frames(self):
        for number, bgr in enumerate(self.given):
            if number and self.heard is not None:
                assert self.heard.acquire(timeout=60)
            yield bgr
        self.over.set()
        if self.then is not None:
            raise self.then


class Kept:
    """An output that keeps what it is sent."""

    name = "kept"

    def __init__(self) -> None:
        self.messages, self.heard = [], threading.Semaphore(0)

    def send(self, message) -> None:
        self.messages.append(message)
        self.heard.release()

    def close(self) -> None:
        pass


@pytest.fixture
def film(tmp_path):
    return write_video(tmp_path / "film.mp4", [scene((90 + i, 90, 140)) for i in range(50)])


def session(outputs=(), told=lambda *_: None, keep=True) -> Session:
    pipeline = fake_pipeline([Box(40, 30, 100, 100)])
    return Session(pipeline, AnalysisRequest(), list(outputs), told, agreed(), keep=keep)


def test_a_source_is_known_by_what_it_is_called(film):
    assert isinstance(source_of("0"), Device) and isinstance(source_of(str(film)), Played)
    stream = source_of("rtsp://someone:secret@camera.example:554/live")
    assert isinstance(stream, Stream) and stream.name == "rtsp://camera.example:554/live"
    with pytest.raises(MediaError, match="does not exist"):
        source_of("film.mp4")


def test_a_device_that_is_not_there_is_told():
    with pytest.raises(MediaError, match="camera 99"):
        next(Device(99).frames())


def test_a_file_is_played_at_its_own_speed(film, decoded_here):
    began_s = time.monotonic()
    frames = list(Played(film).frames())
    assert len(frames) == 50 and frames[0].shape == (240, 320, 3) and time.monotonic() - began_s >= 1.9


def test_a_camera_in_the_network_is_read():
    served, frames = RtspCamera([scene((90 + i, 90, 140)) for i in range(25)]), []
    try:
        with pytest.raises(MediaError, match="ended the stream"):  # it hangs up after its last frame
            frames.extend(Stream(served.address).frames())
    finally:
        served.close()
    assert 15 <= len(frames) <= 25 and frames[0].shape == (240, 320, 3)
    assert abs(frames[-1].astype(int) - scene((114, 90, 140))).mean() < 8


def test_a_camera_in_the_network_that_hangs_up_is_told_and_what_was_read_is_written(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(EmotionPipeline, "load_for", lambda request: fake_pipeline([Box(40, 30, 100, 100)]))
    served, out = RtspCamera([scene((90, 90, 140))] * 12), tmp_path / "out"
    try:
        assert main(["live", served.address, "--agree", "--out", str(out)]) == 3
    finally:
        served.close()
    [problem] = Timeline.read(out / "timeline.parquet").problems
    assert "ended the stream" in problem and problem in capsys.readouterr().err and "secret" not in problem


@pytest.mark.parametrize(
    "source",
    [
        "http://someone:secret@camera.example/x",
        "file:///x/y.mp4",
        "rtsp://[::1/face",
        "rtsp://someone:secret@[/face",
        "RTSPS://[x",
    ],
)
def test_what_is_no_address_is_said(capsys, source):
    assert main(["live", source, "--agree"]) == 3
    err = capsys.readouterr().err
    assert "no address of a camera" in err and err.count("\n") == 1 and "secret" not in err
    assert source.rpartition("@")[2] in err


@pytest.mark.parametrize("number", [97, 10**20])
def test_a_camera_that_is_not_there_is_said_in_our_words_alone(capfd, number):
    with pytest.raises(MediaError, match=f"There is no camera {number}"):
        next(Device(number).frames())
    assert capfd.readouterr().err == ""


def test_an_unexpected_end_of_a_camera_is_a_problem():
    class Odd:
        name = "camera 5"

        def frames(self):
            raise RuntimeError("nobody foresaw this")
            yield

    camera = Camera(Odd())
    assert camera.take() is None and "camera 5 cannot be read any more" in str(camera.problem)
    camera.close()


@pytest.mark.parametrize("arguments", [["serve", "--port"], ["dashboard", "--port"], ["live", "0", "--websocket"]])
@pytest.mark.parametrize("number", ["99999999", "65536", "-1", "٨٠"])
def test_a_port_that_is_none_is_refused(capsys, arguments, number):
    with pytest.raises(SystemExit) as stopped:
        main([*arguments, number])
    assert stopped.value.code == 2 and "65535" in capsys.readouterr().err


def test_a_camera_in_the_network_may_not_choose_any_decoder():
    served = RtspCamera([scene()] * 10, codec="H261")
    try:
        with pytest.raises(MediaError, match=r"sends h261, which is not read here; set the camera to H\.264"):
            list(Stream(served.address).frames())
    finally:
        served.close()


def test_a_camera_that_does_not_answer_is_told_without_its_password():
    with pytest.raises(MediaError, match="cannot be read") as told:
        next(Stream("rtsp://someone:secret@127.0.0.1:9/live").frames())
    assert "secret" not in str(told.value)


def test_the_newest_frame_wins():
    source = Given([np.full((4, 4, 3), i, np.uint8) for i in range(10)])
    camera = Camera(source)
    assert source.over.wait(60) and camera.came == 10
    bgr, _ = camera.take()
    assert bgr[0, 0, 0] == 9 and camera.take() is None
    camera.close()


def test_every_reading_is_sent_and_stands_in_the_timeline():
    output, told = Kept(), []
    live = session([output], lambda reading, figures: told.append(figures.read))
    live.run(Given([scene((90, 90, 140))] * 8, output.heard))
    timeline = live.recorded().timeline
    assert len(output.messages) == len(timeline.frame) == live.figures.read == 8
    assert [message.frame for message in output.messages] == timeline.frame["frame"].tolist()
    np.testing.assert_allclose([message.time_s for message in output.messages], timeline.frame["time_s"])
    assert (
        timeline.recording.source == "camera"
        and timeline.declaration.agreed_at
        and not timeline.problems
        and told[0] == 1
    )
    assert 0 < live.figures.latency_ms(50) <= live.figures.latency_ms(95)


def test_markers_stand_in_the_timeline_at_their_times(tmp_path):
    output = Kept()
    live = session([output])
    live.mark("before anything is read", time.monotonic())
    began: list[float] = []

    class Marking(Given):
        def frames(self):
            for number, bgr in enumerate(super().frames()):
                began.append(time.monotonic())
                if number == 3:
                    live.mark("second", began[-1])
                    live.mark("first", began[0])
                    live.mark("long ago", began[0] - 60)
                yield bgr

    live.run(Marking([scene((90, 90, 140))] * 8, output.heard))
    recorded = live.recorded()
    live.mark("after the end", time.monotonic())
    assert [marker.text for marker in recorded.markers] == ["first", "second"]
    apart_s = recorded.markers[1].time_s - recorded.markers[0].time_s
    assert apart_s == pytest.approx(began[3] - began[0], abs=0.02)
    recorded.study.write(tmp_path / "timeline.parquet")
    assert Study.open(tmp_path / "timeline.parquet").notes.markers == recorded.markers
    assert len(Timeline.read(tmp_path / "timeline.parquet").frame) == live.figures.read


def test_what_is_not_to_be_written_is_not_held():
    output = Kept()
    live = session([output], keep=False)
    live.mark("before anything is read", time.monotonic())
    live.run(Given([scene((90, 90, 140))] * 8, output.heard))
    live.mark("stimulus", time.monotonic())
    assert live._recorder is None and live.recorded() is None
    assert (live.figures.read, live.figures.markers, len(output.messages)) == (8, 1, 8)


def test_no_more_than_some_ages_are_remembered():
    figures = headless.Figures()
    figures.ages_s.extend([9.0] * 10 + [0.1] * headless.MOST_AGES)
    assert len(figures.ages_s) == headless.MOST_AGES and figures.latency_ms(100) == pytest.approx(100)


def test_a_session_that_is_longer_than_can_be_kept_says_so(tmp_path, monkeypatch, capsys):
    class Slow:
        """A camera that gives a frame a second."""

        came, problem = 0, None

        def __init__(self, source) -> None:
            self.first_s = time.monotonic()

        def take(self):
            self.came += 1
            return (scene((90, 90, 140)), self.first_s + self.came) if self.came <= 4 else None

        def close(self) -> None:
            pass

    monkeypatch.setattr(headless, "Camera", Slow)
    monkeypatch.setattr(recording, "LONGEST_S", 2.5)
    monkeypatch.setattr("fer_core.live.sources.source_of", lambda text: Given([]))
    monkeypatch.setattr(EmotionPipeline, "load_for", lambda request: fake_pipeline([Box(40, 30, 100, 100)]))
    assert main(["live", "0", "--agree", "--out", str(tmp_path / "out")]) == 0
    told = capsys.readouterr().err.splitlines()
    assert [line.endswith("no longer kept") for line in told if " frames of " in line] == [False, False, True, True]
    assert told[-1].endswith("is ready") and "ended by itself" in told[-2]
    assert len(Timeline.read(tmp_path / "out" / "timeline.parquet").frame) == 2


def test_a_camera_that_breaks_off_leaves_what_was_read():
    live = session()
    with pytest.raises(MediaError, match="unplugged"):
        live.run(Given([scene((90, 90, 140))] * 2, then=MediaError("The camera was unplugged.")))
    assert live.recorded().timeline.problems == ("The camera was unplugged.",)
    assert session().recorded() is None


def test_a_session_ends_so_long_after_its_first_frame(monkeypatch):
    class Late:
        """A camera whose first frame takes a minute, and which then gives ten a second for ever."""

        came, problem = 0, None

        def __init__(self, source) -> None:
            self.first_s = time.monotonic() + 60

        def take(self):
            self.came += 1
            return scene((90, 90, 140)), self.first_s + (self.came - 1) / 10

        def close(self) -> None:
            pass

    monkeypatch.setattr(headless, "Camera", Late)
    live = session()
    live.run(Given([]), seconds=0.35)
    assert live.figures.read == 4


def test_a_frame_that_comes_at_once_belongs_to_the_session(monkeypatch):
    class Quick:
        """A camera whose only frame is there before anybody has turned to it."""

        came, problem = 1, None

        def __init__(self, source) -> None:
            self.frames = [(scene((90, 90, 140)), time.monotonic())]

        def take(self):
            return self.frames.pop() if self.frames else None

        def close(self) -> None:
            pass

    monkeypatch.setattr(headless, "Camera", Quick)
    live = session()
    live.run(Given([]))
    assert len(live.recorded().timeline.frame) == 1


def test_a_session_without_a_frame_is_no_success(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr("fer_core.live.sources.source_of", lambda text: Given([]))
    monkeypatch.setattr(EmotionPipeline, "load_for", lambda request: fake_pipeline([Box(40, 30, 100, 100)]))
    out = tmp_path / "out"
    assert main(["live", "0", "--agree", "--seconds", "5", "--out", str(out)]) == 3
    assert "No frame of given was read" in capsys.readouterr().err and not list(out.iterdir())


@pytest.mark.parametrize("wrong", ["0", "-1", "nan", "inf", "soon"])
def test_a_session_lasts_for_some_time(wrong, film, capsys):
    with pytest.raises(SystemExit) as stopped:
        main(["live", str(film), "--agree", f"--seconds={wrong}"])
    assert stopped.value.code == 2 and "--seconds" in capsys.readouterr().err


def test_the_command_takes_markers_in(network, tmp_path, monkeypatch, capsys):
    name, heard = f"PsychoPy {uuid.uuid4()}", threading.Event()
    outlet = network.outlet(name)

    class Until(Given):
        def frames(self):
            until(outlet.have_consumers)
            yield self.given[0]
            until(lambda: live_session() is not None)
            outlet.push_sample(["stimulus 1"])
            while not heard.wait(0.02):
                yield self.given[0]

    sessions: list[Session] = []
    mark, run = Session.mark, Session.run

    def live_session():
        return sessions[0]._recorder if sessions else None

    monkeypatch.setattr(Session, "run", lambda self, *given: sessions.append(self) or run(self, *given))
    monkeypatch.setattr(Session, "mark", lambda self, *given: mark(self, *given) or heard.set())
    monkeypatch.setattr("fer_core.live.sources.source_of", lambda text: Until([scene((90, 90, 140))]))
    monkeypatch.setattr(EmotionPipeline, "load_for", lambda request: fake_pipeline([Box(40, 30, 100, 100)]))
    out = tmp_path / "out"
    assert main(["live", "0", "--agree", "--markers-in", name, "--out", str(out)]) == 0
    told = capsys.readouterr().err
    assert f"Markers come in from LSL {name}." in told and "markers that came in: 1" in told
    [marker] = Study.open(out / "timeline.parquet").notes.markers
    assert (
        marker.text == "stimulus 1"
        and 0 <= marker.time_s <= Timeline.read(out / "timeline.parquet").recording.duration_s
    )


def test_without_consent_nothing_is_read(film, capsys):
    assert main(["live", str(film)]) == 3
    assert "who know and agree" in capsys.readouterr().err


def test_the_command_writes_what_video_writes(film, tmp_path, capsys):
    pytest.importorskip("pythonosc", reason="the extra `live` is not installed (python-osc)")
    out = tmp_path / "out"
    assert main(["live", str(film), "--agree", "--out", str(out), "--osc"]) == 0
    told = capsys.readouterr().err
    assert f"readings go to OSC 127.0.0.1:9000, folder {out}. " in told and "from frame to message" in told
    assert {path.name for path in out.iterdir()} == {
        "timeline.csv",
        "timeline_columns.csv",
        "timeline.parquet",
        "summary.json",
    }
    timeline = Timeline.read(out / "timeline.parquet")
    assert timeline.request.fps == 0 and timeline.declaration.agreed_at
    assert json.loads((out / "summary.json").read_text())["samples"] == timeline.frame["frame"].nunique() > 3


@pytest.mark.parametrize("keeps", [True, False])
def test_the_lines_say_what_is_uncertain_and_where_readings_go(keeps, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr("fer_core.live.sources.source_of", lambda text: Given([scene((90, 90, 140))]))
    monkeypatch.setattr(EmotionPipeline, "load_for", lambda request: fake_pipeline([Box(40, 30, 100, 100)]))
    out = tmp_path / "out"
    for threshold in ("0", "1"):
        chosen = ["--out", f"{out}{threshold}"] if keeps else []
        assert main(["live", "0", "--agree", "--threshold", threshold, *chosen]) == 0
        opened, line, end = capsys.readouterr().err.splitlines()[:3]
        assert ("uncertain: " in line) == (threshold == "1") and ": " in line
        place = f"to folder {out}{threshold}" if keeps else "nowhere"
        assert f"is being opened; readings go {place}. " in opened and line.endswith(f" · {place}")
        assert "from frame to reading" in end


@pytest.mark.parametrize("of_dataset", ["recordings.parquet", "request.json"])
@pytest.mark.parametrize("command", ["live", "video"])
def test_no_results_come_between_those_of_batch(command, of_dataset, film, tmp_path, capsys):
    out = tmp_path / "dataset"
    out.mkdir()
    (out / of_dataset).write_bytes(b"of batch")
    agreed_to = ["--agree"] if command == "live" else []
    assert main([command, str(film), "--out", str(out), *agreed_to]) == 3
    assert "holds a dataset of batch; choose another folder with --out" in capsys.readouterr().err
    assert [path.name for path in out.iterdir()] == [of_dataset]


def test_a_session_is_written_though_nobody_listens_and_never_over_another(film, tmp_path, monkeypatch, capsys):
    out = tmp_path / "out"

    def gone(text):
        if "were read" in text:
            raise BrokenPipeError

    monkeypatch.setattr(live, "say", gone)
    assert main(["live", str(film), "--agree", "--out", str(out)]) == 141
    before = (out / "timeline.parquet").read_bytes()
    monkeypatch.undo()
    assert main(["live", str(film), "--agree", "--out", str(out)]) == 3
    assert "holds a session already" in capsys.readouterr().err
    assert (out / "timeline.parquet").read_bytes() == before


@pytest.mark.parametrize("summary", ["whole", "damaged", "missing"])
def test_video_never_writes_over_a_session(summary, film, tmp_path, monkeypatch, capsys):
    out = tmp_path / "out"
    monkeypatch.setattr("fer_core.live.sources.source_of", lambda text: Given([scene((90, 90, 140))]))
    monkeypatch.setattr(EmotionPipeline, "load_for", lambda request: fake_pipeline([Box(40, 30, 100, 100)]))
    assert main(["live", "0", "--agree", "--out", str(out)]) == 0
    if summary == "damaged":
        (out / "summary.json").write_text("{")
    if summary == "missing":
        (out / "summary.json").unlink()
    before = {path.name: path.read_bytes() for path in out.iterdir()}
    capsys.readouterr()
    assert main(["video", str(film), "--out", str(out)]) == 3
    name = Timeline.read(out / "timeline.parquet").recording.name
    assert f"the results of another recording ({name})" in capsys.readouterr().err
    assert {path.name: path.read_bytes() for path in out.iterdir()} == before
    (out / "timeline.parquet").write_bytes(b"damaged")
    (out / "summary.json").write_text("{")
    assert main(["video", str(film), "--out", str(out)]) == 3
    assert "nobody knows which recording" in capsys.readouterr().err


def test_a_session_keeps_others_out_of_its_folder_until_it_is_written(tmp_path, monkeypatch, capsys):
    out, write, tried = tmp_path / "out", Study.write, []

    def is_kept() -> None:
        with pytest.raises(LockedError), locked(out / ".lock", stays=False):
            pass
        tried.append(True)

    def source(text):
        is_kept()
        return Given([scene((90, 90, 140))])

    def written(*given) -> None:
        is_kept()
        write(*given)

    monkeypatch.setattr(Study, "write", written)
    monkeypatch.setattr("fer_core.live.sources.source_of", source)
    monkeypatch.setattr(EmotionPipeline, "load_for", lambda request: fake_pipeline([Box(40, 30, 100, 100)]))
    out.mkdir()
    with locked(out / ".lock", stays=False):
        assert main(["live", "0", "--agree", "--out", str(out)]) == 3
    assert "Another process is writing" in capsys.readouterr().err and not tried
    assert main(["live", "0", "--agree", "--out", str(out)]) == 0
    assert len(tried) == 2 and not (out / ".lock").exists()


@pytest.mark.skipif(sys.platform == "win32", reason="signals of Unix are needed")
@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGHUP"])
def test_no_signal_ends_a_session_that_is_being_written(name, tmp_path, monkeypatch):
    number, out, write = getattr(signal, name), tmp_path / "out", Study.write

    def interrupted(*given) -> None:
        os.kill(os.getpid(), number)
        write(*given)

    before = signal.getsignal(number)
    monkeypatch.setattr(Study, "write", interrupted)
    monkeypatch.setattr("fer_core.live.sources.source_of", lambda text: Given([scene((90, 90, 140))]))
    monkeypatch.setattr(EmotionPipeline, "load_for", lambda request: fake_pipeline([Box(40, 30, 100, 100)]))
    assert main(["live", "0", "--agree", "--out", str(out)]) == 0
    assert len(Timeline.read(out / "timeline.parquet").frame) == 1 and (out / "summary.json").exists()
    assert signal.getsignal(number) == before


@pytest.mark.parametrize("wrong", ["9000", "host:", "host:70000", ":9000"])
def test_where_osc_goes_is_a_host_and_a_port(wrong, film, capsys):
    with pytest.raises(SystemExit):
        main(["live", str(film), "--agree", "--osc", wrong])
    assert "a host and a port" in capsys.readouterr().err
