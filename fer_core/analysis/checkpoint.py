"""What an analysis has come to so far, on disk, so that a killed one can go on.

A file of JSON lines to which is only ever added: a kill in the middle of a line costs that line.
"""

import base64
import contextlib
import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from pydantic import BaseModel, ConfigDict

from fer_core.analysis.search import SearchState
from fer_core.analysis.tracking import TrackerState
from fer_core.errors import CheckpointError, MediaError, RequestError
from fer_core.media.messages import NOTHING, Noticed
from fer_core.plain import as_plain, from_plain
from fer_core.provenance import Provenance
from fer_core.request import AnalysisRequest
from fer_core.timeline.table import Row

FORMAT: Final = 5


@dataclass(frozen=True)
class Position:
    """How far an analysis has come.

    Attributes:
        samples: number of frames that were analysed.
        faces: number of faces in them.
        after_s: time of the last of them, in seconds; None before the first.
        size: of the recording, width and height in pixels.
        noticed: about the recording so far.
    """

    samples: int
    faces: int
    after_s: float | None
    size: tuple[int, int]
    noticed: Noticed = NOTHING


@dataclass(frozen=True)
class Memories:
    """The memory of what finds faces and cuts, and of what follows people."""

    search: SearchState
    tracker: TrackerState


class Part(BaseModel):
    """The new results of some seconds, and the state after them.

    Attributes:
        rows: of the timeline.
        cuts: times in seconds.
        portraits: as `packed` gives them.
        state: position in the recording.
        memories: of the frames before.
    """

    model_config = ConfigDict(frozen=True)

    rows: list[Row]
    cuts: list[float]
    portraits: dict[str, tuple[float, str]]
    state: Position
    memories: Memories


class Checkpoint:
    """One file. What it holds counts only for the same recording, read by the same request and provenance.

    Args:
        path: of the file; it need not be there yet.
        sha256: of the recording.
        request: of the analysis; smoothing and threshold, which are applied afterwards, may differ.
        provenance: of the analysis.

    Attributes:
        refused: after `take_up`, why what the file held could not be gone on with, in a sentence; empty where it could.

    Raises:
        MediaError: the file cannot be read.
        CheckpointError: it cannot be written.
    """

    def __init__(self, path: Path, sha256: str, request: AnalysisRequest, provenance: Provenance) -> None:
        self._path, self._provenance = path, provenance
        self._header = {
            "format": FORMAT,
            "sha256": sha256,
            "request": request.reading.to_json(),
            "provenance": as_plain(provenance),
        }
        self.refused = ""

    def take_up(self) -> Iterator[Part]:
        """The saved parts in order; after the last, more can be added.

        Nothing where there is no file, or one of another analysis: then it is begun anew, and `refused` says why.
        """
        whole = 0
        try:
            with self._path.open("rb") as file:
                for number, line in enumerate(file):
                    if not line.endswith(b"\n"):  # torn, were it only its end: the next part would join it
                        break
                    content = json.loads(line)
                    if number == 0 and (reason := self._other(content)):
                        self.refused = f"What was read before was not gone on with: {reason}. All of it was read anew."
                        break
                    part = Part.model_validate(content) if number else None
                    whole += len(line)
                    if part is not None:
                        yield part
        except FileNotFoundError:
            pass
        except ValueError:  # torn in the middle of a line, or no part
            pass
        except OSError as error:
            raise MediaError(f"{self._path} cannot be read ({error.strerror}); remove it to start anew.") from error
        self._cut_off(whole)

    def _other(self, header: Any) -> str:
        """In what the file's analysis differs from this one; empty where it does not."""
        mine = json.loads(json.dumps(self._header))
        if header == mine:
            return ""
        if not isinstance(header, Mapping) or header.get("format") != FORMAT:
            return "another version of this software wrote it"
        if header.get("sha256") != mine["sha256"]:
            return "it was read from another recording"
        theirs = header.get("request")
        if not isinstance(theirs, Mapping):
            return "its header is damaged"
        if chosen := _differing(mine["request"], theirs):
            return f"it was read with another {' and '.join(chosen)}"
        try:
            others = self._provenance.differences(from_plain(Provenance, header.get("provenance")))
        except ValueError:
            return "its header is damaged"
        return f"it was read with another version of {', '.join(others)}"

    @staticmethod
    def glance(path: Path) -> tuple[AnalysisRequest, float] | None:
        """The request that a file's analysis follows, and up to which second that came; None where it is none."""
        try:
            with path.open("rb") as file:
                header, until_s = json.loads(next(file)), 0.0
                with contextlib.suppress(ValueError):  # torn in the middle of a line
                    for line in file:
                        if line.endswith(b"\n"):
                            until_s = json.loads(line)["state"]["after_s"] or 0.0
            if header["format"] != FORMAT:
                return None
            return AnalysisRequest.from_json(header["request"]), until_s
        except (OSError, ValueError, KeyError, TypeError, StopIteration, RequestError):
            return None

    @staticmethod
    def recording_of(path: Path) -> str:
        """SHA-256 of the recording of which a file holds readings; empty where it holds none."""
        try:
            with path.open("rb") as file:
                header = json.loads(next(file))
                next(file)  # the first part
            return str(header["sha256"])
        except (OSError, ValueError, KeyError, TypeError, StopIteration):
            return ""

    @staticmethod
    def asked_otherwise(path: Path, request: AnalysisRequest) -> list[str]:
        """Names of what a complete request asks otherwise than the analysis of which a file holds readings did."""
        try:
            with path.open("rb") as file:
                header = json.loads(next(file))
                next(file)  # the first part
            return _differing(request.reading.to_json(), header["request"]) if header["format"] == FORMAT else []
        except (OSError, ValueError, KeyError, TypeError, AttributeError, StopIteration):
            return []

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

    def add(self, part: Part) -> None:
        """Save one more part."""
        try:
            with self._path.open("a", encoding="utf-8") as file:
                file.write(f"{json.dumps(part.model_dump())}\n")
        except OSError as error:
            raise self._unwritable(error) from error

    def _unwritable(self, error: OSError) -> CheckpointError:
        return CheckpointError(
            f"{self._path} cannot be written ({error.strerror}); make room there or choose another place."
        )


def _differing(mine: Mapping[str, Any], theirs: Mapping[str, Any]) -> list[str]:
    return [name for name, value in json.loads(json.dumps(mine)).items() if theirs.get(name) != value]


def packed(portraits: Mapping[int, tuple[float, bytes]]) -> dict[str, tuple[float, str]]:
    """Portraits as JSON can hold them."""
    return {str(person): (worth, base64.b64encode(data).decode()) for person, (worth, data) in portraits.items()}


def unpacked(record: Mapping[str, tuple[float, str]]) -> dict[int, tuple[float, bytes]]:
    """The opposite of `packed`."""
    return {int(person): (worth, base64.b64decode(data)) for person, (worth, data) in record.items()}
