"""What the numbers of an analysis depend on and nobody chooses: files that were used, libraries that computed."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from typing import Final

from fer_core.version import __version__

COMPUTING: Final = ("numpy", "scipy", "pandas", "opencv-python-headless", "opencv-python", "av")
"""Distributions that compute in every analysis; of the two builds of OpenCV one is installed."""


@dataclass(frozen=True)
class Provenance:
    """Files and versions behind a timeline. Detectors and classifiers say their own; see `of`.

    Attributes:
        files: SHA-256 by file name, such as the network's and the cascades'.
        versions: of this package and of the libraries that compute, by distribution.
    """

    files: Mapping[str, str] = field(default_factory=dict, hash=False)
    versions: Mapping[str, str] = field(default_factory=dict, hash=False)

    @classmethod
    def of(cls, files: Mapping[str, str], libraries: Iterable[str] = ()) -> "Provenance":
        """The provenance of what runs now.

        Args:
            files: SHA-256 by file name, as detector and classifier say them.
            libraries: further distributions that compute; those that are not installed are left out.
        """
        return cls(dict(sorted(files.items())), {"fer_core": __version__, **_installed((*COMPUTING, *libraries))})

    def differences(self, other: "Provenance") -> list[str]:
        """Names of files and libraries that are not the same in the two, sorted."""
        return sorted(
            name
            for mine, theirs in ((self.files, other.files), (self.versions, other.versions))
            for name in set(mine) | set(theirs)
            if mine.get(name) != theirs.get(name)
        )


def _installed(names: Iterable[str]) -> dict[str, str]:
    found = ((name, _version(name)) for name in dict.fromkeys(names))
    return {name: installed for name, installed in found if installed is not None}


@cache
def _version(name: str) -> str | None:
    """Of a distribution; None where it is not installed."""
    try:
        return version(name)
    except PackageNotFoundError:
        return None
