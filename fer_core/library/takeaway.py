"""Tables of a study for other programs: CSV, Parquet, SPSS, with an R script and a notebook that read them."""

import io
import json
import re
from typing import Final

import pandas as pd

from fer_core.cells import csv_of, for_spreadsheets
from fer_core.errors import DependencyError, with_extra
from fer_core.library.observations import BEFORE_S, MEANINGS
from fer_core.temporary import temporary_folder
from fer_core.timeline.statistics.per_event import MEANINGS as ANY_EVENT

MAX_SPSS_NAME: Final = 64
MAX_SPSS_TEXT: Final = 32_000
_SPSS_LABEL: Final = 250

_BEFORE: Final = f"mean probability over the {BEFORE_S:g} s before the event"
EVENT_MEANINGS: Final = {
    **ANY_EVENT,
    **{name: f"{ANY_EVENT[name]}; baseline: {_BEFORE}" for name in ("change", "peak_change", "onset_s", "area")},
    "baseline": f"{_BEFORE}; empty where nothing counts there",
}
"""Columns of a table with a row an event, without the emotion at the end of their names."""


def csv_bytes(table: pd.DataFrame) -> bytes:
    """The table as CSV with six decimals, for spreadsheet programs and for code."""
    return for_spreadsheets(csv_of(table.round(6)))


def parquet_bytes(table: pd.DataFrame) -> bytes:
    """The table as Parquet, with all digits."""
    buffer = io.BytesIO()
    table.to_parquet(buffer, index=False, compression="zstd")
    return buffer.getvalue()


def spss_bytes(table: pd.DataFrame) -> bytes:
    """The table as SPSS reads it (`.sav`), with what each column means as its label.

    Raises:
        DependencyError: pyreadstat is not installed.
    """
    try:
        import pyreadstat
    except ModuleNotFoundError as error:
        raise DependencyError(f"SPSS files need pyreadstat; {with_extra('spss')}.") from error
    written = {
        name: _spss_column(table[column]) for name, column in zip(spss_names(list(table.columns)), table, strict=True)
    }
    labels = [meaning(str(name))[:_SPSS_LABEL] for name in table.columns]
    with temporary_folder() as folder:
        path = folder / "study.sav"
        pyreadstat.write_sav(pd.DataFrame(written), str(path), column_labels=labels)
        return path.read_bytes()


def _spss_column(column: pd.Series) -> pd.Series:
    if pd.api.types.is_numeric_dtype(column):
        return column.astype("float64")
    texts = [None if pd.isna(text) else str(text)[:MAX_SPSS_TEXT] for text in column]
    return pd.Series(texts, column.index, dtype="object")


def spss_names(names: list[str]) -> list[str]:
    """Names that SPSS takes: letters, digits and underscores, the first a letter, unlike in any case.

    Example:
        >>> spss_names(["mean_happy", "attribute_Alter (Jahre)", "ATTRIBUTE_ALTER_JAHRE_"])
        ['mean_happy', 'attribute_Alter_Jahre', 'ATTRIBUTE_ALTER_JAHRE_2']
    """
    found: list[str] = []
    for name in names:
        plain = re.sub(r"[^0-9A-Za-z]+", "_", name).strip("_")[: MAX_SPSS_NAME - 4]
        plain = plain if plain[:1].isalpha() else f"v_{plain}"
        used, number = {each.casefold() for each in found}, 2
        unique = plain
        while unique.casefold() in used:
            unique, number = f"{plain}_{number}", number + 1
        found.append(unique)
    return found


def dictionary(table: pd.DataFrame) -> pd.DataFrame:
    """What the columns mean."""
    return pd.DataFrame({"column": list(table.columns), "meaning": [meaning(str(name)) for name in table.columns]})


def meaning(name: str) -> str:
    """A column in words."""
    if name in MEANINGS:
        return MEANINGS[name]
    if name in EVENT_MEANINGS:
        return EVENT_MEANINGS[name]
    if name.startswith("attribute_"):
        return f"attribute {name.removeprefix('attribute_')} of the recording"
    what, _, emotion = name.rpartition("_")
    return f"{EVENT_MEANINGS.get(what, what)}; of {emotion}"


def r_script(value: str) -> str:
    """A script for R without further packages: reads study.csv, averages within people, draws the main figure.

    Args:
        value: column of the table.
    """
    return f"""# Reads study.csv beside this script. The person is the unit: rows of one person are averaged first.
# Subjects and conditions are texts, whatever they look like: 01 is not 1, and NA is a name.
study <- read.csv("study.csv", fileEncoding = "UTF-8-BOM", stringsAsFactors = FALSE, na.strings = "",
                  colClasses = c(subject = "character", condition = "character"))
value <- "{value}"
people <- aggregate(study[[value]], study[c("subject", "condition")], mean, na.rm = TRUE)
names(people)[3] <- value
people <- people[is.finite(people[[value]]), ]
conditions <- sort(unique(people$condition))

summary_of <- function(name) {{
  those <- people[people$condition == name, ]
  x <- those[[value]]
  rows <- study[study$condition == name & study$subject %in% those$subject, ]  # of people who have a value
  has <- is.finite(rows[[value]])  # no figure rests on the seconds of the others
  seconds <- sum(rows$seconds[has])
  data.frame(condition = name, n = length(x), mean = mean(x), sd = sd(x), seconds = seconds,
             uncertain = sum(rows$uncertain_s[has]) / seconds,
             excluded = sum(rows$excluded_s) / (seconds + sum(rows$excluded_s)))
}}
print(do.call(rbind, lapply(conditions, summary_of)))

pdf("study.pdf", width = 6, height = 4)
place <- match(people$condition, conditions)
plot(jitter(place, 0.3), people[[value]], xaxt = "n", xlab = "", ylab = value, xlim = c(0.5, length(conditions) + 0.5))
axis(1, seq_along(conditions), conditions)
means <- tapply(people[[value]], factor(people$condition, conditions), mean)
segments(seq_along(conditions) - 0.2, means, seq_along(conditions) + 0.2, means, lwd = 3)
dev.off()
"""


def notebook(value: str) -> str:
    """The same as a Jupyter notebook; needs pandas and matplotlib.

    Args:
        value: column of the table.
    """
    read = f"""import matplotlib.pyplot as plt
import pandas as pd

# Subjects and conditions are texts, whatever they look like: 01 is not 1, and None is a name.
texts = {{"subject": str, "condition": str}}
study = pd.read_csv("study.csv", dtype=texts, keep_default_na=False, na_values=[""])
value = "{value}"
study[["subject", "condition", value, "seconds", "uncertain_s", "excluded_s"]].head()"""
    people = """people = study.groupby(["subject", "condition"], as_index=False)[value].mean().dropna()
cells = people.groupby("condition")[value].agg(n="count", mean="mean", sd="std")
behind = study.merge(people[["subject", "condition"]])  # rows of people who have a value
behind.loc[behind[value].isna(), ["seconds", "uncertain_s"]] = 0  # no figure rests on these
seconds = behind.groupby("condition")[["seconds", "uncertain_s", "excluded_s"]].sum()
cells["seconds"] = seconds["seconds"]
cells["uncertain"] = seconds["uncertain_s"] / seconds["seconds"]
cells["excluded"] = seconds["excluded_s"] / (seconds["seconds"] + seconds["excluded_s"])
cells"""
    figure = """wide = people.pivot(index="subject", columns="condition", values=value)
fig, ax = plt.subplots(figsize=(6, 4))
ax.plot(wide.columns, wide.T, color="0.75", lw=0.8, zorder=1)
ax.scatter(people["condition"], people[value], alpha=0.7)
ax.scatter(cells.index, cells["mean"], marker="_", s=900, color="black")
ax.set_ylabel(value)
fig.savefig("study.png", dpi=200)"""
    about = (
        "# Study\\n\\nReads `study.csv` beside this notebook. The person is the unit: rows of one person are averaged."
    )
    parts = [("markdown", about.replace("\\n", "\n")), *(("code", text) for text in (read, people, figure))]
    written = []
    for number, (kind, text) in enumerate(parts):
        cell = {"cell_type": kind, "id": f"part{number}", "metadata": {}, "source": text.splitlines(keepends=True)}
        written.append(cell if kind == "markdown" else {**cell, "execution_count": None, "outputs": []})
    kernel = {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}}
    document = {"cells": written, "metadata": kernel, "nbformat": 4, "nbformat_minor": 5}
    return json.dumps(document, indent=1, ensure_ascii=False) + "\n"
