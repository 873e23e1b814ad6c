"""The application: its routes, guarded, with problems for errors and a description in OpenAPI."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator
from functools import partial
from typing import Any, Final

import anyio
from fastapi import APIRouter, Depends, FastAPI
from fastapi.concurrency import run_in_threadpool
from fastapi.openapi.utils import get_openapi
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from fer_core.notice import PURPOSE
from fer_core.pipeline import LoadPipeline
from fer_core.service import about, page, pictures, problems, recordings
from fer_core.service.access import guard
from fer_core.service.jobs import Jobs
from fer_core.service.pipelines import Pipelines
from fer_core.service.queries import only_described
from fer_core.service.state import State
from fer_core.settings import ServiceSettings
from fer_core.version import __version__

_log = logging.getLogger(__name__)

TITLE: Final = "Face Value"
CLEAN_EVERY_S: Final = 60.0
_DESCRIPTION: Final = f"Facial expressions of pictures and recordings, read on this machine.\n\n{PURPOSE}"


def create_app(settings: ServiceSettings, load: LoadPipeline | None = None) -> FastAPI:
    """The application of one service.

    Args:
        settings: limits and keys.
        load: gives the pipeline of a request; None for the installed models.

    Raises:
        FerError: its folder, or the library where it is switched on, cannot be used.
    """
    pipelines = Pipelines() if load is None else Pipelines(load)
    state = State(pipelines, Jobs(settings, pipelines))
    app = FastAPI(
        title=TITLE,
        version=__version__,
        description=_DESCRIPTION,
        docs_url=None,  # FastAPI's page loads scripts from elsewhere
        redoc_url=None,
        redirect_slashes=False,
        lifespan=partial(_running, state),
    )
    app.state.service = state
    problems.handle(app)
    guarded = [Depends(guard(settings.api_keys)), Depends(only_described)]
    for routes in (
        pictures.router(pipelines, settings),
        recordings.router(state, settings),
        _of_library(state) if settings.library else about.no_library(),
        about.router(settings),
    ):
        app.include_router(routes, dependencies=guarded)
    app.include_router(page.router(lambda: app.openapi()))
    app.include_router(about.health(lambda: not state.closing.is_set()))
    app.add_middleware(_Headers)
    app.add_middleware(_Heads)
    app.openapi = lambda: _openapi(app)  # type: ignore[method-assign]
    return app


def _of_library(state: State) -> APIRouter:
    """The routes of the library that the settings of this machine name; it is closed with the service."""
    from fer_core.library.library import Library
    from fer_core.service.library import router

    library = Library.open()
    state.held.callback(library.close)
    return router(library, state)


@contextlib.asynccontextmanager
async def _running(state: State, app: FastAPI) -> AsyncIterator[None]:
    """While the service runs, recordings are read, and results deleted when their time is over."""
    cleaning = asyncio.create_task(_clean(state.jobs))
    await run_in_threadpool(state.jobs.start)
    try:
        yield
    finally:
        cleaning.cancel()
        await run_in_threadpool(state.jobs.end)
        state.held.close()


async def _clean(jobs: Jobs) -> None:
    while True:
        for work in (jobs.expire, jobs.try_again):  # in this order: what expired has made room
            try:
                await run_in_threadpool(work)
            except Exception:  # whatever it is, what is due in a minute is done then
                _log.exception("Results could not be cleared away; it is tried again")
        await asyncio.sleep(CLEAN_EVERY_S)


def _openapi(app: FastAPI) -> dict[str, Any]:
    """The description, made once, with the schema that all problems share."""
    if app.openapi_schema is None:
        made = get_openapi(title=app.title, version=app.version, description=app.description, routes=app.routes)
        schemas = made.setdefault("components", {}).setdefault("schemas", {})
        schemas["Problem"] = problems.Problem.model_json_schema()
        app.openapi_schema = made
    return app.openapi_schema


class _Headers:
    """Adds the headers that every answer has."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(problems.SAFE)
            await send(message)

        await self._app(scope, receive, with_headers)


class _Heads:
    """Answers HEAD as GET without its content, as monitors ask; what would go on, such as events, ends there."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] != "HEAD":
            await self._app(scope, receive, send)
            return
        with anyio.CancelScope() as asked:

            async def only_headers(message: Message) -> None:
                if message["type"] == "http.response.start":
                    await send(message)
                    await send({"type": "http.response.body"})
                    asked.cancel()

            await self._app({**scope, "method": "GET"}, receive, only_headers)
