"""From which expression to which one a person changes."""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from fer_core.timeline.sampling import SAME_TIME_S
from fer_core.timeline.statistics.summaries import CATEGORIES, Stretch


def transitions(runs: Sequence[Stretch]) -> NDArray[np.int64]:
    """Counts of changes between neighbouring runs of one person.

    Runs with a gap between them are no change: what was shown in between is not known.

    Args:
        runs: of `stretches`, in order of time.

    Returns:
        int64 (8, 8): from (rows) and to (columns), both in the order of `CATEGORIES`.
    """
    counts = np.zeros((len(CATEGORIES), len(CATEGORIES)), np.int64)
    for before, after in pairwise(runs):
        if after.start_s <= before.end_s + SAME_TIME_S and before.category != after.category:
            counts[CATEGORIES.index(before.category), CATEGORIES.index(after.category)] += 1
    return counts
