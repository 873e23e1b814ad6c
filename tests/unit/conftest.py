"""What tests of single parts share."""

import pytest

from fer_core.media import decoding, video
from tests.decoding import DecodesHere


@pytest.fixture
def decoded_here(monkeypatch):
    """Recordings are decoded by the test's own process, except where that the process is another is what is tested."""
    monkeypatch.setattr(video, "started", DecodesHere)
    monkeypatch.setattr(decoding, "renew_processor_time", lambda: None)  # the limit would be this process's
