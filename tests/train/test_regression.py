"""Regression: labels, loss, errors, selection of the epoch with the least error."""

import dataclasses
import math

import jax
import numpy as np
import pytest
from flax import nnx

from gnnjax.errors import DataError, RunError
from gnnjax.models import GIN, GSAT
from gnnjax.train import Plateau, evaluate, fit, prediction_loss, regression_errors
from gnnjax.train.selection import goodness, is_better, selection_metric
from tests.random_graphs import random_dataset

PARTS = {"train": np.arange(24), "valid": np.arange(24, 32), "test": np.arange(32, 40)}


def sizes_to_predict(nan=0):
    """Graphs whose target is a linear function of their number of nodes, the first `nan` of them not measured."""
    dataset = random_dataset(0, 40, in_features=2)
    labels = (0.5 * dataset.n_node[:, None] - 2).astype(np.float32)
    labels[:nan] = math.nan
    ones = np.ones_like(dataset.nodes)
    return dataclasses.replace(dataset, task="regression", labels=labels, nodes=ones, edge_labels=None)


def test_labels_may_be_missing_and_must_not_be_infinite():
    dataset = sizes_to_predict(nan=3)
    assert dataset.out_features == 1
    labels = dataset.labels.copy()
    labels[5] = np.inf
    with pytest.raises(DataError, match=r"graph 5, field 'labels': .*must be finite or NaN"):
        dataclasses.replace(dataset, labels=labels)


def test_loss_is_the_mean_square_of_what_was_measured_and_is_real():
    predictions = np.array([[1.0], [2.0], [3.0], [99.0]], np.float32)
    labels = np.array([[0.0], [math.nan], [1.0], [0.0]], np.float32)
    mask = np.array([True, True, True, False])
    loss, gradient = jax.value_and_grad(lambda p: prediction_loss("regression", p, labels, mask))(predictions)
    assert loss == pytest.approx((1 + 4) / 2)
    np.testing.assert_allclose(gradient, [[1], [0], [2], [0]])


def test_errors():
    found = regression_errors(np.array([[1.0, 5], [3, 0]]), np.array([[0.0, math.nan], [0, 0]]))
    assert found == {"rmse": pytest.approx(math.sqrt(10 / 3)), "mae": pytest.approx(4 / 3)}
    assert all(math.isnan(error) for error in regression_errors(np.zeros((1, 1)), np.full((1, 1), math.nan)).values())


def test_less_error_is_better():
    assert is_better({"rmse": 1.0, "prediction_loss": 9}, {"rmse": 2.0, "prediction_loss": 1}, "rmse")
    assert not is_better({"rmse": math.nan, "prediction_loss": 1}, {"rmse": 2.0, "prediction_loss": 1}, "rmse")
    falling = [goodness({"mae": error}, "mae") for error in (4.0, 2.0, 1.9999, 1.0)]
    assert Plateau(patience=0, factor=0.5, threshold=0.01).scale(falling) == 0.5


@pytest.mark.parametrize(
    ("task", "metric"), [("regression", "accuracy"), ("multiclass", "roc_auc"), ("binary", "rmse")]
)
def test_a_metric_of_another_task_is_an_error(task, metric):
    with pytest.raises(RunError, match=f"metric='{metric}' is none of a {task} task"):
        selection_metric(task, metric)


@pytest.mark.slow
def test_gsat_learns_a_number():
    dataset = sizes_to_predict(nan=2)
    model = GSAT(GIN(2, 1, hidden_size=8, dropout_rate=0.0, rngs=nnx.Rngs(0)), rngs=nnx.Rngs(1))
    fitted = fit(model, dataset, PARTS, epochs=60, batch_size=12, learning_rate=0.01)
    constant = regression_errors(np.full_like(dataset.labels, np.nanmean(dataset.labels)), dataset.labels)
    assert fitted.best["valid"]["rmse"] == min(entry["valid"]["rmse"] for entry in fitted.history[40:])
    assert fitted.best["test"]["rmse"] < 0.7 * constant["rmse"]
    metrics = evaluate(model, dataset, PARTS["test"]).metrics("regression")
    assert metrics["rmse"] == pytest.approx(fitted.best["test"]["rmse"], rel=1e-4)
    assert "accuracy" not in metrics
