"""Files that people name: opened, or refused in a sentence that names them."""

import hashlib
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from io import BufferedReader
from pathlib import Path, PurePath

from fer_core.errors import MediaError


@contextmanager
def opened(path: Path, what: str) -> Iterator[BufferedReader]:
    """Open a regular file to read its bytes.

    Args:
        path: messages name it as it is given here.
        what: it should hold, such as "picture".

    Raises:
        MediaError: there is no such file, it may not be read, or it is none.
    """
    label = harmless(str(path))
    try:
        mode = Path(path).stat().st_mode
        if stat.S_ISDIR(mode):
            raise MediaError(f"{label} is a folder; name the {what} in it.")
        if not stat.S_ISREG(mode):  # reading a pipe or a device might never end
            raise MediaError(f"{label} is not a regular file; copy the {what} into one.")
        with Path(path).open("rb") as file:
            yield file
    except FileNotFoundError as error:
        raise MediaError(f"{label} does not exist; check the path.") from error
    except PermissionError as error:
        raise MediaError(f"{label} may not be read; ask for permission or copy it elsewhere.") from error
    except (OSError, ValueError) as error:  # ValueError: a NUL character in the path
        raise MediaError(f"{label} cannot be read from where it is; check the path or copy it elsewhere.") from error


def sha256_of(path: Path, what: str = "recording") -> str:
    """Hexadecimal SHA-256 of a file that somebody named, whose share may fail at any time.

    Args:
        path: messages name it as it is given here.
        what: it should hold.

    Raises:
        MediaError: as `opened`, also where it cannot be read to its end.
    """
    with opened(path, what) as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def is_there(path: Path) -> bool:
    """Whether there is a file or folder; not where one may not look, the name is too long, or a share has failed.

    `Path.exists` raises then; whoever opens the path gets to know why.
    """
    return os.path.exists(path)  # noqa: PTH110


def is_folder(path: Path) -> bool:
    """Whether there is a folder; not where one may not look, as of `is_there`."""
    return os.path.isdir(path)  # noqa: PTH112


def stored_name(name: str, otherwise: str = "recording") -> str:
    """The last component of a name that somebody gave, fit for a file of ours; `otherwise` where nothing is left.

    Args:
        name: may be a path, of Windows too, and hold anything.
        otherwise: a name that is fit already.
    """
    last = PurePath(name.replace("\\", "/").replace("\0", "")).name.strip(". ")
    return last.encode(errors="ignore")[-120:].decode(errors="ignore") or otherwise


def harmless(name: str) -> str:
    """On one line, not endless, and printable: no control characters, changes of text direction or lone surrogates."""
    name = "".join(character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in name)
    return name if len(name) <= 120 else f"{name[:60]}…{name[-59:]}"
