"""A study as the bytes of a kept file of readings, and such bytes with a log of corrections as a study again."""

from dataclasses import replace
from typing import Any

from fer_core.errors import LibraryError, TimelineError
from fer_core.timeline.editing.edits import edits_from_json
from fer_core.timeline.editing.study import Study
from fer_core.timeline.files import from_parquet, parquet_bytes


def file_of(study: Study) -> bytes:
    """What is kept of a study that was purged: its readings, without portraits."""
    return parquet_bytes(replace(study.read, portraits={}))


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
