"""The options of reading a recording that several places of the pages offer, in words."""

from typing import Final

RATES: Final = {1.0: "1", 2.0: "2", 4.0: "4", 8.0: "8", 15.0: "15", 0.0: "every frame"}
"""Samples a second."""

SMOOTHINGS: Final = {
    "exponential": "Exponential average",
    "median": "Running median",
    "hmm": "Hidden Markov model",
    "none": "None",
}
