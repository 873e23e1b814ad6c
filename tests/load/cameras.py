"""Cameras without a browser: aiortc connections that are made over the Live page, as its component makes them."""

import asyncio
import json
import threading
import time
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from fractions import Fraction
from typing import Any, TypeVar

import av
import cv2
import numpy as np
from aiortc import RTCConfiguration, RTCPeerConnection, RTCSessionDescription, VideoStreamTrack
from numpy.typing import NDArray
from streamlit.proto.WidgetStates_pb2 import WidgetState

from tests.conftest import PORTRAIT
from tests.visitor import Visitor

Result = TypeVar("Result")

RATE = 10
"""Pictures a second."""

SIZE = (320, 240)

_COMPONENT = "webrtc_streamer"


class _Portrait(VideoStreamTrack):
    """A face in front of a wall."""

    def __init__(self) -> None:
        super().__init__()
        self.sent = 0
        self.picture: NDArray[np.uint8] = np.full((SIZE[1], SIZE[0], 3), 90, np.uint8)
        self.picture[:, 40:280] = cv2.resize(cv2.imread(str(PORTRAIT)), (240, 240), interpolation=cv2.INTER_AREA)

    async def recv(self) -> av.VideoFrame:
        await asyncio.sleep(1 / RATE)
        frame = av.VideoFrame.from_ndarray(self.picture, format="bgr24")
        frame.pts, frame.time_base = self.sent * (90_000 // RATE), Fraction(1, 90_000)
        self.sent += 1
        return frame


class Cameras:
    """The loop on which all cameras of this process run."""

    def __init__(self, patience_s: float) -> None:
        self.patience_s = patience_s
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()

    def close(self) -> None:
        """End it."""
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    def wait(self, work: Coroutine[Any, Any, Result]) -> Result:
        """What comes of it."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(self.patience_s)

    @contextmanager
    def started(self, visit: Visitor) -> Iterator["Camera"]:
        """Press Start on a Live page that was agreed to; Stop at the end."""
        camera = Camera(visit)
        try:
            self.wait(camera.connect(*self.wait(camera.offer(visit))))
            yield camera
        finally:
            say(visit, playing=False)
            self.wait(camera.close())


class Camera:
    """One connection.

    Attributes:
        received: pictures that came back from the server.
        connected_s: seconds from Start to the first of them; None until then.
    """

    def __init__(self, visit: Visitor) -> None:
        self.received = 0
        self.connected_s: float | None = None
        self._began_s = time.monotonic()
        self._visit = visit
        self._track: _Portrait | None = None
        self._connection: RTCPeerConnection | None = None
        self._taking: asyncio.Task[None] | None = None
        self._first = asyncio.Event()

    async def offer(self, visit: Visitor) -> tuple[str, str]:
        """Offer a connection over the page; the server's answer."""
        self._track, self._connection = _Portrait(), RTCPeerConnection(RTCConfiguration(iceServers=[]))
        self._connection.addTrack(self._track)

        @self._connection.on("track")
        def take(track: Any) -> None:
            self._taking = asyncio.ensure_future(self._take(track))

        await self._connection.setLocalDescription(await self._connection.createOffer())
        made = self._connection.localDescription
        offer = {"sdp": made.sdp, "type": made.type}
        answer = await asyncio.to_thread(say, visit, playing=False, offer=offer)
        if answer is None:
            raise AssertionError(f"the server gave no answer:\n{visit.text[-2000:]}")
        return answer["sdp"], answer["type"]

    async def connect(self, sdp: str, kind: str) -> None:
        """Take the answer, and wait for the first picture."""
        assert self._connection is not None
        await self._connection.setRemoteDescription(RTCSessionDescription(sdp, kind))
        await self._first.wait()
        await asyncio.to_thread(say, self._visit, playing=True)

    async def close(self) -> None:
        """Let go of everything."""
        if self._connection is not None:
            await self._connection.close()
        if self._track is not None:
            self._track.stop()
        if self._taking is not None:
            self._taking.cancel()

    async def _take(self, track: Any) -> None:
        while True:
            await track.recv()
            self.received += 1
            if self.connected_s is None:
                self.connected_s = time.monotonic() - self._began_s
                self._first.set()


def agree(visit: Visitor) -> Visitor:
    """Open the Live page and tick the box."""
    visit.open("Live")
    box = next(each for each in visit.elements("checkbox") if "I have read this" in each.label)
    visit.widgets[box.id] = WidgetState(id=box.id, bool_value=True)
    visit.run()
    return visit


def say(visit: Visitor, *, playing: bool, offer: dict[str, str] | None = None) -> dict[str, str] | None:
    """Tell the page what the component would; the answer to an offer."""
    widget = _component(visit)
    value = {"playing": playing} | ({"sdpOffer": offer} if offer else {})
    visit.widgets[widget.id] = WidgetState(id=widget.id, json_value=json.dumps(value))
    visit.run()
    answer = json.loads(_component(visit).json_args).get("sdp_answer_json") if offer else None
    return json.loads(answer) if answer else None


def _component(visit: Visitor) -> Any:
    found = [each for each in visit.elements("component_instance") if _COMPONENT in each.component_name]
    if not found:
        raise AssertionError(f"the page shows no camera:\n{visit.text[-2000:]}")
    return found[-1]
