"""A recording that is open in the page: what was read, and what the visitor made of it. No Streamlit in here."""

import contextlib
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from fer_core.analysis.portraits import portrait_from
from fer_core.errors import MediaError
from fer_core.imaging.crops import cut
from fer_core.imaging.placement import Placement
from fer_core.media.playing import browsers_play
from fer_core.media.video import frame_at
from fer_core.readings import Box, Pose
from fer_core.request import AnalysisRequest
from fer_core.timeline.corrections import within, without_poor
from fer_core.timeline.edits import Edit, Exclude, Mark, Merge, Name, Remove, Rest, Smooth, Split
from fer_core.timeline.notes import Marker, Notes, Span
from fer_core.timeline.study import Study
from fer_core.timeline.summaries import (
    PersonSummary,
    counted,
    good_only,
    inside,
    interval_s,
    people,
    summarise,
    time_range,
)
from fer_core.timeline.table import Timeline

SHOWN_PX: Final = 960
_MOST_FRAMES: Final = 12

Timelines = Mapping[str, Timeline]


@dataclass(eq=False)
class OpenRecording:
    """One recording.

    Attributes:
        number: of this visit, from 1; part of the keys of all widgets that belong to it.
        studies: what was read, by model, all with the same corrections; everything but the comparison of models
            shows the first.
        path: the file; None where only numbers were kept.
        moment_s: the moment that is being looked at, in seconds.
        range_s: start and end of the stretch that charts show and statistics count.
        person: whose curves are shown.
        leave_out_poor: whether charts leave out samples with a quality problem.
        partial: the analysis was stopped before the end.
        live: it was read as it was recorded, and not from the file.
        requests: how it was read from the file, by model; empty where it was not.
        namesake: the how many-th of this name, from 1.
        jumps: how often a moment was chosen in the second in which the player was sent already.
        undos: how often a correction was taken back.
        kept: name of the analysis in the library; None where it was not kept.
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
    jumps: int = 0
    undos: int = 0
    kept: str | None = None

    def __post_init__(self) -> None:
        self._portraits: dict[int, bytes] = {}
        self._timelines: tuple[Timelines, Timelines] | None = None
        self.partial = self.partial or self.study.read.stopped_s is not None
        self.live = self.live or self.study.read.recording.source == "camera"
        self._frames: OrderedDict[float, NDArray[np.uint8]] = OrderedDict()
        self._plays: bool | None = None
        self.range_s = self.whole_range
        self.person = self.people[0] if self.people else None
        seen = self.timeline.frame.loc[self.timeline.frame["person"].notna(), "time_s"]
        self.moment_s = float(seen.iloc[0]) if len(seen) else 0.0

    @classmethod
    def of(cls, number: int, timelines: Timelines, path: Path | None = None, **more: Any) -> "OpenRecording":
        """A recording as it was read, without corrections."""
        return cls(number, {model: Study(timeline) for model, timeline in timelines.items()}, path, **more)

    @property
    def study(self) -> Study:
        """What the first model read, with the corrections."""
        return next(iter(self.studies.values()))

    @property
    def timelines(self) -> Timelines:
        """By model, as they stand after all corrections, with portraits of people who came of a split."""
        now = {model: study.timeline for model, study in self.studies.items()}
        before = self._timelines and self._timelines[0]
        if before is None or any(before.get(model) is not timeline for model, timeline in now.items()):
            # The same objects as long as nothing changes: what was made of them is still good then.
            shown = {model: self._with_portraits(timeline) for model, timeline in now.items()}
            self._timelines = now, shown
        return self._timelines[1] if self._timelines else {}

    @property
    def timeline(self) -> Timeline:
        """What the first model read, as it stands after all corrections."""
        return next(iter(self.timelines.values()))

    @property
    def notes(self) -> Notes:
        """Names, markers, excluded spans."""
        return self.study.notes

    @property
    def resting(self) -> Mapping[int, Span]:
        """By person, the stretch in which their face was at rest."""
        return self.study.resting

    @property
    def last_words(self) -> str:
        """What the last correction did; empty where there is none."""
        edits = self.study.edits
        return edits[-1].words(self.notes) if edits else ""

    @property
    def revision(self) -> str:
        """Changes with every correction of people and smoothing, and with every undo: part of widgets' keys."""
        corrections = sum(isinstance(edit, Merge | Split | Remove | Smooth) for edit in self.study.edits)
        return f"{corrections} {self.undos}"

    @property
    def name(self) -> str:
        """Of the file."""
        return self.timeline.recording.name

    @property
    def title(self) -> str:
        """The same, with a number where another is open under that name."""
        return self.name if self.namesake == 1 else f"{self.name} ({self.namesake})"

    @property
    def people(self) -> list[int]:
        """Numbers of all people."""
        return people(self.timeline)

    @property
    def complete(self) -> bool:
        """Whether all that the recording shows is there: it was read to the end, and nobody was removed."""
        return not self.partial and self.study.whole

    @property
    def plays(self) -> bool:
        """Whether there is a file that browsers show; looked up once."""
        if self._plays is None:
            self._plays = self.path is not None and browsers_play(self.path)
        return self._plays

    @property
    def notes_of_people(self) -> Notes:
        """The notes without names of people who were merged into others or removed."""
        return self.study.notes_of_people

    @property
    def sampled_s(self) -> NDArray[np.float64]:
        """Times of all sampled frames, increasing."""
        return np.unique(self.timeline.frame["time_s"].to_numpy(float))

    @property
    def whole_range(self) -> tuple[float, float]:
        """Start and end of the recording, in seconds."""
        return time_range(self.timeline)

    @property
    def whole(self) -> bool:
        """Whether the range is all of it."""
        return self.range_s == self.whole_range

    def seek(self, time_s: float) -> None:
        """Look at the sampled frame nearest to a moment."""
        times = self.sampled_s
        if len(times):
            self._look(float(times[np.abs(times - time_s).argmin()]))

    def step_by(self, samples: int) -> None:
        """Look at the sampled frame so many further."""
        times = self.sampled_s
        if len(times):
            place = int(np.searchsorted(times, self.moment_s - 1e-6)) + samples
            self._look(float(times[min(max(place, 0), len(times) - 1)]))

    def picture(self, time_s: float) -> NDArray[np.uint8]:
        """The frame of a moment, uint8 (H, W, 3) BGR, its longer side at most `SHOWN_PX`; the last few are kept.

        Raises:
            MediaError: there is none, or it cannot be read.
        """
        if self.path is None:
            raise MediaError("Only the numbers of this session were kept, no pictures.")
        if time_s not in self._frames:
            self._frames[time_s] = frame_at(self.path, time_s, SHOWN_PX).image
            while len(self._frames) > _MOST_FRAMES:
                self._frames.popitem(last=False)
        return self._frames[time_s]

    def face(self, person: int | None) -> NDArray[np.uint8] | None:
        """Somebody's face at the chosen moment, uint8 (H, W, 3) BGR; None where they are not seen, or nothing is.

        Raises:
            MediaError: the frame cannot be read.
        """
        rows = self._now(person)
        if self.path is None or not len(rows):
            return None
        image, row = self.picture(self.moment_s), rows.iloc[0]
        about = self.timeline.recording
        placement = Placement.stretched((about.width, about.height), (image.shape[1], image.shape[0]))
        return cut(image, placement.box(Box(*(int(row[name]) for name in ("x", "y", "width", "height")))))

    def pose(self, person: int | None) -> Pose | None:
        """The pose of somebody's head at the chosen moment; None where it was not measured."""
        rows = self._now(person)
        if not len(rows) or "yaw_deg" not in rows or rows["yaw_deg"].isna().all():
            return None
        return Pose(*(float(rows[name].iloc[0]) for name in ("yaw_deg", "pitch_deg", "roll_deg")))

    def _now(self, person: int | None) -> pd.DataFrame:
        """Somebody's row at the chosen moment, or none."""
        frame = self.timeline.frame
        return frame[(frame["time_s"] - self.moment_s).abs().lt(1e-6) & frame["person"].eq(person or 0).fillna(False)]

    def rows(self, *, good: bool = False) -> pd.DataFrame:
        """The rows that count in the range, with `held_s`; `good` leaves out those with a quality problem."""
        rows = counted(self.timeline, self.notes.excluded)
        rows = rows[inside(rows, *self.range_s)]
        return good_only(rows) if good else rows

    def summaries(self, *, good: bool = False) -> list[PersonSummary]:
        """One a person who is seen in the range; see `rows`."""
        return summarise(self.rows(good=good))

    def part(self, timeline: Timeline | None = None) -> Timeline:
        """What was read in the range; excluded spans are marked in its charts, not missing."""
        return within(timeline or self.timeline, *self.range_s)

    def shown(self, timeline: Timeline | None = None) -> Timeline:
        """What the charts of the range show: `part`, without poor samples where these are to be left out."""
        part = self.part(timeline)
        return without_poor(part) if self.leave_out_poor else part

    def choose_range(self, start_s: float, end_s: float) -> None:
        """Show and count only this stretch; at least two samples long."""
        first_s, last_s = self.whole_range
        shortest_s = min(2 * interval_s(self.timeline), last_s - first_s)
        start_s = min(max(first_s, start_s), last_s - shortest_s)
        self.range_s = start_s, min(max(start_s + shortest_s, end_s), last_s)

    def call(self, person: int, name: str) -> None:
        """Give somebody a name; an empty one takes it away."""
        self.edit(Name(person, name.strip()))

    def mark(self, time_s: float, text: str) -> None:
        """Add a marker."""
        self.set_markers((*self.notes.markers, Marker(time_s, text.strip() or "Event")))

    def set_markers(self, markers: tuple[Marker, ...]) -> None:
        """These instead of all that were there."""
        self.edit(Mark(markers))

    def add_events(self, markers: tuple[Marker, ...], spans: tuple[Span, ...]) -> None:
        """Add markers and excluded spans, but none twice."""
        if set(markers) - set(self.notes.markers):
            self.set_markers(tuple({*self.notes.markers, *markers}))
        if set(spans) - set(self.notes.excluded):
            self.set_excluded(tuple({*self.notes.excluded, *spans}))

    def exclude(self, start_s: float, end_s: float, reason: str) -> None:
        """Add a span that does not count, and look at all of the recording again."""
        self.set_excluded((*self.notes.excluded, Span(start_s, end_s, reason.strip())))
        self.range_s = self.whole_range

    def set_excluded(self, spans: tuple[Span, ...]) -> None:
        """These instead of all that were there."""
        self.edit(Exclude(spans))

    def merge(self, into: int, other: int) -> None:
        """Two numbers are one person.

        Raises:
            TimelineError: both are seen in one frame.
        """
        self.edit(Merge(into, other))

    def split(self, person: int, time_s: float) -> None:
        """From a moment on, somebody is another person.

        Raises:
            TimelineError: they are not seen before that moment, or not from then on.
        """
        number = max(self.study.next_number, max((*self.notes.names, *self.resting), default=0) + 1)
        self.edit(Split(person, time_s, number))
        if self.path is not None:
            with contextlib.suppress(MediaError):
                self._portraits[number] = portrait_from(self.path, self.timeline, number)
                self._timelines = None

    def remove(self, person: int) -> None:
        """Somebody does not belong here, or did not agree to be read."""
        self.edit(Remove(person))
        self._portraits.clear()  # one that was taken anew may show them
        self._timelines = None

    def smooth(self, method: str, time_constant_s: float, uncertain_below: float) -> None:
        """Smooth the raw probabilities in another way."""
        self.edit(Smooth(method, time_constant_s, uncertain_below))

    def rest(self, person: int, span: Span | None) -> None:
        """Compare somebody with their face at rest in a stretch; None for no longer.

        Raises:
            TimelineError: they are not seen there.
        """
        self.edit(Rest(person, span))

    def edit(self, edit: Edit) -> None:
        """Make a correction.

        Raises:
            TimelineError: it cannot be made.
        """
        self.studies = {model: study.edited(edit) for model, study in self.studies.items()}
        self._choose_person()

    def undo(self) -> None:
        """Take the last correction back."""
        if self.study.edits:
            self.studies = {model: study.undone() for model, study in self.studies.items()}
            self.undos += 1
            self._choose_person()

    def deviations(self) -> pd.DataFrame:
        """How far those who have a resting face are from it; see `fer_core.timeline.corrections.deviations`."""
        return self.study.deviations()

    def take_over(self, before: "OpenRecording") -> tuple[str, ...]:
        """Make the corrections of a part of this recording again; a sentence for each that cannot be made here."""
        self.namesake, problems = before.namesake, dict[str, None]()
        for model, study in self.studies.items():
            rebased, failed = before.study.rebased(study.read)
            self.studies = {**self.studies, model: rebased}
            problems.update(dict.fromkeys(failed))
        self._choose_person()
        return tuple(problems)

    def attach(self, path: Path) -> None:
        """Show the pictures of the recording, whose numbers alone were opened."""
        self.path, self._plays = path, None
        self._frames.clear()

    def _with_portraits(self, timeline: Timeline) -> Timeline:
        if not self._portraits:
            return timeline
        there = set(people(timeline))
        found = {person: data for person, data in self._portraits.items() if person in there}
        return replace(timeline, portraits={**timeline.portraits, **found})

    def _look(self, moment_s: float) -> None:
        self.jumps += int(moment_s) == int(self.moment_s)
        self.moment_s = moment_s

    def _choose_person(self) -> None:
        if self.person not in self.people:
            self.person = self.people[0] if self.people else None
