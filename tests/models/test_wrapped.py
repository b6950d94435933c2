"""Other people's models under GSAT: Linen, jraph's GraphNetwork, a registered pytree, raw functions."""

import dataclasses

import jax
import jax.numpy as jnp
import jraph
import numpy as np
import pytest
from flax import linen, nnx

from gnnjax import nn, ops
from gnnjax.data import iterate_batches
from gnnjax.models import GSAT, FunctionBackbone, LinenBackbone
from gnnjax.train import evaluate, fit
from gnnjax.train.steps import split
from tests.train.runs import SPLITS, Stop, StopAfter, learnable_dataset

DATASET = learnable_dataset()
BATCH = next(iterate_batches(DATASET, np.arange(8), batch_size=8))


class LinenClassifier(linen.Module):
    """Two rounds of message passing with gnnjax's operations, batch norm and dropout of Linen."""

    hidden_size: int = 8

    def setup(self):
        self.encoder = linen.Dense(self.hidden_size)
        self.layers = [linen.Dense(self.hidden_size) for _ in range(2)]
        self.norm = linen.BatchNorm(momentum=0.9)
        self.dropout = linen.Dropout(0.1)
        self.head = linen.Dense(1)

    def embed(self, graphs, edge_attention, train=False):
        x = self.encoder(graphs.nodes)
        for layer in self.layers:
            x = linen.relu(layer(x + ops.propagate(x, graphs.senders, graphs.receivers, edge_attention)))
        return self.dropout(self.norm(x, use_running_average=not train), deterministic=not train)

    def __call__(self, graphs, edge_attention, train=False):
        return self.head(nn.sum_pool(graphs._replace(nodes=self.embed(graphs, edge_attention, train))))


def linen_backbone():
    module = LinenClassifier()
    variables = module.init(jax.random.key(0), BATCH.graphs, np.ones(len(BATCH.graphs.senders), np.float32))
    return LinenBackbone(module, variables, hidden_size=8)


def graph_network_backbone():
    """jraph's own layer: edges carry the attention to its update function."""

    def network(weights):
        def message(edges, sent, received, globals_):
            return jax.nn.relu(sent @ weights["message"]) * edges

        def update(nodes, sent, received, globals_):
            return jax.nn.relu(nodes @ weights["self"] + received)

        return jraph.GraphNetwork(update_edge_fn=message, update_node_fn=update)

    def embed(weights, graphs, edge_attention, **_):
        graphs = graphs._replace(edges=edge_attention[:, None], globals=None)
        return network(weights)(graphs).nodes

    def classify(weights, graphs, edge_attention, **options):
        x = embed(weights, graphs, edge_attention, **options)
        return nn.sum_pool(graphs._replace(nodes=x)) @ weights["head"]

    rng = np.random.default_rng(0)
    shapes = {"message": (3, 8), "self": (3, 8), "head": (8, 1)}
    weights = {name: rng.normal(size=shape).astype(np.float32) / 3 for name, shape in shapes.items()}
    return FunctionBackbone(embed, classify, weights, hidden_size=8)


@jax.tree_util.register_dataclass
@dataclasses.dataclass
class PytreeModel:
    """A model that is a pytree, as in Equinox; it uses a layer of gnnjax.nn as well."""

    encoder: jax.Array
    conv: dict
    head: jax.Array
    hidden_size: int = dataclasses.field(metadata={"static": True}, default=8)


CONV_GRAPHDEF, CONV_STATE = nnx.split(nn.LEConv(8, 8, rngs=nnx.Rngs(1)))


def pytree_backbone():
    def embed(model, graphs, edge_attention, **_):
        conv = nnx.merge(CONV_GRAPHDEF, model.conv, copy=True)
        return jax.nn.relu(conv(graphs._replace(nodes=graphs.nodes @ model.encoder), edge_attention))

    def classify(model, graphs, edge_attention, **options):
        return nn.sum_pool(graphs._replace(nodes=embed(model, graphs, edge_attention, **options))) @ model.head

    keys = jax.random.split(jax.random.key(0))
    model = PytreeModel(
        jax.random.normal(keys[0], (3, 8)) / 3, nnx.to_pure_dict(CONV_STATE), jax.random.normal(keys[1], (8, 1)) / 3
    )
    return FunctionBackbone(embed, classify, model, hidden_size=8)


BACKBONES = {"linen": linen_backbone, "graph network": graph_network_backbone, "pytree": pytree_backbone}
every_backbone = pytest.mark.parametrize("make", BACKBONES.values(), ids=BACKBONES)


@every_backbone
def test_attention_reaches_the_messages(make):
    backbone = make()
    graphs = BATCH.graphs
    ones = np.ones(len(graphs.senders), np.float32)
    whole, _ = backbone(graphs)
    np.testing.assert_allclose(backbone(graphs, ones)[0], whole, rtol=1e-5, atol=1e-6)
    assert backbone.embed(graphs).shape == (len(graphs.nodes), 8)
    assert not np.allclose(backbone(graphs, 0 * ones)[0], whole)


@every_backbone
def test_gsat_trains_all_weights(make):
    model = GSAT(make(), rngs=nnx.Rngs(0))
    before = jax.tree.map(np.array, split(model)[1])
    with pytest.warns(UserWarning, match="does not come to rest"):
        fitted = fit(model, DATASET, SPLITS, epochs=12, batch_size=12, learning_rate=0.02, keep="last")
    assert fitted.history[-1]["train"]["prediction_loss"] < 0.8 * fitted.history[0]["train"]["prediction_loss"]
    changed = jax.tree.map(lambda one, other: not np.array_equal(one, other), before, split(model)[1])
    assert all(jax.tree.leaves(changed["backbone"]["weights"]))
    evaluation = evaluate(model, DATASET, SPLITS["test"])
    assert len(evaluation.edge_attention) == DATASET.n_edge[SPLITS["test"]].sum()


def test_a_plain_linen_classifier_keeps_batch_statistics_and_resumes(tmp_path):
    def run(**options):
        model = linen_backbone()
        return fit(model, DATASET, SPLITS, epochs=4, batch_size=12, keep="last", **options).history, model

    history, model = run()
    statistics = [np.asarray(statistic[...]) for statistic in model.statistics]
    assert any(
        not np.allclose(one, other[...]) for one, other in zip(statistics, linen_backbone().statistics, strict=True)
    )
    with pytest.raises(Stop):
        run(folder=tmp_path, checkpoint_every=1, callbacks=[StopAfter(1)])
    assert run(folder=tmp_path, checkpoint_every=1)[0] == history


def test_layers_of_gnnjax_inside_linen():
    """Flax's bridge makes any layer of gnnjax.nn a Linen module."""
    conv = nnx.bridge.to_linen(nn.GINConv, 3, 5)
    variables = conv.init(jax.random.key(0), BATCH.graphs)
    assert conv.apply(variables, BATCH.graphs).shape == (len(BATCH.graphs.nodes), 5)


def test_weights_must_be_arrays():
    with pytest.raises(TypeError):
        FunctionBackbone(lambda *_: None, lambda *_: None, {"name": "text"}, hidden_size=1)


def test_raw_functions_of_arrays():
    """`gnnjax.ops` under plain `jax.jit` and `jax.grad`."""
    graphs = BATCH.graphs

    @jax.jit
    def loss(kernel):
        return jnp.sum(ops.propagate(graphs.nodes @ kernel, graphs.senders, graphs.receivers) ** 2)

    assert np.isfinite(jax.grad(loss)(np.ones((3, 2), np.float32))).all()
