"""Passes over the parts of a split: what training and evaluation ask of graphs, and of the nodes of one graph."""

import functools
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Protocol

import jax
import numpy as np
from flax import nnx
from jax.sharding import Mesh

from gnnjax.data import (
    BatchShape,
    GraphBatch,
    GraphDataset,
    Neighbourhoods,
    NodeDataset,
    Task,
    batch_shape,
    epoch_order,
    part_offsets,
    prefetch,
)
from gnnjax.errors import RunError
from gnnjax.parallel import device_batches
from gnnjax.train.evaluation import Evaluation
from gnnjax.train.steps import Objective, StepOutput, default_objective, make_eval_step, split

__all__ = ["GraphPasses", "NodePasses", "Passes", "evaluate", "evaluate_part", "make_passes"]


class Passes(Protocol):
    """Batches of each part of a split, and their reports put together again."""

    task: Task

    def num_steps(self, part: str) -> int:
        """Batches of a pass over a part."""
        ...

    def batches(self, part: str, epoch: int | None = None) -> Iterator[GraphBatch]:
        """The batches of a part, in its order, or shuffled for an epoch of training."""
        ...

    def collect(self, part: str, outputs: Sequence[StepOutput], epoch: int | None = None) -> Evaluation:
        """Joins the reports of the steps of such a pass, padding taken off."""
        ...


def make_passes(
    dataset: GraphDataset | NodeDataset,
    splits: Mapping[str, np.ndarray],
    *,
    batch_size: int,
    seed: int = 0,
    epochs: int = 0,
    mesh: Mesh | None = None,
    neighbours: Sequence[int] | None = None,
) -> Passes:
    """The passes over a dataset of either kind.

    Args:
      dataset, splits: part -> graph or node indices.
      batch_size: graphs per step, or nodes where neighbourhoods are sampled.
      seed: of shuffles and neighbourhoods.
      epochs: how many shuffles of the training part the shape of its batches has to hold.
      mesh: devices that share each batch of graphs.
      neighbours: see `data.Neighbourhoods`.

    Raises:
      RunError: an option is not for this kind of data.
    """
    if isinstance(dataset, NodeDataset):
        if mesh is not None:
            raise RunError("the nodes of one graph cannot be shared between devices here: leave mesh out")
        return NodePasses(dataset, splits, batch_size, seed, neighbours)
    if neighbours is not None:
        raise RunError(f"neighbours={tuple(neighbours)} is for a NodeDataset; graphs are taken whole")
    return GraphPasses(dataset, splits, batch_size, seed, epochs, mesh)


class GraphPasses:
    """Passes over graphs."""

    def __init__(self, dataset, splits, batch_size, seed, epochs, mesh):
        self.task: Task = dataset.task
        self._dataset, self._splits, self._batch_size, self._seed, self._mesh = dataset, splits, batch_size, seed, mesh
        self._train_shape: BatchShape | None = None
        if epochs:
            # Every shuffle to come is known, so that the smallest shape that fits them all is, too.
            orders = (self._indices("train", epoch) for epoch in range(epochs))
            self._train_shape = batch_shape(dataset, orders, batch_size, 1 if mesh is None else mesh.size)

    def num_steps(self, part):
        return -(-len(self._splits[part]) // self._batch_size)

    def batches(self, part, epoch=None):
        shape = None if epoch is None else self._train_shape
        indices = self._indices(part, epoch)
        return device_batches(self._dataset, indices, batch_size=self._batch_size, shape=shape, mesh=self._mesh)

    def collect(self, part, outputs, epoch=None):
        dataset, mesh, indices = self._dataset, self._mesh, self._indices(part, epoch)
        fetched = jax.device_get(list(outputs))
        n_edge = dataset.n_edge[indices]
        offsets = part_offsets(len(indices), self._batch_size, 1 if mesh is None else mesh.size)
        num_edges = np.diff(np.concatenate([[0], np.cumsum(n_edge)])[offsets])

        def join(batches, lengths):
            # The arrays of reports from a mesh have a leading axis of its devices.
            parts = batches if mesh is None else [part for batch in batches for part in batch]
            return np.concatenate([part[:length] for part, length in zip(parts, lengths, strict=True)])

        attention = None
        if fetched[0].edge_attention is not None:
            attention = join([output.edge_attention for output in fetched], num_edges)
        return Evaluation(
            losses=_mean_losses(fetched),
            logits=join([output.logits for output in fetched], np.diff(offsets)),
            labels=dataset.labels[indices],
            edge_attention=attention,
            edge_labels=None if dataset.edge_labels is None else dataset.edge_labels[dataset.edge_rows(indices)],
            n_edge=n_edge,
        )

    def _indices(self, part, epoch):
        return _in_order(self._splits[part], self._seed, epoch)


class NodePasses:
    """Passes over the nodes of one graph, taken whole or by sampled neighbourhoods."""

    def __init__(self, dataset, splits, batch_size, seed, neighbours):
        self.task: Task = "multiclass"
        self._dataset, self._splits, self._batch_size, self._seed = dataset, splits, batch_size, seed
        self._neighbourhoods = Neighbourhoods(dataset, neighbours)

    def num_steps(self, part):
        return self._neighbourhoods.num_batches(len(self._splits[part]), self._batch_size)

    def batches(self, part, epoch=None):
        nodes = _in_order(self._splits[part], self._seed, epoch)
        seed = [self._seed, 0 if epoch is None else 1 + epoch]
        batches = self._neighbourhoods.batches(nodes, batch_size=self._batch_size, seed=seed)
        return prefetch(jax.device_put(batch) for batch in batches)

    def collect(self, part, outputs, epoch=None):
        dataset, whole = self._dataset, self._neighbourhoods.neighbours is None
        nodes = _in_order(self._splits[part], self._seed, epoch)
        fetched = jax.device_get(list(outputs))
        attention = None
        if whole:
            logits = fetched[0].logits[nodes]
            if fetched[0].edge_attention is not None:
                attention = fetched[0].edge_attention[: dataset.num_edges]
        else:
            # The nodes to classify come first.
            starts = range(0, len(nodes), self._batch_size)
            sizes = [min(self._batch_size, len(nodes) - start) for start in starts]
            logits = np.concatenate([output.logits[:size] for output, size in zip(fetched, sizes, strict=True)])
        return Evaluation(
            losses=_mean_losses(fetched),
            logits=logits,
            labels=dataset.labels[nodes],
            edge_attention=attention,
            edge_labels=None,
            n_edge=np.array([dataset.num_edges], np.int32),
        )


def evaluate(
    model: nnx.Module,
    dataset: GraphDataset | NodeDataset,
    indices: np.ndarray,
    *,
    objective: Objective | None = None,
    r: float = 0.5,
    batch_size: int = 128,
    neighbours: Sequence[int] | None = None,
) -> Evaluation:
    """Runs a `models.GSAT` or a plain classifier in evaluation mode over the graphs (nodes) `indices` of a dataset.

    Args:
      model: the model.
      dataset: where the graphs are, or the graph whose nodes are classified.
      indices: `[graphs]` or `[nodes]`, which ones, in which order.
      objective: the losses to report (default: that of the model, both parts with weight 1).
      r: the prior of the information loss.
      batch_size: graphs per step, or nodes where neighbourhoods are sampled.
      neighbours: edges per node and step in sampled neighbourhoods (`data.Neighbourhoods`), which have no attention of
        all edges; None takes the whole graph.

    Raises:
      ValueError: `indices` is empty.
      RunError: `neighbours` are given for a set of graphs.

    Examples:
      >>> import numpy as np
      >>> from flax import nnx
      >>> from gnnjax import data, models, train
      >>> triangle, path = ([0, 1, 2], [1, 2, 0]), ([0, 1], [1, 2])
      >>> dataset = data.from_arrays(None, [triangle, path], [1, 0], n_node=[3, 3], undirected=True)
      >>> model = models.GSAT(models.GIN(1, 1, hidden_size=4, num_layers=1, rngs=nnx.Rngs(0)), rngs=nnx.Rngs(1))
      >>> evaluation = train.evaluate(model, dataset, np.array([1, 0]))
      >>> evaluation.logits.shape, evaluation.n_edge.tolist(), evaluation.attention_of(0).shape
      ((2, 1), [4, 6], (4,))
    """
    graphdef, params, batch_stats = split(model)
    passes = make_passes(dataset, {"all": np.asarray(indices)}, batch_size=batch_size, neighbours=neighbours)
    step = make_eval_step(graphdef, objective or default_objective(model, passes.task))
    return evaluate_part(passes, "all", functools.partial(step, (params, batch_stats)), r)


def evaluate_part(passes: Passes, part: str, step: Callable[[GraphBatch, float], StepOutput], r: float) -> Evaluation:
    """Applies a step in evaluation mode, which holds its weights, to a part.

    Raises:
      ValueError: the part is empty.
    """
    outputs = [step(batch, r) for batch in passes.batches(part)]
    if not outputs:
        raise ValueError("there are no graphs to evaluate: indices is empty")
    return passes.collect(part, outputs)


def _in_order(indices: np.ndarray, seed: int, epoch: int | None) -> np.ndarray:
    return indices if epoch is None else epoch_order(indices, seed=seed, epoch=epoch)


def _mean_losses(outputs: Sequence[Any]) -> dict[str, float]:
    names = ["loss", "prediction_loss"]
    if outputs[0].edge_attention is not None:
        names.append("information_loss")
    return {name: float(np.mean([getattr(output, name) for output in outputs])) for name in names}
