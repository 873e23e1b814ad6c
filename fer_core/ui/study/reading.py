"""What is read of the kept files for the Study page: in the background, once for all visitors, and dropped on demand.

Five hundred recordings take longer to read than a page may take to appear, so the page shows the progress meanwhile.
"""

from collections.abc import Callable, Mapping, MutableMapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Final, TypeVar

import streamlit as st

from fer_core.jobs import Job, Monitor, Work
from fer_core.library.curves import ConditionCurves, curves_around_events, curves_from_start, samples_of
from fer_core.library.library import Library
from fer_core.library.observations import Observations, of_events, of_recordings
from fer_core.library.values import Entry
from fer_core.timeline.statistics.person_samples import PersonSamples
from fer_core.ui.shared.progress import show_progress
from fer_core.ui.shared.text import plain

WHOLE: Final = "Whole recordings"
EVENTS: Final = "Events"

ROWS: Final = {WHOLE: "recordings", EVENTS: "events"}
"""What is averaged within people, as a methods paragraph says it."""

AROUND_S: Final = (-2.0, 6.0)
"""Seconds around the start of an event that curves cover at first."""

WINDOW: Final = "study window"
"""Where the session holds the seconds around events that the visitor chose."""

ZIP: Final = "study zip"
"""Where a session holds the zip of everything that its visitor asked for."""

REPORT: Final = "study report"
"""Where a session holds the PDF that its visitor asked for."""

PATIENCE_S: Final = 1.5
"""Seconds that a page waits for what is quick, before it shows the progress."""

Result = TypeVar("Result")
_Samples = dict[str, tuple[str, PersonSamples | None]]
"""By analysis, the text of its entry and the samples of the person who is seen longest."""


@dataclass(frozen=True)
class Made:
    """What a job makes, and everything that it depends on."""

    of: object
    work: Work[Any]


def made(
    place: MutableMapping[Any, Any],
    key: str,
    of: object,
    job: Callable[[Made | None], Job[Result]],
    words: str,
    again: str = "Try again",
) -> Result | None:
    """What a job makes; None while it is not there, and then its progress is shown, or why it failed.

    Args:
        place: where it is held, such as `st.session_state`.
        key: under which; also part of the keys of widgets.
        of: all that it depends on; it is made anew where this is another.
        job: gives the job, told what was made before.
        words: name of the work.
        again: label of the button that drops what failed.
    """
    known: Made | None = place.get(key)
    if known is None or known.of != of:
        if known is not None:
            known.work.abandon()
        known = place[key] = Made(of, Work(job(known), name=words))
        known.work.wait(PATIENCE_S)
    if known.work.running:
        show_progress(known.work, words, f"stop {key}")
        return None
    if known.work.result is None:
        st.error(plain(known.work.problem or "It was stopped."), icon=":material/error:")
        st.button(again, icon=":material/refresh:", key=f"again {key}", on_click=partial(place.pop, key, None))
    result: Result | None = known.work.result
    return result


def made_for_all(
    library: Library, what: str, of: object, job: Callable[[Made | None], Job[Result]], words: str
) -> Result | None:
    """`made`, held once for all visitors of a library until `forget_read`; `what` tells it from the rest."""
    return made(_shared(), _key(library, what), of, job, words)


def drop(key: str) -> None:
    """Drop what this visitor's session holds under a key, and end its work."""
    known = st.session_state.pop(key, None)
    if known is not None:
        known.work.abandon()


def observed(library: Library, what: str) -> Observations | None:
    """The table to compare; None while the files are read for it."""
    entries = library.entries()
    if what == WHOLE:
        return of_recordings(entries)

    def job(_: Made | None) -> Job[Observations]:
        return lambda monitor: of_events(library, entries, monitor)

    return made_for_all(library, "events", state_of(library, what), job, "Reading what is kept")


def state_of(library: Library, what: str) -> str:
    """Everything that `observed` depends on: a text that differs whenever its table may."""
    entries = library.entries()
    return repr(entries) if what == WHOLE else repr((entries, library.all_events()))


def observed_curves(library: Library, what: str, emotion: str, window_s: tuple[float, float]) -> ConditionCurves | None:
    """Curves to compare: of whole recordings from their start, or around events within `window_s`.

    Returns:
        None while the files are read for them.
    """
    entries = library.entries()
    found = made_for_all(
        library,
        "samples",
        repr(entries),
        lambda before: partial(_read_samples, library, entries, _result_of(before)),
        "Reading what is kept",
    )
    if found is None:
        return None
    samples = {analysis: one for analysis, (_, one) in found.items() if one is not None}
    if what == WHOLE:
        return curves_from_start(entries, samples, emotion)
    return curves_around_events(entries, samples, library.all_events(), emotion, window_s)


def curves_of_all(
    library: Library, what: str, emotions: Sequence[str], window_s: tuple[float, float], monitor: Monitor
) -> dict[str, ConditionCurves]:
    """Curves of several expressions, read at once, around events within `window_s`; for work in the background.

    Raises:
        LibraryError: readings are gone or damaged.
        StoppedError: the monitor was stopped.
    """
    entries = library.entries()
    found = _read_samples(library, entries, {}, monitor)
    samples = {analysis: one for analysis, (_, one) in found.items() if one is not None}
    events = library.all_events()
    return {
        emotion: curves_from_start(entries, samples, emotion)
        if what == WHOLE
        else curves_around_events(entries, samples, events, emotion, window_s)
        for emotion in emotions
    }


def forget_read() -> None:
    """Drop everything that was read, of all visitors, such as after somebody was deleted; of this one, files to take.

    Zip and report of others are dropped when they look for them, because they no longer fit.
    """
    for each in _shared().values():
        each.work.abandon()
    _shared().clear()
    drop(ZIP)
    drop(REPORT)


def being_read() -> bool:
    """Whether anything is read at present."""
    return any(each.work.running for each in _shared().values())


def _read_samples(library: Library, entries: list[Entry], before: Mapping[str, Any], monitor: Monitor) -> _Samples:
    """The samples of every analysis; those of entries that have not changed are taken over."""
    found: _Samples = {}
    for done, entry in enumerate(entries, 1):
        text = repr(entry)
        known = before.get(entry.analysis)
        if known is None or known[0] != text:
            known = text, samples_of(library, [entry]).get(entry.analysis)
        found[entry.analysis] = known
        monitor.step(done, len(entries))
    return found


def _result_of(before: Made | None) -> Mapping[str, Any]:
    return {} if before is None else before.work.result or {}


def _key(library: Library, what: str) -> str:
    return f"{what} of {library.store.folder}"


@st.cache_resource(show_spinner=False)
def _shared() -> dict[str, Made]:
    return {}
