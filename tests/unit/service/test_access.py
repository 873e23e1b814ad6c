"""Keys, and what a service without keys answers."""

import os
import signal
import sys

import pytest

pytest.importorskip("fastapi", reason="the extra `service` is not installed")

import requests

from fer_core.cli import main
from fer_core.errors import RequestError
from fer_core.service.access import is_loopback
from fer_core.service.serving import serve
from fer_core.settings import API_KEYS
from fer_core.testing import fake_pipeline
from tests.services import service_settings, told_before_the_upload
from tests.unit.service.test_pictures import problem

KEY, OTHER = "k" * 16, "o" * 30


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Authorization": f"Bearer {KEY}"}, 200),
        ({"Authorization": f"Bearer {OTHER}"}, 200),
        ({"Authorization": f"Bearer {KEY}", "Host": "faces.example.org", "Origin": "https://elsewhere.example"}, 200),
        ({"Authorization": f"Bearer {KEY}x"}, 401),
        ({"Authorization": f"Basic {KEY}"}, 401),
        ({"Authorization": "Bearer "}, 401),
        ({}, 401),
    ],
)
def test_a_key_is_asked_for_where_there_are_keys(headers, status, served):
    with served(api_keys=(KEY, OTHER)) as address:
        answer = requests.get(f"{address}/v1/models", headers=headers, timeout=60)
    assert answer.status_code == status
    if status == 401:
        assert problem(answer)["kind"] == "KeyNeededError" and answer.headers["WWW-Authenticate"] == "Bearer"
        is_other = headers.get("Authorization") == f"Bearer {KEY}x"
        assert ("does not know the key" if is_other else "needs a key") in answer.json()["detail"]


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        ({"Host": "localhost:8600", "Origin": "http://localhost:8600"}, 200),
        ({"Host": "[::1]:8600"}, 200),
        ({"Host": "points.here.example"}, 403),
        ({"Origin": "https://elsewhere.example"}, 403),
        ({"Origin": "http://localhost:3000"}, 403),
        ({"Origin": "null"}, 403),
        ({"Sec-Fetch-Site": "none"}, 200),  # typed into the address bar
        ({"Sec-Fetch-Site": "cross-site"}, 403),  # such as a picture of a page, which has no origin
        ({"Host": "[::1"}, 403),
        ({"Origin": "http://["}, 403),
        ({"Host": "localhost@elsewhere.example"}, 403),
    ],
)
def test_without_keys_no_web_page_reaches_anything(headers, status, served):
    with served() as address:
        answer = requests.get(f"{address}/v1/models", headers=headers, timeout=60)
    assert answer.status_code == status
    if status == 403:
        assert API_KEYS in problem(answer)["detail"]


@pytest.mark.parametrize("path", ["/v1/image", "/v1/recordings"])
def test_an_upload_without_the_key_is_not_taken_in(path, served):
    with served(api_keys=(KEY,)) as address:
        assert told_before_the_upload(address, path)["kind"] == "KeyNeededError"


@pytest.mark.parametrize(
    ("host", "loopback"),
    [("127.0.0.1", True), ("::1", True), ("localhost", True), ("127.9.9.9", True), ("0.0.0.0", False), ("a.b", False)],
)
def test_this_machine_is_known(host, loopback):
    assert is_loopback(host) is loopback


def test_without_keys_others_are_not_listened_to(tmp_path):
    with pytest.raises(RequestError, match=API_KEYS):
        serve("0.0.0.0", 0, service_settings(tmp_path), print)


def test_the_command_says_so_in_a_line(monkeypatch, capsys):
    monkeypatch.delenv(API_KEYS, raising=False)
    assert main(["serve", "--host", "0.0.0.0"]) == 3
    assert capsys.readouterr().err.startswith("error: Without keys")


def test_a_name_that_no_host_has_is_told(tmp_path):
    with pytest.raises(RequestError, match="cannot listen at"):
        serve("h" * 70, 0, service_settings(tmp_path, api_keys=(KEY,)), print, lambda request: fake_pipeline())


@pytest.mark.skipif(sys.platform == "win32", reason="Windows ends processes without asking them")
def test_who_is_asked_to_end_while_he_starts_ends(tmp_path):
    serve(
        "127.0.0.1",
        0,
        service_settings(tmp_path),
        lambda address: os.kill(os.getpid(), signal.SIGTERM),
        lambda request: fake_pipeline(),
    )
    assert [path.name for path in tmp_path.iterdir()] == [".lock"]
