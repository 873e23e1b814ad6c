"""What all charts of PDFs share: colours, letters, margins, and how a figure becomes SVG.

They are drawn by matplotlib without its global state, so that threads do not meet in it. Sizes are in millimetres of
the page.
"""

import io
import re
from dataclasses import dataclass
from typing import Final

import matplotlib
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from fer_core.palette import QUIET_INK

SMALL: Final = 6.5
"""Size of most letters, in points."""

_MM: Final = 1 / 25.4

# Texts stay texts, which a reader can search and copy; as outlines of letters they would be most of the report's work.
matplotlib.rcParams["svg.fonttype"] = "none"


@dataclass(frozen=True)
class Chart:
    """An SVG picture and its size on the page in millimetres."""

    svg: bytes
    width_mm: float
    height_mm: float


def plain_axes(
    width_mm: float,
    height_mm: float,
    *,
    left_mm: float = 12,
    right_mm: float = 4,
    top_mm: float = 4,
    bottom_mm: float = 9,
) -> tuple[Figure, Axes]:
    """Axes without lines around them. The same margins at left and right let moments of several charts align."""
    figure = Figure(figsize=(width_mm * _MM, height_mm * _MM))
    inner_mm = width_mm - left_mm - right_mm, max(height_mm - top_mm - bottom_mm, 1)
    axes = figure.add_axes((left_mm / width_mm, bottom_mm / height_mm, inner_mm[0] / width_mm, inner_mm[1] / height_mm))
    axes.tick_params(labelsize=SMALL, colors=QUIET_INK, length=0, pad=2)
    axes.set_axisbelow(True)
    for side in axes.spines.values():
        side.set_visible(False)
    return figure, axes


def finished(figure: Figure) -> Chart:
    """A figure as SVG, without the moment at which it was made."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format="svg", metadata=dict.fromkeys(("Creator", "Date", "Format", "Type")))
    width, height = figure.get_size_inches()
    # matplotlib counts lengths in points and calls those of fonts pixels, which fpdf2 would take for smaller ones.
    svg = re.sub(rb"(font-size: [0-9.]+)px", rb"\1pt", buffer.getvalue())
    return Chart(svg, width / _MM, height / _MM)
