"""Run with four forced host devices by test_data_parallel.py: what one device computes, on several."""

import sys
import tempfile

import jax
import numpy as np
import optax
import pytest
from flax import nnx
from jax.sharding import NamedSharding, PartitionSpec

from gnnjax import data, models, parallel, train
from gnnjax.train.passes import evaluate_part, make_passes
from gnnjax.train.steps import create_state, default_objective, make_eval_step, make_train_step
from tests.train.runs import SPLITS, Stop, StopAfter, compilations, learnable_dataset

DATASET = learnable_dataset()
OPTIMIZER = optax.sgd(0.1)
# The last batch has two graphs, so that some of four devices have none.
ORDER, BATCH_SIZE = np.arange(18)[::-1], 8


def build(backbone: str, *, learn_edge_attention: bool = True, explained: bool = True):
    arguments = {"in_features": DATASET.in_features, "out_features": 1, "hidden_size": 8, "num_layers": 1}
    if backbone != "spmotifnet":
        arguments["edge_features"] = DATASET.edge_features
    classifier = models.build_backbone(backbone, **arguments, rngs=nnx.Rngs(0))
    if not explained:
        return classifier
    return models.GSAT(classifier, learn_edge_attention=learn_edge_attention, rngs=nnx.Rngs(1))


def steps(model, mesh):
    """Weights, losses, gradient norms and an evaluation after three steps."""
    objective = default_objective(model, DATASET.task)
    graphdef, state = create_state(model, OPTIMIZER)
    if mesh is not None:
        state = jax.device_put(state, NamedSharding(mesh, PartitionSpec()))
    step = make_train_step(graphdef, OPTIMIZER, objective, mesh)
    shape = data.batch_shape(DATASET, [ORDER], BATCH_SIZE, 1 if mesh is None else mesh.size)
    reports = []
    batches = parallel.device_batches(DATASET, ORDER, batch_size=BATCH_SIZE, shape=shape, mesh=mesh)
    for number, batch in enumerate(batches):
        state, output, norm = step(state, batch, 0.7, 1.0, jax.random.key(number))
        reports.append((output[:3], norm))
    evaluate = make_eval_step(graphdef, objective, mesh)
    passes = make_passes(DATASET, {"all": ORDER}, batch_size=BATCH_SIZE, mesh=mesh)
    evaluation = evaluate_part(passes, "all", lambda batch, r: evaluate(state[:2], batch, r), 0.7)
    results = jax.device_get((state[:2], reports))
    return results, (evaluation.losses, evaluation.logits, evaluation.edge_attention, evaluation.labels)


def assert_close(found, expected):
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-5), found, expected)


def check_steps(backbone, num_devices, **options):
    expected = steps(build(backbone, **options), None)
    assert_close(steps(build(backbone, **options), parallel.data_mesh(num_devices)), expected)


def check_runs():
    """A run begun on one device and continued on four is that of four; nothing compiles twice."""

    def fit(mesh, folder=None, **options):
        model = build("gin")
        options |= {"epochs": 3, "batch_size": 8, "seed": 3, "folder": folder, "checkpoint_every": 1, "keep": "last"}
        with pytest.warns(UserWarning, match="does not come to rest"):
            return train.fit(model, DATASET, SPLITS, mesh=mesh, **options).history

    mesh = parallel.data_mesh(4)
    with compilations() as names:
        whole = fit(mesh)
    assert names.count("jit(on_mesh)") == 3, names  # Training, and evaluation of two parts.
    with tempfile.TemporaryDirectory() as folder:
        with pytest.raises(Stop):
            fit(None, folder, callbacks=[StopAfter(1)])
        continued = fit(mesh, folder)
    # Adam makes steps of one size out of gradients that are zero but for rounding, as those of biases before norms.
    for entry, other in zip(continued, whole, strict=True):
        for part in ("train", "valid", "test"):
            assert entry[part]["loss"] == pytest.approx(other[part]["loss"], rel=1e-3), (entry["epoch"], part)


def check_mesh():
    assert parallel.data_mesh().size == 4
    with pytest.raises(ValueError, match="num_devices is 5, must be between 1 and 4"):
        parallel.data_mesh(5)


if __name__ == "__main__":
    assert len(jax.devices()) == 4
    check_mesh()
    check_steps("gin", 3)
    check_steps("pna", 4, learn_edge_attention=False)
    check_steps("spmotifnet", 4)
    check_steps("gin", 4, explained=False)
    check_runs()
    sys.stdout.write("all checks passed\n")
