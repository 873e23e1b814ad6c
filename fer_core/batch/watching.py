"""Folders that fill: recordings are read as they come, once nobody writes to them any more."""

import logging
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Final

from fer_core.batch.manifest import as_text
from fer_core.batch.remote import is_here
from fer_core.batch.run import Report, held_dataset, read_into
from fer_core.batch.sources import named_by
from fer_core.batch.unit import Engine
from fer_core.declaration import Declaration
from fer_core.errors import MediaError, RequestError
from fer_core.jobs import Monitor
from fer_core.media.files import harmless

_log = logging.getLogger(__name__)

LOOK_EVERY_S: Final = 2.0
SETTLED_S: Final = 10.0
"""Seconds without a change of size or time after which a file is taken for complete."""

_LONGEST_REST_S: Final = 600.0
"""Seconds after which a file that could not be opened is tried again at the latest."""

_State = tuple[int, int]
"""Size in bytes and time of the last change in nanoseconds."""


class Watch:
    """Which files of some sources are complete and new.

    Args:
        sources: as for `fer_core.batch.sources.recordings`, on this machine; there need not be a recording yet.

    Raises:
        RequestError: a source is in a store, which would have to be asked over and over again.
    """

    def __init__(self, sources: Sequence[str | Path]) -> None:
        if there := [str(source) for source in sources if not is_here(source)]:
            raise RequestError(
                f"{harmless(there[0])} cannot be watched, only folders of this machine can; give the command again "
                "when more recordings are there."
            )
        self._sources = sources
        self._since: dict[Path, tuple[_State, float]] = {}
        self._given: dict[Path, _State] = {}
        self._rests_s: dict[Path, float] = {}

    def ready(self, now_s: float) -> list[Path]:
        """Files that have not changed for `SETTLED_S`, each once; again where it has changed afterwards.

        Args:
            now_s: of a clock that does not jump, such as `time.monotonic`, in seconds.

        Raises:
            MediaError: a source does not exist, or a folder cannot be listed.
        """
        paths = (path for path in named_by(self._sources) if isinstance(path, Path))
        return [path for path in paths if self._is_ready(path, now_s)]

    def try_again(self, path: Path, now_s: float) -> None:
        """Let a file that was `ready` but could not be opened be so again, after a rest that doubles every time.

        Args:
            path: of the file.
            now_s: as of `ready`.
        """
        state = self._given.pop(path, None)
        if state is not None:
            self._since[path] = state, now_s
            self._rests_s[path] = min(2 * self._rests_s.get(path, SETTLED_S), _LONGEST_REST_S)

    def _is_ready(self, path: Path, now_s: float) -> bool:
        try:
            facts = path.stat()
        except OSError:  # it was moved away meanwhile
            return False
        state = facts.st_size, facts.st_mtime_ns
        if not facts.st_size or self._given.get(path) == state:
            return False
        before, since_s = self._since.setdefault(path, (state, now_s))
        if before != state:
            self._since[path] = state, now_s
            self._rests_s.pop(path, None)
            return False
        if now_s - since_s < self._rests_s.get(path, SETTLED_S):
            return False
        self._given[path] = state
        return True


def read_as_they_come(
    sources: Sequence[str | Path],
    out: Path,
    engine: Engine,
    *,
    retry: bool = False,
    monitors: Callable[[], Monitor] = Monitor,
    declaration: Declaration | None = None,
) -> Iterator[Report]:
    """Read recordings of folders that fill, without an end; a report whenever all that came were read.

    No other process may write the dataset meanwhile. A file that could not be opened is tried again now and then.

    Args:
        sources: see `Watch`.
        out: folder of the dataset.
        engine: what reads the recordings.
        retry: see `fer_core.batch.run.read_all`.
        monitors: gives the monitor of each report.
        declaration: that the timelines bear.

    Raises:
        FerError: as `fer_core.batch.run.read_all`.
    """
    watch, problem = Watch(sources), ""
    named_by(sources)  # what is wrong from the beginning is said at once
    with held_dataset(out, engine, declaration) as dataset:
        while True:
            paths: list[Path] = []
            try:
                paths, problem = watch.ready(time.monotonic()), ""
            except MediaError as error:  # such as a share that is away for a while: it may come back
                if str(error) != problem:
                    problem = str(error)
                    _log.warning("%s", problem)
            if paths:
                report = read_into(dataset, paths, engine, retry=retry, monitor=monitors(), declaration=declaration)
                unopened = {row.source for row in report.failed if row.stage == "file"}
                for path in paths:
                    if as_text(path) in unopened:
                        watch.try_again(path, time.monotonic())
                yield report
            else:
                time.sleep(LOOK_EVERY_S)
