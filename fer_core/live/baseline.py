"""A person's resting face as the reference: some faces look a little sad or angry when they are at rest.

For ten seconds a person looks neutral. An emotion that the model sees in that face more than a little is taken as less
likely from then on, as the outputs of a classifier are adjusted to other prior probabilities (Saerens, Latinne and
Decaestecker, 2002, https://doi.org/10.1162/089976602753284446).
"""

from collections import defaultdict
from typing import Final

import numpy as np
from numpy.typing import NDArray

from fer_core.emotions import EMOTIONS

DURATION_S: Final = 10.0
TOLERATED: Final = 0.05
"""Probability of an emotion in a resting face up to which nothing is corrected."""

STRONGEST: Final = 0.1
"""Smallest factor for the probability of an emotion, so that none can be lost."""

FEWEST: Final = 20
"""Readings of a face that are needed."""

POSED: Final = 0.9
"""Mean probability of an emotion from which a face is not taken for one at rest."""

_NEUTRAL: Final = EMOTIONS.index("neutral")


class Calibration:
    """Collects the readings of resting faces for `DURATION_S`.

    Args:
        start_s: when it began.
    """

    def __init__(self, start_s: float) -> None:
        self.start_s = start_s
        self._seen: dict[int, list[NDArray[np.float32]]] = defaultdict(list)

    def add(self, person: int, probabilities: NDArray[np.float32]) -> None:
        """Take note of one reading: float32 (7,), as the model gave it."""
        self._seen[person].append(probabilities)

    def share_done(self, time_s: float) -> float:
        """Share of the time that has passed, 0 to 1."""
        return min(1.0, max(0.0, (time_s - self.start_s) / DURATION_S))

    def baselines(self) -> tuple[dict[int, NDArray[np.float32]], list[str]]:
        """The result of the calibration.

        Returns:
            Weights by person, float32 (7,), for `corrected`; and a sentence for each person, or for all, who has none.
        """
        found: dict[int, NDArray[np.float32]] = {}
        problems: list[str] = []
        if not self._seen:
            problems.append("No face was seen, so there is no baseline; look into the camera and try again.")
        for person, readings in sorted(self._seen.items()):
            mean = np.mean(readings, axis=0)
            posed = int(mean.argmax())
            if len(readings) < FEWEST:
                problems.append(f"Person {person} was seen too briefly for a baseline; keep facing the camera.")
            elif posed != _NEUTRAL and mean[posed] >= POSED:
                problems.append(
                    f"Person {person} looked {EMOTIONS[posed]} rather than at rest, so there is no baseline; relax the "
                    "face and try again."
                )
            else:
                found[person] = weights(np.asarray(readings))
        return found, problems


def weights(resting: NDArray[np.float32]) -> NDArray[np.float32]:
    """Factors for the probabilities of a person whose resting face was read as `resting`.

    Args:
        resting: float32 (N, 7).

    Returns:
        float32 (7,): 1 for neutral and for emotions of which the resting face shows at most `TOLERATED` (geometric
        mean); smaller for the others, down to `STRONGEST`.
    """
    shown = np.exp(np.log(np.maximum(resting, 1e-6)).mean(axis=0))
    result = np.clip(TOLERATED / shown, STRONGEST, 1.0)
    result[_NEUTRAL] = 1.0
    return np.asarray(result, np.float32)


def corrected(probabilities: NDArray[np.float32], weights: NDArray[np.float32]) -> NDArray[np.float32]:
    """Probabilities, float32 (7,), multiplied by the factors of a baseline and scaled to sum to 1."""
    result = probabilities * weights
    return np.asarray(result / result.sum())
