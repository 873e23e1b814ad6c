"""What all visitors of the dashboard share."""

import pytest

from fer_core import detection
from fer_core.testing import FakeDetector
from fer_core.ui.shared import loaders


@pytest.fixture
def loaded(monkeypatch):
    """Names of the detectors in the order in which they are loaded."""
    names: list[str] = []
    monkeypatch.setattr(detection, "load_detector", lambda name: names.append(name) or FakeDetector([]))
    loaders.detector.clear()
    yield names
    loaders.detector.clear()


def test_a_detector_stays_the_same_while_others_use_all_the_others(loaded):
    names = list(loaders._DETECTORS)
    first = {name: loaders.detector(name) for name in names}
    assert all(loaders.detector(name) is first[name] for name in names) and loaded == names
