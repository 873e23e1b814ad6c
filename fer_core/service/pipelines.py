"""Pipelines that requests share: each is loaded once."""

import threading
from collections import OrderedDict
from collections.abc import Callable
from typing import Final

from fer_core.pipeline import EmotionPipeline
from fer_core.request import AnalysisRequest

Load = Callable[[AnalysisRequest], EmotionPipeline]
"""Loads the pipeline that a request names."""

MOST_LOADED: Final = 4


class Pipelines:
    """The pipelines of one service. Safe to share between threads.

    Args:
        load: gives a pipeline.
    """

    def __init__(self, load: Load = EmotionPipeline.load_for) -> None:
        self._load = load
        self._loaded: OrderedDict[tuple[str | None, str], EmotionPipeline] = OrderedDict()
        self._lock = threading.Lock()

    def __call__(self, request: AnalysisRequest) -> EmotionPipeline:
        """The pipeline of a request; the one that was not used for longest makes room.

        Raises:
            FerError: it cannot be loaded.
        """
        key = request.model, request.detector.name
        with self._lock:
            pipeline = self._loaded.get(key) or self._load(request)
            self._loaded[key] = pipeline
            self._loaded.move_to_end(key)
            if len(self._loaded) > MOST_LOADED:
                self._loaded.popitem(last=False)
            return pipeline
