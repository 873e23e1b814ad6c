"""The engine of many machines: Ray Data hands the recordings to a pool of actors, here or on a cluster.

Files and dataset have to lie under the same paths on every machine; what is in a store, each actor fetches. Ray starts
an actor again that has died and gives it its task again, for ever; so each task leaves a mark beside its checkpoint for
every time that it was begun.
"""

import contextlib
import json
import logging
import os
import threading
import time
import warnings
from collections.abc import Generator, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from fer_core.batch import manifest
from fer_core.batch.manifest import Entry
from fer_core.batch.remote import Address, forget
from fer_core.batch.unit import MOST_DEATHS, MOST_FAILED_STARTS, Identity, ShareOf, Task, read_recording
from fer_core.declaration import Declaration
from fer_core.errors import DependencyError, RequestError, WorkerError, with_extra
from fer_core.networks.cores import limit_threads
from fer_core.pipeline import EmotionPipeline, LoadPipeline
from fer_core.plain import as_plain, from_plain
from fer_core.request import AnalysisRequest
from fer_core.settings import RAY_ADDRESS, settings, tell_libraries

if TYPE_CHECKING:
    import pyarrow as pa

_STORE_BYTES: Final = 128 * 2**20
"""Memory for what actors hand each other; rows of a manifest are all there is."""

_TOO_SLOW: Final = "too slow"


class ClusterEngine:
    """Reads recordings on the actors of Ray, each with one core.

    Args:
        request: how recordings are read.
        workers: number of actors; None for all cores of the cluster but one.
        limit_s: seconds that one recording may take; None for any number.
        load: loads the pipeline in each actor; a function of a module that is installed on every machine.

    Raises:
        DependencyError: Ray is not installed.
        RequestError: a number makes no sense.
    """

    def __init__(
        self,
        request: AnalysisRequest,
        workers: int | None = None,
        limit_s: float | None = None,
        load: LoadPipeline = EmotionPipeline.load_for,
    ) -> None:
        try:
            import ray.data
        except ImportError as error:
            raise DependencyError(f"Ray is not installed; {with_extra('ray')}.") from error
        if workers is not None and workers < 1:
            raise RequestError("Workers are processes that compute: 1 or more.")
        if limit_s is not None and not 0 < limit_s <= threading.TIMEOUT_MAX:
            raise RequestError(
                f"The limit of a recording is a number of seconds above 0, up to {threading.TIMEOUT_MAX:.0f}."
            )
        self._ray = ray
        self.request, self.workers, self.limit_s, self.load = request, workers, limit_s, load

    def identity(self) -> Identity:
        """See `fer_core.batch.unit.Engine`."""
        return Identity.of(self.load(self.request), self.request)

    def read(self, tasks: Iterator[Task], told: ShareOf) -> Generator[Entry, None, None]:
        """See `fer_core.batch.unit.Engine`. All tasks are taken before the first is begun."""
        waiting = list(tasks)
        if not waiting:
            return
        for task in waiting:
            _Marks(task).clear()
        with self._connected():
            yield from self._entries(waiting)

    @contextlib.contextmanager
    def _connected(self) -> Iterator[None]:
        """With a cluster: that of `RAY_ADDRESS`, or one that is started here."""
        own: dict[str, Any] = {"include_dashboard": False, "object_store_memory": _STORE_BYTES}
        # It would report its use to its makers, and write between the lines of the progress.
        tell_libraries(RAY_USAGE_STATS_ENABLED="0", RAY_BACKEND_LOG_LEVEL="fatal")
        try:
            self._ray.init(log_to_driver=False, logging_level=logging.ERROR, **({} if settings().ray_address else own))
        except Exception as error:  # Ray raises that very class where a machine is too busy to start it in time
            self._ray.shutdown()
            reason = str(error).strip().split("\n")[0]
            raise WorkerError(f"Ray cannot be reached or started ({reason}); check {RAY_ADDRESS}.") from error
        try:
            yield
        except self._ray.exceptions.RayError as error:
            raise WorkerError(
                f"Ray gave up ({type(error).__name__}); what was read is kept, and the same command goes on."
            ) from error
        finally:
            self._ray.shutdown()

    def _entries(self, tasks: Sequence[Task]) -> Iterator[Entry]:
        data = self._ray.data
        data.DataContext.get_current().enable_progress_bars = False
        data.DataContext.get_current().print_on_execution_start = False
        logging.getLogger("ray.data").setLevel(logging.ERROR)
        cores = int(self._ray.cluster_resources().get("CPU", 1))
        workers = min(self.workers or max(1, cores - 1), len(tasks))
        with warnings.catch_warnings():
            # Until Ray 2.64, restarts are bounded this way or not at all, and actors that die while they load the model
            # have to end the batch.
            warnings.filterwarnings("ignore", message=".*deprecated")
            rows = data.from_arrow([as_table(task) for task in tasks]).map_batches(
                Reader,
                fn_constructor_args=(self.load, self.request, self.limit_s),
                batch_size=1,
                batch_format="pyarrow",
                compute=data.ActorPoolStrategy(size=workers, max_tasks_in_flight_per_actor=1),
                num_cpus=1,
                ray_remote_args_fn=partial(dict, max_restarts=MOST_DEATHS * len(tasks) + MOST_FAILED_STARTS),
            )
        for row in rows.iter_rows():
            yield manifest.of_row(row)


class Reader:
    """What an actor does: one recording at a time, with a pipeline that is loaded once."""

    def __init__(self, load: LoadPipeline, request: AnalysisRequest, limit_s: float | None) -> None:
        import cv2

        limit_threads(1)
        cv2.setNumThreads(1)
        self._request, self._limit_s = request, limit_s
        self._pipeline = load(request)

    def __call__(self, rows: "pa.Table") -> "pa.Table":
        """Read the recordings of tasks, as `as_table` gives them; their rows as `manifest.to_table` gives them."""
        return manifest.to_table(self._read(_task(row)) for row in rows.to_pylist())

    def _read(self, task: Task) -> Entry:
        marks = _Marks(task)
        begun_s, too_slow = marks.read()
        if too_slow:
            entry = task.too_slow(self._limit_s or 0.0)
        elif len(begun_s) >= MOST_DEATHS:
            entry = task.deadly("Ray's log says how", time.time() - begun_s[-1])
        else:
            marks.add(repr(time.time()))
            with self._limited(marks, task):
                entry = read_recording(self._pipeline, task, self._request)
        marks.clear()
        _forget_fetched(task)
        return entry

    @contextlib.contextmanager
    def _limited(self, marks: "_Marks", task: Task) -> Iterator[None]:
        """End this actor where the recording takes too long, whatever it hangs in."""
        if self._limit_s is None:
            yield
            return

        def end() -> None:
            marks.add(_TOO_SLOW)
            _forget_fetched(task)
            os._exit(1)

        timer = threading.Timer(self._limit_s, end)
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            timer.cancel()


def _forget_fetched(task: Task) -> None:
    """Remove what an actor of this machine that died has left of a recording in a store."""
    if isinstance(task.source, Address):
        forget(task.source.url, task.folder)


class _Marks:
    """When a task was begun, and whether it took too long; what an actor that dies leaves to the next."""

    def __init__(self, task: Task) -> None:
        self._path = task.checkpoint.with_suffix(".begun")

    def read(self) -> tuple[list[float], bool]:
        """The times at which it was begun, in seconds since 1970, and whether it took too long."""
        try:
            lines = self._path.read_text(encoding="ascii").split("\n")
        except FileNotFoundError:
            return [], False
        begun_s = []
        for line in lines:
            with contextlib.suppress(ValueError):  # the last one, where a power cut tore it
                begun_s.append(float(line))
        return begun_s, _TOO_SLOW in lines

    def add(self, line: str) -> None:
        """Leave a mark."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with self._path.open("a", encoding="ascii") as file:
            file.write(line + "\n")

    def clear(self) -> None:
        """Remove all."""
        self._path.unlink(missing_ok=True)


def as_table(task: Task) -> "pa.Table":
    """A task as one row; paths as bytes, because they need not be text."""
    import pyarrow as pa

    source = task.source
    address = source if isinstance(source, Address) else None
    return pa.table(
        {
            "path": pa.array([None if isinstance(source, Address) else os.fsencode(source)], pa.binary()),
            "url": pa.array([address and address.url], pa.string()),
            "version": pa.array([address and address.version], pa.string()),
            "sha256": pa.array([task.sha256], pa.string()),
            "size": pa.array([task.size], pa.int64()),
            "folder": pa.array([os.fsencode(task.folder)], pa.binary()),
            "declaration": pa.array([json.dumps(as_plain(task.declaration))], pa.string()),
        }
    )


def _task(row: dict[str, Any]) -> Task:
    is_remote = row["url"] is not None
    source = Address(row["url"], row["size"], row["version"]) if is_remote else Path(os.fsdecode(row["path"]))
    said = json.loads(row["declaration"])
    declaration = None if said is None else from_plain(Declaration, said)
    return Task(source, row["sha256"], row["size"], Path(os.fsdecode(row["folder"])), declaration)
