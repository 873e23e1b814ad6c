"""Coarse direction of the eyes relative to the head.

Model: the iris is a disc on a ball that turns about its centre. Sizes are averages of adults, so all angles of one
person can be wrong by several degrees; changes over time are more reliable than single values.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from fer_core.face.irises import Eye, Eyes
from fer_core.face.pose import Fit
from fer_core.face.topology import LEFT_EYE_INNER, LEFT_EYE_OUTER, RIGHT_EYE_INNER, RIGHT_EYE_OUTER

IRIS_RADIUS: Final = 0.111
"""Distance of the iris from the centre of the eyeball (10 mm) over that of the outer corners of the eyes (90 mm)."""

EYEBALL_ABOVE: Final = 0.009
"""Height of the centre of the eyeball above the line between the corners of the eye, in the same unit. Chosen so that
the median of 338 faces of FER2013's PublicTest (eyes open, head nearly straight), most of which look into the camera,
is a gaze into the camera."""

EYEBALL_BEHIND: Final = 0.055
"""Distance of the centre of the eyeball behind that line, in the same unit."""

_STEEPEST: Final = 0.95
"""Sine of the largest angle between gaze and camera axis; at larger angles the iris is hidden."""


@dataclass(frozen=True)
class Gaze:
    """Direction of both eyes together, relative to the head, in degrees; 0 for straight ahead.

    Attributes:
        x_deg: above 0 towards the right side of the picture, that is the person's left.
        y_deg: above 0 upwards.
    """

    x_deg: float
    y_deg: float


def gaze(fit: Fit, eyes: Eyes) -> Gaze:
    """Mean direction of both eyes.

    It is meaningless for eyes that are nearly closed; see `fer_core.face.eyes`.
    """
    directions = (
        _direction(fit, eyes.right, RIGHT_EYE_OUTER, RIGHT_EYE_INNER),
        _direction(fit, eyes.left, LEFT_EYE_INNER, LEFT_EYE_OUTER),
    )
    x, y, z = np.mean(directions, axis=0)
    return Gaze(float(np.degrees(np.arctan2(x, -z))), float(np.degrees(np.arctan2(-y, np.hypot(x, z)))))


def _direction(fit: Fit, eye: Eye, start: int, end: int) -> NDArray[np.float64]:
    """Unit vector in the frame of the head; z points away from the camera."""
    middle = (fit.shape[start] + fit.shape[end]) / 2 + np.array([0.0, -EYEBALL_ABOVE, EYEBALL_BEHIND])
    eyeball = fit.rotation @ middle
    iris = (np.asarray(eye.iris[0], np.float64) - fit.origin[:2]) / fit.scale
    across = (iris - eyeball[:2]) / IRIS_RADIUS
    across *= min(1.0, _STEEPEST / max(float(np.hypot(*across)), 1e-9))
    towards = np.array([*across, -np.sqrt(1 - (across**2).sum())])
    return np.asarray(fit.rotation.T @ towards, np.float64)
