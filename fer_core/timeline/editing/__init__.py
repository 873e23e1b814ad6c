"""Corrections of a timeline as values with a log: what people change, rate and leave out."""
