"""The second test, which tells whether what the Haar search proposes is a face at all.

A small convolutional network looks at each proposal and says how sure it is, 0 to 1. It is trained by
`fer_core.training.face_check`, lives in `models/face_check` and runs on LiteRT. All proposals of a picture go through
it in one batch. Cascades with a network as the last stage: Li et al. (2015), "A convolutional neural network cascade
for face detection", https://doi.org/10.1109/CVPR.2015.7299170.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, JsonValue, ValidationError

from fer_core.errors import ModelError
from fer_core.imaging.crops import cut, grey, network_input
from fer_core.networks.files import MODELS_DIR, FileRecord, Record, verified
from fer_core.networks.litert import LiteRtModel
from fer_core.readings import Box

FACE_CHECK_DIR: Final = MODELS_DIR / "face_check"


class FaceCheckCard(Record):
    """What `models/face_check/card.json` says.

    Attributes:
        name: the folder's name.
        title: for people.
        kind: always "face_check".
        side_px: side of the square grey crop that the network takes.
        margin: side of the crop over the side of the proposal; 1 is the proposal itself.
        threshold: confidence from which a proposal counts as a face.
        preprocessing: in words.
        parameters: number of weights.
        files: by file name.
        licence: of the weights.
        training_data: in words.
        recipe: settings of the training run.
        metrics: what was measured, with how it was measured.
    """

    name: str
    title: str
    kind: Literal["face_check"]
    side_px: int = Field(gt=0)
    margin: float = Field(ge=1, le=3)
    threshold: float = Field(gt=0, lt=1)
    preprocessing: str
    parameters: int = Field(gt=0)
    files: dict[str, FileRecord]
    licence: str
    training_data: str
    recipe: dict[str, JsonValue]
    metrics: dict[str, JsonValue]


class FaceCheck:
    """Gives each proposal the confidence that it is a face. Safe to share between threads.

    >>> check = FaceCheck.load()
    >>> check(np.zeros((100, 100, 3), np.uint8), [Box(10, 10, 50, 50)])[0] < check.threshold
    np.True_
    """

    NETWORK: Final = "face_check.tflite"

    def __init__(self, network: LiteRtModel, card: FaceCheckCard) -> None:
        self._network = network
        self.card = card

    @classmethod
    def load(cls, folder: Path | None = None, threads: int | None = None) -> "FaceCheck":
        """Load the network and compare it with its card.

        Args:
            folder: holds `card.json` and `face_check.tflite`; None for the one that comes with the package.
            threads: CPU threads; None for one a core.

        Raises:
            ModelError: a file is missing, damaged, or not the one that the card describes.
        """
        folder = FACE_CHECK_DIR if folder is None else folder
        card = load_face_check_card(folder)
        return cls(LiteRtModel(verified(folder, cls.NETWORK, card.files), threads), card)

    @property
    def files(self) -> Mapping[str, str]:
        """SHA-256 of the network, by its file name, and of what else of the card decides, by the card's name."""
        decisive = json.dumps([self.card.side_px, self.card.margin, self.card.threshold])
        return {
            self.NETWORK: self.card.files[self.NETWORK].sha256,
            self.card.name: hashlib.sha256(decisive.encode()).hexdigest(),
        }

    @property
    def threshold(self) -> float:
        """Confidence from which a proposal counts as a face."""
        return self.card.threshold

    def __call__(self, image: NDArray[np.uint8], boxes: Sequence[Box]) -> NDArray[np.float32]:
        """How sure it is that each box holds a face.

        Args:
            image: uint8 (H, W) grey or (H, W, 3) BGR.
            boxes: squares in pixels of `image`, about as a Haar cascade draws them; they may reach past its border.

        Returns:
            float32 (N,), 0 to 1.
        """
        if not boxes:
            return np.zeros(0, np.float32)
        picture = grey(image)
        crops = [cut(picture, widened(box, self.card.margin)) for box in boxes]
        return self.of_crops(crops)

    def of_crops(self, crops: Sequence[NDArray[np.uint8]]) -> NDArray[np.float32]:
        """The same for crops that have the card's margin already: uint8 (h, w), grey, of any size."""
        (confidence,) = self._network(network_input(crops, self.card.side_px)).values()
        return confidence.reshape(-1)


def load_face_check_card(folder: Path) -> FaceCheckCard:
    """Read the card.

    Raises:
        ModelError: it is missing or not valid.
    """
    path = folder / "card.json"
    if not path.is_file():
        raise ModelError(f"{path} is missing; restore the folder from the release.")
    try:
        return FaceCheckCard.model_validate_json(path.read_text(encoding="utf-8"))
    except (ValidationError, UnicodeDecodeError) as error:
        raise ModelError(f"{path} is not a valid card of a face check; restore it from the release.") from error


def widened(box: Box, factor: float) -> Box:
    """The box about the same centre, its sides `factor` times as long."""
    if factor == 1:
        return box
    width, height = round(box.width * factor), round(box.height * factor)
    return Box(box.x - (width - box.width) // 2, box.y - (height - box.height) // 2, width, height)
