"""The public doors by which files come in, each with what follows at once where a file is taken."""

import json
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Final

from fer_core.classification.cards import load_card
from fer_core.classification.importing import read_given
from fer_core.errors import TimelineError
from fer_core.evaluation.labelled import read_labelled
from fer_core.evidence.bundle import open_bundle
from fer_core.evidence.verification import verify
from fer_core.library.exchange import export_library, import_library
from fer_core.library.library import Library
from fer_core.media.images import decode_image
from fer_core.media.sound import take_sound
from fer_core.media.video import Video
from fer_core.reports.summary import summary_of
from fer_core.reports.tables import csv_text
from fer_core.request import AnalysisRequest
from fer_core.timeline.editing.edits import edits_from_json
from fer_core.timeline.editing.study import Study
from fer_core.timeline.events.formats import WRITTEN, read_events, write_events
from fer_core.timeline.table import Timeline
from tests.timelines import measured, synthetic


def _picture(path: Path) -> None:
    decode_image(path.read_bytes(), path.name)


def _recording(path: Path) -> None:
    with Video(path, fps=4) as video:
        for _ in video:
            pass
    if video.has_audio:
        with tempfile.TemporaryDirectory() as folder:
            take_sound(path, Path(folder, "sound.mp4"), video.duration_s or 0.0)


def _events(path: Path) -> None:
    events = read_events(path.name, path.read_bytes())
    for form in WRITTEN:
        try:
            write_events(events, form, "session.mp4")
        except TimelineError:
            continue  # not every format holds all events


def _shown(study: Study) -> None:
    """What a page and the command line do first."""
    summary_of(study.timeline, study.notes_of_people).to_json()
    csv_text(study.timeline)
    study.to_parquet()


def _timeline(path: Path) -> None:
    _shown(Study.open(path))


def _bundle(path: Path) -> None:
    recording = path.with_name("recording.mp4")
    recording.write_bytes(b"any")

    def again(_: Path, request: AnalysisRequest) -> Timeline:
        return replace(synthetic(4.0), request=request)

    for finding in verify(path, recording, again).findings:
        if not finding.isprintable():
            raise AssertionError(f"a finding that a terminal cannot show: {finding[:200]!r}")
    _shown(open_bundle(path))


def _library(path: Path) -> None:
    with tempfile.TemporaryDirectory() as folder, Library.open(Path(folder, "library")) as library:
        import_library(library, path)
        for entry in library.entries():
            _shown(library.open_study(entry.analysis))
        export_library(library, Path(folder, "again.zip"))


def _labelled(path: Path) -> None:
    with path.open("rb") as file:
        read_labelled(file)


def _card(path: Path) -> None:
    if path.name == "given.json":
        read_given(path)
        return
    models = path.with_name("models")
    for name in ("custom_cnn", "ensemble"):
        (models / name).mkdir(parents=True, exist_ok=True)
        (models / name / "card.json").write_bytes(path.read_bytes())
    load_card("custom_cnn", models)


def _edits(path: Path) -> None:
    try:
        plain = json.loads(path.read_bytes())
    except (ValueError, RecursionError) as error:
        raise TimelineError("This is not JSON.") from error  # as the command line and the page say
    _shown(Study(measured(8.0, rate=10), edits_from_json(plain)))


def _table(path: Path) -> None:
    with tempfile.TemporaryDirectory() as folder, Library.open(Path(folder, "library")) as library:
        library.keep(Study(synthetic(2.0)))
        library.describe(path.read_bytes())
        library.entries()


def _raises(path: Path) -> None:
    raise ZeroDivisionError(path.name)


def _hangs(_: Path) -> None:
    time.sleep(3600)


DOORS: Final[Mapping[str, Callable[[Path], None]]] = {
    "picture": _picture,
    "recording": _recording,
    "events": _events,
    "timeline": _timeline,
    "bundle": _bundle,
    "library": _library,
    "labelled": _labelled,
    "card": _card,
    "edits": _edits,
    "table": _table,
    "raises": _raises,  # these two show that faults are seen
    "hangs": _hangs,
}
