"""The client has the names, the numbers and the errors of the local API."""

import json
from contextlib import ExitStack
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

import pytest

pytest.importorskip("fastapi", reason="the extra `service` is not installed")

import pandas as pd

from fer_core import AnalysisRequest, DetectorChoice, client
from fer_core.client import Client
from fer_core.errors import KeyNeededError, MediaError, MissingError, RequestError, ServiceError, UnknownModelError
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
    assert Client(address).models()["models"][0]["name"] == "custom_cnn"


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
    for address in ("localhost:8600", "http://", "http://:8600", "http://localhost:port", "http://[::1:8600"):
        with pytest.raises(RequestError, match="no address"):
            Client(address)


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


@pytest.mark.parametrize("status", [200, 404, 500])
def test_another_server_is_told(status):
    class Other(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(status)
            self.end_headers()
            self.wfile.write(b"<html>" if status != 500 else json.dumps([1]).encode())

        def log_message(self, *words):
            pass

    server = HTTPServer(("127.0.0.1", 0), Other)
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        with pytest.raises(ServiceError, match=f"status {status}"):
            Client(f"http://127.0.0.1:{server.server_port}").models()
    finally:
        server.shutdown()
        server.server_close()
    with pytest.raises(ServiceError, match="does not answer"):
        Client(f"http://127.0.0.1:{server.server_port}").models()
