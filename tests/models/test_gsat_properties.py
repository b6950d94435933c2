"""What must not matter does not, for all backbones: node numbers, edge order, padding, and how graphs are batched."""

import dataclasses
import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx
from hypothesis import given, settings
from hypothesis import strategies as st

from gnnjax.data import BatchShape, make_batch
from gnnjax.models import GSAT, build_backbone
from gnnjax.train import GSATObjective
from tests.random_graphs import random_dataset

SHAPE = BatchShape(n_node=80, n_edge=200, n_graph=9)
LARGER = BatchShape(n_node=91, n_edge=233, n_graph=12)
OBJECTIVE = GSATObjective("binary")
CLOSE = {"rtol": 1e-4, "atol": 1e-5}
SEEDS = st.integers(0, 2**32 - 1)


FEW = settings(max_examples=10)
# Compiling costs far more than running: every case compiles one function for two shapes and one gradient, as fast as
# can be.
FAST_COMPILE = {"xla_backend_optimization_level": 0}
CASES = [
    "gin edge attention",
    "gin node attention categories",
    "pna edge attention categories",
    "pna node attention",
    "spmotifnet edge attention",
]
NODE_CATEGORIES, EDGE_CATEGORIES = (5, 3, 2), (4, 2)


def dataset_of(seed, case=CASES[0]):
    """As the case's backbone takes it: edge weights for SPMotifNet, else two columns of edge features."""
    dataset = random_dataset(seed, num_graphs=8, in_features=3, edge_features=1 if "spmotifnet" in case else 2)
    if "categories" not in case:
        return dataset
    rng = np.random.default_rng(seed)
    return dataclasses.replace(
        dataset,
        nodes=rng.integers(0, NODE_CATEGORIES, dataset.nodes.shape).astype(np.int32),
        edges=rng.integers(0, EDGE_CATEGORIES, dataset.edges.shape).astype(np.int32),
        node_categories=NODE_CATEGORIES,
        edge_categories=EDGE_CATEGORIES,
    )


@pytest.fixture(scope="module", params=CASES)
def case(request):
    return request.param


@pytest.fixture(scope="module")
def model(case):
    name, dataset = case.split()[0], dataset_of(0, case)
    options = {"in_features": dataset.in_features, "out_features": 1, "hidden_size": 8, "rngs": nnx.Rngs(0)}
    options["num_layers"] = 1 if name == "pna" else 2
    if name != "spmotifnet":
        options |= {"dropout_rate": 0.0, "edge_features": dataset.edge_features}
    backbone = build_backbone(name, **options)
    return GSAT(backbone, learn_edge_attention="edge attention" in case, dropout_rate=0.0, rngs=nnx.Rngs(1))


@pytest.fixture(scope="module")
def apply(model):
    """`apply(batch, uniform)`: the evaluation, and the training pass with that noise."""

    def evaluate_and_train(batch, uniform):
        evaluated = OBJECTIVE(model, batch, 0.5, train=False)
        return evaluated, OBJECTIVE(nnx.clone(model), batch, 0.5, train=True, uniform=uniform)

    return jax.jit(evaluate_and_train, compiler_options=FAST_COMPILE)


def noise_for(model, seed, shape=SHAPE):
    rows = shape.n_edge if model.learn_edge_attention else shape.n_node
    return np.random.default_rng(seed).uniform(0.01, 0.99, rows).astype(np.float32)


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


@FEW
@given(seed=SEEDS)
def test_node_numbers_and_edge_order_do_not_matter(case, model, apply, seed):
    rng = np.random.default_rng(seed)
    batch = make_batch(dataset_of(seed, case), np.arange(8), SHAPE)
    node_order = shuffled_within(batch.graphs.n_node, rng)
    edge_order = shuffled_within(batch.graphs.n_edge, rng)
    other = permuted(batch, node_order, edge_order)
    uniform = noise_for(model, seed)
    order = edge_order if model.learn_edge_attention else node_order
    edges = int(batch.graphs.n_edge[:8].sum())
    for before, after in zip(apply(batch, uniform), apply(other, uniform[order]), strict=True):
        np.testing.assert_allclose(after.logits[:8], before.logits[:8], **CLOSE)
        attention, expected = after.edge_attention[:edges], before.edge_attention[edge_order][:edges]
        np.testing.assert_allclose(attention, expected, **CLOSE)
        np.testing.assert_allclose(after.loss, before.loss, **CLOSE)


@FEW
@given(seed=SEEDS)
def test_padding_does_not_matter(case, model, apply, seed):
    dataset = dataset_of(seed, case)
    batch, padded = (make_batch(dataset, np.arange(8), shape) for shape in (SHAPE, LARGER))
    edges = int(dataset.n_edge.sum())
    real = edges if model.learn_edge_attention else int(dataset.n_node.sum())
    noise, other_noise = noise_for(model, seed), noise_for(model, seed + 1, LARGER)
    other_noise[:real] = noise[:real]
    for before, after in zip(apply(batch, noise), apply(padded, other_noise), strict=True):
        np.testing.assert_allclose(after.logits[:8], before.logits[:8], **CLOSE)
        np.testing.assert_allclose(after.edge_attention[:edges], before.edge_attention[:edges], **CLOSE)
        for name in ("loss", "prediction_loss", "information_loss"):
            np.testing.assert_allclose(getattr(after, name), getattr(before, name), **CLOSE, err_msg=name)


@FEW
@given(seed=SEEDS, cut=st.integers(1, 7))
def test_how_graphs_are_batched_does_not_matter(case, model, apply, seed, cut):
    dataset, noise = dataset_of(seed, case), noise_for(model, seed)
    parts = (np.arange(8), np.arange(cut), np.arange(cut, 8))
    together, first, second = (apply(make_batch(dataset, part, SHAPE), noise)[0] for part in parts)
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


def test_corner_cases_are_finite_in_value_and_gradient(case, model, apply):
    """Isolated node and self loop, directed with parallel edges, no edges, a single node: each alone, then none."""
    graphdef, params, rest = nnx.split(model, nnx.Param, ...)

    def loss(params, batch, uniform):
        return OBJECTIVE(nnx.merge(graphdef, params, rest, copy=True), batch, 0.5, train=True, uniform=uniform).loss

    gradient_of = jax.jit(jax.grad(loss), compiler_options=FAST_COMPILE)
    noise = noise_for(model, 0)
    for kind in range(5):
        batch = make_batch(dataset_of(5, case), np.arange(kind, min(kind + 1, 4)), SHAPE)
        gradient = jax.tree.leaves(gradient_of(params, batch, noise))
        for part in (*gradient, *jax.tree.leaves(apply(batch, noise))):
            assert np.isfinite(part).all(), kind
        assert any((np.asarray(part) != 0).any() for part in gradient) == (kind < 4)


def test_both_directions_of_an_undirected_edge_share_their_attention(case, model, apply):
    dataset = dataset_of(3, case)
    graph = dataset[0]
    for output in apply(make_batch(dataset, np.array([0]), SHAPE), noise_for(model, 0)):
        pairs = zip(graph.senders.tolist(), graph.receivers.tolist(), strict=True)
        of_edge = dict(zip(pairs, np.asarray(output.edge_attention), strict=False))
        assert len(of_edge) == len(graph.senders)
        for (sender, receiver), value in of_edge.items():
            assert of_edge[receiver, sender] == value


@pytest.mark.parametrize("case", CASES[:1], scope="module", indirect=True)
@FEW
@given(seed=SEEDS)
def test_reverse_edges_found_by_the_model_are_those_of_the_batch(case, model, apply, seed):
    batch, noise = make_batch(dataset_of(seed, case), np.arange(8), SHAPE), noise_for(model, seed)
    for given_ids, found_ids in zip(apply(batch, noise), apply(batch._replace(reverse_edges=None), noise), strict=True):
        np.testing.assert_array_equal(given_ids.edge_attention, found_ids.edge_attention)


def test_attention_of_the_wrong_length_is_refused(case, model, without_shape_checks):
    graphs = make_batch(dataset_of(0, case), np.arange(8), SHAPE).graphs
    with pytest.raises(ValueError, match=r"one value per edge, shape \[200\]; it has shape \[199\]"):
        model.backbone(graphs, jnp.ones(199))


def test_training_needs_a_source_of_noise(case, model):
    graphs = make_batch(dataset_of(0, case), np.arange(8), SHAPE).graphs
    with pytest.raises(ValueError, match="pass key"):
        model(graphs, train=True)


@pytest.mark.parametrize("name", ["gin", "pna"])
def test_separate_statistics_keep_the_passes_apart(name):
    backbone = build_backbone(
        name, in_features=3, out_features=1, hidden_size=8, num_layers=1, num_statistics=2, rngs=nnx.Rngs(0)
    )
    model = GSAT(backbone, rngs=nnx.Rngs(1))

    @functools.partial(jax.jit, compiler_options=FAST_COMPILE)
    def means(batch):
        trained = nnx.clone(model)
        OBJECTIVE(trained, batch, 0.5, train=True, key=jax.random.key(0))
        return jax.tree.leaves(nnx.state(trained, nnx.BatchStat))[0]

    without, with_attention = means(make_batch(dataset_of(0), np.arange(8), SHAPE))
    assert not np.allclose(without, with_attention)
    assert (np.abs(without) > 0).any()
    assert (np.abs(with_attention) > 0).any()
