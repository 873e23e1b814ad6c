"""How something is read, as the query of an address says: the names are those of `AnalysisRequest`."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from fer_core.declaration import Declaration, declared
from fer_core.request import (
    DEFAULT_DETECTOR,
    DEFAULT_MODEL,
    FASTEST,
    TIME_CONSTANT_S,
    AnalysisRequest,
    DetectorChoice,
    Region,
)

Share = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]


class PictureChoices(BaseModel):
    """How a picture is read."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)

    name: str = Field(default="", max_length=200, examples=["face.jpg"])
    """Name of the file, for the answer and for messages; a form can tell it, too."""
    model: str = Field(default=DEFAULT_MODEL, max_length=100)
    """Name of an installed model; `/v1/models` lists them."""
    detector: Literal["blazeface", "haar", "mtcnn"] = DEFAULT_DETECTOR
    """Name of the face detector."""
    purpose: str | None = Field(default=None, max_length=200, examples=["usability study of our form"])
    """What it is for, sealed into the answer; work, hiring and education are refused."""

    @property
    def request(self) -> AnalysisRequest:
        """The choices as a request.

        Raises:
            RequestError: they make no sense.
        """
        return AnalysisRequest(self.model, DetectorChoice(self.detector))

    @property
    def declaration(self) -> Declaration | None:
        """The purpose, declared now; None where it was left out.

        Raises:
            RequestError: it is refused.
        """
        return None if self.purpose is None else declared(self.purpose)


class RecordingChoices(PictureChoices):
    """How a recording is read."""

    fps: float = Field(default=4.0, ge=0, le=FASTEST, allow_inf_nan=False)
    """Samples a second; 0 for every frame."""
    smoothing: Literal["exponential", "median", "hmm", "none"] = "exponential"
    """Method by which probabilities are smoothed over time."""
    time_constant_s: float = Field(default=TIME_CONSTANT_S, ge=0, le=3600, allow_inf_nan=False)
    """Time constant of the smoothing, in seconds."""
    uncertain_below: Share | None = None
    """Smoothed probability under which a reading is uncertain; left out, the model's own threshold."""
    region: str | None = Field(default=None, max_length=100, examples=["0.5,0,0.5,1"])
    """Part of the picture in which faces are looked for: x, y, width and height in shares of it."""

    @property
    def request(self) -> AnalysisRequest:
        """See `PictureChoices.request`."""
        return AnalysisRequest(
            self.model,
            DetectorChoice(self.detector),
            fps=self.fps,
            smoothing=self.smoothing,
            time_constant_s=self.time_constant_s,
            uncertain_below=self.uncertain_below,
            region=None if self.region is None else Region.parse(self.region),
        )
