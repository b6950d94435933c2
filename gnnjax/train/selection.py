"""Which epoch's model counts."""

import math
import warnings
from typing import Literal

from gnnjax.train.schedules import RSchedule

__all__ = ["Metric", "first_eligible_epoch", "is_better"]

Metric = Literal["accuracy", "roc_auc"]

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


def is_better(candidate: dict[str, float], best: dict[str, float] | None, metric: Metric = "accuracy") -> bool:
    """Whether validation metrics beat the best so far: by `metric`, ties by lower prediction loss; first of equals.

    An undefined metric (NaN: one class alone among the labels) loses against any other.
    """
    if best is None:
        return True

    def rank(metrics):
        value = metrics[metric]
        return -math.inf if math.isnan(value) else value, -metrics["prediction_loss"]

    return rank(candidate) > rank(best)
