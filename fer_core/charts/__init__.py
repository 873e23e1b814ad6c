"""Plotly figures, each with a description in words. No Streamlit here, so that reports and notebooks can use them.

Figures of a timeline take it as a `Timeline` or as its rows. Their paper is transparent and their text has the
template's colour, so that they stand on light and dark pages alike; line styles, symbols, patterns and names say
whatever colours say.
"""

from fer_core.charts.face import describe, probability_bars
from fer_core.charts.lanes import emotion_ribbon, quality_lane
from fer_core.charts.looks import add_notes, seconds_of
from fer_core.charts.over_time import heat_map, probability_lines, stacked_area, valence_curve
from fer_core.charts.shares import share_bars, share_pie, share_radar
from fer_core.charts.words import (
    describe_probabilities,
    describe_quality,
    describe_ribbon,
    describe_shares,
    describe_valence,
)

__all__ = [
    "add_notes",
    "describe",
    "describe_probabilities",
    "describe_quality",
    "describe_ribbon",
    "describe_shares",
    "describe_valence",
    "emotion_ribbon",
    "heat_map",
    "probability_bars",
    "probability_lines",
    "quality_lane",
    "seconds_of",
    "share_bars",
    "share_pie",
    "share_radar",
    "stacked_area",
    "valence_curve",
]
