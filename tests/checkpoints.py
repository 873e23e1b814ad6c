"""What an analysis that is under way has saved."""

import time
from pathlib import Path


def parts_of(checkpoint: Path, parts: int, patience_s: float) -> bool:
    """Whether the checkpoint holds so many whole parts, as soon as it does and within the patience."""
    until_s = time.monotonic() + patience_s
    while time.monotonic() < until_s:
        if checkpoint.exists() and checkpoint.read_bytes().count(b"\n") > parts:  # its first line is a head
            return True
        time.sleep(0.01)
    return False
