"""The one object that pages, command line and scripts share: a picture in, readings of its faces out."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from fer_core.classification import Classification, EmotionClassifier, default_model
from fer_core.detection import FaceDetector, load_detector
from fer_core.errors import MediaError
from fer_core.face.quality import assess
from fer_core.imaging.crops import bgr as as_bgr
from fer_core.imaging.crops import cut
from fer_core.networks.files import MODELS_DIR
from fer_core.readings import Face, FaceReading

if TYPE_CHECKING:
    from fer_core.analysis.run import AnalysisProgress
    from fer_core.jobs import Monitor
    from fer_core.timeline.table import Timeline


class EmotionPipeline:
    """Finds faces and reads their expressions.

    Example:
        >>> import cv2
        >>> from fer_core import EmotionPipeline
        >>> pipeline = EmotionPipeline.load()
        >>> [reading] = pipeline.analyze_image(cv2.imread("tests/data/astronaut.png"))
        >>> reading.label
        'happy'
    """

    def __init__(self, detector: FaceDetector, classifier: EmotionClassifier) -> None:
        self.detector, self.classifier = detector, classifier

    @classmethod
    def load(
        cls,
        model: str | None = None,
        detector: str = "haar",
        engine: str = "litert",
        models_dir: Path = MODELS_DIR,
    ) -> "EmotionPipeline":
        """Load detector and classifier by name.

        Args:
            model: a folder of `models_dir`; None for the default, `resnet50v2` or, where that is missing or not the
                best, the most accurate single model.
            detector: "haar" or "mtcnn" (needs the optional package mtcnn).
            engine: "litert" or "keras" (needs TensorFlow).
            models_dir: where the models are.

        Raises:
            ModelError: a name is unknown, or a file is missing or damaged.
            DependencyError: an optional package is missing.
        """
        name = model or default_model(models_dir)
        return cls(load_detector(detector), EmotionClassifier.load(name, engine, models_dir))

    def analyze_image(self, bgr: NDArray[np.uint8]) -> list[FaceReading]:
        """Find and read all faces of one picture.

        Args:
            bgr: uint8 (H, W, 3), blue-green-red, or grey (H, W).

        Returns:
            One reading a face, from left to right; empty where no face is found.

        Raises:
            MediaError: not such an array.
        """
        faces = self.find_faces(bgr)
        image = as_bgr(bgr)
        return self.read_faces([(cut(image, face.box), face) for face in faces])

    def find_faces(self, bgr: NDArray[np.uint8]) -> list[Face]:
        """Only find the faces of one picture, from left to right; see `analyze_image`."""
        return sorted(self.detector.detect(_checked(bgr)), key=lambda face: (face.box.x, face.box.y))

    def read_faces(self, found: Sequence[tuple[NDArray[np.uint8], Face]]) -> list[FaceReading]:
        """Only read faces that were found, of any number of pictures, in one batch.

        Args:
            found: crops, uint8 (h, w, 3) BGR or (h, w) grey, each with the face that it was cut out for.
        """
        return self.read_with_maps(found)[0]

    def read_with_maps(
        self, found: Sequence[tuple[NDArray[np.uint8], Face]]
    ) -> tuple[list[FaceReading], Classification]:
        """`read_faces`, and what the classifier said, which has the class activation maps of every emotion."""
        result = self.classifier.classify([crop for crop, _ in found])
        threshold = self.classifier.card.uncertain_below
        readings = [
            FaceReading(
                box=face.box,
                face_confidence=face.confidence,
                probabilities=result.probabilities[row],
                uncertain=bool(result.probabilities[row].max() < threshold),
                activation=result.activation(row),
                quality=assess(crop, face.confidence),
            )
            for row, (crop, face) in enumerate(found)
        ]
        return readings, result

    def analyze_video(
        self,
        path: Path | str,
        fps: float = 4.0,
        progress: "Monitor | Callable[[AnalysisProgress], None] | None" = None,
        *,
        smoothing: str = "exponential",
        time_constant_s: float = 0.4,
        checkpoint: Path | None = None,
    ) -> "Timeline":
        """Read a recording over time, in constant memory.

        Args:
            path: MP4, MOV, MKV, WebM, AVI or another recording that FFmpeg reads.
            fps: samples a second, by presentation time; 0 for every frame.
            progress: called with an `AnalysisProgress` a few times a second and at the end; or a monitor, which can
                also stop the analysis, so that it ends with what it has.
            smoothing: "exponential", "median", "hmm" or "none"; see `fer_core.timeline.smoothing`.
            time_constant_s: of the smoothing.
            checkpoint: a file that is kept up to date while it runs, and from which it goes on if that was ended;
                to be removed when it is no longer needed.

        Returns:
            The timeline; its `problems` say what is missing of a damaged recording, or after a stop.

        Raises:
            MediaError: the file cannot be used at all.

        Example:
            >>> timeline = EmotionPipeline.load().analyze_video("interview.mp4")  # doctest: +SKIP
            >>> timeline.frame[["time_s", "person", "label"]]  # doctest: +SKIP
        """
        from fer_core.analysis.run import analyze_video

        return analyze_video(
            self,
            Path(path),
            fps,
            progress,
            smoothing=smoothing,
            time_constant_s=time_constant_s,
            checkpoint=checkpoint,
        )

    def classify(self, crops: Sequence[NDArray[np.uint8]]) -> NDArray[np.float32]:
        """Read pictures that are faces already, without a search.

        Args:
            crops: each uint8 (H, W) or (H, W, 3) BGR.

        Returns:
            float32 (N, 7), calibrated probabilities in `EMOTIONS` order.
        """
        return self.classifier.classify(crops).probabilities


def _checked(bgr: NDArray[np.uint8]) -> NDArray[np.uint8]:
    image = np.asarray(bgr)
    if image.dtype != np.uint8 or image.size == 0 or not (image.ndim == 2 or (image.ndim == 3 and image.shape[2] == 3)):
        raise MediaError(
            f"A picture must be a uint8 array of shape (height, width, 3) in BGR order, or (height, width) grey; "
            f"this one is {image.dtype} {image.shape}."
        )
    return as_bgr(image)
