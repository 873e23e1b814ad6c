from pathlib import Path

import pytest


def pytest_collection_modifyitems(items):
    """Every test of this folder needs Keras, which takes seconds to load."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.slow)


@pytest.fixture(autouse=True)
def tiny_architecture(monkeypatch):
    # Imported here: pytest reads this file whatever tests are chosen.
    from fer_core.training.architectures import ARCHITECTURES
    from tests.training.faces import tiny

    monkeypatch.setitem(ARCHITECTURES, "tiny", tiny)
