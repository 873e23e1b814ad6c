"""The client has the names, the numbers and the errors of the local API."""

from contextlib import ExitStack, contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

import pytest

pytest.importorskip("fastapi", reason="the extra `service` is not installed")

import pandas as pd

from fer_core import AnalysisRequest, DetectorChoice, client
from fer_core.client import Client
from fer_core.errors import (
    BusyError,
    KeyNeededError,
    MediaError,
    MissingError,
    RequestError,
    ServiceError,
    TooLargeError,
    UnknownModelError,
)
from tests.conftest import PORTRAIT
from tests.services import listening, service_settings
from tests.videos import scene, write_video


@pytest.fixture(autouse=True)
def often(monkeypatch):
    monkeypatch.setattr(client, "ASK_EVERY_S", 0.05)


def test_pictures_are_read_by_path_and_by_bytes(address, pipeline):
    record = Client(address).analyze_image(PORTRAIT)
    assert record["path"] == "astronaut.png" and record["faces"][0]["label"] == "happy"
    assert Client(address + "/").analyze_image(PORTRAIT.read_bytes())["faces"] == record["faces"]
    assert Client(address + "/v1/").models()["models"][0]["name"] == "custom_cnn"


def test_a_recording_becomes_the_timeline_that_the_local_api_makes(address, pipeline, tmp_path):
    film = write_video(tmp_path / "interview.mp4", [scene((90 + i / 2, 90, 140)) for i in range(60)])
    told = []
    timeline = Client(address).analyze_video(film, fps=5, progress=told.append, smoothing="none")
    pd.testing.assert_frame_equal(timeline.frame, pipeline.analyze_video(film, fps=5, smoothing="none").frame)
    assert told[-1].share == 1.0 and Client(address).jobs() == []


def test_what_progress_raises_deletes_the_recording(address, tmp_path):
    film = write_video(tmp_path / "interview.mp4", [scene((90, 90, 140))] * 60)

    def enough(progress):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        Client(address).analyse(film, AnalysisRequest(), enough)
    assert Client(address).jobs() == []


def test_errors_are_those_of_the_local_api(address, tmp_path):
    note = tmp_path / "note.txt"
    note.write_text("neither")
    one = Client(address)
    with pytest.raises(MediaError, match=r"note.txt is not a picture"):
        one.analyze_image(note)
    with pytest.raises(MediaError, match=r"note.txt is not a recording"):
        one.analyze_video(note)
    with pytest.raises(MediaError, match="does not exist"):
        one.analyze_image(tmp_path / "nothing.png")
    with pytest.raises(MissingError):
        one.job("0" * 32)
    with pytest.raises(RequestError, match="without parameters"):
        one.submit(note, AnalysisRequest(detector=DetectorChoice("blazeface", {"threshold": 0.5})))


def test_an_empty_id_is_told_at_once():
    one = Client("http://127.0.0.1:1")  # where nobody would answer
    asked = (one.job, one.timeline, one.forget, one.keep, one.open_study, one.delete_analysis, one.delete_recording)
    for ask in asked:
        with pytest.raises(RequestError, match="is empty"):
            ask("")


@pytest.mark.parametrize(
    "address",
    [
        "localhost:8600",
        "http://",
        "http://:8600",
        "http://localhost:port",
        "http://[::1:8600",
        "http://faces..example.org",
        f"http://{'h' * 70}.example.org",
        "http://my host:8600",
        "http://127.0.0.1:8600\n",
        "http://127.0.0.1:8600/é",
        "http://me:secret@host:port",
        "me:secret@host",
    ],
)
def test_what_is_no_address_is_told_at_once(address):
    with pytest.raises(RequestError, match="no address") as told:
        Client(address)
    assert "secret" not in str(told.value)


def test_a_password_in_an_address_is_refused_and_not_shown():
    with pytest.raises(RequestError, match=r"127\.0\.0\.1:8600 holds a user or password") as told:
        Client("http://me:secret@127.0.0.1:8600")
    assert "secret" not in str(told.value)


def test_what_went_wrong_first_is_told_where_the_service_is_gone(tmp_path, pipeline):
    film = write_video(tmp_path / "interview.mp4", [scene((90, 90, 140))] * 10)
    with ExitStack() as service:
        address = service.enter_context(listening(service_settings(tmp_path / "service"), lambda request: pipeline))

        def end(progress):
            service.close()
            raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            Client(address).analyse(film, AnalysisRequest(), end)


def test_names_and_keys_are_checked_by_the_service(tmp_path):
    with listening(service_settings(tmp_path, api_keys=("k" * 16,))) as address:
        with pytest.raises(KeyNeededError):
            Client(address).models()
        with pytest.raises(UnknownModelError, match="custom_cnn"):
            Client(address, key="k" * 16).analyze_image(PORTRAIT, model="mine")


def test_https_where_http_is_spoken_is_told(address):
    with pytest.raises(ServiceError, match=r"does not speak HTTPS; try http://"):
        Client(address.replace("http://", "https://")).models()


@contextmanager
def answering(status: int, content: bytes, asked: list[str]):
    """The address of a server that gives one answer, and notes what it was asked."""

    class Other(BaseHTTPRequestHandler):
        def do_GET(self):
            asked.append(self.command)
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            self.send_response(status)
            self.send_header("Location", "https://elsewhere.example/")
            self.end_headers()
            self.wfile.write(content)

        def do_POST(self):
            self.do_GET()

        def do_DELETE(self):
            self.do_GET()

        def log_message(self, *words):
            pass

    server = HTTPServer(("127.0.0.1", 0), Other)
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


@pytest.mark.parametrize(
    ("status", "content"), [(200, b"<html>"), (200, b"{}"), (200, b"[1]"), (404, b"<html>"), (500, b"[1]")]
)
def test_another_server_is_told(status, content):
    with answering(status, content, []) as address:
        one = Client(address)
        calls = (
            one.models,
            one.jobs,
            one.search,
            lambda: one.job("1"),
            lambda: one.keep("1"),
            lambda: one.delete_analysis("1"),
            lambda: one.analyze_image(b"1"),
            lambda: one.submit(PORTRAIT, AnalysisRequest()),
        )
        for call in calls:
            with pytest.raises(ServiceError, match=f"status {status}"):
                call()
    with pytest.raises(ServiceError, match="does not answer"):
        one.models()


@pytest.mark.parametrize(
    ("status", "kind", "words"),
    [
        (429, BusyError, "takes no more at this moment"),
        (503, BusyError, "takes no more at this moment"),
        (502, ServiceError, "does not answer"),
        (504, ServiceError, "does not answer"),
        (413, TooLargeError, "What was sent is larger than"),
    ],
)
def test_what_a_proxy_answers_has_its_own_way_out(status, kind, words):
    with answering(status, b"<html>", []) as address:
        for call in (Client(address).models, lambda: Client(address).analyze_image(b"1")):
            with pytest.raises(kind, match=words) as told:
                call()
            assert str(status) in str(told.value) and "no such service" not in str(told.value)


def test_a_recording_stays_and_is_asked_for_again_where_a_proxy_turns_requests_away(address, monkeypatch, tmp_path):
    film = write_video(tmp_path / "interview.mp4", [scene((90, 90, 140))] * 10)
    one, refused = Client(address), []
    job = one.job

    def seldom(id_):
        if not refused:
            refused.append(id_)
            raise BusyError("Turned away.")
        return job(id_)

    def never(id_):
        raise BusyError("Turned away.")

    monkeypatch.setattr(one, "job", seldom)
    monkeypatch.setattr(one, "timeline", never)
    with pytest.raises(BusyError, match="stays there as"):
        one.analyse(film, AnalysisRequest(fps=5))
    assert [each["id"] for each in one.jobs()] == refused
    one.forget(*refused)


@pytest.mark.parametrize("status", [301, 308])
def test_a_redirect_is_no_answer(status):
    asked: list[str] = []
    with answering(status, b"", asked) as address:
        for call in (Client(address).forget, Client(address).timeline, Client(address).open_study):
            with pytest.raises(ServiceError, match=f"status {status}"):
                call("1")
    assert asked == ["DELETE", "GET", "GET"]
