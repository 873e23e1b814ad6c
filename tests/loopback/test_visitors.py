"""Several visitors of one server, which speak its protocol without a browser."""

import re
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect
from websockets.typing import Origin

from tests.conftest import PORTRAIT
from tests.serving import served
from tests.videos import scene, write_video
from tests.visitor import Visitor

WAITS = """
import os, time
from fer_core.analysis.follow import Follower
follow = Follower.__call__
def waits(self, *given):
    while given[3] >= 10 and not os.path.exists(os.environ["TEST_GOES_ON"]):
        time.sleep(0.02)
    return follow(self, *given)
Follower.__call__ = waits
"""
"""Recordings are read up to their tenth frame until there is a file of that name."""


@pytest.fixture(scope="module")
def goes_on(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("visitors") / "goes on"


@pytest.fixture(scope="module")
def address(goes_on: Path) -> Iterator[str]:
    environment = {"FACE_VALUE_UNFINISHED": "", "TEST_GOES_ON": str(goes_on)}
    with served(goes_on.with_name("log"), prelude=WAITS, **environment) as running:
        yield running
        goes_on.touch()


def test_a_web_page_that_points_a_name_of_its_own_here_is_not_let_in(address):
    port = int(address.rpartition(":")[2])

    def come_as(name: str) -> None:
        line = socket.create_connection(("127.0.0.1", port))
        with connect(f"ws://{name}:{port}/_stcore/stream", sock=line, origin=Origin(f"http://{name}:{port}")):
            pass

    come_as("localhost")
    with pytest.raises(InvalidStatus):
        come_as("evil.example")


def test_a_picture_is_read_while_the_recording_of_another_visitor_is(address, goes_on, tmp_path):
    recording = write_video(tmp_path / "long.mp4", [scene((160, 120, 200))] * 60, rate=10)
    with Visitor(address) as first, Visitor(address) as second:
        first.open("Video").upload("long.mp4", recording.read_bytes(), "Recording").press("Analyse")
        second.open("Image").upload("face.png", PORTRAIT.read_bytes(), "Pictures")
        assert re.search(r"Probabilities: ", second.text)
        assert any("Stop" in button.label for button in first.run().elements("button"))
        goes_on.touch()
