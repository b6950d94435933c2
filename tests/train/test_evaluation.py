"""From the reports of steps to predictions, attention and metrics."""

import math

import numpy as np
import pytest
from flax import nnx
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score

from gnnjax.models import GIN
from gnnjax.train import Evaluation, StepOutput, accuracy, evaluate, roc_auc
from gnnjax.train.passes import make_passes
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


class TestRocAuc:
    def test_of_one_task(self):
        logits, labels = np.array([[0.1], [0.9], [0.5], [0.3]]), np.array([[0.0], [1], [0], [1]])
        assert roc_auc(logits, labels) == 0.75

    def test_is_the_mean_over_tasks_with_both_classes_of_what_sklearn_says(self):
        rng = np.random.default_rng(0)
        logits = rng.normal(size=(50, 5)).astype(np.float32)
        labels = rng.integers(0, 2, (50, 5)).astype(np.float32)
        labels[rng.random((50, 5)) < 0.4] = np.nan
        labels[:, 1] = np.where(np.isnan(labels[:, 1]), np.nan, 1)
        labels[:, 3] = np.nan
        expected = []
        for task in (0, 2, 4):
            known = [graph for graph in range(50) if labels[graph, task] in (0, 1)]
            assert 10 < len(known) < 50
            expected.append(roc_auc_score(labels[known, task], logits[known, task]))
        assert roc_auc(logits, labels) == pytest.approx(np.mean(expected), abs=1e-12)

    @pytest.mark.parametrize("value", [0, 1, np.nan])
    def test_is_nan_where_no_task_has_both_classes(self, value):
        assert math.isnan(roc_auc(np.arange(6.0).reshape(3, 2), np.full((3, 2), value)))

    @given(seed=st.integers(0, 1000))
    def test_asks_for_the_order_alone(self, seed):
        rng = np.random.default_rng(seed)
        logits, labels = rng.normal(size=(12, 2)), rng.integers(0, 2, (12, 2)).astype(float)
        labels[:2] = [[0, 0], [1, 1]]
        area = roc_auc(logits, labels)
        assert roc_auc(3 * logits + 1, labels) == area
        assert roc_auc(-logits, labels) == pytest.approx(1 - area)


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
                "roc_auc": 0.75,  # The one positive beats a negative and ties with the other.
                "explanation_roc_auc": 1.0,
                "precision_at_5": 2 / 15,
                "signal_attention": 0.85,
                "background_attention": 0.2,
            }
        )

    def test_without_signal_edges_nothing_is_said_of_the_explanation(self, evaluation):
        unlabelled = Evaluation(**vars(evaluation) | {"edge_labels": None})
        assert unlabelled.metrics("binary").keys() == LOSSES.keys() | {"accuracy", "roc_auc"}

    def test_multiclass_has_no_roc_auc(self, evaluation):
        multiclass = Evaluation(**vars(evaluation) | {"labels": np.array([0, 0, 0]), "edge_labels": None})
        assert multiclass.metrics("multiclass") == LOSSES | {"accuracy": 1.0}

    def test_a_plain_classifier_has_no_attention_and_no_explanation(self, evaluation):
        plain = Evaluation(**vars(evaluation) | {"edge_attention": None})
        assert plain.metrics("binary").keys() == LOSSES.keys() | {"accuracy", "roc_auc"}
        with pytest.raises(ValueError, match="plain classifier was evaluated: it has no attention"):
            plain.attention_of(0)


def test_collect_takes_the_padding_off():
    """Batches of two graphs, the second one short; every row of padding is -1."""
    dataset = random_dataset(0)
    indices = np.array([5, 0, 4])
    attention = [np.arange(dataset.n_edge[index], dtype=np.float32) + 100 * index for index in indices]

    def output(losses, batch):
        edges = np.concatenate([*(attention[i] for i in batch), np.full(7, -1, np.float32)])
        logits = np.array([[float(indices[i])] for i in batch] + [[-1.0]] * (3 - len(batch)))
        return StepOutput(*losses, logits, edges)

    outputs = [output((3.0, 1.0, 2.0), [0, 1]), output((5.0, 2.0, 3.0), [2])]
    evaluation = make_passes(dataset, {"some": indices}, batch_size=2).collect("some", outputs)
    assert evaluation.losses == {"loss": 4.0, "prediction_loss": 1.5, "information_loss": 2.5}
    np.testing.assert_array_equal(evaluation.logits, [[5], [0], [4]])
    np.testing.assert_array_equal(evaluation.labels, dataset.labels[indices])
    for position, index in enumerate(indices):
        np.testing.assert_array_equal(evaluation.attention_of(position), attention[position])
        own = slice(*np.cumsum([0, *evaluation.n_edge])[[position, position + 1]])
        np.testing.assert_array_equal(evaluation.edge_labels[own], dataset.edge_labels[dataset.edge_slice(index)])


def test_collect_of_a_plain_classifier():
    dataset = random_dataset(0)
    logits = np.array([[5.0], [0], [-1]])
    outputs = [StepOutput(3.0, 3.0, None, logits, None), StepOutput(5.0, 5.0, None, logits, None)]
    passes = make_passes(dataset, {"some": np.array([5, 0, 4, 1])}, batch_size=2)
    evaluation = passes.collect("some", outputs)
    assert evaluation.losses == {"loss": 4.0, "prediction_loss": 4.0}
    assert evaluation.logits.tolist() == [[5], [0], [5], [0]]
    assert evaluation.edge_attention is None
    assert evaluation.n_edge.tolist() == dataset.n_edge[[5, 0, 4, 1]].tolist()


def test_evaluate_a_plain_classifier_whatever_the_batches():
    dataset = random_dataset(1)
    model = GIN(3, 1, hidden_size=4, num_layers=1, rngs=nnx.Rngs(0))
    indices = np.array([6, 0, 1, 3, 5])
    evaluation = evaluate(model, dataset, indices, batch_size=2)
    backwards = evaluate(model, dataset, indices[::-1], batch_size=5)
    np.testing.assert_allclose(evaluation.logits, backwards.logits[::-1], rtol=1e-5, atol=1e-6)
    assert len(np.unique(evaluation.logits)) == 5
    np.testing.assert_array_equal(evaluation.labels, dataset.labels[indices])
    assert evaluation.edge_attention is None
    assert evaluation.losses.keys() == {"loss", "prediction_loss"}


def test_nothing_to_evaluate():
    with pytest.raises(ValueError, match="indices is empty"):
        evaluate(nnx.Linear(1, 1, rngs=nnx.Rngs(0)), random_dataset(0), np.array([], int))
