"""One HTML page in which a reader explores an attention graph."""

import base64
import json
import os
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float, Integer
from scipy import sparse

from gnnjax.atomic import atomic_open
from gnnjax.errors import DataError
from gnnjax.explain.checks import AttentionGraph, attention_matrix
from gnnjax.explain.html_page import fill_page
from gnnjax.explain.layout import lay_out_graph

__all__ = ["write_html"]

_ROWS_AT_A_TIME = 256
# As text: four bytes for three.
_BASE64 = 4 / 3


def write_html(
    path: str | os.PathLike,
    *,
    layers: Sequence[AttentionGraph] | Float[np.ndarray, "layers nodes nodes"],
    aggregated: AttentionGraph,
    senders: Integer[np.ndarray, " edges"],
    receivers: Integer[np.ndarray, " edges"],
    labels: Integer[np.ndarray, " nodes"],
    predictions: Integer[np.ndarray, " nodes"] | None = None,
    splits: Mapping[str, Bool[np.ndarray, " nodes"]] | None = None,
    heads: Sequence[Sequence[AttentionGraph]] | Float[np.ndarray, "layers heads nodes nodes"] | None = None,
    class_names: Sequence[str] | None = None,
    node_names: Sequence[str] | None = None,
    positions: Float[np.ndarray, "nodes 2"] | None = None,
    title: str = "Attention graph",
    description: str = "",
    max_bytes: int = 8_000_000,
) -> None:
    """Writes a page that shows whom each node attends to, in each layer and through all of them.

    It needs no network and works from a file. A reader zooms, picks a node, sees what it attends to and what attends to
    it, and along which paths through the layers attention flows from query to key; the choices are kept in the address.
    Of each row the strongest entries are stored, as many as fit; the page says how much of a row is left out.
    Sums (attention received, self-attention) are of all entries.

    Args:
      path: the file to write.
      layers: attention of each layer, the mean over its heads, first layer first: row = query, column = key, not
        negative, dense or sparse. Rows need not sum to one.
      aggregated: the attention graph of all layers, such as the product of `layers`, last layer leftmost.
      senders, receivers: edges of the input graph.
      labels: class of each node, from 0.
      predictions: predicted class of each node.
      splits: names of parts, such as train and test, to masks that do not overlap.
      heads: attention of each head of each layer, to look at one by one; it takes room from the others.
      class_names: one per class, instead of numbers.
      node_names: one per node, beside its number.
      positions: where to draw the nodes, (x, y) with y upwards; found by `lay_out_graph` if left out.
      title: of the page.
      description: a line of plain text under the title: data, model, accuracy.
      max_bytes: how large the page may be, about. At least one entry per row is stored all the same.

    Raises:
      DataError: an argument does not fit the others or does not hold what it must; names the argument.

    >>> import os, tempfile
    >>> import numpy as np
    >>> from gnnjax import explain
    >>> attention, ends = np.array([[[[0.75, 0.25], [0.5, 0.5]]]]), np.array([0, 1])
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     explain.write_html(f"{folder}/page.html", layers=explain.layer_graphs(attention), labels=np.array([0, 1]),
    ...                        aggregated=explain.attention_graph(attention), senders=ends, receivers=ends[::-1])
    ...     os.listdir(folder)
    ['page.html']
    """
    graphs = _named_graphs(layers, aggregated, heads)
    nodes = graphs[0].matrix.shape[0]
    num_classes = _check(nodes, graphs, senders, receivers, labels, predictions, splits, class_names, node_names)
    if positions is None:
        positions = lay_out_graph(nodes, senders, receivers)
    elif np.shape(positions) != (nodes, 2) or not np.isfinite(positions).all():
        raise DataError(
            f"positions has shape {list(np.shape(positions))}, must be finite numbers [{nodes}, 2]; or leave it out"
        )

    places = np.asarray(positions, np.float32)
    id_type = np.uint16 if nodes <= 2**16 else np.uint32
    fixed = {
        "classNames": [str(name) for name in class_names or range(num_classes)],
        "nodeNames": None if node_names is None else [str(name) for name in node_names],
        "x": _encode(places[:, 0]),
        "y": _encode(-places[:, 1]),
        "labels": _encode(np.asarray(labels, np.uint16)),
        "predictions": None if predictions is None else _encode(np.asarray(predictions, np.uint16)),
        "parts": list(splits or {}),
        "partOf": _encode(_part_of(nodes, splits or {})),
        "numLayers": len(layers),
        **_encode_edges(nodes, senders, receivers, id_type),
    }
    # Five numbers a node, of four bytes each, do not depend on how many entries are kept.
    room = max_bytes - len(json.dumps(fixed)) - len(graphs) * nodes * 20 * _BASE64
    entry_size = (np.dtype(id_type).itemsize + 4) * _BASE64
    kept = _entries_per_row([graph.matrix for graph in graphs], int(room / entry_size))
    data = fixed | {"kept": kept, "graphs": [_encode_graph(graph, kept, id_type) for graph in graphs]}
    with atomic_open(path) as file:
        file.write(fill_page("attention_graph", title=title, description=description, data=data))


class _NamedGraph(NamedTuple):
    name: str
    argument: str
    matrix: np.ndarray | sparse.csr_array


def _named_graphs(layers, aggregated, heads) -> list[_NamedGraph]:
    """The aggregated graph, the layers from the first on, then their heads; all of one shape."""
    if not len(layers):
        raise DataError("layers is empty: give the attention of at least one layer")
    if heads is not None and len(heads) != len(layers):
        raise DataError(f"heads has {len(heads)} layers, layers has {len(layers)}: give the heads of each layer")
    given = [("All layers", "aggregated", aggregated)]
    given += [(f"Layer {place + 1}", f"layers[{place}]", matrix) for place, matrix in enumerate(layers)]
    given += [
        (f"Layer {layer + 1}, head {head + 1}", f"heads[{layer}][{head}]", matrix)
        for layer, row in enumerate([] if heads is None else heads)
        for head, matrix in enumerate(row)
    ]
    graphs = []
    for name, argument, matrix in given:
        try:
            graphs.append(_NamedGraph(name, argument, attention_matrix(matrix)))
        except ValueError as error:
            raise DataError(f"{argument}: {error}") from None
    nodes = graphs[0].matrix.shape[0]
    for _, argument, matrix in graphs:
        if matrix.shape[0] != nodes:
            raise DataError(f"{argument} has {matrix.shape[0]} nodes, aggregated has {nodes}: they must be the same")
    return graphs


def _check(nodes, graphs, senders, receivers, labels, predictions, splits, class_names, node_names) -> int:
    """The number of classes."""
    for argument, ids in (("senders", senders), ("receivers", receivers)):
        if np.shape(ids) != np.shape(senders) or np.ndim(ids) != 1 or not np.issubdtype(ids.dtype, np.integer):
            raise DataError(f"{argument} must be one node id per edge, is {ids.dtype}{list(ids.shape)}")
        outside = ids[(ids < 0) | (ids >= nodes)]
        if len(outside):
            raise DataError(f"{argument} holds node {outside[0]}, outside 0 .. {nodes - 1}: number nodes from 0")
    num_classes = 0
    for argument, classes in (("labels", labels), ("predictions", predictions)):
        if classes is None:
            continue
        if np.shape(classes) != (nodes,) or not np.issubdtype(classes.dtype, np.integer) or classes.min() < 0:
            raise DataError(
                f"{argument} must be a class from 0 up for each of {nodes} nodes, is {classes.dtype}"
                f"{list(np.shape(classes))}"
            )
        num_classes = max(num_classes, int(classes.max()) + 1)
    if class_names is not None:
        if len(class_names) < num_classes:
            raise DataError(f"class_names has {len(class_names)} names for {num_classes} classes: give one per class")
        num_classes = len(class_names)
    if node_names is not None and len(node_names) != nodes:
        raise DataError(f"node_names has {len(node_names)} names for {nodes} nodes: give one per node")
    counts = np.zeros(nodes, int)
    for part, mask in (splits or {}).items():
        if np.shape(mask) != (nodes,) or mask.dtype != bool:
            raise DataError(f"splits['{part}'] must be bool[{nodes}], is {mask.dtype}{list(np.shape(mask))}")
        counts += mask
    if counts.max() > 1:
        raise DataError(f"splits: node {np.argmax(counts > 1)} is in more than one part: pass the masks of one split")
    return num_classes


def _part_of(nodes: int, splits: Mapping[str, np.ndarray]) -> np.ndarray:
    """`[nodes]`, place of the part of each node, -1 where it is in none."""
    part_of = np.full(nodes, -1, np.int8)
    for place, mask in enumerate(splits.values()):
        part_of[mask] = place
    return part_of


def _entries_per_row(matrices: Sequence[np.ndarray | sparse.csr_array], room: int) -> int:
    """How many of the strongest entries of each row can be kept if there is room for so many in all; at least one."""
    counts = np.concatenate(
        [
            np.count_nonzero(matrix, axis=1) if isinstance(matrix, np.ndarray) else np.diff(matrix.indptr)
            for matrix in matrices
        ]
    )
    low, high = 1, max(1, int(counts.max()))
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if np.minimum(counts, middle).sum() <= room else (low, middle - 1)
    return low


def _strongest(matrix: np.ndarray | sparse.csr_array, kept: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Row ids, column ids and weights of the largest entries of each row, row by row, largest first, without zeros."""
    parts = []
    for start in range(0, matrix.shape[0], _ROWS_AT_A_TIME):
        rows = matrix[start : start + _ROWS_AT_A_TIME]
        if isinstance(rows, np.ndarray):
            keys = np.argpartition(-rows, min(kept, rows.shape[1]) - 1, axis=1)[:, :kept]
            weights = np.take_along_axis(rows, keys, axis=1).ravel()
            queries = np.repeat(np.arange(len(rows)), keys.shape[1])
        else:
            keys, weights = rows.indices, rows.data
            queries = np.repeat(np.arange(rows.shape[0]), np.diff(rows.indptr))
        order = np.lexsort((keys.ravel(), -weights, queries))
        order = order[weights[order] > 0]
        queries = queries[order]
        rank = np.arange(len(order)) - np.searchsorted(queries, queries)
        order, queries = order[rank < kept], queries[rank < kept]
        parts.append((start + queries, keys.ravel()[order], weights[order]))
    queries, keys, weights = (np.concatenate(part) for part in zip(*parts, strict=True))
    return queries, keys, weights


def _encode_graph(graph: _NamedGraph, kept: int, id_type: type) -> dict:
    matrix = graph.matrix
    nodes = matrix.shape[0]
    queries, keys, weights = _strongest(matrix, kept)
    paid = np.asarray(matrix.sum(axis=1, dtype=np.float64))
    left = paid - np.bincount(queries, weights, nodes)
    # Sums in another order differ by rounding errors.
    left[left < 1e-9 * paid] = 0
    return {
        "name": graph.name,
        "starts": _encode(_starts(queries, nodes)),
        "keys": _encode(keys.astype(id_type)),
        "weights": _encode(weights.astype(np.float32)),
        "paid": _encode(paid.astype(np.float32)),
        "left": _encode(left.astype(np.float32)),
        "received": _encode(np.asarray(matrix.sum(axis=0, dtype=np.float64)).astype(np.float32)),
        "own": _encode(np.asarray(matrix.diagonal()).astype(np.float32)),
    }


def _encode_edges(nodes: int, senders: np.ndarray, receivers: np.ndarray, id_type: type) -> dict:
    order = np.lexsort((receivers, senders))
    return {
        "edgeStarts": _encode(_starts(senders, nodes)),
        "edgeEnds": _encode(receivers[order].astype(id_type)),
    }


def _starts(rows: np.ndarray, nodes: int) -> np.ndarray:
    """`[nodes + 1]`, where the entries of each row begin in a list sorted by row."""
    return np.concatenate([[0], np.cumsum(np.bincount(rows, minlength=nodes))]).astype(np.uint32)


def _encode(array: np.ndarray) -> dict[str, str]:
    little = array.astype(array.dtype.newbyteorder("<"))
    kind = {"f": "Float", "u": "Uint", "i": "Int"}[array.dtype.kind]
    return {
        "type": f"{kind}{8 * array.dtype.itemsize}Array",
        "data": base64.b64encode(little.tobytes()).decode("ascii"),
    }
