"""Tables that leave: CSV in which no cell is a formula.

A spreadsheet program computes a cell that begins with =, +, - or @, also after a tab or line break. Names of people,
words of events and names of files come from anyone, so text that begins so is written with an apostrophe in front
(OWASP, "CSV injection"), and read back without. Numbers stay as they are.

Files with text of anyone begin with a byte order mark, by which spreadsheet programs know UTF-8. `timeline.csv` and
its dictionary hold nothing but ASCII, and go without, as scripts expect.
"""

import csv
import io
import re
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import pandas as pd

_BEGINS_FORMULA: Final = tuple("=+-@\t\r\n＝＋－＠")
_QUOTE: Final = "'"
_NUMBER: Final = re.compile(r"[+-]?\d+(?:[.,:]\d+)*(?:[eE][+-]?\d+)?")
"""Text that is a number, or a time of day, is computed as what it is."""


def harmless_cell(text: str) -> str:
    """The text as a cell that no spreadsheet program computes; `cell_text` gives it back.

    Example:
        >>> harmless_cell("=HYPERLINK(1)"), harmless_cell("Ana"), cell_text(harmless_cell("'=1"))
        ("'=HYPERLINK(1)", 'Ana', "'=1")
    """
    return _QUOTE + text if _is_formula(text) else text


def cell_text(cell: str) -> str:
    """What `harmless_cell` was given."""
    return cell[1:] if cell.startswith(_QUOTE) and _is_formula(cell) else cell


def _is_formula(text: str) -> bool:
    bare = text.lstrip(_QUOTE + " ")
    return bare.startswith(_BEGINS_FORMULA) and not _NUMBER.fullmatch(bare)


def csv_of(frame: "pd.DataFrame", *, header: bool = True) -> str:
    """A table as CSV, with a header where that is wanted; text, also of the header, is harmless."""
    safe = frame.rename(columns=lambda name: harmless_cell(str(name)))
    for place, kind in enumerate(safe.dtypes):
        if not (kind.kind in "biufcmM" if hasattr(kind, "kind") else False):
            safe.isetitem(place, safe.iloc[:, place].map(_harmless_if_text, na_action="ignore").array)
    return safe.to_csv(index=False, header=header, lineterminator="\n")


def csv_of_rows(header: Sequence[str], rows: Iterable[Sequence[object]], delimiter: str = ",") -> str:
    """Rows as delimited text with a header; text is harmless."""
    target = io.StringIO()
    writer = csv.writer(target, lineterminator="\n", delimiter=delimiter)
    writer.writerow([harmless_cell(name) for name in header])
    writer.writerows([_harmless_if_text(cell) for cell in row] for row in rows)
    return target.getvalue()


def for_spreadsheets(text: str) -> bytes:
    """CSV as the bytes of a file that spreadsheet programs read as UTF-8."""
    return text.encode("utf-8-sig")


def _harmless_if_text(cell: object) -> object:
    return harmless_cell(cell) if isinstance(cell, str) else cell
