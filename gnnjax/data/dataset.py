"""A set of graphs in memory, as flat numpy arrays."""

import dataclasses
import hashlib
from functools import cached_property
from typing import Literal, get_args

import jraph
import numpy as np

from gnnjax.errors import DataError
from gnnjax.graphs import reverse_edges

__all__ = ["GraphDataset", "Kind", "Task"]

Task = Literal["binary", "multiclass", "multilabel", "regression"]
Kind = Literal["graph", "molecule", "sentence", "image"]


@dataclasses.dataclass(frozen=True, eq=False)
class GraphDataset:
    """Graphs stored end to end, with labels and, where known, the edges that are the true explanation.

    Construction validates every field.

    Attributes:
      name: what errors, logs and figures call the data.
      task: `binary` (one logit), `multiclass` (one logit per class), `multilabel` (one logit per task) or `regression`
        (one number per target).
      n_node, n_edge: `[graphs]`, sizes.
      nodes: `[sum n_node, node_features]`, float32, or int32 where every column holds categories.
      senders, receivers: `[sum n_edge]` int32, numbered from 0 within each graph.
      labels: `[graphs, tasks]` float32 in {0, 1} with NaN for "not labelled" (binary: one column), `[graphs]` int32 in
        0 .. num_classes - 1 (multiclass), or `[graphs, targets]` float32 with NaN for "not measured" (regression).
      num_classes: number of classes; 2 for binary and multilabel data, without meaning for regression.
      edges: `[sum n_edge, edge_features]`, float32, or int32 where every column holds categories, or None.
      node_categories, edge_categories: how many categories (0, 1, ...) each column of `nodes` or `edges` has, if they
        are categories, else None.
      edge_labels: `[sum n_edge]` uint8, 1 where the edge belongs to the true explanation, or None.
      splits: the publisher's split, name -> graph indices, or None.
      source: where the data comes from, in words.
      kind: how to draw a graph: as a molecule (element symbols), a sentence (words on a line, in node order), the
        superpixels of an image, or just as nodes and edges.
      node_names: `[sum n_node]` integers, the name of each node as an index into `vocabulary`, or None.
      vocabulary: `[names]` unicode, e.g. element symbols or words, or None.
      node_positions: `[sum n_node, 2]` float32, a node's place in its graph's image (row, column, in pixels), or None.
      images: `[graphs, height, width]` uint8, the image behind each graph, or None.

    Raises:
      DataError: a field has the wrong shape or type, an id is out of range, a feature is not finite.

    Examples:
      >>> from gnnjax import data
      >>> dataset = data.from_arrays([[[1.0], [2.0]], [[0.5]]], [([0, 1], [1, 0]), ([], [])], [1, 0])
      >>> len(dataset), dataset.task, dataset.nodes[:, 0].tolist(), dataset.n_edge.tolist()
      (2, 'binary', [1.0, 2.0, 0.5], [2, 0])
      >>> dataset[0].receivers.tolist(), dataset.in_features, dataset.out_features
      ([1, 0], 1, 1)
    """

    name: str
    task: Task
    n_node: np.ndarray
    n_edge: np.ndarray
    nodes: np.ndarray
    senders: np.ndarray
    receivers: np.ndarray
    labels: np.ndarray
    num_classes: int = 2
    edges: np.ndarray | None = None
    edge_labels: np.ndarray | None = None
    splits: dict[str, np.ndarray] | None = None
    source: str = ""
    node_categories: tuple[int, ...] | None = None
    edge_categories: tuple[int, ...] | None = None
    kind: Kind = "graph"
    node_names: np.ndarray | None = None
    vocabulary: np.ndarray | None = None
    node_positions: np.ndarray | None = None
    images: np.ndarray | None = None

    def __post_init__(self):
        _validate(self)

    def __len__(self) -> int:
        return len(self.n_node)

    def __getitem__(self, index: int) -> jraph.GraphsTuple:
        """One graph, unpadded, as numpy arrays."""
        index = range(len(self))[index]
        node, edge = self.node_slice(index), self.edge_slice(index)
        return jraph.GraphsTuple(
            nodes=self.nodes[node],
            edges=None if self.edges is None else self.edges[edge],
            senders=self.senders[edge],
            receivers=self.receivers[edge],
            n_node=self.n_node[index : index + 1],
            n_edge=self.n_edge[index : index + 1],
            globals=None,
        )

    def node_slice(self, index: int) -> slice:
        """The rows of graph `index` in the node arrays."""
        index = range(len(self))[index]
        return slice(self.node_offsets[index], self.node_offsets[index + 1])

    def edge_slice(self, index: int) -> slice:
        """The rows of graph `index` in the edge arrays."""
        index = range(len(self))[index]
        return slice(self.edge_offsets[index], self.edge_offsets[index + 1])

    def node_rows(self, indices: np.ndarray) -> np.ndarray:
        """The rows of the graphs `indices` in the node arrays, graph after graph."""
        return _concatenated_ranges(self.node_offsets[:-1][indices], self.n_node[indices])

    def edge_rows(self, indices: np.ndarray) -> np.ndarray:
        """The rows of the graphs `indices` in the edge arrays, graph after graph."""
        return _concatenated_ranges(self.edge_offsets[:-1][indices], self.n_edge[indices])

    @property
    def in_features(self) -> int | tuple[int, ...]:
        """Width of the node features, or the number of categories of each column: what a model's encoder needs."""
        return self.nodes.shape[1] if self.node_categories is None else self.node_categories

    @property
    def edge_features(self) -> int | tuple[int, ...] | None:
        """As `in_features`, for the edges; None where they have no features."""
        if self.edges is None:
            return None
        return self.edges.shape[1] if self.edge_categories is None else self.edge_categories

    @property
    def out_features(self) -> int:
        """Number of logits, or of predicted numbers, that a model of this data gives."""
        return self.num_classes if self.task == "multiclass" else self.labels.shape[1]

    @cached_property
    def node_offsets(self) -> np.ndarray:
        """`[graphs + 1]`, where each graph's nodes begin."""
        return np.concatenate([[0], np.cumsum(self.n_node, dtype=np.int64)])

    @cached_property
    def edge_offsets(self) -> np.ndarray:
        """`[graphs + 1]`, where each graph's edges begin."""
        return np.concatenate([[0], np.cumsum(self.n_edge, dtype=np.int64)])

    @cached_property
    def reverse_edges(self) -> np.ndarray:
        """`[sum n_edge]`, for each edge the position of the opposite one within its graph.

        See `gnnjax.graphs.reverse_edges`.
        """
        graph_ids = np.repeat(np.arange(len(self)), self.n_edge)
        shift = self.node_offsets[graph_ids]
        reverse = reverse_edges(self.senders + shift, self.receivers + shift, graph_ids, len(self))
        return np.asarray(reverse - self.edge_offsets[graph_ids], np.int32)

    def fingerprint(self) -> str:
        """SHA-256 of all that decides results; runs store it to notice that their data has changed."""
        categories = self.node_categories, self.edge_categories
        digest = hashlib.sha256(f"{self.task} {self.num_classes} {categories}".encode())
        for name, indices in sorted((self.splits or {}).items()):
            digest.update(f"split {name} {indices.tolist()}".encode())
        for field in ("n_node", "n_edge", "nodes", "senders", "receivers", "labels", "edges", "edge_labels"):
            array = getattr(self, field)
            if array is not None:
                digest.update(f"{field} {array.dtype} {array.shape}".encode())
                digest.update(np.ascontiguousarray(array).data)
        return digest.hexdigest()


def _concatenated_ranges(starts: np.ndarray, lengths: np.ndarray) -> np.ndarray:
    """`[starts[0], starts[0] + 1, ...]` for each start, one after the other."""
    ends = np.cumsum(lengths)
    return np.repeat(starts - (ends - lengths), lengths) + np.arange(ends[-1] if len(ends) else 0)


def _validate(data: GraphDataset) -> None:
    def fail(field: str, problem: str, graph: int | np.integer | None = None):
        where = f"{data.name}: " + ("" if graph is None else f"graph {graph}, ") + f"field '{field}'"
        raise DataError(f"{where}: {problem}")

    if data.task not in get_args(Task):
        fail("task", f"is {data.task!r}, must be one of {', '.join(get_args(Task))}")

    for field in ("n_node", "n_edge"):
        sizes = getattr(data, field)
        if sizes.ndim != 1 or not np.issubdtype(sizes.dtype, np.signedinteger):
            fail(field, f"must be one signed integer per graph, is {sizes.dtype}{list(sizes.shape)}")
        smallest = 1 if field == "n_node" else 0
        if (sizes < smallest).any():
            graph = np.argmax(sizes < smallest)
            fail(field, f"is {sizes[graph]}, must be at least {smallest}", graph)
    if not len(data.n_node):
        fail("n_node", "there are no graphs")
    if len(data.n_node) != len(data.n_edge):
        fail("n_edge", f"has {len(data.n_edge)} entries for {len(data.n_node)} graphs")

    num_nodes, num_edges = int(data.n_node.sum()), int(data.n_edge.sum())
    # Before anything of these sizes is made: they may be nonsense.
    if data.nodes.shape[:1] != (num_nodes,):
        fail("nodes", f"has shape {list(data.nodes.shape)} for {num_nodes} nodes")
    if data.senders.shape != (num_edges,):
        fail("senders", f"has shape {list(data.senders.shape)} for {num_edges} edges")
    node_graph_ids = np.repeat(np.arange(len(data)), data.n_node)
    edge_graph_ids = np.repeat(np.arange(len(data)), data.n_edge)

    for field, rows, graph_ids in (
        ("nodes", num_nodes, node_graph_ids),
        ("edges", num_edges, edge_graph_ids),
    ):
        if field == "nodes" or data.edges is not None:
            _validate_features(data, field, rows, graph_ids, fail)

    for field in ("senders", "receivers"):
        ids = getattr(data, field)
        if ids.shape != (num_edges,) or not np.issubdtype(ids.dtype, np.integer):
            fail(field, f"must be integer[{num_edges}], is {ids.dtype}{list(ids.shape)}")
        bad = (ids < 0) | (ids >= data.n_node[edge_graph_ids])
        if bad.any():
            edge = np.argmax(bad)
            graph = edge_graph_ids[edge]
            fail(field, f"node {ids[edge]} is outside 0 .. {data.n_node[graph] - 1}", graph)

    _validate_labels(data, fail)
    if data.edge_labels is not None:
        if data.edge_labels.shape != (num_edges,) or data.edge_labels.dtype != np.uint8:
            found = f"{data.edge_labels.dtype}{list(data.edge_labels.shape)}"
            fail("edge_labels", f"must be uint8[{num_edges}], is {found}")
        if (data.edge_labels > 1).any():
            fail("edge_labels", "must be 0 or 1", edge_graph_ids[np.argmax(data.edge_labels > 1)])
    _validate_display(data, num_nodes, fail)
    for name, indices in (data.splits or {}).items():
        if indices.ndim != 1 or not np.issubdtype(indices.dtype, np.integer):
            fail(f"splits[{name}]", f"must be integer[graphs], is {indices.dtype}{list(indices.shape)}")
        if ((indices < 0) | (indices >= len(data))).any():
            fail(f"splits[{name}]", f"has a graph outside 0 .. {len(data) - 1}")


def _validate_features(data: GraphDataset, field: str, rows: int, graph_ids: np.ndarray, fail) -> None:
    features = getattr(data, field)
    categories = data.node_categories if field == "nodes" else data.edge_categories
    expected = np.float32 if categories is None else np.int32
    if features.ndim != 2 or features.dtype != expected or len(features) != rows:
        fail(field, f"must be {expected.__name__}[{rows}, features], is {features.dtype}{list(features.shape)}")
    if categories is None:
        bad, problem = ~np.isfinite(features), "has a value that is not finite"
    else:
        if len(categories) != features.shape[1]:
            fail(field, f"has {features.shape[1]} columns, but numbers of categories for {len(categories)}")
        bad = (features < 0) | (features >= np.array(categories))
        problem = f"has a value outside its column's categories (0 .. one less than {list(categories)})"
    if bad.any():
        fail(field, problem, graph_ids[np.argmax(bad.any(axis=1))])


def _validate_display(data: GraphDataset, num_nodes: int, fail) -> None:
    if data.kind not in get_args(Kind):
        fail("kind", f"is {data.kind!r}, must be one of {', '.join(get_args(Kind))}")
    if (data.node_names is None) != (data.vocabulary is None):
        fail("node_names", "and 'vocabulary' must be given together")
    if data.node_names is not None and data.vocabulary is not None:
        if data.vocabulary.ndim != 1 or data.vocabulary.dtype.kind != "U":
            fail("vocabulary", f"must be unicode[names], is {data.vocabulary.dtype}{list(data.vocabulary.shape)}")
        names = data.node_names
        if names.shape != (num_nodes,) or not np.issubdtype(names.dtype, np.integer):
            fail("node_names", f"must be integer[{num_nodes}], is {names.dtype}{list(names.shape)}")
        if ((names < 0) | (names >= len(data.vocabulary))).any():
            fail("node_names", f"has a value outside 0 .. {len(data.vocabulary) - 1}")
    places = data.node_positions
    if places is not None and (places.shape != (num_nodes, 2) or places.dtype != np.float32):
        fail("node_positions", f"must be float32[{num_nodes}, 2], is {places.dtype}{list(places.shape)}")
    images = data.images
    if images is not None and (images.ndim != 3 or len(images) != len(data) or images.dtype != np.uint8):
        fail("images", f"must be uint8[{len(data)}, height, width], is {images.dtype}{list(images.shape)}")


def _validate_labels(data: GraphDataset, fail) -> None:
    labels = data.labels
    if data.task == "multiclass":
        if labels.shape != (len(data),) or not np.issubdtype(labels.dtype, np.integer):
            fail("labels", f"must be integer[{len(data)}], is {labels.dtype}{list(labels.shape)}")
        bad = (labels < 0) | (labels >= data.num_classes)
        if bad.any():
            graph = np.argmax(bad)
            fail("labels", f"class {labels[graph]} is outside 0 .. {data.num_classes - 1}", graph)
        return
    columns = {"binary": "1", "multilabel": "tasks", "regression": "targets"}[data.task]
    if labels.ndim != 2 or len(labels) != len(data) or labels.dtype != np.float32 or labels.shape[1] == 0:
        fail("labels", f"must be float32[{len(data)}, {columns}], is {labels.dtype}{list(labels.shape)}")
    if data.task == "binary" and labels.shape[1] != 1:
        fail("labels", f"must be float32[{len(data)}, 1], is {labels.dtype}{list(labels.shape)}")
    if data.task == "regression":
        bad, allowed = np.isinf(labels).any(axis=1), "finite or NaN (not measured)"
    else:
        bad, allowed = ~(np.isnan(labels) | (labels == 0) | (labels == 1)).all(axis=1), "0, 1 or NaN (not labelled)"
    if bad.any():
        graph = np.argmax(bad)
        fail("labels", f"is {labels[graph]}, must be {allowed}", graph)
