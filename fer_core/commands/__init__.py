"""The commands of `python -m fer_core`, one module a family: `add` describes them, the other functions run them."""
