"""What listeners of a live session get, by each of its ways out."""

import contextlib
import json
import socket
import threading
import time
import uuid
from dataclasses import replace

import numpy as np
import pytest

from fer_core.emotions import EMOTIONS
from fer_core.errors import RequestError
from fer_core.live import markers as module
from fer_core.live.analyser import LiveFace, LiveReading
from fer_core.live.links import Links
from fer_core.live.markers import MarkersIn
from fer_core.live.outputs.changes import Changes
from fer_core.live.outputs.message import Message, greeting
from fer_core.live.outputs.ways import USUAL, Way, origin_of, ways_of
from fer_core.readings import Box
from fer_core.testing import fake_pipeline

BEGAN_S = time.monotonic()


@pytest.fixture(scope="module")
def message() -> Message:
    """Two faces, two seconds after the beginning."""
    readings = fake_pipeline([Box(20, 30, 100, 100), Box(150, 30, 100, 100)]).analyze_image(
        np.full((240, 320, 3), 90, np.uint8)
    )
    faces = [replace(reading, person=person) for person, reading in enumerate(readings, start=1)]
    live = LiveReading(BEGAN_S + 2, 320, 240, tuple(LiveFace(face, face.probabilities) for face in faces))
    return Message.of(live, 7, BEGAN_S)


def test_a_message_says_when_who_and_what(message):
    told = message.to_json()
    assert (told["time_s"], told["frame"], told["width"], told["height"]) == (2.0, 7, 320, 240)
    first, second = told["faces"]
    assert (first["person"], second["person"], first["box"]) == (1, 2, [20, 30, 100, 100])
    assert first["label"] == "happy" and list(first["probabilities"]) == list(EMOTIONS)
    assert sum(first["probabilities"].values()) == pytest.approx(1, abs=1e-5)


def test_changes_are_told_once_and_people_are_gone_after_a_while(message):
    changes = Changes()

    def at(time_s: float, *faces) -> list[str]:
        return changes.of(replace(message, time_s=time_s, faces=faces))

    one, two = message.faces
    assert at(0.0, one) == ["person 1: happy"] and at(0.1, one) == []
    assert at(0.2, one, two) == ["person 2: happy"]
    assert at(0.3, replace(one, uncertain=True)) == ["person 1: uncertain"]
    assert at(0.9, one) == ["person 1: happy"]
    assert at(1.3, one) == ["person 2: gone"] and at(1.4, one, two) == ["person 2: happy"]


def test_ways_are_read_from_a_setting():
    named = "websocket=9001, osc=[::1]:9100,lsl,markers"
    assert ways_of(named) == (Way("websocket", port=9001), Way("osc", "::1", 9100), Way("lsl"), Way("markers"))
    assert ways_of("websocket,osc,lsl,markers") == USUAL and ways_of("none") == ()


@pytest.mark.parametrize("wrong", ["telnet", "osc=here", "websocket=0", "websocket=70000", "lsl=5", "none,lsl"])
def test_other_ways_are_refused(wrong):
    with pytest.raises(RequestError, match=wrong.split(",")[0]):
        ways_of(wrong)


def test_listeners_of_the_websocket_hear_of_it(message):
    client = pytest.importorskip("websockets.sync.client", reason="the extra `live` is not installed (websockets)")
    from fer_core.live.outputs.websocket import WebSocketOutput

    output = WebSocketOutput(0, greeting("custom_cnn"))
    try:
        output.send(message)  # to nobody
        with client.connect(f"ws://127.0.0.1:{output.port}") as one, client.connect(output.name.split()[1]) as other:
            for listener in (one, other):
                assert "not what a person feels" in json.loads(listener.recv(5))["notice"]
            output.send(message)
            for listener in (one, other):
                told = json.loads(listener.recv(5))
                assert {**told, "age_ms": 0} == {**message.to_json(), "age_ms": 0}
    finally:
        output.close()


def test_a_slow_listener_misses_messages_and_holds_up_nobody(message, monkeypatch):
    client = pytest.importorskip("websockets.sync.client", reason="the extra `live` is not installed (websockets)")
    from fer_core.live.outputs.websocket import WebSocketOutput

    output = WebSocketOutput(0, greeting("custom_cnn"))
    try:
        with client.connect(f"ws://127.0.0.1:{output.port}", max_queue=1, close_timeout=0.2) as listener:
            listener.recv(5)
            began_s = time.monotonic()
            for _ in range(3000):
                output.send(message)
            assert time.monotonic() - began_s < 10
            heard = 0
            with contextlib.suppress(TimeoutError):
                while heard < 3000:
                    listener.recv(1)
                    heard += 1
            assert 0 < heard < 3000
    finally:
        output.close()


def test_a_listener_that_speaks_itself_stays_connected(message):
    client = pytest.importorskip("websockets.sync.client", reason="the extra `live` is not installed (websockets)")
    from fer_core.live.outputs.websocket import WebSocketOutput

    output = WebSocketOutput(0, greeting("custom_cnn"))
    try:
        with client.connect(f"ws://127.0.0.1:{output.port}") as listener:
            listener.recv(5)
            for _ in range(50):  # more than websockets holds for somebody who does not take it
                listener.send("heartbeat")
            assert listener.ping().wait(10), "the server reads no further"
            output.send(message)
            assert json.loads(listener.recv(5))["frame"] == message.frame
    finally:
        output.close()


@pytest.mark.parametrize(("origin", "heard"), [("https://elsewhere.example", False), ("http://localhost:3000", True)])
def test_a_web_page_is_turned_away_unless_it_is_named(origin, heard):
    client = pytest.importorskip("websockets.sync.client", reason="the extra `live` is not installed (websockets)")
    from websockets.exceptions import InvalidStatus

    from fer_core.live.outputs.websocket import WebSocketOutput

    output = WebSocketOutput(0, greeting("custom_cnn"), ["http://localhost:3000"])
    try:
        if heard:
            with client.connect(f"ws://127.0.0.1:{output.port}", origin=origin) as listener:
                assert listener.recv(5)
        else:
            with pytest.raises(InvalidStatus):
                client.connect(f"ws://127.0.0.1:{output.port}", origin=origin)
        with pytest.raises(RequestError, match="for the WebSocket"):
            WebSocketOutput(output.port, {})
    finally:
        output.close()


@pytest.mark.parametrize(
    ("address", "origin"),
    [
        ("http://localhost:3000/", "http://localhost:3000"),
        ("HTTPS://Stage.Example:443/show/stage.html?a=1#b", "https://stage.example"),
        ("http://bücher.example:80", "http://xn--bcher-kva.example"),
        ("http://[::1]:3000/x", "http://[::1]:3000"),
        ("null", "null"),
    ],
)
def test_a_page_is_known_by_the_origin_that_its_browser_names(address, origin):
    assert origin_of(address) == origin


@pytest.mark.parametrize("address", ["localhost:3000", "localhost", "", "http://", "http://x:port", "//x", "*"])
def test_what_is_no_address_of_a_page_is_said(address):
    with pytest.raises(ValueError, match="such as http://localhost:3000"):
        origin_of(address)


def test_osc_is_one_bundle_a_frame(message):
    parse = pytest.importorskip("pythonosc.osc_packet", reason="the extra `live` is not installed (python-osc)")
    from fer_core.live.outputs.osc import FACE, FRAME, OscOutput

    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as listener:
        listener.bind(("127.0.0.1", 0))
        listener.settimeout(5)
        output = OscOutput("127.0.0.1", listener.getsockname()[1])
        output.send(message)
        frame, *faces = [timed.message for timed in parse.OscPacket(listener.recv(65_536)).messages]
    assert (frame.address, frame.params) == (FRAME, [2.0, 7, 2])
    assert [face.address for face in faces] == [FACE, FACE]
    person, label, confidence, uncertain, *rest = faces[1].params
    assert (person, label, uncertain) == (2, "happy", 0) and confidence == pytest.approx(message.faces[1].confidence)
    assert rest[:7] == pytest.approx(list(message.faces[1].probabilities), abs=1e-6)
    assert rest[7:] == pytest.approx([150 / 320, 30 / 240, 100 / 320, 100 / 240])
    output.send(message)  # nobody listens any more
    output.close()


def test_osc_to_a_host_with_addresses_of_both_kinds_goes_to_ipv4_and_the_name_is_looked_up_once(message, monkeypatch):
    pytest.importorskip("pythonosc", reason="the extra `live` is not installed (python-osc)")
    from fer_core.live.outputs.osc import OscOutput

    real, asked = socket.getaddrinfo, []

    def looked_up(host, *args, **kwargs):
        if host != "lights.example":
            return real(host, *args, **kwargs)
        asked.append(host)
        port, udp = args[0], socket.SOCK_DGRAM
        return [
            (socket.AF_INET6, udp, 17, "", ("::1", port, 0, 0)),
            (socket.AF_INET, udp, 17, "", ("127.0.0.1", port)),
        ]

    monkeypatch.setattr(socket, "getaddrinfo", looked_up)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as listener:
        listener.bind(("127.0.0.1", 0))
        listener.settimeout(5)
        port = listener.getsockname()[1]
        output = OscOutput("lights.example", port)
        for _ in range(2):
            output.send(message)
            assert listener.recv(65_536)
    assert output.name == f"OSC lights.example:{port}" and asked == ["lights.example"]


@pytest.mark.parametrize("wrong", ["192.168.1..20", "x" * 80, "nobody.invalid"])
def test_a_host_that_osc_cannot_be_sent_to_is_refused(wrong):
    pytest.importorskip("pythonosc", reason="the extra `live` is not installed (python-osc)")
    from fer_core.live.outputs.osc import OscOutput

    with pytest.raises(RequestError, match="choose another address for OSC"):
        OscOutput(wrong, 9000)


def test_lab_streaming_layer_has_the_time_of_the_frame(message):
    pylsl = pytest.importorskip("pylsl", reason="the extra `live` is not installed (pylsl)", exc_type=Exception)
    from fer_core.live.outputs.lsl import CHANNELS, NAME, LslOutput

    output = LslOutput("custom_cnn")
    try:
        found = list(pylsl.resolve_byprop("uid", output._readings.get_info().uid(), timeout=10))
        if not found:
            pytest.skip("this machine's network does not carry the announcements of Lab Streaming Layer")
        assert found[0].name() == NAME
        inlet = pylsl.StreamInlet(found[0])
        inlet.open_stream(5)
        now_s, lsl_s = at_once(pylsl.local_clock)
        deadline = time.monotonic() + 5
        while not output._readings.have_consumers() and time.monotonic() < deadline:
            time.sleep(0.02)
        output.send(message)
        samples = [inlet.pull_sample(5) for _ in message.faces]
    finally:
        output.close()
    for (values, stamp), face in zip(samples, message.faces, strict=True):
        assert len(values) == len(CHANNELS) and values[0] == face.person and values[-1] == 0
        assert values[1:8] == pytest.approx(list(face.probabilities), abs=1e-6)
        assert stamp - lsl_s == pytest.approx(message.came_s - now_s, abs=0.05)


def at_once(other) -> tuple[float, float]:
    """The same moment by this process's clock and by another, within 5 ms, however busy the machine is."""
    for _ in range(1000):
        before_s, other_s, after_s = time.monotonic(), other(), time.monotonic()
        if after_s - before_s < 0.005:
            return before_s, other_s
    raise AssertionError("the clocks could not be read at once")


class Network:
    """Streams of markers on this machine, as other programs offer them; other tests may run in the same network."""

    def __init__(self, lsl) -> None:
        self.lsl = lsl

    def outlet(self, name: str, kind=None):
        kind = self.lsl.cf_string if kind is None else kind
        return self.lsl.StreamOutlet(self.lsl.StreamInfo(name, "Markers", 1, 0, kind, f"{name} of a test"))


@pytest.fixture
def network() -> Network:
    lsl = pytest.importorskip("pylsl", reason="the extra `live` is not installed (pylsl)", exc_type=Exception)
    probe = Network(lsl)
    outlet = probe.outlet(name := f"probe {uuid.uuid4()}")
    if not lsl.resolve_byprop("name", name, timeout=10):
        pytest.skip("this machine's network does not carry the announcements of Lab Streaming Layer")
    del outlet
    return probe


def until(done, seconds: float = 60.0) -> None:
    deadline = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_markers_come_in_with_the_time_at_which_they_were_set(network):
    heard: dict[str, float] = {}
    own = str(uuid.uuid4())
    ours, texts = network.outlet("FaceValueMarkers"), network.outlet(f"PsychoPy {own}")
    triggers = network.outlet(f"Triggers {own}", network.lsl.cf_int32)
    code = int(own[:6], 16)
    markers = MarkersIn(lambda text, time_s: heard.update({text: time_s}))
    try:
        until(lambda: {f"PsychoPy {own}", f"Triggers {own}"} <= set(markers.streams))
        until(lambda: texts.have_consumers() and triggers.have_consumers())
        now_s, lsl_s = at_once(network.lsl.local_clock)
        ours.push_sample([f"ours {own}"], lsl_s)
        texts.push_sample([f"stimulus {own}"], lsl_s - 1.5)  # told late, as slow networks do
        triggers.push_sample([code], lsl_s)
        texts.push_sample([own * 10], lsl_s)
        until(lambda: {f"stimulus {own}", str(code), (own * 10)[:200]} <= set(heard))
        assert "FaceValueMarkers" not in markers.streams
    finally:
        markers.close()
    assert f"ours {own}" not in heard
    assert heard[f"stimulus {own}"] == pytest.approx(now_s - 1.5, abs=0.05)
    assert heard[str(code)] == pytest.approx(now_s, abs=0.05)


def test_a_stream_that_does_not_answer_holds_up_no_other(network, monkeypatch):
    here, away = f"PsychoPy {uuid.uuid4()}", f"Gone {uuid.uuid4()}"
    heard, asked, answer = threading.Event(), threading.Event(), threading.Event()

    class Inlet(module._Inlet):
        def __init__(self, lsl, info) -> None:
            if info.name() == away:
                asked.set()
                assert answer.wait(60)
            super().__init__(lsl, info)

    monkeypatch.setattr(module, "_Inlet", Inlet)
    texts = network.outlet(here)
    markers = MarkersIn(lambda text, _: heard.set() if text == here else None)
    try:
        until(lambda: here in markers.streams and texts.have_consumers())
        silent = network.outlet(away)
        assert asked.wait(60)
        texts.push_sample([here])
        assert heard.wait(20) and away not in markers.streams
        answer.set()
        until(silent.have_consumers)
    finally:
        answer.set()
        markers.close()


def test_markers_that_have_come_are_fetched_at_once(network, monkeypatch):
    monkeypatch.setattr(module, "LOOK_EVERY_S", 60.0)
    heard: list[str] = []
    name = f"PsychoPy {uuid.uuid4()}"
    outlet = network.outlet(name)
    markers = MarkersIn(lambda text, _: heard.append(text), name)
    try:
        until(lambda: markers.streams and outlet.have_consumers())
        outlet.push_sample(["stimulus"])
        until(lambda: markers.fetch() or heard, 20)
    finally:
        markers.close()
    assert heard == ["stimulus"]


def test_one_stream_of_markers_can_be_named(network):
    heard: list[str] = []
    name = f"Unity {uuid.uuid4()}"
    wanted, other = network.outlet(name), network.outlet("Other")
    markers = MarkersIn(lambda text, _: heard.append(text), name)
    try:
        until(lambda: markers.streams == (name,) and wanted.have_consumers())
        other.push_sample(["no"])
        wanted.push_sample(["yes"])
        until(lambda: heard == ["yes"])
    finally:
        markers.close()
    wanted.push_sample(["after the end"])
    assert heard == ["yes"]


def test_markers_of_ours_stand_beside_the_readings(message, network):
    from fer_core.live.outputs.lsl import LslOutput

    output = LslOutput("custom_cnn")
    uid = output._markers.get_info().uid()
    try:
        [found] = network.lsl.resolve_byprop("uid", uid, timeout=60)
        inlet = network.lsl.StreamInlet(found)
        inlet.open_stream(5)
        until(lambda: output._markers.have_consumers())
        output.send(message)
        told = [inlet.pull_sample(5) for _ in message.faces]
    finally:
        output.close()
    assert [values for values, _ in told] == [["person 1: happy"], ["person 2: happy"]] and told[0][1] == told[1][1]


def test_links_send_until_they_are_closed_and_open_all_or_none(message):
    client = pytest.importorskip("websockets.sync.client", reason="the extra `live` is not installed (websockets)")
    from fer_core.live.outputs.websocket import WebSocketOutput

    faces = tuple(LiveFace(face, face.probabilities) for face in message.faces)
    reading = LiveReading(BEGAN_S + 2, message.width, message.height, faces)
    links = Links([Way("websocket")], "custom_cnn", lambda *_: None, BEGAN_S + 1)
    address = links.out[0].split()[1]
    with client.connect(address) as listener:
        listener.recv(5)
        links.send(reading)
        links.send(reading)
        told = [json.loads(listener.recv(5)) for _ in range(2)]
    links.close()
    links.send(reading)
    assert [(each["frame"], each["time_s"], len(each["faces"])) for each in told] == [(0, 1.0, 2), (1, 1.0, 2)]
    assert links.closed and links.marker_streams is None
    free = int(address.rpartition(":")[2])
    taken = WebSocketOutput(0, {})
    try:
        with pytest.raises(RequestError):
            Links([Way("websocket", port=free), Way("websocket", port=taken.port)], "", lambda *_: None, 0.0)
        WebSocketOutput(free, {}).close()  # was let go
    finally:
        taken.close()
