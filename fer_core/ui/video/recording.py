"""An open recording of the Video page: its studies, and the visitor's view of them. No Streamlit in here."""

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from fer_core.errors import MediaError
from fer_core.media.playing import browsers_play
from fer_core.media.video import frame_at
from fer_core.readings import Pose
from fer_core.request import AnalysisRequest
from fer_core.timeline.editing.corrections import within, without_poor
from fer_core.timeline.editing.edits import Edit, Exclude, Mark, Merge, Name, Remove, Rest, Smooth, Split
from fer_core.timeline.editing.resting import check_rest
from fer_core.timeline.editing.study import Study
from fer_core.timeline.notes import Marker, Notes, Span
from fer_core.timeline.rows import good_only, inside, is_person, people
from fer_core.timeline.sampling import SAME_TIME_S
from fer_core.timeline.statistics.summaries import PersonSummary, summarise
from fer_core.timeline.table import Timeline
from fer_core.timeline.weights import counted, interval_s, time_range
from fer_core.ui.video.portraits import SplitPortraits

SHOWN_PX: Final = 960
_MOST_FRAMES: Final = 12
_SAME_S: Final = 1e-5
"""Moments that the browser and the table give for one frame differ by less."""

Timelines = Mapping[str, Timeline]


@dataclass(eq=False)
class OpenRecording:
    """One recording. Several threads may correct it: two tabs of a browser can show one visit.

    Attributes:
        number: in this visit, from 1; part of the keys of its widgets.
        studies: by model, all with the same edits; only the comparison of models shows others than the first.
        path: the file; None where only numbers were kept.
        moment_s: the chosen moment in seconds.
        range_s: start and end of the range that charts show and statistics count, in seconds.
        person: whose curves are shown.
        leave_out_poor: whether charts leave out samples with a quality problem.
        partial: the analysis was stopped before the end.
        live: it was read as it was recorded, and not from the file.
        requests: how it was read from the file, by model; empty where it was not.
        namesake: the how many-th of this name, from 1.
        seeks: how often the page, not the player, chose a moment: then the player goes there.
        player_wanted: whether a recording that is too large to be handed to the browser unasked was asked for.
        undos: how often a correction was taken back.
        kept: name of the analysis in the library; None where it was not kept.
        kept_edits: the corrections that were kept there when this was opened or kept last.
        kept_here: the corrections of `study` that these stand for, removals included; None where they are others.
        rater: name or initials of the rater; may be empty.
        blind: whether readings are hidden while somebody labels.
        done: names of what was done in the player.
    """

    number: int
    studies: Mapping[str, Study]
    path: Path | None = None
    moment_s: float = 0.0
    range_s: tuple[float, float] = (0.0, 0.0)
    person: int | None = None
    leave_out_poor: bool = False
    partial: bool = False
    live: bool = False
    requests: Mapping[str, AnalysisRequest] = field(default_factory=dict)
    namesake: int = 1
    seeks: int = 0
    player_wanted: bool = False
    undos: int = 0
    kept: str | None = None
    kept_edits: tuple[Edit, ...] = ()
    kept_here: tuple[Edit, ...] | None = None
    rater: str = ""
    blind: bool = True
    done: set[str] = field(default_factory=set, repr=False)

    def __post_init__(self) -> None:
        self._lock = threading.RLock()
        self._portraits = SplitPortraits()
        self._timelines: tuple[Timelines, Timelines] | None = None
        self.partial = self.partial or self.study.read.stopped_s is not None
        self.live = self.live or self.study.read.recording.source == "camera"
        self._frames = lru_cache(_MOST_FRAMES)(lambda path, time_s: frame_at(path, time_s, SHOWN_PX).image)
        self._plays: bool | None = None
        self.range_s = self.whole_range
        self.person = self.people[0] if self.people else None
        seen = self.timeline.frame.loc[self.timeline.frame["person"].notna(), "time_s"]
        self.moment_s = float(seen.iloc[0]) if len(seen) else 0.0

    @property
    def study(self) -> Study:
        """The study of the first model."""
        return next(iter(self.studies.values()))

    @property
    def timelines(self) -> Timelines:
        """By model, the timelines after all edits, with portraits of both sides of a split."""
        now = {model: study.timeline for model, study in self.studies.items()}
        known = self._timelines
        if known is None or any(known[0].get(model) is not timeline for model, timeline in now.items()):
            # The same objects until the next edit: exports and drawings compare by identity.
            known = now, self._with_portraits(now)
            self._timelines = known
        return known[1]

    @property
    def timeline(self) -> Timeline:
        """The timeline of the first model after all edits."""
        return next(iter(self.timelines.values()))

    @property
    def notes(self) -> Notes:
        """Names of the people that there are, markers, excluded spans."""
        return self.study.notes_of_people

    @property
    def resting(self) -> Mapping[int, Span]:
        """By person, the span in which their face was at rest."""
        return self.study.resting

    @property
    def last_words(self) -> str:
        """The last edit in words; empty where there is none."""
        edits = self.study.edits
        return edits[-1].words(self.study.notes) if edits else ""

    @property
    def revision(self) -> str:
        """Changes with every edit of people and smoothing and every undo; part of the keys of widgets."""
        corrections = sum(isinstance(edit, Merge | Split | Remove | Smooth) for edit in self.study.edits)
        return f"{corrections} {self.undos}"

    @property
    def name(self) -> str:
        """Name of the file."""
        return self.timeline.recording.name

    @property
    def title(self) -> str:
        """The name, with a number where another open recording has the same name."""
        return self.name if self.namesake == 1 else f"{self.name} ({self.namesake})"

    @property
    def people(self) -> list[int]:
        """Numbers of all people."""
        return people(self.timeline)

    @property
    def complete(self) -> bool:
        """Whether it was read to the end and nobody was removed."""
        return not self.partial and self.study.whole

    @property
    def plays(self) -> bool:
        """Whether there is a file that browsers play; looked up once."""
        if self._plays is None:
            self._plays = self.path is not None and browsers_play(self.path)
        return self._plays

    @property
    def sampled_s(self) -> NDArray[np.float64]:
        """Times of all samples in seconds, increasing."""
        return np.unique(self.timeline.frame["time_s"].to_numpy(float))

    @property
    def whole_range(self) -> tuple[float, float]:
        """Start and end of the recording, in seconds."""
        return time_range(self.timeline)

    @property
    def whole(self) -> bool:
        """Whether the range is the whole recording."""
        return self.range_s == self.whole_range

    def seek(self, time_s: float) -> None:
        """Choose the sample nearest to a time."""
        times = self.sampled_s
        if len(times):
            self._look(float(times[np.abs(times - time_s).argmin()]))

    def follow(self, time_s: float) -> None:
        """Look at the last sampled frame up to a moment that the player shows; the player stays where it is."""
        times = self.sampled_s
        if len(times):
            self.moment_s = float(times[max(0, int(np.searchsorted(times, time_s + _SAME_S)) - 1)])

    def picture(self, time_s: float) -> NDArray[np.uint8]:
        """The frame of a moment, uint8 (H, W, 3) BGR, longer side at most `SHOWN_PX`. The last few are cached.

        Raises:
            MediaError: there is none, or it cannot be read.
        """
        if self.path is None:
            raise MediaError("Only the numbers of this session were kept, no pictures.")
        return self._frames(self.path, time_s)

    def pose(self, person: int | None) -> Pose | None:
        """A person's pose at the chosen moment; None where it was not measured."""
        rows = self._now(person)
        if not len(rows) or "yaw_deg" not in rows or rows["yaw_deg"].isna().all():
            return None
        return Pose(*(float(rows[name].iloc[0]) for name in ("yaw_deg", "pitch_deg", "roll_deg")))

    def _now(self, person: int | None) -> pd.DataFrame:
        """A person's row at the chosen moment; no row where they are not seen."""
        frame = self.timeline.frame
        return frame[(frame["time_s"] - self.moment_s).abs().lt(SAME_TIME_S) & is_person(frame, person or 0)]

    def rows(self, *, good: bool = False) -> pd.DataFrame:
        """The rows that count in the range, with `held_s`; `good` leaves out rows with a quality problem."""
        rows = counted(self.timeline, self.notes.excluded)
        rows = rows[inside(rows, *self.range_s)]
        return good_only(rows) if good else rows

    def summaries(self, *, good: bool = False) -> list[PersonSummary]:
        """A summary for each person who is seen in the range; `good` as for `rows`."""
        return summarise(self.rows(good=good))

    def part(self, timeline: Timeline | None = None) -> Timeline:
        """The timeline of the range, excluded spans included: charts mark them."""
        return within(timeline or self.timeline, *self.range_s)

    def shown(self, timeline: Timeline | None = None) -> Timeline:
        """The timeline that charts show: `part`, without poor samples where these are left out."""
        part = self.part(timeline)
        return without_poor(part) if self.leave_out_poor else part

    def choose_range(self, start_s: float, end_s: float) -> None:
        """Set the range, at least two samples long and within the recording."""
        first_s, last_s = self.whole_range
        shortest_s = min(2 * interval_s(self.timeline), last_s - first_s)
        start_s = min(max(first_s, start_s), last_s - shortest_s)
        end_s = min(max(start_s + shortest_s, end_s), last_s)
        # The player's numbers are rounded, but all of it is all of it.
        self.range_s = (
            first_s if start_s - first_s < _SAME_S else start_s,
            last_s if last_s - end_s < _SAME_S else end_s,
        )

    def call(self, person: int, name: str) -> None:
        """Name a person; an empty name removes the name."""
        self.edit(Name(person, name.strip()))

    def mark(self, time_s: float, text: str) -> None:
        """Add a marker."""
        with self._lock:
            self.set_markers((*self.notes.markers, Marker(time_s, text.strip() or "Event")))

    def set_markers(self, markers: tuple[Marker, ...]) -> None:
        """Replace all markers."""
        self.edit(Mark(markers))

    def add_events(self, markers: tuple[Marker, ...], spans: tuple[Span, ...]) -> None:
        """Add markers and excluded spans, none of them twice."""
        with self._lock:
            if set(markers) - set(self.notes.markers):
                self.set_markers(tuple({*self.notes.markers, *markers}))
            if set(spans) - set(self.notes.excluded):
                self.set_excluded(tuple({*self.notes.excluded, *spans}))

    def exclude(self, start_s: float, end_s: float, reason: str) -> None:
        """Exclude a span from all statistics, and set the range to the whole recording."""
        with self._lock:
            self.set_excluded((*self.notes.excluded, Span(start_s, end_s, reason.strip())))
        self.range_s = self.whole_range

    def set_excluded(self, spans: tuple[Span, ...]) -> None:
        """Replace all excluded spans."""
        self.edit(Exclude(spans))

    def merge(self, into: int, other: int) -> None:
        """Merge two persons.

        Raises:
            TimelineError: both are seen in one frame.
        """
        self.edit(Merge(into, other))

    def split(self, person: int, time_s: float) -> None:
        """Make a new person of the samples of a person from a time on.

        Raises:
            TimelineError: they are not seen before that moment, or not from then on.
        """
        with self._lock:
            number = max(self.study.next_number, max((*self.study.notes.names, *self.resting), default=0) + 1)
            self.edit(Split(person, time_s, number))

    def remove(self, person: int) -> None:
        """Remove a person and every portrait that may show them."""
        self.edit(Remove(person))

    def smooth(self, method: str, time_constant_s: float, uncertain_below: float) -> None:
        """Change the smoothing and the threshold."""
        self.edit(Smooth(method, time_constant_s, uncertain_below))

    def rest(self, person: int, span: Span | None) -> None:
        """Set the span in which a person's face is at rest; None removes it.

        Raises:
            TimelineError: they are not seen there, all of it is excluded, or their face is not at rest.
        """
        if span is not None:
            check_rest(self.timeline, person, span, self.notes.excluded)
        self.edit(Rest(person, span))

    def edit(self, edit: Edit) -> None:
        """Apply an edit.

        Raises:
            TimelineError: it cannot be applied.
        """
        with self._lock:
            self.studies = {model: study.edited(edit) for model, study in self.studies.items()}
            self._choose_person()

    def undo(self, seen: tuple[Edit, ...] | None = None) -> None:
        """Drop the last edit; where `seen` is given, only while the edits are still these: two clicks undo one."""
        with self._lock:
            if self.study.edits and (seen is None or seen == self.study.edits):
                self.studies = {model: study.undone() for model, study in self.studies.items()}
                self.undos += 1
                self._choose_person()

    def keeps(self, analysis: str, study: Study, here: Study | None = None) -> None:
        """Note what the library holds of this recording, and what of it was kept so, where that is another study."""
        self.kept, self.kept_edits = analysis, study.edits
        self.kept_here = (study if here is None else here).edits

    def deviations(self) -> pd.DataFrame:
        """Differences from the resting faces; see `fer_core.timeline.editing.corrections.deviations`."""
        return self.study.deviations()

    def shown_deviations(self) -> pd.DataFrame:
        """Those that charts show: of the range, without poor samples where these are left out."""
        rows, shown = self.deviations(), self.shown().frame
        return rows[rows.index.isin(shown.index[shown["person"].notna()])]

    def take_over(self, before: "OpenRecording") -> tuple[str, ...]:
        """Apply the edits of a shorter reading of this recording; gives a sentence for each that cannot be applied."""
        self.namesake, problems = before.namesake, dict[str, None]()
        with self._lock:
            for model, study in self.studies.items():
                rebased, failed = before.study.rebased(study.read)
                self.studies = {**self.studies, model: rebased}
                problems.update(dict.fromkeys(failed))
            self._choose_person()
        return tuple(problems)

    def join(self, model: str, read: Timeline) -> tuple[str, ...]:
        """Add what another model read, with the same edits; gives a sentence for each that cannot be applied."""
        with self._lock:
            study, failed = self.study.rebased(read)
            self.studies = {**self.studies, model: study}
        return failed

    def attach(self, path: Path) -> None:
        """Set the file of a recording of which only numbers were opened."""
        self.path, self._plays, self._timelines = path, None, None
        self._frames.cache_clear()

    def _with_portraits(self, timelines: Timelines) -> Timelines:
        if self.path is None:
            return timelines
        with self._lock:
            taken = self._portraits.of(self.path, self.study)
        if not taken:
            return timelines
        return {
            model: replace(timeline, portraits={**timeline.portraits, **taken}) for model, timeline in timelines.items()
        }

    def _look(self, moment_s: float) -> None:
        self.seeks += 1
        self.moment_s = moment_s

    def _choose_person(self) -> None:
        if self.person not in self.people:
            self.person = self.people[0] if self.people else None
