"""Recordings in stores, by addresses such as `s3://bucket/day1/*.mp4`: listed, and fetched one by one to be read.

What fsspec knows can be named. While a recording is read, it lies in a folder of its own that is this user's alone. The
next process finds that folder by its name, so that one that was killed leaves nothing behind for long.
"""

import glob
import hashlib
import os
import re
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, Final
from urllib.parse import urlsplit
from urllib.request import url2pathname

from fer_core.errors import DependencyError, MediaError, RequestError, with_extra
from fer_core.media.files import harmless, stored_name
from fer_core.media.video import VIDEO_TYPES

ENDINGS: Final = frozenset(f".{ending}" for ending in VIDEO_TYPES)

_ADDRESS: Final = re.compile(r"([a-z][a-z0-9+.-]*)://")
_HERE: Final = "file"
_EXTRAS: Final = {"s3": "s3", "s3a": "s3", "gs": "gs", "gcs": "gs"}
"""Extra of this package that a kind of store needs."""

_VERSIONS: Final = ("ETag", "etag", "md5Hash", "generation", "LastModified", "last_modified", "mtime", "created")
"""What stores say of the content of a file; the first that is there is taken."""


@dataclass(frozen=True)
class Address:
    """A recording in a store.

    Attributes:
        url: where it is.
        size: in bytes; 0 where the store does not say.
        version: what the store says of its content, which another content changes; empty where it says nothing.
    """

    url: str
    size: int = 0
    version: str = ""

    @property
    def name(self) -> str:
        """File name."""
        return PurePosixPath(self.url).name

    def __str__(self) -> str:
        return self.url


Source = Path | Address
"""A recording: a file of this machine, or one in a store."""


def scheme_of(source: str | Path) -> str | None:
    """The kind of store that an address names, such as "s3"; None where it is a path."""
    found = _ADDRESS.match(source) if isinstance(source, str) else None
    return None if found is None else found[1]


def as_path(source: str) -> Path:
    """The path that a `file://` address names."""
    return Path(url2pathname(urlsplit(source, allow_fragments=False).path))


def is_here(source: str | Path) -> bool:
    """Whether a source is a file or folder of this machine, named by path or by `file://`."""
    return scheme_of(source) in (None, _HERE)


def listed(url: str) -> list[Address]:
    """The recordings that an address names: a file, all in a folder, or those that match a pattern; sorted.

    Raises:
        MediaError: there is no such file or folder, or the store cannot be asked.
        DependencyError: what this kind of store needs is not installed.
        RequestError: the address holds a password, which would come to stand in the dataset.
    """
    if urlsplit(url).password:
        raise RequestError("An address must not hold a password, which would stand in the dataset; set it elsewhere.")
    store, path = _opened(url)
    try:
        found = _found(store, path)
    except FileNotFoundError as error:
        raise MediaError(f"{harmless(url)} does not exist; check the address.") from error
    except Exception as error:  # every store has errors of its own
        raise MediaError(
            f"{harmless(url)} cannot be listed ({_reason(error)}); check the address and whether you may read there."
        ) from error
    return sorted(
        (Address(store.unstrip_protocol(name), int(about.get("size") or 0), _version(about)) for name, about in found),
        key=lambda address: address.url,
    )


@contextmanager
def fetched(address: Address, dataset: Path) -> Iterator[Path]:
    """A copy of a recording on this machine, which nobody else can read, and which is gone in the end.

    Args:
        address: of the recording.
        dataset: folder of the dataset for which it is read.

    Raises:
        MediaError: it cannot be fetched, or is empty.
        DependencyError: what this kind of store needs is not installed.
    """
    folder = _scratch(address.url, dataset)
    path = folder / stored_name(address.name)
    try:
        store, there = _opened(address.url)
        try:
            _private(folder)
            store.get_file(there, str(path))
        except Exception as error:
            raise MediaError(
                f"{harmless(address.url)} cannot be fetched ({_reason(error)}); try again later."
            ) from error
        if not path.stat().st_size:
            raise MediaError(f"{harmless(address.url)} is empty; copy it again from where it came.")
        yield path
    finally:
        forget(address.url, dataset)


def forget(url: str, dataset: Path) -> None:
    """Remove the copy that a process which was killed has left here."""
    folder = _scratch(url, dataset)
    if folder.is_dir() and not folder.is_symlink():
        shutil.rmtree(folder, ignore_errors=True)


def _opened(url: str) -> tuple[Any, str]:
    """The store of an address, and the path in it."""
    try:
        from fsspec.core import url_to_fs

        store, path = url_to_fs(url)
    except ImportError as error:
        extra = _EXTRAS.get(scheme_of(url) or "")
        needed = with_extra(extra) if extra else f"install what fsspec needs for it ({error})"
        raise DependencyError(f"{harmless(url)} needs another package; {needed}.") from error
    except Exception as error:  # an unknown kind of store, or access that is not set up
        raise MediaError(f"{harmless(url)} cannot be reached ({_reason(error)}); check the address.") from error
    return store, str(path)


def _found(store: Any, path: str) -> list[tuple[str, Mapping[str, Any]]]:
    if glob.has_magic(path):
        hidden = "/." not in path
        matches = {
            name: about for name, about in store.glob(path, detail=True).items() if not hidden or "/." not in name
        }
        files = {name: about for name, about in matches.items() if about["type"] == "file"}
        folders = [name for name, about in matches.items() if about["type"] == "directory"]
        inside = (part for folder in folders for part in _in_folder(store, folder).items())
        return list({name: about for name, about in (*files.items(), *inside) if _is_recording(name)}.items())
    about = store.info(path)
    if about["type"] == "file":
        return [(path, about)]
    return [(name, about) for name, about in _in_folder(store, path).items() if _is_recording(name)]


def _in_folder(store: Any, folder: str) -> dict[str, Mapping[str, Any]]:
    """All files in a folder and its folders, but for hidden ones."""
    files: dict[str, Mapping[str, Any]] = store.find(folder, detail=True)
    prefix = len(folder.rstrip("/"))
    return {name: about for name, about in files.items() if "/." not in name[prefix:]}


def _is_recording(name: str) -> bool:
    path = PurePosixPath(name)
    return path.suffix.lower() in ENDINGS and not path.name.startswith(".")


def _version(about: Mapping[str, Any]) -> str:
    said = next((f"{name} {about[name]}" for name in _VERSIONS if about.get(name)), "")
    return said and f"{about.get('size', '')} {said}"


def _reason(error: Exception) -> str:
    words = str(error).strip().split("\n")[0]
    return harmless(f"{type(error).__name__}: {words}" if words else type(error).__name__)


def _scratch(url: str, dataset: Path) -> Path:
    key = hashlib.sha256(f"{os.path.abspath(dataset)}\0{url}".encode()).hexdigest()[:24]  # noqa: PTH100  links stay
    return Path(tempfile.gettempdir()) / f"face-value-{key}"


def _private(folder: Path) -> None:
    """Make a folder of this user's alone, anew where a killed process has left one.

    Raises:
        OSError: it belongs to another user, or cannot be made.
    """
    if folder.exists():
        shutil.rmtree(folder)
    folder.mkdir(mode=0o700)
