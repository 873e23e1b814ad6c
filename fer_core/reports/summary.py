"""The summary of a timeline, as `summary.json` of the command line holds it."""

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from fer_core.declaration import Declaration
from fer_core.plain import as_plain
from fer_core.provenance import Provenance
from fer_core.request import AnalysisRequest
from fer_core.timeline.notes import Notes
from fer_core.timeline.rows import good_only
from fer_core.timeline.statistics.summaries import CATEGORIES, PersonSummary, summarise
from fer_core.timeline.table import Recording, Timeline
from fer_core.timeline.weights import counted

_DIGITS = 6


@dataclass(frozen=True)
class PersonRecord:
    """One person's part of a recording: a `PersonSummary`, numbers rounded to six digits, with name and label.

    Attributes:
        name: of the person.
        person: number, from 1; a field, because numbers as keys would become text in JSON.
        dominant: the category with the largest share of time.
    """

    name: str
    person: int
    samples: int
    seen_s: float
    first_s: float
    last_s: float
    shares: dict[str, float]
    means: dict[str, float]
    valence: float
    problems: dict[str, float]
    good_share: float
    dominant: str


@dataclass(frozen=True)
class Summary:
    """The content of `summary.json`.

    Attributes:
        recording: that was analysed.
        request: of the analysis.
        provenance: of the numbers.
        problems: of the recording, in words.
        cuts_s: times of cuts, in seconds.
        samples: frames that were analysed, excluded ones too.
        samples_without_a_face: frames without anybody in the data, of all frames, excluded ones too; where `excerpt`
            is true, somebody may have been there and was left out.
        people: over all samples.
        people_good_samples_only: over samples without a quality problem.
        declaration: purpose and agreement; None where none was made.
        excerpt: whether readings were left out on purpose, such as those of people who were removed.
    """

    recording: Recording
    request: AnalysisRequest
    provenance: Provenance
    problems: tuple[str, ...]
    cuts_s: tuple[float, ...]
    samples: int
    samples_without_a_face: int
    people: tuple[PersonRecord, ...]
    people_good_samples_only: tuple[PersonRecord, ...]
    declaration: Declaration | None
    excerpt: bool

    def to_json(self) -> dict[str, object]:
        """The summary as JSON holds it."""
        plain: dict[str, object] = as_plain(self)
        return plain


def summary_of(timeline: Timeline, notes: Notes | None = None) -> Summary:
    """The summary of a timeline, without the stretches that `notes` exclude."""
    notes = notes or Notes()
    rows = counted(timeline, notes.excluded)
    return Summary(
        recording=timeline.recording,
        request=timeline.request,
        provenance=timeline.provenance,
        problems=tuple(timeline.problems),
        cuts_s=tuple(timeline.cuts),
        samples=int(timeline.frame["frame"].nunique()),
        samples_without_a_face=int(timeline.frame["person"].isna().sum()),
        people=_people(rows, notes),
        people_good_samples_only=_people(good_only(rows), notes),
        declaration=timeline.declaration,
        excerpt=timeline.excerpt,
    )


def _people(rows: pd.DataFrame, notes: Notes) -> tuple[PersonRecord, ...]:
    return tuple(_record(summary, notes) for summary in summarise(rows))


def _record(summary: PersonSummary, notes: Notes) -> PersonRecord:
    return PersonRecord(
        name=notes.name(summary.person),
        person=summary.person,
        samples=summary.samples,
        seen_s=round(summary.seen_s, _DIGITS),
        first_s=round(summary.first_s, _DIGITS),
        last_s=round(summary.last_s, _DIGITS),
        shares=_rounded(summary.shares),
        means=_rounded(summary.means),
        valence=round(summary.valence, _DIGITS),
        problems=_rounded(summary.problems),
        good_share=round(summary.good_share, _DIGITS),
        dominant=max(CATEGORIES, key=summary.shares.__getitem__),
    )


def _rounded(values: Mapping[str, float]) -> dict[str, float]:
    return {name: round(value, _DIGITS) for name, value in values.items()}
