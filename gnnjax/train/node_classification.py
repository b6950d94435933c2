"""Full-batch training of node classifiers: all epochs of a run, or of several splits at once, in one program."""

import functools
import time
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import optax
from flax import nnx
from jax.sharding import Mesh, NamedSharding, PartitionSpec

from gnnjax.data.node_splits import PARTS, check_node_splits
from gnnjax.errors import NonFiniteLossError, RunError
from gnnjax.models import NodeInputs
from gnnjax.parallel.mesh import map_parts, node_axis, sum_over_devices
from gnnjax.parallel.node_partition import partition_inputs, partition_nodes
from gnnjax.train.losses import prediction_loss
from gnnjax.train.optimizers import adam_l2

__all__ = ["NodeFit", "fit_nodes"]


class NodeFit(NamedTuple):
    """Outcome of one run of `fit_nodes`.

    Attributes:
      history: `loss` (of the step, in nats), `train`, `valid` and `test` (accuracy after the step), each `[epochs]`.
      best_epoch: the first epoch with the best validation accuracy.
      seconds: wall time, divided by the number of runs that shared it.

    Examples:
      >>> import numpy as np
      >>> from gnnjax import train
      >>> history = {"valid": np.array([0.5, 0.8, 0.8]), "test": np.array([0.9, 0.7, 0.6])}
      >>> train.NodeFit(history, best_epoch=1, seconds=2.0).test_accuracy  # As train.fit_nodes returns it.
      0.7
    """

    history: dict[str, np.ndarray]
    best_epoch: int
    seconds: float

    @property
    def test_accuracy(self) -> float:
        """Accuracy in [0, 1] on the test nodes in the best epoch."""
        return float(self.history["test"][self.best_epoch])


def fit_nodes(
    models: Sequence[nnx.Module],
    inputs: NodeInputs,
    labels: np.ndarray,
    masks: Mapping[str, np.ndarray],
    *,
    seeds: Sequence[int],
    epochs: int = 99,
    learning_rate: float = 1e-3,
    weight_decay: float = 0.0,
    on_progress: Callable[[int], None] | None = None,
    mesh: Mesh | None = None,
) -> list[NodeFit]:
    """Trains one model per split on one graph, and leaves the weights of the last epoch in each.

    Several runs are one program, mapped over the splits. Everything random depends on a run's seed alone.

    Args:
      models: models of one kind, with their initial weights.
      inputs: the graph.
      labels: `[nodes]`, classes.
      masks: `train`, `valid` and `test`, each `[runs, nodes]`.
      seeds: of the dropout of each run.
      epochs: steps of Adam over the whole training part.
      learning_rate, weight_decay: of Adam with L2 regularisation.
      on_progress: called with the number of epochs done, several times a run.
      mesh: of one axis: the nodes of the graph, with the edges that they receive by, are partitioned over its devices,
        and the results are those of one device up to rounding. For one run at a time, of graph convolutions or sparse
        attention.

    Raises:
      DataError: a mask is missing, empty, overlaps with another, or has another shape.
      RunError: there are not as many seeds and masks as models, or several models for one mesh.
      ValueError: nodes are to be partitioned for dense attention, or over a mesh of several axes.
      NonFiniteLossError: the loss became NaN or infinite.

    Examples:
      >>> import numpy as np
      >>> from flax import nnx
      >>> from gnnjax import models, ops, train
      >>> path = ops.sparse_pattern(np.array([0, 1, 1, 2]), np.array([1, 0, 2, 1]), 3)
      >>> inputs = models.NodeInputs(np.eye(3, dtype=np.float32), path)
      >>> masks = {part: np.eye(3, dtype=bool)[[node]] for node, part in enumerate(("train", "valid", "test"))}
      >>> model = models.GraphConvolution(3, 2, hidden_size=4, num_layers=1, rngs=nnx.Rngs(0))
      >>> (run,) = train.fit_nodes([model], inputs, np.array([0, 1, 0]), masks, seeds=[0], epochs=2)
      >>> {name: values.shape for name, values in sorted(run.history.items())}
      {'loss': (2,), 'test': (2,), 'train': (2,), 'valid': (2,)}
    """
    check_node_splits(dict(masks), len(labels), name="masks")
    if epochs < 1 or len(seeds) != len(models) or len(masks["train"]) != len(models):
        raise RunError(
            f"{len(models)} models need as many seeds and masks, got {len(seeds)} and {len(masks['train'])}; "
            f"epochs={epochs} must be at least 1"
        )
    if mesh is not None and len(models) > 1:
        raise RunError(f"a mesh takes one run at a time, got {len(models)} models")
    graphdef = nnx.split(models[0])[0]
    states = [nnx.to_pure_dict(nnx.state(model)) for model in models]
    begin = time.perf_counter()
    together = len(models) > 1
    size = max(size for size in range(1, 11) if epochs % size == 0)
    optimizer = adam_l2(learning_rate, weight_decay)
    run = make_epochs(graphdef, optimizer, size, together, mesh)
    stack = (lambda trees: jax.tree.map(lambda *leaves: jnp.stack(leaves), *trees)) if together else (lambda t: t[0])
    params = stack(states)
    opt_state = stack([optimizer.init(state) for state in states])
    keys = stack([jax.random.key(seed) for seed in seeds])
    parts = {name: stack([jnp.asarray(mask) for mask in masks[name]]) for name in PARTS}
    graph = inputs, np.asarray(labels), parts
    if mesh is None:
        graph = jax.tree.map(jnp.asarray, graph)
    else:
        partition, axis = partition_nodes(inputs.pattern, mesh.size), node_axis(mesh)
        graph = partition_inputs(inputs, partition, axis), *jax.tree.map(partition.pad, graph[1:])
        graph = jax.device_put(graph, NamedSharding(mesh, PartitionSpec(axis)))
        params, opt_state, keys = jax.device_put((params, opt_state, keys), NamedSharding(mesh, PartitionSpec()))
    chunks: list[dict[str, np.ndarray]] = []
    for first in range(0, epochs, size):
        params, opt_state, reports = run(params, opt_state, keys, first, *graph)
        chunks.append({name: np.atleast_2d(np.asarray(values)) for name, values in reports.items()})
        _check_finite(chunks[-1]["loss"], first)
        if on_progress is not None:
            on_progress(first + size)
    history = {name: np.concatenate([chunk[name] for chunk in chunks], axis=1) for name in chunks[0]}
    # On one device, where the model's next input is.
    params = jax.tree.map(lambda leaf: jnp.asarray(np.asarray(leaf)), params) if mesh is not None else params
    seconds = (time.perf_counter() - begin) / len(models)
    fits = []
    for index, model in enumerate(models):
        nnx.update(model, jax.tree.map(lambda leaf, index=index: leaf[index], params) if together else params)
        own = {name: values[index] for name, values in history.items()}
        fits.append(NodeFit(own, int(np.argmax(own["valid"])), seconds))
    return fits


@functools.lru_cache(maxsize=16)
def make_epochs(
    graphdef: nnx.GraphDef, optimizer: optax.GradientTransformation, num_epochs: int, together: bool, mesh: Mesh | None
) -> jax.stages.Wrapped:
    """The jitted `run(params, opt_state, key, first_epoch, inputs, labels, parts)` over so many epochs."""
    axis_name = None if mesh is None else node_axis(mesh)
    total = functools.partial(sum_over_devices, axis_name=axis_name)

    def run(params, opt_state, key, first_epoch, inputs, labels, parts):
        counts = total({name: mask.sum() for name, mask in parts.items()})

        def loss(params, key):
            logits = nnx.merge(graphdef, params, copy=True)(inputs, key=key)
            return prediction_loss("multiclass", logits, labels, parts["train"], axis_name)

        def epoch(carry, index):
            params, opt_state = carry
            value, gradient = total(jax.value_and_grad(loss)(params, jax.random.fold_in(key, index)))
            updates, opt_state = optimizer.update(gradient, opt_state, params)
            params = optax.apply_updates(params, updates)
            logits = nnx.merge(graphdef, params, copy=True)(inputs)
            hits = total({name: (mask & (logits.argmax(-1) == labels)).sum() for name, mask in parts.items()})
            return (params, opt_state), {"loss": value} | {name: hits[name] / counts[name] for name in hits}

        carry, reports = jax.lax.scan(epoch, (params, opt_state), first_epoch + jnp.arange(num_epochs))
        return *carry, reports

    if together:
        run = jax.vmap(run, in_axes=(0, 0, 0, None, None, None, 0))
    if mesh is not None:
        whole, split = PartitionSpec(), PartitionSpec(node_axis(mesh))
        run = map_parts(run, mesh, in_specs=(*[whole] * 4, *[split] * 3), out_specs=whole)
    return jax.jit(run, donate_argnums=(1,))


def _check_finite(losses: np.ndarray, first_epoch: int) -> None:
    bad = ~np.isfinite(losses)
    if bad.any():
        run, epoch = np.argwhere(bad)[0]
        raise NonFiniteLossError(
            f"run {run}: the loss is {losses[run, epoch]} in epoch {first_epoch + epoch}; lower the learning rate",
            epoch=int(first_epoch + epoch),
            step=0,
        )
