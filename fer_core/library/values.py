"""What a library says of what it keeps: frozen values, which hold no connection and no file."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from fer_core.errors import LibraryError
from fer_core.provenance import Provenance
from fer_core.request import AnalysisRequest
from fer_core.timeline.table import Recording

MAX_NAME: Final = 200
"""Characters of the name of a subject, session, condition or attribute, and of a tag."""


@dataclass(frozen=True)
class PersonFigures:
    """What one person's part of a recording comes to.

    Attributes:
        person: number.
        seconds: that count.
        uncertain_s: seconds of these in which the label is uncertain.
        excluded_s: seconds in which the person is seen and that do not count.
        shares: of `seconds`, by `fer_core.timeline.statistics.summaries.CATEGORIES`.
        means: mean probability over time by emotion.
    """

    person: int
    seconds: float
    uncertain_s: float
    excluded_s: float
    shares: Mapping[str, float]
    means: Mapping[str, float]


@dataclass(frozen=True)
class Figures:
    """What an analysis comes to, with all its corrections; None where there is nothing to take a share of.

    Attributes:
        people: persons.
        samples: readings that count.
        seen_s: seconds that these stand for, over all persons.
        share_uncertain: of `seen_s`, the share in which the label is uncertain.
        share_good: of `seen_s`, the share without a quality problem.
        share_excluded: of all seconds in which persons are seen, the share that is excluded.
        share_without_face: of the recording's sampled time, the share in which nobody is seen.
        longest: the person who is seen longest; None where nobody is.
    """

    people: int
    samples: int
    seen_s: float
    share_uncertain: float | None
    share_good: float | None
    share_excluded: float | None
    share_without_face: float | None
    longest: PersonFigures | None = None


@dataclass(frozen=True)
class Place:
    """Where a recording stands in a study; empty text where that is not said.

    Attributes:
        subject: code or name of the participant.
        session: of that subject, such as "day 2".
        condition: what the recording was made under.

    Raises:
        LibraryError: a name is too long, or there is a session without a subject.
    """

    subject: str = ""
    session: str = ""
    condition: str = ""

    def __post_init__(self) -> None:
        for name in ("subject", "session", "condition"):
            object.__setattr__(self, name, checked_name(getattr(self, name), empty=True))
        if self.session and not self.subject:
            raise LibraryError(f'The session "{self.session}" belongs to nobody; name its subject, too.')


@dataclass(frozen=True)
class Consent:
    """That a subject agreed, as somebody wrote down.

    Attributes:
        purpose: what the recording may be used for.
        statement: what was agreed to, or where the signed paper is.
        given_on: date as year-month-day.
        until: date from which it no longer holds; empty where it has no end. The same date as `given_on` in a record
            of a withdrawal.
    """

    purpose: str
    statement: str
    given_on: str
    until: str = ""

    def state(self, today: str) -> str:
        """Whether the record by itself holds on a day, given as year-month-day.

        Returns:
            "to come", "given", "ended" or "withdrawn".
        """
        if self.given_on > today:
            return "to come"
        if self.until and self.until <= today:
            return "withdrawn" if self.until == self.given_on else "ended"
        return "given"

    def sentence(self) -> str:
        """The record for people."""
        until = f" until {self.until}" if self.until else ""
        return f"{self.purpose}, given on {self.given_on}{until}: {self.statement}"


def consent_state(records: Sequence[Consent], today: str) -> dict[str, bool]:
    """Whether consent holds, by purpose: what the latest record of each says; of one day, a withdrawal.

    A record of a day that is to come says nothing yet.

    Args:
        records: of one recording.
        today: as year-month-day.
    """
    latest: dict[str, Consent] = {}
    begun = [record for record in records if record.given_on <= today]
    for record in sorted(records, key=lambda each: (each in begun, each.given_on, each.state(today) == "withdrawn")):
        latest[record.purpose] = record
    return {purpose: record.state(today) == "given" for purpose, record in sorted(latest.items())}


@dataclass(frozen=True)
class Entry:
    """One kept analysis with what is known of its recording.

    Attributes:
        analysis: SHA-256 of its Parquet file, its name in the library.
        recording_id: name of the recording in the library.
        title: what the recording is called; its file name at first.
        recording: what was analysed.
        place: subject, session, condition.
        attributes: by name, from tables of attributes.
        tags: sorted.
        request: how it was read; what reading it again the same way takes.
        effective: `request` with the smoothing and threshold that its figures have; a correction may have changed them.
        provenance: files and versions that read it.
        figures: what it comes to.
        kept_at: moment in UTC, ISO 8601.
        path: the recording's file, where its path was kept.
        edits: number of corrections.
    """

    analysis: str
    recording_id: str
    title: str
    recording: Recording
    place: Place
    attributes: Mapping[str, str]
    tags: tuple[str, ...]
    request: AnalysisRequest
    effective: AnalysisRequest
    provenance: Provenance
    figures: Figures
    kept_at: str
    path: str | None = None
    edits: int = 0

    @property
    def words(self) -> str:
        """All text by which it is searched, in one case."""
        parts = (self.title, self.recording.name, *self.tags, self.place.subject, self.place.session)
        more = (self.place.condition, *self.attributes.values(), self.request.model or "")
        return "\n".join((*parts, *more)).casefold()


@dataclass(frozen=True)
class Receipt:
    """What was deleted for good. Holds no name.

    Attributes:
        deleted_at: moment in UTC, ISO 8601.
        files: SHA-256 of each file of readings that is gone.
        files_gone: whether none of them is left in the library's folder.
        traces_gone: whether the database was rewritten without what was deleted; False while another program reads it,
            or its disk has no room for that, and then done when the library is next opened.
        recording_gone: whether the recording went, too, with its names, description and consent; None where nobody
            knows any more, as the catalogue does not say.
    """

    deleted_at: str
    files: tuple[str, ...]
    files_gone: bool
    traces_gone: bool
    recording_gone: bool | None = field(default=None, compare=False)

    def sentence(self) -> str:
        """The receipt for people."""
        count = f"{len(self.files)} {'analysis' if len(self.files) == 1 else 'analyses'}"
        files = "files removed" if self.files_gone else "files NOT removed, because the folder refused it"
        what = "the names" if self.recording_gone else "it" if len(self.files) == 1 else "them"
        traces = (
            f"catalogue rewritten without {what}"
            if self.traces_gone
            else f"the catalogue is rewritten without {what} when the library is next opened, as it is in use or its "
            "disk is full"
        )
        stays = "; the recording stays, with names and consent" if self.recording_gone is False else ""
        return f"Deleted for good on {self.deleted_at}: {count}, {files}, {traces}{stays}."


@dataclass(frozen=True)
class Matched:
    """How a table of attributes met the library.

    Attributes:
        recordings: number of recordings that a row was found for.
        unknown: names in the table that no recording has.
        ambiguous: names that several recordings have; nothing was set for them.
        without: titles of recordings that no row names.
    """

    recordings: int
    unknown: tuple[str, ...] = ()
    ambiguous: tuple[str, ...] = ()
    without: tuple[str, ...] = field(default=())


@dataclass(frozen=True)
class Imported:
    """What an import brought.

    Attributes:
        analyses: number of new ones.
        known: number of those that were here already and stayed as they are here.
        deleted: number of those that were deleted here while their recording stayed, and stay so.
    """

    analyses: int
    known: int
    deleted: int = 0


def stays_deleted(count: int) -> str:
    """What to say, after other counts, of analyses that an import left out because they were deleted here."""
    if not count:
        return ""
    why = "stays deleted, as its recording is here" if count == 1 else "stay deleted, as their recordings are here"
    return f", {count} {why}"


def checked_name(text: str, *, empty: bool = False) -> str:
    """A name without spaces around it.

    Raises:
        LibraryError: too long, or empty where it may not be.
    """
    name = " ".join(text.split())
    if len(name) > MAX_NAME:
        raise LibraryError(f'The name "{name[:40]}…" is longer than {MAX_NAME} characters; shorten it.')
    if not name and not empty:
        raise LibraryError("A name is empty; give one.")
    return name
