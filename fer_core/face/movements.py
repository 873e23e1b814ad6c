"""Six movements of a face against the person's own resting face.

Geometry of the mesh, not trained action units: beside a movement stands the unit of the Facial Action Coding System
(Ekman and Friesen, 1978) that moves the same points most, but wrinkles, bulges and intensity levels are not looked at.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from typing import Final

import numpy as np
from numpy.typing import NDArray

from fer_core.face.eyes import CLOSED_BELOW
from fer_core.face.topology import (
    CHIN,
    LEFT_BROW,
    LEFT_EYE_INNER,
    LEFT_EYE_OUTER,
    LIP_LOWER_OUTER,
    LIP_UPPER_OUTER,
    MOUTH_LEFT,
    MOUTH_RIGHT,
    NOSE_BASE,
    RIGHT_BROW,
    RIGHT_EYE_INNER,
    RIGHT_EYE_OUTER,
)


@dataclass(frozen=True)
class Movement:
    """One movement.

    Attributes:
        name: key of `movements`, and of its column.
        title: for people.
        unit: nearest unit of the Facial Action Coding System.
    """

    name: str
    title: str
    unit: str


MOVEMENTS: Final = (
    Movement("brow_raise", "Brow raise", "AU1 and AU2, inner and outer brow raiser"),
    Movement("brow_lower", "Brow lower", "AU4, brow lowerer"),
    Movement("lid_tightening", "Lid tightening", "AU7, lid tightener"),
    Movement("lip_corner_pull", "Lip corner pull", "AU12, lip corner puller"),
    Movement("lip_corner_depress", "Lip corner depress", "AU15, lip corner depressor"),
    Movement("jaw_drop", "Jaw drop", "AU26, jaw drop"),
)


@dataclass(frozen=True)
class Measures:
    """Distances of one face without its pose, over the distance of the outer corners of its eyes.

    Attributes:
        brow_height: of the brows above the corners of the eyes.
        brow_gap: between the inner ends of the brows.
        eye_openness: mean of both eyes, over the width of the eye.
        mouth_width: between the corners of the mouth.
        corner_height: of the corners of the mouth above the middle of the lips.
        jaw: from the base of the nose to the chin.
    """

    brow_height: float
    brow_gap: float
    eye_openness: float
    mouth_width: float
    corner_height: float
    jaw: float


def measures(shape: NDArray[np.floating], eye_openness: float) -> Measures:
    """Measure one face.

    Args:
        shape: (468, 3), as `Fit.shape`.
        eye_openness: mean of both eyes; see `fer_core.face.eyes.openness`.
    """
    eyes = shape[[RIGHT_EYE_OUTER, RIGHT_EYE_INNER, LEFT_EYE_INNER, LEFT_EYE_OUTER], 1].mean()
    lips = shape[[LIP_UPPER_OUTER, LIP_LOWER_OUTER], 1].mean()
    return Measures(
        brow_height=float(eyes - shape[[*RIGHT_BROW, *LEFT_BROW], 1].mean()),
        brow_gap=float(np.linalg.norm(shape[RIGHT_BROW[-1]] - shape[LEFT_BROW[-1]])),
        eye_openness=eye_openness,
        mouth_width=float(np.linalg.norm(shape[MOUTH_RIGHT] - shape[MOUTH_LEFT])),
        corner_height=float(lips - shape[[MOUTH_RIGHT, MOUTH_LEFT], 1].mean()),
        jaw=float(np.linalg.norm(shape[CHIN] - shape[NOSE_BASE])),
    )


def resting(seen: Sequence[Measures]) -> Measures:
    """The resting face of one person: the median of each measure over the given samples.

    Args:
        seen: of samples in which the person shows no expression; or of a whole recording, if most of it is like that.

    Raises:
        ValueError: there is no sample.
    """
    if not seen:
        raise ValueError("A resting face needs at least one sample.")
    return Measures(*(float(np.median([getattr(one, field.name) for one in seen])) for field in fields(Measures)))


def movements(now: Measures, rest: Measures) -> dict[str, float]:
    """How far each movement goes beyond the resting face, by name; 0 where the face moves the other way.

    Returns:
        Percent of the distance of the outer corners of the eyes; for `lid_tightening`, percent of the openness at rest,
        NaN while the eyes are closed, as in a blink.
    """
    change = {name: 100 * (value - getattr(rest, name)) for name, value in asdict(now).items()}
    closed = now.eye_openness < CLOSED_BELOW * rest.eye_openness
    found = {
        "brow_raise": change["brow_height"],
        "brow_lower": -(change["brow_height"] + change["brow_gap"]) / 2,
        "lid_tightening": np.nan if closed else -change["eye_openness"] / max(rest.eye_openness, 1e-6),
        "lip_corner_pull": change["corner_height"] + change["mouth_width"] / 2,
        "lip_corner_depress": -change["corner_height"],
        "jaw_drop": change["jaw"],
    }
    return {name: float(np.maximum(value, 0)) for name, value in found.items()}
