import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx

from gnnjax import host_memory
from gnnjax.errors import MemoryLimitError
from gnnjax.models import GraphTransformer, build_node_classifier, export_torch_weights, import_torch_weights
from tests.models.node_examples import NUM_NODES, example_graph, example_inputs, example_model

FAMILIES = ("sc", "sl", "dlb", "dl")


@pytest.mark.parametrize("family", FAMILIES)
def test_relabelled_nodes_give_relabelled_logits(family):
    inputs, model = example_inputs(family), example_model(family)
    logits = model(inputs)
    order = np.random.default_rng(2).permutation(NUM_NODES)
    place = np.argsort(order)
    from gnnjax.ops import sparse_pattern  # noqa: PLC0415

    moved = inputs._replace(
        nodes=inputs.nodes[order],
        pattern=sparse_pattern(place[inputs.pattern.rows], place[inputs.pattern.columns], NUM_NODES),
        distance_bias=inputs.distance_bias[order][:, order],
        positional_encoding=inputs.positional_encoding[order],
    )
    np.testing.assert_allclose(model(moved), logits[order], rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("family", FAMILIES)
def test_gradients_are_finite_with_dropout_and_an_isolated_node(family):
    inputs, model = example_inputs(family), example_model(family)
    graphdef, params = nnx.split(model)

    def loss(params, key):
        return (nnx.merge(graphdef, params, copy=True)(inputs, key=key) ** 2).sum()

    value, gradients = jax.jit(jax.value_and_grad(loss))(params, jax.random.key(0))
    assert np.isfinite(value)
    assert all(np.isfinite(leaf).all() for leaf in jax.tree.leaves(gradients))
    assert jax.jit(loss)(params, jax.random.key(1)) != value
    assert loss(params, None) == pytest.approx(float((model(inputs) ** 2).sum()), rel=1e-5)


@pytest.mark.parametrize("family", ["sl", "dlb", "dl"])
@pytest.mark.parametrize(("num_layers", "num_heads"), [(1, 1), (3, 4)])
def test_attention_of_every_layer_and_head(family, num_layers, num_heads):
    inputs = example_inputs(family)
    model = example_model(family, num_layers=num_layers, num_heads=num_heads)
    logits, attention = model.attend(inputs)
    np.testing.assert_allclose(logits, model(inputs), rtol=1e-4, atol=1e-5)
    size = (len(inputs.pattern.rows),) if family == "sl" else (NUM_NODES, NUM_NODES)
    assert attention.shape == (num_layers, num_heads, *size)
    if family == "sl":
        sums = jax.vmap(jax.vmap(lambda a: jax.ops.segment_sum(a, inputs.pattern.rows, NUM_NODES)))(attention)
        isolated = attention[..., inputs.pattern.rows == 5]
        np.testing.assert_allclose(isolated, 1)
    else:
        sums = attention.sum(-1)
    np.testing.assert_allclose(sums, 1, rtol=1e-5)
    np.testing.assert_allclose(model.with_attention(inputs, attention), logits, rtol=1e-4, atol=1e-5)


def test_sparse_attention_equals_dense_attention_under_its_mask():
    inputs = example_inputs("sl")
    model = example_model("sl")
    _, attention = model.attend(inputs)
    dense = jnp.zeros((*attention.shape[:2], NUM_NODES, NUM_NODES))
    dense = dense.at[:, :, inputs.pattern.rows, inputs.pattern.columns].set(attention)
    np.testing.assert_allclose(model.with_attention(inputs, dense), model(inputs), rtol=1e-4, atol=1e-5)


def test_convolution_of_a_path_by_hand():
    # 0 -> 1: node 1 has two entries (itself and 0), node 0 one.
    model = build_node_classifier("sc", 4, 3, hidden_size=4, num_layers=1, rngs=nnx.Rngs(0))
    graph = example_graph()
    inputs = example_inputs("sc")
    x = np.asarray(model.encoder(jnp.asarray(graph.nodes)))
    mixed = np.asarray(model.layers[0](x, inputs.pattern))
    kernel = np.asarray(model.layers[0].linear.kernel)
    np.testing.assert_allclose(mixed[1], (x[1] / 2 + x[0] / np.sqrt(2)) @ kernel, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(mixed[0], x[0] @ kernel, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("family", FAMILIES)
def test_torch_weights_there_and_back(family):
    model, other = example_model(family, 0), example_model(family, 1)
    import_torch_weights(other, export_torch_weights(model))
    np.testing.assert_array_equal(other(example_inputs(family)), model(example_inputs(family)))


def test_attention_matrices_that_do_not_fit_in_memory(monkeypatch):
    monkeypatch.setattr(host_memory, "available_memory", lambda: 500)
    with pytest.raises(MemoryLimitError, match=r"4 attention matrices of 6 nodes.*use sparse attention"):
        example_model("dl").attend(example_inputs("dl"))
    assert example_model("dl")(example_inputs("dl")).shape == (6, 3)
    assert example_model("sl").attend(example_inputs("sl"))[1].shape[:2] == (2, 2)


def test_what_does_not_fit(without_shape_checks):
    dense, biased = example_model("dl"), example_model("dlb")
    inputs = example_inputs("dl")
    with pytest.raises(ValueError, match=r"inputs\.positional_encoding"):
        dense(inputs._replace(positional_encoding=None))
    with pytest.raises(ValueError, match=r"inputs\.distance_bias"):
        biased(inputs._replace(distance_bias=None))
    with pytest.raises(ValueError, match=r"broadcastable to \[2, 2, 6, 6\], is \[2, 3, 6, 6\]"):
        dense.with_attention(inputs, np.zeros((2, 3, 6, 6), np.float32))
    with pytest.raises(ValueError, match="family 'gat' is not known; there are sc, sl, dlb, dl"):
        build_node_classifier("gat", 4, 3, rngs=nnx.Rngs(0))
    with pytest.raises(ValueError, match="attention is 'linear'"):
        GraphTransformer(4, 3, attention="linear", rngs=nnx.Rngs(0))
    with pytest.raises(ValueError, match="num_heads=3 must divide the width, 8"):
        example_model("sl", num_heads=3)
