"""A camera without a browser: an aiortc connection to streamlit-webrtc's worker, both in this process.

The worker's constructor is no stable interface, so it is used in this file alone.
"""

import asyncio
import gc
import threading
import time
from collections import Counter
from fractions import Fraction

import av
import cv2
import numpy as np
import pytest
from aioice.ice import get_host_addresses
from aiortc import RTCConfiguration, RTCPeerConnection, RTCSessionDescription, VideoStreamTrack
from aiortc.contrib.media import MediaRelay
from streamlit_webrtc import WebRtcMode
from streamlit_webrtc.webrtc import WebRtcWorker

from fer_core.emotions import STYLES
from fer_core.live import LiveAnalyser, LiveSettings, LiveStream, Situation, View
from fer_core.pipeline import EmotionPipeline
from fer_core.readings import Box
from fer_core.testing import fake_pipeline
from tests.conftest import PORTRAIT

NO_SERVERS = RTCConfiguration(iceServers=[])
PATIENCE_S = 120
PLAIN = LiveSettings(view=View(mirrored=False))

pytestmark = pytest.mark.skipif(
    not get_host_addresses(use_ipv4=True, use_ipv6=True),
    reason="this machine has only the loopback interface, which WebRTC does not use; add one, for example a veth pair",
)


class Portrait(VideoStreamTrack):
    """A camera that shows one picture, 15 times a second, while it is plugged in."""

    def __init__(self, bgr: np.ndarray) -> None:
        super().__init__()
        self.bgr, self.sent, self.plugged = bgr, 0, True

    async def recv(self) -> av.VideoFrame:
        await asyncio.sleep(1 / 15)
        while not self.plugged:
            await asyncio.sleep(0.05)
        frame = av.VideoFrame.from_ndarray(self.bgr, format="bgr24")
        frame.pts, frame.time_base = self.sent * 6000, Fraction(1, 90_000)
        self.sent += 1
        return frame


@pytest.fixture(scope="module")
def loop():
    """An event loop of its own, as the server has one."""
    running = asyncio.new_event_loop()
    thread = threading.Thread(target=running.run_forever, daemon=True)
    thread.start()
    yield running
    running.call_soon_threadsafe(running.stop)
    thread.join(10)
    running.close()


class Connection:
    """A browser's end and the server's, connected."""

    def __init__(self, loop: asyncio.AbstractEventLoop, stream: LiveStream, bgr: np.ndarray) -> None:
        self.loop, self.received = loop, []
        self.camera = Portrait(bgr)
        self.browser = self.on_loop(self._make())
        offer = self.on_loop(self._offer())
        self.worker = WebRtcWorker(
            mode=WebRtcMode.SENDRECV,
            rtc_configuration=NO_SERVERS,
            **dict.fromkeys(
                (
                    "source_video_track",
                    "source_audio_track",
                    "sink_video_track",
                    "sink_audio_track",
                    "player_factory",
                    "in_recorder_factory",
                    "out_recorder_factory",
                    "audio_frame_callback",
                    "queued_audio_frames_callback",
                    "video_frame_callback",
                    "on_audio_ended",
                    "video_processor_factory",
                    "audio_processor_factory",
                )
            ),
            queued_video_frames_callback=stream.on_frames,
            on_video_ended=stream.rest,
            async_processing=True,
            video_receiver_size=4,
            audio_receiver_size=4,
            sendback_video=True,
            sendback_audio=False,
            loop=loop,
            relay=self.on_loop(self._relay()),
        )
        answer = self.worker.process_offer(offer.sdp, offer.type, timeout=PATIENCE_S)
        self.on_loop(self.browser.setRemoteDescription(RTCSessionDescription(answer.sdp, answer.type)))

    def on_loop(self, coroutine):
        return asyncio.run_coroutine_threadsafe(coroutine, self.loop).result(PATIENCE_S)

    async def _make(self) -> RTCPeerConnection:
        connection = RTCPeerConnection(NO_SERVERS)
        connection.addTrack(self.camera)

        @connection.on("track")
        def take(track):
            self.taking = asyncio.ensure_future(self._take(track))

        return connection

    async def _relay(self) -> MediaRelay:
        return MediaRelay()

    async def _take(self, track) -> None:
        while True:
            frame = await track.recv()
            self.received.append(frame.to_ndarray(format="bgr24"))
            del self.received[:-5]

    async def _offer(self):
        await self.browser.setLocalDescription(await self.browser.createOffer())
        return self.browser.localDescription

    def wait_for(self, condition) -> None:
        deadline = time.monotonic() + PATIENCE_S
        while not condition():
            assert time.monotonic() < deadline, "it did not come about"
            time.sleep(0.02)

    def close(self) -> None:
        async def end():
            await self.browser.close()
            self.camera.stop()
            if hasattr(self, "taking"):
                self.taking.cancel()

        self.worker.stop()
        self.on_loop(end())


@pytest.fixture
def connect(loop):
    """Connects a stream to a camera that shows a picture; everything is closed at the end."""
    connections = []

    def connected(stream: LiveStream, bgr: np.ndarray) -> Connection:
        connections.append(Connection(loop, stream, bgr))
        return connections[-1]

    yield connected
    for connection in connections:
        connection.close()


@pytest.fixture(scope="module")
def portrait() -> np.ndarray:
    picture = np.full((480, 640, 3), 90, np.uint8)
    picture[:, 80:560] = cv2.resize(cv2.imread(str(PORTRAIT)), (480, 480), interpolation=cv2.INTER_AREA)
    return picture


def near(picture: np.ndarray, colour: tuple[int, int, int]) -> int:
    """Pixels of about that colour; the video codec changes it a little."""
    return int((np.abs(picture.astype(int) - colour).max(axis=2) < 40).sum())


def test_a_real_face_is_read_and_comes_back_in_its_box(connect, portrait):
    stream = LiveStream(EmotionPipeline.load(), PLAIN)
    connection = connect(stream, portrait)

    def comes_back_in_its_box() -> bool:
        """Looked for anew each time: the first pictures are coarse, and the box settles."""
        reading, received = stream.state().reading, connection.received[-1:]
        if reading is None or len(reading.faces) != 1 or not received:
            return False
        [face] = reading.faces
        box = face.reading.box
        lower_edge = np.s_[box.y + box.height - 3 : box.y + box.height, box.x + 8 : box.x + box.width - 8]
        drawn = received[0].shape == portrait.shape and near(received[0][lower_edge], STYLES["happy"].bgr) > box.width
        return drawn and face.reading.label == "happy" and face.person == 1

    connection.wait_for(comes_back_in_its_box)
    assert stream.state().problem is None


def test_the_video_goes_on_when_the_reading_fails(connect, portrait, monkeypatch):
    def fail(*_):
        raise RuntimeError("the network is on holiday")

    monkeypatch.setattr(LiveAnalyser, "read", fail)
    stream = LiveStream(fake_pipeline(), PLAIN)
    connection = connect(stream, portrait)
    connection.wait_for(lambda: stream.state().problem)
    before = stream.state().frames
    connection.wait_for(lambda: stream.state().frames > before + 10 and len(connection.received) == 5)
    assert np.abs(connection.received[-1].astype(int) - portrait).mean() < 20


def test_a_phone_that_is_turned_gets_its_picture_upright_and_in_its_shape(connect, portrait):
    stream = LiveStream(EmotionPipeline.load(), PLAIN)
    connection = connect(stream, portrait)
    connection.wait_for(lambda: (reading := stream.state().reading) and reading.faces)
    upright = np.full((640, 480, 3), 90, np.uint8)
    upright[80:560] = portrait[:, 80:560]
    connection.camera.bgr = upright
    connection.wait_for(lambda: connection.received and connection.received[-1].shape == upright.shape)

    def is_read() -> bool:
        reading = stream.state().reading
        return reading is not None and (reading.width, reading.height) == (480, 640) and len(reading.faces) == 1

    connection.wait_for(is_read)
    assert stream.state().problem is None


def test_a_camera_that_is_unplugged_is_told_and_goes_on_when_it_is_back(connect):
    picture = np.random.default_rng(0).integers(60, 200, (120, 160, 3), dtype=np.uint8)
    stream = LiveStream(fake_pipeline([Box(40, 30, 50, 50)]), PLAIN)
    connection = connect(stream, picture)
    connection.wait_for(lambda: stream.state().situation is Situation.RUNNING)
    connection.camera.plugged = False
    connection.wait_for(lambda: stream.state().situation is Situation.STALLED)
    assert stream.state().reading is None
    connection.camera.plugged = True
    connection.wait_for(lambda: stream.state().situation is Situation.RUNNING and stream.state().reading is not None)


def test_connecting_and_stopping_again_and_again_leaves_nothing_behind(connect):
    picture = np.random.default_rng(0).integers(60, 200, (120, 160, 3), dtype=np.uint8)
    stream = LiveStream(fake_pipeline([Box(40, 30, 50, 50)]), PLAIN)

    def once() -> None:
        connection = connect(stream, picture)
        frames = stream.state().frames
        connection.wait_for(lambda: stream.state().frames > frames + 2)
        connection.close()
        connection.wait_for(lambda: stream.snapshot() is None)  # the stream was told of the end
        connection.wait_for(lambda: not any(t.name == "live-analysis" for t in threading.enumerate()))

    once()  # what is made once for all is made here
    gc.collect()
    before = threads()
    for _ in range(10):
        once()
    gc.collect()
    deadline = time.monotonic() + PATIENCE_S
    while more := threads() - before:
        assert time.monotonic() < deadline, f"threads that are left: {more}"
        time.sleep(0.1)


def threads() -> Counter:
    """How many there are, by name; but not those of the event loop's pool, which has a limit of its own."""
    names = (thread.name.split("_")[0] for thread in threading.enumerate())
    return Counter(name for name in names if name != "asyncio")
