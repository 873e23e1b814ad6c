"""What several layers of tests share."""

import os
from pathlib import Path

import pylibsrtp  # noqa: F401  before TensorFlow, which some tests load: after it, it crashes (see fer_core/networks/load_order.py)
import pytest

ROOT = Path(__file__).resolve().parents[1]
PORTRAIT = Path(__file__).parent / "data" / "astronaut.png"


@pytest.fixture(scope="session")
def fer2013() -> Path:
    """The real data set, where this machine has it: named by FER2013_PATH or in the folder beside the repository."""
    beside = ROOT.parent / "shared" / "data" / "fer2013" / "fer2013.zip"
    path = Path(os.environ.get("FER2013_PATH", beside))
    if not path.exists():
        pytest.skip("FER2013 is not on this machine; set FER2013_PATH to its zip or folder to run this test")
    return path


@pytest.fixture(scope="session")
def real_faces(fer2013: Path):
    """The `FaceSet` of its two test splits, read once; the training faces too would take five times as long."""
    from fer_core.evaluation.datasets import load_faces

    return load_faces(fer2013, training=False)
