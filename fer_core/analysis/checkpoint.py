"""What an analysis has come to so far, on disk, so that a killed one can go on.

A file of JSON lines to which is only ever added: a kill in the middle of a line costs that line.
"""

import base64
import contextlib
import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

from fer_core.errors import MediaError
from fer_core.timeline.table import AnalysisSettings

FORMAT: Final = 1
_SMOOTHED_LATER: Final = ("smoothing", "time_constant_s", "uncertain_below")


class Checkpoint:
    """One file. What it holds counts only for the same recording read in the same way.

    Args:
        path: of the file; it need not be there yet.
        sha256: of the recording.
        settings: of the analysis; those that are applied afterwards may differ.

    Raises:
        MediaError: the file cannot be read or written.
    """

    def __init__(self, path: Path, sha256: str, settings: AnalysisSettings) -> None:
        self._path = path
        about = {name: value for name, value in asdict(settings).items() if name not in _SMOOTHED_LATER}
        self._header = {"format": FORMAT, "sha256": sha256, "settings": about}

    def take_up(self) -> Iterator[dict[str, Any]]:
        """What was saved, part by part; after the last, more can be added.

        Nothing where there is no file, or one of another analysis: then it is begun anew.
        """
        whole = 0
        try:
            with self._path.open("rb") as file:
                for number, line in enumerate(file):
                    part = json.loads(line)
                    if number == 0 and part != json.loads(json.dumps(self._header)):
                        break
                    whole += len(line)
                    if number:
                        yield part
        except FileNotFoundError:
            pass
        except ValueError:  # torn in the middle of a line
            pass
        except OSError as error:
            raise MediaError(f"{self._path} cannot be read ({error.strerror}); remove it to start anew.") from error
        self._cut_off(whole)

    @staticmethod
    def glance(path: Path) -> tuple[Mapping[str, Any], float] | None:
        """The settings of the analysis that a file is of, and up to which second that came; None where it is none."""
        try:
            with path.open("rb") as file:
                header, until_s = json.loads(next(file)), 0.0
                with contextlib.suppress(ValueError):  # torn in the middle of a line
                    for line in file:
                        until_s = json.loads(line)["state"]["after_s"] or 0.0
            return (header["settings"], until_s) if header["format"] == FORMAT else None
        except (OSError, ValueError, KeyError, TypeError, StopIteration):
            return None

    def _cut_off(self, whole: int) -> None:
        """Leave the first `whole` bytes of the file, or only a header."""
        try:
            if whole:
                os.truncate(self._path, whole)
            else:
                self._path.parent.mkdir(parents=True, exist_ok=True)
                self._path.write_text(f"{json.dumps(self._header)}\n", encoding="utf-8")
        except OSError as error:
            raise self._unwritable(error) from error

    def add(self, part: Mapping[str, Any]) -> None:
        """Save one more part."""
        try:
            with self._path.open("a", encoding="utf-8") as file:
                file.write(f"{json.dumps(part)}\n")
        except OSError as error:
            raise self._unwritable(error) from error

    def _unwritable(self, error: OSError) -> MediaError:
        return MediaError(f"{self._path} cannot be written ({error.strerror}); choose another place.")


def packed(portraits: Mapping[int, tuple[float, bytes]]) -> dict[str, Any]:
    """Portraits as JSON can hold them."""
    return {str(person): [worth, base64.b64encode(data).decode()] for person, (worth, data) in portraits.items()}


def unpacked(record: Mapping[str, Any]) -> dict[int, tuple[float, bytes]]:
    """The opposite of `packed`."""
    return {int(person): (worth, base64.b64decode(data)) for person, (worth, data) in record.items()}
