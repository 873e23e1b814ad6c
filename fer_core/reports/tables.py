"""A timeline as CSV with its data dictionary, as JSON and as Parquet.

Times and probabilities are written to six decimals in CSV and JSON; Parquet holds them as they are.
"""

import dataclasses
import io
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pandas as pd

from fer_core.cells import csv_of, csv_of_rows
from fer_core.emotions import EMOTIONS
from fer_core.errors import MediaError
from fer_core.timeline.notes import Notes
from fer_core.timeline.table import COLUMNS, RAW_COLUMNS, Timeline

DECIMALS: Final = 6

CSV_NAME: Final = "timeline.csv"
DICTIONARY_NAME: Final = "timeline_columns.csv"


@dataclass(frozen=True)
class Column:
    """What a column of the timeline holds.

    Attributes:
        meaning: in a sentence.
        unit: of its values, or their range.
        kind: "decimal", "whole", "text" or "truth"; all but `time_s` and `frame` can be empty.
    """

    meaning: str
    unit: str
    kind: str


_ALWAYS: Final = ("time_s", "frame")
_TYPES: Final = {"decimal": "float64", "whole": "Int64", "text": "string", "truth": "boolean"}

COLUMN_MEANINGS: Final[Mapping[str, Column]] = {
    "time_s": Column("presentation time of the sampled frame, from the start of the recording", "seconds", "decimal"),
    "frame": Column("number of the frame in the recording, from 0", "count", "whole"),
    "person": Column("number of the person, from 1; empty where the sampled frame shows no face", "count", "whole"),
    "x": Column("left border of the face box, from the left of the upright frame", "pixels", "whole"),
    "y": Column("upper border of the face box, from the top of the upright frame", "pixels", "whole"),
    "width": Column("width of the face box", "pixels", "whole"),
    "height": Column("height of the face box", "pixels", "whole"),
    **{
        name: Column(f"smoothed, calibrated probability of {name}; the seven sum to 1", "0 to 1", "decimal")
        for name in EMOTIONS
    },
    **{
        name: Column(f"probability of {name.removeprefix('raw_')} before smoothing", "0 to 1", "decimal")
        for name in RAW_COLUMNS
    },
    "label": Column("the most probable emotion by the smoothed probabilities", "one of the seven", "text"),
    "confidence": Column("smoothed probability of the label", "0 to 1", "decimal"),
    "uncertain": Column(
        "whether the confidence is below the threshold in the settings, so that the label is not to be relied on",
        "true or false",
        "truth",
    ),
    "quality": Column(
        'what makes the crop unlike the faces that the model learnt from, separated by commas; "good" if nothing does',
        "words",
        "text",
    ),
}
"""The only place that says what the columns mean; the data dictionary and README.md are written from it."""


def as_rows(timeline: Timeline) -> pd.DataFrame:
    """The rows with `COLUMNS` in their order and with types that can be empty, whatever they were built with."""
    frame = timeline.frame.reindex(columns=list(COLUMNS))
    typed = frame.astype({name: _TYPES[column.kind] for name, column in COLUMN_MEANINGS.items()})
    typed["quality"] = typed["quality"].mask(typed["person"].isna())
    return typed.astype({"frame": "int64"})


def csv_text(timeline: Timeline) -> str:
    """`timeline.csv`: a header and one row a reading, or one row for a sampled frame without a face."""
    rows = as_rows(timeline)
    truth = rows["uncertain"].map({True: "true", False: "false"}).astype("string")
    return csv_of(rows.assign(uncertain=truth).round(DECIMALS))


def dictionary_text() -> str:
    """The data dictionary as CSV: column, meaning, unit."""
    rows = [(name, column.meaning, column.unit) for name, column in COLUMN_MEANINGS.items()]
    return csv_of_rows(("column", "meaning", "unit"), rows)


def dictionary_markdown() -> str:
    """The same as a table for documents; the seven probabilities and the seven raw ones take one line each."""
    lines = ["| column | meaning | unit |", "|---|---|---|"]
    for name, column in COLUMN_MEANINGS.items():
        if name in (*EMOTIONS[1:], *RAW_COLUMNS[1:]):
            continue
        names, meaning = [name], column.meaning
        for group, emotion in ((EMOTIONS, EMOTIONS[0]), (RAW_COLUMNS, EMOTIONS[0])):
            if name == group[0]:
                names, meaning = list(group), meaning.replace(f"of {emotion}", "of each emotion")
        lines.append(f"| {', '.join(f'`{each}`' for each in names)} | {meaning} | {column.unit} |")
    return "\n".join(lines)


def write_csv(timeline: Timeline, folder: Path) -> Path:
    """Write `timeline.csv` and beside it `timeline_columns.csv`, which says what its columns mean.

    Returns:
        The path of the first.

    Raises:
        MediaError: they cannot be written there.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / DICTIONARY_NAME).write_text(dictionary_text(), encoding="utf-8", newline="")
        (folder / CSV_NAME).write_text(csv_text(timeline), encoding="utf-8", newline="")
    except OSError as error:
        raise MediaError(f"{folder} cannot be written ({error.strerror}); choose another place.") from error
    return folder / CSV_NAME


def as_json(timeline: Timeline, notes: Notes | None = None) -> str:
    """Everything but the portraits as JSON: recording, settings, problems, cuts, notes, and rows by `COLUMNS`."""
    record = {
        "recording": dataclasses.asdict(timeline.recording),
        "settings": as_plain(timeline.settings),
        "problems": list(timeline.problems),
        "cuts": list(timeline.cuts),
        "notes": as_plain(notes or Notes()),
        "columns": list(COLUMNS),
        "rows": rows_of_json(timeline),
    }
    return json.dumps(record, ensure_ascii=False, allow_nan=False) + "\n"


def rows_of_json(timeline: Timeline) -> list[list[Any]]:
    """The rows of `as_json`: lists by `COLUMNS`, with None for what is empty."""
    rows = as_rows(timeline).round(DECIMALS).astype(object)
    return rows.where(rows.notna(), None).to_numpy().tolist()


def parquet_bytes(timeline: Timeline) -> bytes:
    """The rows as Parquet, unrounded; its metadata holds recording, settings and the data dictionary as JSON."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    rows = pa.Table.from_pandas(as_rows(timeline), preserve_index=False)
    rows = rows.replace_schema_metadata(
        {
            "recording": json.dumps(dataclasses.asdict(timeline.recording), ensure_ascii=False),
            "settings": json.dumps(as_plain(timeline.settings), ensure_ascii=False),
            "columns": json.dumps(
                {name: dataclasses.asdict(column) for name, column in COLUMN_MEANINGS.items()}, ensure_ascii=False
            ),
        }
    )
    buffer = io.BytesIO()
    pq.write_table(rows, buffer, compression="zstd")
    return buffer.getvalue()


def rows_from_parquet(data: bytes) -> pd.DataFrame:
    """The rows again, with the types of `as_rows`.

    Raises:
        MediaError: these bytes are no such table.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        frame = pq.read_table(io.BytesIO(data), use_threads=False).to_pandas()
    except (pa.ArrowException, OSError, ValueError) as error:
        raise MediaError("This is not a Parquet file that can be read; export the timeline again.") from error
    if list(frame.columns) != list(COLUMNS):
        raise MediaError("This Parquet file does not hold a timeline; export the timeline again.")
    typed = frame.astype({name: _TYPES[column.kind] for name, column in COLUMN_MEANINGS.items()})
    return typed.astype({"frame": "int64"})


def as_plain(value: Any) -> Any:
    """A dataclass, with those in it, as JSON has it."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {each.name: as_plain(getattr(value, each.name)) for each in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return {str(key): as_plain(each) for key, each in value.items()}
    if isinstance(value, tuple | list):
        return [as_plain(each) for each in value]
    return value
