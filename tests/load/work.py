"""What visitors do under load: pictures and recordings, each read by a visit, with the numbers that it was shown."""

import re
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import cv2

from tests.conftest import PORTRAIT
from tests.videos import scene, write_video
from tests.visitor import Visitor

PROBABILITIES = re.compile(r'"(Probabilities: [^"]+)"')
_CHARTS = re.compile(r'"bdata\\?": ?\\?"([^"\\]+)')
_LOOK_S = 0.5
_RECORDING_S = 20


@dataclass(frozen=True)
class Shown:
    """What a visit was shown of its file.

    Attributes:
        numbers: probabilities, or the numbers of the charts.
        page: that read it.
        text: everything that came.
        seconds: from giving the file to the numbers.
    """

    numbers: tuple[str, ...]
    page: str
    text: str
    seconds: float


@dataclass(frozen=True)
class Errand:
    """One file and the page that reads it.

    Attributes:
        name: of the file, unlike all others and without anything that Markdown would change.
        data: its bytes.
        page: "Image" or "Video".
    """

    name: str
    data: bytes
    page: str

    def run(self, visit: Visitor) -> Shown:
        """Let a visit, whose page is open, do it.

        Raises:
            AssertionError: no number was shown.
        """
        began_s = time.monotonic()
        if self.page == "Image":
            visit.upload(self.name, self.data, "Pictures")
            found = PROBABILITIES.findall(visit.text)
        else:
            visit.upload(self.name, self.data, "Recording").press("Analyse")
            while any("Stop" in button.label for button in visit.elements("button")):
                time.sleep(_LOOK_S)
                visit.run()
            found = _CHARTS.findall(visit.text)
        if not found:
            raise AssertionError(f"{self.name} was shown no number:\n{visit.text[-2000:]}")
        return Shown(tuple(sorted(set(found))), self.page, visit.text, time.monotonic() - began_s)

    def alone(self, address: str, patience_s: float) -> Shown:
        """Do it in a visit of its own."""
        with Visitor(address, patience_s) as visit:
            return self.run(visit.open(self.page))


def picture(number: int) -> Errand:
    """The portrait at a size of its own, so that its numbers are its own."""
    side = 300 + 17 * number
    data: bytes = cv2.imencode(".png", cv2.resize(cv2.imread(str(PORTRAIT)), (side, side)))[1].tobytes()
    return Errand(f"visitor{number:03d}picture.png", data, "Image")


def recording(number: int) -> Errand:
    """Twenty seconds in which the portrait comes nearer, by a way of its own."""
    frames = (scene((160, 120, 120 + 8 * number + second)) for second in range(_RECORDING_S) for _ in range(10))
    with tempfile.TemporaryDirectory() as folder:
        data = write_video(Path(folder, "made.mp4"), frames, rate=10).read_bytes()
    return Errand(f"visitor{number:03d}recording.mp4", data, "Video")
