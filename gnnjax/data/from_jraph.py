"""Your own graphs: from jraph."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import jraph
import numpy as np
from numpy.typing import ArrayLike

from gnnjax.data.dataset import GraphDataset
from gnnjax.data.from_arrays import as_numbers, from_arrays, graph_error

__all__ = ["from_jraph"]


def from_jraph(
    graphs: Sequence[jraph.GraphsTuple], labels: ArrayLike, *, name: str = "graphs", **options: Any
) -> GraphDataset:
    """Makes one dataset of jraph's graphs.

    Args:
      graphs: single graphs or batches, in any mixture and without padding. `nodes` and `edges` are arrays
        `[rows, features]`; `edges` may be None in all of them, and so may `nodes`, which gives the constant 1 or, with
        `without_features="degree"`, the degree one-hot. `globals` is not read.
      labels: `[graphs]` or `[graphs, tasks]`, one row for each graph of each batch, as in `from_arrays`.
      name: see `GraphDataset`.
      **options: `task`, `num_classes`, `edge_labels`, `undirected`, `without_features`, `node_categories`,
        `edge_categories`, `node_names`, `splits`, `source` and `kind` of `from_arrays`.

    Raises:
      DataError: there is no graph, sizes do not add up, features are not single arrays, only some graphs have them, or
        a graph has no nodes, such as those of padding; and as `from_arrays`. Graphs are counted through all batches.

    Examples:
      >>> pair = jraph.GraphsTuple(
      ...     nodes=np.ones((2, 4)), edges=None, senders=np.array([0]), receivers=np.array([1]),
      ...     n_node=np.array([2]), n_edge=np.array([1]), globals=None,
      ... )
      >>> from_jraph([pair, pair], [0, 1], undirected=True).n_edge.tolist()
      [2, 2]
    """
    parts: list[_Part] = []
    for batch in graphs:
        parts += _single_graphs(name, len(parts), batch)
    for field in ("nodes", "edges"):
        given = [getattr(part, field) is not None for part in parts]
        if any(given) and not all(given):
            raise graph_error(name, given.index(False), field, "is None, but other graphs have it")
    return from_arrays(
        [part.nodes for part in parts if part.nodes is not None] or None,
        [part.edge_index for part in parts],
        labels,
        n_node=[part.n_node for part in parts],
        edge_features=[part.edges for part in parts if part.edges is not None] or None,
        name=name,
        **options,
    )


class _Part(NamedTuple):
    """One graph of a batch."""

    n_node: int
    nodes: np.ndarray | None
    edge_index: np.ndarray
    edges: np.ndarray | None


def _single_graphs(name: str, first: int, batch: jraph.GraphsTuple) -> list[_Part]:
    """The graphs of a batch whose first one is number `first`."""
    if not isinstance(batch, jraph.GraphsTuple):
        raise graph_error(name, first, "graphs", f"is a {type(batch).__name__}, must be a jraph.GraphsTuple")
    n_node, n_edge = (_integers(name, first, field, getattr(batch, field)) for field in ("n_node", "n_edge"))
    if len(n_node) != len(n_edge):
        raise graph_error(name, first, "n_edge", f"has {len(n_edge)} entries for {len(n_node)} graphs")
    for field, sizes, smallest in (("n_node", n_node, 1), ("n_edge", n_edge, 0)):
        if (sizes < smallest).any():
            graph = int(np.argmax(sizes < smallest))
            problem = f"is {sizes[graph]}, must be at least {smallest}"
            remedy = "; jraph.unpad_with_graphs removes padding" if field == "n_node" else ""
            raise graph_error(name, first + graph, field, problem + remedy)
    num_nodes, num_edges = int(n_node.sum()), int(n_edge.sum())
    senders, receivers = (_integers(name, first, field, getattr(batch, field)) for field in ("senders", "receivers"))
    for field, ids in (("senders", senders), ("receivers", receivers)):
        if len(ids) != num_edges:
            raise graph_error(name, first, field, f"has {len(ids)} entries for {num_edges} edges in its batch")
    nodes = _features(name, first, "nodes", batch.nodes, num_nodes)
    edges = _features(name, first, "edges", batch.edges, num_edges)
    first_nodes, first_edges = np.cumsum(n_node) - n_node, np.cumsum(n_edge) - n_edge
    pairs = np.stack([senders, receivers]) - np.repeat(first_nodes, n_edge)
    parts = []
    for node, size, edge, count in zip(first_nodes, n_node, first_edges, n_edge, strict=True):
        parts.append(
            _Part(
                int(size),
                None if nodes is None else nodes[node : node + size],
                pairs[:, edge : edge + count],
                None if edges is None else edges[edge : edge + count],
            )
        )
    return parts


def _integers(name: str, graph: int, field: str, values: Any) -> np.ndarray:
    array = as_numbers(name, graph, field, values)
    if array.ndim != 1 or (array.size and array.dtype.kind not in "iu"):
        raise graph_error(name, graph, field, f"must be integers in one row, is {array.dtype}{list(array.shape)}")
    return array.astype(np.int64)


def _features(name: str, graph: int, field: str, values: Any, rows: int) -> np.ndarray | None:
    if values is None:
        return None
    array = as_numbers(name, graph, field, values)
    if array.shape[:1] != (rows,):
        raise graph_error(name, graph, field, f"has the shape {list(array.shape)} for {rows} {field} in its batch")
    return array
