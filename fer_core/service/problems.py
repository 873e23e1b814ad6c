"""Errors as problems of RFC 9457: the sentence that every other door says too, and a status by the error's kind."""

import logging
import re
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel, ConfigDict, Field
from starlette.exceptions import HTTPException

from fer_core.errors import (
    AccessError,
    BusyError,
    ChangedError,
    DependencyError,
    FerError,
    KeyNeededError,
    LibraryBusyError,
    LibraryError,
    MediaError,
    MissingError,
    NotKeptError,
    ReadingsError,
    RequestError,
    StaysDeletedError,
    TimelineError,
    TooLargeError,
    UnknownModelError,
)
from fer_core.validation import words_of

_log = logging.getLogger(__name__)

MEDIA_TYPE: Final = "application/problem+json"
RETRY_AFTER_S: Final = 5
UNEXPECTED: Final = "Something unexpected went wrong; the server's log says what. Try again, or tell who runs it."
LIBRARY: Final = "The library of this service cannot be used; the server's log says why. Tell who runs it."
READINGS: Final = (
    "What is kept of this analysis is damaged or gone; tell who runs the service, whose log says where, or delete the "
    "analysis. All others can be used."
)
"""What is told of defects of the library and of one analysis in it.

Their own sentences name folders and the database of the server.
"""

STATUSES: Final[Mapping[type[FerError], HTTPStatus]] = {
    AccessError: HTTPStatus.FORBIDDEN,
    KeyNeededError: HTTPStatus.UNAUTHORIZED,
    MissingError: HTTPStatus.NOT_FOUND,
    NotKeptError: HTTPStatus.NOT_FOUND,
    StaysDeletedError: HTTPStatus.CONFLICT,
    ChangedError: HTTPStatus.PRECONDITION_FAILED,
    TooLargeError: HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    MediaError: HTTPStatus.UNPROCESSABLE_ENTITY,
    RequestError: HTTPStatus.UNPROCESSABLE_ENTITY,
    TimelineError: HTTPStatus.UNPROCESSABLE_ENTITY,
    UnknownModelError: HTTPStatus.UNPROCESSABLE_ENTITY,
    DependencyError: HTTPStatus.UNPROCESSABLE_ENTITY,  # of a choice that is not installed here
    BusyError: HTTPStatus.SERVICE_UNAVAILABLE,
    LibraryBusyError: HTTPStatus.SERVICE_UNAVAILABLE,
}
"""Status by kind of error; a kind that is not named has that of its base, and in the end 500."""

SAFE: Final[Mapping[str, str]] = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
"""Headers of every answer: no cache keeps it, and no browser guesses its type."""

_HEADERS: Final[Mapping[int, Mapping[str, str]]] = {
    401: {"WWW-Authenticate": "Bearer"},
    503: {"Retry-After": str(RETRY_AFTER_S)},
}


class Problem(BaseModel):
    """A problem of RFC 9457."""

    model_config = ConfigDict(
        use_attribute_docstrings=True,
        json_schema_extra={
            "example": {
                "type": "about:blank",
                "title": "Unprocessable Entity",
                "status": 422,
                "detail": "face.txt is not a picture that can be read here; save it as PNG or JPEG.",
                "kind": "MediaError",
            }
        },
    )

    type: str = "about:blank"
    """Always "about:blank": the status and `kind` tell problems apart."""
    title: str
    """Name of the status."""
    status: int
    """Status of the answer; of a job that failed, the status that its result has."""
    detail: str
    """One sentence for a person, with the way out."""
    kind: str = Field(default="")
    """Class of the error in `fer_core.errors`; empty where HTTP itself is not understood, and of a defect."""


def status_of(error: FerError) -> int:
    """The status of an answer that reports an error."""
    return next((STATUSES[kind] for kind in type(error).__mro__ if kind in STATUSES), HTTPStatus.INTERNAL_SERVER_ERROR)


def problem_of(error: FerError) -> Problem:
    """An error as a problem."""
    status = status_of(error)
    is_inner = isinstance(error, LibraryError) and status == HTTPStatus.INTERNAL_SERVER_ERROR
    inner = READINGS if isinstance(error, ReadingsError) else LIBRARY
    return _problem(status, inner if is_inner else str(error), type(error).__name__)


def unexpected() -> Problem:
    """The problem of a defect."""
    return _problem(HTTPStatus.INTERNAL_SERVER_ERROR, UNEXPECTED)


def _problem(status: int, detail: str, kind: str = "") -> Problem:
    return Problem(title=HTTPStatus(status).phrase, status=status, detail=detail, kind=kind)


def answer(problem: Problem) -> Response:
    """A problem as an answer."""
    headers = dict(_HEADERS.get(problem.status, {}))
    return JSONResponse(problem.model_dump(), problem.status, headers, MEDIA_TYPE)


def answers(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The description of problems for OpenAPI, by status."""
    return {
        status: {
            "description": HTTPStatus(status).phrase,
            "model": Problem,
            "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
        }
        for status in statuses
    }


def handle(app: FastAPI) -> None:
    """Let an application answer every error with a problem."""

    @app.exception_handler(FerError)
    async def _(request: Request, error: FerError) -> Response:
        if status_of(error) == HTTPStatus.INTERNAL_SERVER_ERROR:
            _log.error("%s %s: %s", request.method, request.url.path, error)
        return answer(problem_of(error))

    @app.exception_handler(RequestValidationError)
    async def _(request: Request, error: RequestValidationError) -> Response:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"][1:]) or str(first["loc"][0])
        return answer(problem_of(RequestError(f"{place} cannot be used: {words_of(first)}.")))

    @app.exception_handler(HTTPException)
    async def _(request: Request, error: HTTPException) -> Response:
        words = {
            404: "There is nothing at this address; /openapi.json lists what there is.",
            405: f"{request.method} is not understood at this address; /openapi.json lists what is.",
        }
        response = answer(_problem(error.status_code, words.get(error.status_code, str(error.detail))))
        response.headers.update(error.headers or {})
        if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
            methods = _methods(app, request.url.path) or set(response.headers.get("Allow", "").split(", "))
            response.headers["Allow"] = ", ".join(sorted(methods | {"HEAD"} if "GET" in methods else methods))
        return response

    @app.exception_handler(Exception)
    async def _(request: Request, error: Exception) -> Response:
        response = answer(unexpected())
        response.headers.update(SAFE)  # this answer is made outside of what adds them to others
        return response


def _methods(app: FastAPI, path: str) -> set[str]:
    """The methods that an address has by the description; of several routes, Starlette names those of the first."""
    described = app.openapi()["paths"].items()
    found = (methods for template, methods in described if re.fullmatch(re.sub(r"{\w+}", "[^/]+", template), path))
    return {method.upper() for methods in found for method in methods}
