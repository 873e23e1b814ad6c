"""A client of the HTTP service, with the names of the local API and its errors. Needs nothing beside this package.

>>> client = Client("http://127.0.0.1:8600")
>>> client.analyze_image("face.jpg")["faces"][0]["label"]  # doctest: +SKIP
'happy'
>>> client.analyze_video("interview.mp4", fps=2).frame[["time_s", "person", "label"]]  # doctest: +SKIP
"""

import json
import time
from collections.abc import Callable, Collection, Mapping
from contextlib import suppress
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from pathlib import Path
from ssl import SSLError
from typing import TYPE_CHECKING, Any, BinaryIO, Final
from urllib.parse import SplitResult, quote, urlencode, urlsplit

from fer_core import errors
from fer_core.errors import BusyError, FerError, RequestError, ServiceError, TooLargeError
from fer_core.jobs import Progress
from fer_core.media.files import harmless, opened, stored_name
from fer_core.request import AnalysisRequest

if TYPE_CHECKING:
    from fer_core.timeline.editing.study import Study
    from fer_core.timeline.table import Timeline

ASK_EVERY_S: Final = 0.5
PATIENCE_S: Final = 60.0
"""Seconds for which a recording that is being read is asked for again where the service does not answer, or turns
requests away: it goes on with it after a restart."""

_BLOCK_BYTES: Final = 1_000_000
_BYTES: Final = "application/octet-stream"
_JSON: Final = "application/json"
_OF_A_JOB: Final = ("state", "share", "words", "remaining_s", "ended")


class Client:
    """One service.

    Args:
        address: as `serve` tells it; a `/v1` at its end changes nothing.
        key: one of the service's keys; None where it has none.
        timeout_s: seconds that it may be silent.

    Raises:
        RequestError: the address or the key is none.
    """

    def __init__(self, address: str = "http://127.0.0.1:8600", key: str | None = None, timeout_s: float = 60.0) -> None:
        parts = _parts(address)
        if key is not None and not (key.isascii() and key.isprintable()):
            raise RequestError(
                "This is no key of a service: keys are printable letters of ASCII; look for a line break."
            )
        self._kind = HTTPSConnection if parts.scheme == "https" else HTTPConnection
        self._host, self._base, self._timeout_s = parts.netloc, parts.path.rstrip("/").removesuffix("/v1"), timeout_s
        self._headers = {} if key is None else {"Authorization": f"Bearer {key}"}
        self._tags: dict[str, str] = {}  # of the corrections that were taken or saved last, by analysis

    def models(self) -> dict[str, Any]:
        """Installed models and detectors, as `GET /v1/models` has them."""
        return self._json("GET", "/v1/models", has=("models", "detectors"))

    def analyze_image(
        self, image: Path | str | bytes, *, model: str | None = None, detector: str | None = None
    ) -> dict[str, Any]:
        """Read the faces of one picture.

        Args:
            image: path of a picture file, or its bytes.
            model: name of a model; None for the default one.
            detector: name of a face detector; None for the default one.

        Returns:
            The record of `image --json`: width, height, settings, and `faces` from left to right.

        Raises:
            FerError: of the class that the local API raises; `ServiceError` where the service does not answer.
        """
        choices = {"model": model, "detector": detector}
        if isinstance(image, bytes):
            return self._json("POST", "/v1/image", choices, image, has=("faces",))
        with opened(Path(image), "picture") as file:
            named = {**choices, "name": stored_name(Path(image).name)}
            return self._json("POST", "/v1/image", named, file, has=("faces",))

    def analyze_video(
        self, path: Path | str, fps: float = 4.0, progress: Callable[[Progress], None] | None = None, **choices: Any
    ) -> "Timeline":
        """`analyse` without a request.

        Args:
            path: of the recording.
            fps: samples a second; 0 for every frame.
            progress: see `analyse`.
            choices: further fields of `AnalysisRequest`.
        """
        return self.analyse(path, AnalysisRequest(fps=fps, **choices), progress)

    def analyse(
        self,
        path: Path | str,
        request: AnalysisRequest,
        progress: Callable[[Progress], None] | None = None,
        *,
        purpose: str | None = None,
    ) -> "Timeline":
        """Have a recording read, wait for it, and leave nothing of it with the service.

        Where that does not answer any more, or the proxy in front of it turns requests away, the recording stays there,
        and the error names it.

        Args:
            path: of the recording.
            request: without parameters of the detector, and with the engine "litert".
            progress: called twice a second; what it raises deletes the recording there.
            purpose: what it is for, in a line; sealed into the timeline.

        Raises:
            FerError: of the class that the local API raises; `ServiceError` where the service does not answer.
        """
        id_ = self.submit(path, request, purpose=purpose)
        try:
            self._wait(id_, progress)
            timeline = self.timeline(id_)
        except (ServiceError, BusyError) as error:
            if self._has_failed(id_):  # so it does answer
                with suppress(FerError):
                    self.forget(id_)
                raise
            told = f"{error} The recording stays there as {id_}; see timeline() and forget()."
            raise type(error)(told) from error
        except BaseException:
            with suppress(FerError):  # what went wrong first is what is told
                self.forget(id_)
            raise
        with suppress(FerError):  # the timeline is here; the service forgets by itself, later
            self.forget(id_)
        return timeline

    def submit(self, path: Path | str, request: AnalysisRequest, *, purpose: str | None = None) -> str:
        """Have a recording read, and do not wait; its id."""
        if request.engine != "litert" or request.detector.parameters:
            raise RequestError("A service reads with the engine litert and detectors without parameters; leave these.")
        region = request.region
        choices = {
            "name": stored_name(Path(path).name),
            "model": request.model,
            "detector": request.detector.name,
            "fps": request.fps,
            "smoothing": request.smoothing,
            "time_constant_s": request.time_constant_s,
            "uncertain_below": request.uncertain_below,
            "purpose": purpose,
            "region": region and f"{region.x},{region.y},{region.width},{region.height}",
        }
        with opened(Path(path), "recording") as file:
            return str(self._json("POST", "/v1/recordings", choices, file, has=("id",))["id"])

    def job(self, id_: str) -> dict[str, Any]:
        """How far a recording is: `state` is "waiting", "reading", "done" or "failed"."""
        return self._json("GET", _path("recordings", id_), has=_OF_A_JOB)

    def jobs(self) -> list[dict[str, Any]]:
        """All recordings of the key."""
        listed: list[dict[str, Any]] = self._json("GET", "/v1/recordings", has=("recordings",))["recordings"]
        return listed

    def timeline(self, id_: str) -> "Timeline":
        """The timeline of a recording that is read."""
        from fer_core.timeline.files import from_parquet

        return from_parquet(self._answer("GET", _path("recordings", id_, "/timeline"))[0])[0]

    def forget(self, id_: str) -> None:
        """Stop the reading of a recording, and delete all that the service has of it."""
        self._answer("DELETE", _path("recordings", id_))

    def keep(self, id_: str) -> str:
        """Keep a recording that is read in the service's library, where it has one; name of the analysis."""
        return str(self._json("POST", _path("recordings", id_, "/keep"), has=("analysis",))["analysis"])

    def search(
        self, words: str = "", subject: str | None = None, condition: str | None = None, tag: str | None = None
    ) -> list[dict[str, Any]]:
        """Kept analyses, as `Library.search` finds them; all of them where nothing is asked for."""
        wanted = {"words": words or None, "subject": subject, "condition": condition, "tag": tag}
        found: list[dict[str, Any]] = self._json("GET", "/v1/library", wanted, has=("analyses",))["analyses"]
        return found

    def open_study(self, analysis: str) -> "Study":
        """A kept analysis with every correction in place."""
        from fer_core.timeline.editing.study import Study
        from fer_core.timeline.files import from_parquet

        content, tag = self._answer("GET", _path("library", analysis, "/timeline"))
        study = Study.of_document(*from_parquet(content))
        self._tags[analysis] = tag
        return study

    def save(self, analysis: str, study: "Study") -> str:
        """Replace the corrections of a kept analysis by those of a study; its name from now on.

        After somebody was removed, open the analysis again to correct it further: its readings are others then, and
        corrections that were made before the removal no longer fit them.

        Raises:
            ChangedError: somebody else has changed them since this client took or saved them last; open it again.
            TimelineError: they do not fit its readings.
        """
        from fer_core.timeline.editing.edits import edits_to_json

        body = json.dumps({"edits": edits_to_json(study.edits)}).encode()
        path = _path("library", analysis, "/edits")
        content, tag = self._answer("PUT", path, body=body, kind=_JSON, wanted=self._tags.get(analysis))
        name = str(self._plain(content, ("analysis",))["analysis"])
        self._tags[name] = tag
        return name

    def delete_analysis(self, analysis: str) -> dict[str, Any]:
        """Delete a kept analysis for good; the receipt, as `fer_core.library.values.Receipt` has it."""
        return self._json("DELETE", _path("library", analysis), has=("deleted_at",))

    def delete_recording(self, recording: str) -> dict[str, Any]:
        """Delete a recording with all its analyses for good; the receipt. `search` gives its name as `recording`."""
        return self._json("DELETE", _path("library/recordings", recording), has=("deleted_at",))

    def _has_failed(self, id_: str) -> bool:
        try:
            return bool(self.job(id_)["state"] == "failed")
        except FerError:
            return False

    def _wait(self, id_: str, progress: Callable[[Progress], None] | None) -> None:
        heard_s = time.monotonic()
        while True:
            try:
                job = self.job(id_)
            except (ServiceError, BusyError):
                if time.monotonic() - heard_s > PATIENCE_S:
                    raise
            else:
                heard_s = time.monotonic()
                if progress is not None:
                    progress(Progress(job["share"], job["words"], remaining_s=job["remaining_s"]))
                if job["ended"] is not None:
                    return
            time.sleep(ASK_EVERY_S)

    def _json(
        self,
        method: str,
        path: str,
        choices: Mapping[str, Any] | None = None,
        body: bytes | BinaryIO | None = None,
        kind: str = _BYTES,
        *,
        has: Collection[str],
    ) -> dict[str, Any]:
        """An answer in JSON, which has these fields."""
        return self._plain(self._answer(method, path, choices, body, kind)[0], has)

    def _plain(self, content: bytes, has: Collection[str]) -> dict[str, Any]:
        try:
            plain = json.loads(content)
        except ValueError as error:
            raise self._no_service() from error
        if not isinstance(plain, dict) or not plain.keys() >= set(has):
            raise self._no_service()
        return plain

    def _answer(
        self,
        method: str,
        path: str,
        choices: Mapping[str, Any] | None = None,
        body: bytes | BinaryIO | None = None,
        kind: str = _BYTES,
        wanted: str | None = None,
    ) -> tuple[bytes, str]:
        """The content of an answer and its ETag, empty where there is none; `wanted` is one that shall still hold."""
        given = urlencode({name: value for name, value in (choices or {}).items() if value is not None})
        address = f"{self._base}{path}{'?' if given else ''}{given}"
        headers = dict(self._headers) | ({"If-Match": wanted} if wanted else {})
        if body is not None:
            headers["Content-Type"] = kind
            if not isinstance(body, bytes):
                headers["Content-Length"] = str(_size(body))
        connection = self._kind(self._host, timeout=self._timeout_s, blocksize=_BLOCK_BYTES)
        try:
            try:
                connection.request(method, address, body, headers)
            except (
                BrokenPipeError,
                ConnectionResetError,
                ConnectionAbortedError,
            ):  # it answered before it had everything
                if connection.sock is None:
                    raise
            response = connection.getresponse()
            content = response.read()
        except (OSError, HTTPException) as error:
            if isinstance(error, SSLError) and error.reason == "WRONG_VERSION_NUMBER":
                raise ServiceError(f"What answers at {self._host} does not speak HTTPS; try http://.") from error
            raise ServiceError(
                f"The service at {self._host} does not answer ({error}); see whether it runs."
            ) from error
        finally:
            connection.close()
        if not 200 <= response.status < 300:  # after a redirect, too, nothing was done
            raise self._error(response, content)
        return content, response.getheader("ETag", "")

    def _error(self, response: HTTPResponse, content: bytes) -> FerError:
        """The error that an answer reports, of the class that the local API would raise."""
        try:
            problem = json.loads(content)
            kind, words = getattr(errors, problem["kind"], ServiceError), str(problem["detail"])
        except (ValueError, KeyError, TypeError):
            return self._of_a_proxy(response.status)
        return kind(words) if isinstance(kind, type) and issubclass(kind, FerError) else ServiceError(words)

    def _of_a_proxy(self, status: int) -> FerError:
        """The error that a status without a problem reports: of a proxy in front of the service, or of something else.

        Its classes are those that the service itself has for the like.
        """
        match status:
            case HTTPStatus.TOO_MANY_REQUESTS | HTTPStatus.SERVICE_UNAVAILABLE:
                return BusyError(
                    f"The proxy at {self._host} takes no more at this moment (status {status}); "
                    "try again in some seconds, and ask less often."
                )
            case HTTPStatus.BAD_GATEWAY | HTTPStatus.GATEWAY_TIMEOUT:
                return ServiceError(
                    f"The service behind {self._host} does not answer (status {status}); see whether it runs."
                )
            case HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
                return TooLargeError(
                    f"What was sent is larger than the proxy at {self._host} takes (status {status}); "
                    "send a shorter or smaller file, or raise the limit there."
                )
        return self._no_service(status)

    def _no_service(self, status: int = 200) -> ServiceError:
        return ServiceError(f"What answers at {self._host} (status {status}) is no such service; check the address.")


def _parts(address: str) -> SplitResult:
    """The parts of an address that can be connected to.

    Raises:
        RequestError: it is none. The message shows nothing that stands before an @, which may be a password.
    """
    shown = harmless(address.rpartition("@")[2])
    try:
        parts = urlsplit(address)
        has_user = "@" in parts.netloc
        (parts.hostname or "").encode("idna")
        is_one = parts.scheme in ("http", "https") and parts.hostname and (parts.port or True) and parts.path.isascii()
    except ValueError:  # no port, half an address of IPv6, or a name that no host can have
        has_user = is_one = False
    if has_user:
        raise RequestError(f"The address of {shown} holds a user or password, which a service does not know; leave it.")
    if not is_one or not address.isprintable() or " " in address:
        raise RequestError(f"{shown} is no address of a service; one is like http://127.0.0.1:8600.")
    return parts


def _path(place: str, id_: str, more: str = "") -> str:
    """The path of something by its id, or of a part of it.

    Raises:
        RequestError: the id is empty; the path would be that of all.
    """
    if not id_:
        raise RequestError("The id or name is empty; submit, keep and search give those that there are.")
    return f"/v1/{place}/{quote(id_, '')}{more}"


def _size(file: BinaryIO) -> int:
    size = file.seek(0, 2)
    file.seek(0)
    return size
