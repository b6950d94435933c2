"""Padded batches of one shape per dataset, so that a step compiles once."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

import jraph
import numpy as np

from gnnjax.batch_part import BatchPart
from gnnjax.data.dataset import GraphDataset

__all__ = ["BatchShape", "GraphBatch", "batch_shape", "iterate_batches", "make_batch"]


class BatchShape(NamedTuple):
    """Static size of a batch, padding included: one graph and at least one node are padding.

    Examples:
      >>> import networkx as nx, numpy as np
      >>> from gnnjax import data
      >>> paths = data.from_networkx([nx.path_graph(n) for n in (2, 3)], [1, 0])
      >>> shape = data.batch_shape(paths, [np.array([0, 1])], batch_size=2)
      >>> shape.n_node, shape.n_edge, shape.n_graph
      (6, 6, 3)
    """

    n_node: int
    n_edge: int
    n_graph: int


class GraphBatch(NamedTuple):
    """A padded `GraphsTuple` and what a loss or a metric needs beside it.

    Labels are kept out of the `GraphsTuple` so that a model cannot read them, and its `nodes` and `edges`
    stay plain feature arrays that any jraph code takes.

    Attributes:
      graphs: the graphs; padding follows jraph's convention (`jraph.pad_with_graphs`).
      labels: `[n_graph, tasks]` float32 with NaN where unlabelled, or `[n_graph]` int32 (multiclass);
        padding: 0.
      graph_mask: `[n_graph]` bool, True for real graphs.
      reverse_edges: `[n_edge]` int32, see `gnnjax.graphs.reverse_edges`.
      edge_labels: `[n_edge]` uint8, 1 on edges of the true explanation, or None.
      part: which part of a batch this is, where several devices share one; else None.
      label_mask: `[n_node]` bool, True for the nodes to classify, where nodes have labels (`labels` is then `[n_node]`
        int32); None where graphs have.

    Examples:
      >>> import networkx as nx, numpy as np
      >>> from gnnjax import data
      >>> paths = data.from_networkx([nx.path_graph(n) for n in (2, 3)], [1, 0])
      >>> [batch] = data.iterate_batches(paths, np.array([0, 1]), batch_size=2)
      >>> batch.labels[:, 0].tolist(), batch.graph_mask.tolist()
      ([1.0, 0.0, 0.0], [True, True, False])
    """

    graphs: jraph.GraphsTuple
    labels: np.ndarray
    graph_mask: np.ndarray
    reverse_edges: np.ndarray
    edge_labels: np.ndarray | None
    part: BatchPart | None = None
    label_mask: np.ndarray | None = None

    @property
    def labelled(self) -> np.ndarray:
        """Which rows of `labels` are real: `label_mask`, or `graph_mask` where graphs have labels."""
        return self.graph_mask if self.label_mask is None else self.label_mask


def batch_shape(dataset: GraphDataset, orders: Iterable[np.ndarray], batch_size: int, num_parts: int = 1) -> BatchShape:
    """A shape that holds every batch of the given passes over `dataset`, so that all of them compile once.

    Nodes and edges are rounded up by at most 1/16, so that other passes of the kind mostly get the same shape.

    Args:
      dataset: where the graphs are.
      orders: for each pass the graph indices in the order in which they are visited.
      batch_size: graphs per batch.
      num_parts: the devices that share each batch; the shape is that of a part.

    Examples:
      >>> import networkx as nx, numpy as np
      >>> from gnnjax import data
      >>> paths = data.from_networkx([nx.path_graph(n) for n in (2, 3, 1)], [1, 0, 1])
      >>> data.batch_shape(paths, [np.array([0, 1, 2]), np.array([2, 0, 1])], batch_size=2)
      BatchShape(n_node=6, n_edge=6, n_graph=3)
      >>> data.batch_shape(paths, [np.array([0, 1, 2])], batch_size=2, num_parts=2)
      BatchShape(n_node=4, n_edge=4, n_graph=2)
    """
    nodes = edges = graphs = 1
    for order in orders:
        offsets = part_offsets(len(order), batch_size, num_parts)
        nodes = max(nodes, _largest_sum(dataset.n_node[order], offsets))
        edges = max(edges, _largest_sum(dataset.n_edge[order], offsets))
        graphs = max(graphs, int(np.diff(offsets).max(initial=1)))
    return BatchShape(round_up(nodes + 1), round_up(edges), graphs + 1)


def part_offsets(num_graphs: int, batch_size: int, num_parts: int = 1) -> np.ndarray:
    """Where the parts of the batches of a pass begin and end: `[batches * num_parts + 1]`, from 0 to `num_graphs`.

    The graphs of each batch are dealt out to its parts in order, as evenly as their number allows.

    Examples:
      >>> from gnnjax import data
      >>> data.part_offsets(5, batch_size=4, num_parts=2).tolist()
      [0, 2, 4, 4, 5]
    """
    if batch_size < 1:
        raise ValueError(f"batch_size is {batch_size}, must be at least 1")
    starts = np.arange(0, num_graphs, batch_size)
    sizes = np.minimum(num_graphs - starts, batch_size)
    within = sizes[:, None] * np.arange(num_parts) // num_parts
    return np.append((starts[:, None] + within).ravel(), num_graphs)


def _largest_sum(sizes: np.ndarray, offsets: np.ndarray) -> int:
    ends = np.concatenate([[0], np.cumsum(sizes, dtype=np.int64)])[offsets]
    return int(np.diff(ends).max(initial=1))


def round_up(size: int) -> int:
    """The next of 16 to 32 sizes between powers of two."""
    step = 2 ** max(size.bit_length() - 5, 0)
    return -(-size // step) * step


def make_batch(dataset: GraphDataset, indices: np.ndarray, shape: BatchShape) -> GraphBatch:
    """Gathers the graphs `indices` of `dataset` into one padded batch.

    Raises:
      ValueError: they do not fit into `shape`.

    Examples:
      >>> import networkx as nx, numpy as np
      >>> from gnnjax import data
      >>> paths = data.from_networkx([nx.path_graph(n) for n in (2, 3)], [1, 0])
      >>> graphs = data.make_batch(paths, np.array([0, 1]), data.BatchShape(n_node=8, n_edge=8, n_graph=3)).graphs
      >>> graphs.n_node.tolist(), graphs.senders.tolist()
      ([2, 3, 3], [0, 1, 2, 3, 3, 4, 5, 5])
    """
    indices = np.arange(len(dataset))[indices]
    n_node, n_edge = dataset.n_node[indices], dataset.n_edge[indices]
    num_nodes, num_edges, num_graphs = int(n_node.sum()), int(n_edge.sum()), len(indices)
    if num_nodes >= shape.n_node or num_edges > shape.n_edge or num_graphs >= shape.n_graph:
        raise ValueError(
            f"{num_graphs} graphs with {num_nodes} nodes and {num_edges} edges do not fit into {shape}, "
            "of which one graph and one node are padding"
        )
    node_rows = dataset.node_rows(indices)
    edge_rows = dataset.edge_rows(indices)
    node_shift = np.repeat(np.cumsum(n_node) - n_node, n_edge)
    edge_shift = np.repeat(np.cumsum(n_edge) - n_edge, n_edge)

    # As in jraph, padding edges join the first padding node to itself and belong to the first padding graph.
    senders = np.full(shape.n_edge, num_nodes, np.int32)
    receivers = np.full(shape.n_edge, num_nodes, np.int32)
    reverse = np.arange(shape.n_edge, dtype=np.int32)
    senders[:num_edges] = dataset.senders[edge_rows] + node_shift
    receivers[:num_edges] = dataset.receivers[edge_rows] + node_shift
    reverse[:num_edges] = dataset.reverse_edges[edge_rows] + edge_shift

    graphs = jraph.GraphsTuple(
        nodes=padded(dataset.nodes[node_rows], shape.n_node),
        edges=None if dataset.edges is None else padded(dataset.edges[edge_rows], shape.n_edge),
        senders=senders,
        receivers=receivers,
        n_node=padded(np.append(n_node, shape.n_node - num_nodes).astype(np.int32), shape.n_graph),
        n_edge=padded(np.append(n_edge, shape.n_edge - num_edges).astype(np.int32), shape.n_graph),
        globals=None,
    )
    edge_labels = None if dataset.edge_labels is None else padded(dataset.edge_labels[edge_rows], shape.n_edge)
    return GraphBatch(
        graphs=graphs,
        labels=padded(dataset.labels[indices], shape.n_graph),
        graph_mask=np.arange(shape.n_graph) < num_graphs,
        reverse_edges=reverse,
        edge_labels=edge_labels,
    )


def iterate_batches(
    dataset: GraphDataset, indices: np.ndarray, *, batch_size: int, shape: BatchShape | None = None
) -> Iterator[GraphBatch]:
    """Yields `indices` in order, `batch_size` graphs at a time.

    The last batch may hold fewer graphs; all have one shape, by default that of `batch_shape` for this pass.

    Examples:
      >>> import networkx as nx, numpy as np
      >>> from gnnjax import data
      >>> paths = data.from_networkx([nx.path_graph(n) for n in (2, 3, 1)], [1, 0, 1])
      >>> [batch.graphs.n_node.tolist() for batch in data.iterate_batches(paths, np.array([2, 0, 1]), batch_size=2)]
      [[1, 2, 1], [3, 1, 0]]
    """
    shape = batch_shape(dataset, [indices], batch_size) if shape is None else shape
    for start in range(0, len(indices), batch_size):
        yield make_batch(dataset, indices[start : start + batch_size], shape)


def padded(array: np.ndarray, length: int) -> np.ndarray:
    """`array` with rows of zeros up to `length`."""
    padded = np.zeros((length, *array.shape[1:]), array.dtype)
    padded[: len(array)] = array
    return padded
