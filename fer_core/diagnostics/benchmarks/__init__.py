"""Speed on this machine, as `python -m fer_core bench` measures it."""
