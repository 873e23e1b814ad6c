"""What visitors gave is not in the server's memory any longer than its pages say."""

import io
import re
import time
import zipfile
from collections.abc import Callable, Iterator

import pytest

from tests.conftest import PORTRAIT
from tests.serving import served
from tests.videos import scene, write_video
from tests.visitor import Visitor

COUNTED_AT_ONCE = """
from streamlit.web.server.starlette import starlette_routes
assert starlette_routes._METRICS_EXPENSIVE_STATS_TTL_SECONDS
starlette_routes._METRICS_EXPENSIVE_STATS_TTL_SECONDS = 0
"""
"""Streamlit counts the bytes of uploads every five seconds only."""


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("given")
    library = str(folder / "library")
    environment = {"FACE_VALUE_UNFINISHED": "", "FACE_VALUE_LIBRARY": library}
    with served(folder / "log", prelude=COUNTED_AT_ONCE, **environment) as running:
        yield running


@pytest.fixture
def visitor(address: str) -> Iterator[Visitor]:
    with Visitor(address, patience_s=120) as visitor:
        yield visitor


@pytest.fixture
def holds(visitor: Visitor) -> Callable[[int], bool]:
    """Whether the server comes to hold that many bytes of uploads more than at the beginning of the test."""
    before = held(visitor)

    def waited(size: int) -> bool:
        end_s = time.monotonic() + 30
        while held(visitor) - before != size:
            if time.monotonic() > end_s:
                return False
            time.sleep(0.1)
        return True

    return waited


def held(visitor: Visitor) -> int:
    """Bytes of the uploads of all visits."""
    said = (visitor.fetched("/_stcore/metrics") or b"").decode()
    return sum(map(int, re.findall(r'cache_type="UploadedFileManager".*?} (\S+)', said)))


def test_a_picture_is_held_while_its_uploader_shows_it_and_not_after_it_was_cleared(visitor, holds):
    visitor.open("Image").upload("face.png", PORTRAIT.read_bytes(), "Pictures")
    visitor.run()
    assert holds(PORTRAIT.stat().st_size) and "Probabilities: " in visitor.text
    visitor.press("Clear pictures")
    assert holds(0) and "Nothing yet" in visitor.text


def test_a_picture_is_not_held_twice_when_its_page_was_left_and_is_there_again(visitor, holds):
    visitor.open("Image").upload("face.png", PORTRAIT.read_bytes(), "Pictures")
    assert holds(PORTRAIT.stat().st_size)
    visitor.open("Start")
    assert holds(0)
    assert "Probabilities: " in visitor.open("Image").text


def test_a_zip_of_the_models_page_goes_with_its_tab(visitor, holds):
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as out:
        out.writestr("happy/1.png", PORTRAIT.read_bytes())
    visitor.open("Models", "view=On+your+data").upload("mine.zip", archive.getvalue(), "Zip of")
    assert holds(len(archive.getvalue()))
    visitor.open("Models", "view=Claims")
    assert holds(0)


def test_a_recording_is_held_until_it_is_analysed_or_queued(visitor, holds, tmp_path):
    clip = write_video(tmp_path / "clip.mp4", [scene(width=160, height=120)] * 20).read_bytes()
    visitor.open("Video").upload("clip.mp4", clip, "Recording")
    assert holds(len(clip))
    visitor.press("Analyse")
    assert holds(0)
    visitor.open("Study").upload("clip.mp4", clip, "Recordings")
    assert holds(len(clip))
    visitor.press("Read and keep")
    assert holds(0)
