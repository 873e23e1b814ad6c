"""Whether the analyses behind a table or curves were read alike."""

from dataclasses import replace

import pytest

from fer_core.library.alike import MOST_CONDITIONS, differences, used
from fer_core.library.curves import curves_around_events, curves_from_start, samples_of
from fer_core.library.observations import of_events, of_recordings
from fer_core.library.values import Place
from fer_core.provenance import Provenance
from fer_core.request import DetectorChoice, Region
from fer_core.timeline.editing.edits import Smooth
from fer_core.timeline.editing.study import Study
from fer_core.timeline.events.event import Event
from tests.timelines import PROVENANCE, nobody, of_rows, reading


def keep(library, number, condition, edits=(), files=None, seen=16, **request) -> str:
    """A person in the first of 16 samples of eight seconds, read as `request` says besides what is usual."""
    timeline = of_rows([reading(place / 2, 1, "happy") if place < seen else nobody(place / 2) for place in range(16)])
    recording = replace(timeline.recording, name=f"{number}.mp4", sha256=f"{number:064x}")
    provenance = PROVENANCE if files is None else Provenance(files)
    timeline = replace(
        timeline, recording=recording, provenance=provenance, request=replace(timeline.request, **request)
    )
    name = library.keep(Study(timeline, edits))
    library.set_place(f"{number:064x}", Place(f"S{number}", condition=condition))
    return name


def said(library) -> tuple[str, ...]:
    entries = library.entries()
    return differences(entries, of_recordings(entries).behind())


@pytest.mark.parametrize(
    ("other", "sentence"),
    [
        ({"model": "ensemble"}, "Model – calm: resnet50v2 (2); joke: ensemble (1)."),
        ({"detector": DetectorChoice("haar")}, "Face detector – calm: blazeface (2); joke: haar (1)."),
        ({"fps": 0}, "Sampling – calm: 4 samples a second (2); joke: every frame (1)."),
        ({"uncertain_below": 0.504}, "Uncertain – calm: below 50% (2); joke: below 50.4% (1)."),
        ({"smoothing": "none"}, "Smoothing – calm: exponential 0.4 s (2); joke: not smoothed (1)."),
        ({"region": Region(0.5, 0, 0.5, 1)}, "Picture – calm: whole (2); joke: from 0.5 0, 0.5 by 1 of it (1)."),
        ({"edits": (Smooth("hmm", 0.4, 0.5),)}, "Smoothing – calm: exponential 0.4 s (2); joke: hmm 0.4 s (1)."),
        (
            {"files": {"model.tflite": "ef" * 32}},
            f"SHA-256 of model.tflite – calm: {'cd' * 6}… (2); joke: {'ef' * 6}… (1).",
        ),
    ],
)
def test_every_respect_in_which_they_differ_is_told_by_condition(on_sqlite, other, sentence):
    for number in (1, 2):
        keep(on_sqlite, number, "calm")
    keep(on_sqlite, 3, "joke", **other)
    assert said(on_sqlite) == (sentence,)


def test_what_makes_no_difference_is_not_told(on_sqlite):
    keep(on_sqlite, 1, "calm", smoothing="none")
    keep(on_sqlite, 2, "joke", smoothing="none", time_constant_s=0.1, engine="keras", files={"model.keras": "ef" * 32})
    assert said(on_sqlite) == ()


def test_what_is_in_no_row_is_not_compared(on_sqlite):
    keep(on_sqlite, 1, "calm", model="ensemble")
    names = [keep(on_sqlite, 1, "calm"), keep(on_sqlite, 2, "joke")]
    keep(on_sqlite, 3, "", model="ensemble")
    assert said(on_sqlite) == ()
    entries = on_sqlite.entries()
    observations = of_recordings(entries)
    assert len(entries) == 4 and {entry.analysis for entry in used(entries, observations.behind())} == set(names)
    assert curves_from_start(entries, samples_of(on_sqlite, entries), "happy").analyses == observations.behind()


def test_of_events_their_texts_are_the_conditions(on_sqlite):
    keep(on_sqlite, 1, "")
    keep(on_sqlite, 2, "", fps=2.0)
    assert of_events(on_sqlite, on_sqlite.entries()).behind() == {}
    texts = [f"word {number:02}" for number in range(MOST_CONDITIONS + 1)]
    on_sqlite.set_events(f"{1:064x}", [Event(1.0, 2.0, text) for text in texts])
    on_sqlite.set_events(f"{2:064x}", [Event(1.0, 2.0, texts[-1])])
    entries = on_sqlite.entries()
    [sentence] = differences(entries, of_events(on_sqlite, entries).behind())
    assert sentence.startswith(f"Sampling – {texts[-1]}: 2 samples a second (1), 4 samples a second (1); word 00: ")
    assert sentence.endswith("; and 1 further condition.")


def test_who_has_no_value_at_an_event_is_behind_no_figure(on_sqlite):
    seen, away = keep(on_sqlite, 1, ""), keep(on_sqlite, 2, "", seen=4, model="ensemble")
    for number in (1, 2):
        on_sqlite.set_events(f"{number:064x}", [Event(6.0, 7.0, "joke")])
    entries = on_sqlite.entries()
    observations = of_events(on_sqlite, entries)
    assert observations.behind() == {"joke": {seen, away}}
    assert observations.behind(["mean_happy"]) == {"joke": {seen}}
    events = {entry.recording_id: on_sqlite.events(entry.recording_id) for entry in entries}
    samples = samples_of(on_sqlite, entries)
    assert curves_around_events(entries, samples, events, "happy", (-1.0, 1.0)).analyses == {"joke": {seen}}
