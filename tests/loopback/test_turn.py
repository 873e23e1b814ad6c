"""Short-lived credentials and the doctor, at Debian's coturn."""

import json
import re
import time
from collections.abc import Iterator

import pytest

from fer_core.diagnostics.ways import ways
from fer_core.live.ice import TurnCredentials
from fer_core.settings import ICE_SERVERS, TURN_SECRET, settings
from tests.turn import SECRET, Turn, coturn, needs_coturn

pytestmark = needs_coturn


@pytest.fixture(scope="module")
def turn(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Turn]:
    with coturn(tmp_path_factory.mktemp("coturn")) as running:
        yield running


@pytest.fixture
def ask(monkeypatch, turn):
    """What the doctor says of servers, with the secret of a setting."""
    monkeypatch.setenv("SSL_CERT_FILE", str(turn.certificate))

    def asked(servers: str, secret: str = SECRET) -> tuple[bool | None, str]:
        monkeypatch.setenv(ICE_SERVERS, servers)
        monkeypatch.setenv(TURN_SECRET, secret)
        return ways(settings())

    return asked


def test_every_kind_of_address_is_asked_and_answers(ask, turn):
    plain, tls = f"{turn.host}:{turn.port}", f"{turn.host}:{turn.tls_port}"
    urls = [f"turn:{plain}", f"turn:{plain}?transport=tcp", f"turns:{tls}", f"stun:{plain}", f"stuns:{tls}"]
    passed, detail = ask(",".join(urls))
    assert passed, detail
    assert detail == ", ".join(f"{url} gives {turn.host}" for url in urls)


def test_another_secret_and_a_time_that_is_over_are_refused_and_told(ask, turn):
    url = f"turn:{turn.host}:{turn.port}"
    passed, detail = ask(url, "another secret")
    assert passed is False and "static-auth-secret" in detail and "another secret" not in detail
    for ends_s, expected in ((time.time() - 10, False), (time.time() + 60, True)):
        mine = TurnCredentials.made(SECRET, "visit", ends_s, 0.0)
        server = {"urls": url, "username": mine.username, "credential": mine.credential}
        passed, detail = ask(json.dumps([server]), "")
        assert passed is expected, detail


def test_what_is_wrong_with_an_address_is_told(ask, turn, monkeypatch):
    for url, secret, sentence in (
        (f"turn:{turn.host}:{turn.port}", "", "no user name and password"),
        (f"turns:{turn.host}:{turn.port + 1}?transport=udp", SECRET, "TLS goes over TCP"),
        ("turn:nowhere.invalid:3478", SECRET, "is not known"),
        ("turn:host:port", SECRET, "this is no address"),
        (f"stun:{turn.host}:{turn.port}", SECRET, f"{TURN_SECRET} is set, but no turn"),
    ):
        passed, detail = ask(url, secret)
        assert passed is False and sentence in detail, detail
    monkeypatch.delenv("SSL_CERT_FILE")
    passed, detail = ask(f"turns:{turn.host}:{turn.tls_port}")
    assert passed is False and re.search(r"certificate is refused \(.*self.signed", detail)
