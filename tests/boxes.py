"""Boxes that tests expect."""

from fer_core.readings import Box


def scaled(box: Box, factor: float) -> Box:
    """The box in a picture that is `factor` times as large."""
    return Box(*(round(value * factor) for value in box))
