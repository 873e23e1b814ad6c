"""Model files. A file is used only if its SHA-256 matches its card."""

import hashlib
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from fer_core.errors import FerError, ModelError, NotInstalledError
from fer_core.resources import is_left_out, resource
from fer_core.settings import settings

MODELS_DIR: Final = settings().models_dir or resource("models")


class Record(BaseModel):
    """Part of a card: immutable, and unknown keys are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)


class FileRecord(Record):
    """One file of a model."""

    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    bytes: int = Field(gt=0)

    @classmethod
    def of(cls, path: Path) -> "FileRecord":
        """The record of a file as it is now."""
        return cls(sha256=sha256(path), bytes=path.stat().st_size)


def sha256(path: Path) -> str:
    """Hexadecimal SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def verified(folder: Path, file: str, files: Mapping[str, FileRecord]) -> Path:
    """The path of a model file whose SHA-256 was compared with the card.

    Args:
        folder: the model's.
        file: its name.
        files: as the card lists them.

    Raises:
        ModelError: the card does not list it, it is missing, or it is not the file that the card describes.
        NotInstalledError: the file is one that an installed package leaves out.
    """
    path = folder / file
    if file not in files:
        raise ModelError(f'Model "{folder.name}" has no {file}; its card lists: {", ".join(files)}.')
    if is_left_out(path):
        raise NotInstalledError(
            f"{folder.name}/{file} is not part of an installed package, because only training needs it; take it from "
            "the project's repository, or run this there."
        )
    if not path.is_file():
        raise ModelError(f"{path} is missing; restore it from the release.")
    if sha256(path) != files[file].sha256:
        raise ModelError(f"{path} is not the file that its card describes (SHA-256 differs); restore it.")
    return path


def card_files(models_dir: Path = MODELS_DIR) -> list[Path]:
    """The cards of all models, of any kind, by name. Hidden folders hold what is being made."""
    return sorted(path for path in models_dir.glob("*/card.json") if not path.parent.name.startswith("."))


def verify_all(models_dir: Path = MODELS_DIR) -> Iterator[tuple[str, FerError | None]]:
    """Compare every file of every model, of any kind, with its card: yields (model/file, error or None)."""
    for card in card_files(models_dir):
        try:
            listed = json.loads(card.read_text(encoding="utf-8"))["files"]
            files = {name: FileRecord.model_validate(record) for name, record in listed.items()}
        except (ValueError, KeyError, TypeError, AttributeError, ValidationError):
            yield f"{card.parent.name}/card.json", ModelError(f"{card} is not a valid model card; restore it.")
            continue
        for name in files:
            try:
                verified(card.parent, name, files)
                yield f"{card.parent.name}/{name}", None
            except ModelError as error:
                yield f"{card.parent.name}/{name}", error
