"""Values as options take them; argparse says in a sentence what is wrong with others."""

import argparse
import math
from collections.abc import Callable
from pathlib import Path
from typing import Final

_PORTS: Final = 65536


def positive(kind: Callable[[str], float]) -> Callable[[str], float]:
    """Takes a finite number above 0."""

    def number(text: str) -> float:
        value = kind(text)
        if not 0 < value < math.inf:
            raise argparse.ArgumentTypeError(f"{text} is no finite number above 0")
        return value

    number.__name__ = kind.__name__  # for the message where it is no number at all
    return number


def at_least(least: int) -> Callable[[str], int]:
    """Takes a whole number from `least` on."""

    def number(text: str) -> int:
        value = int(text)
        if value < least:
            raise argparse.ArgumentTypeError(f"{text} is below {least}")
        return value

    number.__name__ = "int"  # for the message where it is no number at all
    return number


def port(text: str) -> int:
    """A number of a port, as `--port` takes it; 0 for any that is free."""
    if not text.isascii() or not text.isdecimal() or int(text) >= _PORTS:
        raise argparse.ArgumentTypeError(f"a port is a number from 0 to {_PORTS - 1}")
    return int(text)


def filled(text: str) -> str:
    """Takes a text that is not empty."""
    if not text:
        raise argparse.ArgumentTypeError("its value is empty; give one, or leave it out")
    return text


def filled_path(text: str) -> Path:
    """Takes a path that is not empty."""
    return Path(filled(text))
