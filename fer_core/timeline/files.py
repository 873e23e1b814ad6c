"""Timelines as Parquet and JSON files. Both are read back without loss.

Format 2 holds the rows with all columns, the measures of each row as further columns, and the description of the
recording in the metadata (Parquet) or beside the rows (JSON). Format 1, which had settings instead of request and
provenance, is read too, and so are files without some measures. Columns of later versions are kept.
"""

import base64
import io
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final, TypeVar

import numpy as np
import pandas as pd
from pydantic import JsonValue

from fer_core.declaration import Declaration
from fer_core.emotions import EMOTIONS
from fer_core.errors import FerError, MediaError, RequestError
from fer_core.plain import as_plain, from_plain
from fer_core.provenance import Provenance
from fer_core.request import AnalysisRequest
from fer_core.timeline.columns import BASE, COLUMNS, DTYPES, RAW_COLUMNS, described
from fer_core.timeline.outline import joined
from fer_core.timeline.parquet import unpacked
from fer_core.timeline.table import MEASURE_TYPES, TYPES, Recording, Timeline
from fer_core.whole_file import write_whole

FORMAT: Final = 2
PARQUET, JSON = ".parquet", ".json"
MAX_BYTES: Final = 2_000_000_000
_JPEG: Final = b"\xff\xd8"
_ROUNDED: Final = 1e-5
"""Probabilities of files that were rounded differ by less."""

Form = TypeVar("Form", bound=Callable[..., object])
"""A function that reads or writes a format."""

More = Mapping[str, JsonValue]
"""Values of a file beside its timeline, by name: notes, edits, and those of later versions."""

_OPEN: Final = "open it with the version that wrote it, or update this software."


def read_timeline(path: Path) -> Timeline:
    """See `Timeline.read`."""
    return read_document(path)[0]


def write_timeline(timeline: Timeline, path: Path) -> None:
    """See `Timeline.write`."""
    write_document(timeline, {}, path)


def read_document(path: Path) -> tuple[Timeline, More]:
    """A timeline and the other values of its file, as plain JSON.

    Raises:
        MediaError: there is no such file, or it does not hold a timeline.
    """
    parse = _by_ending(path, {PARQUET: from_parquet, JSON: from_json})
    try:
        if path.stat().st_size > MAX_BYTES:
            raise MediaError(f"{path} is larger than a timeline can be ({MAX_BYTES / 1e9:.0f} GB).")
        return parse(path.read_bytes())
    except FileNotFoundError as error:
        raise MediaError(f"{path} does not exist; check the path.") from error
    except OSError as error:
        raise MediaError(f"{path} cannot be read ({error.strerror}).") from error


def write_document(timeline: Timeline, more: More, path: Path) -> None:
    """Write a timeline and further values, plain JSON by name.

    Raises:
        MediaError: another ending than `.parquet` or `.json`, or the file cannot be written.
    """
    form = _by_ending(path, {PARQUET: parquet_bytes, JSON: json_bytes})
    data = form(timeline, more)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, data)
    except OSError as error:
        raise MediaError(f"{path} cannot be written ({error.strerror}); choose another place.") from error


def typed_rows(timeline: Timeline) -> pd.DataFrame:
    """The rows for files: `COLUMNS`, then all other columns, with nullable dtypes and an index from 0."""
    frame = timeline.frame
    others = [name for name in frame.columns if name not in BASE]
    return _typed(frame.reindex(columns=[*COLUMNS, *others]).reset_index(drop=True))


def parquet_bytes(timeline: Timeline, more: More | None = None) -> bytes:
    """The timeline as Parquet; `more` goes into its metadata."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    rows = pa.Table.from_pandas(_with_measures(timeline), preserve_index=False)
    about = {**_about(timeline), "columns": as_plain(described(rows.column_names)), **(more or {})}
    rows = rows.replace_schema_metadata({name: json.dumps(value, ensure_ascii=False) for name, value in about.items()})
    buffer = io.BytesIO()
    pq.write_table(rows, buffer, compression="zstd")
    return buffer.getvalue()


def json_bytes(timeline: Timeline, more: More | None = None) -> bytes:
    """The timeline as UTF-8 JSON; `more` are further values beside the rows."""
    rows = _with_measures(timeline)
    record = {**_about(timeline), **(more or {}), "columns": list(rows.columns), "rows": listed(rows)}
    return (json.dumps(record, ensure_ascii=False, allow_nan=False) + "\n").encode()


def listed(rows: pd.DataFrame) -> list[list[Any]]:
    """Rows as lists in the order of the columns, with None for missing values."""
    plain = rows.astype(object)
    values: list[list[Any]] = plain.where(plain.notna(), None).to_numpy().tolist()
    return values


def from_parquet(data: bytes) -> tuple[Timeline, More]:
    """The timeline of `parquet_bytes` and the other values of its metadata.

    Raises:
        MediaError: these bytes are no such file.
    """
    import pyarrow as pa

    try:
        table = unpacked(data)
        about = {key.decode(): json.loads(value) for key, value in (table.schema.metadata or {}).items()}
        rows = table.to_pandas(ignore_metadata=True)
    except (pa.ArrowException, OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise MediaError("This is not a Parquet file that can be read; export the timeline again.") from error
    about.pop("columns", None)
    return _document(rows, about)


def from_json(data: bytes) -> tuple[Timeline, More]:
    """The timeline of `json_bytes` and its other values.

    Raises:
        MediaError: these bytes are no such file.
    """
    try:
        record = json.loads(data)
        rows = pd.DataFrame(record.pop("rows"), columns=record.pop("columns"))
    except (ValueError, KeyError, AttributeError, TypeError, RecursionError) as error:
        raise MediaError("This is not a JSON file of a timeline; export the timeline again.") from error
    return _document(rows, record)


def _document(rows: pd.DataFrame, about: dict[str, Any]) -> tuple[Timeline, More]:
    try:
        if about.pop("format", 1) not in (1, FORMAT):
            raise MediaError(f"This timeline has a format that is not known here; {_OPEN}")
        recording = from_plain(Recording, about.pop("recording"))
        if "settings" in about:
            request, provenance = of_format_1(about.pop("settings"))
        else:
            request = AnalysisRequest.from_json(about.pop("request"))
            provenance = from_plain(Provenance, about.pop("provenance"))
        measures = about.pop("measures", [])
        if not rows.columns.is_unique:
            raise ValueError("a column stands twice")
        if missing := set(COLUMNS) - set(rows.columns):
            raise ValueError(f"columns {sorted(missing)} are missing")
        frame = _in_memory(rows[[name for name in rows.columns if name not in measures]])
        timeline = Timeline(
            frame,
            recording,
            request,
            provenance,
            portraits=_portraits(about.pop("portraits", {})),
            problems=tuple(map(str, about.pop("problems", ()))),
            cuts=tuple(map(float, about.pop("cuts", ()))),
            measures=_measures(rows[list(measures)]) if measures else pd.DataFrame(),
            stopped_s=None if (stopped_s := about.pop("stopped_s", None)) is None else float(stopped_s),
            excerpt=(excerpt := bool(about.pop("excerpt", False))),
            part=bool(about.pop("part", excerpt)),  # files of before do not tell parts from removals
            declaration=None if (said := about.pop("declaration", None)) is None else from_plain(Declaration, said),
        )
        _check_numbers(timeline)
        if request.uncertain_below is None:
            raise ValueError("the request names no threshold")
    except (KeyError, ValueError, TypeError, AttributeError, OverflowError, RequestError) as error:
        raise MediaError("This file does not hold a timeline, or it is damaged; export the timeline again.") from error
    return timeline, about


def _measures(rows: pd.DataFrame) -> pd.DataFrame:
    """The measures of a file; ValueError where an outline is none."""
    measures = rows.astype({name: MEASURE_TYPES.get(name, DTYPES["decimal"]) for name in rows.columns})
    if "outline" in measures.columns:
        joined(measures["outline"].dropna().tolist())
    return measures


def _check_numbers(timeline: Timeline) -> None:
    """Check the numbers and portraits of a file.

    Raises:
        ValueError: a time, a probability, the duration or a cut is no finite number, a label is not that of the highest
            probability, it is not said whether a reading is uncertain, or a portrait is no JPEG.
    """
    frame = timeline.frame
    seen = frame[frame["person"].notna()]
    times = (*frame["time_s"], timeline.recording.duration_s, timeline.recording.frame_rate, *timeline.cuts)
    finite = np.isfinite(np.array(times, float)).all() and np.isfinite(seen[list(RAW_COLUMNS)].to_numpy(float)).all()
    if not finite or not all(data.startswith(_JPEG) for data in timeline.portraits.values()):
        raise ValueError("a number is not finite, or a portrait is no JPEG")
    probabilities = seen[list(EMOTIONS)].to_numpy(float)
    labels = pd.Index(EMOTIONS).get_indexer(pd.Index(seen["label"]))
    highest = probabilities.max(axis=1, initial=0.0)
    said = probabilities[np.arange(len(seen)), labels]
    within = (probabilities >= 0).all() and (highest <= 1 + _ROUNDED).all()
    if not within or (labels < 0).any() or (said < highest - _ROUNDED).any() or seen["uncertain"].isna().any():
        raise ValueError("a reading contradicts itself")


def _portraits(plain: Mapping[str, str]) -> dict[int, bytes]:
    return {int(person): base64.b64decode(data, validate=True) for person, data in plain.items()}


def of_format_1(settings: Mapping[str, Any]) -> tuple[AnalysisRequest, Provenance]:
    """Request and provenance of format 1, which lacks the parameters of the detector.

    Raises:
        ValueError: these are no such settings.
    """
    plain = dict(settings)
    files, versions = plain.pop("hashes", {}), plain.pop("versions", {})
    detector = {"name": plain.pop("detector"), "parameters": {}}
    try:
        request = AnalysisRequest.from_json({**plain, "detector": detector})
    except FerError as error:
        raise ValueError(str(error)) from error
    return request, from_plain(Provenance, {"files": files, "versions": versions})


def _about(timeline: Timeline) -> dict[str, Any]:
    portraits = {str(person): base64.b64encode(data).decode() for person, data in timeline.portraits.items()}
    return {
        "format": FORMAT,
        "recording": as_plain(timeline.recording),
        "request": timeline.request.to_json(),
        "provenance": as_plain(timeline.provenance),
        "problems": list(timeline.problems),
        "cuts": list(timeline.cuts),
        "measures": list(timeline.measures.columns),
        "stopped_s": timeline.stopped_s,
        "excerpt": timeline.excerpt,
        # Left out where it says nothing new, so that files, and the names that follow from them, stay as they were.
        **({"part": timeline.part} if timeline.part != timeline.excerpt else {}),
        **({"portraits": portraits} if portraits else {}),
        **({"declaration": as_plain(timeline.declaration)} if timeline.declaration else {}),
    }


def _with_measures(timeline: Timeline) -> pd.DataFrame:
    rows = typed_rows(timeline)
    if not len(timeline.measures.columns):
        return rows
    return pd.concat([rows, timeline.measures.reindex(timeline.frame.index).reset_index(drop=True)], axis=1)


def _typed(rows: pd.DataFrame) -> pd.DataFrame:
    typed = rows.astype({name: DTYPES[column.kind] for name, column in described(rows.columns).items()})
    typed["quality"] = typed["quality"].mask(typed["person"].isna())
    return typed.astype({"frame": "int64"})


def _in_memory(rows: pd.DataFrame) -> pd.DataFrame:
    """The rows with the dtypes of `TYPES`, as after an analysis."""
    typed = _typed(rows)
    typed["label"] = typed["label"].astype(object).where(typed["label"].notna(), None)
    typed["quality"] = typed["quality"].fillna("").astype(object)
    return typed.astype(TYPES)


def _by_ending(path: Path, forms: Mapping[str, Form]) -> Form:
    form = forms.get(path.suffix.lower())
    if form is None:
        raise MediaError(f"{path.name} is no timeline; the name of one ends in {' or '.join(forms)}.")
    return form
