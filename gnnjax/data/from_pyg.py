"""Your own graphs: from the `Data` objects of PyTorch Geometric, or from anything with the same attributes.

Neither library is imported: an array is whatever numpy can read, after `.detach().cpu()` where there are such methods.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from gnnjax.data.dataset import GraphDataset
from gnnjax.data.from_arrays import as_numbers, from_arrays, graph_error
from gnnjax.data.node_dataset import NodeDataset, sorted_unique_edges

__all__ = ["from_pyg", "from_pyg_nodes"]


def from_pyg(
    data_list: Sequence[Any], *, edge_label: str | None = None, name: str = "graphs", **options: Any
) -> GraphDataset:
    """Makes one dataset of many `Data` objects.

    Args:
      data_list: each with `edge_index` `[2, edges]`; `y`, a number, `[1]` or `[1, tasks]`; `x` `[nodes, features]`, or
        in none of them, but then `num_nodes`, which gives the constant 1 or, with `without_features="degree"`, the
        degree one-hot; `edge_attr` `[edges]` or `[edges, features]`, or in none of them.
      edge_label: the attribute `[edges]` in {0, 1} that marks the edges of the true explanation.
      name: see `GraphDataset`.
      **options: `task`, `num_classes`, `undirected`, `without_features`, `node_categories`, `edge_categories`,
        `node_names`, `splits`, `source` and `kind` of `from_arrays`. Give the categories where `x` or `edge_attr` hold
        some, since integers are otherwise taken as quantities.

    Raises:
      DataError: there is no graph, an attribute is missing in one of them or has the wrong shape; and as `from_arrays`.

    Examples:
      >>> from types import SimpleNamespace
      >>> data = SimpleNamespace(x=np.eye(2), edge_index=np.array([[0, 1], [1, 0]]), y=np.array([1]))
      >>> from_pyg([data, data], name="pairs").labels.tolist()
      [[1.0], [1.0]]
    """
    has_x, has_edge_attr = (
        any(getattr(data, field, None) is not None for data in data_list) for field in ("x", "edge_attr")
    )
    nodes, sizes, pairs, edges, signal, labels = [], [], [], [], [], []
    for graph, data in enumerate(data_list):
        pairs.append(_attribute(name, graph, "edge_index", data))
        labels.append(_graph_label(name, graph, data, labels))
        if has_x:
            nodes.append(_attribute(name, graph, "x", data))
        else:
            sizes.append(_num_nodes(name, graph, data))
        if has_edge_attr:
            attributes = _attribute(name, graph, "edge_attr", data)
            edges.append(attributes[:, None] if attributes.ndim == 1 else attributes)
        if edge_label is not None:
            signal.append(_attribute(name, graph, edge_label, data))
    return from_arrays(
        nodes if has_x else None,
        pairs,
        np.stack(labels) if labels else [],
        n_node=None if has_x else sizes,
        edge_features=edges if has_edge_attr else None,
        edge_labels=None if edge_label is None else signal,
        name=name,
        **options,
    )


def from_pyg_nodes(
    data: Any, *, num_classes: int | None = None, undirected: bool = False, name: str = "graph", source: str = ""
) -> NodeDataset:
    """Makes a dataset of one `Data` object whose nodes have labels.

    Args:
      data: with `x` `[nodes, features]`, `edge_index` `[2, edges]`, `y` `[nodes]` integers, and `train_mask`,
        `val_mask` and `test_mask`, each boolean `[nodes]` or `[nodes, splits]`, or none of the three. Edges that occur
        more than once are taken once; features of edges are not read.
      num_classes: by default one more than the largest label.
      undirected: add the reverse of each edge that has none.
      name, source: see `NodeDataset`.

    Raises:
      DataError: an attribute is missing, has the wrong shape or type, an id or class is out of range, a feature is not
        finite, or masks overlap; names the dataset and the field.

    Examples:
      >>> from types import SimpleNamespace
      >>> data = SimpleNamespace(x=np.eye(3), edge_index=np.array([[0, 1], [1, 2]]), y=np.array([0, 1, 1]))
      >>> from_pyg_nodes(data, undirected=True).num_edges
      4
    """
    one_graph = from_arrays(
        [_attribute(name, 0, "x", data)],
        [_attribute(name, 0, "edge_index", data)],
        [0],
        name=name,
        undirected=undirected,
    )
    labels = _attribute(name, 0, "y", data)
    num_nodes = len(one_graph.nodes)
    if labels.ndim == 2 and labels.shape[1] == 1:
        labels = labels[:, 0]
    if labels.shape != (num_nodes,) or labels.dtype.kind not in "iu":
        raise graph_error(name, 0, "y", f"must be integer[{num_nodes}], is {labels.dtype}{list(labels.shape)}")
    bad = (labels < 0) | (labels > np.iinfo(np.int32).max)
    if bad.any():
        node = int(np.argmax(bad))
        raise graph_error(name, 0, "y", f"node {node}: {labels[node]} is not a class: 0, 1, 2, ...")
    senders, receivers = sorted_unique_edges(one_graph.senders, one_graph.receivers)
    return NodeDataset(
        name=name,
        nodes=one_graph.nodes,
        senders=senders,
        receivers=receivers,
        labels=labels.astype(np.int32),
        num_classes=int(labels.max()) + 1 if num_classes is None else num_classes,
        splits=_node_splits(name, data, num_nodes),
        source=source,
    )


def _node_splits(name: str, data: Any, num_nodes: int) -> dict[str, np.ndarray] | None:
    fields = {"train": "train_mask", "valid": "val_mask", "test": "test_mask"}
    missing = [field for field in fields.values() if getattr(data, field, None) is None]
    if len(missing) == len(fields):
        return None
    if missing:
        raise graph_error(name, 0, missing[0], f"is missing; give all of {', '.join(fields.values())}, or none")
    splits = {}
    for part, field in fields.items():
        mask = _attribute(name, 0, field, data)
        mask = mask[:, None] if mask.ndim == 1 else mask
        if mask.ndim != 2 or len(mask) != num_nodes or mask.dtype != bool:
            raise graph_error(name, 0, field, f"must be bool[{num_nodes}, splits], is {mask.dtype}{list(mask.shape)}")
        splits[part] = np.ascontiguousarray(mask.T)
    return splits


def _attribute(name: str, graph: int, field: str, data: Any) -> np.ndarray:
    value = getattr(data, field, None)
    if value is None:
        raise graph_error(name, graph, field, "is missing")
    for step in ("detach", "cpu", "numpy"):
        method = getattr(value, step, None)
        try:
            value = value if method is None else method()
        # Such as a sparse tensor, or a type of number that numpy does not have.
        except Exception as error:
            raise graph_error(name, graph, field, f"cannot be made a numpy array ({error})") from error
    return as_numbers(name, graph, field, value)


def _num_nodes(name: str, graph: int, data: Any) -> int:
    size = getattr(data, "num_nodes", None)
    if isinstance(size, bool) or not isinstance(size, int | np.integer) or size < 1:
        raise graph_error(name, graph, "num_nodes", f"is {size!r}, must be a positive integer where there is no 'x'")
    return int(size)


def _graph_label(name: str, graph: int, data: Any, others: list[np.ndarray]) -> np.ndarray:
    label = _attribute(name, graph, "y", data)
    if label.shape not in ((), (1,)) and not (label.ndim == 2 and len(label) == 1):
        raise graph_error(
            name, graph, "y", f"must be a number, [1] or [1, tasks], has the shape {list(label.shape)}; reshape it"
        )
    label = label.reshape(-1)
    if others and len(label) != len(others[0]):
        raise graph_error(name, graph, "y", f"has {len(label)} entries, graph 0 has {len(others[0])}")
    return label
