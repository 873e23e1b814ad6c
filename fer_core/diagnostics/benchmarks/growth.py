"""How cost grows: with faces, pixels, length and visitors."""

import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from fer_core.diagnostics.benchmarks.pictures import portrait_frame
from fer_core.diagnostics.benchmarks.recordings import made
from fer_core.diagnostics.benchmarks.scenes import crowd, portrait
from fer_core.diagnostics.benchmarks.spread import Figure, in_ms, timed
from fer_core.diagnostics.benchmarks.video import video
from fer_core.pipeline import EmotionPipeline
from fer_core.temporary import temporary_folder

FACES: Final = (1, 2, 4, 8, 12)
SIDES_PX: Final = (320, 640, 1280, 2560, 4000)
LENGTHS_S: Final = (10, 30, 60, 120)
VISITORS: Final = (1, 2, 4, 8)
PICTURES_EACH: Final = 6


@dataclass(frozen=True)
class Curve:
    """One cost over what it grows with.

    Attributes:
        key: stable name.
        name: the cost in words.
        over: what it grows with, in words, with its unit.
        places: values of that.
        figures: the cost at each.
        step: by which "for each further ..." is told, such as 1 face.
        step_name: that step in words.
    """

    key: str
    name: str
    over: str
    places: tuple[float, ...]
    figures: tuple[Figure, ...]
    step: float
    step_name: str

    @property
    def unit(self) -> str:
        """Of the cost."""
        return self.figures[0].unit

    @property
    def slope(self) -> float:
        """Cost of one further step: of the straight line that fits best."""
        medians = [figure.median for figure in self.figures]
        slope = float(self.step * np.polyfit(self.places, medians, 1)[0])
        return slope if abs(slope) > 1e-6 * max(medians) else 0.0  # what rounding leaves of a flat line


def growth(pipeline: EmotionPipeline) -> Iterator[Curve]:
    """Measure how cost grows.

    Raises:
        DependencyError: this system does not tell how much memory a process took.
    """
    yield _of_pictures(pipeline, "faces", "a picture of 1920 x 1080", "faces", _faces(), "face")
    yield _of_pictures(pipeline, "pixels", "a picture with one face", "megapixels", _sizes(), "megapixel")
    yield from _lengths(pipeline.classifier.card.name)
    yield _visitors(pipeline)


def waiting_ms(pipeline: EmotionPipeline, visitors: int, picture: NDArray[np.uint8]) -> list[float]:
    """How long each of several threads that share a pipeline waits for each of its pictures, in milliseconds."""
    waited: list[float] = []
    start = threading.Barrier(visitors)

    def visit() -> None:
        start.wait()
        for _ in range(PICTURES_EACH):
            began_s = time.perf_counter()
            pipeline.analyze_image(picture)
            waited.append(1e3 * (time.perf_counter() - began_s))

    threads = [threading.Thread(target=visit) for _ in range(visitors)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return waited


def _faces() -> Iterator[tuple[float, NDArray[np.uint8]]]:
    for faces in FACES:
        yield faces, crowd(1920, 1080, 90, faces=faces).image


def _sizes() -> Iterator[tuple[float, NDArray[np.uint8]]]:
    for side in SIDES_PX:
        yield side * side / 1e6, np.asarray(cv2.resize(portrait(), (side, side)), np.uint8)


def _of_pictures(
    pipeline: EmotionPipeline,
    key: str,
    name: str,
    over: str,
    pictures: Iterator[tuple[float, NDArray[np.uint8]]],
    step_name: str,
) -> Curve:
    works = {f"{place:g}": partial(pipeline.analyze_image, picture) for place, picture in pictures}
    taken = timed(works, 5)
    figures = [Figure.of(f"growth.{key}.{place}", f"{place} {over}", "ms", in_ms(taken[place])) for place in works]
    return Curve(key, name, over, tuple(map(float, works)), tuple(figures), 1, step_name)


def _lengths(model: str) -> Iterator[Curve]:
    with temporary_folder() as folder:
        read = [video(made(folder, seconds, "720p30"), model) for seconds in LENGTHS_S]
    for key, name, unit, values in (
        ("length", "a recording of 720p30, 4 samples a second", "s", [one.wall_s for one in read]),
        ("memory", "memory of the same", "MiB", [float(one.peak_rss_mb) for one in read]),
    ):
        figures = _single(key, "s", unit, LENGTHS_S, values)
        yield Curve(key, name, "seconds", tuple(map(float, LENGTHS_S)), figures, 60, "minute")


def _single(key: str, over: str, unit: str, places: Sequence[int], values: Sequence[float]) -> tuple[Figure, ...]:
    return tuple(
        Figure.of(f"growth.{key}.{place}", f"{place} {over}", unit, [value])
        for place, value in zip(places, values, strict=True)
    )


def _visitors(pipeline: EmotionPipeline) -> Curve:
    picture = portrait_frame()
    waiting_ms(pipeline, 1, picture)  # so that nothing is loaded or warmed up later
    figures = tuple(
        Figure.of(f"growth.visitors.{n}", f"{n} visitors", "ms", waiting_ms(pipeline, n, picture)) for n in VISITORS
    )
    places = tuple(map(float, VISITORS))
    return Curve("visitors", "wait for a picture with one face, all at once", "visitors", places, figures, 1, "visitor")
