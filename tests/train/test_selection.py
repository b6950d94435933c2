"""Which epoch's model counts."""

import math
import warnings

import pytest

from gnnjax.train import RSchedule
from gnnjax.train.selection import first_eligible_epoch, is_better


@pytest.mark.parametrize(
    ("epochs", "schedule", "first"),
    [
        (100, RSchedule(), 40),
        (50, RSchedule(interval=5), 20),
        (200, RSchedule(final=0.7, interval=30), 60),
        (100, RSchedule(init=0.5, final=0.5), 11),
        (12, RSchedule(init=0.5, final=0.5), 11),
        (41, RSchedule(), 40),
    ],
)
def test_first_eligible_epoch(epochs, schedule, first):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert first_eligible_epoch(epochs, schedule) == first


@pytest.mark.parametrize(
    ("epochs", "schedule"), [(40, RSchedule()), (1, RSchedule()), (11, RSchedule(init=0.5, final=0.5))]
)
def test_short_runs_are_judged_by_their_last_epoch(epochs, schedule):
    with pytest.warns(UserWarning, match=f"in {epochs} epochs r does not come to rest at 0.5 after epoch 10"):
        assert first_eligible_epoch(epochs, schedule) == epochs - 1


def metrics(accuracy, prediction_loss):
    return {"accuracy": accuracy, "prediction_loss": prediction_loss}


@pytest.mark.parametrize(
    ("candidate", "better"),
    [
        (metrics(0.91, 9.0), True),
        (metrics(0.89, 0.1), False),
        (metrics(0.9, 0.4), True),
        (metrics(0.9, 0.6), False),
        (metrics(0.9, 0.5), False),
    ],
)
def test_accuracy_decides_and_loss_breaks_ties(candidate, better):
    assert is_better(candidate, metrics(0.9, 0.5)) is better


def test_anything_beats_nothing():
    assert is_better(metrics(0.0, 100.0), None)


def test_the_first_of_equals_is_kept():
    epochs = [metrics(0.8, 0.3), metrics(0.9, 0.5), metrics(0.9, 0.4), metrics(0.9, 0.4), metrics(0.7, 0.1)]
    best = None
    for epoch, candidate in enumerate(epochs):
        if is_better(candidate, None if best is None else epochs[best]):
            best = epoch
    assert best == 2


@pytest.mark.parametrize(
    ("candidate", "better"), [((0.8, 9.0), True), ((0.6, 0.1), False), ((0.7, 0.4), True), ((0.7, 0.5), False)]
)
def test_roc_auc_decides_where_it_is_the_metric(candidate, better):
    area, loss = candidate
    best = {"roc_auc": 0.7, "accuracy": 0.5, "prediction_loss": 0.5}
    assert is_better({"roc_auc": area, "accuracy": 0.5, "prediction_loss": loss}, best, "roc_auc") is better
    # The accuracy, which is no better or far worse, has no say.
    assert is_better({"roc_auc": area, "accuracy": 0.0, "prediction_loss": loss}, best, "roc_auc") is better


@pytest.mark.parametrize("metric", ["accuracy", "roc_auc"])
def test_an_undefined_metric_loses_against_any_other(metric):
    nan, zero = {metric: math.nan, "prediction_loss": 0.1}, {metric: 0.0, "prediction_loss": 9.0}
    assert is_better(zero, nan, metric)
    assert not is_better(nan, zero, metric)
    assert is_better(nan, None, metric)
    # Among themselves the loss decides.
    assert is_better(nan, nan | {"prediction_loss": 0.2}, metric)
    assert not is_better(nan, nan, metric)
