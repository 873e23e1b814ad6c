import json
import subprocess
import sys

import pytest

from fer_core.media.messages import Alive, End, Picture, Start, Unusable, from_line, to_line
from fer_core.resources import PACKAGE

MESSAGES = [
    Start(1920, 1080, 29.97, None, True, ("mov", "h264", "yuv420p")),
    Picture(0.25, 7, 1920, 1080, 540, 960, 1_555_200),
    Alive(0.5),
    Unusable("refused codec", "tiff"),
    End(9.5, 240, 1, 2, False, ((0.0, 1920, 1080), (3.0, 640, 480)), ("interlaced",)),
]


@pytest.mark.parametrize("message", MESSAGES, ids=lambda message: type(message).__name__)
def test_a_message_is_a_line_that_is_read_back(message):
    line = to_line(message)
    assert line.endswith(b"\n") and line.count(b"\n") == 1
    assert from_line(line) == message


def test_a_message_is_a_flat_object_with_its_kind():
    assert [json.loads(to_line(message))["kind"] for message in MESSAGES] == [
        "start",
        "sample",
        "alive",
        "unusable",
        "end",
    ]
    assert json.loads(to_line(MESSAGES[1])) == {
        **{"kind": "sample", "time_s": 0.25, "frame": 7, "width": 1920, "height": 1080},
        **{"rows": 540, "columns": 960, "bytes": 1_555_200, "notes": [], "spoilt": 0, "repaired": 0},
    }


@pytest.mark.parametrize(
    "line",
    [
        b"5\n",
        b"FFmpeg says hello\n",
        b'{"share": 0.5}\n',  # no kind
        b'{"kind": "later", "share": 0.5}\n',
        b'{"kind": "alive"}\n',  # no share
        b'{"kind": "alive", "share": "half"}\n',
    ],
)
def test_a_line_that_is_no_message_is_refused(line):
    with pytest.raises(ValueError):  # noqa: PT011 - json's and pydantic's own
        from_line(line)


def test_what_the_decoding_process_says_takes_the_standard_library_alone():
    code = (
        "import sys, types\n"
        "sys.modules['fer_core'] = bare = types.ModuleType('fer_core')\n"
        f"bare.__path__ = [{str(PACKAGE)!r}]\n"
        "from fer_core.media.messages import Alive, to_line; to_line(Alive(0.5)); print('pydantic' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False"]
