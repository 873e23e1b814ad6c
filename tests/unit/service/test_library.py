"""The library over HTTP, where it is switched on: kept, searched, corrected, taken and deleted with a receipt."""

import io

import pytest

pytest.importorskip("fastapi", reason="the extra `service` is not installed")
pytest.importorskip("sqlalchemy", reason="the extra `library` is not installed")

import pandas as pd
import requests

from fer_core import AnalysisRequest
from fer_core.client import Client
from fer_core.errors import ChangedError, MissingError, NotKeptError, StaysDeletedError, TimelineError
from fer_core.library import database
from fer_core.library.library import Library
from fer_core.library.queue import FOLDER, Queue
from fer_core.reports.tables import csv_text
from fer_core.settings import LIBRARY
from fer_core.timeline.editing.edits import Mark, Name, Remove, Split
from fer_core.timeline.editing.study import Study
from fer_core.timeline.notes import Marker
from tests.timelines import synthetic
from tests.unit.service.test_pictures import problem
from tests.unit.service.test_recordings import ended
from tests.videos import scene, write_video


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv(LIBRARY, str(tmp_path / "library"))
    return tmp_path / "library"


@pytest.fixture
def kept(folder) -> str:
    """An analysis of two people in the library."""
    with Library.open(folder) as library:
        return library.keep(Study(synthetic(20.0)))


def test_without_the_setting_there_is_no_library(served, folder):
    with served() as address:
        for method, path in (
            ("GET", "library?tag=a"),
            ("PUT", "library/a/edits"),
            ("DELETE", "library/a"),
            ("POST", "recordings/1/keep"),
        ):
            told = problem(requests.request(method, f"{address}/v1/{path}", timeout=60))
            assert (told["status"], told["kind"]) == (404, "MissingError")
            assert "has no library" in told["detail"] and "FACE_VALUE_SERVICE_LIBRARY=true" in told["detail"]
        assert not [
            path for path in requests.get(f"{address}/openapi.json", timeout=60).json()["paths"] if "lib" in path
        ]
    assert not folder.exists()


def test_the_notice_says_how_long_and_for_whom_numbers_are_kept(served, folder):
    def told(**changes) -> str:
        with served(**changes) as address:
            return requests.get(f"{address}/v1/notice", timeout=60).json()["privacy"]

    with_library, without = told(library=True, kept_hours=1.5), told()
    assert "1.5 hours" in with_library and "until somebody deletes it, and everybody who may use" in with_library
    assert "24 hours" in without and "library" not in without
    assert "its numbers, its name and its purpose stay" in without and "until it runs again" in without


def test_what_was_read_is_kept_found_corrected_and_deleted(served, folder, tmp_path):
    film = write_video(tmp_path / "interview.mp4", [scene((90, 90, 140))] * 25)
    with served(library=True) as address:
        client = Client(address)
        id_ = client.submit(film, AnalysisRequest(fps=5))
        ended(address, id_)
        analysis = client.keep(id_)
        assert client.keep(id_) == analysis  # once
        timeline = client.timeline(id_)
        client.forget(id_)
        [found] = client.search("interview fake")
        assert (found["analysis"], found["people"], found["edits"]) == (analysis, 1, 0) and client.search("else") == []
        study = client.open_study(analysis)
        pd.testing.assert_frame_equal(study.read.frame, timeline.frame)
        name = client.save(analysis, study.edited(Name(1, "Ada")).edited(Mark((Marker(0.2, "hello"),))))
        assert name == analysis and client.open_study(analysis).notes.names == {1: "Ada"}
        assert client.search("interview")[0]["edits"] == 2
        receipt = client.delete_analysis(analysis)
        assert receipt["files"] == [analysis] and receipt["files_gone"] and receipt["traces_gone"]
        assert client.search() == []
        for kind in (NotKeptError, MissingError):  # as of a recording, which the service does not keep
            with pytest.raises(kind, match="deleted"):
                client.open_study(analysis)
    with Library.open(folder) as library:
        assert len(library.deletions()) == 1 and library.is_empty()


def test_the_receipt_says_whether_the_recording_stays(served, folder):
    with Library.open(folder) as library:
        first, last = (library.keep(Study(synthetic(20, people=people))) for people in (1, 2))
    with served(library=True) as address:
        client = Client(address)
        assert client.delete_analysis(first)["recording_gone"] is False
        assert client.delete_analysis(last)["recording_gone"] is True


def test_a_recording_is_deleted_with_all_its_analyses(served, folder):
    with Library.open(folder) as library:
        first, last = (library.keep(Study(synthetic(20, people=people))) for people in (1, 2))
    Queue(folder / FOLDER).add(synthetic(20).recording.name, b"", AnalysisRequest())
    with served(library=True) as address:
        client = Client(address)
        for unknown in ("0" * 64, first, "a\0b", "edits"):
            with pytest.raises(NotKeptError, match="holds no recording"):
                client.delete_recording(unknown)
        [recording] = {each["recording"] for each in client.search()}
        receipt = client.delete_recording(recording)
        assert receipt["files"] == sorted([first, last]) and receipt["files_gone"] and receipt["traces_gone"]
        assert receipt["recording_gone"] and receipt["still_waiting"] and client.search() == []


def test_the_corrected_timeline_comes_in_three_forms(served, folder, kept):
    with Library.open(folder) as library:
        study = library.open_study(kept).edited(Split(1, 2.0, 3))
        kept = library.save(kept, study)
    with served(library=True) as address:
        taken = {
            kind: requests.get(f"{address}/v1/library/{kept}/timeline", params={"format": kind}, timeout=60)
            for kind in ("parquet", "csv", "json")
        }
        edits = requests.get(f"{address}/v1/library/{kept}/edits", timeout=60).json()["edits"]
    assert taken["csv"].text == csv_text(study.timeline)
    assert set(pd.read_parquet(io.BytesIO(taken["parquet"].content))["person"].dropna()) == {1, 2, 3}
    assert taken["json"].json()["edits"] == edits == [{"kind": "split", "person": 1, "at_s": 2.0, "number": 3}]


def test_somebody_who_is_removed_is_gone_from_what_is_kept(served, folder, kept):
    with served(library=True) as address:
        client = Client(address)
        name = client.save(kept, client.open_study(kept).edited(Remove(2)))
        assert name != kept and set(client.open_study(name).read.frame["person"].dropna()) == {1}
        with pytest.raises(NotKeptError):
            client.open_study(kept)


def test_who_was_removed_is_in_no_correction_that_follows(served, folder, kept):
    with served(library=True) as address:
        client = Client(address)
        study = client.open_study(kept).edited(Remove(2))
        name = client.save(kept, study)
        with pytest.raises(TimelineError, match="no person 2"):
            client.save(name, study.edited(Name(1, "P07")))
        client.save(name, client.open_study(name).edited(Name(1, "P07")))
        assert client.open_study(name).notes.names == {1: "P07"}


def test_two_people_do_not_replace_what_the_other_corrected(served, folder, kept):
    with served(library=True) as address:
        alice, bob = Client(address), Client(address)
        hers, his = (client.open_study(kept) for client in (alice, bob))
        alice.save(kept, hers.edited(Name(1, "Ada")))
        with pytest.raises(ChangedError, match="somebody else since they were taken; take them again"):
            bob.save(kept, his.edited(Name(2, "Bob")))
        bob.save(kept, bob.open_study(kept).edited(Name(2, "Bob")))
        assert bob.open_study(kept).notes.names == {1: "Ada", 2: "Bob"}
        name = bob.save(kept, bob.open_study(kept).edited(Remove(2)))
        bob.save(name, bob.open_study(name).edited(Name(1, "Ada L.")))
        bob.save(name, bob.open_study(name).edited(Name(1, "Ada")))  # what he saved himself is no change by others


def test_what_is_saved_between_the_look_and_the_writing_is_not_replaced(served, folder, kept, monkeypatch):
    save = Library.save

    def late(library, analysis, study, **given):
        save(library, analysis, library.open_study(analysis).edited(Name(1, "Ada")))
        return save(library, analysis, study, **given)

    with served(library=True) as address:
        client = Client(address)
        study = client.open_study(kept).edited(Name(2, "Bob"))
        monkeypatch.setattr(Library, "save", late)
        with pytest.raises(ChangedError):
            client.save(kept, study)
        assert client.open_study(kept).notes.names == {1: "Ada"}


def test_a_tag_stands_for_the_corrections_wherever_they_are_taken(served, folder, kept):
    with served(library=True) as address:
        path = f"{address}/v1/library/{kept}"

        def tag(way: str) -> str:
            return requests.get(f"{path}/{way}", timeout=60).headers["ETag"]

        def put(wanted: str | None, name: str) -> requests.Response:
            log = {"edits": [{"kind": "name", "person": 1, "name": name}]}
            return requests.put(f"{path}/edits", json=log, headers={"If-Match": wanted}, timeout=60)

        first = tag("edits")
        assert {tag(f"timeline?format={kind}") for kind in ("parquet", "csv", "json")} == {first}
        second = put(f'"other", {first}', "Ada").headers["ETag"]
        assert second == tag("edits") != first
        told = problem(put(first, "Bob"))
        assert (told["status"], told["kind"]) == (412, "ChangedError")
        assert put(f"W/{second}", "Eve").ok  # of a proxy that compresses
        assert put("*", "Bob").ok and put(None, "Bob").ok


@pytest.mark.parametrize(
    ("edits", "words"),
    [
        ([{"kind": "merge", "person": 1, "other": 9}], "9"),
        (
            [{"kind": "name", "person": 9, "name": "P07"}],
            "no person 9 in this recording; choose one of: 1, 2.",
        ),
        ([{"kind": "name", "person": 1, "name": "P\0"}], "The name of person 1 has control characters"),
        ([{"kind": "name", "person": 1, "name": "P" * 201}], "more than 200 characters"),
        ([{"kind": "colour"}], "Edit 1"),
        ({"edits": 1}, "edits cannot be used: it is no list."),
    ],
    ids=["nobody to merge", "nobody to name", "control character", "long name", "no such kind", "no list"],
)
def test_corrections_that_make_no_sense_change_nothing(served, folder, kept, edits, words):
    with served(library=True) as address:
        told = problem(requests.put(f"{address}/v1/library/{kept}/edits", json={"edits": edits}, timeout=60))
        assert told["status"] == 422 and words in told["detail"]
        more = requests.put(f"{address}/v1/library/{kept}/edits", json={"edits": [], "more": 1}, timeout=60)
        assert problem(more)["status"] == 422
        assert problem(more)["detail"] == "more cannot be used: it is not known here; leave it out."
        told = problem(requests.put(f"{address}/v1/library/{kept}/edits", data=b"{", timeout=60))
        assert told["detail"].startswith("body cannot be used: it is no JSON that can be read (")
        told = problem(requests.put(f"{address}/v1/library/{kept}/edits", json={}, timeout=60))
        assert told["detail"] == "edits cannot be used: it is missing; give it."
        assert Client(address).open_study(kept).edits == ()


def test_names_that_are_kept_already_and_of_those_who_are_split_off_are_taken(served, folder):
    with Library.open(folder) as library:
        kept = library.keep(Study(synthetic(20)).edited(Name(9, "of an earlier reading")))
    with served(library=True) as address:
        client = Client(address)
        study = client.open_study(kept).edited(Split(1, 2.0, 3)).edited(Name(3, "Ada"))
        assert client.open_study(client.save(kept, study)).notes.names == {9: "of an earlier reading", 3: "Ada"}


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("library?subjekt=S01", "subjekt is no word of this address; known are words, subject, condition, tag"),
        ("library?subject=S01&subject=S02", "subject stands in the address 2 times"),
        ("library/{kept}/timeline?form=csv", "known are format"),
        ("library/{kept}/edits?more=1", "it knows none"),
        ("recordings?state=done", "it knows none"),
        ("models?more=1", "it knows none"),
    ],
)
def test_a_mistyped_word_in_an_address_is_refused(served, folder, kept, path, words):
    with served(library=True) as address:
        told = problem(requests.get(f"{address}/v1/{path.format(kept=kept)}", timeout=60))
    assert (told["status"], told["kind"]) == (422, "RequestError") and words in told["detail"]


@pytest.mark.parametrize(
    "body", [b"{", b"\xff\xfe", b"[" * 100_000, b"x" * 30_000_000], ids=["cut", "bytes", "deep", "long"]
)
def test_nobody_is_read_before_the_key(served, folder, body):
    path = f"/v1/library/{'a' * 64}/edits"
    with served(library=True, api_keys=("k" * 16,)) as address:
        told = problem(requests.put(f"{address}{path}", data=body, timeout=60))
        assert told["kind"] == "KeyNeededError"
        headers = {"Authorization": f"Bearer {'k' * 16}"}
        told = problem(requests.put(f"{address}{path}", data=body, headers=headers, timeout=60))
        assert told["status"] == (413 if len(body) > 20_000_000 else 422)


def test_the_client_raises_what_the_library_raises(served, folder, kept):
    other = Study(synthetic(20, people=3)).edited(Remove(3))
    with served(library=True) as address, pytest.raises(TimelineError):
        Client(address).save(kept, other)


def test_somebody_who_was_removed_does_not_come_back_by_keeping_again(served, folder, tmp_path):
    film = write_video(tmp_path / "interview.mp4", [scene((90, 90, 140))] * 5)
    with served(library=True) as address:
        client = Client(address)
        id_ = client.submit(film, AnalysisRequest(fps=5))
        ended(address, id_)
        analysis = client.keep(id_)
        name = client.save(analysis, client.open_study(analysis).edited(Remove(1)))
        with pytest.raises(StaysDeletedError, match="were deleted from this library"):
            client.keep(id_)
        assert problem(requests.post(f"{address}/v1/recordings/{id_}/keep", timeout=60))["status"] == 409
        assert [each["analysis"] for each in client.search()] == [name]
        client.delete_analysis(name)  # and with it the recording
        assert client.keep(id_) == analysis


def test_what_is_not_read_yet_cannot_be_kept(served, folder):
    with served(library=True) as address:
        assert problem(requests.post(f"{address}/v1/recordings/none/keep", timeout=60))["status"] == 404


def test_a_library_that_others_write_is_busy(served, folder, kept, monkeypatch):
    monkeypatch.setattr(database, "BUSY_S", 0.1)
    with served(library=True) as address, Library.open(folder) as other:
        with other.database.writes():
            answer = requests.delete(f"{address}/v1/library/{kept}", timeout=60)
        told = problem(answer)
        assert requests.get(f"{address}/v1/library/{kept}", timeout=60).status_code == 200
        described = requests.get(f"{address}/openapi.json", timeout=60).json()["paths"]
    assert (told["status"], told["kind"]) == (503, "LibraryBusyError") and answer.headers["Retry-After"]
    assert str(folder) not in told["detail"]
    operations = [each for path, many in described.items() if "/library" in path for each in many.values()]
    assert operations and all("503" in operation["responses"] for operation in operations)


def test_what_is_deleted_while_it_is_kept_was_deleted(served, folder, tmp_path, monkeypatch):
    take = Study.open
    film = write_video(tmp_path / "interview.mp4", [scene((90, 90, 140))] * 5)
    with served(library=True) as address:
        client = Client(address)
        id_ = client.submit(film, AnalysisRequest(fps=5))
        ended(address, id_)

        def late(path):
            client.forget(id_)
            return take(path)

        monkeypatch.setattr(Study, "open", late)
        with pytest.raises(MissingError, match="deleted"):
            client.keep(id_)


@pytest.mark.parametrize(("method", "path"), [("DELETE", ""), ("GET", "/timeline")])
def test_what_somebody_else_deletes_meanwhile_was_deleted(method, path, served, folder, kept, monkeypatch):
    look = Library.entry

    def late(library, analysis):
        found = look(library, analysis)
        library.delete_analysis(analysis)
        return found

    monkeypatch.setattr(Library, "entry", late)
    with served(library=True) as address:
        told = problem(requests.request(method, f"{address}/v1/library/{kept}{path}", timeout=60))
    assert (told["status"], told["kind"]) == (404, "NotKeptError")


def test_where_the_library_lies_is_told_to_the_log_alone(served, folder, kept, caplog):
    [readings] = folder.rglob("*.parquet")
    readings.unlink()
    with served(library=True) as address:
        told = problem(requests.get(f"{address}/v1/library/{kept}/timeline", timeout=60))
        told_of_others = requests.get(f"{address}/v1/library", timeout=60)
    assert (told["status"], told["kind"]) == (500, "ReadingsError") and str(folder) not in told["detail"]
    assert "this analysis is damaged or gone" in told["detail"] and told_of_others.status_code == 200
    assert str(folder) in caplog.text
