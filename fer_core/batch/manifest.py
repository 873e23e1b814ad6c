"""The manifest of a batch: one row a recording, whether it was read or not."""

import hashlib
import io
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal

from fer_core.batch.remote import Source, scheme_of
from fer_core.errors import MediaError
from fer_core.media.files import harmless
from fer_core.timeline.columns import Column
from fer_core.timeline.statistics.summaries import UNCERTAIN, summarise
from fer_core.timeline.table import Timeline

if TYPE_CHECKING:
    import pyarrow as pa

Stage = Literal["file", "fetch", "reading", "writing", "worker", "limit"]
"""Where a recording failed: its file could not be opened, could not be fetched from its store, could not be read as a
recording, its readings could not be written (which ends the batch), it ended its process twice, or took longer than
allowed."""

_SEEN: Final = "share of the time that people are seen, over all of them"

COLUMNS: Final[Mapping[str, Column]] = {
    "recording": Column(
        'id of the recording, "r" and the first 16 digits of its SHA-256; its readings lie in '
        "readings/recording=<id>; empty where the file could not be opened or fetched",
        "text",
        "text",
    ),
    "name": Column("file name", "text", "text"),
    "source": Column("path of the file that was read, on the machine that read it; or its address", "path", "text"),
    "copies": Column(
        "paths or addresses of other files with the same content, which were not read again", "list of paths", "texts"
    ),
    "copy_versions": Column(
        "what their stores said of the content of `copies`, in their order; empty text for files",
        "list of text",
        "texts",
    ),
    "state": Column('"read" or "failed"', "words", "text"),
    "stage": Column(
        'where it failed: "file" (cannot be opened), "fetch" (cannot be fetched from its store), "reading" (no '
        'recording that can be read), "worker" (ended its process twice), "limit" (took longer than allowed); empty '
        "where it was read",
        "words",
        "text",
    ),
    "reason": Column("why it failed; empty where it was read", "sentence", "text"),
    "problems": Column("parts that are missing or were repaired in a damaged recording", "list of sentences", "texts"),
    "seconds": Column("time that reading took, of the last attempt", "seconds", "decimal"),
    "duration_s": Column("length of the recording", "seconds", "decimal"),
    "samples": Column("frames that were looked at", "count", "whole"),
    "faces": Column("faces that were read in them", "count", "whole"),
    "people": Column("people who were told apart", "count", "whole"),
    "uncertain_share": Column(f"time of uncertain readings: {_SEEN}", "0 to 1", "decimal"),
    "good_share": Column(f"time without a quality problem: {_SEEN}", "0 to 1", "decimal"),
    "bytes": Column("size of the file", "bytes", "whole"),
    "sha256": Column("SHA-256 of the file; empty where it could not be opened or fetched", "hexadecimal", "text"),
    "version": Column(
        "what the store said of the content at that address, by which it is known again; empty for files",
        "text",
        "text",
    ),
}
"""Columns of `recordings.parquet`, in order. The kind "texts" is a list of text."""


@dataclass(frozen=True)
class Entry:
    """One row of the manifest; `COLUMNS` says what each attribute is. None and empty text are empty cells."""

    name: str
    source: str
    sha256: str = ""
    copies: tuple[str, ...] = ()
    copy_versions: tuple[str, ...] = ()
    stage: Stage | None = None
    reason: str = ""
    problems: tuple[str, ...] = ()
    seconds: float = 0.0
    duration_s: float | None = None
    samples: int | None = None
    faces: int | None = None
    people: int | None = None
    uncertain_share: float | None = None
    good_share: float | None = None
    bytes: int | None = None
    version: str = ""

    @property
    def recording(self) -> str:
        """Id of the recording; empty where the file could not be opened or fetched."""
        return recording_id(self.sha256) if self.sha256 else ""

    @property
    def key(self) -> str:
        """What the row is known by: the content, or the path or address of what could not be opened or fetched."""
        return self.sha256 or self.source

    @property
    def unfinished(self) -> str:
        """Name of what an interrupted reading of it leaves; see `checkpoint_name`."""
        return checkpoint_name(self.source if self.is_remote else self.sha256)

    @property
    def is_remote(self) -> bool:
        """Whether it lies in a store."""
        return scheme_of(self.source) is not None

    @property
    def state(self) -> Literal["read", "failed"]:
        """Whether it was read."""
        return "read" if self.stage is None else "failed"

    @classmethod
    def failed(
        cls,
        source: Source,
        stage: Stage,
        reason: str,
        *,
        sha256: str = "",
        size: int | None = None,
        seconds: float = 0.0,
    ) -> "Entry":
        """The row of a recording that was not read; `size` is that of its file in bytes."""
        return cls(
            name=harmless(source.name),
            source=as_text(source),
            sha256=sha256,
            stage=stage,
            reason=reason,
            bytes=size,
            seconds=seconds,
            version=_version(source),
        )

    @classmethod
    def read(cls, source: Source, timeline: Timeline, *, size: int, seconds: float) -> "Entry":
        """The row of a recording that was read; `size` is that of its file in bytes."""
        people = summarise(timeline)
        seen_s = sum(person.seen_s for person in people)

        def share(parts_s: Iterable[float]) -> float | None:
            return sum(parts_s) / seen_s if seen_s else None

        return cls(
            name=timeline.recording.name,
            source=as_text(source),
            sha256=timeline.recording.sha256,
            problems=timeline.problems,
            seconds=seconds,
            duration_s=timeline.recording.duration_s,
            samples=int(timeline.frame["frame"].nunique()),
            faces=int(timeline.frame["person"].notna().sum()),
            people=len(people),
            uncertain_share=share(person.seen_s * person.shares[UNCERTAIN] for person in people),
            good_share=share(person.seen_s * person.good_share for person in people),
            bytes=size,
            version=_version(source),
        )


def recording_id(sha256: str) -> str:
    """Id of the recording with this SHA-256; the letter in front keeps programs from taking some ids for numbers."""
    return f"r{sha256[:16]}"


def checkpoint_name(key: str) -> str:
    """Name of what an interrupted reading leaves: of a file by its SHA-256, of what lies in a store by its address."""
    if scheme_of(key) is None:
        return recording_id(key)
    return f"u{hashlib.sha256(key.encode()).hexdigest()[:16]}"


def as_text(source: Source) -> str:
    """A path or address as text that every file can hold: bytes of a name that are no UTF-8 become escapes."""
    return os.fsencode(source if isinstance(source, Path) else source.url).decode("utf-8", "backslashreplace")


def _version(source: Source) -> str:
    return "" if isinstance(source, Path) else source.version


def to_table(entries: Iterable[Entry]) -> "pa.Table":
    """Rows as an Arrow table."""
    import pyarrow as pa

    kinds = {"text": pa.string(), "texts": pa.list_(pa.string()), "decimal": pa.float64(), "whole": pa.int64()}
    rows = list(entries)
    columns = {
        name: pa.array([_cell(getattr(entry, name)) for entry in rows], kinds[column.kind])
        for name, column in COLUMNS.items()
    }
    return pa.table(columns)


def of_row(row: Mapping[str, Any]) -> Entry:
    """The entry of a row of such a table."""
    return Entry(**{field.name: _value(field.name, row.get(field.name)) for field in fields(Entry)})


def to_bytes(entries: Iterable[Entry]) -> bytes:
    """The manifest as Parquet, with the rows in the order of their sources."""
    import pyarrow.parquet as pq

    buffer = io.BytesIO()
    pq.write_table(
        to_table(sorted(entries, key=lambda entry: (entry.source, entry.sha256))), buffer, compression="zstd"
    )
    return buffer.getvalue()


def from_file(path: Path) -> list[Entry]:
    """The rows of a manifest; none where there is no such file.

    Raises:
        MediaError: the file is no manifest.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    later = {"version", "copy_versions"}  # columns that older manifests do not have
    try:
        file = pq.ParquetFile(io.BytesIO(path.read_bytes()))
        if missing := {field.name for field in fields(Entry)} - later - {*file.schema_arrow.names}:
            raise KeyError(*sorted(missing))
        rows = file.read(use_threads=False).to_pylist()
        return [of_row(row) for row in rows]
    except FileNotFoundError:
        return []
    except (pa.ArrowException, OSError, KeyError, TypeError) as error:
        raise MediaError(f"{path} is no manifest of a batch that can be read; choose another folder.") from error


def _cell(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else None if value == "" else value


def _value(name: str, cell: Any) -> Any:
    kind = COLUMNS[name].kind
    return tuple(cell or ()) if kind == "texts" else "" if cell is None and kind == "text" and name != "stage" else cell
