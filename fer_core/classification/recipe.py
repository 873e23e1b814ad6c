"""The training run of a model, as the `recipe` of its card states it.

Every key may be missing: older cards state less, and an imported network has no run. Keys that are not named here are
kept.
"""

from collections.abc import Iterator, Mapping
from typing import Self

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    JsonValue,
    ModelWrapValidatorHandler,
    PrivateAttr,
    SerializerFunctionWrapHandler,
    model_serializer,
    model_validator,
)


class Stated(BaseModel):
    """Part of a card: immutable. Writing gives the keys that were read, unknown ones too, in the same order."""

    model_config = ConfigDict(extra="allow", frozen=True, defer_build=True)
    __pydantic_extra__: dict[str, JsonValue] = Field(init=False)
    _keys: tuple[str, ...] = PrivateAttr(default=())

    @model_validator(mode="wrap")
    @classmethod
    def _keep_order(cls, values: object, handler: ModelWrapValidatorHandler[Self]) -> Self:
        stated = handler(values)
        if isinstance(values, Mapping):
            stated._keys = tuple(values)
        return stated

    @model_serializer(mode="wrap")
    def _as_stated(self, handler: SerializerFunctionWrapHandler) -> dict[str, object]:
        values: dict[str, object] = handler(self)
        order = dict.fromkeys((*self._keys, *values))
        return {key: values[key] for key in order if key in self.model_fields_set}


class RunSettings(Stated):
    """Settings of a training run, as `train --settings` takes them; see `fer_core.training.settings.Settings`.

    Attributes:
        model: the architecture's name.
        epochs: the most passes over the training faces.
        minutes: budget of time; None for none.
        teachers: models whose readings entered the targets.
        start: where the first weights came from; empty for random ones.
        rater_weight: weight of the loss of FER+ votes; 0 where the second head learnt nothing.
    """

    model: str | None = None
    epochs: int | None = None
    minutes: int | float | None = None
    teachers: tuple[str, ...] = ()
    start: str = ""
    rater_weight: float = 1.0


class Machine(Stated):
    """The machine of a training run.

    Attributes:
        keras: version of Keras.
        backend: what Keras computed with.
        devices: names of the devices, as the backend gives them.
        cpu_cores: number of processor cores.
    """

    keras: str = ""
    backend: str = ""
    devices: str = ""
    cpu_cores: int | None = None


class Drift(Stated):
    """Largest difference between the Keras network and the converted one.

    Attributes:
        probability: of any probability.
        accuracy: of the accuracy on the validation faces.
    """

    probability: float
    accuracy: float


class Recipe(Stated):
    """How a model was made.

    Attributes:
        settings: of the run; None where the card states none.
        epochs: number of passes over the training faces.
        minutes: duration of the run.
        machine: where it ran; None where that is not stated.
        sources: SHA-256 of the training data and of the networks that the run used, by purpose.
        before: recipe of the weights that the run started from; None for a first run.
        converted: format and precision of the network that runs.
        export_drift: difference of the converted network from the trained one; None where it was not measured.
        mean_of_calibrated_probabilities: of an ensemble, its models; else empty.
        all_learnt_from_raters: of an ensemble, whether each of its models learnt from FER+ votes.
    """

    settings: RunSettings | None = None
    epochs: int | None = None
    minutes: int | float | None = None
    machine: Machine | None = None
    sources: dict[str, str] = Field(default_factory=dict)
    before: "Recipe | None" = None
    converted: str = ""
    export_drift: Drift | None = None
    mean_of_calibrated_probabilities: tuple[str, ...] = ()
    all_learnt_from_raters: bool = True

    def runs(self) -> "Iterator[Recipe]":
        """Itself, then the one whose weights it went on from, and so on to the first."""
        run: Recipe | None = self
        while run is not None:
            yield run
            run = run.before

    @property
    def learnt_from_raters(self) -> bool:
        """Whether one of its runs, or each model of an ensemble, learnt from FER+ votes; true if neither is stated."""
        weights = [run.settings.rater_weight for run in self.runs() if run.settings is not None]
        return any(weights) if weights else self.all_learnt_from_raters
