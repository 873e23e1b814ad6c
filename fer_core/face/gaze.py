"""Where the eyes point relative to the head; coarse.

The iris is taken for a disc on a ball that turns about its middle. Sizes are averages of adults, so the angles of one
person can be off by several degrees throughout; changes over time are more reliable than single values.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from fer_core.face.irises import Eye, Eyes
from fer_core.face.pose import Fit
from fer_core.face.topology import LEFT_EYE_INNER, LEFT_EYE_OUTER, RIGHT_EYE_INNER, RIGHT_EYE_OUTER

IRIS_RADIUS: Final = 0.111
"""Distance of the iris from the middle of the eyeball, 10 mm, over that of the outer corners of the eyes, 90 mm."""

EYEBALL_ABOVE: Final = 0.008
"""How far the middle of the eyeball lies above the line between the corners of the eye, in the same unit. With it the
median of 437 faces of FER2013, most of whom look into the camera, is a gaze into the camera."""

EYEBALL_BEHIND: Final = 0.055
"""How far it lies behind that line."""

_STEEPEST: Final = 0.95
"""Sine of the largest angle between the gaze and the axis of the camera; beyond it the iris is hidden."""


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
    """The direction in which both irises lie, on average.

    Of eyes that are nearly closed it means nothing; see `fer_core.face.eyes`.
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
