"""The one adapter around streamlit-webrtc, and what the browser and the panel are told."""

import asyncio
import inspect
import json
import re
from fractions import Fraction
from importlib.metadata import version
from types import SimpleNamespace

import av
import numpy as np
import pytest
import streamlit as st
from streamlit.runtime.scriptrunner import RerunData, RerunException
from streamlit_webrtc import WebRtcStreamerContext
from streamlit_webrtc import component as webrtc
from streamlit_webrtc.component import WebRtcStreamerState
from streamlit_webrtc.process import AsyncMediaProcessTrack, AsyncVideoProcessTrack
from streamlit_webrtc.webrtc import SignallingTimeoutError

from fer_core.emotions import EMOTIONS
from fer_core.errors import FerError
from fer_core.live import LiveFace, LiveReading, LiveState, LiveStream, Situation
from fer_core.live.history import Moment
from fer_core.live.ice import LASTS_S, TurnCredentials, ice_servers
from fer_core.plain import as_plain
from fer_core.readings import Box, FaceReading, Quality
from fer_core.settings import ICE_SERVERS, TURN_SECRET
from fer_core.testing import fake_pipeline
from fer_core.ui.live import webcam
from fer_core.ui.live.panel import MOST_LANES, panel_data
from fer_core.ui.live.webcam import keep_worker
from fer_core.ui.shared import ice
from fer_core.ui.shared.browser_check import Browser
from tests.conftest import ROOT

HAPPY = np.float32([0.01, 0.01, 0.01, 0.9, 0.01, 0.03, 0.03])


@pytest.mark.parametrize(
    ("setting", "servers"),
    [
        ("", []),  # nothing leaves the machine
        ("none", []),
        ("Automatic", None),
        ("stun:stun.example.org:3478", [{"urls": "stun:stun.example.org:3478"}]),
        ("stun:a.example,turns:b.example:443", [{"urls": "stun:a.example"}, {"urls": "turns:b.example:443"}]),
        ("stun:a.example , turn:b.example:3478", [{"urls": "stun:a.example"}, {"urls": "turn:b.example:3478"}]),
        ('[{"urls": [" stun:a.example "]}, {"urls": " turn:b"}]', [{"urls": ["stun:a.example"]}, {"urls": "turn:b"}]),
        (
            '[{"urls": ["turn:a.example"], "username": "me", "credential": "secret"}]',
            [{"urls": ["turn:a.example"], "username": "me", "credential": "secret"}],
        ),
    ],
)
def test_ice_servers_come_from_one_setting(setting, servers):
    assert ice_servers(setting) == servers


@pytest.mark.parametrize(
    "setting",
    [
        "https://example.org",  # no ICE address
        "stun.example.org",  # no scheme
        "[not json",
        '[{"url": "stun:a.example"}]',  # another key
        '[{"urls": 7}]',
        '{"urls": "stun:a.example"}',  # no list
    ],
)
def test_a_setting_that_is_not_understood_is_refused_with_the_way_out(setting):
    with pytest.raises(FerError, match="leave it empty"):
        ice_servers(setting)


def test_turn_servers_without_a_password_get_one_that_ends():
    # echo -n '1000:visit' | openssl dgst -sha1 -hmac north -binary | base64
    mine = TurnCredentials.made("north", "visit", 400.0, 600.0)
    assert (mine.username, mine.credential) == ("1000:visit", "IUzT7zFSFYkJsP8J38xKvyz1UIo=")
    assert mine.credential not in repr(mine)
    own = {"urls": "turn:c", "username": "me", "credential": "mine"}
    given = {"username": mine.username, "credential": mine.credential}
    servers = [{"urls": "stun:a"}, {"urls": ["stun:b", "turns:b"]}, own]
    assert mine.added(servers) == [{"urls": "stun:a"}, {"urls": ["stun:b", "turns:b"], **given}, own]


def test_a_visit_keeps_its_password_until_half_of_its_time_is_over(monkeypatch):
    monkeypatch.setenv(ICE_SERVERS, "turn:a")
    monkeypatch.setenv(TURN_SECRET, "north")
    monkeypatch.setattr(st, "session_state", {})
    now_s = [1e9]
    monkeypatch.setattr(ice.time, "time", lambda: now_s[0])
    [first] = ice.servers_for_visit()
    now_s[0] += LASTS_S / 2 - 1
    assert ice.servers_for_visit() == [first]
    now_s[0] += 2
    [second] = ice.servers_for_visit()
    assert second["username"] > first["username"] and second["credential"] != first["credential"]
    monkeypatch.setattr(st, "session_state", {})
    assert ice.servers_for_visit() != [second], "another visit has its own"


def test_the_version_is_pinned_to_the_one_that_was_tried():
    [pin] = re.findall(r"^streamlit-webrtc==(\S+)", (ROOT / "requirements.txt").read_text(), re.MULTILINE)
    assert pin == version("streamlit-webrtc")
    assert f"streamlit-webrtc {pin}" in inspect.getdoc(keep_worker)


def run_counted(monkeypatch, counts):
    """Contexts as streamlit-webrtc makes them when so many script runs have finished."""
    monkeypatch.setattr(st, "session_state", {})
    monkeypatch.setattr(webrtc, "get_this_session_info", lambda: object())
    monkeypatch.setattr(webrtc, "get_script_run_count", lambda _: next(counts))


class Worker:
    """Stands for a connection that was just made."""

    stopped = False

    def stop(self):
        self.stopped = True


@pytest.mark.parametrize("kept", [True, False], ids=["with the guard", "without it"])
def test_the_guard_keeps_a_worker_over_runs_that_did_not_show_the_camera(monkeypatch, kept):
    """Without the guard the worker is stopped: when that no longer happens, the guard can go."""
    run_counted(monkeypatch, iter([1, 4]))
    worker = Worker()
    context = webrtc._get_or_create_context("camera")
    context._set_worker(worker)
    if kept:
        keep_worker(context)
    assert webrtc._get_or_create_context("camera") is context
    assert worker.stopped is not kept


def test_the_guard_passes_over_a_context_that_has_no_run_count():
    keep_worker(SimpleNamespace())


def test_what_is_left_of_an_earlier_visit_is_dropped(monkeypatch):
    worker = Worker()
    context = WebRtcStreamerContext(worker, WebRtcStreamerState(playing=True, signalling=False))
    frontend = webrtc.generate_frontend_component_key("camera")
    monkeypatch.setattr(st, "session_state", {"camera": context, frontend: {"playing": True}})
    webcam.forget_last_visit("camera")
    assert not worker.stopped and "camera" in st.session_state  # the component was shown in the run before
    del st.session_state[frontend]
    webcam.forget_last_visit("camera")
    assert worker.stopped and "camera" not in st.session_state


def test_a_connection_that_fails_is_said_with_the_way_out(monkeypatch, caplog):
    def fail(**_):
        raise SignallingTimeoutError("10 seconds")

    monkeypatch.setattr(st, "session_state", {})
    monkeypatch.setattr(webcam, "webrtc_streamer", fail)
    with pytest.raises(FerError, match="then press Start"):
        webcam.webcam(LiveStream(fake_pipeline()), "camera")
    assert "could not be connected" in caplog.text


def test_the_stream_gets_every_frame_and_is_told_of_the_end(monkeypatch):
    given = {}

    def streamer(**arguments):
        given.update(arguments)
        return SimpleNamespace(state=WebRtcStreamerState(playing=False, signalling=True))

    monkeypatch.setattr(st, "session_state", {})
    monkeypatch.setattr(webcam, "webrtc_streamer", streamer)
    stream = LiveStream(fake_pipeline())
    assert webcam.webcam(stream, "camera") == webcam.Camera(playing=False, connecting=True)
    assert given["queued_video_frames_callback"] == stream.on_frames and given["on_video_ended"] == stream.rest
    assert given["async_processing"] and given.get("video_frame_callback") is None


def test_the_end_of_a_run_passes_through(monkeypatch):
    def rerun(**_):
        raise RerunException(RerunData())

    monkeypatch.setattr(st, "session_state", {})
    monkeypatch.setattr(webcam, "webrtc_streamer", rerun)
    with pytest.raises(RerunException):
        webcam.webcam(LiveStream(fake_pipeline()), "camera")


# --- browser and panel -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("browser", "words"),
    [
        (Browser(False, 0, "unknown"), "plain HTTP"),
        (Browser(True, 0, "granted"), "no camera"),
        (Browser(True, 1, "denied"), "denies"),
        (Browser(True, 1, "prompt"), None),
        (Browser(True, 2, "granted"), None),
    ],
)
def test_obstacles(browser, words):
    assert browser.obstacle is None if words is None else words in browser.obstacle


def face(person: int, side: int = 60, uncertain: bool = False, problems=()) -> LiveFace:
    quality = Quality(side, 500.0, 120.0, problems)
    box = Box(10, 20, side, side)
    reading = FaceReading(box, 0.99, HAPPY, uncertain, np.zeros((6, 6), np.float32), quality, person)
    return LiveFace(reading, HAPPY)


def state(*faces: LiveFace, minute=(), **changes) -> LiveState:
    values = {
        "situation": Situation.RUNNING,
        "reading": LiveReading(60.0, 640, 480, faces),
        "last_minute": tuple(minute),
        "now_s": 60.0,
        "quiet_s": 0.0,
        "camera_fps": 29.6,
        "analysed_fps": 27.4,
        "age_ms": 43.0,
        "last_age_s": 0.04,
        "frames": 900,
        "dropped": 12,
        "problem": None,
        "calibrating": None,
        "baselines": frozenset(),
        "notes": (),
        "recording_s": None,
        "recording_over": False,
        "recorded": 0,
        "markers": 0,
    }
    return LiveState(**{**values, **changes})


def told(shown: LiveState, playing: bool = True):
    data = as_plain(panel_data(shown, playing=playing, threshold=0.5, message=None))
    json.dumps(data)  # what cannot be sent would only fail in the page
    return data


def test_the_panel_is_told_of_every_face_in_the_order_of_the_classes():
    data = told(state(face(1), face(2, 90, uncertain=True, problems=("dark",)), baselines=frozenset({1})))
    assert [style["name"] for style in data["emotions"]] == list(EMOTIONS)
    one, two = data["faces"]
    assert (one["person"], one["label"], one["uncertain"]) == (1, EMOTIONS.index("happy"), False)
    assert one["p"] == pytest.approx(HAPPY, abs=1e-3) and one["details"] == ["against the resting face"]
    assert two["uncertain"] and two["size"] == 8100 and two["details"] == ["picture dark"]


def test_lanes_are_those_of_the_people_who_were_there_lately():
    minute = [Moment(t, {1: HAPPY} if t < 20 else {2: HAPPY, 3: HAPPY}, frozenset({3})) for t in np.arange(0, 60, 0.25)]
    lanes = told(state(face(2), minute=minute))["minute"]["people"]
    assert [lane["person"] for lane in lanes] == [2, 3]
    assert lanes[0]["points"][-1][:2] == [0.25, 0] and lanes[1]["points"][0][:2] == [40.0, 1]
    assert len(lanes[0]["points"][0]) == 2 + len(EMOTIONS)


def test_after_everybody_left_the_lanes_stay_for_their_minute():
    minute = [Moment(t, {7: HAPPY}) for t in np.arange(0, 5, 0.25)]
    assert [lane["person"] for lane in told(state(minute=minute))["minute"]["people"]] == [7]


def test_a_crowd_gets_no_more_lanes_than_there_is_room_for():
    minute = [Moment(59.0, dict.fromkeys(range(1, 9), HAPPY))]
    assert len(told(state(minute=minute))["minute"]["people"]) == MOST_LANES


@pytest.mark.parametrize(
    ("shown", "playing", "title"),
    [
        (state(), False, "Camera is off"),
        (state(situation=Situation.WAITING, reading=None), True, "Connecting …"),
        (state(situation=Situation.STALLED, reading=None), True, "No picture"),
        (state(reading=None), True, "Reading …"),
        (state(), True, "No face"),
    ],
)
def test_where_there_is_no_face_the_panel_says_why(shown, playing, title):
    data = told(shown, playing)
    assert data["faces"] == [] and data["idle"]["title"] == title


def test_the_small_line_and_the_recording_time():
    data = told(state(face(1), recording_s=72.4, recorded=812, calibrating=0.4))
    assert data["stats"] == "30 frames/s, 27 read · 43 ms old · 12 dropped"
    assert data["recording"] == "● 1:12 · 812 frames" and data["progress"]["share"] == 0.4
    assert told(state(), playing=False)["stats"] == ""


def test_no_picture_goes_back_before_it_was_drawn(monkeypatch):
    of_library = inspect.getsource(AsyncMediaProcessTrack.recv)
    assert "new_frame = self._last_out_frame" in of_library and of_library.rstrip().endswith("return frame")
    raw = av.VideoFrame.from_ndarray(np.full((48, 64, 3), 200, np.uint8), format="bgr24")
    raw.pts, raw.time_base = 7, Fraction(1, 30)

    async def undrawn(self):
        return raw

    monkeypatch.setattr(AsyncVideoProcessTrack, "recv", undrawn)
    webcam.send_only_what_was_drawn()
    webcam.send_only_what_was_drawn()  # at every run of the page
    first = asyncio.run(AsyncVideoProcessTrack.recv(SimpleNamespace(_last_out_frame=None)))
    assert first.to_ndarray(format="bgr24").max() == 0 and (first.pts, first.time_base) == (7, Fraction(1, 30))
    assert asyncio.run(AsyncVideoProcessTrack.recv(SimpleNamespace(_last_out_frame=raw))) is raw
