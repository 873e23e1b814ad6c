"""The process that reads recordings for `fer_core.batch.local`, one after another, with a pipeline that is loaded once.

Tasks come in through a connection. The answers are `READY` once the pipeline is loaded, `BEGUN` for each task, then
shares from 0 to 1, then the `Entry`. The process ends with the one that started it, however that ends.
"""

import multiprocessing
import os
import signal
import threading
from multiprocessing.connection import Connection, wait
from typing import Final

from fer_core.analysis.run import AnalysisProgress
from fer_core.batch.manifest import Entry
from fer_core.batch.unit import read_recording
from fer_core.networks.cores import limit_threads
from fer_core.pipeline import LoadPipeline
from fer_core.request import AnalysisRequest

READY: Final = "ready"
BEGUN: Final = "begun"


def serve(connection: Connection, load: LoadPipeline, request: AnalysisRequest, threads: int) -> None:
    """Read what the connection says, until it is closed; the other end is a `fer_core.batch.local.LocalEngine`.

    Args:
        connection: tasks in, answers out.
        load: gives the pipeline; a function of a module, because processes are told its name.
        request: how recordings are read.
        threads: that each network may compute with.
    """
    import cv2

    for number in (signal.SIGINT, signal.SIGTERM):  # the process that started this one ends it
        signal.signal(number, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, name="parent", daemon=True).start()
    limit_threads(threads)
    cv2.setNumThreads(threads)
    pipeline = load(request)

    def answer(what: str | float | Entry) -> None:
        try:
            connection.send(what)
        except OSError:
            os._exit(1)  # nobody listens any more

    def tell(progress: AnalysisProgress) -> None:
        answer(progress.share)

    answer(READY)
    while True:
        try:
            task = connection.recv()
        except (EOFError, OSError):
            return
        answer(BEGUN)
        answer(read_recording(pipeline, task, request, tell))


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        wait([parent.sentinel])
        os._exit(1)  # whatever the other threads are at; files are replaced whole
