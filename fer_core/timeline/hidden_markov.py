"""Hidden Markov model with known parameters: the most probable path.

Everything is in natural logarithms, so that long series neither underflow nor need scaling; log 0 is -inf. Nothing is
fitted. The notation is that of Rabiner, "A tutorial on hidden Markov models and selected applications in speech
recognition", Proceedings of the IEEE 77 (2), 1989, https://doi.org/10.1109/5.18626.

Arguments, all float64, of S states and N steps, N at least 1:
    log_initial: (S,), log-probability of each state at the first step.
    log_transition: (S, S), log-probability of going from the state of the row to that of the column.
    log_likelihoods: (N, S), log-likelihood of the observation at each step under each state, up to a constant a step.
"""

import numpy as np
from numpy.typing import NDArray

Logs = NDArray[np.float64]


def most_probable_path(log_initial: Logs, log_transition: Logs, log_likelihoods: Logs) -> NDArray[np.intp]:
    """States, (N,), of the most probable path: Viterbi, 1967, https://doi.org/10.1109/TIT.1967.1054010.

    Of equally probable states the one with the lower number is taken.
    """
    best_to = np.empty_like(log_likelihoods)
    came_from = np.zeros(log_likelihoods.shape, np.intp)
    best_to[0] = log_initial + log_likelihoods[0]
    for step in range(1, len(log_likelihoods)):
        through = best_to[step - 1][:, None] + log_transition
        came_from[step] = through.argmax(axis=0)
        best_to[step] = through.max(axis=0) + log_likelihoods[step]
    path = np.empty(len(log_likelihoods), np.intp)
    path[-1] = best_to[-1].argmax()
    for step in range(len(path) - 1, 0, -1):
        path[step - 1] = came_from[step, path[step]]
    return path
