"""The evidence bundle: everything that is needed to check an analysis later, in one zip.

A manifest lists the SHA-256 of every file, so that damage and careless changes show. Whoever can rewrite the files can
rewrite the manifest, too: against that stands the re-run (`fer_core.evidence.verification`), and the fingerprint, which
is the SHA-256 of the manifest and is to be kept elsewhere.
"""

import hashlib
import io
import json
import platform
import re
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any, Final

from fer_core.classification.cards import ModelCard
from fer_core.declaration import Declaration
from fer_core.errors import MediaError, RequestError, TimelineError
from fer_core.media.files import harmless
from fer_core.notice import PURPOSE
from fer_core.plain import as_plain, from_plain
from fer_core.provenance import Provenance
from fer_core.reports.tables import CSV_NAME, DICTIONARY_NAME, csv_text, dictionary_text
from fer_core.request import AnalysisRequest
from fer_core.timeline.editing.edits import Edit, edits_from_json, edits_to_json
from fer_core.timeline.editing.study import Study
from fer_core.timeline.files import from_parquet, of_format_1
from fer_core.timeline.table import Recording, Timeline
from fer_core.whole_file import write_whole
from fer_core.zips import DAMAGED

FORMAT: Final = 2
"""Format 1 had settings in the place of request and provenance, and no edits; it is read too."""

MANIFEST: Final = "manifest.json"
SETTINGS: Final = "settings.json"
PARQUET: Final = "timeline.parquet"
JSON: Final = "timeline.json"
README: Final = "README.txt"
REPORT: Final = "report.pdf"
NAMES: Final = frozenset({MANIFEST, SETTINGS, PARQUET, JSON, CSV_NAME, DICTIONARY_NAME, README, REPORT})
"""The files of a bundle, of either format."""

_SETTINGS: Final[Mapping[str, Callable[[Study, date], Any]]] = {
    "format": lambda study, made_on: FORMAT,
    "recording": lambda study, made_on: as_plain(study.timeline.recording),
    "request": lambda study, made_on: study.read.request.to_json(),
    "provenance": lambda study, made_on: as_plain(study.read.provenance),
    "edits": lambda study, made_on: edits_to_json(study.edits),
    "declaration": lambda study, made_on: as_plain(study.read.declaration),
    "made_on": lambda study, made_on: made_on.isoformat(),
    "python": lambda study, made_on: platform.python_version(),
    "machine": lambda study, made_on: f"{platform.system()} {platform.machine()}",
}
"""What the settings file says of a study and the date of its bundle, by key."""

SETTINGS_KEYS: Final = frozenset({*_SETTINGS, "settings"})
"""The keys of the settings file, in either format; `settings` is of format 1 alone."""

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
        request: how it was asked for.
        provenance: the files and libraries behind the numbers.
        edits: the corrections that were made to what was read; None where the bundle does not say (format 1).
        declaration: purpose and agreement; None where none was made.
        fingerprint: SHA-256 of the manifest.
    """

    files: Mapping[str, bytes]
    manifest: Mapping[str, str]
    recording: Recording
    request: AnalysisRequest
    provenance: Provenance
    edits: tuple[Edit, ...] | None
    declaration: Declaration | None
    fingerprint: str


def bundle_bytes(study: Study, made_on: date, card: ModelCard | None = None, report: bytes | None = None) -> bytes:
    """The bundle as a zip file; the same input gives the same bytes.

    Its report shows the portraits of the study; no other file holds them. A bundle that is opened again therefore has
    none, and one that is written of it has another report, and another fingerprint. For a bundle without pictures of
    faces give a study whose timeline has no portraits: `Study(replace(study.read, portraits={}), study.edits)`.

    Args:
        study: of the whole recording, with its corrections; nobody may have been removed.
        made_on: the date that its report bears.
        card: of the model.
        report: of this study on that day, where it is written already; None to write it.

    Raises:
        TimelineError: somebody was removed, so reading the recording again would not give the same.
    """
    from fer_core.reports.pdf import pdf_report  # here, because its libraries take long to load

    if not study.whole:
        raise TimelineError(
            "A bundle of a recording from which somebody was removed cannot be checked; undo the removal, or take the "
            "report and the tables instead."
        )
    timeline = study.timeline
    kept = Study(replace(study.read, portraits={}), study.edits)
    files = {
        README: _readme(timeline).encode(),
        REPORT: pdf_report(timeline, made_on, study.notes_of_people, card) if report is None else report,
        CSV_NAME: csv_text(timeline).encode(),
        DICTIONARY_NAME: dictionary_text(timeline.frame.columns).encode(),
        PARQUET: kept.to_parquet(),
        JSON: kept.to_json(),
        SETTINGS: _json({key: value(study, made_on) for key, value in _SETTINGS.items()}),
    }
    files[MANIFEST] = _json(
        {"format": FORMAT, "sha256": {name: hashlib.sha256(content).hexdigest() for name, content in files.items()}}
    )
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in files.items():
            archive.writestr(zipfile.ZipInfo(name, _EPOCH), content, zipfile.ZIP_DEFLATED)
    return buffer.getvalue()


def write_bundle(
    study: Study, path: Path, made_on: date, card: ModelCard | None = None, report: bytes | None = None
) -> str:
    """Write `bundle_bytes` to a file.

    Returns:
        Its fingerprint.

    Raises:
        MediaError: it cannot be written there.
        TimelineError: somebody was removed.
    """
    data = bundle_bytes(study, made_on, card, report)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, data)
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
        if manifest["format"] not in (1, FORMAT) or described["format"] != manifest["format"]:
            raise MediaError(f"{path} has a format that is not known here; update this software.")
        recording = from_plain(Recording, described["recording"])
        request, provenance, edits = _how(described)
        said = described.get("declaration")
        declaration = None if said is None else from_plain(Declaration, said)
        hashes = {str(name): str(digest) for name, digest in manifest["sha256"].items()}
    except FileNotFoundError as error:
        raise MediaError(f"{path} does not exist; check the path.") from error
    except IsADirectoryError as error:
        raise MediaError(f"{path} is a folder; name the bundle in it.") from error
    except DAMAGED as error:
        raise MediaError(f"{path} is not a zip file that can be read; copy the bundle again.") from error
    except (KeyError, TypeError, ValueError, AttributeError, RequestError, TimelineError) as error:
        raise MediaError(f"{path} is not an evidence bundle, or its description is damaged.") from error
    fingerprint = hashlib.sha256(files[MANIFEST]).hexdigest()
    return Contents(files, hashes, recording, request, provenance, edits, declaration, fingerprint)


def open_bundle(path: Path) -> Study:
    """The study that a bundle holds, with every correction in place.

    Raises:
        MediaError: it is not a bundle, or a file in it is not the one that its manifest lists.
    """
    contents = read_bundle(path)
    for name, data in contents.files.items():
        if name != MANIFEST and hashlib.sha256(data).hexdigest() != contents.manifest.get(name):
            raise MediaError(
                f"{harmless(name)} in this bundle was changed after the bundle was made; `verify` says more."
            )
    if PARQUET not in contents.files:
        raise MediaError(f"This bundle holds no {PARQUET}; copy it again.")
    return Study.of_document(*from_parquet(contents.files[PARQUET]))


def _files(archive: zipfile.ZipFile, path: Path) -> dict[str, bytes]:
    entries = archive.infolist()
    if len(entries) > MAX_FILES or sum(entry.file_size for entry in entries) > MAX_BYTES:
        raise MediaError(f"{path} is larger than an evidence bundle can be.")
    if len({entry.filename for entry in entries}) < len(entries):
        raise MediaError(f"{path} holds two files of one name, so it is not as it was made.")
    return {entry.filename: archive.read(entry) for entry in entries}


def _how(described: Mapping[str, Any]) -> tuple[AnalysisRequest, Provenance, tuple[Edit, ...] | None]:
    """Request, provenance and edits of a bundle of either format.

    Raises:
        ValueError: the model's name could lead anywhere else than to a model.
    """
    edits = None
    if described["format"] == 1:
        request, provenance = of_format_1(described["settings"])
    else:
        request = AnalysisRequest.from_json(described["request"])
        provenance = from_plain(Provenance, described["provenance"])
        edits = edits_from_json(described["edits"])
    if not _MODEL_NAME.fullmatch(request.model or "") or request.uncertain_below is None:
        raise ValueError("not a complete request")
    return request, provenance, edits


def _json(value: Any) -> bytes:
    return (json.dumps(value, indent=2, ensure_ascii=False) + "\n").encode()


def _readme(timeline: Timeline) -> str:
    pictures = "the only file with pictures: a small portrait of each person" if timeline.portraits else "no pictures"
    return f"""Evidence bundle of the expressions read from {timeline.recording.name}

{REPORT}             for people; {pictures}
{CSV_NAME}           one row a reading; {DICTIONARY_NAME} says what its columns mean
{PARQUET}       the same, unrounded
{JSON}          the same with recording, request, names, markers, excluded spans and corrections
{SETTINGS}          how it was made: request, provenance (SHA-256 of the files, versions), corrections
{MANIFEST}          SHA-256 of every file in here

To check it by running the analysis again, with the recording at hand:

    python -m fer_core verify BUNDLE --video RECORDING

The SHA-256 of {MANIFEST} is this bundle's fingerprint. Kept elsewhere, it shows whether the bundle is still the same.

{PURPOSE}
"""
