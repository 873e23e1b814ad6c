"""The parts of the Image page."""
