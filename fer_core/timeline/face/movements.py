"""Six movements of a face against the person's own resting face.

They are geometry of the mesh, not trained action units. Each movement names the unit of the Facial Action Coding System
(Ekman and Friesen, 1978) that moves the same points most; wrinkles, bulges and intensity levels are not considered.
"""

from dataclasses import astuple, dataclass, fields
from typing import Final

import numpy as np
from numpy.typing import NDArray

CLOSED_BELOW: Final = 0.5
"""Share of the person's usual openness below which the eyes count as closed."""


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
class Geometry:
    """Distances of one face without its pose, in units of the distance of the outer corners of its eyes.

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


DISTANCES: Final = tuple(field.name for field in fields(Geometry))
"""Names of the distances, in the order of `Geometry`."""


def resting(seen: NDArray[np.floating]) -> Geometry:
    """The resting face of one person: the median of each distance over the given samples.

    Args:
        seen: (N, 6), a row for each sample in the order of `Geometry`: samples without an expression, or all samples of
            a recording that shows none most of the time.

    Raises:
        ValueError: there is no sample.
    """
    if not len(seen):
        raise ValueError("A resting face needs at least one sample.")
    return Geometry(*map(float, np.median(seen, axis=0)))


def movements(now: NDArray[np.floating], rest: Geometry) -> dict[str, NDArray[np.float64]]:
    """Each movement as a difference from the resting face; 0 where the face moves the other way.

    Args:
        now: (N, 6), a row for each sample in the order of `Geometry`.
        rest: resting face of the same person.

    Returns:
        By name of the movement, float64 (N,): percent of the distance of the outer corners of the eyes; for
        `lid_tightening`, percent of the openness at rest, NaN while the eyes are closed, as in a blink.
    """
    values = np.asarray(now, float).reshape(-1, len(DISTANCES))
    change = dict(zip(DISTANCES, 100 * (values - astuple(rest)).T, strict=True))
    closed = values[:, DISTANCES.index("eye_openness")] < CLOSED_BELOW * rest.eye_openness
    tightening = -change["eye_openness"] / max(rest.eye_openness, 1e-6)
    found = {
        "brow_raise": change["brow_height"],
        "brow_lower": -(change["brow_height"] + change["brow_gap"]) / 2,
        "lid_tightening": np.where(closed, np.nan, tightening),
        "lip_corner_pull": change["corner_height"] + change["mouth_width"] / 2,
        "lip_corner_depress": -change["corner_height"],
        "jaw_drop": change["jaw"],
    }
    return {name: np.maximum(value, 0) for name, value in found.items()}
