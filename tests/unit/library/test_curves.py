"""Curves of kept analyses: by condition, one a person, from the start or around events."""

from dataclasses import replace

import numpy as np
import pytest

from fer_core.library.curves import curves_around_events, curves_from_start, samples_of
from fer_core.library.values import Place
from fer_core.timeline.editing.edits import Merge
from fer_core.timeline.editing.study import Study
from fer_core.timeline.events.event import Event
from fer_core.timeline.groups.curves import of_subjects
from tests.timelines import of_rows, reading


def keep(library, number: int, subject: str, condition: str, level: float) -> None:
    """8 s at 4 samples a second: 0.3 happy, and `level` from 4 s on."""
    rows = [reading(t / 4, 1, "happy", level if t >= 16 else 0.3) for t in range(32)]
    timeline = of_rows(rows)
    recording = replace(timeline.recording, name=f"r{number}.mp4", sha256=f"{number:064x}", duration_s=8.0)
    library.keep(Study(replace(timeline, recording=recording)))
    library.set_place(f"{number:064x}", Place(subject, condition=condition))
    library.set_events(f"{number:064x}", [Event(4.0, 5.0, condition)])


def from_start(library):
    entries = library.entries()
    return curves_from_start(entries, samples_of(library, entries), "happy")


def test_several_recordings_of_a_person_are_one_curve(on_sqlite):
    keep(on_sqlite, 1, "S1", "joke", 0.6)
    keep(on_sqlite, 2, "S1", "joke", 0.8)
    keep(on_sqlite, 3, "S2", "joke", 0.9)
    keep(on_sqlite, 4, "S2", "calm", 0.4)
    keep(on_sqlite, 5, "", "calm", 0.4)
    found = from_start(on_sqlite)
    assert found.missing == ("r5.mp4: no subject is named, so it stands for nobody.",)
    joke = found.curves["joke"]
    assert joke.subjects == ("S1", "S2") and joke.cell.n == 2 and joke.cell.seconds == pytest.approx(24.0)
    later = joke.time_s > 4
    np.testing.assert_allclose(joke.values[0][later], 0.7)
    np.testing.assert_allclose(joke.values[1][later], 0.9)
    np.testing.assert_allclose(joke.values[:, ~later], 0.3)
    assert list(found.curves) == ["calm", "joke"]


def test_whoever_is_merged_while_curves_are_read_is_left_out(on_sqlite):
    keep(on_sqlite, 1, "S1", "joke", 0.6)
    with_both = of_rows([*(reading(t / 4, 1, "happy") for t in range(32)), reading(8.0, 2, "sad")])
    name = on_sqlite.keep(Study(with_both))
    on_sqlite.set_place(on_sqlite.entry(name).recording_id, Place("S2"))
    entries = on_sqlite.entries()
    on_sqlite.save(name, on_sqlite.open_study(name).edited(Merge(2, 1)))
    assert set(samples_of(on_sqlite, entries)) == {entry.analysis for entry in entries} - {name}
    assert name in samples_of(on_sqlite, on_sqlite.entries())


def test_around_events_the_text_is_the_condition(on_sqlite):
    keep(on_sqlite, 1, "S1", "joke", 0.8)
    keep(on_sqlite, 2, "S2", "", 0.4)
    on_sqlite.set_events(f"{2:064x}", [])
    entries = on_sqlite.entries()
    events = {entry.recording_id: on_sqlite.events(entry.recording_id) for entry in entries}
    found = curves_around_events(entries, samples_of(on_sqlite, entries), events, "happy", (-1.0, 2.0))
    assert found.missing == ("r2.mp4: no event is kept with it.",)
    [curve] = found.curves["joke"].values
    np.testing.assert_allclose(curve, [0.3] * 4 + [0.8] * 8)


def test_a_person_who_is_missing_in_one_recording_counts_by_the_other(on_sqlite):
    keep(on_sqlite, 1, "S1", "joke", 0.6)
    keep(on_sqlite, 2, "S2", "joke", 0.8)
    joke = from_start(on_sqlite).curves["joke"]
    gaps = replace(joke, values=np.where(np.arange(2)[:, None] == 0, np.nan, joke.values))
    [merged] = of_subjects(gaps, dict.fromkeys(joke.subjects, "both")).values
    np.testing.assert_allclose(merged, joke.values[1])
