"""An evaluation on somebody's own faces, to take away: JSON, a CSV with a row a face, and the tables of the page."""

import json

import numpy as np
import pandas as pd

from fer_core.cells import csv_of, for_spreadsheets
from fer_core.emotions import EMOTIONS
from fer_core.evaluation.own_faces import OwnEvaluation


def as_json(evaluation: OwnEvaluation) -> str:
    """Everything that `evaluate --json` says."""
    return json.dumps(evaluation.result, indent=2, ensure_ascii=False) + "\n"


def as_csv(evaluation: OwnEvaluation) -> bytes:
    """`readings_table` in UTF-8; the byte order mark makes spreadsheet programs read names right."""
    return for_spreadsheets(csv_of(readings_table(evaluation)))


def readings_table(evaluation: OwnEvaluation) -> pd.DataFrame:
    """A row a face: `file`, `label`, and the reading of every model NAME.

    That is `NAME_read_as`, `NAME_confidence`, `NAME_right` and seven `NAME_<emotion>`.
    """
    columns: dict[str, object] = {
        "file": evaluation.files,
        "label": [EMOTIONS[row] for row in evaluation.labels],
    }
    for name, predictions in evaluation.predictions.items():
        columns[f"{name}_read_as"] = [EMOTIONS[row] for row in predictions.predicted]
        columns[f"{name}_confidence"] = predictions.probabilities.max(axis=1)
        columns[f"{name}_right"] = predictions.right
        columns.update({f"{name}_{emotion}": predictions.probabilities[:, i] for i, emotion in enumerate(EMOTIONS)})
    return pd.DataFrame(columns)


def errors_table(evaluation: OwnEvaluation, model: str) -> pd.DataFrame:
    """The faces that one model gets wrong, the surest first: `File`, `Label`, `Read as`, `Confidence`, `Label's`."""
    predictions = evaluation.predictions[model]
    wrong = np.flatnonzero(~predictions.right)
    confidence = predictions.probabilities.max(axis=1)
    wrong = wrong[np.argsort(-confidence[wrong], kind="stable")]
    return pd.DataFrame(
        {
            "File": [evaluation.files[row] for row in wrong],
            "Label": [EMOTIONS[evaluation.labels[row]] for row in wrong],
            "Read as": [EMOTIONS[predictions.predicted[row]] for row in wrong],
            "Confidence": confidence[wrong],
            "Label's": predictions.probabilities[wrong, evaluation.labels[wrong]],
        }
    )


def skipped_table(evaluation: OwnEvaluation) -> pd.DataFrame:
    """The files that were left out: `File`, `Reason`."""
    skipped = evaluation.result["skipped"]
    return pd.DataFrame(
        {"File": [entry["file"] for entry in skipped], "Reason": [entry["reason"] for entry in skipped]}
    )
