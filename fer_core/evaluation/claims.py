"""What papers and comparable projects claim on FER2013, each with its source: kept apart from what was measured here.

The table is `docs/claims.json`. A claim is in it because it is widely cited or of a project like this one, not because
it is believed.
"""

from functools import lru_cache
from pathlib import Path
from typing import Final, Literal

from pydantic import Field, ValidationError

from fer_core.errors import DatasetError
from fer_core.evaluation.intervals import wilson
from fer_core.networks.files import Record
from fer_core.resources import resource

CLAIMS_FILE: Final = resource("docs/claims.json")

Verdict = Literal["yes", "partly", "no", "unknown"]


class Claim(Record):
    """A figure that somebody gives for a model.

    Attributes:
        work: the model.
        accuracy: as claimed, 0 to 1.
        measured_on: the faces, as far as the source tells.
        selection: by what it was chosen, and what helped it.
        source: where the figure stands.
        link: to it, where there is an address.
        reproducible: whether others could repeat it.
        why: in a sentence.
    """

    work: str
    accuracy: float = Field(gt=0, lt=1)
    measured_on: str
    selection: str
    source: str
    link: str | None = Field(default=None, pattern=r"^https://")
    reproducible: Verdict
    why: str


class MeasuredElsewhere(Record):
    """Somebody else's model, measured by this project on the same faces as its own.

    Attributes:
        work: the model.
        accuracy: 0 to 1.
        n: number of faces.
        measured_on: which faces.
        source: how.
    """

    work: str
    accuracy: float = Field(gt=0, lt=1)
    n: int = Field(gt=0)
    measured_on: str
    source: str

    @property
    def accuracy_ci95(self) -> tuple[float, float]:
        """95 % interval (low, high)."""
        low, high = wilson(round(self.accuracy * self.n), self.n)
        return low, high


class Claims(Record):
    """All of it.

    Attributes:
        claims: the highest first.
        measured_here: other people's models on this project's test faces.
    """

    claims: tuple[Claim, ...]
    measured_here: tuple[MeasuredElsewhere, ...]


@lru_cache(maxsize=1)
def read_claims(path: Path = CLAIMS_FILE) -> Claims:
    """Read the table.

    Raises:
        DatasetError: it is missing or not valid.
    """
    try:
        found = Claims.model_validate_json(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, ValidationError) as error:
        raise DatasetError(f"{path} is missing or not a valid table of claims; restore it.") from error
    return found.model_copy(update={"claims": tuple(sorted(found.claims, key=lambda claim: -claim.accuracy))})
