"""An engine without processes, and loaders of pipelines whose processes come to grief."""

import os
import signal
import sys
import time
from collections.abc import Generator, Iterator
from multiprocessing import parent_process
from pathlib import Path

from fer_core import AnalysisRequest, EmotionPipeline
from fer_core.analysis import run
from fer_core.analysis.follow import Follower
from fer_core.batch.manifest import Entry
from fer_core.batch.unit import Identity, ShareOf, Task, read_recording
from fer_core.readings import Box
from fer_core.testing import fake_pipeline

FACE = Box(40, 30, 100, 100)


class HereEngine:
    """Reads in the process of the test with a fake pipeline; `read_names` are the recordings that were read."""

    def __init__(self, request: AnalysisRequest | None = None, boxes: tuple[Box, ...] = (FACE,)) -> None:
        self.request, self.pipeline = request or AnalysisRequest(fps=5), fake_pipeline(boxes)
        self.read_names: list[str] = []

    def identity(self) -> Identity:
        return Identity.of(self.pipeline, self.request)

    def read(self, tasks: Iterator[Task], told: ShareOf) -> Generator[Entry, None, None]:
        for task in tasks:
            self.read_names.append(task.source.name)
            yield read_recording(
                self.pipeline, task, self.request, lambda progress, task=task: told(task, progress.share)
            )


def fake(request: AnalysisRequest) -> EmotionPipeline:
    """The pipeline of `HereEngine`."""
    return fake_pipeline((FACE,))


def undisturbed(request: AnalysisRequest) -> EmotionPipeline:
    """The real pipeline; its process saves after each batch of faces."""
    if _reads():
        run.SAVE_EVERY_S = 0
    return EmotionPipeline.load_for(request)


def killed(folder: Path, frame: int, times: int, request: AnalysisRequest) -> EmotionPipeline:
    """`undisturbed`, but the first `times` processes that come to a frame are killed; a file in `folder` for each."""
    _do_at(frame, lambda: _once(folder, times) and os.kill(os.getpid(), signal.SIGKILL))
    return undisturbed(request)


def slow(folder: Path, frame: int, times: int, request: AnalysisRequest) -> EmotionPipeline:
    """`undisturbed`, but the first `times` processes that come to a frame wait there for a minute."""
    _do_at(frame, lambda: _once(folder, times) and time.sleep(60))
    return undisturbed(request)


def broken(request: AnalysisRequest) -> EmotionPipeline:
    """No process that reads gets ready."""
    if _reads():
        os._exit(7)
    return fake(request)


def _reads() -> bool:
    """Whether this is a process that reads: a worker of this machine, or an actor of Ray."""
    return parent_process() is not None or Path(sys.argv[0]).name == "default_worker.py"


def _once(folder: Path, times: int) -> bool:
    number = len(list(folder.iterdir()))
    if number < times:
        (folder / str(number)).write_text(str(os.getpid()))
    return number < times


def _do_at(frame: int, deed) -> None:
    if not _reads():  # the process of the test itself only asks what the pipeline is
        return
    follow = Follower.__call__

    def follow_or_do(self, *given):
        if given[3] == frame:
            deed()
        return follow(self, *given)

    Follower.__call__ = follow_or_do
