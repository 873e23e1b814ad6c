"""One thing that is tried on this machine, and what came of it."""

from collections.abc import Callable
from dataclasses import dataclass

from fer_core.errors import FerError


@dataclass(frozen=True)
class Check:
    """The result of one check.

    Attributes:
        name: of the check.
        passed: True, False, or None where it could not be done here.
        detail: of the result, in a few words.
    """

    name: str
    passed: bool | None
    detail: str

    def __str__(self) -> str:
        """One line."""
        mark = {True: "ok", False: "FAILED", None: "skipped"}[self.passed]
        return f"{mark:8}{self.name}: {self.detail}"


def guarded(name: str, check: Callable[[], tuple[bool | None, str]]) -> Check:
    """Do a check; one that breaks is a check that failed."""
    try:
        passed, detail = check()
    except FerError as error:
        return Check(name, False, str(error))
    except Exception as error:  # whatever breaks here would break for the user
        return Check(name, False, f"{type(error).__name__}: {error}")
    return Check(name, passed, detail)
