"""Writing attention graphs: GraphML and JSON for other programs, npz and JSON to read back here."""

import json
import os

import networkx as nx
import numpy as np
from jaxtyping import Integer

from gnnjax.atomic import atomic_open
from gnnjax.explain.checks import AttentionGraph, class_labels
from gnnjax.explain.network import to_graph
from gnnjax.explain.quasi_adjacency import prune

__all__ = ["write_graphml", "write_json", "write_npz"]

Labels = Integer[np.ndarray, " nodes"] | None


def write_graphml(
    path: str | os.PathLike,
    attention_graph: AttentionGraph,
    *,
    labels: Labels = None,
    threshold: float | None = None,
    count: int | None = None,
) -> None:
    """Writes GraphML for Gephi, Cytoscape, igraph and others: edges query -> key with `weight`, nodes with `label`.

    Args:
      path: the file; it appears whole or not at all.
      attention_graph: dense or sparse, row = query, column = key.
      labels: class of each node.
      threshold, count: what to keep, as in `prune`; all above zero by default.

    Raises:
      ValueError: as in `to_graph`.

    >>> import tempfile
    >>> import networkx as nx, numpy as np
    >>> from gnnjax import explain
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     explain.write_graphml(f"{folder}/found.graphml", np.array([[0.75, 0.25], [0.0, 1.0]]), threshold=0.5)
    ...     nx.read_graphml(f"{folder}/found.graphml").edges(data="weight")
    OutEdgeDataView([('0', '0', 0.75), ('1', '1', 1.0)])
    """
    graph = to_graph(attention_graph, threshold=threshold, count=count, labels=labels)
    with atomic_open(path) as file:
        nx.write_graphml(graph, file)


def write_json(
    path: str | os.PathLike,
    attention_graph: AttentionGraph,
    *,
    labels: Labels = None,
    threshold: float | None = None,
    count: int | None = None,
) -> None:
    """Writes node-link JSON for networkx and d3: `nodes` of `id` and `label`, `edges` of `source`, `target`, `weight`.

    Arguments and errors are those of `write_graphml`.

    >>> import tempfile
    >>> import numpy as np
    >>> from gnnjax import explain
    >>> attention, labels = np.array([[0.75, 0.25], [0.0, 1.0]]), np.array([3, 5])
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     explain.write_json(f"{folder}/found.json", attention, labels=labels)
    ...     explain.read_json(f"{folder}/found.json").labels
    array([3, 5])
    """
    graph = to_graph(attention_graph, threshold=threshold, count=count, labels=labels)
    with atomic_open(path, "t") as file:
        json.dump(nx.node_link_data(graph, edges="edges"), file, allow_nan=False)


def write_npz(
    path: str | os.PathLike,
    attention_graph: AttentionGraph,
    *,
    labels: Labels = None,
    threshold: float | None = None,
    count: int | None = None,
) -> None:
    """Writes compressed arrays `num_nodes`, `queries`, `keys`, `weights` and, if there are classes, `labels`.

    Arguments and errors are those of `write_graphml`.

    >>> import tempfile
    >>> import numpy as np
    >>> from gnnjax import explain
    >>> attention, labels = np.array([[0.75, 0.25], [0.0, 1.0]]), np.array([3, 5])
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     explain.write_npz(f"{folder}/found.npz", attention, labels=labels, count=2)
    ...     explain.read_npz(f"{folder}/found.npz").attention_graph.toarray()
    array([[0.75, 0.  ],
           [0.  , 1.  ]])
    """
    kept = prune(attention_graph, threshold=threshold, count=count).tocoo()
    queries, keys = (axis.astype(np.int32) for axis in kept.coords)
    arrays = {"num_nodes": np.array(kept.shape[0], np.int64), "queries": queries, "keys": keys, "weights": kept.data}
    if labels is not None:
        arrays["labels"] = class_labels(labels, kept.shape[0]).astype(np.int32)
    with atomic_open(path) as file:
        np.savez_compressed(file, **arrays)
