"""What tests of single parts share."""

import pytest

from fer_core.media import decoding, video
from fer_core.reports import pdf
from tests.decoding import DecodesHere


@pytest.fixture
def decoded_here(monkeypatch):
    """Recordings are decoded by the test's own process, except where that the process is another is what is tested."""
    monkeypatch.setattr(video, "started", DecodesHere)
    monkeypatch.setattr(decoding, "renew_processor_time", lambda: None)  # the limit would be this process's


@pytest.fixture
def a_word_for_the_report(monkeypatch):
    """A report takes seconds to write; for tests that make evidence bundles and never look into theirs."""
    monkeypatch.setattr(pdf, "pdf_report", lambda timeline, *_: repr(timeline.recording).encode())
