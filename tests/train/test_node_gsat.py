"""GSAT on the nodes of one graph: learning, sampling, resuming, metrics."""

import jax
import numpy as np
import pytest
from flax import nnx

from gnnjax.data import NodeDataset, node_split_indices, random_node_splits, sorted_unique_edges
from gnnjax.errors import RunError
from gnnjax.models import GIN, GSAT, PNA, SPMotifNet
from gnnjax.parallel import data_mesh
from gnnjax.train import evaluate, fit
from gnnjax.train.steps import split
from tests.train.runs import Stop, StopAfter


def clustered(num_nodes=120, seed=0):
    """Nodes of two classes that mostly send to their own; features are noise plus a little of the class."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, 2, num_nodes).astype(np.int32)
    one, other = rng.integers(0, num_nodes, (2, 6 * num_nodes))
    kept = (labels[one] == labels[other]) | (rng.random(len(one)) < 0.1)
    one, other = one[kept], other[kept]
    senders, receivers = sorted_unique_edges(np.append(one, other), np.append(other, one))
    nodes = rng.normal(size=(num_nodes, 4)).astype(np.float32)
    nodes[:, 0] += labels
    return NodeDataset("clustered", nodes, senders, receivers, labels, 2)


DATASET = clustered()
SPLIT = node_split_indices(random_node_splits(120, num_splits=1))


def new_model(backbone=GIN, **options):
    classifier = backbone(4, 2, hidden_size=8, readout="node", rngs=nnx.Rngs(0), **options)
    return GSAT(classifier, rngs=nnx.Rngs(1))


def run(**options):
    model = new_model()
    settings = {"epochs": 15, "learning_rate": 0.01, "batch_size": 16, "seed": 2} | options
    with pytest.warns(UserWarning, match="does not come to rest"):
        return fit(model, DATASET, SPLIT, **settings), model


@pytest.mark.parametrize("backbone", [GIN, PNA, SPMotifNet])
def test_logits_of_nodes(backbone):
    evaluation = evaluate(new_model(backbone), DATASET, np.array([5, 3, 8]))
    whole = evaluate(new_model(backbone), DATASET, np.arange(120))
    np.testing.assert_allclose(evaluation.logits, whole.logits[[5, 3, 8]], rtol=1e-5, atol=1e-6)
    np.testing.assert_array_equal(evaluation.labels, DATASET.labels[[5, 3, 8]])
    assert evaluation.edge_attention.shape == (DATASET.num_edges,)
    # Both directions of an edge have one attention.
    attention = dict(zip(zip(DATASET.senders, DATASET.receivers, strict=True), evaluation.edge_attention, strict=True))
    assert all(value == attention[receiver, sender] for (sender, receiver), value in attention.items())


@pytest.mark.slow
@pytest.mark.parametrize("neighbours", [None, (8, 8)])
def test_learns(neighbours):
    fitted, model = run(neighbours=neighbours, epochs=30)
    assert fitted.history[-1]["test"]["accuracy"] > 0.8
    last = evaluate(model, DATASET, SPLIT["test"], neighbours=neighbours, batch_size=16)
    assert last.metrics("multiclass")["accuracy"] > 0.8
    assert (last.edge_attention is None) == (neighbours is not None)


@pytest.mark.slow
@pytest.mark.parametrize("neighbours", [None, (3, 3)])
def test_a_killed_run_ends_with_the_same_bits(tmp_path, neighbours):
    whole, model = run(neighbours=neighbours)
    with pytest.raises(Stop):
        run(neighbours=neighbours, folder=tmp_path, checkpoint_every=2, callbacks=[StopAfter(6)])
    resumed, again = run(neighbours=neighbours, folder=tmp_path, checkpoint_every=2)
    assert resumed.history == whole.history
    jax.tree.map(np.testing.assert_array_equal, split(model)[1:], split(again)[1:])


def test_enough_neighbours_predict_as_the_whole_graph_does():
    """Of a plain classifier with two layers, whose prediction depends on two steps around a node alone."""
    classifier = GIN(4, 2, hidden_size=8, num_layers=2, readout="node", rngs=nnx.Rngs(0))
    nodes = np.array([7, 1, 99, 30])
    sampled = evaluate(classifier, DATASET, nodes, neighbours=(1000, 1000), batch_size=3)
    np.testing.assert_allclose(sampled.logits, evaluate(classifier, DATASET, nodes).logits, rtol=1e-4, atol=1e-5)


def test_options_of_other_data_are_errors():
    with pytest.raises(RunError, match="leave mesh out"):
        fit(new_model(), DATASET, SPLIT, mesh=data_mesh(1))
    with pytest.raises(RunError, match="roc_auc"):
        fit(new_model(), DATASET, SPLIT, metric="roc_auc")
