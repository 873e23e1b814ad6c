"""What fails in a live stream at present: told on the page until it succeeds again, and logged once."""

import logging
import threading
from collections.abc import Callable
from typing import Final

LOGGER = logging.getLogger(__name__)

READING: Final = "A frame could not be read"
DRAWING: Final = "The picture could not be drawn"
RECORDING: Final = "A frame could not be recorded"
SENDING: Final = "A reading could not be sent"
_MEANWHILE: Final = {
    READING: "The video goes on; the reading will when it can.",
    DRAWING: "The video goes on without boxes, and black while faces are hidden.",
    RECORDING: "The recording lacks it; reading goes on.",
    SENDING: "Listeners miss it; reading goes on.",
}


class Problems:
    """The problems of one stream, by what fails; each goes when its own part succeeds again. For several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._present: dict[str, str] = {}
        self._reported: set[str] = set()

    @property
    def words(self) -> str | None:
        """What fails, and what goes on meanwhile; None where all is well."""
        with self._lock:
            return " ".join(self._present.values()) or None

    def report(self, what: str, error: Exception) -> None:
        """Something failed."""
        words = f"{what} ({type(error).__name__}: {error}). {_MEANWHILE[what]}"
        with self._lock:
            self._present[what] = words
            new = words not in self._reported
            self._reported.add(words)
        if new:
            LOGGER.error("%s", words, exc_info=error)

    def over(self, what: str) -> None:
        """It succeeds again, or is not tried any more."""
        with self._lock:
            self._present.pop(what, None)

    def attempt(self, what: str, do: Callable[[], None]) -> bool:
        """Whether something was done; where not, it is a problem until the next time that it is."""
        try:
            do()
        except Exception as error:
            self.report(what, error)
            return False
        self.over(what)
        return True
