"""Each in a process of its own, because libraries load once, and because a wrong order ends the process."""

import subprocess
import sys
from importlib.util import find_spec

import pytest

from tests.conftest import ROOT

_AND_THE_CAMERA = """
import sys
assert "tensorflow" in sys.modules
import streamlit_webrtc
import pylibsrtp
session = pylibsrtp.Session(pylibsrtp.Policy(key=bytes(30), ssrc_type=pylibsrtp.Policy.SSRC_ANY_OUTBOUND))
assert len(session.protect(bytes([128, 8, *[0] * 162]))) > 164
"""


@pytest.mark.slow
@pytest.mark.parametrize(
    ("load", "needed"),
    [
        ('from fer_core.detection import load_detector; load_detector("mtcnn")', "mtcnn"),
        ('from fer_core.classification import EmotionClassifier as E; E.load("custom_cnn", "keras")', "keras"),
    ],
    ids=["mtcnn", "keras engine"],
)
def test_the_camera_works_after_what_brings_tensorflow(load, needed):
    if not (find_spec(needed) and find_spec("tensorflow")):
        pytest.skip(f"the optional package {needed} is not installed")
    done = subprocess.run(
        [sys.executable, "-c", load + _AND_THE_CAMERA], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]
