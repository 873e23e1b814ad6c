"""Pictures and the stages of their reading, made of the bundled portrait; and the machine that is measured."""

import os
import platform
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from fer_core.classification import EmotionClassifier
from fer_core.classification.engines import LiteRtEngine
from fer_core.diagnostics.benchmarks.networks import ALONE, BARE, bare_call, networks_of, precision
from fer_core.diagnostics.benchmarks.scenes import crowd
from fer_core.diagnostics.benchmarks.spread import REPEATS, Figure, in_ms, timed
from fer_core.face.measuring import FaceMeasurer
from fer_core.imaging.crops import cut, network_input
from fer_core.media.images import read_image
from fer_core.media.samples import PORTRAIT, PORTRAIT_FACE
from fer_core.networks.files import MODELS_DIR
from fer_core.pipeline import EmotionPipeline
from fer_core.readings import Face

BATCHES: Final = (1, 2, 4, 8, 16)


@dataclass(frozen=True)
class Machine:
    """The machine that is measured.

    Attributes:
        system: name and release of the operating system.
        processor: name.
        cores: that this process may use.
        python: version.
        load: of the last minute; None where the system does not tell.
    """

    system: str
    processor: str
    cores: int | None
    python: str
    load: float | None


def machine() -> Machine:
    """The machine that runs this process, with its present load."""
    return Machine(
        system=f"{platform.system()} {platform.release()}",
        processor=_processor(),
        cores=len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        python=platform.python_version(),
        load=round(os.getloadavg()[0], 1) if hasattr(os, "getloadavg") else None,
    )


def pictures(pipeline: EmotionPipeline) -> Iterator[Figure]:
    """The whole way of pictures that are decoded already, with the model loaded and used before."""
    for key, name, picture, repeats in (
        ("portrait", "the portrait, 512 x 512, one face", read_image(PORTRAIT), REPEATS),
        ("one_face", "640 x 480, one face", portrait_frame(), REPEATS),
        ("ten_faces", "1280 x 720, ten faces", crowd(1280, 720, 90, faces=10).image, REPEATS),
        ("group", "4000 x 3000, twelve faces", crowd(4000, 3000, 100).image, 5),
    ):
        work = partial(pipeline.analyze_image, picture)
        taken = timed({"": work, "alone": networks_of(work)}, repeats)
        yield Figure.of(f"picture.{key}", name, "ms", in_ms(taken[""]), in_ms(taken["alone"]), ALONE)


def classifiers(loaded: Mapping[str, EmotionClassifier], batches: Sequence[int] = BATCHES) -> Iterator[Figure]:
    """Reading faces that are cut out already.

    Args:
        loaded: by engine.
        batches: numbers of faces.
    """
    face = cut(read_image(PORTRAIT), PORTRAIT_FACE)
    for engine, classifier in loaded.items():
        bare = _bare(classifier)
        for n in batches:
            works: dict[str, Callable[[], object]] = {"": partial(classifier.classify, [face] * n)}
            if bare is not None:
                works["bare"] = bare_call(bare, _inputs(classifier, [face] * n))
            taken = timed(works)
            name = f"{engine}{f' {precision(bare)}' if bare else ''}, {n} face{'s' * (n > 1)} at once"
            limits = in_ms(taken.get("bare", ()))
            yield Figure.of(f"classifier.{engine}.{n}", name, "ms", in_ms(taken[""]), limits, BARE)


def meshes(measurer: FaceMeasurer) -> Iterator[Figure]:
    """Landmarks, pose, irises of faces that are found already."""
    scene = crowd(1280, 720, 90, faces=10)
    for n in (1, 10):
        work = partial(measurer, scene.image, [Face(box, 1.0) for box in scene.faces[:n]])
        taken = timed({"": work, "alone": networks_of(work)})
        name = f"landmarks and irises, {n} face{'s' * (n > 1)}"
        yield Figure.of(f"mesh.{n}", name, "ms", in_ms(taken[""]), in_ms(taken["alone"]), ALONE)


def _bare(classifier: EmotionClassifier) -> Path | None:
    """The file of a classifier that is one LiteRT network of this project, else None."""
    if not isinstance(classifier.engine, LiteRtEngine):
        return None
    path = MODELS_DIR / classifier.card.name / LiteRtEngine.file
    return path if path.is_file() else None


def _inputs(classifier: EmotionClassifier, faces: Sequence[NDArray[np.uint8]]) -> NDArray[np.float32]:
    """What the network is given for these faces: the mirror images, too, where the model asks for them."""
    given = network_input(faces, classifier.card.side_px)
    return np.concatenate([given, given[:, :, ::-1]]) if classifier.card.flip_average else given


def portrait_frame() -> NDArray[np.uint8]:
    """The portrait in the middle of a frame: uint8 (480, 640, 3), BGR."""
    frame = np.full((480, 640, 3), 90, np.uint8)
    frame[:, 64:576] = read_image(PORTRAIT)[:480]
    return frame


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.machine())
