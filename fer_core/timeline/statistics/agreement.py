"""Agreement of several models on the samples of one recording."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from fer_core.emotions import EMOTIONS
from fer_core.errors import TimelineError
from fer_core.timeline.table import Timeline


def agreement(timelines: Mapping[str, Timeline]) -> pd.DataFrame:
    """Labels of several models for the same samples, and how far the models differ.

    Args:
        timelines: by model, of the same recording with the same samples.

    Returns:
        Columns time_s, frame and person of the first timeline; a column of labels for each model; `agree`, whether all
        labels are equal; and `distance`, total variation distance of the smoothed probabilities (half the sum of the
        absolute differences, 0 to 1), mean over pairs of models. Faces that a timeline lacks are left out.

    Raises:
        TimelineError: fewer than two timelines, or of different recordings.
    """
    if len(timelines) < 2:
        raise TimelineError("A comparison needs the timelines of at least two models.")
    recordings = [timeline.recording for timeline in timelines.values()]
    if len({one.sha256 or (one.name, one.duration_s) for one in recordings}) > 1:  # live sessions have no file
        raise TimelineError("The timelines are of different recordings; analyse one recording with each model.")
    keys = ["frame", "x", "y", "width", "height"]
    seen = {name: t.frame[t.frame["person"].notna()].set_index(keys) for name, t in timelines.items()}
    first, *others = seen.values()
    common = first.index
    for other in others:
        common = common.intersection(other.index, sort=False)
    aligned = {name: rows.loc[common] for name, rows in seen.items()}
    rows = next(iter(aligned.values())).reset_index()
    result = rows[["time_s", "frame", "person"]].copy()
    for name, part in aligned.items():
        result[name] = part["label"].to_numpy()
    labels = np.array([part["label"].to_numpy(object) for part in aligned.values()])
    result["agree"] = (labels == labels[0]).all(axis=0)
    probabilities = np.array([part[list(EMOTIONS)].to_numpy(float) for part in aligned.values()])
    first_of, second_of = np.triu_indices(len(aligned), 1)
    apart = np.abs(probabilities[first_of] - probabilities[second_of]).sum(axis=2) / 2
    result["distance"] = apart.mean(axis=0)
    return result.sort_values(["time_s", "person"], ignore_index=True)
