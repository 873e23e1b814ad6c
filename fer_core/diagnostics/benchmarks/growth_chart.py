"""How cost grows, drawn."""

import io
import math
from collections.abc import Sequence
from typing import Final

import matplotlib
from matplotlib.figure import Figure as Drawing

from fer_core.diagnostics.benchmarks.growth import Curve
from fer_core.palette import ACCENT

_PANEL_INCHES: Final = (2.6, 2.2)
_ABREAST: Final = 3


def growth_svg(curves: Sequence[Curve]) -> str:
    """A panel for each curve: medians as a line, from the least to the most as bars. SVG that is the same each time."""
    across, down = _PANEL_INCHES
    rows = math.ceil(len(curves) / _ABREAST)
    drawing = Drawing(figsize=(across * _ABREAST, down * rows), layout="constrained")
    panels = list(drawing.subplots(rows, _ABREAST, squeeze=False).flat)
    for panel in panels:
        panel.set_axis_off()
    for panel, curve in zip(panels, curves, strict=False):  # the last row may have places left
        panel.set_axis_on()
        medians = [figure.median for figure in curve.figures]
        around = [
            [median - figure.least for median, figure in zip(medians, curve.figures, strict=True)],
            [figure.most - median for median, figure in zip(medians, curve.figures, strict=True)],
        ]
        panel.errorbar(curve.places, medians, yerr=around, color=ACCENT, marker="o", markersize=3, linewidth=1.2)
        panel.set_title(curve.name, fontsize=7, wrap=True)
        panel.set_xlabel(curve.over, fontsize=7)
        panel.set_ylabel(curve.unit, fontsize=7)
        panel.tick_params(labelsize=6)
        panel.set_xlim(left=0)
        panel.set_ylim(0, 1.1 * max(figure.most for figure in curve.figures))
        for side in ("top", "right"):
            panel.spines[side].set_visible(False)
    written = io.StringIO()
    with matplotlib.rc_context({"svg.fonttype": "none", "svg.hashsalt": "growth"}):
        drawing.savefig(written, format="svg", metadata={"Date": None})
    return "\n".join(line.rstrip() for line in written.getvalue().splitlines()) + "\n"
