"""A service that listens in a thread of the test."""

import contextlib
import json
import threading
import time
from collections.abc import Iterator
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

from fer_core.settings import ServiceSettings

MISSING = "the extra `service` is not installed (fastapi)"


def service_settings(folder: Path, **changes: object) -> ServiceSettings:
    """The defaults with changes, whatever the environment says."""
    return ServiceSettings.model_construct(**{"folder_named": folder, **changes})


def told_before_the_upload(address: str, path: str) -> dict[str, Any]:
    """The problem that a service tells of an upload of which it has seen no byte."""
    connection = HTTPConnection(address.removeprefix("http://"), timeout=10)
    try:
        connection.putrequest("POST", path)
        connection.putheader("Content-Length", "1000000")
        connection.endheaders()
        answer = connection.getresponse()
        told: dict[str, Any] = json.loads(answer.read())
    finally:
        connection.close()
    assert told["status"] == answer.status
    return told


@contextlib.contextmanager
def listening(settings: ServiceSettings, load=None) -> Iterator[str]:
    """The address of a service."""
    import uvicorn

    from fer_core.service.app import create_app

    app = create_app(settings, load)
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="warning", ws="none", lifespan="on"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    deadline = time.monotonic() + 60
    while not server.started and thread.is_alive() and time.monotonic() < deadline:
        time.sleep(0.01)
    try:
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        app.state.service.closing.set()
        server.should_exit = True
        thread.join(60)
