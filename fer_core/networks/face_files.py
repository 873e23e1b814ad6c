"""The face networks in `models/faces`: their card, and files that are used only if their SHA-256 is the card's."""

from functools import cache
from pathlib import Path
from typing import Final, Literal

from pydantic import ValidationError

from fer_core.errors import ModelError
from fer_core.networks.files import MODELS_DIR, FileRecord, Record, verified

FACES_DIR: Final = MODELS_DIR / "faces"

DETECTOR: Final = "face_detection_full_range.tflite"
MESH: Final = "face_landmark.tflite"
IRIS: Final = "iris_landmark.tflite"


class FaceNetwork(Record):
    """One network of the card.

    Attributes:
        title: short name for people.
        paper: the publication that describes the network.
        input: shape, colour order and range of values.
        output: shapes and meaning.
        trained_for: intended use, from its authors' model card.
        limits: known limits, published by its authors or measured in this project.
    """

    title: str
    paper: str
    input: str
    output: str
    trained_for: str
    limits: str


class FacesCard(Record):
    """Content of `models/faces/card.json`.

    Attributes:
        name: name of the folder.
        title: short name for people.
        kind: always "faces".
        author: who trained the networks.
        source: where the files were taken from.
        licence: of the files.
        networks: description by file name.
        files: size and SHA-256 by file name.
    """

    name: str
    title: str
    kind: Literal["faces"]
    author: str
    source: str
    licence: str
    networks: dict[str, FaceNetwork]
    files: dict[str, FileRecord]


def face_network(file: str, folder: Path | None = None) -> Path:
    """Path of one face network after its SHA-256 was compared with the card.

    Args:
        file: `DETECTOR`, `MESH` or `IRIS`.
        folder: holds `card.json` and the networks; None for `models/faces`.

    Raises:
        ModelError: the card or the file is missing, damaged, or the file is not the one that the card describes.
    """
    folder = FACES_DIR if folder is None else folder
    return verified(folder, file, load_faces_card(folder).files)


@cache
def load_faces_card(folder: Path = FACES_DIR) -> FacesCard:
    """Read the card of the face networks.

    Raises:
        ModelError: the card is missing or not valid.
    """
    path = folder / "card.json"
    if not path.is_file():
        raise ModelError(f"{path} is missing; restore the folder from the release.")
    try:
        return FacesCard.model_validate_json(path.read_text(encoding="utf-8"))
    except (ValidationError, UnicodeDecodeError) as error:
        raise ModelError(f"{path} is not a valid card of face networks; restore it from the release.") from error
