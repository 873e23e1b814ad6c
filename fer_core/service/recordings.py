"""`/v1/recordings`: recordings over time, as jobs."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, Final, Literal

import anyio
from fastapi import APIRouter, Query, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import Response, StreamingResponse
from pydantic import BaseModel, ConfigDict

from fer_core.errors import MediaError, MissingError
from fer_core.media.files import harmless
from fer_core.reports.tables import csv_parts
from fer_core.service.choices import RecordingChoices
from fer_core.service.job import Job, JobState, Place
from fer_core.service.jobs import Jobs
from fer_core.service.problems import Problem, answer, answers
from fer_core.service.state import State
from fer_core.service.uploads import BODY, receive
from fer_core.settings import ServiceSettings
from fer_core.timeline.files import json_bytes, read_timeline
from fer_core.timeline.table import Timeline

EVENT_EVERY_S: Final = 0.25
"""Seconds between two looks at the progress that a stream of events tells."""

ALIVE_EVERY_S: Final = 10.0
"""Seconds after which a stream without news says that it lives."""

Format = Literal["parquet", "csv", "json"]

_AT_ONCE: Final = {"X-Accel-Buffering": "no"}  # a proxy such as nginx shall pass events on as they come

TYPES: Final[dict[Format, str]] = {
    "parquet": "application/vnd.apache.parquet",
    "csv": "text/csv",
    "json": "application/json",
}


_EXAMPLE: Final[dict[str, Any]] = {
    "id": "0f3c2a1b4d5e6f708192a3b4c5d6e7f8",
    "name": "interview.mp4",
    "state": "reading",
    "share": 0.26,
    "words": "at 0:05 · 21 frames · 21 faces",
    "remaining_s": 4.3,
    "created": "2026-11-29T11:28:23Z",
    "ended": None,
    "problem": None,
    "request": {"model": "custom_cnn", "fps": 4.0, "smoothing": "exponential", "time_constant_s": 0.4},
}


class Recording(BaseModel):
    """A recording and how far it has come."""

    model_config = ConfigDict(use_attribute_docstrings=True, json_schema_extra={"example": _EXAMPLE})

    id: str
    """Its name in addresses."""
    name: str
    """Of the file that was given."""
    state: JobState
    """"waiting", "reading", "done" or "failed"."""
    share: float
    """How much of it has been read, 0 to 1."""
    words: str
    """The same for people."""
    remaining_s: float | None
    """Seconds until it is read at the pace so far; null where that is not known."""
    created: datetime
    """When it was given."""
    ended: datetime | None
    """When it was done or failed."""
    problem: Problem | None
    """Why it failed."""
    request: dict[str, Any]
    """How it is read."""


class Recordings(BaseModel):
    """The recordings of one key."""

    recordings: list[Recording]


def router(state: State, settings: ServiceSettings) -> APIRouter:
    """The routes of recordings."""
    routes = APIRouter(prefix="/v1/recordings", tags=["recordings"])
    jobs = state.jobs

    def shown(job: Job) -> Recording:
        progress = jobs.progress(job)
        return Recording(
            share=progress.share,
            words=progress.words,
            remaining_s=progress.remaining_s,
            request=job.request.to_json(),
            **job.model_dump(include={"id", "name", "state", "created", "ended", "problem"}),
        )

    @routes.post(
        "",
        operation_id="submit",
        summary="Have a recording read",
        status_code=202,
        response_description="It waits or is read; `Location` is where to ask for it",
        responses=answers(401, 403, 413, 422, 500, 503),
        openapi_extra={**BODY, **_links()},
    )
    async def submit(request: Request, response: Response, choices: Annotated[RecordingChoices, Query()]) -> Recording:
        """Its numbers are kept for some time, or until they are deleted; its file only until it is read.

        MP4, MOV, MKV, WebM, AVI or the like. A service that is stopped goes on with it at its next start.
        """
        wanted, declaration = choices.request, choices.declaration
        await run_in_threadpool(state.pipelines, wanted)  # a wrong name shall not cost an upload
        async with _coming(jobs) as place:
            with place.upload() as file:
                told = await receive(request, file, settings.most_bytes)
            name = choices.name or told
            job = await run_in_threadpool(jobs.add, place, name, wanted, request.state.owner, declaration)
        response.headers["Location"] = f"/v1/recordings/{job.id}"
        return shown(job)

    @routes.get("", operation_id="jobs", summary="List recordings", responses=answers(401, 403, 422))
    def listed(request: Request) -> Recordings:
        """Those that were given with the same key, in their order."""
        return Recordings(recordings=[shown(job) for job in jobs.of(request.state.owner)])

    @routes.get("/{id}", operation_id="job", summary="How far a recording is", responses=answers(401, 403, 404, 422))
    def one(id: str, request: Request) -> Recording:  # noqa: A002
        """Ask again every second or so, or listen to `/events`."""
        return shown(jobs.job(id, request.state.owner))

    @routes.delete(
        "/{id}",
        operation_id="forget",
        summary="Stop and delete a recording",
        status_code=204,
        responses=answers(401, 403, 404, 422),
    )
    def forget(id: str, request: Request) -> None:  # noqa: A002
        """Its file, what was read of it, and its result are deleted."""
        jobs.forget(id, request.state.owner)

    @routes.get(
        "/{id}/events",
        operation_id="events",
        summary="Listen to the progress",
        response_class=StreamingResponse,
        responses={**_given(_EVENTS, "text/event-stream"), **answers(401, 403, 404, 422)},
    )
    async def events(id: str, request: Request) -> StreamingResponse:  # noqa: A002
        """Server-sent events; the last is `end`, or `unfinished` where the service ends before the reading does."""
        owner = request.state.owner
        jobs.job(id, owner)
        return StreamingResponse(
            _told(lambda: shown(jobs.job(id, owner)), state), headers=_AT_ONCE, media_type="text/event-stream"
        )

    @routes.get(
        "/{id}/timeline",
        operation_id="timeline",
        summary="Take the timeline",
        response_class=Response,
        responses={**FILE, **answers(401, 403, 404, 413, 422, 500)},
    )
    async def timeline(id: str, request: Request, format: Format = "parquet") -> Response:  # noqa: A002
        """The files that `face-value video` writes: Parquet and JSON without loss, CSV rounded to six decimals."""
        owner = request.state.owner
        job = jobs.job(id, owner)
        if job.problem is not None:
            return answer(job.problem)
        if job.state != "done":
            raise MissingError(f"{harmless(job.name)} is not read yet; ask again when its state is done.")
        with deletion_told(jobs, job):
            return await run_in_threadpool(_file, jobs.result(job), format)

    return routes


@contextlib.contextmanager
def deletion_told(jobs: Jobs, job: Job) -> Iterator[None]:
    """Where a result cannot be read because its job was deleted meanwhile, say that.

    Raises:
        MissingError: it was deleted.
    """
    try:
        yield
    except (OSError, MediaError):
        jobs.job(job.id, job.owner)
        raise


_EVENTS: Final = "`progress` whenever there is some, then `end`; `data` is the recording in JSON"


def _file(path: Path, kind: Format) -> Response:
    if kind == "parquet":
        return Response(path.read_bytes(), media_type=TYPES[kind])
    timeline = read_timeline(path)
    return csv_answer(timeline) if kind == "csv" else Response(json_bytes(timeline), media_type=TYPES[kind])


def csv_answer(timeline: Timeline) -> Response:
    """A timeline as CSV, whose text is made while it is sent and never there as a whole."""
    return StreamingResponse((part.encode() for part in csv_parts(timeline)), media_type=TYPES["csv"])


@contextlib.asynccontextmanager
async def _coming(jobs: Jobs) -> AsyncIterator[Place]:
    """`Jobs.coming`, which may wait for the disk, without holding up whoever else asks for something."""
    coming = jobs.coming()
    place = await run_in_threadpool(coming.__enter__)
    error: BaseException | None = None
    try:
        yield place
    except BaseException as caught:
        error = caught
        raise
    finally:
        with anyio.CancelScope(shield=True):  # a request that is cancelled gives its place back, too
            how = (None, None, None) if error is None else (type(error), error, error.__traceback__)
            await run_in_threadpool(coming.__exit__, *how)


async def _told(look: Callable[[], Recording], state: State) -> AsyncIterator[str]:
    """The events of one recording, until it is read or the service ends."""
    last, silent_s = None, 0.0
    while True:
        try:
            now = look()
        except MissingError:
            yield "event: end\ndata: null\n\n"
            return
        kind = "end" if now.ended is not None else "unfinished" if state.closing.is_set() else "progress"
        if kind != "progress" or now != last:
            yield f"event: {kind}\ndata: {now.model_dump_json()}\n\n"
            last, silent_s = now, 0.0
        elif silent_s >= ALIVE_EVERY_S:
            yield ": alive\n\n"
            silent_s = 0.0
        if kind != "progress":
            return
        await asyncio.sleep(EVENT_EVERY_S)
        silent_s += EVENT_EVERY_S


def _given(what: str, *types: str) -> dict[int | str, dict[str, Any]]:
    """The description of an answer for OpenAPI."""
    return {200: {"description": what, "content": {kind: {"schema": _SCHEMAS.get(kind, {})} for kind in types}}}


_SCHEMAS: Final[dict[str, dict[str, Any]]] = {
    "text/csv": {"type": "string"},
    "text/event-stream": {
        "type": "object",
        "required": ["event", "data"],
        "properties": {
            "event": {"enum": ["progress", "end", "unfinished"]},
            "data": {"type": "string", "contentMediaType": "application/json"},
        },
    },
}


FILE: Final = _given("The table over time", *TYPES.values())
"""The description of a timeline as an answer."""


def _links() -> dict[str, Any]:
    """Where to go on after a recording was given."""
    by_id = {"parameters": {"id": "$response.body#/id"}}
    links = {name: {"operationId": name, **by_id} for name in ("job", "events", "timeline", "forget")}
    return {"responses": {"202": {"links": links}}}
