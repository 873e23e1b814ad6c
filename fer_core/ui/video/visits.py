"""Visits that outlive a reload of the page, by a name that cannot be guessed. No Streamlit in here."""

import secrets
import threading
import time
import weakref
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Generic, TypeVar

Kept = TypeVar("Kept")

KEPT_S: Final = 15 * 60.0
"""Seconds after which a visit is dropped, unless its page is still open."""


@dataclass
class _Visit(Generic[Kept]):
    """A thing; `thing` becomes None when it is not asked for any more, then only `known` refers to it."""

    thing: Kept | None
    known: "weakref.ReferenceType[Kept]"
    owner: str
    seen_s: float


class Visits(Generic[Kept]):
    """Things by name and owner. Safe to use from several threads.

    Args:
        kept_s: seconds after which a thing is dropped that nobody asked for.
        clock: gives seconds; only differences count.
    """

    def __init__(self, kept_s: float = KEPT_S, clock: Callable[[], float] = time.monotonic) -> None:
        self._kept_s, self._clock = kept_s, clock
        self._lock = threading.Lock()
        self._known: dict[str, _Visit[Kept]] = {}
        self._sweeping = False

    def __len__(self) -> int:
        """Number of things that are kept."""
        return len(self._known)

    def keep(self, thing: Kept, owner: str = "") -> str:
        """Keep a thing for another `kept_s`.

        Args:
            thing: to keep.
            owner: the only one who finds it again, such as a browser by its cookie.

        Returns:
            Its name for `find`.
        """
        with self._lock:
            name = next((name for name, visit in self._known.items() if visit.known() is thing), None)
            name = name or secrets.token_urlsafe(24)
            self._known[name] = _Visit(thing, weakref.ref(thing), owner, self._clock())
            if not self._sweeping:
                self._sweeping = True
                self._sweep_later()
            return name

    def find(self, name: str | None, owner: str = "") -> Kept | None:
        """The owner's thing of that name; None where there is none."""
        with self._lock:
            self._sweep()
            visit = self._known.get(name or "")
            return visit.known() if visit is not None and visit.owner == owner else None

    def drop(self, thing: Kept) -> None:
        """Forget a thing at once."""
        with self._lock:
            self._known = {name: visit for name, visit in self._known.items() if visit.known() is not thing}

    def _sweep(self) -> None:
        now_s = self._clock()
        for visit in self._known.values():
            if now_s - visit.seen_s > self._kept_s:
                visit.thing = None
        self._known = {name: visit for name, visit in self._known.items() if visit.known() is not None}

    def _sweep_later(self) -> None:
        timer = threading.Timer(self._kept_s / 3, self._sweep_now)
        timer.daemon = True
        timer.start()

    def _sweep_now(self) -> None:
        with self._lock:
            self._sweep()
            self._sweeping = bool(self._known)
            if self._sweeping:
                self._sweep_later()
