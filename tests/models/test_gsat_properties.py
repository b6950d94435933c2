"""What must not matter does not: node numbers, edge order, padding, and how graphs are batched."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx
from hypothesis import given
from hypothesis import strategies as st

from gnnjax.data import BatchShape, make_batch
from gnnjax.models import GIN, GSAT
from gnnjax.train import GSATObjective
from tests.random_graphs import random_dataset

SHAPE = BatchShape(n_node=80, n_edge=200, n_graph=9)
LARGER = BatchShape(n_node=91, n_edge=233, n_graph=12)
OBJECTIVE = GSATObjective("binary")
CLOSE = {"rtol": 1e-4, "atol": 1e-5}
SEEDS = st.integers(0, 2**32 - 1)


def dataset_of(seed):
    return random_dataset(seed, num_graphs=8, in_features=3, edge_features=2)


@pytest.fixture(scope="module", params=["edge attention", "node attention"])
def model(request):
    backbone = GIN(3, 1, hidden_size=8, dropout_rate=0.0, edge_features=2, rngs=nnx.Rngs(0))
    on_edges = request.param == "edge attention"
    return GSAT(backbone, learn_edge_attention=on_edges, dropout_rate=0.0, rngs=nnx.Rngs(1))


@pytest.fixture(scope="module")
def apply(model):
    """`apply(batch)` evaluates, `apply(batch, uniform)` runs the training pass with that noise."""

    @jax.jit
    def evaluate(batch):
        return OBJECTIVE(model, batch, 0.5, train=False)

    @jax.jit
    def train(batch, uniform):
        trained = nnx.clone(model)
        return OBJECTIVE(trained, batch, 0.5, train=True, uniform=uniform)

    return lambda batch, uniform=None: evaluate(batch) if uniform is None else train(batch, uniform)


def permuted(batch, node_order, edge_order):
    """The batch with node `node_order[i]` at place i and edge `edge_order[i]` at place i."""
    graphs = batch.graphs
    new_id = np.argsort(node_order)
    return batch._replace(
        graphs=graphs._replace(
            nodes=graphs.nodes[node_order],
            edges=graphs.edges[edge_order],
            senders=new_id[graphs.senders[edge_order]].astype(np.int32),
            receivers=new_id[graphs.receivers[edge_order]].astype(np.int32),
        ),
        reverse_edges=np.argsort(edge_order)[batch.reverse_edges[edge_order]].astype(np.int32),
    )


def shuffled_within(sizes, rng):
    """A permutation that moves nothing from one graph to another."""
    starts = np.cumsum(sizes) - sizes
    return np.concatenate([start + rng.permutation(size) for start, size in zip(starts, sizes, strict=True)])


@given(seed=SEEDS)
def test_node_numbers_and_edge_order_do_not_matter(model, apply, seed):
    rng = np.random.default_rng(seed)
    batch = make_batch(dataset_of(seed), np.arange(8), SHAPE)
    node_order = shuffled_within(batch.graphs.n_node, rng)
    edge_order = shuffled_within(batch.graphs.n_edge, rng)
    other = permuted(batch, node_order, edge_order)
    uniform = rng.uniform(0.01, 0.99, SHAPE.n_edge if model.learn_edge_attention else SHAPE.n_node).astype(np.float32)
    order = edge_order if model.learn_edge_attention else node_order
    edges = int(batch.graphs.n_edge[:8].sum())
    for before, after in ((apply(batch), apply(other)), (apply(batch, uniform), apply(other, uniform[order]))):
        np.testing.assert_allclose(after.logits[:8], before.logits[:8], **CLOSE)
        attention, expected = after.edge_attention[:edges], before.edge_attention[edge_order][:edges]
        np.testing.assert_allclose(attention, expected, **CLOSE)
        np.testing.assert_allclose(after.loss, before.loss, **CLOSE)


@given(seed=SEEDS)
def test_padding_does_not_matter(model, apply, seed):
    dataset = dataset_of(seed)
    batch, padded = (make_batch(dataset, np.arange(8), shape) for shape in (SHAPE, LARGER))
    nodes, edges = int(dataset.n_node.sum()), int(dataset.n_edge.sum())
    real, size = (edges, "n_edge") if model.learn_edge_attention else (nodes, "n_node")
    noise = np.random.default_rng(seed).uniform(0.01, 0.99, real).astype(np.float32)
    noises = [
        np.concatenate([noise, np.full(getattr(shape, size) - real, fill, np.float32)])
        for shape, fill in ((SHAPE, 0.3), (LARGER, 0.9))
    ]
    for before, after in ((apply(batch), apply(padded)), (apply(batch, noises[0]), apply(padded, noises[1]))):
        np.testing.assert_allclose(after.logits[:8], before.logits[:8], **CLOSE)
        np.testing.assert_allclose(after.edge_attention[:edges], before.edge_attention[:edges], **CLOSE)
        for name in ("loss", "prediction_loss", "information_loss"):
            np.testing.assert_allclose(getattr(after, name), getattr(before, name), **CLOSE, err_msg=name)


@given(seed=SEEDS, cut=st.integers(1, 7))
def test_how_graphs_are_batched_does_not_matter(model, apply, seed, cut):
    dataset = dataset_of(seed)
    together = apply(make_batch(dataset, np.arange(8), SHAPE))
    first, second = (apply(make_batch(dataset, part, SHAPE)) for part in (np.arange(cut), np.arange(cut, 8)))
    edges = np.split(dataset.n_edge, [cut])
    logits = np.concatenate([first.logits[:cut], second.logits[: 8 - cut]])
    attention = np.concatenate([first.edge_attention[: edges[0].sum()], second.edge_attention[: edges[1].sum()]])
    np.testing.assert_allclose(logits, together.logits[:8], **CLOSE)
    np.testing.assert_allclose(attention, together.edge_attention[: dataset.n_edge.sum()], **CLOSE)
    loss = (cut * first.prediction_loss + (8 - cut) * second.prediction_loss) / 8
    np.testing.assert_allclose(loss, together.prediction_loss, **CLOSE)
    rows = edges if model.learn_edge_attention else np.split(dataset.n_node, [cut])
    weights = [part.sum() for part in rows]
    information = np.average([first.information_loss, second.information_loss], weights=weights)
    np.testing.assert_allclose(information, together.information_loss, **CLOSE)


@given(seed=SEEDS)
def test_reverse_edges_found_by_the_model_are_those_of_the_batch(model, seed):
    batch = make_batch(dataset_of(seed), np.arange(8), SHAPE)
    _, given_ids = model(batch.graphs, graph_mask=batch.graph_mask, reverse=batch.reverse_edges)
    _, found_ids = model(batch.graphs, graph_mask=batch.graph_mask)
    np.testing.assert_array_equal(given_ids.edge_attention, found_ids.edge_attention)


@pytest.mark.parametrize("kind", range(4), ids=["isolated node and self loop", "directed", "no edges", "single node"])
def test_corner_cases_are_finite_in_value_and_gradient(model, kind):
    batch = make_batch(dataset_of(5), np.array([kind]), SHAPE)
    graphdef, params, rest = nnx.split(model, nnx.Param, ...)

    def loss(params, train):
        noise = {"key": jax.random.key(0)} if train else {}
        output = OBJECTIVE(nnx.merge(graphdef, params, rest, copy=True), batch, 0.5, train=train, **noise)
        return output.loss, output

    for train in (False, True):
        grads, output = jax.grad(loss, has_aux=True)(params, train)
        assert all(jnp.isfinite(leaf).all() for leaf in jax.tree.leaves((grads, output)))
        assert any((leaf != 0).any() for leaf in jax.tree.leaves(grads))


def test_both_directions_of_an_undirected_edge_share_their_attention(model, apply):
    dataset = dataset_of(3)
    attention = np.asarray(apply(make_batch(dataset, np.array([0]), SHAPE)).edge_attention)
    graph = dataset[0]
    pairs = zip(graph.senders.tolist(), graph.receivers.tolist(), strict=True)
    of_edge = dict(zip(pairs, attention, strict=False))
    assert len(of_edge) == len(graph.senders)
    for (sender, receiver), value in of_edge.items():
        assert of_edge[receiver, sender] == value


def test_attention_of_the_wrong_length_is_refused(model, without_shape_checks):
    graphs = make_batch(dataset_of(0), np.arange(8), SHAPE).graphs
    with pytest.raises(ValueError, match=r"one value per edge, shape \[200\]; it has shape \[199\]"):
        model.backbone(graphs, jnp.ones(199))


def test_training_needs_a_source_of_noise(model):
    graphs = make_batch(dataset_of(0), np.arange(8), SHAPE).graphs
    with pytest.raises(ValueError, match="pass key"):
        model(graphs, train=True)


def test_separate_statistics_keep_the_passes_apart():
    backbone = GIN(3, 1, hidden_size=8, edge_features=2, num_statistics=2, rngs=nnx.Rngs(0))
    model = GSAT(backbone, rngs=nnx.Rngs(1))
    batch = make_batch(dataset_of(0), np.arange(8), SHAPE)
    OBJECTIVE(model, batch, 0.5, train=True, key=jax.random.key(0))
    without, with_attention = backbone.convs[0].mlp.batch_norms[0].mean[...]
    assert not np.allclose(without, with_attention)
    assert (np.abs(without) > 0).any()
    assert (np.abs(with_attention) > 0).any()
