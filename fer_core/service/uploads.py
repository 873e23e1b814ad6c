"""Files that come in the body of a request, as it is or as a form of one part; written as they come, up to a limit."""

import asyncio
import contextlib
import logging
import tempfile
from collections.abc import AsyncIterator, Iterator
from typing import BinaryIO, Final

from fastapi import Request
from fastapi.concurrency import run_in_threadpool
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.requests import ClientDisconnect

from fer_core.errors import BusyError, MediaError, RequestError, TooLargeError

# Its warnings of damaged forms would stand in the log of the service; whoever sent one is told in a sentence.
logging.getLogger("python_multipart").setLevel(logging.CRITICAL)

PART: Final = "file"
"""Name of the part of a form that holds the file."""

STANDSTILL_S: Final = 30.0
"""Seconds without a byte after which an upload is given up."""

_FORM: Final = "multipart/form-data"
_ENVELOPE_BYTES: Final = 10_000
"""Most bytes of a form around its file."""

BODY: Final = {
    "requestBody": {
        "required": True,
        "description": "The bytes of the file, whatever their type is called; or a form with one part named `file`.",
        "content": {
            "application/octet-stream": {"schema": {"type": "string", "format": "binary"}},
            _FORM: {
                "schema": {
                    "type": "object",
                    "properties": {PART: {"type": "string", "format": "binary"}},
                    "required": [PART],
                    "additionalProperties": False,
                }
            },
        },
    }
}
"""The body of such a request for OpenAPI."""


async def receive(request: Request, target: BinaryIO, most_bytes: int) -> str:
    """Write the file of a request, as it comes.

    Args:
        request: whose body has not been read yet.
        target: where to.
        most_bytes: of the file.

    Returns:
        Name of the file, where a form tells it; else empty.

    Raises:
        TooLargeError: the file has more bytes.
        RequestError: the body is no file, nor a form of one.
        MediaError: the file is empty.
        BusyError: there is no room for it on the disk.
    """
    kind, options = parse_options_header(request.headers.get("content-type"))
    form = _Form(options.get(b"boundary", b"")) if kind == _FORM.encode() else None
    length = request.headers.get("content-length", "")
    if length.isdecimal() and int(length) > most_bytes + (0 if form is None else _ENVELOPE_BYTES):
        raise _too_large(most_bytes)
    came = written = 0
    async for chunk in _chunks(request):
        came += len(chunk)
        pieces = [chunk] if form is None else form.feed(chunk)
        written += sum(map(len, pieces))
        if written > most_bytes or came > most_bytes + _ENVELOPE_BYTES:
            raise _too_large(most_bytes)
        with _room():
            await run_in_threadpool(target.writelines, pieces)
    name = "" if form is None else form.end()
    if not written:
        raise MediaError("The file is empty; copy it again from where it came.")
    with _room():
        await run_in_threadpool(target.flush)
    return name


@contextlib.contextmanager
def temporary() -> Iterator[BinaryIO]:
    """A file without a name, for an upload that is not kept.

    Raises:
        BusyError: there is no room for it.
    """
    with _room():
        file = tempfile.TemporaryFile()  # noqa: SIM115 - what its end meets is another matter than what its user does
    try:
        yield file
    finally:
        with contextlib.suppress(OSError):  # what could not be written was told when it was
            file.close()


@contextlib.contextmanager
def _room() -> Iterator[None]:
    """Say that there is none on the disk where that is so."""
    try:
        yield
    except OSError as error:
        raise BusyError(f"The file could not be stored ({error.strerror}); try again later.") from error


async def body(request: Request, most_bytes: int) -> bytes:
    """The whole body of a request, in memory, for what is small.

    Raises:
        TooLargeError: there are more bytes.
        RequestError: it stood still, or broke off.
    """
    came = bytearray()
    async for chunk in _chunks(request):
        came += chunk
        if len(came) > most_bytes:
            raise TooLargeError(f"That is more than the {most_bytes:,} bytes allowed; send less at once.")
    return bytes(came)


async def _chunks(request: Request) -> AsyncIterator[bytes]:
    stream = request.stream()
    while True:
        try:
            async with asyncio.timeout(STANDSTILL_S):
                chunk = await anext(stream)
        except StopAsyncIteration:
            return
        except TimeoutError as error:
            raise RequestError(f"The upload stood still for {STANDSTILL_S:.0f} seconds; send it again.") from error
        except ClientDisconnect as error:
            raise RequestError("The upload broke off; send it again.") from error
        yield chunk


def _too_large(most_bytes: int) -> TooLargeError:
    return TooLargeError(f"The file has more than the {most_bytes:,} bytes allowed; scale it down or cut it.")


class _Form:
    """A form with one part, taken in piece by piece."""

    def __init__(self, boundary: bytes) -> None:
        self._pieces: list[bytes] = []
        self._header = self._value = b""
        self._disposition = b""
        self._name = ""
        self._parts, self._ended = 0, False
        callbacks = {
            "on_part_begin": self._begin,
            "on_header_field": self._on_field,
            "on_header_value": self._on_value,
            "on_header_end": self._on_header,
            "on_headers_finished": self._on_headers,
            "on_part_data": self._on_data,
            "on_end": self._on_end,
        }
        if not boundary:
            raise self._wrong()
        try:
            self._parser = MultipartParser(boundary, callbacks)  # type: ignore[arg-type]
        except FormParserError as error:
            raise self._wrong() from error

    def feed(self, chunk: bytes) -> list[bytes]:
        """Take in what came; the bytes of the file in it."""
        self._pieces = []
        try:
            self._parser.write(chunk)
        except FormParserError as error:
            raise self._wrong() from error
        return self._pieces

    def end(self) -> str:
        """After the last bytes: the name of the file; empty where the form tells none."""
        if not self._ended:
            raise self._wrong()
        return self._name

    def _begin(self) -> None:
        self._parts += 1
        self._disposition = b""

    def _on_field(self, data: bytes, start: int, end: int) -> None:
        self._header += data[start:end]

    def _on_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def _on_header(self) -> None:
        if self._header.lower() == b"content-disposition":
            self._disposition = self._value
        self._header = self._value = b""

    def _on_headers(self) -> None:
        _, options = parse_options_header(self._disposition)
        if self._parts > 1 or options.get(b"name") != PART.encode():
            raise self._wrong()
        self._name = options.get(b"filename", b"").decode(errors="replace")

    def _on_data(self, data: bytes, start: int, end: int) -> None:
        self._pieces.append(data[start:end])

    def _on_end(self) -> None:
        self._ended = True

    @staticmethod
    def _wrong() -> RequestError:
        return RequestError(
            f'A form has exactly one part, named "{PART}", and is complete; or send the bytes of the file without one.'
        )
