"""Metrics as a line of text."""

import math
from collections.abc import Mapping

__all__ = ["metric_lines"]

_SHOWN = {
    "accuracy": "accuracy",
    "roc_auc": "ROC-AUC",
    "rmse": "RMSE",
    "mae": "MAE",
    "explanation_roc_auc": "explanation ROC-AUC",
}


def metric_lines(metrics: Mapping[str, float]) -> str:
    """What people ask for first, of the metrics that are there and defined."""
    shown = {name: metrics[name] for name in _SHOWN if not math.isnan(metrics.get(name, math.nan))}
    return ", ".join(f"{_SHOWN[name]} {value:.4f}" for name, value in shown.items()) or "no labels"
