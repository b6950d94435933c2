"""Your own graphs: from networkx."""

from collections.abc import Hashable, Sequence
from typing import Any

import networkx as nx
import numpy as np
from numpy.typing import ArrayLike

from gnnjax.data.dataset import GraphDataset
from gnnjax.data.from_arrays import from_arrays, graph_error

__all__ = ["from_networkx"]


def from_networkx(
    graphs: Sequence[nx.Graph],
    labels: ArrayLike,
    *,
    node_attributes: Sequence[str] | None = None,
    edge_attributes: Sequence[str] | None = None,
    edge_label: str | None = None,
    name: str = "graphs",
    **options: Any,
) -> GraphDataset:
    """Makes one dataset of networkx graphs. Nodes keep their order, and as text their names.

    Args:
      graphs: any of networkx's four types. Each edge of an undirected graph becomes two, one after the other, with the
        same features; a self loop stays one edge.
      labels: `[graphs]` or `[graphs, tasks]`, as in `from_arrays`.
      node_attributes: attributes of the nodes, numbers or lists of numbers, which side by side are the node features.
        Without them nodes get the constant 1 or, with `without_features="degree"`, their degree one-hot.
      edge_attributes: the same for edges, which otherwise have no features.
      edge_label: an attribute of the edges in {0, 1}, where 1 is an edge of the true explanation.
      name: see `GraphDataset`.
      **options: `task`, `num_classes`, `without_features`, `node_categories`, `edge_categories`, `splits`, `source`
        and `kind` of `from_arrays`.

    Raises:
      DataError: there is no graph, one is not networkx's or has no nodes, a node or an edge lacks an attribute, or an
        attribute is not made of finite numbers; and as `from_arrays`.

    Examples:
      >>> ring, path = nx.cycle_graph(3), nx.path_graph(2)
      >>> nx.set_node_attributes(ring, 0.5, "charge")
      >>> nx.set_node_attributes(path, 1.0, "charge")
      >>> data = from_networkx([ring, path], [1, 0], node_attributes=["charge"])
      >>> data.n_edge.tolist(), data.nodes[:, 0].tolist()
      ([6, 2], [0.5, 0.5, 0.5, 1.0, 1.0])
    """
    for option, names in (("node_attributes", node_attributes), ("edge_attributes", edge_attributes)):
        if isinstance(names, str) or (names is not None and not names):
            raise ValueError(f"{option} must be a list of names or None, is {names!r}")
    sizes, pairs, node_rows, edge_rows, signal, node_names = [], [], [], [], [], []
    for index, graph in enumerate(graphs):
        if not isinstance(graph, nx.Graph):
            raise graph_error(name, index, "graphs", f"is a {type(graph).__name__}, must be a networkx graph")
        nodes = list(graph.nodes(data=True))
        if not nodes:
            raise graph_error(name, index, "graphs", "has no nodes")
        numbers = {node: number for number, (node, _) in enumerate(nodes)}
        edges = _directed_edges(graph)
        sizes.append(len(nodes))
        pairs.append(np.array([[numbers[u], numbers[v]] for u, v, _ in edges], np.int64).reshape(-1, 2).T)
        node_names.append([str(node) for node, _ in nodes])
        if node_attributes is not None:
            places = [f"node {node!r}" for node, _ in nodes]
            node_rows.append(_table(name, index, places, [values for _, values in nodes], node_attributes))
        places = [f"edge {u!r} - {v!r}" for u, v, _ in edges]
        values = [values for _, _, values in edges]
        if edge_attributes is not None:
            edge_rows.append(_table(name, index, places, values, edge_attributes))
        if edge_label is not None:
            rows = _table(name, index, places, values, [edge_label])
            if rows and len(rows[0]) != 1:
                raise graph_error(name, index, edge_label, "must be one number per edge")
            signal.append(np.array(rows).reshape(-1))
    return from_arrays(
        None if node_attributes is None else node_rows,
        pairs,
        labels,
        n_node=sizes,
        edge_features=None if edge_attributes is None else edge_rows,
        edge_labels=None if edge_label is None else signal,
        node_names=node_names,
        name=name,
        **options,
    )


def _directed_edges(graph: nx.Graph) -> list[tuple[Hashable, Hashable, dict[str, Any]]]:
    edges = []
    for u, v, values in graph.edges(data=True):
        edges.append((u, v, values))
        if not graph.is_directed() and u != v:
            edges.append((v, u, values))
    return edges


def _table(name: str, graph: int, places: list[str], values: list[dict], attributes: Sequence[str]) -> list[np.ndarray]:
    """One row for each node or edge: its attributes side by side. All integers stay so."""
    rows: list[np.ndarray] = []
    for place, entry in zip(places, values, strict=True):
        parts = []
        for attribute in attributes:
            if attribute not in entry:
                has = ", ".join(map(str, entry)) or "none"
                raise graph_error(name, graph, attribute, f"{place} does not have it; it has {has}")
            try:
                part = np.atleast_1d(np.asarray(entry[attribute]))
            except ValueError as error:
                raise graph_error(name, graph, attribute, f"{place}: is not numbers ({error})") from error
            if part.dtype.kind not in "biuf" or part.ndim != 1:
                raise graph_error(
                    name, graph, attribute, f"{place} has {entry[attribute]!r}, must be a number or a list of numbers"
                )
            if not np.isfinite(part).all():
                raise graph_error(name, graph, attribute, f"{place} has {entry[attribute]!r}, must be finite")
            parts.append(part)
        rows.append(np.concatenate(parts))
        if len(rows[-1]) != len(rows[0]):
            raise graph_error(
                name, graph, attributes[-1], f"{place} has {len(rows[-1])} numbers in all, {places[0]} {len(rows[0])}"
            )
    return rows
