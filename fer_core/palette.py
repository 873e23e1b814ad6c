"""Colours that charts on pages and in reports share. Those of the emotions are in `fer_core.emotions`."""

from typing import Final

SERIES: Final = ("#0072b2", "#d55e00", "#009e73", "#c06a99", "#8a6fdf", "#a06a00", "#5b6475", "#d1245a")
"""People, splits and other series, in this order. The first three are Okabe and Ito's (2008), the fourth and sixth
theirs darkened; they stay apart under the common colour-vision deficiencies. Dash, symbol or pattern says the same."""

ACCENT: Final = "#3b5bdb"
"""The one series of a chart that has no more."""

AGAINST: Final = "#c8451b"
"""What stands against `ACCENT`."""

UNCERTAIN_COLOUR: Final = "#a3aab8"
"""Readings whose highest probability is low."""

INK: Final = "#1b2333"
"""Words on a light page."""

QUIET_INK: Final = "#5b6475"
"""Less important words on a light page."""

QUIET: Final = "#8892a6"
"""Lines that only help to read others, in both themes."""

RULE: Final = "#d8dfec"
"""Grids and rules on a light page."""


def rgb_of(colour: str) -> tuple[int, int, int]:
    """A colour `#rrggbb` as (red, green, blue), each 0 to 255."""
    red, green, blue = bytes.fromhex(colour[1:])
    return red, green, blue
