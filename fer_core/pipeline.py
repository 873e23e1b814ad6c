"""The one object that pages, command line and scripts share: a picture in, readings of its faces out."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from fer_core.classification import Classification, EmotionClassifier, default_model
from fer_core.detection import FaceDetector, load_detector
from fer_core.detection.search import searched
from fer_core.detection.turning import Turn
from fer_core.errors import MediaError, RequestError
from fer_core.face.measuring import FaceMeasurer
from fer_core.face.quality import assess
from fer_core.imaging.crops import bgr as as_bgr
from fer_core.imaging.crops import cut_face
from fer_core.networks.cores import at_once
from fer_core.networks.files import MODELS_DIR
from fer_core.readings import Box, Face, FaceReading, FrameReading, judge
from fer_core.request import DEFAULT_DETECTOR, AnalysisRequest, DetectorChoice, Region

if TYPE_CHECKING:
    from PIL.Image import Image

    from fer_core.analysis.run import AnalysisProgress
    from fer_core.jobs import Monitor
    from fer_core.timeline.table import Timeline


ImageLike: TypeAlias = "Path | str | Image | NDArray[np.uint8]"
"""A picture: its path, as Pillow opened it, or uint8 (H, W, 3) BGR or (H, W) grey."""


@dataclass(frozen=True, eq=False)
class PictureReading:
    """What one picture was read as.

    Attributes:
        faces: from left to right.
        turn: by how much the picture seems to have to be turned clockwise so that its faces are upright. Faces that
            are not upright are read less reliably.
        smallest_px: faces with a shorter side were not looked for, in pixels; None where the detector does not say.
    """

    faces: tuple[FaceReading, ...]
    turn: Turn = Turn.NONE
    smallest_px: int | None = None


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

    def __init__(
        self, detector: FaceDetector, classifier: EmotionClassifier, measurer: FaceMeasurer | None = None
    ) -> None:
        self.detector, self.classifier, self.measurer = detector, classifier, measurer

    @classmethod
    def load(
        cls,
        model: str | None = None,
        detector: DetectorChoice | str = DEFAULT_DETECTOR,
        engine: str = "litert",
        models_dir: Path = MODELS_DIR,
    ) -> "EmotionPipeline":
        """Load detector and classifier by name.

        Args:
            model: a folder of `models_dir`; None for `fer_core.request.DEFAULT_MODEL`.
            detector: a name of `fer_core.detection.DETECTORS`, with parameters where they are not to be
                the default ones.
            engine: "litert" or "keras" (needs TensorFlow).
            models_dir: where the models are.

        Raises:
            ModelError: a name is unknown, or a file is missing or damaged.
            DependencyError: an optional package is missing.
        """
        name = model or default_model(models_dir)
        return cls(load_detector(detector), EmotionClassifier.load(name, engine, models_dir), FaceMeasurer())

    @classmethod
    def load_for(cls, request: AnalysisRequest, models_dir: Path = MODELS_DIR) -> "EmotionPipeline":
        """Load what a request names; see `load`."""
        return cls.load(request.model, request.detector, request.engine, models_dir)

    def analyze_image(self, image: "ImageLike") -> list[FaceReading]:
        """Find and read all faces of one picture.

        Args:
            image: the path of a picture file, a Pillow picture, or an array: uint8 (H, W, 3), blue-green-red, or grey
                (H, W).

        Returns:
            One reading a face, from left to right; empty where no face is found.

        Raises:
            MediaError: the file cannot be used, or this is no such array.
        """
        return list(self.read_picture(image).faces)

    def read_picture(self, image: "ImageLike") -> PictureReading:
        """`analyze_image`, and what the search says of the picture besides."""
        bgr = as_array(image)
        found = searched(self.detector, bgr)
        return PictureReading(tuple(self._read(bgr, _from_the_left(found.faces))), found.turn, found.smallest_px)

    def read_boxes(self, image: "ImageLike", boxes: Sequence[Box]) -> list[FaceReading]:
        """Read faces whose boxes are known, as a person drew them, without a search.

        Args:
            image: as for `analyze_image`.
            boxes: square ones about the faces, from above the eyebrows to the chin, in pixels of the picture.

        Returns:
            As many as `boxes`, in their order; `drawn` is set.
        """
        readings = self._read(as_array(image), [Face(box, 1.0) for box in boxes])
        return [replace(reading, drawn=True) for reading in readings]

    def find_faces(self, image: "ImageLike") -> list[Face]:
        """Only find the faces of one picture, from left to right; see `analyze_image`."""
        bgr = as_array(image)
        return self.measure(bgr, _from_the_left(self.detector.detect(bgr)))

    def measure(self, bgr: NDArray[np.uint8], faces: Sequence[Face]) -> list[Face]:
        """Only measure faces of a picture, uint8 (H, W, 3) BGR: the same faces, each with its mesh."""
        return list(faces) if self.measurer is None else self.measurer(bgr, faces)

    def read_faces(self, found: Sequence[tuple[NDArray[np.uint8], Face]]) -> list[FaceReading]:
        """Only read faces that were found, of any number of pictures, in one batch.

        Args:
            found: crops, uint8 (h, w, 3) BGR or (h, w) grey, each with the face that it was cut out for.

        Raises:
            MediaError: a crop is no such array.
        """
        return self.read_with_maps(found)[0]

    def read_with_maps(
        self, found: Sequence[tuple[NDArray[np.uint8], Face]]
    ) -> tuple[list[FaceReading], Classification]:
        """`read_faces`, and what the classifier said, which has the class activation maps of every emotion."""
        result = self.classifier.classify([_checked(crop) for crop, _ in found])
        return self._readings(found, result), result

    def _read(self, bgr: NDArray[np.uint8], faces: Sequence[Face]) -> list[FaceReading]:
        """Measure and classify the faces of one picture; neither needs the other."""
        if not faces:
            return []
        crops = [cut_face(bgr, face.box) for face in faces]
        measured, result = at_once(lambda: self.measure(bgr, faces), lambda: self.classifier.classify(crops))
        return self._readings(list(zip(crops, measured, strict=True)), result)

    def _readings(self, found: Sequence[tuple[NDArray[np.uint8], Face]], result: Classification) -> list[FaceReading]:
        uncertain = judge(result.probabilities, self.classifier.card.uncertain_below)
        return [
            FaceReading(
                box=face.box,
                face_confidence=face.confidence,
                probabilities=result.probabilities[row],
                uncertain=bool(uncertain[row]),
                activation=result.activation(row),
                quality=assess(
                    crop,
                    face.confidence < self.detector.doubtful_below,
                    face.mesh,
                    _seen_px(crop, face.box),
                ),
                mesh=face.mesh,
            )
            for row, (crop, face) in enumerate(found)
        ]

    def analyse(
        self,
        path: Path | str,
        request: AnalysisRequest,
        progress: "Monitor | Callable[[AnalysisProgress], None] | None" = None,
        *,
        checkpoint: Path | None = None,
    ) -> "Timeline":
        """Read a recording over time, in constant memory.

        Args:
            path: MP4, MOV, MKV, WebM, AVI or another recording that FFmpeg reads.
            request: sampling, smoothing, threshold and region; model, detector and engine are this pipeline's.
            progress: called with an `AnalysisProgress` a few times a second and at the end; or a monitor, which can
                also stop the analysis, so that it ends with what it has.
            checkpoint: a file that is kept up to date while it runs, and from which it goes on if that was ended;
                to be removed when it is no longer needed.

        Returns:
            The timeline; its `request` is complete, its `problems` say what is missing of a damaged recording, or after
            a stop.

        Raises:
            MediaError: the file cannot be used at all.
        """
        from fer_core.media.video import prepare_to_decode

        prepare_to_decode()  # while pandas is imported here
        from fer_core.analysis.run import analyse

        return analyse(self, Path(path), request, progress, checkpoint=checkpoint)

    def analyze_video(
        self,
        path: Path | str,
        fps: float = 4.0,
        progress: "Monitor | Callable[[AnalysisProgress], None] | None" = None,
        **choices: Any,
    ) -> "Timeline":
        """`analyse` without a request.

        Args:
            path: of the recording.
            fps: samples a second, by presentation time; 0 for every frame.
            progress: see `analyse`.
            choices: `smoothing`, `time_constant_s`, `uncertain_below`, `region` as in `AnalysisRequest`; `checkpoint`
                as in `analyse`.

        Raises:
            RequestError: a choice makes no sense, or is the pipeline's own: model, detector or engine.
            MediaError: the file cannot be used at all.

        Example:
            >>> timeline = EmotionPipeline.load().analyze_video("interview.mp4")  # doctest: +SKIP
            >>> timeline.frame[["time_s", "person", "label"]]  # doctest: +SKIP
        """
        if own := [name for name in ("model", "detector", "engine") if name in choices]:
            raise RequestError(
                f"A pipeline keeps the {' and '.join(own)} it was loaded with; name another for `EmotionPipeline.load`."
            )
        checkpoint = choices.pop("checkpoint", None)
        return self.analyse(path, AnalysisRequest(fps=fps, **choices), progress, checkpoint=checkpoint)

    def iter_video(self, path: Path | str, fps: float = 4.0, *, region: Region | None = None) -> Iterator[FrameReading]:
        """Read a recording frame by frame, in constant memory; probabilities are not smoothed.

        Args:
            path: of the recording.
            fps: samples a second, by presentation time; 0 for every frame.
            region: where faces are looked for; None for everywhere.

        Yields:
            One reading a sampled frame, in order of time; `person` of its faces is set. What a damaged recording lacks
            is a warning each (`warnings`) after the last, which begins with the file's name.

        Raises:
            MediaError: the file cannot be used at all.
        """
        from fer_core.media.video import prepare_to_decode

        prepare_to_decode()
        from fer_core.analysis.run import iterate

        return iterate(self, Path(path), AnalysisRequest(fps=fps, region=region))

    def classify(self, crops: Sequence[NDArray[np.uint8]]) -> NDArray[np.float32]:
        """Read pictures that are faces already, without a search.

        Args:
            crops: each uint8 (H, W) or (H, W, 3) BGR.

        Returns:
            float32 (N, 7), calibrated probabilities in `EMOTIONS` order.

        Raises:
            MediaError: a crop is no such array.
        """
        return self.classifier.classify([_checked(crop) for crop in crops]).probabilities


def _from_the_left(faces: Sequence[Face]) -> list[Face]:
    return sorted(faces, key=lambda face: (face.box.x, face.box.y))


def _seen_px(crop: NDArray[np.uint8], box: Box) -> int:
    """Shorter side of what is seen of a face, in pixels of its crop: the border may have cut the box off."""
    return round(max(*map(int, crop.shape[:2])) * min(box.width, box.height) / max(box.width, box.height))


def as_array(image: "ImageLike") -> NDArray[np.uint8]:
    """A picture in any form as uint8 (H, W, 3) BGR; see `EmotionPipeline.analyze_image`.

    Raises:
        MediaError: the file cannot be used, or this is no such array.
    """
    if isinstance(image, str | Path):
        from fer_core.media.images import read_image

        return read_image(Path(image))
    if not isinstance(image, np.ndarray) and hasattr(image, "getexif"):  # Pillow's, told without importing it
        from fer_core.media.images import from_pillow

        return from_pillow(image)
    return as_bgr(_checked(np.asarray(image)))


def _checked(array: NDArray[Any]) -> NDArray[np.uint8]:
    """An array that is a picture.

    Raises:
        MediaError: it is none.
    """
    if (
        array.dtype != np.uint8
        or array.size == 0
        or not (array.ndim == 2 or (array.ndim == 3 and array.shape[2] in (1, 3)))
    ):
        raise MediaError(
            f"A picture must be a uint8 array of shape (height, width, 3) in BGR order, or (height, width) grey; "
            f"this one is {array.dtype} {array.shape}."
        )
    return array


LoadPipeline: TypeAlias = Callable[[AnalysisRequest], EmotionPipeline]
"""Loads the pipeline that a request names, as `EmotionPipeline.load_for` does."""
