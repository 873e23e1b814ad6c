"""The readings of a recording as the player's script takes them: one compact JSON document. Pure."""

import json
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import pandas as pd

from fer_core.charts.looks import LOOKS
from fer_core.emotions import EMOTIONS, STYLES
from fer_core.readings import runner_up
from fer_core.timeline.columns import GOOD
from fer_core.timeline.notes import Notes, Rating
from fer_core.timeline.rows import people, rows_of_person
from fer_core.timeline.sampling import between
from fer_core.timeline.statistics.series import spans_of
from fer_core.timeline.statistics.summaries import UNCERTAIN, stretches
from fer_core.timeline.table import Timeline
from fer_core.timeline.weights import bridged_s, interval_s, time_range, weighted

UNIT: Final = 10_000
"""What 1 is in the whole numbers for boxes and probabilities."""

LETTERS: Final = {
    "angry": "A", "disgust": "D", "fear": "F", "happy": "H", "sad": "Sa", "surprise": "Su", "neutral": "N",
    UNCERTAIN: "?",
}  # fmt: skip
"""Written into a lane where the name has no room, so that colour is never the only sign."""

_DIGITS: Final = 6
"""Decimals of seconds: a microsecond, which is finer than any frame."""


@dataclass(frozen=True)
class Sign:
    """Name, symbol, colour, pattern and letter of a category."""

    name: str
    symbol: str
    colour: str
    pattern: str
    letter: str


@dataclass(frozen=True)
class PersonTrack:
    """One person's samples; all lists but `runs` and `poor` have an entry, or a fixed number of them, a sample.

    Attributes:
        number: of the person, from 1.
        name: as the page shows it.
        samples: places in `Track.times`.
        boxes: x, y, width and height as shares of the picture's sides, in 1 / `UNIT`.
        probabilities: seven, smoothed, in 1 / `UNIT`.
        labels: index into `EMOTIONS`.
        uncertain: 1 where the label is not to be relied on, else 0.
        close: index into `EMOTIONS` of the second expression where it comes close to the first, else -1.
        quality: index into `Track.qualities`.
        runs: (start in seconds, end, label, 1 where uncertain) of each run of samples that agree.
        poor: (start in seconds, end) of each stretch with a quality problem.
    """

    number: int
    name: str
    samples: list[int]
    boxes: list[int]
    probabilities: list[int]
    labels: list[int]
    uncertain: list[int]
    close: list[int]
    quality: list[int]
    runs: list[tuple[float, float, int, int]]
    poor: list[tuple[float, float]]


@dataclass(frozen=True)
class Track:
    """All that the player draws.

    Attributes:
        unit: see `UNIT`.
        start: first second of the time axis.
        end: last second of the time axis.
        width: of the picture in pixels.
        height: of the picture in pixels.
        rate: frames a second.
        interval: usual time between two samples, in seconds.
        bridged: boxes of samples that are at most so many seconds apart are joined.
        threshold: under which a reading is uncertain.
        times: of the sampled frames, in seconds.
        frames: their numbers in the recording.
        cuts: when new shots begin, in seconds.
        signs: of the emotions in the order of `EMOTIONS`, then of `UNCERTAIN`.
        qualities: the words of the table's column; empty where nothing is wrong.
        people: by number.
        markers: (seconds, text).
        excluded: (start in seconds, end, reason).
        blind: whether labels and runs are those of a rater, and the readings are left out.
    """

    unit: int
    start: float
    end: float
    width: int
    height: int
    rate: float
    interval: float
    bridged: float
    threshold: float
    times: list[float]
    frames: list[int]
    cuts: list[float]
    signs: list[Sign]
    qualities: list[str]
    people: list[PersonTrack]
    markers: list[tuple[float, str]]
    excluded: list[tuple[float, float, str]]
    blind: bool = False

    def to_json(self) -> bytes:
        """UTF-8 without spaces."""
        return json.dumps(self, default=vars, ensure_ascii=False, separators=(",", ":")).encode()


def track_of(timeline: Timeline, notes: Notes) -> Track:
    """What the player draws of a timeline.

    Args:
        timeline: with all corrections made.
        notes: names, markers and excluded stretches.
    """
    about, rows = timeline.recording, weighted(timeline)
    sampled = rows.drop_duplicates("time_s").sort_values("time_s")
    words = sorted(set(rows["quality"].dropna()) - {GOOD, ""})
    start_s, end_s = time_range(timeline)
    return Track(
        unit=UNIT,
        start=_seconds(start_s),
        end=_seconds(end_s),
        width=about.width,
        height=about.height,
        rate=about.frame_rate,
        interval=_seconds(interval_s(timeline)),
        bridged=_seconds(bridged_s(timeline)),
        threshold=timeline.request.threshold,
        times=[_seconds(time_s) for time_s in sampled["time_s"]],
        frames=[int(frame) for frame in sampled["frame"]],
        cuts=[_seconds(cut_s) for cut_s in timeline.cuts],
        signs=[*(_sign(name) for name in EMOTIONS), _sign(UNCERTAIN)],
        qualities=["", *words],
        people=[_person(timeline, notes, rows, number, ["", *words]) for number in people(timeline)],
        markers=[(_seconds(marker.time_s), marker.text) for marker in notes.markers],
        excluded=[(_seconds(span.start_s), _seconds(span.end_s), span.reason) for span in notes.excluded],
    )


def blind_track_of(timeline: Timeline, notes: Notes, rater: str) -> Track:
    """What the player draws for a rater from whom the readings are hidden: their own labels in the place of these.

    Args:
        timeline: with all corrections made.
        notes: with the ratings.
        rater: whose labels are shown; a sample without one has the label -1.
    """
    track = track_of(timeline, notes)
    mine = [rating for rating in notes.ratings if rating.rater == rater]
    people = [
        _blinded(person, track.times, [rating for rating in mine if rating.person == person.number])
        for person in track.people
    ]
    return replace(track, people=people, blind=True)


def _blinded(person: PersonTrack, times: list[float], ratings: list[Rating]) -> PersonTrack:
    labels = np.full(len(person.samples), -1)
    at_s = np.array([times[place] for place in person.samples])
    for rating in ratings:
        labels[between(at_s, rating.start_s, rating.end_s)] = EMOTIONS.index(rating.label)
    return replace(
        person,
        probabilities=[0] * len(person.probabilities),
        labels=labels.tolist(),
        uncertain=[0] * len(labels),
        close=[-1] * len(labels),
        runs=[
            (_seconds(rating.start_s), _seconds(rating.end_s), EMOTIONS.index(rating.label), 0) for rating in ratings
        ],
    )


def _person(timeline: Timeline, notes: Notes, rows: pd.DataFrame, number: int, qualities: list[str]) -> PersonTrack:
    own = rows_of_person(rows, number)
    times = np.unique(rows["time_s"].to_numpy(float))
    sides = np.array([timeline.recording.width, timeline.recording.height] * 2, float).clip(1)
    problems = own["quality"].fillna("").replace(GOOD, "")
    runs = stretches(rows, number)
    return PersonTrack(
        number=number,
        name=notes.name(number),
        samples=np.searchsorted(times, own["time_s"].to_numpy(float)).tolist(),
        boxes=_whole(own[["x", "y", "width", "height"]].to_numpy(float) / sides),
        probabilities=_whole(own[list(EMOTIONS)].to_numpy(float)),
        labels=[EMOTIONS.index(label) for label in own["label"]],
        uncertain=own["uncertain"].to_numpy(int).tolist(),
        close=runner_up(own[list(EMOTIONS)].to_numpy(float)).tolist(),
        quality=[qualities.index(words) for words in problems],
        runs=[
            (_seconds(run.start_s), _seconds(run.end_s), EMOTIONS.index(run.label), int(run.uncertain)) for run in runs
        ],
        poor=[
            (_seconds(start_s), _seconds(end_s))
            for start_s, end_s in spans_of(own[problems.ne("")], interval_s(timeline))
        ],
    )


def _sign(category: str) -> Sign:
    look = LOOKS[category]
    symbol = STYLES[category].symbol if category in STYLES else "❔"
    return Sign(category, symbol, look.colour, look.pattern, LETTERS[category])


def _whole(shares: np.ndarray) -> list[int]:
    return [int(value) for value in np.round(shares * UNIT).ravel()]


def _seconds(value: float) -> float:
    return round(float(value), _DIGITS)
