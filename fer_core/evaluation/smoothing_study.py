"""Gain and cost of smoothing, measured on sequences with known labels.

A sequence is spliced of labelled stills: an expression is held for some seconds, then another follows at once. Two
kinds stand for the two ends of what a video can be:

- independent: every sample is another face with that label, so errors of neighbours have nothing to do with each other;
  smoothing gains most here.
- held: one face throughout, misread throughout where it is misread, with a little noise; there is next to nothing to
  gain, only delay.

Both flatter any smoother: real expressions come and go slowly, and raters do not agree where one begins.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, TypedDict

import numpy as np
from numpy.typing import NDArray

from fer_core.emotions import EMOTIONS
from fer_core.logits import softmax
from fer_core.timeline.smoothing import METHODS, gap_s

CAVEAT: Final = (
    "Sequences are spliced of stills: labels hold for seconds and change at once, which flatters any smoother. Real "
    "video lies between the two kinds, and is harder."
)
HOLD_S: Final = (1.0, 5.0)
LENGTH_S: Final = 30.0
SEQUENCES: Final = 100
NOISE: Final = 0.2
"""Standard deviation of the noise on the log-probabilities of a face that is held: as much as moving the crop by half a
pixel makes (custom_cnn, 600 faces)."""


@dataclass(frozen=True, eq=False)
class Spliced:
    """A made-up recording of one face: times (N,), probabilities (N, 7), true labels (N,) as indices."""

    times_s: NDArray[np.float64]
    probabilities: NDArray[np.float64]
    labels: NDArray[np.int64]


class Effect(TypedDict):
    """The effect of a smoothing.

    `noticed` is the share of changes after which the right label comes before the next change, `delay_s` the mean time
    until it does; None without changes. `flicker_hz` is the number of false changes of the label a second: all but the
    first to the right label of each stretch.
    """

    accuracy: float
    delay_s: float | None
    noticed: float | None
    flicker_hz: float


class Smoothing(TypedDict):
    """A smoothing and its time constant in seconds."""

    smoothing: str
    time_constant_s: float


class SmoothingEffect(Smoothing, Effect):
    """A smoothing and its effect."""


class StudyFigures(TypedDict):
    """The JSON of `smoothing-study`; times in seconds."""

    caveat: str
    fps: float
    sequences: int
    length_s: float
    hold_s: list[float]
    results: dict[str, list[SmoothingEffect]]


def study(
    probabilities: NDArray[np.floating],
    labels: NDArray[np.int64],
    fps: float,
    time_constants_s: Sequence[float],
    sequences: int = SEQUENCES,
) -> StudyFigures:
    """Measure every smoothing with every time constant.

    Args:
        probabilities: (N, 7) readings of stills, calibrated.
        labels: int (N,), their truth, as indices into `EMOTIONS`.
        fps: samples a second.
        time_constants_s: in seconds.
        sequences: how many of each kind.

    Returns:
        Ready for JSON; `results` by kind of sequence.
    """
    rng = np.random.default_rng(0)
    made = {
        kind: [spliced(probabilities, labels, fps, kind, rng) for _ in range(sequences)]
        for kind in ("independent", "held")
    }
    chosen = [("none", 0.0), *((name, c) for name in METHODS if name != "none" for c in time_constants_s)]
    return {
        "caveat": CAVEAT,
        "fps": fps,
        "sequences": sequences,
        "length_s": LENGTH_S,
        "hold_s": list(HOLD_S),
        "results": {
            kind: [{"smoothing": name, "time_constant_s": c, **_measured(name, c, parts)} for name, c in chosen]
            for kind, parts in made.items()
        },
    }


def spliced(
    probabilities: NDArray[np.floating],
    labels: NDArray[np.int64],
    fps: float,
    kind: str,
    rng: np.random.Generator,
) -> Spliced:
    """One sequence of the "independent" or the "held" kind."""
    truth: list[int] = []
    rows: list[NDArray[np.int64]] = []
    while len(truth) < LENGTH_S * fps:
        others = [e for e in range(len(EMOTIONS)) if (not truth or e != truth[-1]) and (labels == e).any()]
        emotion = int(rng.choice(others))
        samples = max(1, round(rng.uniform(*HOLD_S) * fps))
        faces = np.flatnonzero(labels == emotion)
        rows.append(rng.choice(faces, samples) if kind == "independent" else np.repeat(rng.choice(faces), samples))
        truth.extend([emotion] * samples)
    count = round(LENGTH_S * fps)
    read = probabilities[np.concatenate(rows)[:count]].astype(np.float64)
    if kind == "held":
        read = softmax(np.log(np.maximum(read, 1e-9)) + rng.normal(0, NOISE, read.shape), axis=1)
    return Spliced(np.arange(count) / fps, read, np.array(truth[:count]))


def _measured(name: str, time_constant_s: float, parts: Sequence[Spliced]) -> Effect:
    right = samples = changes = noticed = extra = 0
    delays_s: list[float] = []
    for part in parts:
        gap = gap_s(float(np.median(np.diff(part.times_s))))
        read = METHODS[name](part.times_s, part.probabilities, time_constant_s, gap).argmax(axis=1)
        right += int((read == part.labels).sum())
        samples += len(read)
        starts = np.flatnonzero(np.diff(part.labels)) + 1
        extra += int((np.diff(read) != 0).sum())
        for start, end in zip(starts, [*starts[1:], len(read)], strict=True):
            hits = np.flatnonzero(read[start:end] == part.labels[start])
            changes += 1
            noticed += len(hits) > 0
            if len(hits):
                arrived = start + hits[0]
                delays_s.append(float(part.times_s[arrived] - part.times_s[start]))
                extra -= int(read[arrived] != read[arrived - 1])
    return {
        "accuracy": round(right / samples, 4),
        "delay_s": round(float(np.mean(delays_s)), 3) if delays_s else None,
        "noticed": round(noticed / changes, 4) if changes else None,
        "flicker_hz": round(extra / (len(parts) * LENGTH_S), 4),
    }
