"""What decides the course of a training run."""

from dataclasses import dataclass, field, fields
from math import inf
from typing import Any, Final

from fer_core.training.augmentation import Augmentation

_KINDS: Final[dict[Any, tuple[str, tuple[type, ...]]]] = {
    str: ("text", (str,)),
    int: ("a whole number", (int,)),
    float: ("a number", (int, float)),
    float | None: ("a number or null", (int, float, type(None))),
}
"""What values of a field may be, in words and as types, by its annotation."""

_BELOW_ONE: Final = 0.9999999
_RANGES: Final[dict[str, tuple[float, float]]] = {
    **dict.fromkeys(("balance", "teacher_share", "small_share"), (0, 1)),
    **dict.fromkeys(("smoothing", "dropout", "ema"), (0, _BELOW_ONE)),  # at 1 nothing would be learnt
    **dict.fromkeys(("weight_decay", "rater_weight", "mixup", "frozen", "patience"), (0, inf)),
    "small_px": (16, inf),  # what the networks halve down to one place
    "rotation_deg": (0, inf),
    "scale": (0, _BELOW_ONE),  # at 1 nothing would be left of a face
    **dict.fromkeys(("shift", "light", "erase"), (0, 1)),
    "seed": (0, 2**32 - 1),
}
"""Least and most of a setting, or of how far faces are changed."""


@dataclass(frozen=True)
class Settings:
    """Everything that decides the course of a run; recorded in the model's card.

    Attributes:
        model: a key of `ARCHITECTURES`.
        epochs: passes over the training faces, at most.
        minutes: a budget of time for all sessions of the run together, or None. With a budget, elapsed time and not
            the epoch drives schedule and face size, so that a slow machine finishes annealed too.
        batch: faces a step.
        optimizer: "sgd" (Nesterov momentum 0.9) or "adam" (AdamW).
        schedule: "cosine" (5 % warm-up, then to 0) or "plateau" (halved after 3 epochs without a better validation
            loss).
        learning_rate: the peak.
        weight_decay: decoupled, as Keras does it; kernels only.
        smoothing: label smoothing of the FER2013 label.
        rater_weight: weight of the FER+ loss beside the FER2013 loss.
        dropout: before the heads.
        stem_stride: 1 keeps the face's full resolution in the first stage; 2 halves it at once, for a CPU.
        balance: 0 counts every face alike, 1 every emotion alike; between them, a power of the class's share.
        mixup: parameter of the Beta distribution by which pairs of faces are blended; 0 blends none.
        teachers: installed models whose mean opinion of each face enters the targets.
        teacher_share: how much of the target is the teachers' opinion.
        teacher_view: "same" asks the teachers about each changed face as the student sees it; "plain" asks them once
            about each unchanged face, before the run, which costs next to nothing a pass.
        start: an installed model whose weights the network starts with where names and shapes agree, "imagenet"
            (`resnet50v2`, needs the internet once), "face" (`face_resnet`, see `fer_core.training.face_start`), or
            nothing.
        frozen: how many layers with weights, from the input on, keep those that the network starts with; saves the
            time of their gradients.
        ema: decay a step of the averaged weights that the run ends with; 0 keeps the last weights.
        patience: epochs without better validation accuracy after which the run stops; 0 never stops early.
        small_px: side of the faces in the first part of the run; cheaper, and no worse in the end.
        small_share: which part of the run uses `small_px`.
        precision: "float32", or "mixed_bfloat16" where the processor has it.
        seed: of weights, order and augmentation.
        augmentation: how far faces are changed.
    """

    model: str = "custom_cnn"
    epochs: int = 60
    minutes: float | None = None
    batch: int = 128
    optimizer: str = "sgd"
    schedule: str = "cosine"
    learning_rate: float = 0.1
    weight_decay: float = 5e-3
    smoothing: float = 0.05
    rater_weight: float = 1.0
    dropout: float = 0.4
    stem_stride: int = 2
    balance: float = 0.0
    mixup: float = 0.0
    teachers: tuple[str, ...] = ()
    teacher_share: float = 0.5
    teacher_view: str = "same"
    start: str = ""
    frozen: int = 0
    ema: float = 0.998
    patience: int = 0
    small_px: int = 36
    small_share: float = 0.5
    precision: str = "float32"
    seed: int = 0
    augmentation: Augmentation = field(default_factory=Augmentation)

    def __post_init__(self) -> None:
        """Refuse what no run can be made of."""
        object.__setattr__(self, "teachers", _names(self.teachers))
        if not isinstance(self.augmentation, Augmentation):
            raise ValueError("augmentation must be a group of settings of its own")
        _check(self)
        _check(self.augmentation)
        if self.optimizer not in ("sgd", "adam"):
            raise ValueError(f'optimizer is "sgd" or "adam", not "{self.optimizer}"')
        if self.schedule not in ("cosine", "plateau"):
            raise ValueError(f'schedule is "cosine" or "plateau", not "{self.schedule}"')
        if self.teacher_view not in ("same", "plain"):
            raise ValueError(f'teacher_view is "same" or "plain", not "{self.teacher_view}"')
        if self.precision not in ("float32", "mixed_bfloat16"):
            raise ValueError(f'precision is "float32" or "mixed_bfloat16", not "{self.precision}"')
        if self.stem_stride not in (1, 2):
            raise ValueError("stem_stride is 1 or 2")
        for name in ("epochs", "batch", "learning_rate"):
            if not getattr(self, name) > 0:
                raise ValueError(f"{name} must be more than 0")
        if self.minutes is not None and not self.minutes > 0:
            raise ValueError("minutes must be more than 0")


def _names(teachers: object) -> tuple[str, ...]:
    """JSON has lists; one name alone is one teacher."""
    names = (teachers,) if isinstance(teachers, str) else teachers
    if not isinstance(names, list | tuple) or not all(isinstance(name, str) for name in names):
        raise ValueError("teachers must be a list of names")
    return tuple(names)


def _check(record: "Settings | Augmentation") -> None:
    """Refuse values of another kind than their field, as a file of settings can hold them, and values out of range."""
    for one in fields(record):
        value, (words, kinds) = getattr(record, one.name), _KINDS.get(one.type, ("", (object,)))
        if not isinstance(value, kinds) or (isinstance(value, bool) and words):
            raise ValueError(f"{one.name} must be {words}, not {value!r}")
        if one.name not in _RANGES:
            continue
        least, most = _RANGES[one.name]
        if not least <= getattr(record, one.name) <= most:
            above = "" if most == inf else " and less than 1" if most == _BELOW_ONE else f" and at most {most:g}"
            raise ValueError(f"{one.name} must be at least {least:g}{above}")
