"""Many visitors of one server at once: `python -m tests.load` (`make load`)."""
