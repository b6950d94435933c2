"""The node classifiers compute what the original PyTorch implementation computed: `tests/fixtures/ag_*.npz`.

A fixture holds the first 100 nodes of a dataset, weights, and the original's outputs, attention, losses, gradients and
weights after three Adam steps (all dropout rates 0).
"""

import json
from pathlib import Path

import jax
import jax.numpy as jnp
import jraph
import numpy as np
import optax
import pytest
from flax import nnx

from gnnjax.explain import attention_graph
from gnnjax.models import (
    FAMILY_FLOWS,
    build_node_classifier,
    export_torch_weights,
    import_torch_weights,
    node_inputs,
)
from gnnjax.train import prediction_loss

CLOSE = {"rtol": 1e-4, "atol": 1e-5}
FILES = sorted(path.stem for path in (Path(__file__).parents[1] / "fixtures").glob("ag_*.npz"))


@pytest.fixture(scope="module", params=FILES)
def golden(request):
    with np.load(Path(__file__).parents[1] / "fixtures" / f"{request.param}.npz", allow_pickle=False) as file:
        return {name: file[name] for name in file.files}


@pytest.fixture(scope="module")
def family(golden):
    return json.loads(str(golden["config"]))["model"].lower()


@pytest.fixture(scope="module")
def inputs(golden, family):
    x = golden["in.x"]
    graph = jraph.GraphsTuple(
        nodes=x.astype(np.float32),
        edges=None,
        senders=golden["in.senders"],
        receivers=golden["in.receivers"],
        n_node=np.array([len(x)]),
        n_edge=np.array([len(golden["in.senders"])]),
        globals=None,
    )
    structure = {}
    if family == "dlb":
        distances = golden["in.shortest_path"].astype(np.float32)
        structure["distance_bias"] = np.where(distances > 0, 1 / np.where(distances == 0, 1, distances), distances)
    if family == "dl":
        structure["positional_encoding"] = golden["in.positional_encoding"].astype(np.float32)
    return node_inputs(graph, flow=FAMILY_FLOWS[family], **structure)


@pytest.fixture
def model(golden, family):
    config = json.loads(str(golden["config"]))
    model = build_node_classifier(
        family,
        golden["in.x"].shape[1],
        config["classes"],
        hidden_size=config["hidden"],
        num_layers=config["num_layers"],
        num_heads=config["num_heads"],
        rngs=nnx.Rngs(0),
    )
    import_torch_weights(model, part(golden, "init."))
    return model


def part(golden, prefix):
    return {name.removeprefix(prefix): value for name, value in golden.items() if name.startswith(prefix)}


def test_the_pattern_is_the_adjacency_with_self_loops(golden, family, inputs):
    adjacency = np.zeros((100, 100))
    adjacency[inputs.pattern.rows, inputs.pattern.columns] = 1
    expected = golden["in.adjacency_with_self_loops"]
    np.testing.assert_array_equal(adjacency, expected.T if family == "sc" else expected)


def test_log_probabilities(golden, model, inputs):
    np.testing.assert_allclose(jax.nn.log_softmax(model(inputs)), golden["eval.log_probs"], **CLOSE)


def test_attention_and_attention_graph(golden, family, model, inputs):
    if family == "sc":
        assert "eval.attention" not in golden
        return
    logits, attention = model.attend(inputs)
    np.testing.assert_allclose(jax.nn.log_softmax(logits), golden["eval.log_probs"], **CLOSE)
    np.testing.assert_allclose(model.with_attention(inputs, attention), logits, **CLOSE)
    attention = np.asarray(attention)
    if family == "sl":
        dense = np.zeros_like(golden["eval.attention"])
        dense[:, :, inputs.pattern.rows, inputs.pattern.columns] = attention
        attention = dense
        np.testing.assert_allclose(model.with_attention(inputs, attention), logits, **CLOSE)
    np.testing.assert_allclose(attention, golden["eval.attention"], **CLOSE)
    np.testing.assert_allclose(attention_graph(attention), golden["eval.attention_graph"], **CLOSE)


def test_three_training_steps(golden, model, inputs):
    config = json.loads(str(golden["config"]))
    graphdef, state = nnx.split(model)
    params = nnx.to_pure_dict(state)
    optimizer = optax.adam(config["lr"])
    labels, train_mask = jnp.asarray(golden["in.y"]), jnp.asarray(golden["in.train_mask"])

    @jax.jit
    def gradients(params):
        return jax.value_and_grad(
            lambda params: prediction_loss(
                "multiclass", nnx.merge(graphdef, params, copy=True)(inputs), labels, train_mask
            )
        )(params)

    opt_state = optimizer.init(params)
    for step in range(3):
        loss, gradient = gradients(params)
        np.testing.assert_allclose(loss, golden[f"step{step}.loss"], **CLOSE)
        if step == 0:
            nnx.update(model, gradient)
            recorded = part(golden, "step0.grad.")
            for name, ours in export_torch_weights(model).items():
                np.testing.assert_allclose(ours, recorded[name], **CLOSE, err_msg=name)
        updates, opt_state = optimizer.update(gradient, opt_state)
        params = optax.apply_updates(params, updates)
    nnx.update(model, params)
    final = part(golden, "final.")
    for name, ours in export_torch_weights(model).items():
        np.testing.assert_allclose(ours, final[name], rtol=1e-4, atol=1e-4, err_msg=name)
