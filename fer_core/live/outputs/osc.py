"""Readings by Open Sound Control over UDP, as Max, TouchDesigner, Unity and lighting desks take them."""

import socket
from typing import Final

from pythonosc.osc_bundle_builder import OscBundleBuilder
from pythonosc.osc_message_builder import OscMessageBuilder
from pythonosc.udp_client import UDPClient

from fer_core.errors import RequestError
from fer_core.live.outputs.message import Message
from fer_core.readings import FaceReading

FRAME: Final = "/facevalue/frame"
"""time_s (float), number of the frame (int), number of faces (int)"""

FACE: Final = "/facevalue/face"
"""person (int), label (text), confidence (float), uncertain (0 or 1), seven probabilities (float), box: x, y, width,
height in shares of the frame (float)"""

_AT_ONCE: Final = 0
_DOUBLE: Final = "d"


class OscOutput:
    """Sends one bundle a frame.

    Args:
        host: name or address; a name is looked up once, because the client would do it again for each frame.
        port: of UDP.

    Raises:
        RequestError: there is no such host.
    """

    def __init__(self, host: str, port: int) -> None:
        try:
            self._client = UDPClient(_numeric(host, port), port)
        except (OSError, OverflowError, UnicodeError) as error:  # the last of a name that cannot be one
            raise RequestError(f"{host}:{port} cannot be sent to ({error}); choose another address for OSC.") from error
        self.name = f"OSC {host}:{port}"

    def send(self, message: Message) -> None:
        """See `fer_core.live.outputs.Output`; what is lost is lost, as UDP has it."""
        bundle = OscBundleBuilder(_AT_ONCE)
        frame = OscMessageBuilder(FRAME)
        frame.add_arg(message.time_s, _DOUBLE)
        frame.add_arg(message.frame)
        frame.add_arg(len(message.faces))
        bundle.add_content(frame.build())
        for face in message.faces:
            bundle.add_content(_message(face, message).build())
        try:
            self._client.send(bundle.build())
        except OSError:  # nobody listens there now
            return

    def close(self) -> None:
        """See `fer_core.live.outputs.Output`."""


def _numeric(host: str, port: int) -> str:
    """The address of a host in numbers: of IPv4 where it has one, which is where programs listen for OSC.

    Raises:
        OSError: there is no such host.
        UnicodeError: nor can there be.
    """
    found = socket.getaddrinfo(host, port, type=socket.SOCK_DGRAM)
    place = next((each for each in found if each[0] == socket.AF_INET), found[0])[4]
    return socket.getnameinfo(place, socket.NI_NUMERICHOST | socket.NI_NUMERICSERV)[0]


def _message(face: FaceReading, message: Message) -> OscMessageBuilder:
    built = OscMessageBuilder(FACE)
    x, y, width, height = face.box
    built.add_arg(face.person or 0)
    built.add_arg(face.label)
    built.add_arg(float(face.confidence))
    built.add_arg(int(face.uncertain))
    for value in face.by_emotion.values():
        built.add_arg(float(value))
    for value in (x / message.width, y / message.height, width / message.width, height / message.height):
        built.add_arg(float(value))
    return built
