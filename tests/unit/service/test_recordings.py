"""`/v1/recordings`: from an upload to its timeline, and every way in which that ends otherwise."""

import errno
import json
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import get_args
from urllib.parse import urlencode

import pytest

pytest.importorskip("fastapi", reason="the extra `service` is not installed")

import pandas as pd
import requests

from fer_core import AnalysisRequest, Region, Timeline
from fer_core.analysis.checkpoint import Checkpoint
from fer_core.detection import DETECTORS
from fer_core.errors import MediaError, MissingError
from fer_core.jobs import Work
from fer_core.reports.tables import csv_text
from fer_core.request import SMOOTHINGS
from fer_core.service import app, recordings
from fer_core.service import jobs as service_jobs
from fer_core.service.choices import RecordingChoices
from fer_core.service.job import Job, Place, now
from fer_core.service.jobs import Jobs
from fer_core.service.pipelines import MOST_LOADED, Pipelines
from fer_core.testing import fake_pipeline
from fer_core.timeline.files import from_json, from_parquet
from tests.services import listening, service_settings, told_before_the_upload
from tests.unit.service.conftest import FACE
from tests.unit.service.test_pictures import problem
from tests.videos import scene, write_video


@pytest.fixture(scope="module")
def film(tmp_path_factory):
    """Four seconds of somebody who moves."""
    path = tmp_path_factory.mktemp("film") / "interview.mp4"
    return write_video(path, [scene((90 + i / 2, 90, 140)) for i in range(100)])


def submit(address: str, film, **choices) -> requests.Response:
    return requests.post(
        f"{address}/v1/recordings", data=film.read_bytes(), params={"name": film.name, **choices}, timeout=60
    )


def ended(address: str, id_: str) -> dict:
    """The job, once it is done or has failed."""
    for _ in range(1200):
        job = requests.get(f"{address}/v1/recordings/{id_}", timeout=60).json()
        if job["ended"]:
            return job
        time.sleep(0.05)
    raise AssertionError(f"{job} does not end")


def until(done):
    deadline = time.monotonic() + 60
    while not (found := done()):
        assert time.monotonic() < deadline
        time.sleep(0.01)
    return found


class Gate:
    """Holds readings up until it is opened."""

    def __init__(self) -> None:
        self.open, self.reached = threading.Event(), threading.Event()

    def load(self, request):
        pipeline = fake_pipeline([FACE])
        measure = pipeline.measure

        def held_up(bgr, faces):
            self.reached.set()
            assert self.open.wait(60)
            return measure(bgr, faces)

        pipeline.measure = held_up
        return pipeline


def test_a_recording_is_read_as_the_command_line_reads_it(address, pipeline, film):
    choices = {"fps": 2.0, "smoothing": "median", "uncertain_below": 0.7, "region": "0,0,0.9,1"}
    given = submit(address, film, **choices)
    assert given.status_code == 202 and given.headers["Location"] == f"/v1/recordings/{given.json()['id']}"
    job = ended(address, given.json()["id"])
    assert (job["state"], job["share"], job["name"], job["problem"]) == ("done", 1.0, "interview.mp4", None)
    request = AnalysisRequest("custom_cnn", **{**choices, "region": Region(0, 0, 0.9, 1)})
    expected = pipeline.analyse(film, request)
    files = {
        kind: requests.get(f"{address}/v1/recordings/{job['id']}/timeline", params={"format": kind}, timeout=60)
        for kind in ("parquet", "csv", "json")
    }
    assert files["csv"].text == csv_text(expected) and len(expected.frame) == 8
    for timeline, _ in (from_parquet(files["parquet"].content), from_json(files["json"].content)):
        pd.testing.assert_frame_equal(timeline.frame, expected.frame)
        assert timeline.recording == expected.recording and timeline.request == expected.request
        assert timeline.provenance == expected.provenance and not timeline.portraits
    assert files["csv"].headers["Content-Type"].startswith("text/csv")


def test_progress_comes_as_events(served, film):
    gate = Gate()
    settings = service_settings(film.parent / "events")
    with listening(settings, gate.load) as address:
        id_ = submit(address, film, fps=10).json()["id"]
        with requests.get(f"{address}/v1/recordings/{id_}/events", stream=True, timeout=60) as answer:
            lines = answer.iter_lines(decode_unicode=True)
            assert answer.headers["Content-Type"].startswith("text/event-stream")
            assert next(lines) == "event: progress" and json.loads(next(lines)[6:])["state"] == "reading"
            gate.open.set()
            rest = [line for line in lines if line]
    assert rest[-2] == "event: end"
    assert json.loads(rest[-1][6:])["state"] == "done"


def test_what_is_deleted_is_gone_even_while_it_is_read(tmp_path, film):
    gate, folder = Gate(), tmp_path / "service"
    with listening(service_settings(folder), gate.load) as address:
        id_ = submit(address, film).json()["id"]
        assert gate.reached.wait(60)
        assert requests.delete(f"{address}/v1/recordings/{id_}", timeout=60).status_code == 204
        for method, path in (("GET", ""), ("DELETE", ""), ("GET", "/events"), ("GET", "/timeline")):
            told = problem(requests.request(method, f"{address}/v1/recordings/{id_}{path}", timeout=60))
            assert (told["status"], told["kind"]) == (404, "MissingError")
        gate.open.set()
        deadline = time.monotonic() + 60
        while (folder / id_).exists() and time.monotonic() < deadline:
            time.sleep(0.05)
        assert [path.name for path in folder.iterdir()] == [".lock"]


def test_more_than_can_wait_are_turned_away(tmp_path, film):
    gate = Gate()
    with listening(service_settings(tmp_path / "service", queue=1), gate.load) as address:
        first = submit(address, film).json()["id"]
        assert gate.reached.wait(60)
        second = submit(address, film).json()
        assert second["state"] == "waiting"
        told = submit(address, film)
        assert problem(told)["kind"] == "BusyError" and told.headers["Retry-After"]
        early = requests.get(f"{address}/v1/recordings/{second['id']}/timeline", timeout=60)
        assert "not read yet" in problem(early)["detail"]
        gate.open.set()
        assert [ended(address, id_)["state"] for id_ in (first, second["id"])] == ["done", "done"]
        listed = requests.get(f"{address}/v1/recordings", timeout=60).json()["recordings"]
        assert [job["id"] for job in listed] == [first, second["id"]]


@pytest.mark.parametrize(
    ("changes", "status", "kind", "words"),
    [
        ({"most_seconds": 2.0}, 413, "TooLargeError", "interview.mp4 is longer than the 2 s"),
        ({"most_pixels": 1000}, 413, "TooLargeError", "76,800 pixels"),
        ({"most_bytes": 1000}, 413, "TooLargeError", "1,000 bytes"),
    ],
)
def test_limits_hold(changes, status, kind, words, served, film, tmp_path):
    with served(**changes) as address:
        told = problem(submit(address, film))
    assert (told["status"], told["kind"]) == (status, kind) and words in told["detail"]
    assert [path.name for path in (tmp_path / "service").iterdir()] == [".lock"]


@pytest.mark.parametrize(
    ("choices", "words"),
    [
        ({"region": "0.5,0.5,1,1"}, "A region lies within"),
        ({"region": "left"}, "A region is four shares"),
        ({"fps": "nan"}, "fps"),
        ({"smoothing": "much"}, "smoothing"),
        ({"engine": "keras"}, "engine"),
    ],
)
def test_a_senseless_choice_is_told_before_the_upload(choices, words, served):
    with served() as address:
        told = told_before_the_upload(address, f"/v1/recordings?{urlencode(choices)}")
    assert (told["status"], told["kind"]) == (422, "RequestError") and words in told["detail"]


def test_what_can_be_chosen_is_what_there_is():
    fields = RecordingChoices.model_fields
    assert get_args(fields["detector"].annotation) == tuple(DETECTORS)
    assert get_args(fields["smoothing"].annotation) == SMOOTHINGS


def test_what_is_no_recording_is_told_with_its_own_name(served, tmp_path):
    note = tmp_path / ("long" * 40 + ".mp4")
    note.write_text("no recording")
    with served() as address:
        told = problem(submit(address, note))
    assert told["kind"] == "MediaError" and "is not a recording" in told["detail"]
    assert "service" not in told["detail"] and "longlong" in told["detail"]


def test_what_a_name_hides_reaches_no_message(served, film):
    with served(most_seconds=2.0) as address:
        told = problem(submit(address, film, name="\u202egnp.\x1b[31m.mp4"))
    assert told["kind"] == "TooLargeError" and told["detail"].isprintable()


@pytest.mark.parametrize("kind", ["parquet", "csv"])
def test_what_is_deleted_while_it_is_taken_was_deleted(kind, served, film, monkeypatch):
    take = recordings._file
    with served() as address:
        place = f"{address}/v1/recordings/{submit(address, film).json()['id']}"
        ended(address, place.rpartition("/")[2])

        def late(*given):
            assert requests.delete(place, timeout=60).status_code == 204
            return take(*given)

        monkeypatch.setattr(recordings, "_file", late)
        told = problem(requests.get(f"{place}/timeline", params={"format": kind}, timeout=60))
    assert (told["status"], told["kind"]) == (404, "MissingError")


def test_a_length_that_shows_late_ends_the_reading(served, tmp_path):
    frames = [scene((90, 90, 140))] * 100
    stream = write_video(tmp_path / "live.mkv", frames, container_options={"live": "1"})  # which states no length
    with served(most_seconds=2.0) as address:
        job = ended(address, submit(address, stream, fps=1).json()["id"])
        answer = requests.get(f"{address}/v1/recordings/{job['id']}/timeline", timeout=60)
    assert job["state"] == "failed" and job["problem"]["kind"] == "TooLargeError"
    assert problem(answer) == job["problem"] and answer.status_code == 413


def test_larger_frames_that_come_late_end_the_reading(served, tmp_path):
    parts = [scene((90, 90, 140), width=320 * factor, height=240 * factor) for factor in (1, 2)]
    for number, part in enumerate(parts):
        write_video(tmp_path / f"{number}.ts", [part] * 25)
    stream = tmp_path / "stream.ts"
    stream.write_bytes((tmp_path / "0.ts").read_bytes() + (tmp_path / "1.ts").read_bytes())
    with served(most_pixels=320 * 240) as address:
        job = ended(address, submit(address, stream, fps=0).json()["id"])
    assert job["state"] == "failed" and job["problem"]["kind"] == "TooLargeError"
    assert job["problem"]["detail"].startswith("stream.ts has frames of 307,200 pixels")


def test_nobody_sees_the_recordings_of_another_key(served, film):
    mine, theirs = ({"Authorization": f"Bearer {letter * 16}"} for letter in "ab")
    with served(api_keys=("a" * 16, "b" * 16)) as address:
        given = requests.post(f"{address}/v1/recordings", data=film.read_bytes(), headers=mine, timeout=60).json()
        own = requests.get(f"{address}/v1/recordings", headers=mine, timeout=60).json()["recordings"]
        others = requests.get(f"{address}/v1/recordings", headers=theirs, timeout=60).json()["recordings"]
        for method in ("GET", "DELETE"):
            answer = requests.request(method, f"{address}/v1/recordings/{given['id']}", headers=theirs, timeout=60)
            assert answer.status_code == 404
    assert [job["id"] for job in own] == [given["id"]] and others == []


def test_an_orderly_end_goes_on_at_the_next_start(tmp_path, film, monkeypatch):
    gate, folder = Gate(), tmp_path / "service"

    class Told(Work):
        """Held up until it is told to stop."""

        def cancel(self) -> None:
            super().cancel()
            gate.open.set()

    monkeypatch.setattr(service_jobs, "Work", Told)
    with listening(service_settings(folder), gate.load) as address:
        id_ = submit(address, film, fps=10).json()["id"]
        assert gate.reached.wait(60)
    [job] = [json.loads(path.read_text()) for path in folder.glob("*/job.json")]
    assert (job["state"], job["starts"]) == ("waiting", 0) and (folder / id_ / "checkpoint.jsonl").exists()
    with listening(service_settings(folder), lambda request: fake_pipeline([FACE])) as address:
        assert ended(address, id_)["state"] == "done"
    timeline = Timeline.read(folder / id_ / "timeline.parquet")
    pd.testing.assert_frame_equal(timeline.frame, fake_pipeline([FACE]).analyze_video(film, 10).frame)
    assert {path.name for path in (folder / id_).iterdir()} == {"job.json", "timeline.parquet"}


def test_a_recording_that_ends_the_service_again_and_again_is_given_up(tmp_path, film):
    gate, folder = Gate(), tmp_path / "service"
    with listening(service_settings(folder), gate.load) as address:
        id_ = submit(address, film).json()["id"]
        assert gate.reached.wait(60)
        gate.open.set()
    record, upload = folder / id_ / "job.json", folder / id_ / "recording.mp4"
    upload.write_bytes(film.read_bytes())
    upload.with_name("timeline.parquet").unlink(missing_ok=True)  # it may have come to the end
    for starts, state in ((2, "waiting"), (3, "failed")):
        assert upload.exists()
        record.write_text(
            json.dumps({**json.loads(record.read_text()), "state": "reading", "starts": starts, "ended": None})
        )
        jobs = Jobs(service_settings(folder), Pipelines(lambda request: fake_pipeline()))
        assert jobs.job(id_, "").state == state
        jobs.end()
    assert "3 times" in jobs.job(id_, "").problem.detail
    assert [path.name for path in record.parent.iterdir()] == ["job.json"]  # nobody reads the recording any more


def left(folder, film, letter: str, **changes) -> str:
    """Leave a job as a service that was killed does; its id."""
    id_ = letter * 32
    place = Place.made(folder / id_)
    place.recording.write_bytes(film.read_bytes())
    request = AnalysisRequest(fps=1)
    place.keep(Job(id=id_, name=film.name, owner="", request=request, created=now(), state="reading", **changes))
    return id_


def test_what_was_read_when_the_service_was_killed_is_read_alone(tmp_path, film):
    gate, settings = Gate(), service_settings(tmp_path, jobs=2)
    ids = [left(tmp_path, film, letter, starts=1) for letter in "ab"]
    jobs = Jobs(settings, Pipelines(gate.load))
    jobs.start()
    assert gate.reached.wait(60)
    with jobs.coming() as place:
        place.recording.write_bytes(film.read_bytes())
        ids.append(jobs.add(place, film.name, AnalysisRequest(fps=1), "").id)
    assert [jobs.job(id_, "").state for id_ in ids] == ["reading", "waiting", "waiting"]
    jobs.forget(ids[0], "")  # it is read until it hears of that
    assert [jobs.job(id_, "").state for id_ in ids[1:]] == ["waiting", "waiting"]
    gate.open.set()
    until(lambda: [jobs.job(id_, "").state for id_ in ids[1:]] == ["done", "done"])
    jobs.end()


@pytest.mark.parametrize("place", [(Timeline, "write"), (Checkpoint, "_cut_off")], ids=["result", "checkpoint"])
def test_a_full_disk_costs_no_recording(place, tmp_path, film, monkeypatch):
    def full(*given):
        raise MediaError(f"{tmp_path} cannot be written (full).") from OSError(errno.ENOSPC, "full")

    id_ = left(tmp_path, film, "a")
    with monkeypatch.context() as disk:
        disk.setattr(*place, full)
        jobs = Jobs(service_settings(tmp_path), Pipelines(lambda request: fake_pipeline([FACE])))
        jobs.start()
        until(lambda: "full" in jobs.progress(jobs.job(id_, "")).words)
        assert (jobs.job(id_, "").state, jobs.job(id_, "").starts) == ("waiting", 0)
    with jobs.coming() as upload:
        upload.recording.write_bytes(film.read_bytes())
        other = jobs.add(upload, film.name, AnalysisRequest(fps=1), "").id
    until(lambda: jobs.job(other, "").state == "done")
    assert jobs.job(id_, "").state == "waiting" and (tmp_path / id_ / "recording").exists()
    jobs.try_again()
    until(lambda: jobs.job(id_, "").state == "done")
    jobs.end()


def test_what_was_read_is_done_though_there_was_no_room_to_write_that_down(tmp_path, film):
    folder = tmp_path / "service"
    with listening(service_settings(folder), lambda request: fake_pipeline([FACE])) as address:
        id_ = submit(address, film).json()["id"]
        ended(address, id_)
    record = folder / id_ / "job.json"
    record.write_text(json.dumps({**json.loads(record.read_text()), "state": "reading", "ended": None}))
    (folder / id_ / "recording.mp4").write_bytes(film.read_bytes())  # it may not have been deleted either
    jobs = Jobs(service_settings(folder), Pipelines(lambda request: fake_pipeline()))
    jobs.end()
    assert jobs.job(id_, "").state == "done" and jobs.result(jobs.job(id_, "")).exists()
    assert sorted(path.name for path in record.parent.iterdir()) == ["job.json", "timeline.parquet"]


def test_folders_that_are_not_the_services_are_left_alone(tmp_path):
    for name in ("photos", f".coming-{'0' * 32}", "1" * 32):
        (tmp_path / name).mkdir()
        (tmp_path / name / "mine.jpg").touch()
    Jobs(service_settings(tmp_path), Pipelines()).end()
    assert {path.name for path in tmp_path.iterdir()} == {".lock", "photos"} and list((tmp_path / "photos").iterdir())


def test_a_job_whose_record_is_damaged_stays_and_is_told(tmp_path, film, caplog):
    with listening(service_settings(tmp_path), lambda request: fake_pipeline([FACE])) as address:
        id_ = submit(address, film).json()["id"]
        ended(address, id_)
    (tmp_path / id_ / "job.json").write_text('{"id": ')
    jobs = Jobs(service_settings(tmp_path), Pipelines())
    jobs.end()
    assert jobs.of("") == [] and (tmp_path / id_ / "timeline.parquet").exists()
    with pytest.raises(MissingError, match="still lies here"):  # not that it was deleted
        jobs.forget(id_, "")
    assert f"{tmp_path / id_ / 'job.json'} cannot be read" in caplog.text


def test_loading_one_model_holds_up_who_wants_it_and_nobody_else():
    loaded, go_on = [], threading.Event()

    def load(request):
        loaded.append(request.model)
        if request.model == "slow":
            assert go_on.wait(60)
        return fake_pipeline([FACE])

    pipelines = Pipelines(load)
    slow = [Work(lambda _: pipelines(AnalysisRequest("slow"))) for _ in range(2)]
    assert until(lambda: "slow" in loaded)
    fast = pipelines(AnalysisRequest("fast"))
    assert pipelines(AnalysisRequest("fast")) is fast and loaded == ["slow", "fast"]
    go_on.set()
    for work in slow:
        work.wait(60)
    assert slow[0].result is slow[1].result is not None and loaded.count("slow") == 1
    for number in range(MOST_LOADED):
        pipelines(AnalysisRequest(f"another {number}"))
    assert pipelines(AnalysisRequest("fast")) is not fast and not list(pipelines._loading)


def test_results_are_kept_for_some_time_alone(tmp_path, film):
    folder = tmp_path / "service"
    with listening(service_settings(folder), lambda request: fake_pipeline([FACE])) as address:
        id_ = submit(address, film).json()["id"]
        ended(address, id_)
    for hours, left in ((1.0, True), (1e-9, False)):
        jobs = Jobs(service_settings(folder, kept_hours=hours), Pipelines())
        jobs.expire()
        jobs.end()
        assert (folder / id_).exists() is left


def test_a_running_service_goes_on_clearing_away_after_a_fault(tmp_path, film, monkeypatch, caplog):
    tried, expire = threading.Event(), Jobs.expire

    def faulty(jobs) -> None:
        if not tried.is_set():
            tried.set()
            raise OSError(errno.EMFILE, "Too many open files")
        expire(jobs)

    monkeypatch.setattr(app, "CLEAN_EVERY_S", 0.05)
    monkeypatch.setattr(Jobs, "expire", faulty)
    folder = tmp_path / "service"
    with listening(service_settings(folder, kept_hours=1e-9), lambda request: fake_pipeline([FACE])) as address:
        assert submit(address, film).status_code == 202
        until(lambda: {path.name for path in folder.iterdir()} == {".lock"})
    assert tried.is_set() and "tried again" in caplog.text


def test_a_recording_that_finds_no_thread_waits_and_is_tried_again(tmp_path, film, monkeypatch):
    def none(*given, **named):
        raise RuntimeError("can't start new thread")

    id_ = left(tmp_path, film, "a")
    jobs = Jobs(service_settings(tmp_path), Pipelines(lambda request: fake_pipeline([FACE])))
    with monkeypatch.context() as machine:
        machine.setattr(service_jobs, "Work", none)
        jobs.start()
        assert (jobs.job(id_, "").state, jobs.job(id_, "").starts) == ("waiting", 0)
    jobs.try_again()
    until(lambda: jobs.job(id_, "").state == "done")
    jobs.end()


def test_everybody_is_answered_while_the_disk_is_waited_for(tmp_path, film, monkeypatch):
    reached, go_on, keep = threading.Event(), threading.Event(), Place.keep

    def slowly(place, job) -> None:
        if job.state == "done":
            reached.set()
            assert go_on.wait(60)
        keep(place, job)

    monkeypatch.setattr(Place, "keep", slowly)
    settings = service_settings(tmp_path / "service")
    with listening(settings, lambda request: fake_pipeline([FACE])) as address, ThreadPoolExecutor(1) as pool:
        try:
            place = f"{address}/v1/recordings/{submit(address, film).json()['id']}"
            with requests.get(f"{place}/events", stream=True, timeout=60) as events:
                lines = events.iter_lines()
                assert b"progress" in next(lines) and reached.wait(60)
                other = pool.submit(submit, address, film)
                for path in (f"{address}/health/live", place, f"{address}/v1/recordings"):
                    assert requests.get(path, timeout=20).status_code == 200
                assert not other.done()
                go_on.set()
                assert b"event: end" in list(lines)
                assert other.result(60).status_code == 202
        finally:
            go_on.set()


def test_a_folder_has_one_service(tmp_path):
    jobs = Jobs(service_settings(tmp_path), Pipelines())
    with pytest.raises(MediaError, match="Another service uses"):
        Jobs(service_settings(tmp_path), Pipelines())
    jobs.end()


def test_head_answers_as_get_does_without_the_content(served):
    with served(api_keys=("k" * 16,)) as address:
        with_key = {"Authorization": f"Bearer {'k' * 16}"}
        for path in ("/health/live", "/health/ready", "/docs", "/openapi.json", "/v1/models", "/v1/recordings/none"):
            head, got = (ask(f"{address}{path}", headers=with_key, timeout=60) for ask in (requests.head, requests.get))
            assert (head.status_code, head.content) == (got.status_code, b"")
            assert {**head.headers, "date": ""} == {**got.headers, "date": ""}
        assert requests.head(f"{address}/v1/models", timeout=60).status_code == 401
        refused = requests.head(f"{address}/v1/image", headers=with_key, timeout=60)
        assert refused.status_code == 405 and refused.headers["Allow"] == "POST"


def test_head_of_events_waits_for_none(served, film, monkeypatch):
    monkeypatch.setattr(Jobs, "_fill", lambda jobs: None)  # it waits for good
    with served() as address:
        id_ = submit(address, film).json()["id"]
        head = requests.head(f"{address}/v1/recordings/{id_}/events", timeout=60)
    assert head.status_code == 200 and head.headers["Content-Type"].startswith("text/event-stream")
