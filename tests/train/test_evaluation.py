"""From the reports of steps to predictions, attention and metrics."""

import math

import numpy as np
import pytest
from flax import nnx

from gnnjax.train import Evaluation, StepOutput, accuracy, evaluate
from gnnjax.train.evaluation import collect
from tests.random_graphs import random_dataset

LOSSES = {"loss": 1.5, "prediction_loss": 1.0, "information_loss": 0.5}


class TestAccuracy:
    def test_binary(self):
        logits, labels = np.array([[2.0], [-1], [0.1], [0]]), np.array([[1.0], [1], [0], [0]])
        assert accuracy("binary", logits, labels) == 0.5

    def test_multilabel_leaves_unlabelled_entries_out(self):
        logits = np.array([[1.0, -1], [1, 1], [-1, 1]])
        labels = np.array([[1, np.nan], [0, 1], [np.nan, np.nan]])
        assert accuracy("multilabel", logits, labels) == pytest.approx(2 / 3)

    def test_multiclass(self):
        logits = np.array([[0.0, 3, 1], [2, 1, 0], [0, 1, 5], [9, 1, 8]])
        assert accuracy("multiclass", logits, np.array([1, 0, 2, 2])) == 0.75

    def test_is_nan_without_labels(self):
        assert math.isnan(accuracy("binary", np.ones((2, 1)), np.full((2, 1), np.nan)))


@pytest.fixture
def evaluation():
    """Graphs with 2, 0 and 3 edges."""
    return Evaluation(
        losses=LOSSES,
        logits=np.array([[1.0], [-1], [1]], np.float32),
        labels=np.array([[1.0], [0], [0]], np.float32),
        edge_attention=np.array([0.9, 0.1, 0.2, 0.8, 0.3], np.float32),
        edge_labels=np.array([1, 0, 0, 1, 0], np.uint8),
        n_edge=np.array([2, 0, 3], np.int32),
    )


class TestEvaluation:
    def test_attention_of(self, evaluation):
        parts = [evaluation.attention_of(position).tolist() for position in range(3)]
        assert parts == [pytest.approx([0.9, 0.1]), [], pytest.approx([0.2, 0.8, 0.3])]

    def test_metrics(self, evaluation):
        assert evaluation.metrics("binary") == pytest.approx(
            LOSSES
            | {
                "accuracy": 2 / 3,
                "explanation_roc_auc": 1.0,
                "precision_at_5": 2 / 15,
                "signal_attention": 0.85,
                "background_attention": 0.2,
            }
        )

    def test_without_signal_edges_nothing_is_said_of_the_explanation(self, evaluation):
        unlabelled = Evaluation(**vars(evaluation) | {"edge_labels": None})
        assert unlabelled.metrics("binary").keys() == LOSSES.keys() | {"accuracy"}


def test_collect_takes_the_padding_off():
    """Batches of two graphs, the second one short; every row of padding is -1."""
    dataset = random_dataset(0)
    indices = np.array([5, 0, 4])
    attention = [np.arange(dataset.n_edge[index], dtype=np.float32) + 100 * index for index in indices]

    def output(losses, batch):
        edges = np.concatenate([*(attention[i] for i in batch), np.full(7, -1, np.float32)])
        logits = np.array([[float(indices[i])] for i in batch] + [[-1.0]] * (3 - len(batch)))
        return StepOutput(*losses, logits, edges)

    evaluation = collect(dataset, indices, 2, [output((3.0, 1.0, 2.0), [0, 1]), output((5.0, 2.0, 3.0), [2])])
    assert evaluation.losses == {"loss": 4.0, "prediction_loss": 1.5, "information_loss": 2.5}
    np.testing.assert_array_equal(evaluation.logits, [[5], [0], [4]])
    np.testing.assert_array_equal(evaluation.labels, dataset.labels[indices])
    for position, index in enumerate(indices):
        np.testing.assert_array_equal(evaluation.attention_of(position), attention[position])
        own = slice(*np.cumsum([0, *evaluation.n_edge])[[position, position + 1]])
        np.testing.assert_array_equal(evaluation.edge_labels[own], dataset.edge_labels[dataset.edge_slice(index)])


def test_nothing_to_evaluate():
    with pytest.raises(ValueError, match="indices is empty"):
        evaluate(nnx.Linear(1, 1, rngs=nnx.Rngs(0)), random_dataset(0), np.array([], int))
