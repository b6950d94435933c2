"""Batches of nodes with the surroundings that decide their classes: a whole graph, or sampled neighbourhoods."""

import math
from collections.abc import Iterator, Sequence
from functools import cached_property

import jraph
import numpy as np

from gnnjax.data.batching import BatchShape, GraphBatch, padded, round_up
from gnnjax.data.node_dataset import NodeDataset
from gnnjax.graphs import reverse_edges

__all__ = ["Neighbourhoods"]

_MEASURED_BATCHES = 4


class Neighbourhoods:
    """Makes batches of a graph's nodes.

    Each is one padded graph: the nodes to classify (`GraphBatch.label_mask`) and either all others with all edges, or
    what is drawn for them: up to `neighbours[0]` edges into each of them, up to `neighbours[1]` into each of those
    nodes, and so on, without replacement; and of each drawn edge its opposite, so that an undirected graph stays one.

    Args:
      dataset: the graph.
      neighbours: edges drawn per node and step; None takes the whole graph.

    Raises:
      ValueError: a number of neighbours is below 1, or there are none.

    Source: Hamilton, Ying and Leskovec, NeurIPS 2017 (arXiv 1706.02216), for the sampling.

    >>> import numpy as np
    >>> from gnnjax.data import NodeDataset
    >>> path = NodeDataset("path", np.ones((4, 1), np.float32), np.array([0, 1, 1, 2, 2, 3], np.int32),
    ...                    np.array([1, 0, 2, 1, 3, 2], np.int32), np.array([0, 1, 0, 1], np.int32), 2)
    >>> [batch] = Neighbourhoods(path, neighbours=(2,)).batches(np.array([0]), batch_size=1, seed=0)
    >>> batch.graphs.n_node.tolist(), batch.graphs.n_edge.tolist()[0], batch.label_mask.tolist().count(True)
    ([2, 2], 2, 1)
    """

    def __init__(self, dataset: NodeDataset, neighbours: Sequence[int] | None = None):
        if neighbours is not None and (not len(neighbours) or min(neighbours) < 1):
            raise ValueError(f"neighbours is {tuple(neighbours)}, must be numbers from 1 up, one for each step")
        self.dataset = dataset
        self.neighbours = None if neighbours is None else tuple(neighbours)
        self._typical_sizes: dict[int, tuple[int, int]] = {}

    def batches(self, nodes: np.ndarray, *, batch_size: int, seed: int | Sequence[int] = 0) -> Iterator[GraphBatch]:
        """Batches of `nodes` in order, of few different shapes; without sampling one batch holds them all.

        In a sampled batch the nodes to classify come first, in the given order.

        The same seed draws the same neighbourhoods, and the shape of a batch depends on that batch alone.

        Args:
          nodes: which ones to classify.
          batch_size: how many at a time, where neighbourhoods are sampled.
          seed: of the draws.
        """
        if self.neighbours is None:
            yield self._batch(np.arange(self.dataset.num_edges), nodes, self._whole_shape)
            return
        for start in range(0, len(nodes), batch_size):
            some = nodes[start : start + batch_size]
            edges, reached = self._sample(some, np.random.default_rng([*np.atleast_1d(seed), start]))
            reached = np.concatenate([some, np.setdiff1d(reached, some)])
            yield self._batch(edges, some, self._shape(batch_size, len(reached), len(edges)), reached)

    def around(self, nodes: np.ndarray, *, seed: int = 0) -> tuple[GraphBatch, np.ndarray, np.ndarray]:
        """One batch with what is drawn around `nodes`, the numbers of its nodes, and those of its edges.

        Its shape is a power of two, so that neighbourhoods of like size have the same.

        Raises:
          ValueError: neighbourhoods are not sampled.
        """
        if self.neighbours is None:
            raise ValueError("there are no neighbourhoods: the whole graph is taken")
        edges, reached = self._sample(nodes, np.random.default_rng(seed))
        reached = np.concatenate([nodes, np.setdiff1d(reached, nodes)])
        shape = BatchShape(1 << len(reached).bit_length(), 1 << len(edges).bit_length(), 2)
        return self._batch(edges, nodes, shape, reached), reached, edges

    def num_batches(self, num_nodes: int, batch_size: int) -> int:
        """How many `batches` makes of so many nodes."""
        return 1 if self.neighbours is None else math.ceil(num_nodes / batch_size)

    @cached_property
    def _incoming(self) -> tuple[np.ndarray, np.ndarray]:
        """Edges sorted by receiver, and where those of each node begin."""
        receivers = self.dataset.receivers
        degrees = np.bincount(receivers, minlength=self.dataset.num_nodes)
        return np.argsort(receivers, kind="stable"), np.concatenate([[0], np.cumsum(degrees)])

    @cached_property
    def _reverse(self) -> np.ndarray:
        dataset = self.dataset
        one_graph = np.zeros(dataset.num_edges, np.int32)
        return np.asarray(reverse_edges(dataset.senders, dataset.receivers, one_graph, 1))

    @cached_property
    def _whole_shape(self) -> BatchShape:
        return BatchShape(self.dataset.num_nodes + 1, max(self.dataset.num_edges, 1), 2)

    def _shape(self, batch_size: int, num_nodes: int, num_edges: int) -> BatchShape:
        """A shape for batches of usual size, and one of twice, four times, ... the size for the others."""
        if batch_size not in self._typical_sizes:
            everyone = np.arange(self.dataset.num_nodes)
            sizes = []
            for number in range(_MEASURED_BATCHES):
                rng = np.random.default_rng([number, batch_size])
                edges, reached = self._sample(rng.permutation(everyone)[:batch_size], rng)
                sizes.append((len(reached), len(edges)))
            nodes, edges = np.max(sizes, axis=0)
            self._typical_sizes[batch_size] = round_up(int(1.15 * nodes) + 1), round_up(int(1.15 * edges) + 1)
        nodes, edges = self._typical_sizes[batch_size]
        while num_nodes >= nodes or num_edges > edges:
            nodes, edges = 2 * nodes, 2 * edges
        return BatchShape(min(nodes, self._whole_shape.n_node), min(edges, self._whole_shape.n_edge), 2)

    def _sample(self, nodes: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        """The drawn edges and the nodes reached, both sorted."""
        assert self.neighbours is not None
        by_receiver, starts = self._incoming
        frontier = reached = np.unique(nodes)
        drawn = []
        for count in self.neighbours:
            degrees = starts[frontier + 1] - starts[frontier]
            owner = np.repeat(np.arange(len(frontier)), degrees)
            first = np.cumsum(degrees) - degrees
            place = np.arange(len(owner)) - first[owner]
            # The first of a random order of each node's edges.
            order = np.lexsort((rng.random(len(owner)), owner))
            chosen = order[place < count]
            edges = by_receiver[starts[frontier][owner[chosen]] + place[chosen]]
            drawn.append(edges)
            frontier = np.setdiff1d(self.dataset.senders[edges], reached)
            reached = np.union1d(reached, frontier)
        edges = np.concatenate(drawn)
        return np.union1d(edges, self._reverse[edges]), reached

    def _batch(self, edges, nodes, shape, reached=None) -> GraphBatch:
        dataset = self.dataset
        ends = dataset.senders[edges], dataset.receivers[edges]
        label_mask = np.zeros(shape.n_node, bool)
        if reached is None:
            reached = np.arange(dataset.num_nodes)
            label_mask[nodes] = True
        else:
            place = np.argsort(reached)
            ends = tuple(place[np.searchsorted(reached, end, sorter=place)] for end in ends)
            label_mask[: len(nodes)] = True
        senders = np.full(shape.n_edge, len(reached), np.int32)
        receivers = senders.copy()
        reverse = np.arange(shape.n_edge, dtype=np.int32)
        senders[: len(edges)], receivers[: len(edges)] = ends
        reverse[: len(edges)] = np.searchsorted(edges, self._reverse[edges])
        return GraphBatch(
            graphs=jraph.GraphsTuple(
                nodes=padded(dataset.nodes[reached], shape.n_node),
                edges=None,
                senders=senders,
                receivers=receivers,
                n_node=np.array([len(reached), shape.n_node - len(reached)], np.int32),
                n_edge=np.array([len(edges), shape.n_edge - len(edges)], np.int32),
                globals=None,
            ),
            labels=padded(dataset.labels[reached], shape.n_node),
            graph_mask=np.array([True, False]),
            reverse_edges=reverse,
            edge_labels=None,
            label_mask=label_mask,
        )
