"""The service behind Debian's nginx, with the configuration that docs/deployment.md tells people to take."""

import shutil
from types import SimpleNamespace

import pytest

pytest.importorskip("fastapi", reason="the extra `service` is not installed")

import requests

from fer_core import AnalysisRequest
from fer_core.client import Client
from fer_core.diagnostics import service_doctor as module
from fer_core.diagnostics.service_doctor import service_doctor
from fer_core.readings import Box
from fer_core.settings import API_KEYS, SERVICE, SERVICE_BYTES, SERVICE_JOBS, SERVICE_QUEUE
from fer_core.testing import fake_pipeline
from tests.certificates import self_signed
from tests.proxy import NAME, behind_nginx, needs_nginx
from tests.services import listening, service_settings
from tests.serving import free_port
from tests.videos import scene, write_video


def behind(test):
    """A test that needs nginx."""
    for mark in needs_nginx:
        test = mark(test)
    return test


KEY, OTHER = "k" * 16, "o" * 16
FACE = Box(40, 30, 100, 100)

needed_gb = module._needed_gb  # which tests of other things replace


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    folder = tmp_path_factory.mktemp("service")
    settings = service_settings(folder / "jobs", api_keys=(KEY,))
    with listening(settings, lambda request: fake_pipeline([FACE])) as address:
        yield address


def checks(address: str) -> dict:
    return {check.name: check for check in service_doctor(address)}


@pytest.fixture(autouse=True)
def here(monkeypatch, tmp_path):
    monkeypatch.setenv(API_KEYS, KEY)
    monkeypatch.setenv(SERVICE, str(tmp_path / "jobs"))
    monkeypatch.setenv(SERVICE_QUEUE, "1")
    monkeypatch.setattr(module, "_needed_gb", lambda found: 0.0)


def test_the_doctor_finds_a_service_in_order(address):
    found = checks(address)
    assert all(check.passed for check in found.values()), found
    assert "1 key" in found["service settings"].detail and "knows it" in found["service keys"].detail


def test_the_doctor_says_what_is_wrong(address, monkeypatch, tmp_path):
    assert "no address" in checks("faces").popitem()[1].detail
    assert "put TLS in front" in checks("http://faces.example.org").popitem()[1].detail
    assert "does not answer" in checks(f"http://127.0.0.1:{free_port()}")["service"].detail
    monkeypatch.setattr(module, "_needed_gb", lambda found: 1e9)
    monkeypatch.setenv(API_KEYS, f"{KEY},{OTHER}")
    found = checks(address)
    assert SERVICE_QUEUE in found["service folder"].detail and not found["service folder"].passed
    assert "key number 2" in found["service keys"].detail and not found["service keys"].passed
    monkeypatch.setenv(API_KEYS, "short")
    assert API_KEYS in checks(address)["service settings"].detail


@pytest.mark.parametrize(("free_gb", "passed"), [(9.9, False), (10.1, True)])
def test_the_disk_has_to_hold_what_waits_and_what_is_being_read(monkeypatch, free_gb, passed):
    monkeypatch.setattr(module, "_needed_gb", needed_gb)
    for name, value in ((SERVICE_QUEUE, "1"), (SERVICE_JOBS, "4"), (SERVICE_BYTES, "2000000000")):
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: SimpleNamespace(free=free_gb * 1e9))
    found = next(check for check in service_doctor("faces") if check.name == "service folder")
    assert found.passed is passed and "10" in found.detail and (passed or SERVICE_JOBS in found.detail)


def test_little_room_is_told_as_it_is(monkeypatch):
    monkeypatch.setattr(module, "_needed_gb", lambda found: 0.015)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: SimpleNamespace(free=1234.4e9))
    found = next(check for check in service_doctor("faces") if check.name == "service folder")
    assert found.detail.endswith("1234 GB free, of which 0.015 can be needed")


def test_a_folder_that_cannot_be_used_is_told(monkeypatch, tmp_path):
    (tmp_path / "file").write_text("in the way")
    for folder in (tmp_path / "file", tmp_path / "file" / "jobs"):
        monkeypatch.setenv(SERVICE, str(folder))
        found = next(check for check in service_doctor("faces") if check.name == "service folder")
        assert found.passed is False and f"{tmp_path / 'file'} cannot be written to" in found.detail
        assert SERVICE in found.detail


def test_a_service_without_keys_is_fine_on_this_machine_alone(tmp_path, monkeypatch):
    with listening(service_settings(tmp_path / "jobs"), lambda request: fake_pipeline([FACE])) as address:
        assert "start it with" in checks(address)["service keys"].detail
        monkeypatch.delenv(API_KEYS)
        found = checks(address)["service keys"]
    assert found.passed and "this machine alone" in found.detail


@pytest.fixture(scope="class")
def https(address, tmp_path_factory):
    folder, port = tmp_path_factory.mktemp("nginx"), free_port()
    made = self_signed(folder, NAME)
    adapted = {
        r"listen 443 ssl": f"listen 127.0.0.1:{port} ssl",
        r"127\.0\.0\.1:8600": address.removeprefix("http://"),
    }
    with behind_nginx("nginx-service.conf", adapted, folder, port):
        yield f"https://127.0.0.1:{port}", made


@behind
def test_it_is_reached_and_asks_for_a_key(https, monkeypatch):
    address, trusted = https
    monkeypatch.setenv("SSL_CERT_FILE", str(trusted))
    assert all(check.passed for check in service_doctor(address)), checks(address)


@behind
def test_the_page_tells_people_to_ask_encrypted_at_the_port_that_they_use(https):
    address, trusted = https
    page = requests.get(f"{address}/docs", timeout=30, verify=str(trusted)).text
    assert f"{address}/v1/image" in page and "http://" not in page


@behind
def test_a_recording_goes_through_and_its_events_come_as_they_are_told(https, monkeypatch, tmp_path):
    address, trusted = https
    monkeypatch.setenv("SSL_CERT_FILE", str(trusted))
    client = Client(address, KEY)
    film = write_video(tmp_path / "interview.mp4", [scene((90, 90, 140))] * 25)
    assert len(client.analyze_video(film, fps=5).frame) == 5
    id_ = client.submit(film, AnalysisRequest(fps=5))
    headers = {"Authorization": f"Bearer {KEY}"}
    events = f"{address}/v1/recordings/{id_}/events"
    with requests.get(events, headers=headers, stream=True, timeout=30, verify=str(trusted)) as answer:
        assert answer.headers["Strict-Transport-Security"] and answer.headers["Cache-Control"] == "no-store"
        assert [line for line in answer.iter_lines(decode_unicode=True) if line][-2] == "event: end"
    client.forget(id_)
