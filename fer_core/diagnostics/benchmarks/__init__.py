"""How fast it is on this machine: what `python -m fer_core bench` measures."""
