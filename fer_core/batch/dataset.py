"""The folder that a batch writes: readings, manifest, dictionary and request. Every file is there whole or not at all.

readings/recording=<id>/part.parquet    the timeline of each recording, see `fer_core.timeline.files`
recordings.parquet                      the manifest, see `fer_core.batch.manifest`
dictionary.json                         what the columns of both mean
request.json                            how all of them were read
.unfinished/<id>.jsonl                  what an interrupted reading goes on from
.unfinished/<id>.source.json            which recording that is of
.rows.jsonl                             rows that are not in the manifest yet; gone when a batch has ended in order
"""

import contextlib
import json
import os
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path
from typing import Any, Final

from fer_core.batch import begun, manifest
from fer_core.batch.manifest import Entry
from fer_core.errors import FerError, MediaError, RequestError
from fer_core.file_lock import LockedError, locked
from fer_core.plain import as_plain, from_plain
from fer_core.provenance import Provenance
from fer_core.request import AnalysisRequest
from fer_core.timeline import columns
from fer_core.whole_file import write_whole

FORMAT: Final = 1
MANIFEST: Final = "recordings.parquet"
DICTIONARY: Final = "dictionary.json"
REQUEST: Final = "request.json"
READINGS: Final = "readings"
UNFINISHED: Final = ".unfinished"
_ROWS: Final = ".rows.jsonl"
_LOCK: Final = ".lock"
_PARQUET: Final = b"PAR1"
"""What a Parquet file begins and ends with."""


class Dataset:
    """The folder of one batch.

    Args:
        folder: made by `locked` where it is missing.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def readings(self, recording: str) -> Path:
        """File of the readings of a recording, by its id."""
        return self.folder / READINGS / f"recording={recording}" / "part.parquet"

    def holds(self, recording: str) -> bool:
        """Whether the readings of a recording are there and whole, as far as both ends of their file tell."""
        try:
            with self.readings(recording).open("rb") as file:
                begins = file.read(len(_PARQUET))
                file.seek(-len(_PARQUET), os.SEEK_END)
                return begins == _PARQUET == file.read() and file.tell() > 2 * len(_PARQUET)
        except OSError:  # there is none, or an empty one
            return False

    def checkpoint(self, recording: str) -> Path:
        """File that an interrupted reading of a recording goes on from, by its id."""
        return self.folder / UNFINISHED / f"{recording}.jsonl"

    @contextlib.contextmanager
    def locked(self) -> Iterator[None]:
        """Keep other processes from writing this dataset meanwhile; the end of a process ends that, too.

        Raises:
            MediaError: another process writes it, or the folder cannot be used.
        """
        with contextlib.ExitStack() as held:
            try:
                self.folder.mkdir(parents=True, exist_ok=True)
                held.enter_context(locked(self.folder / _LOCK))
            except LockedError as error:
                raise MediaError(
                    f"Another process is writing {self.folder}; wait until it ends or choose another folder."
                ) from error
            except OSError as error:
                raise self._unwritable(self.folder, error) from error
            self._clear_unfinished()
            yield

    def tidy(self, named: Collection[str] = ()) -> None:
        """Remove what nothing goes on from any more, with the portraits in it, such as of files that were replaced.

        What another call has begun and can be gone on with stays.

        Args:
            named: addresses that this call has read or tried to.

        Raises:
            MediaError: the manifest is damaged.
        """
        waiting = {self.checkpoint(row.unfinished) for row in self.entries() if row.stage in ("limit", "worker")}
        begun.forget_abandoned(self.folder / UNFINISHED, waiting, named)
        self._clear_unfinished()

    def _clear_unfinished(self) -> None:
        """Remove readings that a killed worker was writing, and the folder where nothing is to be gone on from."""
        unfinished = self.folder / UNFINISHED
        with contextlib.suppress(OSError):
            for half in unfinished.glob("*.parquet*"):
                half.unlink(missing_ok=True)
            unfinished.rmdir()

    def begin(self, request: AnalysisRequest, provenance: Provenance, purpose: str = "") -> None:
        """Write request and dictionary, unless readings of the same request and provenance are there already.

        Args:
            request: complete, as all recordings are read by it.
            provenance: of the pipeline that reads them.
            purpose: that their timelines bear; empty for none.

        Raises:
            RequestError: what the folder holds was read otherwise.
            MediaError: a file cannot be read or written.
        """
        path = self.folder / REQUEST
        try:
            plain = json.loads(path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            plain = None
        except (OSError, ValueError) as error:
            raise MediaError(f"{path} cannot be read; choose another folder.") from error
        if plain is None:
            self._write(DICTIONARY, _as_json(dictionary()))
            about = {
                "format": FORMAT,
                "request": request.to_json(),
                "provenance": as_plain(provenance),
                "purpose": purpose,
            }
            self._write(REQUEST, _as_json(about))
        elif others := _differences(path, plain, request, provenance, purpose):
            raise RequestError(
                f"{self.folder} holds recordings that were read with another {' and '.join(others)}; choose another "
                "folder, or read as before."
            )

    def entries(self) -> list[Entry]:
        """The rows of the manifest and those that are noted beside it; none before the first.

        Raises:
            MediaError: the manifest is damaged.
        """
        rows = {entry.key: entry for entry in manifest.from_file(self.folder / MANIFEST)}
        return list({**rows, **{entry.key: entry for entry in self._noted()}}.values())

    def note(self, entry: Entry) -> None:
        """Write down a row beside the manifest, which takes the same short time however many rows there are.

        Raises:
            MediaError: that cannot be done.
        """
        path = self.folder / _ROWS
        try:
            with path.open("a", encoding="ascii") as file:
                file.write(f"{json.dumps(as_plain(entry))}\n")
        except OSError as error:
            raise self._unwritable(path, error) from error

    def write_entries(self, entries: Iterable[Entry]) -> None:
        """Write the manifest, in which everything is that was noted.

        Raises:
            MediaError: that cannot be done.
        """
        self._write(MANIFEST, manifest.to_bytes(entries))
        with contextlib.suppress(OSError):  # the same rows would be taken in again
            (self.folder / _ROWS).unlink(missing_ok=True)

    def forget_checkpoint(self, recording: str) -> None:
        """Remove what an interrupted reading would go on from."""
        begun.forget(self.checkpoint(recording))

    def _noted(self) -> Iterator[Entry]:
        try:
            lines = (self.folder / _ROWS).read_text(encoding="ascii", errors="replace").splitlines()
        except OSError:
            return
        for line in lines:
            with contextlib.suppress(ValueError, KeyError, TypeError):  # the last one, where a power cut tore it
                yield manifest.of_row(json.loads(line))

    def _write(self, name: str, data: bytes) -> None:
        path = self.folder / name
        try:
            write_whole(path, data)
        except OSError as error:
            raise self._unwritable(path, error) from error

    @staticmethod
    def _unwritable(path: Path, error: OSError) -> MediaError:
        return MediaError(f"{path} cannot be written ({error.strerror}); make room there or choose another folder.")


def dictionary() -> dict[str, Any]:
    """What the columns of a dataset mean: meaning, unit and kind by file and column."""
    readings = columns.described((*columns.COLUMNS, *columns.GROUP_COLUMNS, *columns.MEASURES))
    tables = {f"{READINGS}/recording=<id>/part.parquet": readings, MANIFEST: manifest.COLUMNS}
    return {
        table: {name: {"meaning": each.meaning, "unit": each.unit, "kind": each.kind} for name, each in known.items()}
        for table, known in tables.items()
    }


def _differences(path: Path, plain: Any, request: AnalysisRequest, provenance: Provenance, purpose: str) -> list[str]:
    """In what a dataset was read otherwise, in words."""
    try:
        theirs = AnalysisRequest.from_json(plain["request"])
        before = from_plain(Provenance, plain["provenance"])
    except (FerError, ValueError, KeyError, TypeError) as error:
        raise MediaError(f"{path} is not the request of a batch; choose another folder.") from error
    mine, other = request.to_json(), theirs.to_json()
    chosen = [name for name in mine if mine[name] != other[name]]
    if plain.get("purpose", purpose) != purpose:  # datasets of before do not say
        chosen.append("purpose")
    changed = provenance.differences(before)
    return [*chosen, *([f"version of {', '.join(changed)}"] if changed else [])]


def _as_json(value: Any) -> bytes:
    return (json.dumps(value, indent=2, ensure_ascii=False) + "\n").encode()
