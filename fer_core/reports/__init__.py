"""Readings in the forms in which people take them away."""
