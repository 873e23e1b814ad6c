"""Does an evidence bundle still say what the recording says? Looks for changes, then runs the analysis again."""

import hashlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, Literal

import numpy as np
import pandas as pd

from fer_core.emotions import EMOTIONS
from fer_core.errors import FerError, TimelineError
from fer_core.evidence.bundle import JSON, MANIFEST, PARQUET, SETTINGS, Contents, read_bundle
from fer_core.media.files import harmless
from fer_core.networks.files import sha256
from fer_core.plain import as_plain
from fer_core.provenance import Provenance
from fer_core.reports.tables import CSV_NAME, csv_text
from fer_core.request import AnalysisRequest
from fer_core.timeline.columns import GROUP_COLUMNS, GROUPS, PICTURE_COLUMNS, RAW_COLUMNS, described
from fer_core.timeline.edits import Remove, edits_to_json
from fer_core.timeline.files import More, from_json, from_parquet, typed_rows
from fer_core.timeline.study import AS_READ, Study, replayed
from fer_core.timeline.table import Recording, Timeline, refreshed

Verdict = Literal[
    "identical", "equal within rounding", "equal but for edited people", "differs", "changed", "another recording"
]

_BOX: Final = ("x", "y", "width", "height")
_ORDER: Final = ["time_s", "x", "y"]
_OF_UNIT: Final[Mapping[str, float]] = {"degrees": 2.0, "percent": 2.0}
_READ: Final[Mapping[str, float]] = {
    "time_s": 0.001,
    "frame": 0,
    **dict.fromkeys(_BOX, 2),
    **dict.fromkeys(RAW_COLUMNS, 0.01),
    **{name: _OF_UNIT.get(column.unit, 0.02) for name, column in described(PICTURE_COLUMNS).items()},
}
_FOLLOWS: Final[Mapping[str, float]] = {
    "person": 0,
    **dict.fromkeys((*EMOTIONS, "confidence"), 0.01),
    **dict.fromkeys(GROUPS["movements"], _OF_UNIT["percent"]),
}
TOLERANCES: Final[Mapping[str, float]] = {**_READ, **_FOLLOWS}
"""What another processor or library version may change: seconds, pixels, probability, degrees, shares, percent. `label`
and `uncertain` may differ where a probability within this tolerance decides; `quality`, `blink` and `talking` in one
row of a hundred."""

QUALITY_SHARE: Final = 0.01
MOST_TOLD: Final = 20
"""Corrections that are told one by one."""

_SAME_CUT_S: Final = 0.1

_SAME_LENGTH: Final = 0.01
"""Share by which two versions of FFmpeg may find other lengths and rates."""


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
    contents = read_bundle(bundle)
    if changes := _changes(contents) or _unheard_of(contents) or _contradictions(contents):
        return Verification("changed", tuple(changes), contents.fingerprint)
    if not contents.recording.sha256:
        finding = "The bundle is about a live session that was not stored, so there is nothing to run again."
        return Verification("another recording", (finding,), contents.fingerprint)
    if sha256(video) != contents.recording.sha256:
        about = f'"{harmless(contents.recording.name)}" with SHA-256 {harmless(contents.recording.sha256)}'
        finding = f"The bundle is about {about}; this file has another."
        return Verification("another recording", (finding,), contents.fingerprint)
    kept, more = from_parquet(contents.files[PARQUET])
    read = analyse(video, contents.request)
    other = [
        *_other_request(contents, read.request),
        *_other_files(contents.provenance, read.provenance),
        *_other_recording(contents.recording, read.recording),
        *_other_reading(kept, read),
    ]
    try:
        again = replayed(read, contents.edits or ())
    except TimelineError as error:
        finding = f"The corrections in the bundle do not fit what is read now: {error}"
        return Verification("differs", (*other, finding), contents.fingerprint)
    verdict, findings = compare(typed_rows(_without_log(kept)), again)
    if other:
        verdict = "differs"
    elif verdict != "differs":
        findings = (*findings, *_told(contents, Study.of_document(kept, more)))
        findings = (*findings, "The report is covered by the fingerprint alone.")
    circumstances = _circumstances(contents.provenance, read.provenance)
    return Verification(verdict, (*other, *findings, *circumstances), contents.fingerprint)


def compare(kept: pd.DataFrame, again: Timeline) -> tuple[Verdict, tuple[str, ...]]:
    """The verdict and findings for the rows of a bundle, with the dtypes of `typed_rows`, against a re-run."""
    kept, now = _ordered(kept), _ordered(typed_rows(again))
    if not set(GROUP_COLUMNS) & set(kept.columns):  # made before there were any
        now = now.drop(columns=[name for name in GROUP_COLUMNS if name in now])
    if kept.equals(now):
        return "identical", (f"All {len(kept):,} rows are the same to the last digit.",)
    if unknown := [name for name in kept.columns if name not in now.columns]:
        return "differs", (f"No analysis gives these columns of the bundle: {harmless(', '.join(unknown))}.",)
    if missing := _other_moments(kept, now):
        return "differs", missing
    readings = _beyond(kept, now, _READ)
    following = _not_following(kept, now, again.request)
    if not readings and not following:
        largest = max(float(_distance(kept[name], now[name]).max()) for name in (*EMOTIONS, *RAW_COLUMNS))
        return "equal within rounding", (
            f"No row of {len(kept):,} differs by more than the tolerances; the largest difference of a probability is "
            f"{largest:.2g}.",
        )
    if not readings and not _not_following(kept, _with_people_of(kept, now, again), again.request):
        renumbered = int((_distance(kept["person"], now["person"]) > 0).sum())
        return "equal but for edited people", (
            f"All {len(kept):,} readings agree, but {renumbered:,} are given to other persons than the analysis gives "
            "them to: people were merged or split. Everything else follows from the readings.",
        )
    if not readings:
        following.insert(0, "The raw readings agree, but not what was made of them.")
    return "differs", (*readings, *following)


def _not_following(kept: pd.DataFrame, now: pd.DataFrame, request: AnalysisRequest) -> list[str]:
    return [*_beyond(kept, now, _FOLLOWS), *_other_words(kept, now, request)]


def _with_people_of(kept: pd.DataFrame, now: pd.DataFrame, again: Timeline) -> pd.DataFrame:
    """The re-run as it would be if its readings were those people's; rows must correspond."""
    measures = again.measures.reindex(again.frame.index).reset_index(drop=True)
    order = typed_rows(again).sort_values(_ORDER, kind="stable").index
    rows = now.assign(person=kept["person"])
    renewed = replace(again, frame=rows, measures=measures.reindex(order).reset_index(drop=True))
    return typed_rows(refreshed(renewed))


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
        }
    except (KeyError, TypeError, ValueError, FerError):
        return ["The tables of the bundle cannot be read."]
    if table.excerpt:
        return ["The bundle holds a part of the recording alone."]
    return [f"{names} contradict each other." for names, same in agree.items() if not same]


def _notes_follow(timeline: Timeline, more: More, contents: Contents) -> bool:
    """Whether the notes of a file are those that the corrections make; format 1 had notes and no corrections."""
    if contents.edits is None:
        return True
    return bool(more.get("notes") == as_plain(Study.of_document(timeline, {**more, "notes": None}).notes_of_people))


def _unheard_of(contents: Contents) -> list[str]:
    """What no bundle holds, as it could not be checked by reading the recording again."""
    if any(isinstance(edit, Remove) for edit in contents.edits or ()):
        return ["The corrections remove somebody, so that the bundle cannot be checked."]
    return []


def _told(contents: Contents, study: Study) -> Iterator[str]:
    """What whoever relies on the bundle should know: what was looked at, and what people changed."""
    if contents.request.region is not None:
        yield f"Faces were looked for in a part of the picture alone: {_listed(as_plain(contents.request.region))}."
    if not contents.edits:
        return
    words = [harmless(edit.words(study.notes)) for edit in contents.edits]
    others = f", and {len(words) - MOST_TOLD} more" if len(words) > MOST_TOLD else ""
    yield f"{len(words)} corrections were made again to what was read: {'; '.join(words[:MOST_TOLD])}{others}."


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


def _ordered(rows: pd.DataFrame) -> pd.DataFrame:
    return rows.sort_values(_ORDER, kind="stable", ignore_index=True)


def _other_moments(kept: pd.DataFrame, now: pd.DataFrame) -> tuple[str, ...]:
    """Where the two have another number of samples or faces; nothing where they correspond."""
    counted = [rows.groupby(rows["time_s"].round(3))["person"].agg(["size", "count"]) for rows in (kept, now)]
    both = counted[0].add_suffix("_kept").join(counted[1].add_suffix("_now"), how="outer").fillna(0)
    other = (both["size_kept"] != both["size_now"]) | (both["count_kept"] != both["count_now"])
    moments = [float(moment) for moment in both.index[other]]
    if not moments:
        return ()
    first = ", ".join(f"{moment:.2f} s" for moment in moments[:5])
    findings = [
        f"The bundle has {len(kept):,} rows, the re-run {len(now):,}; they have other samples or faces at "
        f"{len(moments):,} moments, first at {first}."
    ]
    keys = ["time_s", *_BOX]
    if len(kept) < len(now) and len(kept.merge(now[keys].drop_duplicates(), on=keys)) == len(kept):
        findings.append("What the bundle holds is found again: a person or a stretch of time was left out of it.")
    return tuple(findings)


def _beyond(kept: pd.DataFrame, again: pd.DataFrame, tolerances: Mapping[str, float]) -> list[str]:
    """Columns that differ by more than they may, with how much and where."""
    found = []
    for name, tolerance in tolerances.items():
        if name not in kept or name not in again:
            continue
        distance = _distance(kept[name], again[name])
        if (distance > tolerance).any():
            worst = int(distance.argmax())
            found.append(
                f"{name} differs in {int((distance > tolerance).sum()):,} of {len(kept):,} rows, most at "
                f"{kept['time_s'].iat[worst]:.2f} s: {_shown(kept[name].iat[worst])} in the bundle, "
                f"{_shown(again[name].iat[worst])} now."
            )
    return found


def _other_words(kept: pd.DataFrame, again: pd.DataFrame, request: AnalysisRequest) -> list[str]:
    """Labels, doubts and quality words that no rounding explains."""
    top_two = np.sort(again[[*EMOTIONS]].to_numpy(float), axis=1)[:, -2:]
    close = {
        "label": top_two[:, 1] - top_two[:, 0] <= 2 * TOLERANCES["confidence"],
        "uncertain": np.abs(top_two[:, 1] - request.threshold) <= TOLERANCES["confidence"],
    }
    found = []
    for name in ("label", "uncertain", "quality", "blink", "talking"):
        if name not in kept or name not in again:
            continue
        other = (kept[name].astype("string").fillna("") != again[name].astype("string").fillna("")).to_numpy(bool)
        if name in close:
            other &= ~close[name]
        elif other.mean() <= QUALITY_SHARE:
            continue
        if other.any():
            first = int(other.argmax())
            found.append(
                f"{name} differs in {int(other.sum()):,} of {len(kept):,} rows, first at "
                f"{kept['time_s'].iat[first]:.2f} s: {kept[name].iat[first]} in the bundle, {again[name].iat[first]} "
                "now."
            )
    return found


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
        mine, theirs = (rows.sort_values(_ORDER, kind="stable") for rows in (kept.frame, again.frame))
        if other := int((_distance(mine[AS_READ], theirs["person"]) > 0).sum()):
            found.append(f"Before all corrections, {other:,} rows have other persons than the analysis gives them.")
    if len(kept.cuts) != len(again.cuts) or not np.allclose(kept.cuts, again.cuts, atol=_SAME_CUT_S):
        found.append(f"The bundle has {len(kept.cuts)} cuts, the re-run {len(again.cuts)}, or they are at other times.")
    return found


def _other_files(kept: Provenance, again: Provenance) -> list[str]:
    shared = set(kept.files) & set(again.files)
    changed = [file for file in sorted(shared) if kept.files[file] != again.files[file]]
    return [f"The file {harmless(file)} is not the one that the bundle was made with." for file in changed]


def _circumstances(kept: Provenance, again: Provenance) -> list[str]:
    """Versions that differ: no fault, but a reason for small differences."""
    return [
        f"{name} was {kept.versions.get(name, 'absent')} then and is {again.versions.get(name, 'absent')} now."
        for name in sorted(set(kept.versions) | set(again.versions))
        if kept.versions.get(name) != again.versions.get(name)
    ]


def _distance(kept: pd.Series, again: pd.Series) -> np.ndarray:
    """Absolute differences; 0 where both are empty, infinite where one is."""
    a, b = kept.to_numpy(float, na_value=np.nan), again.to_numpy(float, na_value=np.nan)
    distance = np.where(np.isnan(a) & np.isnan(b), 0.0, np.abs(a - b))
    return np.where(np.isnan(distance), np.inf, distance)


def _shown(value: object) -> str:
    return f"{value:.6g}" if isinstance(value, float) else str(value)
