"""Comparison of this project with another one, on the same inputs in the same run.

The two take turns, so that what else the machine does meets both alike, and each pair gives a ratio. The other project
runs in a Python of its own, because it seldom gets along with the versions that this project needs.
"""

import json
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from fer_core.diagnostics.benchmarks import peer_fer
from fer_core.diagnostics.benchmarks.pictures import portrait_frame
from fer_core.diagnostics.benchmarks.recordings import made
from fer_core.diagnostics.benchmarks.spread import Figure, rounded, timed
from fer_core.diagnostics.benchmarks.starts import IMAGE, fresh
from fer_core.diagnostics.benchmarks.video import RATE
from fer_core.errors import DependencyError, WorkerError
from fer_core.media.images import encode_png
from fer_core.media.samples import PORTRAIT
from fer_core.pipeline import EmotionPipeline
from fer_core.temporary import temporary_folder

EVERY: Final = 8
"""Of the frames of the recording every eighth is read, 3.75 a second: `fer` counts frames, this project time."""

RECORDING_S: Final = 30
_SCRIPT: Final = str(Path(peer_fer.__file__))


@dataclass(frozen=True)
class Rounds:
    """How many pairs are measured of each kind of work."""

    cold: int = 5
    haar: int = 15
    mtcnn: int = 7
    recording: int = 3


@dataclass(frozen=True)
class Comparison:
    """The same work by both.

    Attributes:
        key: stable name.
        name: the same in words.
        ours: times of this project.
        theirs: times of the other.
        ratio: median over the pairs of their time over ours; 3 is three times as fast as they are.
        ratio_least: of the pairs.
        ratio_most: of the pairs.
        ours_found: faces that this project found, where they are counted.
        theirs_found: faces that the other found, where they are counted.
    """

    key: str
    name: str
    ours: Figure
    theirs: Figure
    ratio: float
    ratio_least: float
    ratio_most: float
    ours_found: int | None = None
    theirs_found: int | None = None

    @classmethod
    def of(
        cls,
        key: str,
        name: str,
        unit: str,
        ours: Sequence[float],
        theirs: Sequence[float],
        found: tuple[int | None, int | None] = (None, None),
    ) -> "Comparison":
        """Of pairs of times."""
        ratios = [other / own for own, other in zip(ours, theirs, strict=True)]
        return cls(
            key,
            name,
            Figure.of(f"{key}.ours", name, unit, ours),
            Figure.of(f"{key}.theirs", name, unit, theirs),
            rounded(statistics.median(ratios)),
            rounded(min(ratios)),
            rounded(max(ratios)),
            *found,
        )


@dataclass(frozen=True)
class PeerFigures:
    """Comparison with one other project.

    Attributes:
        peer: name of the other.
        versions: of it and of what it needs.
        comparisons: by kind of work.
    """

    peer: str
    versions: dict[str, str]
    comparisons: tuple[Comparison, ...]


class Peer:
    """`fer`, loaded and waiting in its own process."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process
        self.versions: dict[str, str] = self._next()

    def ask(self, work: str, path: Path, **further: Any) -> dict[str, float]:
        """Let it do a piece of work; see `fer_core.diagnostics.benchmarks.peer_fer`.

        Raises:
            WorkerError: it fails.
        """
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps({"work": work, "path": str(path), **further}) + "\n")
        self._process.stdin.flush()
        answer: dict[str, float] = self._next()
        return answer

    def _next(self) -> Any:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise WorkerError("The other project's process ended before it answered.")
        return json.loads(line)


def interpreter(python: str | None) -> str:
    """The Python that has the other project, wherever a process is started; this one for None.

    A link, as virtual environments have one, stays what it is; a mere name is looked for in the path.
    """
    python = python or sys.executable
    return python if Path(python).name == python else str(Path(python).absolute())


@contextmanager
def opened(python: str | None = None) -> Iterator[Peer]:
    """The other project, ready.

    Args:
        python: the interpreter that has it; None for this one.

    Raises:
        DependencyError: it is not installed there.
    """
    python = interpreter(python)
    command = [python, _SCRIPT, "serve"]
    with temporary_folder() as folder:
        try:
            process = subprocess.Popen(
                command,
                cwd=folder,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                text=True,
            )
        except OSError as error:
            raise DependencyError(f"{python} does not run ({error.strerror}); name another Python.") from error
        with process:
            try:
                try:
                    peer = Peer(process)
                except WorkerError as error:
                    raise DependencyError(
                        f"{python} has no working `fer`; make an environment for it (`python3.11 -m venv peer`, then "
                        '`peer/bin/pip install fer==25.10.3 "setuptools<81"`) and name it: --against-python '
                        "peer/bin/python."
                    ) from error
                yield peer
            finally:
                process.kill()


def against(peer: Peer, pipeline: EmotionPipeline, python: str | None = None, rounds: Rounds = Rounds()) -> PeerFigures:
    """Measure both.

    Args:
        peer: as `opened` gives it.
        pipeline: of this project.
        python: the interpreter that has the other project; None for this one.
        rounds: how many pairs.
    """
    with temporary_folder() as folder:
        found = tuple(_compared(peer, pipeline, interpreter(python), rounds, folder))
    return PeerFigures("fer", peer.versions, found)


def _compared(peer: Peer, pipeline: EmotionPipeline, python: str, rounds: Rounds, folder: Path) -> Iterator[Comparison]:
    model = pipeline.classifier.card.name
    cold = timed(
        {
            "ours": fresh(*IMAGE, "--model", model),
            "theirs": fresh(_SCRIPT, "picture", str(PORTRAIT), python=python),
        },
        rounds.cold,
    )
    yield Comparison.of("cold", "a picture, in a new process", "s", cold["ours"], cold["theirs"])
    picture, path = portrait_frame(), folder / "frame.png"
    path.write_bytes(encode_png(picture))
    for work, words, pairs in (("haar", "Haar", rounds.haar), ("mtcnn", "MTCNN", rounds.mtcnn)):
        name = f"640 x 480, one face, loaded; `fer` with {words}"
        yield _pairs(work, name, pairs, partial(_own_picture, pipeline, picture), partial(peer.ask, work, path))
    recording = made(folder, RECORDING_S, "720p30")
    name = f"{RECORDING_S} s of 720p30, {RATE / EVERY} samples a second"
    yield _pairs(
        "recording",
        name,
        rounds.recording,
        partial(_own_recording, pipeline, recording),
        lambda: peer.ask("recording", recording, every=EVERY, folder=str(folder)),
        unit="s",
    )


def _pairs(
    key: str,
    name: str,
    pairs: int,
    ours: Callable[[], dict[str, float]],
    theirs: Callable[[], dict[str, float]],
    *,
    unit: str = "ms",
) -> Comparison:
    both = [(ours(), theirs()) for _ in range(pairs + 1)][1:]  # the first of each loads what the others find loaded
    factor = 1e3 if unit == "ms" else 1.0
    own, other = ([factor * side["seconds"] for side in sides] for sides in zip(*both, strict=True))
    found = int(both[0][0]["faces"]), int(both[0][1]["faces"])
    return Comparison.of(key, name, unit, own, other, found)


def _own_picture(pipeline: EmotionPipeline, picture: NDArray[np.uint8]) -> dict[str, float]:
    began_s = time.perf_counter()
    faces = pipeline.analyze_image(picture)
    return {"seconds": time.perf_counter() - began_s, "faces": len(faces)}


def _own_recording(pipeline: EmotionPipeline, recording: Path) -> dict[str, float]:
    began_s = time.perf_counter()
    timeline = pipeline.analyze_video(recording, RATE / EVERY)
    return {"seconds": time.perf_counter() - began_s, "faces": int(timeline.frame["person"].notna().sum())}
