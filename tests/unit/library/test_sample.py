"""The sample study is read like any recording, kept once, and deleted without anything else."""

import pytest

from fer_core.errors import StoppedError
from fer_core.jobs import Monitor
from fer_core.library import sample
from fer_core.library.observations import of_events, of_recordings
from fer_core.library.sample import delete_sample, make_sample, sample_entries
from fer_core.library.sample_marks import PEOPLE, TAG
from fer_core.readings import Box
from fer_core.request import AnalysisRequest
from fer_core.testing import fake_pipeline
from tests.unit.library.test_library import named


def test_it_can_be_compared_and_is_deleted_alone(on_sqlite, monkeypatch):
    monkeypatch.setattr(sample, "_LENGTH_S", 2.5)  # the card rises at 2 s
    on_sqlite.keep(named("mine.mp4", 7))
    on_sqlite.set_tags(f"{7:064x}", [TAG])  # somebody's own recording with the same tag
    make_sample(on_sqlite, fake_pipeline([Box(100, 60, 90, 90)]), AnalysisRequest())
    entries = sample_entries(on_sqlite)
    assert len(entries) == 2 * PEOPLE and len({entry.recording_id for entry in entries}) == 2 * PEOPLE
    table = of_recordings(entries).table
    assert table.groupby("condition")["subject"].nunique().to_dict() == {"covered": PEOPLE, "open": PEOPLE}
    assert set(of_events(on_sqlite, entries).table["condition"]) == {"card rises", "no card"}
    assert len(delete_sample(on_sqlite)) == 2 * PEOPLE
    assert [entry.title for entry in on_sqlite.entries()] == ["mine.mp4"]


def test_it_can_be_stopped(on_sqlite):
    monitor = Monitor()
    monitor.stop()
    with pytest.raises(StoppedError):
        make_sample(on_sqlite, fake_pipeline(), AnalysisRequest(), monitor)
    assert on_sqlite.is_empty()
