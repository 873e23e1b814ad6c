"""The dashboard behind Debian's nginx, with the configuration that docs/deployment.md tells people to take."""

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from fer_core.diagnostics.doctor import doctor
from tests.browser.conftest import started_server
from tests.certificates import self_signed
from tests.proxy import NAME, behind_nginx, needs_nginx
from tests.serving import free_port

expect.set_options(timeout=60_000)
REACHED = ("address", "pages", "WebSocket")

pytestmark = needs_nginx


@dataclass(frozen=True)
class Site:
    """A deployed dashboard.

    Attributes:
        https: port of the encrypted address.
        http: port of the plain one.
        certificate: its file.
    """

    https: int
    http: int
    certificate: Path


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("nginx")
    options = (f"--browser.serverAddress={NAME}", *(f"--server.allowedHosts={host}" for host in (NAME, "127.0.0.1")))
    with (
        started_server(folder / "log", options) as server,
        nginx(folder, server.address.removeprefix("http://")) as made,
    ):
        yield made


@contextmanager
def nginx(folder: Path, *dashboards: str) -> Iterator[Site]:
    """In front of dashboards, each a host and a port."""
    made = Site(free_port(), free_port(), self_signed(folder, NAME))
    adapted = {
        r"listen 443 ssl": f"listen 127.0.0.1:{made.https} ssl",
        r"listen 80": f"listen 127.0.0.1:{made.http}",
        r"server 127\.0\.0\.1:8501": "; ".join(f"server {each}" for each in dashboards),
        r"https://\$host": f"https://$host:{made.https}",
    }
    with behind_nginx("nginx.conf", adapted, folder, made.https):
        yield made


def test_the_doctor_reaches_it_through_the_proxy(site: Site, monkeypatch):
    monkeypatch.setenv("SSL_CERT_FILE", str(site.certificate))
    checks = {check.name: check for check in doctor(f"https://127.0.0.1:{site.https}")}
    assert all(checks[name].passed for name in REACHED), [checks[name] for name in REACHED]


def test_a_visitor_who_types_the_name_gets_the_page_encrypted_and_its_camera(
    site: Site, launch: Callable[..., Browser]
):
    browser = launch(f"--host-resolver-rules=MAP {NAME} 127.0.0.1")
    context = browser.new_context(ignore_https_errors=True)
    page = context.new_page()
    page.set_default_timeout(60_000)
    answer = page.goto(f"http://{NAME}:{site.http}/Live")
    assert answer is not None and page.url == f"https://{NAME}:{site.https}/Live"
    headers = answer.headers
    assert "max-age" in headers["strict-transport-security"] and headers["x-content-type-options"] == "nosniff"
    assert headers["x-frame-options"] == "SAMEORIGIN" and "camera=(self)" in headers["permissions-policy"]
    expect(page.get_by_role("heading", name="Live", exact=True)).to_be_visible()
    page.get_by_text("I have read this").click()  # which goes through the WebSocket
    expect(page.frame_locator('iframe[title*="webrtc_streamer"]').get_by_role("button", name="Start")).to_be_visible()
    assert page.evaluate("window.isSecureContext && 'mediaDevices' in navigator")
    context.close()


def test_who_asks_too_often_is_slowed_down(site: Site):
    trusted = ssl.create_default_context(cafile=str(site.certificate))
    statuses = []
    with (
        socket.create_connection(("127.0.0.1", site.https)) as plain,
        trusted.wrap_socket(plain, server_hostname="127.0.0.1") as line,
    ):
        answers = line.makefile("rb")
        for _ in range(500):
            line.sendall(b"HEAD /_stcore/health HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
            statuses.append(int(answers.readline().split()[1]))
            while answers.readline() != b"\r\n":
                pass
            if statuses[-1] == 429:
                break
    assert statuses[0] == 200 and statuses[-1] == 429


class Tells(BaseHTTPRequestHandler):
    """Stands for a dashboard: tells its own port."""

    def do_GET(self) -> None:
        told = str(self.server.server_address[1]).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(told)))
        self.end_headers()
        self.wfile.write(told)

    def log_message(self, *_: object) -> None:
        pass


def test_of_several_dashboards_a_visitor_comes_back_to_the_same(tmp_path: Path):
    servers = [ThreadingHTTPServer(("127.0.0.1", 0), Tells) for _ in range(2)]
    for server in servers:
        threading.Thread(target=server.serve_forever, daemon=True).start()
    with nginx(tmp_path, *(f"127.0.0.1:{server.server_port}" for server in servers)) as site:
        trusted = ssl.create_default_context(cafile=str(site.certificate))
        found = {}
        for network in range(8):
            visitor = f"127.0.{network}.2"
            found[visitor] = {answer(site, trusted, visitor) for _ in range(5)}
    for server in servers:
        server.shutdown()
        server.server_close()
    assert all(len(answers) == 1 for answers in found.values()), found
    assert len(set.union(*found.values())) == 2, "others come to another"


def answer(site: Site, trusted: ssl.SSLContext, visitor: str) -> bytes:
    """What a visitor of that address is told."""
    with (
        socket.create_connection(("127.0.0.1", site.https), source_address=(visitor, 0)) as plain,
        trusted.wrap_socket(plain, server_hostname="127.0.0.1") as line,
    ):
        line.sendall(b"GET / HTTP/1.1\r\nHost: faces.example.org\r\nConnection: close\r\n\r\n")
        return line.makefile("rb").read().rpartition(b"\r\n\r\n")[2]
