"""Does an evidence bundle still say what the recording says? Looks for changes, then runs the analysis again."""

import hashlib
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd

from fer_core.errors import FerError, TimelineError
from fer_core.evidence.bundle import JSON, MANIFEST, NAMES, PARQUET, SETTINGS, SETTINGS_KEYS, Contents, read_bundle
from fer_core.evidence.comparison import (
    BOX,
    ORDER,
    QUALITY_SHARE,
    Verdict,
    absent_words,
    compare,
    cut_words,
    distance,
    lacking,
    without_all,
)
from fer_core.media.files import harmless, sha256_of
from fer_core.media.video import checked_file
from fer_core.plain import as_plain
from fer_core.provenance import Provenance
from fer_core.reports.tables import CSV_NAME, csv_text
from fer_core.request import AnalysisRequest
from fer_core.timeline.editing.edits import Remove, edits_to_json
from fer_core.timeline.editing.study import AS_READ, Study, replayed
from fer_core.timeline.face.movements import DISTANCES
from fer_core.timeline.files import More, from_json, from_parquet, typed_rows
from fer_core.timeline.outline import POINTS, unpacked
from fer_core.timeline.table import MEASURES, Recording, Timeline

MOST_TOLD: Final = 20
"""Corrections that are told one by one."""

_SAME_CUT_S: Final = 0.1
SAME_MEASURE: Final = 0.1
"""Share of a measure, or of 1 where it is less, by which other versions may find another."""

_SAME_LENGTH: Final = 0.01
"""Share by which two versions of FFmpeg may find other lengths and rates."""

_OUTLINE: Final = "outline"
_LATER: Final = (*DISTANCES, _OUTLINE)
_MEASURE_GROUPS: Final = (tuple(name for name in MEASURES if name not in _LATER), tuple(DISTANCES), (_OUTLINE,))
"""Measures that came into timelines together."""

_UNCOMPARED: Final = (
    "Not compared with anything, and covered by the fingerprint alone, are the report, the README, the dictionaries of "
    "columns, the date on which the bundle was made, and the Python and the machine that made it{}."
)


@dataclass(frozen=True)
class Verification:
    """The outcome.

    Attributes:
        verdict: in a word or three; "changed" where the bundle's files are not those of its manifest or contradict
            each other.
        findings: what was found, a sentence each.
        fingerprint: of the bundle, to be compared with the one that was kept.
    """

    verdict: Verdict
    findings: tuple[str, ...]
    fingerprint: str

    @property
    def confirmed(self) -> bool:
        """Whether the recording says what the bundle says."""
        return self.verdict in ("identical", "equal within rounding", "equal but for edited people")


def verify(bundle: Path, video: Path, analyse: Callable[[Path, AnalysisRequest], Timeline]) -> Verification:
    """Check a bundle against its recording.

    Args:
        bundle: as `fer_core.evidence.bundle.write_bundle` made it.
        video: the recording.
        analyse: runs the analysis that the request asks for.

    Raises:
        MediaError: the bundle or the recording cannot be read.
        ModelError: the bundle's model is not installed.
    """
    checked_file(video)
    contents = read_bundle(bundle)
    if changes := _changes(contents) or _unheard_of(contents) or _contradictions(contents):
        return Verification("changed", tuple(changes), contents.fingerprint)
    if not contents.recording.sha256:
        finding = "The bundle is about a live session that was not stored, so there is nothing to run again."
        return Verification("another recording", (finding,), contents.fingerprint)
    if sha256_of(video) != contents.recording.sha256:
        about = f'"{harmless(contents.recording.name)}" with SHA-256 {harmless(contents.recording.sha256)}'
        finding = f"The bundle is about {about}; this file has another."
        return Verification("another recording", (finding,), contents.fingerprint)
    kept, more = from_parquet(contents.files[PARQUET])
    read = analyse(video, contents.request)
    other = [
        *_other_request(contents, read.request),
        *_other_files(contents, read.provenance),
        *_other_recording(contents.recording, read.recording),
        *_other_reading(kept, read),
    ]
    try:
        again = replayed(read, contents.edits or ())
    except TimelineError as error:
        finding = f"The corrections in the bundle do not fit what is read now: {error}"
        return Verification("differs", (*other, finding), contents.fingerprint)
    verdict, findings = compare(typed_rows(_without_log(kept)), again)
    cut, absent = lacking(kept.measures.columns, read.measures.columns, _MEASURE_GROUPS)
    other += [cut_words(cut)] if cut else []
    verdict, findings = without_all(verdict, absent), (*findings, *absent_words(absent))
    if verdict == "equal but for edited people" and contents.edits is not None:  # which logs every edit
        other.append("The bundle's corrections do not give the readings to these persons.")
    if other:
        verdict = "differs"
    elif verdict != "differs":
        findings = (*findings, *_told(contents, Study.of_document(kept, more)), *_untold(contents, kept, read))
        findings = (*findings, _UNCOMPARED.format(_unmeasured(kept, read)))
    circumstances = _circumstances(contents, read.provenance)
    return Verification(verdict, (*other, *findings, *circumstances), contents.fingerprint)


def _changes(contents: Contents) -> list[str]:
    """Files that are not those of the manifest."""
    there = set(contents.files) - {MANIFEST}
    found = [f"{harmless(name)} is missing." for name in sorted(set(contents.manifest) - there)]
    found.extend(f"{harmless(name)} was added later." for name in sorted(there - set(contents.manifest)))
    found.extend(
        f"{harmless(name)} was changed after the bundle was made."
        for name in sorted(there & set(contents.manifest))
        if hashlib.sha256(contents.files[name]).hexdigest() != contents.manifest[name]
    )
    return found


def _contradictions(contents: Contents) -> list[str]:
    """Files that do not say the same, as after a change that was covered up in the manifest."""
    try:
        table, about = from_parquet(contents.files[PARQUET])
        record, more = from_json(contents.files[JSON])
        rows = _without_log(table)
        agree = {
            f"{CSV_NAME} and {PARQUET}": contents.files[CSV_NAME] == csv_text(rows).encode(),
            f"{JSON} and {PARQUET}": csv_text(_without_log(record)) == csv_text(rows),
            f"{JSON} and {SETTINGS}": _said(record, more) == (contents.recording, _asked(contents)),
            f"{PARQUET} and {SETTINGS}": _said(table, about) == (contents.recording, _asked(contents)),
            f"{JSON} and its corrections": _notes_follow(record, more, contents),
            f"{PARQUET} and its corrections": _notes_follow(table, about, contents),
            f"Cuts in {JSON} and {PARQUET}": contents.edits is None or record.cuts == table.cuts,
            f"Problems in {JSON} and {PARQUET}": contents.edits is None or record.problems == table.problems,
            f"Where the reading was stopped in {JSON} and {PARQUET}": record.stopped_s == table.stopped_s,
            f"Measures in {JSON} and {PARQUET}": _same_measures(record.measures, table.measures),
        }
    except (KeyError, TypeError, ValueError, FerError):
        return ["The tables of the bundle cannot be read."]
    if table.excerpt:
        return ["The bundle holds a part of the recording alone."]
    if contents.edits is not None and (table.portraits or record.portraits):
        return ["The tables of the bundle hold portraits, which those of no bundle do."]
    return [f"{names} contradict each other." for names, same in agree.items() if not same]


def _same_measures(one: pd.DataFrame, other: pd.DataFrame) -> bool:
    if set(one.columns) != set(other.columns) or len(one) != len(other):
        return False
    return all(
        one[name].astype("string").fillna("").tolist() == other[name].astype("string").fillna("").tolist()
        if name == "outline"
        else bool((distance(one[name], other[name]) <= 1e-9 * (1 + other[name].abs().fillna(0).to_numpy(float))).all())
        for name in one.columns
    )


def _notes_follow(timeline: Timeline, more: More, contents: Contents) -> bool:
    """Whether the notes of a file are those that the corrections make; format 1 had notes and no corrections."""
    if contents.edits is None:
        return True
    return bool(more.get("notes") == as_plain(Study.of_document(timeline, {**more, "notes": None}).notes_of_people))


def _unheard_of(contents: Contents) -> list[str]:
    """What no bundle holds, as it could not be checked by reading the recording again, and what every bundle holds."""
    found = [f"{harmless(name)} is no file of a bundle." for name in sorted(set(contents.files) - NAMES)]
    found.extend(f"{name} is missing, which every bundle holds." for name in sorted(NAMES - set(contents.files)))
    if found:
        return found
    if any(isinstance(edit, Remove) for edit in contents.edits or ()):
        return ["The corrections remove somebody, so that the bundle cannot be checked."]
    if unknown := sorted(set(json.loads(contents.files[SETTINGS])) - SETTINGS_KEYS):
        return [f"{SETTINGS} says what no bundle does: {harmless(', '.join(unknown))}."]
    return []


def _told(contents: Contents, study: Study) -> Iterator[str]:
    """What whoever relies on the bundle should know: what was looked at, and what people changed."""
    if contents.request.region is not None:
        yield f"Faces were looked for in a part of the picture alone: {_listed(as_plain(contents.request.region))}."
    if contents.declaration is not None:
        said = harmless(contents.declaration.sentence())
        yield f"This was declared, which reading the recording again cannot confirm. {said}"
    if not contents.edits:
        return
    words = [harmless(edit.words(study.notes)) for edit in contents.edits]
    others = f", and {len(words) - MOST_TOLD} more" if len(words) > MOST_TOLD else ""
    yield f"{len(words)} corrections were made again to what was read: {'; '.join(words[:MOST_TOLD])}{others}."


def _untold(contents: Contents, kept: Timeline, again: Timeline) -> Iterator[str]:
    """What the bundle says of its reading and the recording does not bear out, though the rows agree.

    Problems that one of the two alone names are told: a bundle that was read in two goes, or on a full disk, may not
    know them all, or others.
    """
    if kept.stopped_s is not None and again.stopped_s is None:
        yield f"The bundle says that its reading was stopped at {kept.stopped_s:.2f} s; nothing is lacking from it."
    lacking, more = _others(again.problems, kept.problems), _others(kept.problems, again.problems)
    if lacking and contents.edits is not None:
        yield f"The bundle does not say what reading the recording again says: {harmless(' '.join(lacking))}"
    if more:
        yield f"The bundle says what reading the recording again does not say: {harmless(' '.join(more))}"


def _others(problems: Iterable[str], known: Iterable[str]) -> list[str]:
    """Problems that are not known, whatever numbers are in them."""
    words = {re.sub(r"\d", "", problem) for problem in known}
    return [problem for problem in problems if re.sub(r"\d", "", problem) not in words]


def _said(timeline: Timeline, more: Mapping[str, object]) -> tuple[object, object]:
    """Recording, provenance, request, edits and declaration of the JSON file."""
    asked = more.get("request_read", timeline.request.to_json())
    said = as_plain(timeline.provenance), asked, more.get("edits", []), as_plain(timeline.declaration)
    return timeline.recording, said


def _asked(contents: Contents) -> object:
    """Provenance, request, edits and declaration of the settings file."""
    edits = edits_to_json(contents.edits or ())
    return as_plain(contents.provenance), contents.request.to_json(), edits, as_plain(contents.declaration)


def _without_log(timeline: Timeline) -> Timeline:
    return replace(timeline, frame=timeline.frame.drop(columns=AS_READ, errors="ignore"))


def _other_request(kept: Contents, again: AnalysisRequest) -> list[str]:
    mine, theirs = kept.request.to_json(), again.to_json()
    if kept.edits is None:  # format 1 did not say the detector's parameters
        mine["detector"]["parameters"] = theirs["detector"]["parameters"]
    return [
        f"The request's {name.replace('_', ' ')} is {_listed(mine[name])} in the bundle, {_listed(theirs[name])} now."
        for name in mine
        if mine[name] != theirs[name]
    ]


def _listed(value: object) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{name} {_listed(each)}" for name, each in value.items()) or "none"
    return str(value)


def _other_recording(kept: Recording, again: Recording) -> list[str]:
    """Facts about the recording that reading it again does not give; its name may be another."""
    mine, theirs = as_plain(kept), as_plain(again)
    return [
        f"The recording's {name.replace('_', ' ')} is {_listed(mine[name])} in the bundle, {_listed(theirs[name])} now."
        for name in mine
        if name != "name" and not _alike(mine[name], theirs[name])
    ]


def _alike(one: object, other: object) -> bool:
    if isinstance(one, float) and isinstance(other, int | float):
        return abs(one - other) <= _SAME_LENGTH * max(abs(one), abs(other))
    return one == other


def _other_reading(kept: Timeline, again: Timeline) -> list[str]:
    """Where persons before all corrections, or cuts, are others than reading the recording again gives."""
    found = []
    if AS_READ in kept.frame.columns and len(kept.frame) == len(again.frame):
        mine, theirs = (rows.sort_values(ORDER, kind="stable") for rows in (kept.frame, again.frame))
        if other := int((distance(mine[AS_READ], theirs["person"]) > 0).sum()):
            found.append(f"Before all corrections, {other:,} rows have other persons than the analysis gives them.")
    if unknown := [str(name) for name in kept.measures if name not in MEASURES]:
        found.append(f"No analysis gives these measures of the bundle: {harmless(', '.join(unknown))}.")
    if set(kept.measures.columns) and len(kept.frame) == len(again.frame):
        found += _other_measures(kept, again)
    if len(kept.cuts) != len(again.cuts) or not np.allclose(kept.cuts, again.cuts, atol=_SAME_CUT_S):
        found.append(f"The bundle has {len(kept.cuts)} cuts, the re-run {len(again.cuts)}, or they are at other times.")
    return found


def _other_measures(kept: Timeline, again: Timeline) -> list[str]:
    """Measures of faces, such as sharpness, that reading the recording again does not give."""
    mine, theirs = (rows.measures.reindex(rows.frame.sort_values(ORDER, kind="stable").index) for rows in (kept, again))
    same, found = _same_boxes(kept, again), []
    for name in (name for name in MEASURES if name in mine and name in theirs):
        if name == _OUTLINE:
            beyond = _other_outlines(mine[name], theirs[name])
        else:
            allowed = SAME_MEASURE * np.maximum(1.0, np.abs(theirs[name].to_numpy(float, na_value=0.0)))
            beyond = distance(mine[name], theirs[name]) > allowed
        other = int((same & beyond).sum())
        if other > QUALITY_SHARE * len(mine):
            found.append(f"{name} differs in {other:,} of {len(mine):,} rows.")
    return found


def _same_boxes(kept: Timeline, again: Timeline) -> np.ndarray:
    """Where a face is of the same pixels, so that its measures can be compared; bool (N,), in `ORDER`."""
    boxes = (rows.frame.sort_values(ORDER, kind="stable")[list(BOX)] for rows in (kept, again))
    same: np.ndarray = np.equal(*(box.to_numpy(float, na_value=-1) for box in boxes)).all(axis=1)
    return same


def _unmeasured(kept: Timeline, again: Timeline) -> str:
    """Measures and outlines that were compared with nothing, to end a sentence; the rows of the two correspond."""
    words = "; the outlines of faces, too" if _OUTLINE in set(kept.measures) - set(again.measures) else ""
    moved, count = int((~_same_boxes(kept, again)).sum()), len(kept.frame)
    if set(kept.measures.columns) and moved:
        words += f"; measures and outlines of {moved:,} of {count:,} rows, too, as their boxes differ by a pixel or two"
    return words


def _other_outlines(kept: pd.Series, again: pd.Series) -> np.ndarray:
    """Where an outline is another by more than `SAME_MEASURE` sides of the face, or should not be there; bool (N,).

    One that a bundle leaves out, as those of hidden faces are, says nothing that could be wrong.
    """
    drawn, given = kept.notna().to_numpy(), again.notna().to_numpy()
    both = drawn & given
    points = (unpacked(texts[both].tolist()).reshape(-1, 2 * POINTS) for texts in (kept, again))
    other = drawn & ~given
    other[both] = np.abs(np.subtract(*points)).max(axis=1, initial=0.0) > SAME_MEASURE
    return other


def _other_files(contents: Contents, again: Provenance) -> list[str]:
    """Files that are others now, and those of the model that the bundle does not name.

    Format 1 called the files of a model otherwise, and did not name all.
    """
    kept = contents.provenance.files
    changed = [file for file in sorted(set(kept) & set(again.files)) if kept[file] != again.files[file]]
    found = [f"The file {harmless(file)} is not the one that the bundle was made with." for file in changed]
    if contents.edits is not None:
        found += [_unnamed(file) for file in _of_models(again, contents.request.model) if file not in kept]
    return found


def _of_models(provenance: Provenance, name: str | None) -> list[str]:
    """The files of a model and its members: "model/file", and by each model's name what else of its card decides."""
    models = {name, *(file.partition("/")[0] for file in provenance.files if "/" in file)}
    return [file for file in sorted(provenance.files) if file.partition("/")[0] in models]


def _unnamed(file: str) -> str:
    return f"The bundle names no SHA-256 of {harmless(file)}, with which the recording is read now."


def _circumstances(contents: Contents, again: Provenance) -> list[str]:
    """Files that one side alone names, and versions that differ: no fault, but a reason for small differences.

    Versions before did not name every file that they used.
    """
    kept = contents.provenance
    told = set() if contents.edits is None else set(_of_models(again, contents.request.model))
    return [
        *(_unnamed(file) for file in sorted(set(again.files) - set(kept.files) - told)),
        *(
            f"The bundle names the file {harmless(file)}, with which the recording is not read now."
            for file in sorted(set(kept.files) - set(again.files))
        ),
        *(
            f"{name} was {kept.versions.get(name, 'absent')} then and is {again.versions.get(name, 'absent')} now."
            for name in sorted(set(kept.versions) | set(again.versions))
            if kept.versions.get(name) != again.versions.get(name)
        ),
    ]
