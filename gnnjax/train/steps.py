"""Jitted training and evaluation steps.

The model is split at this edge into a static graph definition and plain dictionaries of arrays, so that JAX's own
transformations apply (`nnx.jit` would walk the module in Python at every step). The static part is closed over and not
an argument, because JAX would hash all of it at every call.
"""

import dataclasses
import functools
from collections.abc import Callable
from typing import Any, NamedTuple, Protocol

import jax
import jax.numpy as jnp
import optax
from flax import nnx
from jax.sharding import Mesh, PartitionSpec
from jaxtyping import Array, Float

from gnnjax.batch_part import DATA_AXIS
from gnnjax.data import GraphBatch, Task
from gnnjax.graphs import edge_graph_ids, node_graph_ids
from gnnjax.models import GSAT, Backbone
from gnnjax.parallel import map_parts, sum_over_devices
from gnnjax.train.losses import information_loss, prediction_loss

__all__ = [
    "ClassifierObjective",
    "GSATObjective",
    "Objective",
    "StepOutput",
    "TrainState",
    "create_state",
    "default_objective",
    "make_eval_step",
    "make_train_step",
    "merge",
    "split",
]


class TrainState(NamedTuple):
    """All that a training step changes: nested dictionaries of arrays, and the optimiser's state.

    Examples:
      >>> import optax
      >>> from flax import nnx
      >>> from gnnjax import models, train
      >>> model = models.GIN(1, 1, hidden_size=4, num_layers=1, rngs=nnx.Rngs(0))
      >>> _, state = train.create_state(model, optax.sgd(0.1))
      >>> sorted(state.params), sorted(state.batch_stats)
      (['classifier', 'convs', 'node_encoder'], ['convs'])
    """

    params: Any
    batch_stats: dict
    opt_state: optax.OptState


class StepOutput(NamedTuple):
    """What a step reports.

    Attributes:
      loss, prediction_loss, information_loss: in nats; the first is the weighted sum of the others, of which a plain
        classifier has no second.
      logits: `[graphs, outputs]` (or `[nodes, outputs]`, where nodes have labels), padding included.
      edge_attention: `[edges]`, in (0, 1), padding included; None for a plain classifier.

    Examples:
      >>> import functools
      >>> import jax, numpy as np
      >>> from flax import nnx
      >>> from gnnjax import data, models, train
      >>> pair = data.from_arrays(None, [([0, 1], [1, 0])], [1], n_node=[2])
      >>> batch = next(data.iterate_batches(pair, np.array([0]), batch_size=1))
      >>> model = models.GIN(1, 1, hidden_size=4, num_layers=1, rngs=nnx.Rngs(0))
      >>> objective = functools.partial(train.ClassifierObjective("binary"), model, train=False)
      >>> output = jax.jit(objective)(batch, r=0.5)
      >>> output.logits.shape, output.edge_attention  # One of the two graphs is padding.
      ((2, 1), None)
    """

    loss: Float[Array, ""]
    prediction_loss: Float[Array, ""]
    information_loss: Float[Array, ""] | None
    logits: Float[Array, "graphs outputs"]
    edge_attention: Float[Array, " edges"] | None


class Objective(Protocol):
    """What is minimised: applies a model to a batch. Equal objectives compare and hash as equal."""

    def __call__(
        self, model: Any, batch: GraphBatch, r: Any, *, train: bool, key: jax.Array | None = None
    ) -> StepOutput: ...


@dataclasses.dataclass(frozen=True)
class GSATObjective:
    """GSAT's loss: the prediction loss and the information that the attention lets through.

    Attributes:
      task: which prediction loss.
      prediction_coefficient, information_coefficient: the weights of the two parts.

    Examples:
      >>> import functools
      >>> import jax, numpy as np
      >>> from flax import nnx
      >>> from gnnjax import data, models, train
      >>> pair = data.from_arrays(None, [([0, 1], [1, 0])], [1], n_node=[2])
      >>> batch = next(data.iterate_batches(pair, np.array([0]), batch_size=1))
      >>> model = models.GSAT(models.GIN(1, 1, hidden_size=4, num_layers=1, rngs=nnx.Rngs(0)), rngs=nnx.Rngs(1))
      >>> objective = train.GSATObjective("binary", information_coefficient=2.0)
      >>> output = jax.jit(functools.partial(objective, model, train=False))(batch, r=0.7)
      >>> bool(np.isclose(output.loss, output.prediction_loss + 2 * output.information_loss))
      True
    """

    task: Task
    prediction_coefficient: float = 1.0
    information_coefficient: float = 1.0

    def __call__(
        self, model: GSAT, batch: GraphBatch, r: float | Float[Array, ""], *, train: bool, **noise
    ) -> StepOutput:
        """Applies a `models.GSAT`; `noise` is its `key` or `uniform`."""
        graphs, mask = batch.graphs, batch.graph_mask
        axis_name = None if batch.part is None else DATA_AXIS
        options = noise | {"reverse": batch.reverse_edges, "part": batch.part}
        logits, aux = model(graphs, graph_mask=mask, train=train, **options)
        graph_ids = edge_graph_ids(graphs) if model.learn_edge_attention else node_graph_ids(graphs)
        prediction = prediction_loss(self.task, logits, batch.labels, batch.labelled, axis_name)
        information = information_loss(aux.attention, r, jnp.asarray(mask)[graph_ids], axis_name)
        loss = self.prediction_coefficient * prediction + self.information_coefficient * information
        return StepOutput(loss, prediction, information, logits, aux.edge_attention)


@dataclasses.dataclass(frozen=True)
class ClassifierObjective:
    """The prediction loss of a classifier without attention.

    Attributes:
      task: which prediction loss.

    Examples:
      >>> import functools
      >>> import jax, numpy as np
      >>> from flax import nnx
      >>> from gnnjax import data, models, train
      >>> pair = data.from_arrays(None, [([0, 1], [1, 0])], [1], n_node=[2])
      >>> batch = next(data.iterate_batches(pair, np.array([0]), batch_size=1))
      >>> model = models.GIN(1, 1, hidden_size=4, num_layers=1, rngs=nnx.Rngs(0))
      >>> objective = functools.partial(train.ClassifierObjective("binary"), model, train=False)
      >>> output = jax.jit(objective)(batch, r=0.5)
      >>> bool(output.loss == output.prediction_loss), output.information_loss
      (True, None)
    """

    task: Task

    def __call__(
        self, model: Backbone, batch: GraphBatch, r: Any, *, train: bool, key: jax.Array | None = None
    ) -> StepOutput:
        """Applies a `models.Backbone`; `r` is without effect."""
        part = {} if batch.part is None else {"part": batch.part}
        logits, _ = model(batch.graphs, graph_mask=batch.graph_mask, train=train, key=key, **part)
        axis_name = None if batch.part is None else DATA_AXIS
        loss = prediction_loss(self.task, logits, batch.labels, batch.labelled, axis_name)
        return StepOutput(loss, loss, None, logits, None)


def default_objective(
    model: Any, task: Task, prediction_coefficient: float = 1.0, information_coefficient: float = 1.0
) -> Objective:
    """GSAT's objective for a `models.GSAT`, the prediction loss alone for any other classifier."""
    if isinstance(model, GSAT):
        return GSATObjective(task, prediction_coefficient, information_coefficient)
    return ClassifierObjective(task)


def split(model: nnx.Module) -> tuple[nnx.GraphDef, dict, dict]:
    """The static part, the parameters and the batch-norm statistics of a model; the last two as plain dictionaries."""
    graphdef, params, batch_stats = nnx.split(model, nnx.Param, nnx.BatchStat)
    return graphdef, nnx.to_pure_dict(params), nnx.to_pure_dict(batch_stats)


def merge(graphdef: nnx.GraphDef, params: dict, batch_stats: dict) -> Any:
    """The inverse of `split`: a new model that shares no state with any other."""
    return nnx.merge(graphdef, params, batch_stats, copy=True)


def create_state(model: nnx.Module, optimizer: optax.GradientTransformation) -> tuple[nnx.GraphDef, TrainState]:
    """The static part of `model` and the state in which its training starts; `model` itself stays as it is.

    Examples:
      >>> import optax
      >>> from flax import nnx
      >>> from gnnjax import models, train
      >>> model = models.GIN(1, 1, hidden_size=4, num_layers=1, rngs=nnx.Rngs(0))
      >>> graphdef, state = train.create_state(model, optax.sgd(0.1))
      >>> state.params["classifier"]["kernel"].shape
      (4, 1)
    """
    graphdef, params, batch_stats = split(model)
    params, batch_stats = jax.tree.map(lambda array: array.copy(), (params, batch_stats))
    return graphdef, TrainState(params, batch_stats, optimizer.init(params))


def make_train_step(
    graphdef: nnx.GraphDef, optimizer: optax.GradientTransformation, objective: Objective, mesh: Mesh | None = None
) -> Callable[[TrainState, GraphBatch, float, float, jax.Array], tuple[TrainState, StepOutput, Array]]:
    """The jitted `step(state, batch, r, scale, key)`: one optimiser step, its length multiplied by `scale`.

    It returns the new state, the step's report and the norm of the gradient; the memory of the old state is given up.
    Equal arguments give the same function, which compiles once per shape of the batch.

    On a `mesh` the batch is one of `parallel.device_batches`; the gradient and the losses are summed over the
    devices in one reduction, and the report's arrays have a leading axis of the devices.

    Examples:
      >>> import jax, numpy as np
      >>> from flax import nnx
      >>> from gnnjax import data, models, train
      >>> pair = data.from_arrays(None, [([0, 1], [1, 0])], [1], n_node=[2])
      >>> batch = next(data.iterate_batches(pair, np.array([0]), batch_size=1))
      >>> model = models.GIN(1, 1, hidden_size=4, num_layers=1, dropout_rate=0.0, rngs=nnx.Rngs(0))
      >>> optimizer = train.adam_l2(0.1)
      >>> graphdef, state = train.create_state(model, optimizer)
      >>> step = train.make_train_step(graphdef, optimizer, train.ClassifierObjective("binary"))
      >>> state, first, norm = step(state, batch, 0.5, 1.0, jax.random.key(0))
      >>> state, second, norm = step(state, batch, 0.5, 1.0, jax.random.key(1))
      >>> bool(second.loss < first.loss)
      True
    """
    return _train_step(graphdef, optimizer, objective, mesh)


# Cached apart from the public function, for which an argument left out and its default would be two entries.
@functools.lru_cache(maxsize=16)
def _train_step(graphdef, optimizer, objective, mesh):
    axis_name = None if mesh is None else DATA_AXIS

    def step(state, batch, r, scale, key):
        def loss_fn(params):
            model = merge(graphdef, params, state.batch_stats)
            output = objective(model, batch, r, train=True, key=key)
            return output.loss, (output, nnx.to_pure_dict(nnx.state(model, nnx.BatchStat)))

        grads, (output, batch_stats) = jax.grad(loss_fn, has_aux=True)(state.params)
        grads, losses = sum_over_devices((grads, output[:3]), axis_name)
        output = _gather_output(losses, output, axis_name)
        updates, opt_state = optimizer.update(grads, state.opt_state, state.params)
        updates = optax.tree.scale(scale, updates)
        state = TrainState(optax.apply_updates(state.params, updates), batch_stats, opt_state)
        return state, output, optax.tree.norm(grads)

    return jax.jit(step if mesh is None else _on_mesh(step, mesh), donate_argnums=0)


def make_eval_step(
    graphdef: nnx.GraphDef, objective: Objective, mesh: Mesh | None = None
) -> Callable[[Any, GraphBatch, float], StepOutput]:
    """The jitted `step((params, batch_stats), batch, r)`: no dropout, no noise, running statistics.

    Equal arguments give the same function, which compiles once per shape of the batch. `mesh` is as for
    `make_train_step`.

    Examples:
      >>> import numpy as np, optax
      >>> from flax import nnx
      >>> from gnnjax import data, models, train
      >>> pair = data.from_arrays(None, [([0, 1], [1, 0])], [1], n_node=[2])
      >>> batch = next(data.iterate_batches(pair, np.array([0]), batch_size=1))
      >>> model = models.GIN(1, 1, hidden_size=4, num_layers=1, rngs=nnx.Rngs(0))
      >>> graphdef, state = train.create_state(model, optax.sgd(0.1))
      >>> step = train.make_eval_step(graphdef, train.ClassifierObjective("binary"))
      >>> step((state.params, state.batch_stats), batch, 0.5).logits.shape  # One of the two graphs is padding.
      (2, 1)
    """
    return _eval_step(graphdef, objective, mesh)


@functools.lru_cache(maxsize=16)
def _eval_step(graphdef, objective, mesh):
    axis_name = None if mesh is None else DATA_AXIS

    def step(weights, batch, r):
        output = objective(merge(graphdef, *weights), batch, r, train=False)
        return _gather_output(sum_over_devices(output[:3], axis_name), output, axis_name)

    return jax.jit(step if mesh is None else _on_mesh(step, mesh))


def _on_mesh(step, mesh):
    """`step(state, batch, ...)` on all devices, each with its part of the batch; all else is the same on each."""

    def on_device(state, parts, *others):
        return step(state, jax.tree.map(lambda array: array[0], parts), *others)

    def on_mesh(state, batch, *others):
        specs = (PartitionSpec(), PartitionSpec(DATA_AXIS), *(PartitionSpec() for _ in others))
        return map_parts(on_device, mesh, in_specs=specs, out_specs=PartitionSpec())(state, batch, *others)

    return on_mesh


def _gather_output(losses, output, axis_name):
    """The report of all devices, the same on each."""
    if axis_name is None:
        return output
    return StepOutput(*losses, *jax.tree.map(lambda rows: jax.lax.all_gather(rows, axis_name), output[3:]))
