"""`POST /v1/image`, and what every answer has in common."""

import io
import json
import tempfile
import threading
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import pytest

pytest.importorskip("fastapi", reason="the extra `service` is not installed")

import requests
from PIL import Image

from fer_core.cli import main
from fer_core.errors import UnknownModelError
from fer_core.service import app, pictures
from fer_core.service.state import State
from tests.conftest import PORTRAIT, ROOT
from tests.services import listening, service_settings

PROBLEM = "application/problem+json"


def ask(address: str, method: str = "POST", path: str = "/v1/image", **more) -> requests.Response:
    return requests.request(method, f"{address}{path}", timeout=60, **more)


def problem(answer: requests.Response) -> dict:
    """The problem of an answer, which is a whole one."""
    told = answer.json()
    assert answer.headers["Content-Type"] == PROBLEM
    assert list(told) == ["type", "title", "status", "detail", "kind"] and told["status"] == answer.status_code
    return told


def png(width: int, height: int) -> bytes:
    file = io.BytesIO()
    Image.new("L", (width, height)).save(file, "PNG")
    return file.getvalue()


@pytest.mark.parametrize(
    "sent",
    [
        {"data": PORTRAIT.read_bytes(), "params": {"name": "astronaut.png"}},
        {"data": PORTRAIT.read_bytes(), "params": {"name": "C:\\pictures\\astronaut.png"}},
        {"files": {"file": ("astronaut.png", PORTRAIT.read_bytes(), "image/png")}},
    ],
    ids=["bytes", "a path as name", "form"],
)
def test_a_picture_is_read_as_the_command_line_reads_it(sent, address, capsys):
    assert main(["image", str(PORTRAIT), "--json", "-"]) == 0
    [expected] = json.loads(capsys.readouterr().out)
    answer = ask(address, **sent)
    assert answer.status_code == 200 and answer.headers["Cache-Control"] == "no-store"
    assert answer.json() == {**expected, "path": "astronaut.png"}


def test_pictures_are_read_at_the_same_time(address):
    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(lambda _: ask(address, data=PORTRAIT.read_bytes()).json(), range(6)))
    assert answers == [answers[0]] * 6 and len(answers[0]["faces"]) == 1


@pytest.mark.parametrize(
    ("sent", "status", "kind", "words"),
    [
        ({"data": b"no picture", "params": {"name": "a.png"}}, 422, "MediaError", "a.png is not a picture"),
        ({"data": b""}, 422, "MediaError", "empty"),
        ({"data": png(200, 200)}, 413, "TooLargeError", "40,000 pixels"),
        ({"data": b"." * 5001}, 413, "TooLargeError", "5,000 bytes"),
        ({"data": iter([b"." * 3000] * 2)}, 413, "TooLargeError", "5,000 bytes"),
        ({"files": {"file": b"." * 5001}}, 413, "TooLargeError", "5,000 bytes"),
        ({"files": {"other": b"."}}, 422, "RequestError", "one part"),
        ({"files": [("file", b"."), ("file", b".")]}, 422, "RequestError", "one part"),
        ({"data": b"--x\r\n", "headers": {"Content-Type": "multipart/form-data; boundary=x"}}, 422, "RequestError", ""),
        ({"data": b"-no", "headers": {"Content-Type": "multipart/form-data; boundary=x"}}, 422, "RequestError", ""),
        ({"data": b"x", "headers": {"Content-Type": "multipart/form-data"}}, 422, "RequestError", "one part"),
        ({"data": b"x", "params": {"detector": "eyes"}}, 422, "RequestError", "detector"),
        ({"data": b"x", "params": {"fps": "4"}}, 422, "RequestError", "fps"),
        ({"method": "GET"}, 405, "", "GET"),
        ({"path": "/v2/image"}, 404, "", "openapi.json"),
    ],
)
def test_what_cannot_be_read_is_a_problem(sent, status, kind, words, served, caplog):
    with served(most_bytes=5000, most_pixels=10_000) as address:
        answer = ask(address, **sent)
    told = problem(answer)
    assert (told["status"], told["kind"]) == (status, kind) and words in told["detail"]
    assert not [each for each in caplog.records if each.name.startswith("python_multipart")]  # the answer says it


@pytest.mark.parametrize(
    "name", ["mine", "../models/custom_cnn", str(ROOT / "models" / "custom_cnn"), "\x1b[31m", ".."]
)
def test_a_model_that_is_not_installed_is_the_callers_mistake(name, tmp_path):
    with listening(service_settings(tmp_path)) as address:
        told = problem(ask(address, data=b"x", params={"model": name}))
    assert (told["status"], told["kind"]) == (422, "UnknownModelError") and "custom_cnn" in told["detail"]
    assert told["detail"].isprintable()


def test_a_defect_is_a_problem_without_details(tmp_path, monkeypatch, caplog):
    def broken(request):
        raise ZeroDivisionError("secret")

    with listening(service_settings(tmp_path), broken) as address:
        answer = ask(address, data=png(9, 9))
        fine = requests.get(f"{address}/v1/models", timeout=60)
    told = problem(answer)
    assert told["status"] == 500 and "secret" not in told["detail"]
    for name in ("Cache-Control", "X-Content-Type-Options"):
        assert answer.headers[name] == fine.headers[name]


def test_more_pictures_than_there_is_room_for_are_turned_away(served, monkeypatch):
    monkeypatch.setattr(pictures, "MOST_WAITING", 1)
    go_on, inside, receive = threading.Event(), threading.Event(), pictures.receive

    def receives(*given):  # there was room for who comes here
        inside.set()
        return receive(*given)

    def slowly():
        yield png(9, 9)[:20]
        go_on.wait(60)
        yield png(9, 9)[20:]

    monkeypatch.setattr(pictures, "receive", receives)
    with served() as address, ThreadPoolExecutor(1) as pool:
        first = pool.submit(ask, address, data=slowly())
        assert inside.wait(60)
        second = ask(address, data=png(9, 9))
        go_on.set()
        assert problem(second)["kind"] == "BusyError" and second.headers["Retry-After"] == "5"
        assert first.result().status_code == 200 and ask(address, data=png(9, 9)).status_code == 200


def test_models_say_what_they_are(address):
    told = ask(address, "GET", "/v1/models").json()
    [default] = [model for model in told["models"] if model["default"]]
    assert default["name"] == "custom_cnn" and 0.6 < default["accuracy"] < 0.8 and default["licence"] == "MIT"
    assert told["detectors"][0] == "blazeface" and len(told["emotions"]) == 7


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="only Linux has a device that is always full")
@pytest.mark.parametrize("place", ["/dev/full", "/dev/null/none"], ids=["when it is written", "when it is made"])
def test_a_full_temporary_folder_is_told_and_tried_again(place, address, monkeypatch):
    with monkeypatch.context() as disk:
        disk.setattr(tempfile, "TemporaryFile", partial(Path(place).open, "w+b"))
        answer = ask(address, data=png(20, 20))
    assert (problem(answer)["status"], problem(answer)["kind"]) == (503, "BusyError") and answer.headers["Retry-After"]
    assert ask(address, data=png(20, 20)).status_code == 200


def test_the_purpose_is_told(address):
    assert "prohibited in the European Union" in ask(address, "GET", "/v1/notice").json()["purpose"]
    assert "prohibited in the European Union" in ask(address, "GET", "/openapi.json").json()["info"]["description"]


@pytest.mark.parametrize(
    ("path", "allowed"),
    [
        ("/v1/recordings", "GET, HEAD, POST"),
        ("/v1/recordings/0", "DELETE, GET, HEAD"),
        ("/v1/image", "POST"),
        ("/docs", "GET, HEAD"),
    ],
)
def test_another_method_is_told_which_there_are(path, allowed, address):
    answer = ask(address, "PUT", path)
    assert problem(answer)["status"] == 405 and answer.headers["Allow"] == allowed


def test_health_needs_no_key(served):
    with served(api_keys=("k" * 16,)) as address:
        assert ask(address, "GET", "/health/live").json() == {"status": "live"}
        assert ask(address, "GET", "/health/ready").json() == {"status": "ready"}


def test_a_service_that_is_asked_to_end_takes_no_work(served, monkeypatch):
    closing = threading.Event()
    monkeypatch.setattr(app, "State", partial(State, closing=closing))
    with served() as address:
        assert ask(address, "GET", "/health/ready").status_code == 200
        closing.set()
        told = problem(ask(address, "GET", "/health/ready"))
        assert ask(address, "GET", "/health/live").status_code == 200
    assert told["status"] == 503 and "is ending" in told["detail"]


def test_health_is_told_however_busy_the_threads_are(tmp_path):
    opened = threading.Event()

    def slowly(request):
        assert opened.wait(60)
        raise UnknownModelError("There is none.")

    busy = 50  # more than there are threads
    with listening(service_settings(tmp_path), slowly) as address, ThreadPoolExecutor(busy) as pool:
        waiting = [pool.submit(ask, address, path="/v1/recordings", data=b"x") for _ in range(busy)]
        try:
            assert {ask(address, "GET", "/health/live").status_code for _ in range(100)} == {200}
        finally:
            opened.set()
        assert {answer.result().status_code for answer in waiting} == {422}
