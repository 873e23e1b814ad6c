"""Bytes of a kept file of readings, with the log of corrections beside them, as a study again."""

from typing import Any

from fer_core.errors import LibraryError, TimelineError
from fer_core.timeline.edits import edits_from_json
from fer_core.timeline.files import from_parquet
from fer_core.timeline.study import Study


def study_of(data: bytes, log: Any) -> Study:
    """The study of a file of readings and a log of corrections as JSON holds it.

    Raises:
        MediaError: the file holds no timeline.
        LibraryError: the corrections do not fit it.
    """
    timeline, _ = from_parquet(data)
    try:
        return Study(timeline, edits_from_json(log))
    except TimelineError as error:
        raise LibraryError(f"The corrections do not fit the readings that they are kept with: {error}") from error
