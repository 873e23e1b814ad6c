"""What several layers of tests share."""

import os
from pathlib import Path

import pylibsrtp  # noqa: F401  before TensorFlow, which some tests load: after it, it crashes (see fer_core/networks/load_order.py)
import pytest
from hypothesis import settings

from fer_core.networks import cores

ROOT = Path(__file__).resolve().parents[1]
PORTRAIT = Path(__file__).parent / "data" / "astronaut.png"


settings.register_profile("quick", deadline=None, derandomize=True, max_examples=25)
settings.register_profile("long", deadline=None, max_examples=400)
# Without a deadline, as whatever else runs may hold an example up; the same examples each time, so that a failure is of
# the change. Others are sought by `make test-slow`.
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "quick"))

LONGEST = (
    "apptest/test_video_page.py",
    "unit/test_reports_pdf.py",
    "unit/library/test_library.py",
    "unit/library/test_exchange.py",
    "apptest/test_study_page.py",
    "unit/test_video_analysis.py",
    "apptest/test_models_page.py",
    "unit/batch/test_local.py",
    "unit/test_hostile.py",
    "loopback/test_offline.py",
    "unit/test_architecture.py",
    "unit/library/test_report.py",
    "unit/test_video_command.py",
    "unit/test_reports_bundle.py",
    "unit/service/test_openapi.py",
)
"""Files that take longest, so that no process of the tests is left with one of them while the others have ended."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest files first; the rest as it was."""
    tests = Path(__file__).parent
    place = {tests / name: number for number, name in enumerate(LONGEST)}
    items.sort(key=lambda item: place.get(item.path, len(place)))


@pytest.fixture(autouse=True)
def all_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    """A worker of a batch that runs in the process of the tests limits their threads: of that test alone."""
    monkeypatch.setattr(cores, "_share", None)


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
