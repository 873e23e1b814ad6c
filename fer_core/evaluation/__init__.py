"""Quality of models: metrics, calibration, significance, robustness, and the records that the dashboard shows."""

from fer_core.evaluation.attributes import read_attributes
from fer_core.evaluation.calibration import (
    coverage_accuracy,
    error_if_calibrated,
    expected_calibration_error,
    fit_temperature,
    reliability_bins,
    threshold_for,
)
from fer_core.evaluation.cost import costs, multiply_adds
from fer_core.evaluation.curves import curves
from fer_core.evaluation.evaluating import ModelsEvaluation, evaluate_models
from fer_core.evaluation.labelled import LabelledFaces, Skipped, read_labelled, seem_whole, split_of
from fer_core.evaluation.metrics import latency_ms, measure
from fer_core.evaluation.predictions import Predictions, predict
from fer_core.evaluation.raters import raters_on_alike
from fer_core.evaluation.records import (
    Evaluation,
    describe_data,
    read_evaluation,
    read_predictions,
    write_records,
)
from fer_core.evaluation.robustness import robustness
from fer_core.evaluation.significance import Comparison, compare_models, mcnemar, paired_interval
from fer_core.evaluation.slices import slices
from fer_core.timeline.groups.corrections import holm

__all__ = [
    "Comparison",
    "Evaluation",
    "LabelledFaces",
    "ModelsEvaluation",
    "Predictions",
    "Skipped",
    "compare_models",
    "costs",
    "coverage_accuracy",
    "curves",
    "describe_data",
    "error_if_calibrated",
    "evaluate_models",
    "expected_calibration_error",
    "fit_temperature",
    "holm",
    "latency_ms",
    "mcnemar",
    "measure",
    "multiply_adds",
    "paired_interval",
    "predict",
    "raters_on_alike",
    "read_attributes",
    "read_evaluation",
    "read_labelled",
    "read_predictions",
    "reliability_bins",
    "robustness",
    "seem_whole",
    "slices",
    "split_of",
    "threshold_for",
    "write_records",
]
