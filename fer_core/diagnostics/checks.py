"""One thing that is tried on this machine, and what came of it."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

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


def place_of(folder: Path, variable: str) -> tuple[Path, str | None]:
    """Where a folder is, or would be made, and what keeps this user from writing there. It is not made for that.

    Args:
        folder: that is used.
        variable: of the environment, which names another one.

    Returns:
        The folder, or the nearest above it that is there; and what to do, None where it can be written to.
    """
    there = next(parent for parent in (folder, *folder.parents) if os.path.lexists(parent) or parent.parent == parent)
    if there.is_dir() and os.access(there, os.W_OK | os.X_OK):
        return there, None
    return there, (f"{there} cannot be written to; give this user the right to, or name another folder in {variable}")
