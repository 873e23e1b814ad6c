"""Hostile input, made by itself and fed through the public doors: `python -m tests.fuzz` (`make fuzz`)."""
