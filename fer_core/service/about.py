"""What the service says of itself: models, notice, health."""

from collections.abc import Callable
from typing import Final, Literal

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict

from fer_core.classification import ModelCard, default_model, list_cards
from fer_core.detection import installed_detectors
from fer_core.emotions import EMOTIONS
from fer_core.errors import BusyError, MissingError
from fer_core.notice import PURPOSE
from fer_core.service.problems import answers
from fer_core.settings import SERVICE_LIBRARY, ServiceSettings
from fer_core.version import __version__

STORED: Final = (
    "A picture is never kept. A recording lies in a folder of the service, readable by its user alone, until it is "
    "read; then its numbers, its name and its purpose stay, until they are deleted or {hours:g} hours are over. What "
    "lies there when the service ends stays until it runs again, or somebody deletes it. Nothing is sent to another "
    "service. The numbers of a recording include the outline of every face, which is personal data, too."
)
"""What the service keeps, in words, with the hours that results are kept."""

IN_LIBRARY: Final = (
    " What is kept in the library of this service stays there until somebody deletes it, and everybody who may use the "
    "service can read, correct and delete it."
)
"""What is added where it has a library."""


class _Described(BaseModel):
    model_config = ConfigDict(use_attribute_docstrings=True)


class Model(_Described):
    """An installed model."""

    name: str
    """As `model` takes it."""
    title: str
    """For people."""
    default: bool
    """Whether it is used where no model is named."""
    accuracy: float | None
    """Share of FER2013 PrivateTest that it labels as the data set does; null where that was not measured."""
    uncertain_below: float
    """Its threshold: probability of the label under which a reading is uncertain."""
    parameters: int
    """Number of weights."""
    licence: str
    """Of the weights."""
    training_data: str
    """In words."""
    identity: str
    """SHA-256 of everything that decides its answers."""


class Models(_Described):
    """What can be chosen."""

    models: list[Model]
    """Installed models, by name."""
    detectors: list[str]
    """Installed face detectors, the default one first."""
    emotions: list[str]
    """The seven expressions, in the order of all tables."""
    version: str
    """Of the software."""


class Notice(_Described):
    """What the service is not for."""

    purpose: str
    """What readings mean, and what they must not be used for."""
    privacy: str
    """What is kept, for how long, and who can read it."""


class Health(_Described):
    """The state of the service."""

    status: Literal["live", "ready"]


def router(settings: ServiceSettings) -> APIRouter:
    """The routes for those who may use the service."""
    routes = APIRouter(tags=["about"])
    stored = STORED.format(hours=settings.kept_hours) + (IN_LIBRARY if settings.library else "")

    @routes.get(
        "/v1/models", operation_id="models", summary="List what is installed", responses=answers(401, 403, 422, 500)
    )
    def models() -> Models:
        """Models with their licence and measured accuracy, face detectors, and the order of the expressions."""
        default = default_model()
        listed = [_model(card, card.name == default) for card in list_cards()]
        return Models(models=listed, detectors=installed_detectors(), emotions=list(EMOTIONS), version=__version__)

    @routes.get("/v1/notice", operation_id="notice", summary="Say what it is not for", responses=answers(401, 403, 422))
    def notice() -> Notice:
        """Show this to the people whose pictures you send, and send none without their consent."""
        return Notice(purpose=PURPOSE, privacy=stored)

    return routes


def health(ready: Callable[[], bool]) -> APIRouter:
    """The routes for whoever watches the service, without a key.

    Args:
        ready: whether work is taken in.
    """
    routes = APIRouter(tags=["health"])

    @routes.get("/health/live", operation_id="live", summary="Whether it runs")
    async def live() -> Health:  # needs no thread, of which none may be free
        """Answers as long as the process does."""
        return Health(status="live")

    @routes.get("/health/ready", operation_id="ready", summary="Whether it takes work", responses=answers(503))
    async def is_ready() -> Health:
        """Answers 503 from when the service is asked to end; before the default model is loaded, nobody answers."""
        if not ready():
            raise BusyError("The service is ending; try again in some seconds.")
        return Health(status="ready")

    return routes


def no_library() -> APIRouter:
    """The addresses of a library where the service has none, which say so; they are not described."""
    routes = APIRouter(include_in_schema=False)

    @routes.get("/v1/library")
    @routes.api_route("/v1/library/{rest:path}", methods=["GET", "PUT", "DELETE"])
    @routes.post("/v1/recordings/{rest}/keep")
    def none() -> None:
        raise MissingError(f"This service has no library; who runs it switches it on with {SERVICE_LIBRARY}=true.")

    return routes


def _model(card: ModelCard, default: bool) -> Model:
    measured = card.metrics.get("PrivateTest")
    return Model(
        name=card.name,
        title=card.title,
        default=default,
        accuracy=None if measured is None else measured.accuracy,
        uncertain_below=card.uncertain_below,
        parameters=card.parameters,
        licence=card.licence,
        training_data=card.training_data,
        identity=card.identity,
    )
