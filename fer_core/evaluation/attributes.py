"""Attributes of faces: the folder that holds the file, or the columns of a table with a row a file."""

import csv
import io
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path, PurePosixPath
from typing import BinaryIO, Final

import numpy as np

from fer_core.errors import DatasetError

FILE_COLUMN: Final = "file"
FOLDER_ATTRIBUTE: Final = "folder"
MAX_VALUES: Final = 50
NUMERIC_GROUPS: Final = 4
"""Number of groups, of about equal size, that a column with more than twice as many different numbers is cut into."""

UNKNOWN: Final = ""
"""The value of a face that the table does not tell of. Such faces are in no slice."""

_BEYOND: Final = "cells beyond the heading"


def read_attributes(
    table: Path | BinaryIO, files: Sequence[str], on_strays: Callable[[Sequence[str]], None] | None = None
) -> dict[str, list[str]]:
    """The columns of a CSV, brought into the order of the faces.

    Args:
        table: a CSV in UTF-8 with a heading; separated by comma, semicolon or tab. Its column `file` holds paths
            within the data, or file names alone where no two faces share one; every other column is an attribute.
        files: the N paths of the faces.
        on_strays: takes in the files of the rows that fit none of the faces, where there are some.

    Returns:
        By attribute the N values, `UNKNOWN` where the table has none. Numbers of many kinds, such as ages, are put
        into groups.

    Raises:
        DatasetError: it cannot be read, lacks a column, names a file twice, or fits none of the faces.
    """
    label = str(table) if isinstance(table, Path) else str(getattr(table, "name", None) or "The table")
    rows, names = _rows(table, label)
    keys = [_key(row[FILE_COLUMN]) for row in rows]
    [(commonest, times)] = Counter(keys).most_common(1)
    if times > 1:
        raise DatasetError(f'{label} names "{commonest}" {times} times; leave one row a file.')
    found = _find(dict(zip(keys, rows, strict=True)), files)
    if not any(found):
        raise DatasetError(
            f'{label} tells of none of the {len(files):,} faces; its column "{FILE_COLUMN}" must hold paths such as '
            f'"{files[0]}".'
        )
    told = {id(row) for row in found}
    strays = [key for key, row in zip(keys, rows, strict=True) if id(row) not in told]
    if strays and on_strays is not None:
        on_strays(strays)
    columns = {name: [(row.get(name) or "").strip() if row else UNKNOWN for row in found] for name in names}
    return {name: _grouped(values, name, label) for name, values in columns.items()}


def attributes_of(
    files: Sequence[str],
    folders: Sequence[str],
    table: Path | BinaryIO | None,
    by_folder: bool,
    on_strays: Callable[[Sequence[str]], None] | None = None,
) -> dict[str, list[str]]:
    """What people asked to slice by: the columns of a table, the folders above the emotion folders, or both.

    Rows of the table that fit none of the faces are told to `on_strays`, as by `read_attributes`.

    Raises:
        DatasetError: see `read_attributes`; or both have an attribute of that name.
    """
    attributes = {} if table is None else read_attributes(table, files, on_strays)
    if not by_folder:
        return attributes
    if FOLDER_ATTRIBUTE in attributes:
        raise DatasetError(f'The table has a column "{FOLDER_ATTRIBUTE}" itself; rename it, or leave out the folders.')
    return {**attributes, FOLDER_ATTRIBUTE: [folder or "." for folder in folders]}


def _rows(table: Path | BinaryIO, label: str) -> tuple[list[dict[str, str]], list[str]]:
    """The rows that name a file, and the names of the attributes. Columns without a name are passed over."""
    try:
        text = (table.read_bytes() if isinstance(table, Path) else table.read()).decode("utf-8-sig")
        heading = text.partition("\n")[0]
        separator = max(",;\t", key=heading.count)
        reader = csv.DictReader(
            io.StringIO(text, newline=""), delimiter=separator, restkey=_BEYOND, skipinitialspace=True
        )
        reader.fieldnames = [name.strip() for name in reader.fieldnames or ()]
        rows = []
        for row in reader:
            if any(cell.strip() for cell in row.pop(_BEYOND, ())):
                raise DatasetError(
                    f"Line {reader.line_num} of {label} has more cells than its heading; put values that hold a "
                    "separator into quotation marks."
                )
            if row.get(FILE_COLUMN):
                rows.append(row)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise DatasetError(f"{label} is not a readable CSV in UTF-8; save it as one.") from error
    names = [name for name in dict.fromkeys(reader.fieldnames) if name not in ("", FILE_COLUMN)]
    if FILE_COLUMN not in reader.fieldnames or not names:
        raise DatasetError(f'{label} needs a column "{FILE_COLUMN}" and at least one more, such as "age" or "light".')
    if not rows:
        raise DatasetError(f"{label} has no rows.")
    return rows, names


def _find(by_key: dict[str, dict[str, str]], files: Sequence[str]) -> list[dict[str, str] | None]:
    """The row of each face: by its path, else by its name if that is the only face of this name."""
    names = [PurePosixPath(file).name for file in files]
    times = Counter(names)
    return [
        by_key.get(_key(file)) or (by_key.get(name) if times[name] == 1 else None)
        for file, name in zip(files, names, strict=True)
    ]


def _key(file: str) -> str:
    return file.strip().replace("\\", "/").removeprefix("./")


def _grouped(values: list[str], name: str, label: str) -> list[str]:
    distinct = set(values) - {UNKNOWN}
    numbers = [_number(value) for value in values]
    known = np.array([number for number in numbers if number is not None])
    if len(distinct) > 2 * NUMERIC_GROUPS and len(known) == sum(value != UNKNOWN for value in values):
        edges = np.unique(np.quantile(known, np.linspace(0, 1, NUMERIC_GROUPS + 1)))
        return [UNKNOWN if number is None else _range_of(number, edges) for number in numbers]
    if len(distinct) > MAX_VALUES:
        raise DatasetError(
            f'Column "{name}" of {label} has {len(distinct):,} different values, more than {MAX_VALUES}; give groups.'
        )
    return values


def _number(value: str) -> float | None:
    try:
        number = float(value)
    except ValueError:
        return None
    return number if np.isfinite(number) else None


def _range_of(number: float, edges: np.ndarray) -> str:
    """The group of a number, each from one edge up to but without the next; the last one with it."""
    row = min(int(np.searchsorted(edges, number, side="right")) - 1, len(edges) - 2)
    first, after = _told_apart(edges)[row : row + 2]
    return f"{first} to {after}" if row == len(edges) - 2 else f"{first} to under {after}"


def _told_apart(edges: np.ndarray) -> list[str]:
    """Numbers with as many digits as keep them apart."""
    for digits in range(6, 18):
        texts = [f"{edge:.{digits}g}" for edge in edges]
        if len(set(texts)) == len(texts):
            break
    return texts
