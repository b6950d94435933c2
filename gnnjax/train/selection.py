"""Which epoch's model counts."""

import math
import warnings
from typing import Literal

from gnnjax.data import Task
from gnnjax.errors import RunError
from gnnjax.train.schedules import RSchedule

__all__ = ["Metric", "first_eligible_epoch", "goodness", "is_better", "selection_metric"]

Metric = Literal["accuracy", "roc_auc", "rmse", "mae"]

# Of each task; the first is the one that selects unless another is asked for.
_METRICS: dict[Task, tuple[Metric, ...]] = {
    "binary": ("accuracy", "roc_auc"),
    "multiclass": ("accuracy",),
    "multilabel": ("accuracy", "roc_auc"),
    "regression": ("rmse", "mae"),
}

_LAST_BURN_IN_EPOCH = 10


def first_eligible_epoch(epochs: int, r: RSchedule) -> int:
    """The first 0-based epoch that model selection considers: past epoch 10 and with r at its final value.

    A run too short to get there is judged by its last epoch, with a warning.

    Source: the published code of Miao et al., ICML 2022 (arXiv 2201.12987).
    """
    for epoch in range(_LAST_BURN_IN_EPOCH + 1, epochs):
        if r.is_final(epoch):
            return epoch
    warnings.warn(
        f"in {epochs} epochs r does not come to rest at {r.final} after epoch {_LAST_BURN_IN_EPOCH}: no model "
        "selection, the last epoch is reported",
        stacklevel=2,
    )
    return epochs - 1


def selection_metric(task: Task, metric: Metric | None = None) -> Metric:
    """The metric that selects the best epoch of a task: `metric`, or by default accuracy or (regression) RMSE.

    Raises:
      RunError: the task has no such metric.
    """
    if metric is not None and metric not in _METRICS[task]:
        raise RunError(f"metric={metric!r} is none of a {task} task; take one of {', '.join(_METRICS[task])}")
    return metric or _METRICS[task][0]


def goodness(metrics: dict[str, float], metric: Metric) -> float:
    """The metric, with its sign turned where less is better; minus infinity where it is undefined."""
    value = metrics[metric]
    if math.isnan(value):
        return -math.inf
    return -value if metric in ("rmse", "mae") else value


def is_better(candidate: dict[str, float], best: dict[str, float] | None, metric: Metric = "accuracy") -> bool:
    """Whether validation metrics beat the best so far: by `metric`, ties by lower prediction loss; first of equals.

    An undefined metric (NaN: one class alone among the labels) loses against any other.
    """
    if best is None:
        return True
    ranks = [(goodness(metrics, metric), -metrics["prediction_loss"]) for metrics in (candidate, best)]
    return ranks[0] > ranks[1]
