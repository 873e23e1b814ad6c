"""Several visitors of one server, which speak its protocol without a browser."""

import re
import socket
import time
from collections.abc import Iterator

import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect
from websockets.typing import Origin

from tests.conftest import PORTRAIT
from tests.serving import served
from tests.videos import scene, write_video
from tests.visitor import Visitor


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("visitors")
    with served(folder / "log", FACE_VALUE_UNFINISHED="") as running:
        yield running


def test_a_web_page_that_points_a_name_of_its_own_here_is_not_let_in(address):
    port = int(address.rpartition(":")[2])

    def come_as(name: str) -> None:
        line = socket.create_connection(("127.0.0.1", port))
        with connect(f"ws://{name}:{port}/_stcore/stream", sock=line, origin=Origin(f"http://{name}:{port}")):
            pass

    come_as("localhost")
    with pytest.raises(InvalidStatus):
        come_as("evil.example")


def test_a_picture_is_read_while_the_recording_of_another_visitor_is(address, tmp_path):
    frames = [scene((160, 120, 200))] * 700
    recording = write_video(tmp_path / "long.mp4", frames, rate=10)
    with Visitor(address) as first, Visitor(address) as second:
        first.open("Video").upload("long.mp4", recording.read_bytes(), "Recording").press("Analyse")
        began_s = time.monotonic()
        second.open("Image").upload("face.png", PORTRAIT.read_bytes(), "Pictures")
        assert re.search(r"Probabilities: ", second.text)
        picture_s = time.monotonic() - began_s
        assert any("Stop" in button.label for button in first.run().elements("button")), (
            f"the recording was read first, within {picture_s:.1f} s"
        )
