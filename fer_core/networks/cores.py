"""CPU cores and the share of them that the networks of this process compute on."""

import os

_share: int | None = None


def available_cores() -> int:
    """CPU cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def limit_threads(most: int) -> None:
    """Let each network that this process loads from now on compute with at most that many threads.

    For one of several processes that compute at the same time. The numbers do not depend on the threads.

    Args:
        most: 1 or more.
    """
    global _share
    if most < 1:
        raise ValueError(f"a network needs at least one thread, not {most}")
    _share = most


def computing_threads() -> int:
    """Threads of a network that is loaded without a number: one per available core, or the limit of this process."""
    return min(available_cores(), _share or available_cores())
