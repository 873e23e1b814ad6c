"""What the columns of an exported library mean: `columns.csv`."""

from collections.abc import Iterable, Mapping
from typing import Final

from fer_core.cells import csv_of_rows
from fer_core.timeline.columns import described

ANALYSES: Final = "analyses.csv"
EVENTS: Final = "events.csv"
CORRECTED: Final = "corrected/"
READINGS: Final = "readings/"

_ATTRIBUTE: Final = "attribute_"
_MEANINGS: Final[Mapping[str, Mapping[str, tuple[str, str]]]] = {
    ANALYSES: {
        "analysis": ("SHA-256 of the file of readings, and the name of the files of this analysis", "text"),
        "recording": ("what the recording is called", "text"),
        "recording_id": ("name of the recording in the library", "text"),
        "file": ("name of the recording's file", "text"),
        "recording_sha256": ("SHA-256 of the recording's file; empty where it was not stored", "text"),
        "duration_s": ("length of the recording", "seconds"),
        "subject": ("participant", "text"),
        "session": ("session of the subject", "text"),
        "condition": ("condition of the recording", "text"),
        "tags": ("tags of the recording, separated by commas", "text"),
        "model": ("the model that read", "text"),
        "samples_a_second": ("frames that are read of each second of the recording; 0 for every frame", "1/second"),
        "smoothing": ("how the probabilities of these figures are smoothed over time", "text"),
        "time_constant_s": ("time constant or window of the smoothing; of no meaning where there is none", "seconds"),
        "uncertain_below": ("highest probability below which a reading is uncertain", "0 to 1"),
        "people": ("persons, with those seen in excluded spans alone", "count"),
        "samples": ("readings that count, over all persons", "count"),
        "seen_s": ("time that these readings stand for, over all persons", "seconds"),
        "share_uncertain": ("share of seen_s in which the label is uncertain", "0 to 1"),
        "share_good": ("share of seen_s without a quality problem", "0 to 1"),
        "share_excluded": (
            "share excluded of all the time in which persons are seen, which is seen_s and the excluded time",
            "0 to 1",
        ),
        "share_without_face": ("share of the recording's sampled time in which nobody is seen", "0 to 1"),
        "corrections": ("corrections that were made to the readings", "count"),
        "kept_at": ("when the analysis was kept", "UTC, ISO 8601"),
    },
    EVENTS: {
        "recording": ("what the recording is called", "text"),
        "recording_id": (f"name of the recording in the library, as in {ANALYSES}", "text"),
        "start_s": ("start, from the start of the recording", "seconds"),
        "end_s": ("end, from the start of the recording; empty where the event is a moment", "seconds"),
        "text": ("what happened", "text"),
        "kind": ("group of the event, such as a tier or category", "text"),
        "subject": ("the person, as the file of events names them", "text"),
    },
}


def columns_text(columns: Mapping[str, Iterable[str]]) -> str:
    """The dictionary as CSV: file, column, meaning, unit.

    Args:
        columns: names by file, or by folder of files with the same columns.
    """
    rows = [(file, name, *_meaning(file, name)) for file, names in columns.items() for name in names]
    return csv_of_rows(("file", "column", "meaning", "unit"), rows)


def _meaning(file: str, name: str) -> tuple[str, str]:
    """In words, and its unit; empty for a column that is not known here, as of readings of another version."""
    if file in (CORRECTED, READINGS):
        return next(((found.meaning, found.unit) for found in described([name]).values()), ("", ""))
    if name.startswith(_ATTRIBUTE):
        return f"attribute {name.removeprefix(_ATTRIBUTE)} of the recording", "text"
    return _MEANINGS[file].get(name, ("", ""))
