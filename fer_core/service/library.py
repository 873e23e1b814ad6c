"""`/v1/library`: kept analyses and their corrections, where that is switched on. All keys share one library."""

from collections.abc import Iterable
from dataclasses import asdict
from hashlib import sha256
from typing import Annotated, Any, Final

from fastapi import APIRouter, Header, Query, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from fer_core.errors import ChangedError, MissingError, NotKeptError, TimelineError
from fer_core.library import rows
from fer_core.library.library import Library
from fer_core.library.queue import still_waiting
from fer_core.library.values import Entry
from fer_core.media.files import harmless
from fer_core.service.problems import answer, answers
from fer_core.service.recordings import FILE, TYPES, Format, csv_answer, deletion_told
from fer_core.service.state import State
from fer_core.service.uploads import body
from fer_core.timeline.editing.corrections import NO_PERSON
from fer_core.timeline.editing.edits import Edit, Name, Split, edits_from_json, edits_to_json
from fer_core.timeline.editing.study import Study
from fer_core.timeline.rows import people

_NAME: Final = "a" * 64
_EXAMPLE: Final[dict[str, Any]] = {
    "analysis": _NAME,
    "recording": "5" * 64,
    "title": "interview.mp4",
    "name": "interview.mp4",
    "duration_s": 61.4,
    "model": "custom_cnn",
    "subject": "P07",
    "session": "",
    "condition": "control",
    "tags": ["pilot"],
    "attributes": {"age": "34"},
    "people": 1,
    "share_uncertain": 0.08,
    "share_good": 0.91,
    "edits": 2,
    "kept_at": "2026-11-29T11:28:23+00:00",
}

_EDITS: Final = [{"kind": "name", "person": 1, "name": "Ada"}, {"kind": "exclude", "spans": []}]

MOST_BYTES_OF_EDITS: Final = 20_000_000

_TAGGED: Final[dict[str, Any]] = {
    "headers": {
        "ETag": {
            "description": "Stands for the corrections; `If-Match` of a change to them takes it.",
            "schema": {"type": "string"},
        }
    }
}

LONGEST_NAME: Final = 200
"""Characters in the name of a person that comes over HTTP."""

_EDITS_BODY: Final[dict[str, Any]] = {
    "requestBody": {
        "required": True,
        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Edits"}}},
    }
}


class _Described(BaseModel):
    model_config = ConfigDict(use_attribute_docstrings=True)


class Analysis(_Described):
    """A kept analysis with what is known of its recording."""

    model_config = ConfigDict(use_attribute_docstrings=True, json_schema_extra={"example": _EXAMPLE})

    analysis: str
    """Its name in the library."""
    recording: str
    """Name of its recording in the library."""
    title: str
    """What the recording is called."""
    name: str
    """Of its file."""
    duration_s: float
    """Length of the recording, in seconds."""
    model: str
    """That read it."""
    subject: str
    """Whose recording it is; empty where that is not said, as the two following."""
    session: str
    """Of that subject."""
    condition: str
    """Under which it was made."""
    tags: list[str]
    """Sorted."""
    attributes: dict[str, str]
    """By name, from tables of attributes."""
    people: int
    """Persons, with all corrections."""
    share_uncertain: float | None
    """Of the time that people are seen, the share in which the label is uncertain."""
    share_good: float | None
    """Of that time, the share without a quality problem."""
    edits: int
    """Number of corrections."""
    kept_at: str
    """Moment, in UTC."""


class Analyses(_Described):
    """What is kept."""

    analyses: list[Analysis]
    """The newest first."""


class Edits(_Described):
    """The corrections of an analysis, the oldest first."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)

    edits: Annotated[list[dict[str, Any]], Field(max_length=100_000, examples=[_EDITS])]
    """Each with its `kind`, as in files of `face-value video --edits`; see docs/values.md."""


class Corrected(Edits):
    """An analysis after its corrections were replaced."""

    analysis: str
    """Its name from now on: another one where somebody was removed."""


class Deleted(_Described):
    """A receipt: what was deleted for good. It holds no name."""

    deleted_at: str
    """Moment, in UTC."""
    files: list[str]
    """SHA-256 of each file of readings that is gone."""
    files_gone: bool
    """Whether none of them is left."""
    traces_gone: bool
    """Whether the catalogue was rewritten without what was deleted; else that is done when it is next opened."""
    recording_gone: bool
    """Whether the recording went, too; else it stays, with names and consent, as further analyses of it are kept."""


class DeletedRecording(Deleted):
    """A receipt of a whole recording."""

    still_waiting: bool
    """Whether a recording of its name waits in the queue of the Study page, from which it would be kept again; it is
    removed there."""


def router(library: Library, state: State) -> APIRouter:
    """The routes of a library, and the one by which a recording that was read comes into it."""
    routes = APIRouter(tags=["library"])

    @routes.post(
        "/v1/recordings/{id}/keep",
        operation_id="keep",
        summary="Keep a recording that was read",
        status_code=201,
        response_model=Analysis,
        responses=answers(401, 403, 404, 409, 413, 422, 500, 503),
    )
    def keep(id: str, request: Request) -> Analysis | Response:  # noqa: A002
        """Its readings stay in the library until they are deleted there; the job goes as others do.

        Answers 409 where they were deleted there, as when somebody was removed, and another analysis of the recording
        is still kept.
        """
        job = state.jobs.job(id, request.state.owner)
        if job.problem is not None:
            return answer(job.problem)
        if job.state != "done":
            raise MissingError(f"{harmless(job.name)} is not read yet; ask again when its state is done.")
        with deletion_told(state.jobs, job):
            study = Study.open(state.jobs.result(job))
        return _shown(library.entry(library.keep_new(study, restore=False)))

    @routes.get(
        "/v1/library", operation_id="search", summary="List what is kept", responses=answers(401, 403, 422, 500, 503)
    )
    def search(
        words: Annotated[str, Query(max_length=200)] = "",
        subject: Annotated[str | None, Query(max_length=200)] = None,
        condition: Annotated[str | None, Query(max_length=200)] = None,
        tag: Annotated[str | None, Query(max_length=200)] = None,
    ) -> Analyses:
        """Those with every word in any of their texts, of this subject, condition and tag.

        An empty subject, condition or tag asks for those without one.
        """
        return Analyses(analyses=[_shown(entry) for entry in library.search(words, subject, condition, tag)])

    @routes.get(
        "/v1/library/{analysis}",
        operation_id="entry",
        summary="One of them",
        responses=answers(401, 403, 404, 422, 500, 503),
    )
    def entry(analysis: str) -> Analysis:
        """With what is known of its recording."""
        return _shown(library.entry(analysis))

    @routes.get(
        "/v1/library/{analysis}/timeline",
        operation_id="corrected",
        summary="Take the corrected timeline",
        response_class=Response,
        responses={200: FILE[200] | _TAGGED, **answers(401, 403, 404, 422, 500, 503)},
    )
    async def corrected(analysis: str, format: Format = "parquet") -> Response:  # noqa: A002
        """The readings with every correction made. Parquet and JSON hold the corrections, too, and open as a study."""
        return await run_in_threadpool(_file, library, analysis, format)

    @routes.get(
        "/v1/library/{analysis}/edits",
        operation_id="edits",
        summary="Take the corrections",
        responses={200: _TAGGED, **answers(401, 403, 404, 422, 500, 503)},
    )
    def edits(analysis: str, response: Response) -> Edits:
        """The log of corrections, as it is kept."""
        log = _study(library, analysis).edits
        response.headers["ETag"] = _tag(log)
        return Edits(edits=edits_to_json(log))

    @routes.put(
        "/v1/library/{analysis}/edits",
        operation_id="save",
        summary="Replace the corrections",
        responses={200: _TAGGED, **answers(401, 403, 404, 412, 413, 422, 500, 503)},
        openapi_extra=_EDITS_BODY,
    )
    async def save(
        analysis: str, request: Request, response: Response, if_match: Annotated[str | None, Header()] = None
    ) -> Corrected:
        """All of them, by these. The readings stay as they are, unless somebody is removed: that is for good.

        With the `ETag` of the corrections that were taken in `If-Match`, it answers 412 where somebody else has changed
        them since; without, whoever saves last wins.
        """
        # A parameter for the body would be read before anybody asks for the key.
        given = _edits(await body(request, MOST_BYTES_OF_EDITS))
        corrected, tag = await run_in_threadpool(_saved, library, analysis, given, if_match)
        response.headers["ETag"] = tag
        return corrected

    @routes.delete(
        "/v1/library/{analysis}",
        operation_id="delete_analysis",
        summary="Delete an analysis for good",
        responses=answers(401, 403, 404, 422, 500, 503),
    )
    def delete_analysis(analysis: str) -> Deleted:
        """Its file and every trace; its recording, too, where it was the last one of it. The answer is the receipt."""
        return Deleted(**asdict(library.delete_analysis(library.entry(analysis).analysis)))

    @routes.delete(
        "/v1/library/recordings/{recording}",
        operation_id="delete_recording",
        summary="Delete a recording for good",
        responses=answers(401, 403, 404, 422, 500, 503),
    )
    def delete_recording(recording: str) -> DeletedRecording:
        """All its analyses with their files, its names, description and consent. The answer is the receipt.

        What was read of it at `/v1/recordings` stays there until it is deleted or its time is over.
        """
        mine = [entry for entry in library.entries() if entry.recording_id == recording]
        if not mine:  # what no catalogue can hold, such as a null byte, does not come to it
            raise NotKeptError(rows.NOT_HERE.format(what="recording", name=harmless(recording[:12])))
        receipt = library.delete(recording)
        waits = still_waiting(library, {entry.recording.name for entry in mine})
        return DeletedRecording(**asdict(receipt), still_waiting=bool(waits))

    return routes


def _edits(data: bytes) -> Edits:
    try:
        return Edits.model_validate_json(data)
    except ValidationError as error:
        raise RequestValidationError([{**each, "loc": ("body", *each["loc"])} for each in error.errors()]) from error


def _saved(library: Library, analysis: str, given: Edits, wanted: str | None) -> tuple[Corrected, str]:
    """Save corrections, where the kept ones are those that are wanted; what is kept from now on, and its tag."""
    kept = _study(library, analysis)
    conditional = wanted not in (None, "*")
    if conditional and not _matches(wanted or "", _tag(kept.edits)):
        raise ChangedError(rows.CHANGED)
    study = Study(kept.read, edits_from_json(given.edits))
    _check_names(study, known=kept)
    study = study.purged()  # what is kept, and told: read again, it may be somebody else's by then
    name = library.save(analysis, study, since=kept.edits if conditional else None)
    return Corrected(analysis=name, edits=edits_to_json(study.edits)), _tag(study.edits)


def _tag(edits: Iterable[Edit]) -> str:
    """What stands for these corrections in `ETag`."""
    return f'"{sha256(rows.as_text(edits_to_json(edits)).encode()).hexdigest()[:32]}"'


def _matches(wanted: str, tag: str) -> bool:
    """Whether a tag is among those of `If-Match`; also one that a proxy called weak, as where it compresses answers."""
    return tag in (each.strip().removeprefix("W/") for each in wanted.split(","))


def _check_names(study: Study, known: Study) -> None:
    """Refuse new names of nobody, which would look as if somebody had been named, and names that no table can show.

    Raises:
        TimelineError: one is such a name, and not kept already.
    """
    numbers = {*people(study.read), *(edit.number for edit in study.edits if isinstance(edit, Split))}
    for edit in study.edits:
        if not isinstance(edit, Name) or not edit.name or edit in known.edits:
            continue
        if edit.person not in numbers:
            there = ", ".join(map(str, sorted(numbers))) or "none"
            raise TimelineError(NO_PERSON.format(person=edit.person, known=there))
        if len(edit.name) > LONGEST_NAME or not edit.name.isprintable():
            raise TimelineError(
                f"The name of person {edit.person} has control characters, or more than {LONGEST_NAME} characters; "
                "choose another."
            )


def _study(library: Library, analysis: str) -> Study:
    return library.open_study(library.entry(analysis).analysis)  # a name from elsewhere becomes no path of a file


def _file(library: Library, analysis: str, kind: Format) -> Response:
    study = _study(library, analysis)
    if kind == "csv":
        sent = csv_answer(study.timeline)
    else:
        sent = Response(study.to_parquet() if kind == "parquet" else study.to_json(), media_type=TYPES[kind])
    sent.headers["ETag"] = _tag(study.edits)
    return sent


def _shown(entry: Entry) -> Analysis:
    return Analysis(
        analysis=entry.analysis,
        recording=entry.recording_id,
        title=entry.title,
        name=entry.recording.name,
        duration_s=entry.recording.duration_s,
        model=entry.request.model or "",
        **asdict(entry.place),
        tags=list(entry.tags),
        attributes=dict(entry.attributes),
        people=entry.figures.people,
        share_uncertain=entry.figures.share_uncertain,
        share_good=entry.figures.share_good,
        edits=entry.edits,
        kept_at=entry.kept_at,
    )
