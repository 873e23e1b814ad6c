import pytest

from fer_core.training.architectures import ARCHITECTURES
from tests.training.faces import tiny


@pytest.fixture(autouse=True)
def tiny_architecture(monkeypatch):
    monkeypatch.setitem(ARCHITECTURES, "tiny", tiny)
