"""Time stamps of recordings, which may be missing, run backwards or start anywhere: what can be made of them."""

from collections import deque
from fractions import Fraction
from typing import Final

LOOKAHEAD: Final = 32
"""Packets that are read before one is decoded: H.264 and H.265 reorder by at most 16."""

LATE_S: Final = 1.0
"""A frame that is so little behind the one before comes too late; one that is further behind begins anew."""

JUMP_S: Final = 3600.0
"""A gap of so long is none, unless shorter than `JUMP_FRAMES` frames or within the length that the file states."""

JUMP_FRAMES: Final = 20
"""Recordings of plants and building sites have a frame an hour or a day."""


class Clock:
    """Makes increasing seconds of time stamps, whatever they are: missing, running backwards, starting anywhere.

    Args:
        time_base: seconds of one unit of the time stamps.
        start_s: time stamp of the start, in seconds; None where the first frame decides.
        interval_s: between two frames where time stamps are missing.
        stated_s: length of the recording by its header; gaps within it are believed, however long.
    """

    def __init__(
        self, time_base: Fraction, start_s: float | None, interval_s: float, stated_s: float | None = None
    ) -> None:
        self.interval_s, self.repaired, self._stated_s = interval_s, 0, stated_s or 0.0
        self._time_base, self.start_s = time_base, start_s
        self._last_s: float | None = None
        self._late = 0

    def seconds(self, stamp: int | None) -> float | None:
        """When the frame is shown, from the start of the recording; None for one that comes too late to be shown."""
        if self.start_s is None:
            self.start_s = float(stamp * self._time_base) if stamp is not None else 0.0
        now_s = None if stamp is None else float(stamp * self._time_base) - self.start_s
        last_s = self._last_s
        if last_s is None:
            if now_s is not None and now_s < 0:  # it begins before the file says that it does
                self.start_s += now_s
                now_s = 0.0
            self._last_s = now_s or 0.0
            return self._last_s
        if now_s is None:
            now_s = last_s + self.interval_s
            self.repaired += 1
        elif now_s <= last_s and last_s - now_s < LATE_S and self._late < 3:
            self._late += 1
            self.repaired += 1
            return None
        elif now_s <= last_s or self._jumps(last_s, now_s):
            self.start_s += now_s - (last_s + self.interval_s)
            now_s = last_s + self.interval_s
            self.repaired += 1
        else:
            self._late = 0
        self._last_s = now_s
        return now_s

    def _jumps(self, last_s: float, now_s: float) -> bool:
        return now_s - last_s > max(JUMP_S, JUMP_FRAMES * self.interval_s) and now_s > self._stated_s


class Stamps:
    """Chooses between the two time stamps of a frame: presentation, unless that runs backwards more often."""

    def __init__(self) -> None:
        self._last: list[int | None] = [None, None]
        self._faults = [0, 0]

    def of(self, shown: int | None, decoded: int | None) -> int | None:
        """The one to go by."""
        for kind, stamp in enumerate((shown, decoded)):
            last = self._last[kind]
            self._faults[kind] += stamp is not None and last is not None and stamp <= last
            self._last[kind] = last if stamp is None else stamp
        return decoded if shown is None or (decoded is not None and self._faults[0] > self._faults[1]) else shown


class Order:
    """Which place each packet's frame has among the frames that are shown, known before it is decoded."""

    def __init__(self) -> None:
        self._ahead: list[int] = []
        self._past: deque[int] = deque(maxlen=4 * LOOKAHEAD)
        self._count = 0  # of those that are no longer ahead

    def add(self, stamp: int) -> None:
        """A packet was read."""
        self._ahead.append(stamp)
        if len(self._ahead) > LOOKAHEAD:
            first = min(self._ahead)
            self._ahead.remove(first)
            self._past.append(first)
            self._count += 1

    def previous(self, stamp: int) -> int | None:
        """The time stamp that is shown before `stamp`; None for the first."""
        return max((other for other in (*self._ahead, *self._past) if other < stamp), default=None)

    def following(self, stamp: int) -> int | None:
        """The time stamp that is shown after `stamp`; None where it is the last one that is known."""
        return min((other for other in (*self._ahead, *self._past) if other > stamp), default=None)

    def number(self, stamp: int) -> int | None:
        """The number of the frame with this time stamp, from 0; None where no packet had it."""
        if stamp in self._past:
            return self._count - len(self._past) + self._past.index(stamp)
        return self._count + sum(other < stamp for other in self._ahead) if stamp in self._ahead else None
