"""`/docs`: the description of the service as a page for people, without scripts or anything from elsewhere."""

import re
from collections.abc import Callable, Iterator, Mapping
from html import escape
from typing import Any, Final

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from fer_core.notice import PURPOSE
from fer_core.service.uploads import PART

_HEADERS: Final = {"Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'"}

_STYLE: Final = """
:root { color-scheme: light dark }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 56rem; margin: 2rem auto; padding: 0 1rem }
h2 { margin-top: 2.5rem }
code, pre { font: 14px/1.4 ui-monospace, monospace }
pre { overflow-x: auto; padding: .6rem; border: 1px solid #8888; border-radius: .3rem }
table { border-collapse: collapse }
td, th { text-align: left; vertical-align: top; padding: .2rem .8rem .2rem 0; border-bottom: 1px solid #8884 }
"""


def router(described: Callable[[], Mapping[str, Any]]) -> APIRouter:
    """The route of the page.

    Args:
        described: gives the description in OpenAPI.
    """
    routes = APIRouter()

    @routes.get("/docs", include_in_schema=False)
    def page(request: Request) -> HTMLResponse:
        return HTMLResponse("\n".join(_lines(described(), _address(request))), headers=_HEADERS)

    return routes


def _address(request: Request) -> str:
    """Where people reach the service: of the encryption in front of it only the proxy's header knows."""
    encrypted = request.headers.get("x-forwarded-proto") == "https"  # whoever makes that up deceives nobody else
    return str(request.base_url.replace(scheme="https") if encrypted else request.base_url).rstrip("/")


def _lines(api: Mapping[str, Any], address: str) -> Iterator[str]:
    title = escape(f"{api['info']['title']} {api['info']['version']}")
    yield f"<!doctype html><html lang=en><meta charset=utf-8><title>{title}</title><style>{_STYLE}</style>"
    yield f"<h1>{title}</h1><p>{escape(PURPOSE)}</p>"
    yield "<p>The same for programs: <a href='/openapi.json'>/openapi.json</a>.</p>"
    for path, operations in api["paths"].items():
        for method, operation in operations.items():
            yield from _operation(method.upper(), path, operation, address)


def _operation(method: str, path: str, operation: Mapping[str, Any], address: str) -> Iterator[str]:
    yield f"<h2>{escape(operation['summary'])}</h2><p><code>{method} {escape(path)}</code></p>"
    yield "".join(f"<p>{_marked(part)}</p>" for part in operation["description"].split("\n\n"))
    yield f"<pre>{escape(_command(method, path, operation, address))}</pre>"
    if parameters := operation.get("parameters"):
        yield "<table><tr><th>parameter<th>default<th>meaning"
        for parameter in parameters:
            default = parameter["schema"].get("default", "")
            yield (
                f"<tr><td><code>{escape(parameter['name'])}</code><td>{escape(str(default))}"
                f"<td>{_marked(parameter.get('description', ''))}"
            )
        yield "</table>"
    told = (f"{status} {answer['description']}" for status, answer in operation["responses"].items())
    yield f"<p>Answers: {_marked('; '.join(told))}.</p>"


def _marked(text: str) -> str:
    """Text with what stands between backticks as code."""
    return re.sub("`([^`]+)`", r"<code>\1</code>", escape(text))


def _command(method: str, path: str, operation: Mapping[str, Any], address: str) -> str:
    """How to ask for it with curl."""
    words = ["curl"]
    if "security" in operation:
        words.append("-H 'Authorization: Bearer KEY'")
    given = operation.get("requestBody", {}).get("content", {})
    if method != "GET" and (method, bool(given)) != ("POST", True):  # curl posts what it is given
        words.append(f"-X {method}")
    if "application/json" in given:
        words.append("-H 'Content-Type: application/json' --data @FILE")
    elif given:
        words.append(f"-F {PART}=@FILE")
    return " ".join([*words, f"'{address}{path}'"])
