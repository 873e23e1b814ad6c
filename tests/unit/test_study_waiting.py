"""What the queue of the Study page reads with."""

from types import SimpleNamespace

import pytest

from fer_core import AnalysisRequest, EmotionPipeline, ModelError
from fer_core.ui.study import waiting


@pytest.fixture
def loaded(monkeypatch) -> list[AnalysisRequest]:
    """Every request for which a pipeline is loaded."""
    requests: list[AnalysisRequest] = []
    monkeypatch.setattr(EmotionPipeline, "load_for", lambda request: requests.append(request) or object())
    monkeypatch.setattr(waiting, "_loaded", {})
    monkeypatch.setattr(waiting, "_problems", {})
    return requests


def test_what_another_dashboard_asked_for_is_loaded_once_when_its_turn_comes(loaded):
    request = AnalysisRequest(model="hybrid")
    assert waiting.pipeline_for(request) is waiting.pipeline_for(request)
    assert loaded == [request]


def test_what_cannot_be_loaded_is_said_again(loaded):
    request = AnalysisRequest(model="hybrid")
    waiting._problems[request.model, request.detector.name] = "The model hybrid is damaged."
    with pytest.raises(ModelError, match="damaged"):
        waiting.pipeline_for(request)
    assert loaded == []


def test_what_is_tried_again_is_watched_while_it_is_read(monkeypatch):
    """Only a run of the whole page starts the timer of a part of it; without one its bar stands still."""
    timers, parts, runs = [], [], []

    def fragment(every):
        timers.append(every)
        return lambda part: parts.append(part) or part

    monkeypatch.setattr(waiting.sign_in, "fragment", fragment)
    monkeypatch.setattr(waiting.st, "session_state", {})
    monkeypatch.setattr(waiting.st, "rerun", lambda scope: runs.append(scope))
    queue = SimpleNamespace(items=list, work=None)
    waiting._progress(None, queue)
    assert timers == [None] and runs == []
    queue.work = object()  # a click in the part has begun it
    parts[0]()
    assert runs == ["app"]
    waiting._progress(None, queue)
    assert timers == [None, waiting._EVERY_S] and runs == ["app"]
