"""A timeline as CSV with its data dictionary. Times and probabilities are rounded to six decimals.

Files without loss are in `fer_core.timeline.files`.
"""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from fer_core.cells import csv_of, csv_of_rows
from fer_core.emotions import EMOTIONS
from fer_core.errors import MediaError
from fer_core.timeline.columns import BASE, COLUMNS, GROUP_COLUMNS, RAW_COLUMNS, described
from fer_core.timeline.files import typed_rows
from fer_core.timeline.table import Timeline
from fer_core.whole_file import write_whole

DECIMALS: Final = 6

CSV_NAME: Final = "timeline.csv"
DICTIONARY_NAME: Final = "timeline_columns.csv"


ROWS: Final = 5_000
"""Rows that are made into text at once."""


def csv_text(timeline: Timeline) -> str:
    """`timeline.csv`: a header and one row a reading, or one row for a sampled frame without a face."""
    return "".join(csv_parts(timeline))


def csv_parts(timeline: Timeline) -> Iterator[str]:
    """`csv_text` piece by piece."""
    rows = typed_rows(timeline)
    truths = [name for name, column in described(rows.columns).items() if column.kind == "truth"]
    for begin in range(0, max(1, len(rows)), ROWS):
        part = rows.iloc[begin : begin + ROWS]
        words = {name: part[name].map({True: "true", False: "false"}).astype("string") for name in truths}
        yield csv_of(part.assign(**words).round(DECIMALS), header=begin == 0)


def dictionary_text(columns: Iterable[str] = COLUMNS) -> str:
    """The data dictionary as CSV: column, meaning, unit; of the columns that are named, in their order."""
    rows = [(name, column.meaning, column.unit) for name, column in described(columns).items()]
    return csv_of_rows(("column", "meaning", "unit"), rows)


def dictionary_markdown() -> str:
    """The same as a table for documents; the seven probabilities and the seven raw ones take one line each."""
    lines = ["| column | meaning | unit |", "|---|---|---|"]
    for name, column in described((*BASE, *GROUP_COLUMNS)).items():
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
        write_whole(folder / DICTIONARY_NAME, dictionary_text(timeline.frame.columns))
        write_whole(folder / CSV_NAME, csv_text(timeline))
    except OSError as error:
        raise MediaError(f"{folder} cannot be written ({error.strerror}); choose another place.") from error
    return folder / CSV_NAME
