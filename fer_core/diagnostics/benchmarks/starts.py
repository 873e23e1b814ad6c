"""Cold starts: fresh processes, from the command to its end."""

import shlex
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from typing import Final

from fer_core.diagnostics.benchmarks.spread import Figure, timed
from fer_core.errors import WorkerError
from fer_core.media.samples import PORTRAIT
from fer_core.networks.face_files import DETECTOR, IRIS, MESH
from fer_core.networks.files import MODELS_DIR
from fer_core.resources import PACKAGE
from fer_core.settings import environment_with

ROUNDS: Final = 5
SELF_TESTS: Final = 3

_LEAST: Final = """
import sys
import cv2, numpy
from ai_edge_litert.interpreter import Interpreter
picture, *networks = sys.argv[1:]
assert cv2.imdecode(numpy.fromfile(picture, numpy.uint8), cv2.IMREAD_COLOR) is not None
for file in networks:
    network = Interpreter(model_path=file, num_threads=2)
    network.allocate_tensors()
    network.invoke()
"""
"""What no first answer goes without: numpy, OpenCV and LiteRT, the picture, and one run of each network."""

IMAGE: Final = ("-m", "fer_core", "image", str(PORTRAIT), "--json", "-")


def starts(model: str, rounds: int = ROUNDS) -> Iterator[Figure]:
    """The time to the first answer, and what it is made of.

    Args:
        model: name of the classifier.
        rounds: how often each is started.
    """
    works = {
        "python": fresh("-c", "pass"),
        "import": fresh("-c", "import fer_core"),
        "image": fresh(*IMAGE, "--model", model),
        "least": fresh("-c", _LEAST, str(PORTRAIT), *_networks(model)),
    }
    taken = timed(works, rounds)
    yield Figure.of("start.import", "import fer_core", "s", taken["import"], taken["python"], "Python alone")
    yield Figure.of(
        "start.image", "`image PICTURE --json`", "s", taken["image"], taken["least"], "its libraries and networks alone"
    )


def self_tests(rounds: int = SELF_TESTS) -> Iterator[Figure]:
    """How long `self-test` takes."""
    taken = timed({"self_test": fresh("-m", "fer_core", "self-test")}, rounds)
    yield Figure.of("self-test.whole", "`self-test`", "s", taken["self_test"])


def fresh(*arguments: str, python: str = sys.executable) -> Callable[[], None]:
    """Starts a Python of its own with these arguments, and waits for its end.

    Bytecode is kept whatever the environment says: nobody's first start but the very first compiles everything.

    Raises:
        WorkerError: when it runs and fails.
    """

    def run() -> None:
        done = subprocess.run(
            [python, *arguments],
            cwd=PACKAGE.parent,
            env=environment_with(PYTHONDONTWRITEBYTECODE=""),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        if done.returncode:
            last = (done.stderr.strip().splitlines() or [f"exit status {done.returncode}"])[-1]
            raise WorkerError(f"What is to be measured fails: `python {shlex.join(arguments)[:80]}`: {last}")

    return run


def _networks(model: str) -> Sequence[str]:
    faces = [str(MODELS_DIR / "faces" / name) for name in (DETECTOR, MESH, IRIS)]
    own = MODELS_DIR / model / "model.tflite"
    return [*faces, str(own)] if own.is_file() else faces
