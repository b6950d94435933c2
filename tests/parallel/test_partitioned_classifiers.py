"""Nodes partitioned over devices give what one device gives: over one here, over several in another process."""

import os
import subprocess
import sys
from pathlib import Path

import jax
import numpy as np
import pytest
from flax import nnx
from jax.sharding import Mesh, PartitionSpec

from gnnjax.errors import RunError
from gnnjax.models import FAMILY_FLOWS, NodeInputs, build_node_classifier, node_inputs
from gnnjax.ops import sparse_pattern
from gnnjax.parallel import map_parts, partition_inputs, partition_nodes, partitioned_logits
from gnnjax.train import fit_nodes
from tests.models.node_examples import example_inputs, example_model
from tests.random_graphs import random_node_dataset

CLOSE = {"rtol": 1e-5, "atol": 1e-5}


def device_mesh(num_devices):
    return Mesh(np.array(jax.devices()[:num_devices]), ("nodes",))


def problem(family):
    dataset = random_node_dataset(3, 45)
    return dataset, node_inputs(dataset.graph, flow=FAMILY_FLOWS[family])


def classifier(family, **arguments):
    return build_node_classifier(family, 4, 3, hidden_size=8, rngs=nnx.Rngs(0), **arguments)


def weights(model):
    """All weights but the biases of attention keys, on which nothing depends: Adam makes steps of their rounding."""
    leaves = [np.asarray(leaf) for leaf in jax.tree.leaves(nnx.to_pure_dict(nnx.state(model)))]
    return [np.delete(leaf, slice(8, 16)) if leaf.shape == (24,) else leaf for leaf in leaves]


def check_logits(family, mesh, inputs=None):
    """With dropout at a rate that is no binary fraction, whose noise is packed differently from that of 1/2."""
    inputs, key = problem(family)[1] if inputs is None else inputs, jax.random.key(1)
    model = classifier(family, dropout_rate=0.3)
    graphdef, state = nnx.split(model)
    expected = jax.jit(lambda state, key: nnx.merge(graphdef, state)(inputs, key=key))(state, key)
    np.testing.assert_allclose(partitioned_logits(model, inputs, mesh, key=key), expected, **CLOSE)


def check_attention(mesh):
    """Attention comes in the order of each part's own entries."""
    _, inputs = problem("sl")
    graphdef, state = nnx.split(classifier("sl"))
    partition = partition_nodes(inputs.pattern, mesh.size)
    whole, split = PartitionSpec(), PartitionSpec("nodes")
    attend = map_parts(
        lambda state, inputs: nnx.merge(graphdef, state).attend(inputs)[1],
        mesh,
        in_specs=(whole, split),
        out_specs=PartitionSpec(None, None, "nodes"),
    )
    parts = partition_inputs(inputs, partition, "nodes")
    attention = jax.jit(attend)(state, parts)[..., parts.pattern.rows < partition.size - 1]
    expected = jax.jit(lambda state: nnx.merge(graphdef, state).attend(inputs)[1])(state)
    np.testing.assert_allclose(attention, expected, **CLOSE)


def check_fit(family, mesh, masks=None):
    """Losses, accuracies and weights after several steps of Adam, with dropout and weight decay."""
    dataset, inputs = problem(family)
    masks = {name: mask[:1] for name, mask in dataset.splits.items()} if masks is None else masks
    runs = []
    for where in (None, mesh):
        model = classifier(family, num_layers=1)
        arguments = {"seeds": [1], "epochs": 6, "learning_rate": 1e-2, "weight_decay": 1e-3}
        runs.append((model, *fit_nodes([model], inputs, dataset.labels, masks, mesh=where, **arguments)))
    (expected_model, expected), (model, own) = runs
    np.testing.assert_allclose(own.history["loss"], expected.history["loss"], **CLOSE)
    for name in ("train", "valid", "test"):
        np.testing.assert_array_equal(own.history[name], expected.history[name])
    for ours, theirs in zip(weights(model), weights(expected_model), strict=True):
        np.testing.assert_allclose(ours, theirs, **CLOSE)


def check_several_devices():
    """The checks of the other process."""
    assert len(jax.devices()) == 4
    four = device_mesh(4)
    check_logits("sc", device_mesh(3))
    check_logits("sl", jax.make_mesh((4,), ("parts",)))
    # Fewer nodes than devices, and no entries.
    nodes, entries = np.ones((2, 4), np.float32), np.zeros(0, int)
    check_logits("sl", four, NodeInputs(nodes, sparse_pattern(entries, entries, 2)))
    check_attention(four)
    check_fit("sc", four)
    # Only the first device has nodes to learn from.
    ids = np.arange(45)
    masks = {"train": ids < 5, "valid": (ids >= 5) & (ids < 20), "test": ids >= 20}
    check_fit("sl", four, {name: mask[None] for name, mask in masks.items()})


def test_one_device():
    check_fit("sl", device_mesh(1))


@pytest.mark.slow
def test_several_devices():
    flags = f"{os.environ.get('XLA_FLAGS', '')} --xla_force_host_platform_device_count=4"
    result = subprocess.run(
        [sys.executable, "-m", "tests.parallel.test_partitioned_classifiers"],
        cwd=Path(__file__).parents[2],
        env=os.environ | {"XLA_FLAGS": flags, "JAX_PLATFORMS": "cpu"},
        capture_output=True,
        text=True,
        timeout=1800,
        check=False,
    )
    assert result.returncode == 0, result.stderr


def test_what_cannot_be_partitioned():
    mesh = device_mesh(1)
    for family in ("dlb", "dl"):
        with pytest.raises(ValueError, match="nodes can be partitioned over devices for convolutions and sparse"):
            partitioned_logits(example_model(family), example_inputs(family), mesh)
    dataset, inputs = problem("sc")
    models = [classifier("sc"), classifier("sc")]
    with pytest.raises(RunError, match="a mesh takes one run at a time, got 2 models"):
        fit_nodes(models, inputs, dataset.labels, dataset.splits, seeds=[0, 1], mesh=mesh)
    square = Mesh(np.array(jax.devices()[:1]).reshape(1, 1), ("nodes", "heads"))
    with pytest.raises(ValueError, match="a mesh of one axis, this one has"):
        partitioned_logits(models[0], inputs, square)


if __name__ == "__main__":
    check_several_devices()
