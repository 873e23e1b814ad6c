"""Pipelines that requests share: each is loaded once."""

import threading
from collections import OrderedDict
from typing import Final
from weakref import WeakValueDictionary

from fer_core.pipeline import EmotionPipeline, LoadPipeline
from fer_core.request import AnalysisRequest

MOST_LOADED: Final = 4

_Key = tuple[str | None, str]
"""Model and detector."""


class Pipelines:
    """The pipelines of one service. Safe to share between threads.

    Args:
        load: gives a pipeline.
    """

    def __init__(self, load: LoadPipeline = EmotionPipeline.load_for) -> None:
        self._load = load
        self._loaded: OrderedDict[_Key, EmotionPipeline] = OrderedDict()
        self._lock = threading.Lock()  # of the two mappings, held for no longer than a look takes
        self._loading: WeakValueDictionary[_Key, _Turn] = WeakValueDictionary()  # gone with the last who waits

    def __call__(self, request: AnalysisRequest) -> EmotionPipeline:
        """The pipeline of a request; the one that was not used for longest makes room.

        Who wants the same one waits while it is loaded, and nobody else does.

        Raises:
            FerError: it cannot be loaded.
        """
        key = request.model, request.detector.name
        with self._lock:
            turn = self._loading.setdefault(key, _Turn())
        with turn.lock:
            pipeline = self._known(key)
            if pipeline is None:
                pipeline = self._load(request)
                self._keep(key, pipeline)
        return pipeline

    def _known(self, key: _Key) -> EmotionPipeline | None:
        with self._lock:
            if key in self._loaded:
                self._loaded.move_to_end(key)
            return self._loaded.get(key)

    def _keep(self, key: _Key, pipeline: EmotionPipeline) -> None:
        with self._lock:
            self._loaded[key] = pipeline
            if len(self._loaded) > MOST_LOADED:
                self._loaded.popitem(last=False)


class _Turn:
    """Who loads one pipeline."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
