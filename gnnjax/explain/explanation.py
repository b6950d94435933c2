"""The explanation of one graph's prediction, and the parts of the graph that it points to."""

import dataclasses
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import jraph
import networkx as nx
import numpy as np
from jaxtyping import Bool, Float, Integer
from scipy import sparse
from scipy.sparse import csgraph

from gnnjax.errors import DataError
from gnnjax.graphs import reverse_edges, to_networkx

__all__ = ["Explanation", "Subgraph", "UndirectedEdges"]


class UndirectedEdges(NamedTuple):
    """The edges of some graphs, end to end, where both directions of an edge of an undirected graph are one.

    Attributes:
      number: `[edges]`, which undirected edge each edge belongs to.
      values: `[undirected]`, the mean value of both directions; graph after graph, by the first of the two.
      counts: `[graphs]`, how many there are in each graph.
    """

    number: Integer[np.ndarray, " edges"]
    values: Float[np.ndarray, " undirected"]
    counts: Integer[np.ndarray, " graphs"]

    @classmethod
    def of(cls, values: np.ndarray, reverse: np.ndarray, n_edge: np.ndarray) -> "UndirectedEdges":
        """From a value and the opposite (`gnnjax.graphs.reverse_edges`) of each edge, and the sizes of the graphs.

        >>> UndirectedEdges.of(np.array([0.2, 0.4, 0.7]), np.array([1, 0, 2]), np.array([2, 1])).counts
        array([1, 1])
        """
        first, number = np.unique(np.minimum(np.arange(len(reverse)), reverse), return_inverse=True)
        graph_ids = np.repeat(np.arange(len(n_edge)), n_edge)
        counts = np.bincount(graph_ids[first], minlength=len(n_edge))
        return cls(number, (values[first] + values[reverse[first]]) / 2, counts)

    @property
    def graph_ids(self) -> Integer[np.ndarray, " undirected"]:
        """Which graph each undirected edge belongs to."""
        return np.repeat(np.arange(len(self.counts)), self.counts)

    def largest(self, counts: Integer[np.ndarray, " graphs"] | int) -> Bool[np.ndarray, " edges"]:
        """The edges of the so many largest values of each graph; of equal ones those that come first win."""
        order = np.lexsort((-self.values, self.graph_ids))
        rank = np.arange(len(order)) - np.repeat(np.cumsum(self.counts) - self.counts, self.counts)
        kept = np.zeros(len(order), bool)
        kept[order] = rank < np.broadcast_to(counts, self.counts.shape)[self.graph_ids]
        return kept[self.number]

    def select(
        self, *, threshold: float | None = None, top_k: int | None = None, top_fraction: float | None = None
    ) -> Bool[np.ndarray, " edges"]:
        """The edges that count most in each graph; arguments and errors as in `Explanation.select`."""
        if sum(value is not None for value in (threshold, top_k, top_fraction)) != 1:
            raise ValueError("give exactly one of threshold, top_k and top_fraction")
        if threshold is not None:
            return (self.values >= threshold)[self.number]
        if top_k is not None and top_k >= 0:
            return self.largest(top_k)
        if top_fraction is not None and 0 <= top_fraction <= 1:
            # Without the last bits, which would round 0.07 of 100 edges up to 8.
            return self.largest(np.ceil(np.round(top_fraction * self.counts, 9)))
        raise ValueError(f"top_k={top_k} must not be negative, top_fraction={top_fraction} must be in [0, 1]")


class Subgraph(NamedTuple):
    """Some edges of a graph with their nodes.

    Attributes:
      graph: its nodes and edges are numbered anew, in the old order.
      nodes: `[nodes]`, which nodes of the whole graph they are.
      edges: `[edges]`, which edges of the whole graph they are.

    >>> import numpy as np
    >>> from gnnjax import data, explain
    >>> path = data.from_arrays([np.ones((3, 1))], [([0, 1], [1, 2])], [1])[0]
    >>> part = explain.Explanation(path, np.array([0.1, 0.9])).subgraph(top_k=1)
    >>> part.nodes.tolist(), part.edges.tolist(), part.graph.senders.tolist(), part.graph.receivers.tolist()
    ([1, 2], [1], [0], [1])
    """

    graph: jraph.GraphsTuple
    nodes: Integer[np.ndarray, " nodes"]
    edges: Integer[np.ndarray, " edges"]


@dataclasses.dataclass(frozen=True, eq=False)
class Explanation:
    """How much each edge (and node) of one graph counts for what a model says of it.

    Construction validates every field.

    Attributes:
      graph: one graph without padding, numpy arrays.
      edge_mask: `[edges]`, finite; more means more important. An attention is in (0, 1), other methods have any scale.
      node_mask: the same for nodes, `[nodes]`, or None where the method does not rate nodes.
      prediction: `[outputs]`, the model's logits (or predicted numbers), or None.
      target: the known label, `[outputs]` or a class number, or None.
      edge_labels: `[edges]`, 1 where an edge belongs to the true explanation, or None.
      node_names: `[nodes]` texts such as element symbols or words, or None.
      method: what made it, such as `gsat`.
      name: what it explains, such as `mutag, graph 12`.

    Raises:
      DataError: a field does not fit the graph or holds what it must not; names the field.

    >>> import jraph, numpy as np
    >>> path = jraph.GraphsTuple(np.ones((3, 1)), None, np.array([1, 0, 2, 1]), np.array([0, 1, 1, 2]), None,
    ...                          np.array([3]), np.array([4]))
    >>> explanation = Explanation(path, np.array([0.9, 0.9, 0.2, 0.2]))
    >>> explanation.select(top_k=1)
    array([ True,  True, False, False])
    >>> explanation.subgraph(top_k=1).nodes
    array([0, 1])
    """

    graph: jraph.GraphsTuple
    edge_mask: Float[np.ndarray, " edges"]
    node_mask: Float[np.ndarray, " nodes"] | None = None
    prediction: Float[np.ndarray, " outputs"] | None = None
    target: np.ndarray | None = None
    edge_labels: Integer[np.ndarray, " edges"] | None = None
    node_names: Sequence[str] | None = None
    method: str = ""
    name: str = ""

    def __post_init__(self):
        _validate(self)

    @property
    def num_nodes(self) -> int:
        return int(self.graph.n_node[0])

    @property
    def num_edges(self) -> int:
        """Number of directed edges."""
        return len(self.edge_mask)

    @property
    def undirected_edges(self) -> UndirectedEdges:
        """Both directions of an edge of an undirected graph as one, with their mean value."""
        senders, receivers = np.asarray(self.graph.senders), np.asarray(self.graph.receivers)
        reverse = reverse_edges(senders, receivers, np.zeros(len(senders), np.int32), 1)
        return UndirectedEdges.of(self.edge_mask, np.asarray(reverse), np.array([len(senders)]))

    def select(
        self,
        *,
        threshold: float | None = None,
        top_k: int | None = None,
        top_fraction: float | None = None,
        largest_component: bool = False,
    ) -> Bool[np.ndarray, " edges"]:
        """The edges that count most.

        Both directions of an edge of an undirected graph are one edge here: they are kept or left together, by the mean
        of their two values. Of equal edges those that come first win.

        Args:
          threshold: keep edges of at least this value.
          top_k: keep so many edges.
          top_fraction: keep this share of all edges, in [0, 1], rounded up.
          largest_component: of what is kept, keep the connected part with most edges alone.

        Raises:
          ValueError: not exactly one of the first three is given, or one is out of its range.
        """
        selected = self.undirected_edges.select(threshold=threshold, top_k=top_k, top_fraction=top_fraction)
        return self._largest_component(selected) if largest_component else selected

    def subgraph(self, selected: Bool[np.ndarray, " edges"] | None = None, **selection) -> Subgraph:
        """The selected edges and their nodes; the arguments of `select` may stand for the selection itself.

        Raises:
          ValueError: as in `select`.
          DataError: `selected` is not one truth value per edge.
        """
        edges = np.flatnonzero(self._selected(selected, selection))
        senders, receivers = np.asarray(self.graph.senders)[edges], np.asarray(self.graph.receivers)[edges]
        nodes = np.union1d(senders, receivers)
        return Subgraph(
            self.graph._replace(
                nodes=np.asarray(self.graph.nodes)[nodes],
                edges=None if self.graph.edges is None else np.asarray(self.graph.edges)[edges],
                senders=np.searchsorted(nodes, senders).astype(np.int32),
                receivers=np.searchsorted(nodes, receivers).astype(np.int32),
                n_node=np.array([len(nodes)], np.int32),
                n_edge=np.array([len(edges)], np.int32),
            ),
            nodes,
            edges,
        )

    def complement(self, selected: Bool[np.ndarray, " edges"] | None = None, **selection) -> Subgraph:
        """The edges that are not selected, and their nodes; arguments and errors as in `subgraph`."""
        return self.subgraph(~self._selected(selected, selection))

    def to_networkx(self, selected: Bool[np.ndarray, " edges"] | None = None, **selection) -> nx.DiGraph:
        """The graph with edge attribute `importance` and, where known, node attributes `importance` and `name`.

        With a selection (see `subgraph`) it holds the selected edges and all nodes.

        Raises:
          ValueError, DataError: as in `subgraph`.
        """
        graph: Any = to_networkx(self.graph)
        edges = list(_edges(graph, self.graph))
        for place, edge in enumerate(edges):
            graph.edges[edge]["importance"] = float(self.edge_mask[place])
            if self.edge_labels is not None:
                graph.edges[edge]["truth"] = int(self.edge_labels[place])
        for node in range(self.num_nodes):
            if self.node_mask is not None:
                graph.nodes[node]["importance"] = float(self.node_mask[node])
            if self.node_names is not None:
                graph.nodes[node]["name"] = self.node_names[node]
        if selected is not None or selection:
            kept = self._selected(selected, selection)
            graph.remove_edges_from([edge for edge, keep in zip(edges, kept, strict=True) if not keep])
        return graph

    def _selected(self, selected, selection):
        if selected is None:
            return self.select(**selection)
        selected = np.asarray(selected)
        if selected.shape != (self.num_edges,) or selected.dtype != bool:
            raise DataError(f"selected must be bool[{self.num_edges}], is {selected.dtype}{list(selected.shape)}")
        return selected

    def _largest_component(self, selected):
        senders, receivers = np.asarray(self.graph.senders), np.asarray(self.graph.receivers)
        kept = sparse.csr_array(
            (np.ones(selected.sum(), np.int8), (senders[selected], receivers[selected])), shape=(self.num_nodes,) * 2
        )
        _, component = csgraph.connected_components(kept, directed=True, connection="weak")
        sizes = np.bincount(component[senders[selected]], minlength=1)
        return selected & (component[senders] == np.argmax(sizes))


def _edges(result: nx.DiGraph, graph: jraph.GraphsTuple) -> Iterator[tuple[int, ...]]:
    """The edges of `graph` as networkx names them, in their order: parallel ones are numbered."""
    seen: dict[tuple[int, int], int] = {}
    for edge in zip(np.asarray(graph.senders).tolist(), np.asarray(graph.receivers).tolist(), strict=True):
        seen[edge] = seen.get(edge, -1) + 1
        yield (*edge, seen[edge]) if result.is_multigraph() else edge


def _validate(explanation: Explanation) -> None:
    graph = explanation.graph

    def fail(field: str, problem: str):
        raise DataError(f"{explanation.name or 'explanation'}: field '{field}' {problem}")

    if len(graph.n_node) != 1:
        fail("graph", f"must be a single graph, is a batch of {len(graph.n_node)}; see Explanations for several")
    num_nodes, num_edges = int(graph.n_node[0]), int(graph.n_edge[0])
    for field in ("senders", "receivers"):
        ids = np.asarray(getattr(graph, field))
        if ids.shape != (num_edges,) or not np.issubdtype(ids.dtype, np.integer):
            fail(f"graph.{field}", f"must be integer[{num_edges}], is {ids.dtype}{list(ids.shape)}")
        if ((ids < 0) | (ids >= num_nodes)).any():
            fail(f"graph.{field}", f"has a node outside 0 .. {num_nodes - 1}")
    if np.shape(graph.nodes)[:1] != (num_nodes,):
        fail("graph.nodes", f"has shape {list(np.shape(graph.nodes))} for {num_nodes} nodes")
    for field, rows in (("edge_mask", num_edges), ("node_mask", num_nodes)):
        mask = getattr(explanation, field)
        if mask is None and field == "node_mask":
            continue
        if np.shape(mask) != (rows,) or not np.issubdtype(np.asarray(mask).dtype, np.floating):
            fail(field, f"must be float[{rows}], is {np.asarray(mask).dtype}{list(np.shape(mask))}")
        if not np.isfinite(mask).all():
            row = np.argmin(np.isfinite(mask))
            fail(field, f"is {np.asarray(mask)[row]} at {row}, must be finite")
    prediction = explanation.prediction
    if prediction is not None and (np.ndim(prediction) != 1 or not np.isfinite(prediction).all()):
        fail("prediction", f"must be finite numbers [outputs], is {prediction!r}")
    truth = explanation.edge_labels
    if truth is not None and (np.shape(truth) != (num_edges,) or not np.isin(truth, (0, 1)).all()):
        fail("edge_labels", f"must be 0 or 1 for each of {num_edges} edges")
    names = explanation.node_names
    if names is not None and (len(names) != num_nodes or not all(isinstance(name, str) for name in names)):
        fail("node_names", f"must be a text for each of {num_nodes} nodes")
