"""What the queue of the Study page reads with."""

from types import SimpleNamespace

import pytest

from fer_core import AnalysisRequest, EmotionPipeline, ModelError
from fer_core.ui.study import queue as study_queue


@pytest.fixture
def loaded(monkeypatch) -> list[AnalysisRequest]:
    """Every request for which a pipeline is loaded."""
    requests: list[AnalysisRequest] = []
    monkeypatch.setattr(EmotionPipeline, "load_for", lambda request: requests.append(request) or object())
    monkeypatch.setattr(study_queue, "_loaded", {})
    monkeypatch.setattr(study_queue, "_problems", {})
    return requests


def test_what_another_dashboard_asked_for_is_loaded_once_when_its_turn_comes(loaded):
    request = AnalysisRequest(model="hybrid")
    assert study_queue.pipeline_for(request) is study_queue.pipeline_for(request)
    assert loaded == [request]


def test_what_cannot_be_loaded_is_said_again(loaded):
    request = AnalysisRequest(model="hybrid")
    study_queue._problems[request.model, request.detector.name] = "The model hybrid is damaged."
    with pytest.raises(ModelError, match="damaged"):
        study_queue.pipeline_for(request)
    assert loaded == []


def test_what_is_tried_again_is_watched_while_it_is_read(monkeypatch):
    """Only a run of the whole page starts the timer of a part of it; without one its bar stands still."""
    timers, parts, runs = [], [], []

    def fragment(every):
        timers.append(every)
        return lambda part: parts.append(part) or part

    monkeypatch.setattr(study_queue.sign_in, "fragment", fragment)
    monkeypatch.setattr(study_queue.st, "session_state", {})
    monkeypatch.setattr(study_queue.st, "rerun", lambda scope: runs.append(scope))
    queue = SimpleNamespace(items=list, work=None)
    study_queue._progress(None, queue)
    assert timers == [None] and runs == []
    queue.work = object()  # a click in the part has begun it
    parts[0]()
    assert runs == ["app"]
    study_queue._progress(None, queue)
    assert timers == [None, study_queue._EVERY_S] and runs == ["app"]
