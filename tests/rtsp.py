"""A camera in the network, as far as tests need one: H.264 over RTSP and TCP, to one listener, until its frames end."""

import re
import socket
import struct
import threading
import time
from collections.abc import Iterable

import av
import numpy as np
from numpy.typing import NDArray

_SDP = (
    "v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n"
    "m=video 0 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\na=control:v\r\n"
)
_CLOCK = 90_000


class RtspCamera:
    """Listens on a free port of this machine; what it sends is H.264, whatever `codec` it says."""

    def __init__(self, frames: Iterable[NDArray[np.uint8]], rate: int = 25, codec: str = "H264") -> None:
        self._sdp = _SDP.replace("H264", codec)
        self._server = socket.create_server(("127.0.0.1", 0))
        self.address = f"rtsp://user:secret@127.0.0.1:{self._server.getsockname()[1]}/face"
        self._frames, self._rate = frames, rate
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._thread.join(10)
        self._server.close()

    def _serve(self) -> None:
        connection, _ = self._server.accept()
        with connection, connection.makefile("rb") as asked:
            while line := asked.readline().decode():
                method, head = line.split(" ")[0], line
                while (line := asked.readline().decode()).strip():
                    head += line
                number = re.search(r"CSeq: (\d+)", head)[1]
                body = self._sdp if method == "DESCRIBE" else ""
                told = {
                    "OPTIONS": "Public: DESCRIBE, SETUP, PLAY, TEARDOWN\r\n",
                    "DESCRIBE": f"Content-Type: application/sdp\r\nContent-Length: {len(body)}\r\n",
                    "SETUP": "Transport: RTP/AVP/TCP;unicast;interleaved=0-1\r\nSession: 1\r\n",
                }.get(method, "Session: 1\r\n")
                connection.sendall(f"RTSP/1.0 200 OK\r\nCSeq: {number}\r\n{told}\r\n{body}".encode())
                if method == "PLAY":
                    self._play(connection)
                    return

    def _play(self, connection: socket.socket) -> None:
        sequence, encoder = 0, None
        for number, bgr in enumerate(self._frames):
            if encoder is None:
                encoder = av.CodecContext.create("libx264", "w")
                encoder.height, encoder.width = bgr.shape[:2]
                encoder.pix_fmt, encoder.framerate, encoder.options = "yuv420p", self._rate, _AT_ONCE
            frame = av.VideoFrame.from_ndarray(bgr, format="bgr24")
            frame.pts = number
            data = b"".join(bytes(packet) for packet in encoder.encode(frame))
            units = [unit for unit in re.split(rb"\x00\x00\x00?\x01", data) if unit]
            for place, unit in enumerate(units):
                last = 0x80 if place == len(units) - 1 else 0
                header = struct.pack(">BBHII", 0x80, last | 96, sequence & 0xFFFF, number * _CLOCK // self._rate, 7)
                packet = header + unit
                connection.sendall(struct.pack(">cBH", b"$", 0, len(packet)) + packet)
                sequence += 1
            time.sleep(1 / self._rate)


_AT_ONCE = {"preset": "ultrafast", "tune": "zerolatency"}
