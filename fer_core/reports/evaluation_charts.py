"""Charts of the evaluation's PDF as SVG; sizes in millimetres of the page."""

from collections.abc import Sequence
from typing import Final

import numpy as np
from matplotlib.patches import Rectangle
from matplotlib.ticker import PercentFormatter

from fer_core.emotions import EMOTIONS
from fer_core.evaluation.figures import ReliabilityBar
from fer_core.palette import INK, QUIET_INK, RULE
from fer_core.reports.svg import SMALL, Chart, finished, plain_axes

_BLUE: Final = np.array([59, 91, 219]) / 255
_WHITE_FROM: Final = 0.55
"""Share from which white letters read better than dark ones."""


def confusion_chart(table: Sequence[Sequence[int]], width_mm: float, height_mm: float) -> Chart:
    """A confusion matrix with its counts, each cell as blue as its share of the row."""
    counts = np.asarray(table)
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    figure, axes = plain_axes(width_mm, height_mm, left_mm=19, top_mm=15, bottom_mm=4)
    for i, j in np.ndindex(counts.shape):  # squares and not a picture, so that they stay sharp
        axes.add_patch(
            Rectangle((j - 0.48, i - 0.47), 0.96, 0.94, facecolor=1 - shares[i, j] * (1 - _BLUE), linewidth=0)
        )
        colour = "#ffffff" if shares[i, j] >= _WHITE_FROM else INK
        axes.text(j, i, f"{counts[i, j]:,}", ha="center", va="center", fontsize=SMALL, color=colour)
    places = range(len(EMOTIONS))
    axes.set_xlim(-0.5, len(EMOTIONS) - 0.5)
    axes.set_ylim(len(EMOTIONS) - 0.5, -0.5)
    axes.set_xticks(places, EMOTIONS, rotation=35, ha="left")
    axes.set_yticks(places, EMOTIONS)
    axes.xaxis.tick_top()
    axes.set_xlabel("read as", fontsize=SMALL, color=QUIET_INK)
    axes.xaxis.set_label_position("top")
    axes.set_ylabel("label", fontsize=SMALL, color=QUIET_INK)
    return finished(figure)


def reliability_chart(bars: Sequence[ReliabilityBar], width_mm: float, height_mm: float) -> Chart:
    """Accuracy against stated confidence, with 95 % intervals.

    Args:
        bars: as `fer_core.evaluation.calibration.reliability_bins` gives them.
        width_mm: of the chart.
        height_mm: of the chart.
    """
    figure, axes = plain_axes(width_mm, height_mm, left_mm=13, bottom_mm=10)
    confidence = [bar["confidence"] for bar in bars]
    accuracy = np.array([bar["accuracy"] for bar in bars])
    bounds = np.array([bar["accuracy_ci95"] for bar in bars])
    axes.plot([0, 1], [0, 1], color=QUIET_INK, linewidth=0.6, linestyle=":")
    axes.errorbar(
        confidence,
        accuracy,
        yerr=np.clip([accuracy - bounds[:, 0], bounds[:, 1] - accuracy], 0, None),
        color=_BLUE,
        linewidth=1.0,
        elinewidth=0.6,
        marker="o",
        markersize=2.6,
    )
    axes.set_xlim(0, 1.02)
    axes.set_ylim(0, 1.04)
    axes.grid(True, color=RULE, linewidth=0.4)
    for axis, words in ((axes.xaxis, "stated confidence"), (axes.yaxis, "right")):
        axis.set_major_formatter(PercentFormatter(1.0, decimals=0))
        axis.set_label_text(words, fontsize=SMALL, color=QUIET_INK)
    return finished(figure)
