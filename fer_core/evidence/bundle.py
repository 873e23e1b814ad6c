"""The evidence bundle: everything that is needed to check an analysis later, in one zip.

A manifest lists the SHA-256 of every file, so that damage and careless changes show. Whoever can rewrite the files can
rewrite the manifest, too: against that stands the re-run (`fer_core.evidence.verification`), and the fingerprint, which
is the SHA-256 of the manifest and is to be kept elsewhere.
"""

import dataclasses
import hashlib
import io
import json
import platform
import re
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Final

from pydantic import TypeAdapter, ValidationError

from fer_core.classification.cards import ModelCard
from fer_core.errors import MediaError
from fer_core.notice import PURPOSE
from fer_core.reports.pdf import pdf_report
from fer_core.reports.tables import (
    CSV_NAME,
    DICTIONARY_NAME,
    as_json,
    as_plain,
    csv_text,
    dictionary_text,
    parquet_bytes,
)
from fer_core.timeline.notes import Notes
from fer_core.timeline.table import AnalysisSettings, Recording, Timeline

FORMAT: Final = 1
MANIFEST: Final = "manifest.json"
SETTINGS: Final = "settings.json"
PARQUET: Final = "timeline.parquet"
JSON: Final = "timeline.json"
MAX_BYTES: Final = 2_000_000_000
MAX_FILES: Final = 50

_EPOCH: Final = (1980, 1, 1, 0, 0, 0)
_MODEL_NAME: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*")


@dataclass(frozen=True)
class Contents:
    """What a bundle holds, as it was read; nothing of it is checked yet.

    Attributes:
        files: by name, the manifest included.
        manifest: SHA-256 by file name, as the manifest has it.
        recording: what was analysed.
        settings: how.
        fingerprint: SHA-256 of the manifest.
    """

    files: Mapping[str, bytes]
    manifest: Mapping[str, str]
    recording: Recording
    settings: AnalysisSettings
    fingerprint: str


def bundle_bytes(timeline: Timeline, made_on: date, notes: Notes | None = None, card: ModelCard | None = None) -> bytes:
    """The bundle as a zip file; the same input gives the same bytes.

    Args:
        timeline: whole; people may have been merged or split, but none left out, nor any stretch of time.
        made_on: the date that its report bears.
        notes: names, markers and excluded spans.
        card: of the model.
    """
    files = {
        "README.txt": _readme(timeline).encode(),
        "report.pdf": pdf_report(timeline, made_on, notes, card),
        CSV_NAME: csv_text(timeline).encode(),
        DICTIONARY_NAME: dictionary_text().encode(),
        PARQUET: parquet_bytes(timeline),
        JSON: as_json(timeline, notes).encode(),
        SETTINGS: _json(
            {
                "format": FORMAT,
                "recording": as_plain(timeline.recording),
                "settings": as_plain(timeline.settings),
                "made_on": made_on.isoformat(),
                "python": platform.python_version(),
                "machine": f"{platform.system()} {platform.machine()}",
            }
        ),
    }
    files[MANIFEST] = _json(
        {"format": FORMAT, "sha256": {name: hashlib.sha256(data).hexdigest() for name, data in files.items()}}
    )
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, data in files.items():
            archive.writestr(zipfile.ZipInfo(name, _EPOCH), data, zipfile.ZIP_DEFLATED)
    return buffer.getvalue()


def write_bundle(
    timeline: Timeline, path: Path, made_on: date, notes: Notes | None = None, card: ModelCard | None = None
) -> str:
    """Write `bundle_bytes` to a file.

    Returns:
        Its fingerprint.

    Raises:
        MediaError: it cannot be written there.
    """
    data = bundle_bytes(timeline, made_on, notes, card)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    except OSError as error:
        raise MediaError(f"{path} cannot be written ({error.strerror}); choose another place.") from error
    return fingerprint_of(data)


def fingerprint_of(data: bytes) -> str:
    """SHA-256 of the manifest in a bundle: to be written down elsewhere, such as in a lab book."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return hashlib.sha256(archive.read(MANIFEST)).hexdigest()


def read_bundle(path: Path) -> Contents:
    """Read a bundle into memory; nothing is unpacked to disk.

    Raises:
        MediaError: it is not there, not a bundle, or too large.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            files = _files(archive, path)
        manifest = json.loads(files[MANIFEST])
        described = json.loads(files[SETTINGS])
        if manifest["format"] != FORMAT or described["format"] != FORMAT:
            raise MediaError(f"{path} has a format that is not known here; update this software.")
        recording = TypeAdapter(Recording).validate_python(described["recording"])
        settings = TypeAdapter(AnalysisSettings).validate_python(_known(described["settings"]))
        hashes = TypeAdapter(dict[str, str]).validate_python(manifest["sha256"])
    except FileNotFoundError as error:
        raise MediaError(f"{path} does not exist; check the path.") from error
    except (OSError, zipfile.BadZipFile, zipfile.LargeZipFile, NotImplementedError, RuntimeError) as error:
        raise MediaError(f"{path} is not a zip file that can be read; copy the bundle again.") from error
    except (KeyError, TypeError, ValueError, ValidationError) as error:
        raise MediaError(f"{path} is not an evidence bundle, or its description is damaged.") from error
    return Contents(files, hashes, recording, settings, hashlib.sha256(files[MANIFEST]).hexdigest())


def _files(archive: zipfile.ZipFile, path: Path) -> dict[str, bytes]:
    entries = archive.infolist()
    if len(entries) > MAX_FILES or sum(entry.file_size for entry in entries) > MAX_BYTES:
        raise MediaError(f"{path} is larger than an evidence bundle can be.")
    if len({entry.filename for entry in entries}) < len(entries):
        raise MediaError(f"{path} holds two files of one name, so it is not as it was made.")
    return {entry.filename: archive.read(entry) for entry in entries}


def _known(settings: Mapping[str, Any]) -> dict[str, Any]:
    """The settings, if they hold nothing unknown and their model's name cannot lead anywhere else.

    Raises:
        ValueError: they do.
    """
    names = {field.name for field in dataclasses.fields(AnalysisSettings)}
    if unknown := set(settings) - names:
        raise ValueError(f"unknown settings {unknown}")
    if not _MODEL_NAME.fullmatch(settings["model"]):
        raise ValueError("not a model's name")
    return dict(settings)


def _json(value: Any) -> bytes:
    return (json.dumps(value, indent=2, ensure_ascii=False) + "\n").encode()


def _readme(timeline: Timeline) -> str:
    return f"""Evidence bundle of the expressions read from {timeline.recording.name}

report.pdf             for people
{CSV_NAME}           one row a reading; {DICTIONARY_NAME} says what its columns mean
{PARQUET}       the same, unrounded
{JSON}          the same with recording, settings, names, markers and excluded spans
{SETTINGS}          how it was made: model, detector, sampling, smoothing, versions, SHA-256 of the files
{MANIFEST}          SHA-256 of every file in here

To check it by running the analysis again, with the recording at hand:

    python -m fer_core verify BUNDLE --video RECORDING

The SHA-256 of {MANIFEST} is this bundle's fingerprint. Kept elsewhere, it shows whether the bundle is still the same.

{PURPOSE}
"""
