"""From the clock of an event file to the clock of the recording: an offset, and a drift where their speeds differ."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from fer_core.errors import TimelineError
from fer_core.timeline.events.event import Event

MAX_DRIFT: Final = 0.05
"""Largest drift. Clocks of machines differ by far less; a larger drift means that the moments do not match."""


@dataclass(frozen=True)
class Clock:
    """A linear map from the file's time to the recording's: recording = offset_s + (1 + drift) x file.

    Attributes:
        offset_s: seconds on the recording at which the file's clock shows 0.
        drift: seconds that the file's clock loses each second against the recording's.
        pairs: number of matching moments that it was fitted to; 0 where it was given.
        residual_s: largest distance of a pair from the line, in seconds; 0 for one or two pairs.
    """

    offset_s: float = 0.0
    drift: float = 0.0
    pairs: int = 0
    residual_s: float = 0.0

    def on_recording(self, time_s: float) -> float:
        """Seconds on the recording of a time in the file."""
        return self.offset_s + (1 + self.drift) * time_s

    def corrected(self, events: Iterable[Event]) -> tuple[Event, ...]:
        """The events at their times on the recording."""
        return tuple(
            replace(
                event,
                start_s=self.on_recording(event.start_s),
                end_s=None if event.end_s is None else self.on_recording(event.end_s),
            )
            for event in events
        )

    def sentence(self) -> str:
        """The correction for people."""
        words = f"Times of the events were moved by {self.offset_s:+.3f} s"
        if self.drift:
            words += f" and stretched by {1e6 * self.drift:+.0f} millionths"
        if not self.pairs:
            return words + "."
        moments = "one matching moment" if self.pairs == 1 else f"{self.pairs} matching moments"
        distance = f"; the farthest of them is {self.residual_s:.3f} s off" if self.pairs > 2 else ""
        return f"{words}, fitted to {moments}{distance}."


def fitted(pairs: Sequence[tuple[float, float]]) -> Clock:
    """The least-squares fit of a clock to matching moments; one pair gives only the offset.

    Args:
        pairs: seconds in the file and seconds on the recording of the same moment, such as a flash.

    Raises:
        TimelineError: no pair, all at one moment, not finite, or clocks that would differ by more than `MAX_DRIFT`.
    """
    points = np.array(pairs, float).reshape(-1, 2)
    if not len(points) or not np.isfinite(points).all():
        raise TimelineError(
            "The clock needs at least one matching moment, in seconds in the file and on the recording."
        )
    file_s, recording_s = points.T
    if len(points) == 1:
        return Clock(float(recording_s[0] - file_s[0]), 0.0, 1, 0.0)
    spread = file_s - file_s.mean()
    if not (spread**2).sum():
        raise TimelineError("All matching moments are at one time in the file; choose moments far apart.")
    rate = float((spread * (recording_s - recording_s.mean())).sum() / (spread**2).sum())
    if abs(rate - 1) > MAX_DRIFT:
        raise TimelineError(
            f"By these moments one clock runs {abs(rate - 1):.0%} faster than the other, so they do not match; check "
            "which moment belongs to which."
        )
    offset_s = float(recording_s.mean() - rate * file_s.mean())
    off = np.abs(offset_s + rate * file_s - recording_s)
    return Clock(offset_s, rate - 1, len(points), float(off.max()) if len(points) > 2 else 0.0)
