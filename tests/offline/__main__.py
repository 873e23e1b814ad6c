"""`python -m tests.offline FOLDER`, in a network namespace of its own: reads a picture and a recording, serves visits.

FOLDER gets `attempts.txt`, one line an attempt to leave, and `server.log`.
"""

import json
import os
import socket
import struct
import subprocess
import sys
from pathlib import Path

from tests.conftest import PORTRAIT, ROOT
from tests.serving import served
from tests.videos import scene, write_video
from tests.visitor import Visitor

PAGES = ("", "Image", "Live", "Video", "Study", "Models")
NAME = "Erika Mustermann 1987"
"""Of the visitor's files; it must stand in no log."""


def main(folder: Path) -> None:
    """Run everything."""
    _loopback_up()
    recording = write_video(folder / f"{NAME}.mp4", [scene((100, 100, 160), width=200, height=200)] * 12, rate=6)
    os.environ |= {"ATTEMPTS": str(folder / "attempts.txt"), "PYTHONPATH": str(Path(__file__).parent / "watching")}
    _called("image", str(PORTRAIT), "--json", str(folder / "faces.json"))
    assert json.loads((folder / "faces.json").read_text())[0]["faces"]
    _called("video", str(recording), "--out", str(folder / "out"), "--fps", "2", "--bundle")
    with served(folder / "server.log", FACE_VALUE_LIBRARY=str(folder / "library")) as address:
        _visits(address, recording)
    _leave("a control: this must be seen")


def _visits(address: str, recording: Path) -> None:
    with Visitor(address, patience_s=240) as visitor:
        for page in PAGES:
            visitor.open(page)
        visitor.open("Image").upload(f"{NAME}.png", PORTRAIT.read_bytes(), "Pictures")
        assert "happy" in visitor.text
        visitor.open("Image").upload(f"{NAME}.jpg", b"\xff\xd8\xff broken", "Pictures")
        visitor.open("Video").upload(f"{NAME}.mp4", recording.read_bytes())
        visitor.press("Analyse")
    with Visitor(address, patience_s=240) as another:
        another.open("Video").upload(f"{NAME}.mp4", recording.read_bytes()[:2000]).press("Analyse")


def _called(*arguments: str) -> None:
    subprocess.run([sys.executable, "-m", "fer_core", *arguments], cwd=ROOT, check=True, capture_output=True)


def _leave(why: str) -> None:
    code = f"import socket\ntry: socket.create_connection(('192.0.2.1', 9), 1)\nexcept OSError: pass\n# {why}"
    subprocess.run([sys.executable, "-c", code], check=True)


def _loopback_up() -> None:
    """A new namespace has a loopback that is down."""
    import fcntl  # Linux alone has such a namespace

    up, set_flags = 0x1, 0x8914
    with socket.socket() as any_socket:
        fcntl.ioctl(any_socket, set_flags, struct.pack("16sH14s", b"lo", up, b""))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
