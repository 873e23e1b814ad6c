"""The deployment doctor: what is wrong around the dashboard, and what to do about it."""

import contextlib
import json
import os
import socket
import tempfile
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from aioice import stun
from aioice.ice import get_host_addresses

from fer_core.cli import main
from fer_core.diagnostics import doctor as module
from fer_core.diagnostics import sign_in as sign_in_module
from fer_core.diagnostics import ways as ways_module
from fer_core.diagnostics.checks import Check
from fer_core.diagnostics.doctor import doctor
from fer_core.diagnostics.sign_in import sign_in
from fer_core.media.libraries import Finding
from fer_core.settings import DATABASE, ICE_SERVERS, LIBRARY, SIGN_IN, UNFINISHED, settings

HOSTS = get_host_addresses(use_ipv4=True, use_ipv6=False)
needs_a_network = pytest.mark.skipif(not HOSTS, reason="this machine has only the loopback interface")


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    """Without the parts that the self-test's own tests cover."""
    monkeypatch.setattr(module, "_speed", lambda models_dir: (True, "fast"))
    monkeypatch.setattr(module.self_test, "files", lambda models_dir: (True, "all match"))


def found(address: str | None = None) -> dict[str, Check]:
    return {check.name: check for check in doctor(address)}


def test_a_machine_that_is_in_order_passes_and_nothing_is_made(monkeypatch, tmp_path):
    monkeypatch.setenv(LIBRARY, str(tmp_path / "new" / "library"))
    monkeypatch.setattr(module, "LEAST_FREE_GB", 0.0)
    checks = found()
    assert [
        check for check in checks.values() if check.passed is False and check.name != "network for the camera"
    ] == []
    assert str(tmp_path) in checks["library"].detail and list(tmp_path.iterdir()) == []
    assert "FFmpeg" in checks["libraries"].detail


def test_what_is_wrong_is_said_with_the_way_out(monkeypatch, tmp_path):
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv(LIBRARY, str(tmp_path / "file" / "library"))
    monkeypatch.setenv(UNFINISHED, str(tmp_path / "here"))
    monkeypatch.setenv(ICE_SERVERS, "turn.example.org")
    monkeypatch.setattr(module, "LEAST_FREE_GB", 1e9)
    monkeypatch.setattr(module, "PYTHONS", ((3, 98), (3, 99)))
    old = Finding("FFmpeg", "4.0", "FFmpeg is 4.0, before 8.1: it is old; update the wheel.")
    monkeypatch.setattr(module.libraries, "look", lambda today: ([old], None))
    checks = found()
    for name, words in {
        "Python": "use 3.98 to 3.99",
        "libraries": "update the wheel",
        "library": f"name another folder in {LIBRARY}",
        "unfinished analyses": f"another disk in {UNFINISHED}",
        "ways for the camera": "leave it empty",
    }.items():
        assert checks[name].passed is False and words in checks[name].detail, checks[name]


def test_a_low_limit_of_open_files_is_said(monkeypatch):
    pytest.importorskip("resource", reason="this system has no such limit")
    monkeypatch.setattr(module, "LEAST_FILES", 10**9)
    check = found()["open files"]
    assert check.passed is False and "ulimit -n" in check.detail


def test_an_address_without_tls_has_no_camera_and_one_that_does_not_answer_is_told():
    assert "HTTPS" in found("http://faces.example.invalid")["address"].detail
    for address in ("faces", "https://host:80a", "http://[::1"):
        checks = found(address)
        assert "https://host" in checks["address"].detail and "pages" not in checks
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound, but nobody listens
        checks = found(f"http://127.0.0.1:{taken.getsockname()[1]}")
    assert checks["address"].passed
    for name in ("pages", "WebSocket"):
        assert checks[name].passed is False and "is the dashboard started" in checks[name].detail


def test_a_database_that_does_not_answer_is_told_without_its_password(monkeypatch):
    monkeypatch.setenv(DATABASE, "postgresql://me:secret@127.0.0.1:1/faces")
    check = found()["database"]
    assert check.passed is False and DATABASE in check.detail and "secret" not in check.detail


class Answers(BaseHTTPRequestHandler):
    """An identity provider's description of itself."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b'{"authorization_endpoint": "here"}')

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def provider():
    """Its address."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/described"
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({}, ""),
        ({"redirect_uri": "https://faces.example.org/"}, "end with /oauth2callback"),
        ({"redirect_uri": "http://faces.example.org/oauth2callback"}, "visitors come by https://faces.example.org"),
        ({"cookie_secret": "short"}, "32 letters"),
        ({"client_secret": ""}, "client_secret of"),
        ({"server_metadata_url": ""}, "no identity provider"),
        ({"server_metadata_url": "http://127.0.0.1:1/"}, "does not answer"),
    ],
)
def test_a_sign_in_is_looked_at(monkeypatch, tmp_path, provider, changed, sentence):
    monkeypatch.setattr(sign_in_module, "find_spec", lambda name: object())
    monkeypatch.setenv(SIGN_IN, "@example.org")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(Path, "home", lambda: tmp_path / "home")
    assert sign_in(settings())[0] is None  # no secrets
    auth = {
        "redirect_uri": "https://faces.example.org/oauth2callback",
        "cookie_secret": "x" * 32,
        "client_id": "faces",
        "client_secret": "secret",
        "server_metadata_url": provider,
        **changed,
    }
    (tmp_path / ".streamlit").mkdir()
    lines = "".join(f"{name} = {json.dumps(value)}\n" for name, value in auth.items())
    (tmp_path / ".streamlit" / "secrets.toml").write_text(f"[auth]\n{lines}")
    passed, detail = sign_in(settings(), "https://faces.example.org/")
    assert passed is not bool(sentence) and sentence in detail and "xxxx" not in detail


def test_a_sign_in_that_is_missing_or_half_there_is_told(monkeypatch):
    monkeypatch.delenv(SIGN_IN, raising=False)
    assert found()["sign-in"].passed is None and SIGN_IN in found()["sign-in"].detail
    monkeypatch.setenv(SIGN_IN, "ada")
    assert found()["sign-in"].passed is False and "list addresses" in found()["sign-in"].detail
    monkeypatch.setenv(SIGN_IN, "everyone")
    monkeypatch.setattr(sign_in_module, "find_spec", lambda name: None)
    assert found()["sign-in"].passed is False and "extra `sign-in`" in found()["sign-in"].detail


def test_a_door_that_is_shut_for_everybody_is_told(monkeypatch, tmp_path):
    monkeypatch.setenv(SIGN_IN, "")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(Path, "home", lambda: tmp_path / "home")
    secrets = tmp_path / "home" / ".streamlit" / "secrets.toml"
    secrets.parent.mkdir(parents=True)
    secrets.write_text('other = "x"\n')
    assert found()["sign-in"].passed is None
    secrets.write_text('[auth]\ncookie_secret = "secret"\n')
    check = found()["sign-in"]
    assert check.passed is False and SIGN_IN in check.detail and str(secrets) in check.detail
    secrets.write_text("[auth\n")
    check = found()["sign-in"]
    assert check.passed is False and f"{secrets} cannot be read" in check.detail


def test_a_folder_that_may_not_be_entered_is_told(tmp_path):
    closed = tmp_path / "closed"
    closed.mkdir(mode=0)
    check = module._folder(closed / "library", LIBRARY)
    assert check[0] is True if os.geteuid() == 0 else "another folder" in check[1]


def test_a_temporary_folder_that_is_passed_over_is_told(monkeypatch, tmp_path):
    monkeypatch.setenv("TMPDIR", str(tmp_path / "not there"))
    monkeypatch.setattr(tempfile, "tempdir", None)
    check = found()["temporary folder"]
    assert check.passed is False and str(tmp_path / "not there") in check.detail and "TMPDIR" in check.detail


def test_without_a_temporary_folder_the_others_are_looked_at(monkeypatch):
    def none():
        raise FileNotFoundError(2, "No usable temporary directory found")

    monkeypatch.setattr(tempfile, "gettempdir", none)
    checks = found()
    assert checks["temporary folder"].passed is False and "TMPDIR" in checks["temporary folder"].detail
    assert "open files" in checks


@needs_a_network
def test_each_server_for_the_camera_is_asked_and_the_silent_ones_are_named(monkeypatch):
    monkeypatch.setattr(ways_module, "ANSWER_S", 2.0)
    with (
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent,
    ):
        server.bind((HOSTS[0], 0))
        silent.bind((HOSTS[0], 0))
        good, bad = (f"{HOSTS[0]}:{each.getsockname()[1]}" for each in (server, silent))
        threading.Thread(target=answer, args=(server,), daemon=True).start()
        monkeypatch.setenv(ICE_SERVERS, f"stun:{good}")
        check = found()["ways for the camera"]
        assert check.passed and check.detail == f"stun:{good} gives 203.0.113.7"
        turn = json.dumps({"urls": f"turn:{bad}", "username": "me", "credential": "secret"})
        nobody = json.dumps({"urls": f"turn:{good}"})
        monkeypatch.setenv(ICE_SERVERS, f'[{{"urls": ["stun:{good}", "stun:{bad}"]}}, {turn}, {nobody}]')
        check = found()["ways for the camera"]
        assert check.passed is False
        assert [f"{kind}:{bad}: no answer" in check.detail for kind in ("stun", "turn")] == [True, True]
        assert f"turn:{good}: no user name" in check.detail
        assert "secret" not in check.detail


def answer(server: socket.socket) -> None:
    """A STUN server that sees everybody at one address."""
    with contextlib.suppress(OSError):  # closed: the test is over
        while True:
            data, sender = server.recvfrom(2048)
            asked = stun.parse_message(data)
            told = stun.Message(stun.Method.BINDING, stun.Class.RESPONSE, asked.transaction_id)
            told.attributes["XOR-MAPPED-ADDRESS"] = ("203.0.113.7", 40_000)
            server.sendto(bytes(told), sender)


def test_the_command_says_a_line_a_check_and_fails_where_one_fails(monkeypatch, capsys):
    monkeypatch.setattr(module, "_folder", lambda folder, variable: (True, str(Path("/somewhere"))))
    monkeypatch.setattr(module, "_interfaces", lambda: (True, "192.0.2.1"))
    assert main(["doctor"]) == 0
    assert "ok      Python" in capsys.readouterr().out
    assert main(["doctor", "--address", "faces"]) == 3
    assert "FAILED  address" in capsys.readouterr().out


def test_the_command_looks_at_the_service_where_it_is_named(monkeypatch, capsys):
    monkeypatch.setattr("fer_core.diagnostics.doctor.doctor", lambda address: ())
    assert main(["doctor", "--service", "http://127.0.0.1:9"]) == 3
    assert "FAILED" in (told := capsys.readouterr().out) and "127.0.0.1:9" in told
