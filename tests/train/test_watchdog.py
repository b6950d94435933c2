"""Collapsed attention is noticed, healthy attention is left alone."""

import dataclasses
import warnings

import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx

from gnnjax.graphs import edge_graph_ids
from gnnjax.models import GIN, GSAT
from gnnjax.ops import segment_mean
from gnnjax.train import CollapseWarning, CollapseWatchdog, Evaluation, RSchedule, fit, unneeded_attention
from tests.train.runs import SPLITS, learnable_dataset


@pytest.mark.parametrize(
    ("attention", "information_loss", "words"),
    [
        ([0.5, 0.501, 0.5], None, "near r = 0.5"),
        ([0.99, 1.0, 1.0], None, "near 1: nothing is left out"),
        ([0.0, 0.01, 0.0], None, "near 0: nothing is let through"),
        ([0.8, 0.8, 0.81], None, "near 0.80"),
        ([0.4, 0.6, 0.5], 1e-6, "information loss has vanished"),
        ([0.1, 0.9, 0.5], 0.1, None),
        ([], None, None),
    ],
)
def test_problems(attention, information_loss, words):
    problem = CollapseWatchdog(final_r=0.5).problem(np.array(attention), 0.5, information_loss)
    assert problem is None if words is None else words in problem


def epochs(watchdog, attention, rs):
    evaluation = Evaluation({}, np.zeros((1, 1)), np.zeros((1, 1)), np.array(attention), None, np.array([3]))
    for epoch, r in enumerate(rs):
        watchdog.on_epoch({"epoch": epoch, "r": r, "valid": {}}, {"valid": evaluation})


def test_warns_once_when_it_lasts_and_r_is_at_rest():
    watchdog = CollapseWatchdog(final_r=0.5, patience=3)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        epochs(watchdog, [0.7, 0.7, 0.7], [0.9, 0.8, 0.7, 0.6])
        epochs(watchdog, [0.5, 0.5, 0.5], [0.5, 0.5])
        epochs(watchdog, [0.1, 0.9, 0.5], [0.5])
        epochs(watchdog, [0.5, 0.5, 0.5], [0.5, 0.5])
    with pytest.warns(CollapseWarning, match="epoch 0: all attention is near r") as caught:
        epochs(watchdog, [0.5, 0.5, 0.5], [0.5, 0.5])
    assert len(caught) == len(watchdog.messages) == 1


def test_a_run_that_is_not_asked_to_predict_is_told():
    model = GSAT(GIN(3, 1, hidden_size=4, dropout_rate=0.0, rngs=nnx.Rngs(0)), rngs=nnx.Rngs(1))
    watchdog = CollapseWatchdog(final_r=0.5, patience=2)
    with pytest.warns(CollapseWarning, match="near r"):
        fit(
            model,
            learnable_dataset(),
            SPLITS,
            epochs=40,
            batch_size=12,
            learning_rate=0.03,
            prediction_coefficient=0.0,
            r=RSchedule(0.5, 0.5),
            callbacks=[watchdog],
        )


def test_edges_that_the_prediction_does_not_need():
    """The label is decided by features of nodes: without convolutions that matter, edges say nothing."""
    dataset = learnable_dataset()
    model = GSAT(GIN(3, 1, hidden_size=4, rngs=nnx.Rngs(0)), rngs=nnx.Rngs(1))
    without_edges = dataclasses.replace(
        dataset,
        n_edge=0 * dataset.n_edge,
        senders=dataset.senders[:0],
        receivers=dataset.receivers[:0],
        edge_labels=None,
    )
    assert "accuracy is" in unneeded_attention(model, without_edges, SPLITS["test"])


def test_edges_that_it_does_need():
    """A classifier that counts messages, and labels that ask for it."""
    dataset = learnable_dataset()
    some = np.flatnonzero(dataset.n_edge > 0)
    labels = dataset.labels.copy()
    labels[:] = 1

    class CountsMessages(nnx.Module):
        hidden_size = 3

        def embed(self, graphs, edge_attention=None, **_):
            return graphs.nodes

        def __call__(self, graphs, edge_attention=None, **_):
            attention = jnp.ones(len(graphs.senders)) if edge_attention is None else edge_attention
            kept = (attention > 0).astype(jnp.float32)[:, None]
            return 2 * segment_mean(kept, edge_graph_ids(graphs), len(graphs.n_node)) - 1.5, None

    model = GSAT(CountsMessages(), rngs=nnx.Rngs(0))
    assert unneeded_attention(model, dataclasses.replace(dataset, labels=labels), some) is None
