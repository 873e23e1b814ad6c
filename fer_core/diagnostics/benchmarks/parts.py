"""The parts of the table of `bench`, each measured by itself."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from fer_core.classification import EmotionClassifier
from fer_core.detection import FaceDetector
from fer_core.diagnostics.benchmarks.detection import searches
from fer_core.diagnostics.benchmarks.pages import first_page
from fer_core.diagnostics.benchmarks.pictures import classifiers, meshes, pictures
from fer_core.diagnostics.benchmarks.recordings import Recordings, recordings
from fer_core.diagnostics.benchmarks.spread import Figure
from fer_core.diagnostics.benchmarks.starts import self_tests, starts
from fer_core.face.measuring import FaceMeasurer
from fer_core.pipeline import EmotionPipeline


@dataclass(frozen=True)
class Subject:
    """What is measured.

    Attributes:
        pipeline: with the model that is measured.
        classifiers: that model by engine.
        detectors: by name.
        recordings: which recordings are read.
    """

    pipeline: EmotionPipeline
    classifiers: Mapping[str, EmotionClassifier]
    detectors: Mapping[str, FaceDetector]
    recordings: Recordings = field(default_factory=Recordings)

    @property
    def model(self) -> str:
        """Name of the model."""
        return self.pipeline.classifier.card.name


def _searches(subject: Subject) -> Iterator[Figure]:
    for detector in subject.detectors.values():
        yield from searches(detector)


PARTS: Final[dict[str, tuple[str, Callable[[Subject], Iterator[Figure]]]]] = {
    "start": ("Cold start, in a new process", lambda subject: starts(subject.model)),
    "picture": ("A picture, from pixels to readings", lambda subject: pictures(subject.pipeline)),
    "classifier": ("Reading faces that are cut out", lambda subject: classifiers(subject.classifiers)),
    "detector": ("Finding faces", _searches),
    "mesh": ("Measuring faces", lambda subject: meshes(subject.pipeline.measurer or FaceMeasurer())),
    "recording": ("A recording, 4 samples a second", lambda subject: recordings(subject.recordings, subject.model)),
    "self-test": ("Self-test", lambda _: self_tests()),
    "page": ("Dashboard, from its command to the first page", lambda _: first_page()),
}
"""By name, what a part is in words and how it is measured."""
