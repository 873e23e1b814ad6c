"""Readings in the forms in which people take them away."""

import logging

# Matplotlib, of which reports take fonts and lines, writes about its own folders, as where the home cannot be written.
logging.getLogger("matplotlib").setLevel(logging.ERROR)
# fontTools, which makes the fonts of a PDF smaller, writes two hundred lines about each report.
logging.getLogger("fontTools").setLevel(logging.WARNING)
