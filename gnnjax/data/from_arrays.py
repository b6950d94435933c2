"""Your own graphs: from lists of arrays, one entry per graph, to one validated dataset."""

from collections.abc import Sequence
from typing import Any, Literal, NoReturn

import numpy as np
from numpy.typing import ArrayLike

from gnnjax.data.dataset import GraphDataset, Kind, Task
from gnnjax.errors import DataError

__all__ = ["WithoutFeatures", "as_numbers", "from_arrays", "graph_error", "integers_if_whole"]

WithoutFeatures = Literal["constant", "degree"]


def from_arrays(
    node_features: Sequence[ArrayLike] | None,
    edge_index: Sequence[ArrayLike],
    labels: ArrayLike,
    *,
    name: str = "graphs",
    task: Task | None = None,
    num_classes: int | None = None,
    edge_features: Sequence[ArrayLike] | None = None,
    edge_labels: Sequence[ArrayLike] | None = None,
    undirected: bool = False,
    n_node: ArrayLike | None = None,
    without_features: WithoutFeatures = "constant",
    node_categories: Sequence[int] | None = None,
    edge_categories: Sequence[int] | None = None,
    node_names: Sequence[Sequence[str]] | None = None,
    splits: dict[str, np.ndarray] | None = None,
    source: str = "",
    kind: Kind = "graph",
) -> GraphDataset:
    """Makes one dataset of many graphs. Integers become float32 features; text never does.

    Args:
      node_features: for each graph `[nodes, features]`; or None, for which see `n_node` and `without_features`.
      edge_index: for each graph `[2, edges]` integers or a pair (senders, receivers), numbered from 0 within the graph.
      labels: `[graphs]` or `[graphs, tasks]`; see `task`.
      name, splits, source, kind: see `GraphDataset`.
      task: by default one column of 0, 1 and NaN is `binary`, several are `multilabel`, and one column of integers from
        0 up that goes beyond 1 is `multiclass`. Real values are taken with `task="regression"` alone.
      num_classes: of multiclass data, by default one more than the largest label.
      edge_features: for each graph `[edges, features]`.
      edge_labels: for each graph `[edges]` in {0, 1}, where 1 is an edge of the true explanation.
      undirected: add the reverse of each edge that has none, with the features and label of that edge. Of parallel
        edges each gets its own; a self loop is its own reverse. What is added follows the graph's other edges.
      n_node: `[graphs]`, sizes; needed where `node_features` is None.
      without_features: what nodes get where `node_features` is None: the constant 1, or the number of edges that they
        receive, one-hot.
      node_categories, edge_categories: how many categories (0, 1, ...) each feature column has, for features that are
        integers and stay so.
      node_names: for each graph `[nodes]` texts; they become the dataset's `vocabulary`.

    Raises:
      DataError: there is no graph, an array has the wrong shape or type, an id is out of range, a feature is not
        finite, or labels do not fit the task; names the dataset, the graph and the field.

    Examples:
      >>> features = [[[1.0], [2.0], [0.5]], [[0.0], [3.0]]]
      >>> data = from_arrays(features, [([0, 1], [1, 2]), ([0], [1])], [1, 0], undirected=True)
      >>> data.task, data.n_node.tolist(), data.senders.tolist(), data.receivers.tolist()
      ('binary', [3, 2], [0, 1, 1, 2, 0, 1], [1, 2, 0, 1, 1, 0])
    """
    num_graphs = len(edge_index)
    if not num_graphs:
        _fail(name, "edge_index", "there are no graphs")
    pairs = [_edge_pairs(name, graph, edges) for graph, edges in enumerate(edge_index)]
    n_edge = np.array([edges.shape[1] for edges in pairs])
    if node_features is None:
        sizes = _sizes(name, n_node, num_graphs)
        nodes = None
    else:
        nodes, sizes = _rows(name, "node_features", node_features, num_graphs, node_categories)
        if n_node is not None and not np.array_equal(sizes, n_node):
            _fail(name, "n_node", "differs from the numbers of rows of node_features; leave it out")
    for graph, (edges, size) in enumerate(zip(pairs, sizes.tolist(), strict=True)):
        outside = (edges < 0) | (edges >= size)
        if outside.any():
            raise graph_error(
                name, graph, "edge_index", f"node {edges[outside][0]} is outside 0 .. {size - 1}, the graph's nodes"
            )
    senders, receivers = np.concatenate([edges.astype(np.int32) for edges in pairs], axis=1)
    fields: dict[str, np.ndarray] = {"senders": senders, "receivers": receivers}
    if edge_features is not None:
        fields["edges"], _ = _rows(name, "edge_features", edge_features, num_graphs, edge_categories, n_edge)
    if edge_labels is not None:
        fields["edge_labels"] = _edge_labels(name, edge_labels, n_edge)
    if undirected:
        fields, n_edge = _with_reverse_edges(fields, sizes, n_edge)
    if nodes is None:
        nodes = _nodes_without_features(fields["receivers"], sizes, n_edge, without_features)
    label_array, task, num_classes = _labels(name, labels, num_graphs, task, num_classes)
    names: dict[str, np.ndarray] = {}
    if node_names is not None:
        names["vocabulary"], names["node_names"] = _vocabulary(name, node_names, sizes)
    return GraphDataset(
        name=name,
        task=task,
        n_node=sizes.astype(np.int32),
        n_edge=n_edge.astype(np.int32),
        nodes=nodes,
        labels=label_array,
        num_classes=num_classes,
        node_categories=None if node_categories is None else tuple(node_categories),
        edge_categories=None if edge_categories is None or edge_features is None else tuple(edge_categories),
        splits=splits,
        source=source,
        kind=kind,
        **fields,
        **names,
    )


def graph_error(name: str, graph: int, field: str, problem: str) -> DataError:
    """The error about one field of one graph.

    Examples:
      >>> str(graph_error("mine", 3, "x", "is missing"))
      "mine: graph 3, field 'x': is missing"
    """
    return DataError(f"{name}: graph {graph}, field '{field}': {problem}")


def as_numbers(name: str, graph: int, field: str, values: Any) -> np.ndarray:
    """`values` as an array of booleans, integers or floats.

    Raises:
      DataError: it is none, such as text, objects or rows of different lengths.

    Examples:
      >>> as_numbers("mine", 0, "x", [[1, 2]])
      array([[1, 2]])
    """
    try:
        array = np.asarray(values)
    # Whatever an array-like raises, such as a tensor on another device.
    except Exception as error:
        raise graph_error(name, graph, field, f"is not an array of numbers ({error})") from error
    if array.dtype.kind not in "biuf":
        raise graph_error(
            name, graph, field, f"must hold numbers, is of type {array.dtype}; encode it as numbers first"
        )
    return array


def integers_if_whole(labels: np.ndarray) -> np.ndarray:
    """Labels from a text file, where 1 may be a class: integers if all are whole numbers of int32's range.

    Examples:
      >>> integers_if_whole(np.array([2.0, 0.0])), integers_if_whole(np.array([0.5, 1.0]))
      (array([2, 0]), array([0.5, 1. ]))
    """
    whole = (labels == np.floor(labels)) & (np.abs(labels) < 2**31)
    return labels.astype(np.int64) if whole.all() else labels


def _fail(name: str, field: str, problem: str) -> NoReturn:
    raise DataError(f"{name}: field '{field}': {problem}")


def _edge_pairs(name: str, graph: int, edges: ArrayLike) -> np.ndarray:
    array = as_numbers(name, graph, "edge_index", edges)
    # An empty list has no integers in it.
    if not array.size and array.shape in ((0,), (2, 0)):
        return np.empty((2, 0), np.int64)
    if array.ndim != 2 or array.shape[0] != 2 or array.dtype.kind not in "iu":
        problem = f"must be integer[2, edges], is {array.dtype}{list(array.shape)}"
        if array.ndim == 2 and array.shape[1] == 2:
            problem += "; transpose it"
        raise graph_error(name, graph, "edge_index", problem)
    return array


def _sizes(name: str, n_node: ArrayLike | None, num_graphs: int) -> np.ndarray:
    if n_node is None:
        _fail(name, "n_node", "must be given where node_features is None")
    sizes = np.asarray(n_node)
    if sizes.shape != (num_graphs,) or sizes.dtype.kind not in "iu":
        _fail(name, "n_node", f"must be integer[{num_graphs}], is {sizes.dtype}{list(sizes.shape)}")
    bad = (sizes < 1) | (sizes > np.iinfo(np.int32).max)
    if bad.any():
        graph = int(np.argmax(bad))
        raise graph_error(name, graph, "n_node", f"is {sizes[graph]}, must be at least 1 and fit into int32")
    return sizes.astype(np.int64)


def _rows(
    name: str,
    field: str,
    features: Sequence[ArrayLike],
    num_graphs: int,
    categories: Sequence[int] | None,
    expected: np.ndarray | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """The features of all graphs, checked, and how many rows each graph has; `expected` of them, or at least one."""
    if len(features) != num_graphs:
        _fail(name, field, f"has {len(features)} entries for {num_graphs} graphs")
    arrays = []
    for graph, values in enumerate(features):
        array = as_numbers(name, graph, field, values)
        # An empty list, for a graph without edges, has no columns.
        if expected is not None and not array.size and not expected[graph] and array.ndim <= 2:
            arrays.append(None)
            continue
        if array.ndim != 2 or not array.shape[1]:
            raise graph_error(
                name, graph, field, f"must have the shape [rows, features], has {list(array.shape)}; reshape it"
            )
        if expected is not None and len(array) != expected[graph]:
            raise graph_error(name, graph, field, f"has {len(array)} rows for {expected[graph]} edges")
        if not len(array):
            raise graph_error(name, graph, field, "has no rows; a graph needs at least one node")
        arrays.append(_checked_features(name, graph, field, array, categories))
    widths = [0 if array is None else array.shape[1] for array in arrays]
    width = max(widths)
    for graph, found in enumerate(widths):
        if found not in (0, width):
            other = int(np.argmax(widths))
            raise graph_error(name, graph, field, f"has {found} columns, but {width} in graph {other}")
    if not width:
        _fail(name, field, "no graph has edges whose features these would be; leave it out")
    dtype = np.float32 if categories is None else np.int32
    filled = [np.empty((0, width), dtype) if array is None else array for array in arrays]
    return np.concatenate(filled), np.array([len(array) for array in filled])


def _checked_features(
    name: str, graph: int, field: str, array: np.ndarray, categories: Sequence[int] | None
) -> np.ndarray:
    if categories is None:
        with np.errstate(over="ignore"):
            result = array.astype(np.float32)
        bad = ~np.isfinite(result)
    else:
        if array.dtype.kind not in "iu":
            raise graph_error(name, graph, field, f"has categories, which must be integers, not {array.dtype}")
        if array.shape[1] != len(categories):
            raise graph_error(
                name, graph, field, f"has {array.shape[1]} columns, but numbers of categories for {len(categories)}"
            )
        result = array.astype(np.int32)
        bad = (array < 0) | (array >= np.array(categories))
    if bad.any():
        row, column = np.argwhere(bad)[0]
        limit = "finite (and within float32)" if categories is None else f"within 0 .. {categories[column] - 1}"
        raise graph_error(name, graph, field, f"row {row}, column {column} is {array[row, column]}, must be {limit}")
    return result


def _edge_labels(name: str, edge_labels: Sequence[ArrayLike], n_edge: np.ndarray) -> np.ndarray:
    if len(edge_labels) != len(n_edge):
        _fail(name, "edge_labels", f"has {len(edge_labels)} entries for {len(n_edge)} graphs")
    arrays = []
    for graph, (values, size) in enumerate(zip(edge_labels, n_edge, strict=True)):
        array = as_numbers(name, graph, "edge_labels", values)
        if array.shape != (size,):
            raise graph_error(name, graph, "edge_labels", f"must have the shape [{size}], has {list(array.shape)}")
        bad = (array != 0) & (array != 1)
        if bad.any():
            edge = int(np.argmax(bad))
            raise graph_error(name, graph, "edge_labels", f"edge {edge} is {array[edge]}, must be 0 or 1")
        arrays.append(array.astype(np.uint8))
    return np.concatenate(arrays)


def _with_reverse_edges(
    fields: dict[str, np.ndarray], sizes: np.ndarray, n_edge: np.ndarray
) -> tuple[dict[str, np.ndarray], np.ndarray]:
    graph_ids = np.repeat(np.arange(len(sizes)), n_edge)
    shift = (np.cumsum(sizes) - sizes)[graph_ids]
    senders, receivers = fields["senders"] + shift, fields["receivers"] + shift
    num_nodes = int(sizes.sum())
    forward = senders * num_nodes + receivers
    keys, counts = np.unique(forward, return_counts=True)
    backward = receivers * num_nodes + senders
    position = np.minimum(np.searchsorted(keys, backward), max(len(keys) - 1, 0))
    opposite = np.where(keys[position] == backward, counts[position], 0) if len(keys) else np.empty(0, int)
    # The k-th of several parallel edges belongs to the k-th opposite one.
    by_key = np.argsort(forward, kind="stable")
    occurrence = np.empty(len(forward), int)
    occurrence[by_key] = np.arange(len(forward)) - np.repeat(np.cumsum(counts) - counts, counts)
    missing = np.flatnonzero((occurrence >= opposite) & (senders != receivers))

    rows = np.concatenate([np.arange(len(forward)), missing])
    added = {field: values[rows] for field, values in fields.items()}
    added["senders"] = np.concatenate([fields["senders"], fields["receivers"][missing]])
    added["receivers"] = np.concatenate([fields["receivers"], fields["senders"][missing]])
    order = np.argsort(graph_ids[rows], kind="stable")
    return (
        {field: values[order] for field, values in added.items()},
        n_edge + np.bincount(graph_ids[missing], minlength=len(sizes)),
    )


def _nodes_without_features(
    receivers: np.ndarray, sizes: np.ndarray, n_edge: np.ndarray, features: WithoutFeatures
) -> np.ndarray:
    num_nodes = int(sizes.sum())
    if features == "constant":
        return np.ones((num_nodes, 1), np.float32)
    if features != "degree":
        raise ValueError(f"without_features is {features!r}, must be 'constant' or 'degree'")
    shift = np.repeat(np.cumsum(sizes) - sizes, n_edge)
    degrees = np.bincount(receivers + shift, minlength=num_nodes)
    nodes = np.zeros((num_nodes, int(degrees.max()) + 1), np.float32)
    nodes[np.arange(num_nodes), degrees] = 1
    return nodes


def _labels(
    name: str, labels: ArrayLike, num_graphs: int, task: Task | None, num_classes: int | None
) -> tuple[np.ndarray, Task, int]:
    try:
        array = np.asarray(labels)
    except Exception as error:
        raise DataError(f"{name}: field 'labels': is not an array of numbers ({error})") from error
    if array.dtype.kind not in "biuf":
        _fail(name, "labels", f"must hold numbers, is of type {array.dtype}; number the classes from 0")
    if array.ndim == 1:
        array = array[:, None]
    if array.ndim != 2 or len(array) != num_graphs or not array.shape[1]:
        _fail(name, "labels", f"must be [{num_graphs}] or [{num_graphs}, tasks], is {list(np.shape(labels))}")
    if task is None:
        task = _inferred_task(name, array)
    if task != "multiclass":
        with np.errstate(over="ignore"):
            return array.astype(np.float32), task, 2
    if array.shape[1] != 1:
        _fail(name, "labels", f"multiclass data have one column of labels, not {array.shape[1]}")
    # In float16 the largest int32 would overflow.
    classes = array[:, 0].astype(np.float64) if array.dtype.kind == "f" else array[:, 0]
    bad = ~((classes >= 0) & (classes <= np.iinfo(np.int32).max) & (classes == np.floor(classes)))
    if bad.any():
        graph = int(np.argmax(bad))
        raise graph_error(name, graph, "labels", f"is {classes[graph]}, must be a class: 0, 1, 2, ...")
    classes = classes.astype(np.int32)
    return classes, task, int(classes.max()) + 1 if num_classes is None else num_classes


def _inferred_task(name: str, labels: np.ndarray) -> Task:
    zero_or_one = np.isnan(labels) | (labels == 0) | (labels == 1)
    if zero_or_one.all():
        return "binary" if labels.shape[1] == 1 else "multilabel"
    if labels.shape[1] == 1 and labels.dtype.kind in "iu" and (labels >= 0).all():
        return "multiclass"
    graph = int(np.argmin(zero_or_one.all(axis=1)))
    raise graph_error(
        name,
        graph,
        "labels",
        f"is {labels[graph].tolist()}, neither 0, 1 or NaN (not labelled) nor an integer class 0, 1, 2, ...; "
        'number the classes from 0, or give task="regression" for real values',
    )


def _vocabulary(name: str, node_names: Sequence[Sequence[str]], sizes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    if len(node_names) != len(sizes):
        _fail(name, "node_names", f"has {len(node_names)} entries for {len(sizes)} graphs")
    for graph, (names, size) in enumerate(zip(node_names, sizes, strict=True)):
        if len(names) != size:
            raise graph_error(name, graph, "node_names", f"has {len(names)} names for {size} nodes")
        if not all(isinstance(text, str) for text in names):
            raise graph_error(name, graph, "node_names", "has a name that is not text; convert it with str()")
    ids: dict[str, int] = {}
    indices = [ids.setdefault(str(text), len(ids)) for names in node_names for text in names]
    return np.array(list(ids)), np.array(indices, np.int32)
