from pathlib import Path

import pytest

from fer_core.training.architectures import ARCHITECTURES
from tests.training.faces import tiny


def pytest_collection_modifyitems(items):
    """Every test of this folder needs Keras, which takes seconds to load."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.slow)


@pytest.fixture(autouse=True)
def tiny_architecture(monkeypatch):
    monkeypatch.setitem(ARCHITECTURES, "tiny", tiny)
